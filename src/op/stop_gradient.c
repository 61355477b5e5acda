/* stop_gradient: x itself, a constant for sn_grad. */
#include "op/shared.h"

#if SN_OP_MAIN
static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    *out = in[0];
    out->data = NULL;
    return SN_OK;
}

static const sn_op_case cases[] = {
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 2, 3, 5)}},
    {.n_in = 1, .in = {SN_CASE_F32(-1, 1, 0, 0)}},
};

const sn_op_def sn_op_stop_gradient = {
    .name = "stop_gradient",
    .formula = "out = x, but its gradient is zero",
    .source = "",
    .min_in = 1,
    .max_in = 1,
    .n_out = 1,
    .flags = SN_OP_VIEW | SN_OP_CUT,
    .infer = infer,
    .no_gradient = "it is there to stop the gradient",
    .cost = sn_cost_none,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
};

sn_value *sn_stop_gradient(sn_graph *g, sn_value *x) { return sn_node_append(g, &sn_op_stop_gradient, &x, 1, 0, NULL); }
#endif
