/* update_lion: a step of Lion, in place. The sign is taken of one mixture of momentum and gradient, and the momentum
 * kept is another one, made after the step:
 *
 * p -= rate (sign(beta1 m + (1 - beta1) g) + decay p); m = keep m + add g. */
#include "op/update.h"

static void forward(const sn_call *c) {
    sn_update u;
    if (!sn_update_begin(c, &u)) return;
    const real beta1 = (real)u.attr->beta1, rest1 = (real)(1 - u.attr->beta1), decay = (real)u.attr->weight_decay;
    for (int64_t i = 0; i < u.n; i++) {
        real g = sn_update_grad(&u, i), m = sn_update_state(&u, 0, i);
        real step = sn_update_sign(beta1 * m + rest1 * g);
        u.param[i] -= u.rate * (step + decay * u.param[i]);
        sn_update_store(&u, 0, i, u.keep * m + u.add * g);
    }
}
SN_OP_FORWARD(update_lion)

#if SN_OP_MAIN
static const sn_update_attr plain = {.rate_factor = 1, .beta1 = 0.5},
                            decayed = {.rate_factor = 0.5, .weight_decay = 0.25, .beta1 = 0.875};
static const sn_op_case cases[] = {
    {5, SN_UPDATE_IN1(SN_F32, 2, 3, 5), &plain},
    {5, SN_UPDATE_IN1(SN_F32, 1, 37), &decayed},
    {5, SN_UPDATE_IN1(SN_BF16, 1, 37), &decayed},
    {5, SN_UPDATE_IN1(SN_F32, 2, 3, 0), &plain},
};
static const sn_op_case bad_cases[] = {
    {5, SN_UPDATE_IN1(SN_F16, 2, 3, 5), &plain},
    {5, SN_UPDATE_IN1(SN_I32, 2, 3, 5), &plain},
};
static const sn_op_case bench_cases[] = {
    {5, SN_UPDATE_IN1(SN_F32, 2, 4096, 4096), &plain},
    {5, SN_UPDATE_IN1(SN_BF16, 2, 4096, 4096), &plain},
};

const sn_op_def sn_op_update_lion = {
    SN_UPDATE(update_lion, 1),
    .formula = "p -= rate (sign(beta1 m + (1 - beta1) g) + decay p); m = keep m + add g, in place",
    .source = "Chen et al. 2023, arXiv:2302.06675",
    .cost = sn_cost_update,
};
#endif
