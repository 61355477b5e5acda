/* Lion: the sign of an interpolated momentum. */
#include "optim/update.h"

enum { BETA1, BETA2, WEIGHT_DECAY };

static const sn_setting settings[] = {
    {"beta1", "share of the momentum in the direction of a step", 0, 0.9999, 0.9},
    {"beta2", "share of the momentum that is kept", 0, 0.9999, 0.99},
    SN_WEIGHT_DECAY(0),
};

static void scalars(const double *set, const sn_rule_clock *clock, float *out) {
    out[SN_UPDATE_RATE] = (float)clock->rate;
    out[SN_UPDATE_KEEP] = (float)set[BETA2];
    out[SN_UPDATE_ADD] = (float)(1 - set[BETA2]);
}

static sn_value *update(sn_graph *g, const double *set, const sn_rule_target *t) {
    sn_update_attr attr = {.rate_factor = 1, .weight_decay = set[WEIGHT_DECAY], .beta1 = set[BETA1]};
    return sn_rule_update(g, &sn_op_update_lion, t, attr);
}

const sn_rule_def sn_rule_lion = {
    .info = {.name = "lion",
             .summary = "sign of an interpolated momentum",
             .source = "Chen et al. 2023, arXiv:2302.06675",
             .settings = settings,
             .n_settings = SN_COUNT(settings),
             .n_states = 1},
    .scalars = scalars,
    .update = update,
};
