/* Tiger: the sign of the momentum, at a rate that follows the size of each parameter. Its one state also adds up the
 * micro-batches of an update, and the parts of a gradient that has several: it decays in the first of them only, and
 * each gradient enters by its share.
 *
 * A gradient with NaN, in any micro-batch and part, leaves the momentum alone and takes the parameter a little towards
 * where it began: 1 for gains, 0 for the others. In the first micro-batch that also omits the cycle's decay of the
 * momentum. */
#include "optim/update.h"

enum { BETA, WEIGHT_DECAY, SHRINK };

static const sn_setting settings[] = {
    {"beta", "share of the momentum that is kept (0.965 for text, 0.945 for images)", 0, 0.9999, 0.965},
    SN_WEIGHT_DECAY(0.01),
    {"shrink", "what stays of a parameter whose gradient has NaN", 0, 1, 0.99},
};

static void scalars(const double *set, const sn_rule_clock *clock, float *out) {
    out[SN_UPDATE_RATE] = clock->last ? (float)clock->rate : 0;
    out[SN_UPDATE_KEEP] = clock->first ? (float)set[BETA] : 1;
    out[SN_UPDATE_ADD] = (float)((1 - set[BETA]) / (double)clock->accumulate);
}

static sn_value *update(sn_graph *g, const double *set, const sn_rule_target *t) {
    bool vector = t->kind == SN_KIND_GAIN || t->kind == SN_KIND_BIAS;
    sn_update_attr attr = {.rate_factor = vector ? 0.5 : 1,
                           .weight_decay = set[WEIGHT_DECAY],
                           .rate_by = vector                         ? SN_RATE_PLAIN
                                      : t->kind == SN_KIND_EMBEDDING ? SN_RATE_ROW_RMS
                                                                     : SN_RATE_RMS,
                           .shrink = set[SHRINK],
                           .shrink_centre = t->kind == SN_KIND_GAIN ? 1 : 0};
    return sn_rule_update(g, &sn_op_update_tiger, t, attr);
}

const sn_rule_def sn_rule_tiger = {
    .info = {.name = "tiger",
             .summary = "sign of the momentum, rate by the size of the parameter; least memory",
             .source = "J. Su 2023, https://kexue.fm/archives/9512",
             .settings = settings,
             .n_settings = SN_COUNT(settings),
             .n_states = 1,
             .tight = true},
    .no_clipping =
        "it takes only the sign of the momentum, so a common factor changes nothing, and a global norm would "
        "keep every gradient alive until the last is known",
    .on_nan = "shrank the weights",
    .scalars = scalars,
    .update = update,
};
