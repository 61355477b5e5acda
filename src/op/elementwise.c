/* The shared shape rules of the elementwise ops and the inputs they refuse. */
#include "op/elementwise.h"

#if SN_OP_MAIN
#include "base/error.h"

sn_status sn_infer_unary(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the operand"));
    return sn_infer_like(out, &in[0]);
}

sn_status sn_infer_binary(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    SN_TRY(sn_need_real(&in[0], "the first operand"));
    SN_TRY(sn_need_real(&in[1], "the second operand"));
    return sn_infer_broadcast("operands", &in[0], &in[1], out);
}

const sn_op_case sn_bad_unary[SN_N_BAD_UNARY] = {
    {.n_in = 1, .in = {SN_CASE_I32(0, 5, 1, 4)}},
    {.n_in = 1, .in = {SN_CASE_IN(SN_F16, 0, 1, 1, 4)}},
};

const sn_op_case sn_bad_binary[SN_N_BAD_BINARY] = {
    {.n_in = 2, .in = {SN_CASE_F32(0, 1, 2, 3, 4), SN_CASE_F32(0, 1, 1, 3)}},
    {.n_in = 2, .in = {SN_CASE_F32(0, 1, 1, 3), SN_CASE_IN(SN_F64, 0, 1, 1, 3)}},
    {.n_in = 2, .in = {SN_CASE_I32(0, 5, 1, 3), SN_CASE_I32(0, 5, 1, 3)}},
};
#endif
