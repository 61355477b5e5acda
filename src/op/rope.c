/* rope: rotates the planes of each head by given angles.
 *
 * Plane m of row i, (x_a, x_b), becomes (x_a c - x_b s, x_a s + x_b c) with (c, s) = angles[i, m]; the
 * components beyond the planes are copied. Its transpose, the gradient, takes -s for s. Angles are
 * constants: positions are not learned. J. Su et al. 2021, arXiv:2104.09864. */
#include "kernel/attr.h"
#include "op/turn.h"

#include <string.h>

static void forward(const sn_call *c) {
    const sn_rope_attr *attr = c->attr;
    const sn_tensor *x = &c->in[0], *angles = &c->in[1];
    real *out = c->out[0].data;
    double row[SN_MAX_ROW];
    for (int64_t i = 0; i < x->shape[0]; i++)
        for (int64_t h = 0; h < x->shape[1]; h++, out += x->shape[2]) {
            sn_row_load(x, (const char *)x->data + i * x->stride[0] + h * x->stride[1], x->shape[2], row);
            sn_row_turn(attr->layout, angles, (const char *)angles->data + i * angles->stride[0],
                        attr->transpose ? -1 : 1, row);
            for (int64_t k = 0; k < x->shape[2]; k++) out[k] = (real)row[k];
        }
}
SN_OP_FORWARD(rope)

#if SN_OP_MAIN
#include "base/error.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    const sn_tensor *x = &in[0], *angles = &in[1];
    if (x->n_dims != 3 || (x->dtype != SN_F32 && x->dtype != SN_F64) || x->shape[2] > SN_MAX_ROW)
        return sn_fail(SN_ERR_SHAPE, "rope: x is %s %s: f32 or f64 [rows, heads, d <= %d] is needed",
                       sn_dtype_name(x->dtype), sn_shape_text(x), SN_MAX_ROW);
    if (angles->n_dims != 3 || angles->dtype != x->dtype || angles->shape[0] != x->shape[0] ||
        2 * angles->shape[1] > x->shape[2] || angles->shape[2] != 2)
        return sn_fail(SN_ERR_SHAPE, "rope: angles %s %s do not fit x %s %s: they are [rows, planes <= d/2, 2]",
                       sn_dtype_name(angles->dtype), sn_shape_text(angles), sn_dtype_name(x->dtype), sn_shape_text(x));
    return sn_infer_like(out, x);
}

static sn_value *append(sn_graph *g, sn_value *x, sn_value *angles, sn_rope_attr attr);

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_rope_attr attr = *(const sn_rope_attr *)sn_node_attr(n);
    attr.transpose = !attr.transpose;
    grad_in[0] = append(g, grad_out[0], sn_node_in(n, 1), attr);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    double bytes = (double)(sn_tensor_bytes(&in[0]) + sn_tensor_bytes(&in[1]) + sn_tensor_bytes(&out[0]));
    return (sn_cost){3 * (double)sn_tensor_count(&in[0]), bytes};
}

static const sn_rope_attr halves = {SN_PAIR_HALVES, false}, interleaved = {SN_PAIR_INTERLEAVED, true};
static const sn_op_case cases[] = {
    {2, {SN_CASE_F32(-1, 1, 3, 3, 2, 6), SN_CASE_F32(-1, 1, 3, 3, 3, 2)}, &halves},
    {2, {SN_CASE_F32(-1, 1, 3, 3, 2, 5), SN_CASE_F32(-1, 1, 3, 3, 2, 2)}, &interleaved},
    {2, {SN_CASE_F32(-1, 1, 3, 2, 3, 38), SN_CASE_F32(-1, 1, 3, 2, 17, 2)}, &halves},
    {2, {SN_CASE_F32(-1, 1, 3, 2, 3, 38), SN_CASE_F32(-1, 1, 3, 2, 19, 2)}, &interleaved},
};
static const sn_op_case bad_cases[] = {
    {2, {SN_CASE_F32(-1, 1, 3, 3, 2, 6), SN_CASE_F32(-1, 1, 3, 3, 4, 2)}, &halves},
    {2, {SN_CASE_F32(-1, 1, 3, 3, 2, 6), SN_CASE_F32(-1, 1, 3, 2, 3, 2)}, &halves},
};

const sn_op_def sn_op_rope = {
    .name = "rope",
    .formula = "out[i, h, plane m] = rotation(angles[i, m]) x[i, h, plane m]",
    .source = "J. Su et al. 2021, arXiv:2104.09864",
    .min_in = 2,
    .max_in = 2,
    .n_out = 1,
    .attr_size = sizeof(sn_rope_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_rope,
    .forward_f64 = sn_forward_f64_rope,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .bad_cases = bad_cases,
    .n_bad_cases = SN_COUNT(bad_cases),
    .grad_mask = 1,
};

static sn_value *append(sn_graph *g, sn_value *x, sn_value *angles, sn_rope_attr attr) {
    sn_value *in[] = {x, angles};
    return sn_node_append(g, &sn_op_rope, in, 2, 0, &attr);
}

sn_value *sn_rope(sn_graph *g, sn_value *x, sn_value *angles, sn_pair_layout layout) {
    return append(g, x, angles, (sn_rope_attr){.layout = layout});
}
#endif
