#include "study/lapack.h"

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/size.h"

#ifdef SN_HAVE_LAPACKE
#include <lapacke.h>

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#if defined(_OPENMP)
#include <omp.h>
#endif

/* Loaded at the first use and not with the program: OpenBLAS takes memory as soon as it is there, and never comes back
 * where it may not have it. */
static struct {
    __typeof__(LAPACKE_dgesdd_work) *dgesdd;
    __typeof__(LAPACKE_zgesdd_work) *zgesdd;
    __typeof__(LAPACKE_dgetrf_work) *dgetrf;
    __typeof__(LAPACKE_zgetrf_work) *zgetrf;
    __typeof__(LAPACKE_dgelqf_work) *dgelqf;
    char error[256];
} lapack;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char library[] = "liblapacke.so.3";
    static const struct {
        const char *name;
        void *to;
    } functions[] = {{"LAPACKE_dgesdd_work", &lapack.dgesdd},
                     {"LAPACKE_zgesdd_work", &lapack.zgesdd},
                     {"LAPACKE_dgetrf_work", &lapack.dgetrf},
                     {"LAPACKE_zgetrf_work", &lapack.zgetrf},
                     {"LAPACKE_dgelqf_work", &lapack.dgelqf}};
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof functions / sizeof *functions && !lapack.error[0]; i++) {
        void *function = handle ? dlsym(handle, functions[i].name) : NULL;
        memcpy(functions[i].to, &function, sizeof function);
        if (!function) snprintf(lapack.error, sizeof lapack.error, "%s", dlerror());
    }
}

static sn_status need_lapack(void) {
    pthread_once(&once, load);
    return lapack.error[0]
               ? sn_fail(SN_ERR_UNSUPPORTED, "singular values and determinants need LAPACKE (%s): install liblapacke",
                         lapack.error)
               : SN_OK;
}

/* OpenBLAS computes with as many threads as OpenMP says; inside of a team it takes one. */
static int set_threads(int n) {
#if defined(_OPENMP)
    int before = omp_get_max_threads();
    omp_set_num_threads(n ? n : sn_cpu_count());
    return before;
#else
    return n;
#endif
}

/* LAPACK's matrices lie by columns: to it a row-major one is the transpose, which has the same values and det. */
static lapack_int decompose(const sn_dense *a, double *out, void *work, lapack_int n_work, double *real_work,
                            lapack_int *int_work) {
    lapack_int m = (lapack_int)a->cols, n = (lapack_int)a->rows;
    if (a->is_complex)
        return lapack.zgesdd(LAPACK_COL_MAJOR, 'N', m, n, (lapack_complex_double *)a->at, m, out, NULL, 1, NULL, 1,
                             work, n_work, real_work, int_work);
    return lapack.dgesdd(LAPACK_COL_MAJOR, 'N', m, n, a->at, m, out, NULL, 1, NULL, 1, work, n_work, int_work);
}

static sn_status check(const sn_dense *a) {
    SN_TRY(need_lapack());
    if (a->rows < 1 || a->cols < 1 || sn_max_i64(a->rows, a->cols) > INT_MAX / 16)
        return sn_fail(SN_ERR_LIMIT, "a matrix of %lld x %lld: from 1 to %d rows and columns can be decomposed",
                       (long long)a->rows, (long long)a->cols, INT_MAX / 16);
    return SN_OK;
}

sn_status sn_singular_values(const sn_dense *a, int n_threads, double *out) {
    SN_TRY(check(a));
    int64_t n = sn_min_i64(a->rows, a->cols);
    double wanted[2] = {0}; /* the first answer is how much room it wants */
    lapack_int info = decompose(a, out, wanted, -1, wanted, NULL);
    lapack_int n_work = (lapack_int)wanted[0];
    double *work = info ? NULL : sn_calloc((size_t)n_work, 2 * sizeof *work);
    double *real_work = sn_calloc((size_t)n, 8 * sizeof *real_work);
    lapack_int *int_work = sn_calloc((size_t)n, 8 * sizeof *int_work);
    sn_status status = work && real_work && int_work ? SN_OK : sn_fail_memory("singular values");
    if (status == SN_OK) {
        int before = set_threads(n_threads);
        info = decompose(a, out, work, n_work, real_work, int_work);
        (void)set_threads(before);
        if (info) status = sn_fail(SN_ERR_NUMERIC, "LAPACK found no singular values (info %d)", (int)info);
    }
    sn_free(work);
    sn_free(real_work);
    sn_free(int_work);
    return status;
}

static double log_diagonal(const sn_dense *a) {
    double sum = 0;
    for (int64_t i = 0; i < a->rows; i++) {
        const double *x = a->at + (a->is_complex ? 2 : 1) * i * (a->cols + 1);
        sum += log(a->is_complex ? hypot(x[0], x[1]) : fabs(x[0]));
    }
    return sum;
}

sn_status sn_log_det_eliminated(const sn_dense *a, int n_threads, double *out) {
    SN_TRY(check(a));
    lapack_int n = (lapack_int)a->rows, *pivots = sn_calloc((size_t)n, sizeof *pivots);
    if (!pivots) return sn_fail_memory("a determinant");
    int before = set_threads(n_threads);
    lapack_int info = a->is_complex ? lapack.zgetrf(LAPACK_COL_MAJOR, n, n, (lapack_complex_double *)a->at, n, pivots)
                                    : lapack.dgetrf(LAPACK_COL_MAJOR, n, n, a->at, n, pivots);
    (void)set_threads(before);
    sn_free(pivots);
    *out = info > 0 ? -INFINITY : log_diagonal(a);
    return info >= 0 ? SN_OK : sn_fail(SN_ERR_NUMERIC, "LAPACK refuses a matrix (info %d)", (int)info);
}

/* By columns the rows are a matrix with n rows: its LQ factorization is what is wanted. */
sn_status sn_fold_rows(double *rows, int64_t n, int64_t below, int n_threads) {
    SN_TRY(check(&(sn_dense){rows, n, n + below, false}));
    double wanted = 0;
    lapack_int k = (lapack_int)n, m = (lapack_int)(n + below);
    lapack_int info = lapack.dgelqf(LAPACK_COL_MAJOR, k, m, rows, k, NULL, &wanted, -1);
    double *work = info ? NULL : sn_calloc((size_t)(n + (int64_t)wanted), sizeof *work);
    if (!work) return sn_fail_memory("the rows of a matrix");
    int before = set_threads(n_threads);
    info = lapack.dgelqf(LAPACK_COL_MAJOR, k, m, rows, k, work, work + n, (lapack_int)wanted);
    (void)set_threads(before);
    sn_free(work);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) rows[i * n + j] = 0; /* reflections lay there */
    return info == 0 ? SN_OK : sn_fail(SN_ERR_NUMERIC, "LAPACK refuses rows (info %d)", (int)info);
}
#else
static sn_status missing(void) {
    return sn_fail(SN_ERR_UNSUPPORTED, "singular values and determinants need LAPACKE: install liblapacke-dev and "
                                       "build suan again");
}

sn_status sn_singular_values(const sn_dense *a, int n_threads, double *out) {
    (void)a, (void)n_threads, (void)out;
    return missing();
}

sn_status sn_log_det_eliminated(const sn_dense *a, int n_threads, double *out) {
    (void)a, (void)n_threads, (void)out;
    return missing();
}

sn_status sn_fold_rows(double *rows, int64_t n, int64_t below, int n_threads) {
    (void)rows, (void)n, (void)below, (void)n_threads;
    return missing();
}
#endif
