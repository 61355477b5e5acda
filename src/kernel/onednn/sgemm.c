/* f32 products through oneDNN's sgemm. The result is cut into tiles, each one call on one thread of our team, so
 * that oneDNN never starts threads of its own. */
#include "base/size.h"
#include "kernel/product.h"

#include <oneapi/dnnl/dnnl.h>

#include <pthread.h>
#include <signal.h>
#if defined(_OPENMP)
#include <omp.h>
#endif

/* An operand as sgemm wants it: as it lies, or transposed. */
typedef struct operand {
    char transposed;
    int64_t leading;
} operand;

typedef struct sgemm_job {
    sn_product p;
    operand a, b;
    int64_t tile_rows, tile_columns, n_down, n_across;
} sgemm_job;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The cap must reach oneDNN before its first use. */
static void cap_isa(void) {
    static const dnnl_cpu_isa_t levels[] = {dnnl_cpu_isa_sse41, dnnl_cpu_isa_avx2, dnnl_cpu_isa_avx512_core,
                                            dnnl_cpu_isa_avx512_core_vnni, dnnl_cpu_isa_all};
    dnnl_set_max_cpu_isa(levels[sn_cpu_isa()]);
}

static bool find_operand(int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride, operand *to) {
    if ((columns == 1 || column_stride == 1) && (rows == 1 || row_stride >= columns)) {
        *to = (operand){'N', rows == 1 ? columns : row_stride};
        return true;
    }
    if ((rows == 1 || row_stride == 1) && (columns == 1 || column_stride >= rows)) {
        *to = (operand){'T', columns == 1 ? rows : column_stride};
        return true;
    }
    return false;
}

static bool find_operands(sgemm_job *job) {
    const sn_product *p = &job->p;
    if (p->m < 1 || p->n < 1 || p->k < 1) return false;
    return find_operand(p->m, p->k, p->a_row, p->a_k, &job->a) &&
           find_operand(p->k, p->n, p->b_k, p->b_column, &job->b);
}

static bool linear_job(const sn_call *c, sgemm_job *job) {
    return sn_product_of_linear(c, &job->p) && !job->p.rows && c->in[1].dtype == SN_F32 && find_operands(job);
}
static bool matmul_job(const sn_call *c, sgemm_job *job) {
    return sn_product_of_matmul(c, &job->p) && find_operands(job);
}

/* What sgemm would have given, should it lack memory. */
static void multiply_plainly(const sn_product *p, const float *a, const float *b, float *out, int64_t m, int64_t n,
                             float beta) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = beta > 0 ? out[i * p->out_row + j] : 0;
            for (int64_t l = 0; l < p->k; l++) sum += a[i * p->a_row + l * p->a_k] * b[l * p->b_k + j * p->b_column];
            out[i * p->out_row + j] = sum;
        }
}

/* oneDNN's kernels for few rows point the stack register into a buffer on the heap that is not large enough for the
 * frame of a signal: a handler run then would overwrite what lies before the buffer. Signals wait for the product;
 * those that the code itself raises cannot. */
static void hold_signals(sigset_t *before) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigset_t held;
    sigfillset(&held);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&held, own[i]);
    pthread_sigmask(SIG_BLOCK, &held, before);
}

static void multiply_tile(const sgemm_job *job, const float *a, const float *b, float *out, int64_t m, int64_t n,
                          const float *bias) {
    const sn_product *p = &job->p;
    for (int64_t i = 0; bias && i < m; i++)
        for (int64_t j = 0; j < n; j++) out[i * p->out_row + j] = bias[j];
    float beta = bias ? 1 : 0;
    sigset_t before;
    hold_signals(&before);
    dnnl_status_t status = dnnl_sgemm(job->a.transposed, job->b.transposed, m, n, p->k, 1, a, job->a.leading, b,
                                      job->b.leading, beta, out, p->out_row);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != dnnl_success) multiply_plainly(p, a, b, out, m, n, beta);
}

static void sgemm_task(void *arg, int64_t index, int thread) {
    const sgemm_job *job = arg;
    const sn_product *p = &job->p;
    (void)thread;
    sn_product_batch at = sn_product_batch_at(p, index / (job->n_down * job->n_across));
    index %= job->n_down * job->n_across;
    int64_t i = index / job->n_across * job->tile_rows, j = index % job->n_across * job->tile_columns;
#if defined(_OPENMP)
    int n_threads = omp_get_max_threads();
    omp_set_num_threads(1); /* where the team runs a single task in place */
#endif
    multiply_tile(job, at.a + i * p->a_row, at.b + j * p->b_column, at.out + i * p->out_row + j,
                  sn_min_i64(job->tile_rows, p->m - i), sn_min_i64(job->tile_columns, p->n - j),
                  p->bias ? p->bias + j : NULL);
#if defined(_OPENMP)
    omp_set_num_threads(n_threads);
#endif
}

static void sgemm_run(const sn_call *c, sgemm_job *job) {
    const sn_product *p = &job->p;
    sn_product_tiles(p, sn_team_size(c->team), &job->tile_rows, &job->tile_columns);
    job->n_down = sn_ceil_div(p->m, job->tile_rows);
    job->n_across = sn_ceil_div(p->n, job->tile_columns);
    sn_parallel(c->team, sgemm_task, job, p->n_batches * job->n_down * job->n_across);
}

static bool linear_applicable(const sn_call *c) {
    sgemm_job job;
    pthread_once(&once, cap_isa);
    return linear_job(c, &job);
}
static void linear_run(const sn_call *c) {
    sgemm_job job;
    if (linear_job(c, &job)) sgemm_run(c, &job);
}
static bool matmul_applicable(const sn_call *c) {
    sgemm_job job;
    pthread_once(&once, cap_isa);
    return matmul_job(c, &job);
}
static void matmul_run(const sn_call *c) {
    sgemm_job job;
    if (matmul_job(c, &job)) sgemm_run(c, &job);
}

const sn_kernel sn_kernel_linear_onednn = {
    .op = "linear",
    .name = "onednn",
    .isa = SN_ISA_GENERIC,
    .rank = 15,
    .applicable = linear_applicable,
    .run = linear_run,
    .threads_vary = true, /* they change the tiles */
};

const sn_kernel sn_kernel_matmul_onednn = {
    .op = "matmul",
    .name = "onednn",
    .isa = SN_ISA_GENERIC,
    .rank = 15,
    .applicable = matmul_applicable,
    .run = matmul_run,
    .threads_vary = true,
};
