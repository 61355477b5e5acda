/* update_adamw: a step of Adam with decoupled weight decay, in place.
 *
 * m = keep m + add g; v = beta2 v + (1 - beta2) g^2;
 * p = (1 - rate decay) p - rate correct1 m / (correct2 sqrt(v) + epsilon). */
#include "op/update.h"

#include <tgmath.h>

static void forward(const sn_call *c) {
    sn_update u;
    if (!sn_update_begin(c, &u)) return;
    const real beta2 = (real)u.attr->beta2, rest2 = (real)(1 - u.attr->beta2), epsilon = (real)u.attr->epsilon;
    const real rate = u.rate * u.correct1;
    for (int64_t i = 0; i < u.n; i++) {
        real g = sn_update_grad(&u, i);
        real m = u.keep * sn_update_state(&u, 0, i) + u.add * g;
        real v = beta2 * sn_update_state(&u, 1, i) + rest2 * (g * g);
        sn_update_store(&u, 0, i, m);
        sn_update_store(&u, 1, i, v);
        u.param[i] = u.param[i] * u.decay - rate * (m / (sqrt(v) * u.correct2 + epsilon));
    }
}
SN_OP_FORWARD(update_adamw)

#if SN_OP_MAIN
static const sn_update_attr plain = {.rate_factor = 1, .beta2 = 0.875, .epsilon = 1e-8},
                            decayed = {.rate_factor = 0.5, .weight_decay = 0.25, .beta2 = 0.875, .epsilon = 1e-3};
/* Parameter, momentum, second moment, gradient, factor, scalars. */
#define IN2(type, ...)                                                                                                 \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, __VA_ARGS__), SN_CASE_IN(type, -1, 1, __VA_ARGS__), SN_CASE_F32(0, 1, __VA_ARGS__),         \
            SN_CASE_F32(-1, 1, __VA_ARGS__), SN_CASE_F32(0.5, 2, 0, 0), SN_UPDATE_SCALARS_IN                           \
    }
static const sn_op_case cases[] = {
    {6, IN2(SN_F32, 2, 3, 5), &plain},
    {6, IN2(SN_F32, 1, 37), &decayed},
    {6, IN2(SN_BF16, 1, 37), &decayed},
    {6, IN2(SN_F32, 2, 3, 0), &plain},
};
static const sn_op_case bad_cases[] = {
    {6, IN2(SN_F16, 2, 3, 5), &plain},
    {6, IN2(SN_I32, 2, 3, 5), &plain},
};
static const sn_op_case bench_cases[] = {
    {6, IN2(SN_F32, 2, 4096, 4096), &plain},
    {6, IN2(SN_BF16, 2, 4096, 4096), &plain},
};

const sn_op_def sn_op_update_adamw = {
    SN_UPDATE(update_adamw, 2),
    .formula = "m, v = moments of g; p = (1 - rate decay) p - rate m' / (sqrt(v') + epsilon), in place",
    .source = "Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101",
    .cost = sn_cost_update,
};
#endif
