/* What rank a matrix has (Su, kexue.fm/archives/9529). */
#include "suan/measure.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/lapack.h"

#include <math.h>
#include <string.h>

/* ---- ln |det| ---- */

sn_status sn_log_det(double *a, int64_t n, double *out) {
    return sn_log_det_eliminated(&(sn_dense){a, n, n, false}, 0, out);
}

static double size_of(const sn_dense *a, int64_t i, int64_t j) {
    const double *x = a->at + (i * a->cols + j) * (a->is_complex ? 2 : 1);
    return a->is_complex ? hypot(x[0], x[1]) : fabs(x[0]);
}

/* Are all values above (or all below) the diagonal 0? */
static bool is_triangular(const sn_dense *a) {
    bool lower = true, upper = true;
    for (int64_t i = 0; i < a->rows; i++)
        for (int64_t j = 0; j < a->cols; j++) {
            if (size_of(a, i, j) == 0) continue;
            if (j > i) lower = false;
            if (j < i) upper = false;
        }
    return lower || upper;
}

static double log_diagonal(const sn_dense *a) {
    double total = 0;
    for (int64_t i = 0; i < a->rows; i++) total += log(size_of(a, i, i));
    return total;
}

/* ---- Of the singular values ---- */

static void summarise(sn_rank_result *r) {
    double total = 0, squares = 0, tail = 0, entropy = 0, largest = r->singular[0];
    r->threshold = 0x1p-52 * largest * (double)sn_max_i64(r->rows, r->cols);
    for (int64_t i = 0; i < r->n; i++) {
        double s = largest > 0 ? r->singular[i] / largest : 0;
        r->numerical += r->singular[i] > r->threshold;
        total += s;
        squares += s * s;
        if (i >= r->tail) tail += s * s;
    }
    for (int64_t i = 0; i < r->n && largest > 0; i++) {
        double share = r->singular[i] / largest / total;
        if (share > 0) entropy -= share * log(share);
    }
    r->effective = largest > 0 ? exp(entropy) : 0;
    r->stable = squares;
    r->tail_share = largest > 0 ? tail / squares : 0;
}

/* ---- The whole ---- */

static sn_status check(const sn_dense *a, int64_t tail) {
    int64_t count, parts = a->is_complex ? 2 : 1;
    if (a->rows < 1 || a->cols < 1 || !sn_mul_i64(a->rows, a->cols, &count) || !sn_mul_i64(count, parts, &count))
        return sn_fail(SN_ERR_SHAPE, "rank: a matrix of %lld x %lld has none", (long long)a->rows, (long long)a->cols);
    if (tail < 0 || tail > sn_min_i64(a->rows, a->cols))
        return sn_fail(SN_ERR_ARGUMENT, "rank: the tail begins after %lld of %lld singular values", (long long)tail,
                       (long long)sn_min_i64(a->rows, a->cols));
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(a->at[i]))
            return sn_fail(SN_ERR_NUMERIC, "element [%lld, %lld] is %s: rank is of finite values",
                           (long long)(i / parts / a->cols), (long long)(i / parts % a->cols),
                           isnan(a->at[i]) ? "NaN" : "infinite");
    return SN_OK;
}

static bool stopped(const sn_rank_options *o) { return o->cancel && *o->cancel; }

/* `copy` is overwritten; between the steps the work can be stopped, within them it is LAPACK's. */
static sn_status measure(const sn_dense *a, const sn_dense *copy, const sn_rank_options *o, sn_rank_result *r) {
    size_t bytes = (size_t)(a->rows * a->cols) * (a->is_complex ? 2 : 1) * sizeof *a->at;
    memcpy(copy->at, a->at, bytes);
    SN_TRY(sn_singular_values(copy, o->threads, r->singular));
    summarise(r);
    if (stopped(o)) return sn_fail(SN_ERR_CANCELLED, "singular values: stopped");
    if (r->rows != r->cols) return SN_OK;
    memcpy(copy->at, a->at, bytes);
    SN_TRY(sn_log_det_eliminated(copy, o->threads, &r->eliminated));
    r->triangular = is_triangular(a);
    r->log_det = r->triangular ? log_diagonal(a) : r->eliminated;
    return SN_OK;
}

static sn_status rank_of(const sn_dense *a, const sn_rank_options *options, sn_rank_result *out) {
    const sn_rank_options o = options ? *options : (sn_rank_options){0};
    SN_TRY(check(a, o.tail));
    if (stopped(&o)) return sn_fail(SN_ERR_CANCELLED, "singular values: stopped");
    sn_rank_result r = {
        .rows = a->rows, .cols = a->cols, .n = sn_min_i64(a->rows, a->cols), .log_det = NAN, .eliminated = NAN};
    r.tail = o.tail ? o.tail : (r.n + 1) / 2;
    sn_dense copy = *a;
    copy.at = sn_calloc((size_t)a->rows, (size_t)a->cols * (a->is_complex ? 2 : 1) * sizeof *copy.at);
    r.singular = sn_calloc((size_t)r.n, sizeof *r.singular);
    sn_status status = copy.at && r.singular ? measure(a, &copy, &o, &r) : sn_fail_memory("the values of a matrix");
    sn_free(copy.at);
    if (status == SN_OK)
        *out = r;
    else
        sn_rank_free(&r);
    return status;
}

sn_status sn_rank(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                  sn_rank_result *out) {
    return rank_of(&(sn_dense){(double *)(uintptr_t)matrix, rows, cols, false}, options, out);
}

sn_status sn_rank_complex(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                          sn_rank_result *out) {
    return rank_of(&(sn_dense){(double *)(uintptr_t)matrix, rows, cols, true}, options, out);
}

void sn_rank_free(sn_rank_result *r) {
    if (!r) return;
    sn_free(r->singular);
    *r = (sn_rank_result){0};
}
