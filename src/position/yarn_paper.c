/* YaRN with the ramp that the paper prints: linear in the rotations of a plane over the trained window. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM,
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
    const sn_by_parts parts = {.factor = sn_method_value(ctx, "factor"),
                               .slow = sn_method_value(ctx, "slow"),
                               .fast = sn_method_value(ctx, "fast"),
                               .trained = sn_method_value(ctx, "train")};
    sn_planes_by_parts(p, &parts);
    p->gain *= sn_method_value(ctx, "attention");
    return SN_OK;
}

const sn_method_def sn_method_yarn_paper = {
    .info = {.name = "yarn-paper",
             .summary = "YaRN with the ramp of the paper's text, linear in rotations",
             .source = "Peng et al. 2023, arXiv:2309.00071, section 3.2",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = derive,
    .apply = apply,
};
