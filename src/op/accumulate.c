/* accumulate: adds a gradient to a buffer, in place. The two factors are an input, so that one plan serves the first
 * micro-batch of an update, which overwrites the buffer, and the others. */
#include "op/inplace.h"

enum { SUM, X, FACTORS };

static void forward(const sn_call *c) {
    real *sum = c->out[0].data;
    const real *x = c->in[X].data, *factors = c->in[FACTORS].data, keep = factors[0], scale = factors[1];
    for (int64_t i = 0; i < sn_tensor_count(&c->out[0]); i++)
        sum[i] = keep == 0 ? scale * x[i] : keep * sum[i] + scale * x[i];
}
SN_OP_FORWARD(accumulate)

#if SN_OP_MAIN
static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_infer_inplace(&in[SUM], &in[X], "the buffer", "the gradient", out));
    if (in[FACTORS].dtype != in[SUM].dtype || in[FACTORS].n_dims != 1 || in[FACTORS].shape[0] != 2)
        return sn_fail(SN_ERR_SHAPE, "the factors are %s %s: they must be %s [2]", sn_dtype_name(in[FACTORS].dtype),
                       sn_shape_text(&in[FACTORS]), sn_dtype_name(in[SUM].dtype));
    return SN_OK;
}

static const double overwrite[] = {0, 0.5};
#define OVERWRITE                                                                                                      \
    { .n_dims = 1, .shape = {2}, .dtype = SN_F32, .values = overwrite }
static const sn_op_case cases[] = {
    {3, {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(0.2, 1, 1, 2)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 1, 37), SN_CASE_F32(-1, 1, 1, 37), OVERWRITE}, NULL},
    {3, {SN_CASE_F32(-1, 1, 0, 0), SN_CASE_F32(-1, 1, 0, 0), SN_CASE_F32(0.2, 1, 1, 2)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 2, 0, 4), SN_CASE_F32(-1, 1, 2, 0, 4), SN_CASE_F32(0.2, 1, 1, 2)}, NULL},
};
static const sn_op_case bad_cases[] = {
    {3, {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(-1, 1, 2, 7, 3), SN_CASE_F32(0, 1, 1, 2)}, NULL},
    {3, {SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(-1, 1, 2, 3, 7), SN_CASE_F32(0, 1, 1, 3)}, NULL},
};

static void random_case(uint64_t seed, sn_op_case *out) {
    sn_random_inplace(seed, out);
    out->n_in = 3;
    out->in[FACTORS].n_dims = 1;
    out->in[FACTORS].shape[0] = 2;
}

static const sn_op_case bench_cases[] = {
    {3, {SN_CASE_F32(-1, 1, 2, 2048, 2048), SN_CASE_F32(-1, 1, 2, 2048, 2048), SN_CASE_F32(0.2, 1, 1, 2)}, NULL},
};

const sn_op_def sn_op_accumulate = {
    SN_INPLACE(accumulate),
    .formula = "sum = factors[0] sum + factors[1] x, in place; factors[0] = 0 overwrites",
    .source = "",
    .min_in = 3,
    .max_in = 3,
    .no_gradient = "it changes a buffer in place: differentiate before",
};

sn_value *sn_accumulate(sn_graph *g, sn_value *sum, sn_value *x, sn_value *factors) {
    return sn_node_append(g, &sn_op_accumulate, (sn_value *[]){sum, x, factors}, 3, 0, NULL);
}
#endif
