/* The rank of matrices with many more rows than columns. */
#include "study/rank_tall.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <math.h>

typedef struct tall {
    int64_t n;       /* columns */
    double *r;       /* n x n, upper triangular */
    double *block;   /* SN_TALL_ROWS x n */
    double *product; /* n */
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

/* Column k of the block goes to zero by a reflection of it with row k of R; the block's column keeps its v. */
static void eliminate(tall *t, int64_t k, int64_t rows) {
    double *top = t->r + k * t->n, *w = t->product, most = fabs(top[k]), squares = 0;
    for (int64_t i = 0; i < rows; i++) most = fmax(most, fabs(t->block[i * t->n + k]));
    if (most == 0) return;
    double scale = ldexp(1, -ilogb(most)), first = top[k] * scale; /* exact: squares neither overflow nor vanish */
    for (int64_t i = 0; i < rows; i++) {
        double x = t->block[i * t->n + k] *= scale;
        squares += x * x;
    }
    if (squares == 0) return;
    double norm = sqrt(first * first + squares), v = first + copysign(norm, first);
    double beta = 1 / (norm * (norm + fabs(first)));
    top[k] = -copysign(norm, first) / scale;
    for (int64_t j = k + 1; j < t->n; j++) w[j] = v * top[j];
    for (int64_t i = 0; i < rows; i++) {
        const double *row = t->block + i * t->n, x = row[k];
        for (int64_t j = k + 1; j < t->n; j++) w[j] += x * row[j];
    }
    for (int64_t j = k + 1; j < t->n; j++) w[j] *= beta, top[j] -= v * w[j];
    for (int64_t i = 0; i < rows; i++) {
        double *row = t->block + i * t->n, x = row[k];
        for (int64_t j = k + 1; j < t->n; j++) row[j] -= x * w[j];
    }
}

static sn_status reduce(tall *t, sn_rows_fn read, void *user, int64_t m, const sn_rank_options *o, bool turned) {
    for (int64_t from = 0; from < m; from += SN_TALL_ROWS) {
        int64_t rows = sn_min_i64(SN_TALL_ROWS, m - from);
        if (o && o->progress) o->progress(o->user, (double)from, (double)m);
        if (o && o->cancel && *o->cancel) return sn_fail(SN_ERR_CANCELLED, "rank: stopped");
        SN_TRY(read(user, from, rows, t->block));
        SN_TRY(check(t->block, from, rows, t->n, turned));
        for (int64_t k = 0; k < t->n; k++) eliminate(t, k, rows);
    }
    return SN_OK;
}

sn_status sn_rank_tall(sn_rows_fn read, void *user, int64_t rows, int64_t cols, const sn_rank_options *options,
                       sn_rank_result *out) {
    int64_t m = sn_max_i64(rows, cols), n = sn_min_i64(rows, cols);
    tall t = {.n = n, .r = sn_calloc((size_t)(n * n), sizeof(double))};
    t.block = sn_calloc((size_t)n * SN_TALL_ROWS, sizeof *t.block);
    t.product = sn_calloc((size_t)n, sizeof *t.product);
    sn_status status =
        t.r && t.block && t.product ? reduce(&t, read, user, m, options, cols > rows) : sn_fail_memory("a tall matrix");
    sn_rank_options rest = options ? *options : (sn_rank_options){0};
    rest.progress = NULL;
    if (status == SN_OK) status = sn_rank(t.r, n, n, &rest, out);
    if (status == SN_OK) {
        out->rows = rows, out->cols = cols;
        out->threshold *= (double)m / (double)n;
        for (out->numerical = 0; out->numerical < n && out->singular[out->numerical] > out->threshold;)
            out->numerical++;
        out->log_det = out->eliminated = NAN, out->triangular = false;
    }
    sn_free(t.product);
    sn_free(t.block);
    sn_free(t.r);
    return status;
}
