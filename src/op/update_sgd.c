/* update_sgd: a step of stochastic gradient descent with momentum, in place.
 *
 * m = keep m + add g; p = (1 - rate decay) p - rate m, with Nesterov's m + look-ahead p -= rate (g + beta1 m) instead.
 * A rate of 0 only takes the gradient into m, so that m adds up the micro-batches of an update. */
#include "op/update.h"

static void forward(const sn_call *c) {
    sn_update u;
    if (!sn_update_begin(c, &u)) return;
    const real momentum = (real)u.attr->beta1;
    for (int64_t i = 0; i < u.n; i++) {
        real g = sn_update_grad(&u, i), m = u.keep * sn_update_state(&u, 0, i) + u.add * g;
        real step = u.attr->nesterov ? g + momentum * m : m;
        sn_update_store(&u, 0, i, m);
        if (u.rate != 0) u.param[i] = u.param[i] * u.decay - u.rate * step;
    }
}
SN_OP_FORWARD(update_sgd)

#if SN_OP_MAIN
static const sn_update_attr plain = {.rate_factor = 1, .beta1 = 0.75},
                            nesterov = {.rate_factor = 0.5, .weight_decay = 0.25, .beta1 = 0.75, .nesterov = true};
static const sn_op_case cases[] = {
    {5, SN_UPDATE_IN1(SN_F32, 2, 3, 5), &plain},
    {5, SN_UPDATE_IN1(SN_F32, 1, 37), &nesterov},
    {5, SN_UPDATE_IN1(SN_BF16, 1, 37), &nesterov},
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

const sn_op_def sn_op_update_sgd = {
    SN_UPDATE(update_sgd, 1),
    .formula = "m = keep m + add g; p = (1 - rate decay) p - rate m (or g + beta1 m), in place",
    .source = "Sutskever et al. 2013, ICML; accumulation in the momentum: https://kexue.fm/archives/8634",
    .cost = sn_cost_update,
};
#endif
