/* update_average: an exponential moving average follows a tensor, in place. */
#include "op/inplace.h"

static void forward(const sn_call *c) {
    const sn_average_attr *attr = c->attr;
    const real rest = (real)(1 - attr->decay), *x = c->in[1].data;
    real *average = c->out[0].data;
    for (int64_t i = 0; i < sn_tensor_count(&c->out[0]); i++) average[i] += rest * (x[i] - average[i]);
}
SN_OP_FORWARD(update_average)

#if SN_OP_MAIN
static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_average_attr *a = attr;
    (void)n_in;
    if (!(a->decay >= 0 && a->decay < 1)) return sn_fail(SN_ERR_SHAPE, "the decay %g is not in [0, 1)", a->decay);
    return sn_infer_inplace(&in[0], &in[1], "the average", "the tensor", out);
}

static const sn_average_attr attr_slow = {0.9}, attr_none = {0}, attr_bad = {1};
static const sn_op_case cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(-1, 1, 2, 3, 7)}, &attr_slow},
    {2, {SN_CASE_F32(-1, 1, 1, 37), SN_CASE_F32(-1, 1, 1, 37)}, &attr_none},
    {2, {SN_CASE_F32(-1, 1, 0, 0), SN_CASE_F32(-1, 1, 0, 0)}, &attr_slow},
    {2, {SN_CASE_F32(-1, 1, 2, 0, 4), SN_CASE_F32(-1, 1, 2, 0, 4)}, &attr_slow},
};
static const sn_op_case bad_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(-1, 1, 1, 21)}, &attr_slow},
    {2, {SN_CASE_F32(-1, 1, 1, 5), SN_CASE_F32(-1, 1, 1, 5)}, &attr_bad},
};

static void random_case(uint64_t seed, sn_op_case *out) { sn_random_inplace(seed, out); }

static const sn_op_case bench_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 2, 2048, 2048), SN_CASE_F32(-1, 1, 2, 2048, 2048)}, &attr_slow},
};

const sn_op_def sn_op_update_average = {
    SN_INPLACE(update_average),
    .formula = "average = decay average + (1 - decay) x, in place",
    .source = "Polyak & Juditsky 1992; the exponential form as in Tarvainen & Valpola 2017, arXiv:1703.01780",
    .min_in = 2,
    .max_in = 2,
    .attr_size = sizeof(sn_average_attr),
    .no_gradient = "it changes a tensor in place: differentiate before",
};

sn_value *sn_update_average(sn_graph *g, sn_value *average, sn_value *x, double decay) {
    sn_average_attr attr = {decay};
    return sn_node_append(g, &sn_op_update_average, (sn_value *[]){average, x}, 2, 0, &attr);
}
#endif
