/* Adam with decoupled weight decay. */
#include "optim/update.h"

#include <math.h>

enum { BETA1, BETA2, EPSILON, WEIGHT_DECAY };

static const sn_setting settings[] = {
    {"beta1", "share of the gradient's mean that is kept", 0, 0.9999, 0.9},
    {"beta2", "share of the squared gradient's mean that is kept", 0, 0.99999, 0.999},
    {"epsilon", "added to the root of the squared gradient's mean", 0, 1, 1e-8},
    SN_WEIGHT_DECAY(0.01),
};

static void scalars(const double *set, const sn_rule_clock *clock, float *out) {
    double t = (double)clock->step + 1;
    out[SN_UPDATE_RATE] = (float)clock->rate;
    out[SN_UPDATE_KEEP] = (float)set[BETA1];
    out[SN_UPDATE_ADD] = (float)(1 - set[BETA1]);
    out[SN_UPDATE_CORRECT1] = (float)(1 / (1 - pow(set[BETA1], t)));
    out[SN_UPDATE_CORRECT2] = (float)(1 / sqrt(1 - pow(set[BETA2], t)));
}

static sn_value *update(sn_graph *g, const double *set, const sn_rule_target *t) {
    sn_update_attr attr = {
        .rate_factor = 1, .weight_decay = set[WEIGHT_DECAY], .beta2 = set[BETA2], .epsilon = set[EPSILON]};
    return sn_rule_update(g, &sn_op_update_adamw, t, attr);
}

const sn_rule_def sn_rule_adamw = {
    .info = {.name = "adamw",
             .summary = "Adam with decoupled weight decay",
             .source = "Kingma & Ba 2014, arXiv:1412.6980; Loshchilov & Hutter 2017, arXiv:1711.05101",
             .settings = settings,
             .n_settings = SN_COUNT(settings),
             .n_states = 2},
    .scalars = scalars,
    .update = update,
};
