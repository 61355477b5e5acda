/* YaRN as released: slow planes as PI, fast ones unchanged, a ramp in the plane index between the two boundary planes
 * (the paper's text has another ramp: yarn-paper), and a gain on queries and keys. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_FACTOR_PARAM,
    {.name = "fast",
     .help = "planes with more rotations over the trained window stay",
     .type = SN_PARAM_REAL,
     .minimum = 1e-6,
     .maximum = 1e6,
     .fallback = 32},
    {.name = "slow",
     .help = "planes with fewer rotations are divided by factor",
     .type = SN_PARAM_REAL,
     .minimum = 1e-6,
     .maximum = 1e6,
     .fallback = 1},
    {.name = "attention",
     .help = "gain on queries and keys (default: 0.1 ln factor + 1)",
     .type = SN_PARAM_REAL,
     .minimum = 1e-6,
     .maximum = 1e6,
     .fallback = NAN},
    {.name = "truncate", .help = "round the boundary planes outwards", .type = SN_PARAM_WORD, .words = "yes,no"},
    SN_TRAIN_PARAM,
    SN_OVER_PARAM};

static sn_status derive(sn_method_ctx *ctx) {
    SN_TRY(sn_method_default_factor(ctx));
    sn_method_default(ctx, "attention", sn_yarn_gain(sn_method_value(ctx, "factor"), 1));
    return sn_method_default_share(ctx, "train", 1, 1);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    if (sn_method_value(ctx, "fast") <= sn_method_value(ctx, "slow"))
        return sn_fail(SN_ERR_ARGUMENT, "%s: fast=%g is not above slow=%g", ctx->def->info.name,
                       sn_method_value(ctx, "fast"), sn_method_value(ctx, "slow"));
    if (ctx->model->base <= 1)
        return sn_fail(SN_ERR_ARGUMENT, "yarn: a rotary base of %g has no boundary planes: use pi", ctx->model->base);
    const sn_yarn yarn = {.factor = sn_method_value(ctx, "factor"),
                          .fast = sn_method_value(ctx, "fast"),
                          .slow = sn_method_value(ctx, "slow"),
                          .trained = sn_method_value(ctx, "train"),
                          .base = ctx->model->base,
                          .truncate = sn_method_value(ctx, "truncate") == 0};
    sn_planes_yarn(p, &yarn);
    p->gain *= sn_method_value(ctx, "attention");
    return SN_OK;
}

const sn_method_def sn_method_yarn = {
    .info = {.name = "yarn",
             .summary =
                 "YaRN: fast planes stay, slow ones are divided by factor, logits warmed (ramp of the released code)",
             .source = "Peng et al. 2023, arXiv:2309.00071; github.com/jquesnelle/yarn",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = derive,
    .apply = apply,
};
