/* dropout: zeroes a random share of the elements. The draw of element i depends on (seed, stream, step, i)
 * alone, so it is the same for any number of threads, and the same in the gradient. */
#include "op/elementwise.h"

#include "base/philox.h"

static void forward(const sn_call *c) {
    const sn_dropout_attr *attr = c->attr;
    const uint64_t stream = sn_dropout_stream(attr, sn_i32_at(&c->in[1], 0));
    const real factor = (real)(1 / (1 - attr->rate));
    real *y = c->out[0].data;
    int64_t n = sn_tensor_count(&c->out[0]);
    for (int64_t i = 0; i < n; i++) {
        bool keep = sn_uniform_f32(attr->seed, stream, (uint64_t)i) >= (float)attr->rate;
        y[i] = keep ? *sn_real_at(&c->in[0], i) * factor : 0;
    }
}
SN_OP_FORWARD(dropout)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_dropout_attr *a = attr;
    (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the operand"));
    SN_TRY(sn_need_i32(&in[1], "the step"));
    if (sn_tensor_count(&in[1]) != 1)
        return sn_fail(SN_ERR_SHAPE, "the step has shape %s: it must be one number", sn_shape_text(&in[1]));
    if (!(a->rate >= 0 && a->rate < 1)) return sn_fail(SN_ERR_SHAPE, "the rate %g is not in [0, 1)", a->rate);
    return sn_infer_like(out, &in[0]);
}

extern const sn_op_def sn_op_dropout;

/* Linear in x: the same mask on the gradient. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    grad_in[0] =
        sn_node_append(g, &sn_op_dropout, (sn_value *[]){grad_out[0], sn_node_in(n, 1)}, 2, 0, sn_node_attr(n));
}

static const sn_dropout_attr attr_third = {1.0 / 3, 7, 2}, attr_none = {0, 7, 2}, attr_all = {1, 7, 2};
static const sn_op_case cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_third},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_I32(0, 9, 1, 1)}, .attr = &attr_none},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 0), SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_third},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 3, 2, 3, 17), SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_third},
};
static const sn_op_case bad_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_I32(0, 9, 1, 2)}, .attr = &attr_third},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_F32(0, 9, 0, 0)}, .attr = &attr_third},
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_all},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_unary(seed, out);
    out->n_in = 2;
}

static const sn_op_case bench_cases[] = {
    {.n_in = 2, .in = {SN_CASE_F32(-1, 1, 2, 2048, 2048), SN_CASE_I32(0, 9, 0, 0)}, .attr = &attr_third},
};

const sn_op_def sn_op_dropout = {
    SN_ELEMENTWISE(dropout),
    .formula = "out = x / (1 - rate) with probability 1 - rate, else 0",
    .source = "Srivastava et al. 2014, JMLR 15; draws by Philox-4x32-10",
    .min_in = 2,
    .max_in = 2,
    .attr_size = sizeof(sn_dropout_attr),
    .infer = infer,
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .random_case = random_case,
    .bench_cases = bench_cases,
    .n_bench_cases = SN_COUNT(bench_cases),
};

sn_value *sn_dropout(sn_graph *g, sn_value *x, double rate, uint64_t seed, sn_value *step) {
    sn_dropout_attr attr = {rate, seed, 0};
    if (rate == 0 || !x) return x;
    attr.stream = (uint32_t)sn_graph_next_id(g);
    return sn_node_append(g, &sn_op_dropout, (sn_value *[]){x, step}, 2, 0, &attr);
}
#endif
