#include "op/rows.h"

#if SN_OP_MAIN
#include "base/error.h"

sn_status sn_infer_rows(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_rows(&in[0], "the operand"));
    return sn_infer_like(out, &in[0]);
}

sn_status sn_need_vector(const sn_tensor *x, const sn_tensor *v, const char *what) {
    if (v->n_dims < 0) return SN_OK;
    if (v->dtype != x->dtype || v->n_dims != 1 || v->shape[0] != sn_n_columns(x))
        return sn_fail(SN_ERR_SHAPE, "the %s is %s %s: it must be %s [%lld]", what, sn_dtype_name(v->dtype),
                       sn_shape_text(v), sn_dtype_name(x->dtype), (long long)sn_n_columns(x));
    return SN_OK;
}

sn_cost sn_cost_rows(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    return (sn_cost){5.0 * (double)sn_tensor_count(&in[0]), sn_cost_elementwise(attr, in, n_in, out).bytes};
}

const sn_op_case sn_bad_rows[SN_N_BAD_ROWS] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 0, 0)}},
    {.n_in = 1, .in = {SN_CASE_I32(-1, 1, 2, 3, 5)}},
};
#endif
