/* The rank of matrices with many more rows than columns. */
#include "study/rank_tall.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/lapack.h"

#include <math.h>

typedef struct tall {
    int64_t n;           /* columns */
    double *r, *block;   /* n x n, upper triangular; behind it the next rows */
    int64_t most, there; /* rows of the block, and how many of them are read */
} tall;

static sn_status check(const double *block, int64_t from, int64_t rows, int64_t n, bool turned) {
    for (int64_t i = 0; i < rows * n; i++) {
        int64_t row = from + i / n, col = i % n;
        if (!isfinite(block[i]))
            return sn_fail(SN_ERR_NUMERIC, "element [%lld, %lld] is %s: rank is of finite values",
                           (long long)(turned ? col : row), (long long)(turned ? row : col),
                           isnan(block[i]) ? "NaN" : "infinite");
    }
    return SN_OK;
}

static sn_status fold(tall *t, int n_threads) {
    if (t->there == 0) return SN_OK;
    SN_TRY(sn_fold_rows(t->r, t->n, t->there, n_threads));
    t->there = 0;
    return SN_OK;
}

static sn_status reduce(tall *t, sn_rows_fn read, void *user, int64_t m, const sn_rank_options *o, bool turned) {
    for (int64_t from = 0; from < m; from += SN_TALL_ROWS) {
        int64_t rows = sn_min_i64(SN_TALL_ROWS, m - from);
        double *to = t->block + t->there * t->n;
        if (o->progress) o->progress(o->user, (double)from, (double)m);
        if (o->cancel && *o->cancel) return sn_fail(SN_ERR_CANCELLED, "rank: stopped");
        SN_TRY(read(user, from, rows, to));
        SN_TRY(check(to, from, rows, t->n, turned));
        t->there += rows;
        if (t->there + SN_TALL_ROWS > t->most) SN_TRY(fold(t, o->threads));
    }
    return fold(t, o->threads);
}

sn_status sn_rank_tall(sn_rows_fn read, void *user, int64_t rows, int64_t cols, const sn_rank_options *options,
                       sn_rank_result *out) {
    int64_t m = sn_max_i64(rows, cols), n = sn_min_i64(rows, cols);
    tall t = {.n = n, .most = sn_max_i64(SN_TALL_ROWS, sn_round_up(n / 2, SN_TALL_ROWS))};
    sn_rank_options rest = options ? *options : (sn_rank_options){0};
    t.r = sn_calloc((size_t)(n + t.most), (size_t)n * sizeof *t.r);
    t.block = t.r ? t.r + n * n : NULL;
    sn_status status = t.r ? reduce(&t, read, user, m, &rest, cols > rows) : sn_fail_memory("a tall matrix");
    rest.progress = NULL;
    if (status == SN_OK) status = sn_rank(t.r, n, n, &rest, out);
    if (status == SN_OK) {
        out->rows = rows, out->cols = cols;
        out->threshold *= (double)m / (double)n;
        for (out->numerical = 0; out->numerical < n && out->singular[out->numerical] > out->threshold;)
            out->numerical++;
        out->log_det = out->eliminated = NAN, out->triangular = false;
    }
    sn_free(t.r);
    return status;
}
