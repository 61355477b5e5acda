#include "op/update.h"

#if SN_OP_MAIN
#include "base/error.h"

const double sn_update_numbers[SN_UPDATE_SCALARS] = {0.125, 0.75, 0.25, 1.5, 1.25, 0, 0, 0};

static sn_status check_scalars(const sn_tensor *param, const sn_tensor *scale, const sn_tensor *scalars) {
    if (scale->n_dims >= 0 && (scale->dtype != param->dtype || sn_tensor_count(scale) != 1))
        return sn_fail(SN_ERR_SHAPE, "the gradient's factor is %s %s: it must be one %s", sn_dtype_name(scale->dtype),
                       sn_shape_text(scale), sn_dtype_name(param->dtype));
    if (scalars->dtype != param->dtype || scalars->n_dims != 1 || scalars->shape[0] != SN_UPDATE_SCALARS)
        return sn_fail(SN_ERR_SHAPE, "the scalars are %s %s: they must be %s [%d]", sn_dtype_name(scalars->dtype),
                       sn_shape_text(scalars), sn_dtype_name(param->dtype), SN_UPDATE_SCALARS);
    return SN_OK;
}

sn_status sn_infer_update(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_tensor *param = &in[0], *grad = &in[n_in - 3];
    (void)attr;
    SN_TRY(sn_need_real(param, "the parameter"));
    if (grad->dtype != param->dtype || !sn_same_shape(grad, param))
        return sn_fail(SN_ERR_SHAPE, "the gradient is %s %s, the parameter %s %s", sn_dtype_name(grad->dtype),
                       sn_shape_text(grad), sn_dtype_name(param->dtype), sn_shape_text(param));
    for (int k = 0; k < n_in - 3; k++) {
        bool half = k > 0 && in[k].dtype == SN_BF16 && param->dtype == SN_F32;
        if (!sn_same_shape(&in[k], param) || !(half || in[k].dtype == param->dtype))
            return sn_fail(SN_ERR_SHAPE, "state %d is %s %s, the parameter %s %s", k, sn_dtype_name(in[k].dtype),
                           sn_shape_text(&in[k]), sn_dtype_name(param->dtype), sn_shape_text(param));
        if (!sn_tensor_is_contiguous(&in[k])) return sn_fail(SN_ERR_SHAPE, "what is updated must be contiguous");
        SN_TRY(sn_infer_like(&out[k], &in[k]));
    }
    return check_scalars(param, &in[n_in - 2], &in[n_in - 1]);
}

sn_cost sn_cost_update(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    double bytes = (double)sn_tensor_bytes(&in[n_in - 3]);
    (void)attr, (void)out;
    for (int k = 0; k < n_in - 3; k++) bytes += 2 * (double)sn_tensor_bytes(&in[k]);
    return (sn_cost){(n_in == 5 ? 6 : 12) * (double)sn_tensor_count(&in[0]), bytes};
}

static void random_update(uint64_t seed, int n_states, sn_op_case *out) {
    int64_t rows = sn_random_int(seed, 0, 1, 60), columns = sn_random_int(seed, 1, 1, seed % 3 ? 90 : 1500);
    out->n_in = 4 + n_states;
    for (int k = 0; k < 2 + n_states; k++) {
        out->in[k].n_dims = 2;
        out->in[k].shape[0] = rows;
        out->in[k].shape[1] = columns;
    }
    if (seed % 2) out->in[1].dtype = SN_BF16;
    if (seed % 4 == 0) out->in[2 + n_states].n_dims = -1;
    out->in[3 + n_states].n_dims = 1;
    out->in[3 + n_states].shape[0] = SN_UPDATE_SCALARS;
    out->in[3 + n_states].values = sn_update_numbers;
}

void sn_random_update1(uint64_t seed, sn_op_case *out) { random_update(seed, 1, out); }
void sn_random_update2(uint64_t seed, sn_op_case *out) { random_update(seed, 2, out); }

sn_value *sn_update_append(sn_graph *g, const sn_op_def *op, const sn_update_operands *x, const sn_update_attr *attr) {
    int n_states = op->n_out - 1, n = 0;
    sn_value *in[SN_MAX_INPUTS] = {x->param}, *grad = x->grad;
    if (grad && !sn_tensor_is_contiguous(sn_value_tensor(grad))) grad = sn_copy(g, grad);
    for (n = 1; n <= n_states; n++) in[n] = x->states[n - 1];
    in[n] = grad;
    in[n + 1] = x->grad_scale;
    in[n + 2] = x->scalars;
    return sn_node_append(g, op, in, n + 3, 1u << (n + 1), attr);
}
#endif
