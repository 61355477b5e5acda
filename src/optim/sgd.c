/* Gradient descent with momentum. The momentum is also what adds up the micro-batches of an update: it decays in the
 * first one only, and each gradient enters by its share. The result is that of one step with the averaged gradient. */
#include "optim/update.h"

#include "base/error.h"

enum { MOMENTUM, NESTEROV, WEIGHT_DECAY };

static const sn_setting settings[] = {
    {"momentum", "share of the last step's direction that is kept", 0, 0.9999, 0.9},
    {"nesterov", "1: steps look ahead along the momentum (not with accumulate)", 0, 1, 0},
    SN_WEIGHT_DECAY(0),
};

static sn_status check(const double *set, int64_t accumulate) {
    if (accumulate <= 1 || set[NESTEROV] == 0) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "sgd: nesterov needs the averaged gradient itself, which is not kept: set "
                                    "accumulate = 1 or nesterov = 0");
}

static void scalars(const double *set, const sn_rule_clock *clock, float *out) {
    out[SN_UPDATE_RATE] = clock->last ? (float)clock->rate : 0;
    out[SN_UPDATE_KEEP] = clock->first ? (float)set[MOMENTUM] : 1;
    out[SN_UPDATE_ADD] = (float)(1 / (double)clock->accumulate);
}

static sn_value *update(sn_graph *g, const double *set, const sn_rule_target *t) {
    sn_update_attr attr = {
        .rate_factor = 1, .weight_decay = set[WEIGHT_DECAY], .beta1 = set[MOMENTUM], .nesterov = set[NESTEROV] != 0};
    return sn_rule_update(g, &sn_op_update_sgd, t, attr);
}

const sn_rule_def sn_rule_sgd = {
    .info = {.name = "sgd",
             .summary = "gradient descent with momentum",
             .source = "Sutskever et al. 2013, ICML; accumulation in the momentum: https://kexue.fm/archives/8634",
             .settings = settings,
             .n_settings = SN_COUNT(settings),
             .n_states = 1,
             .tight = true},
    .check = check,
    .scalars = scalars,
    .update = update,
};
