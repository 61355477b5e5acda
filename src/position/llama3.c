/* The scaling of Llama 3.1: by parts of the rotations over the trained window, without a gain. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_FACTOR_PARAM,
    {.name = "low",
     .help = "planes with fewer rotations over the trained window are divided by factor",
     .type = SN_PARAM_REAL,
     .minimum = 1e-6,
     .maximum = 1e6,
     .fallback = 1},
    {.name = "high",
     .help = "planes with more rotations stay",
     .type = SN_PARAM_REAL,
     .minimum = 1e-6,
     .maximum = 1e6,
     .fallback = 4},
    SN_TRAIN_PARAM,
    SN_OVER_PARAM};

static sn_status derive(sn_method_ctx *ctx) {
    SN_TRY(sn_method_default_factor(ctx));
    return sn_method_default_share(ctx, "train", 1, 1);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    const sn_by_parts parts = {.factor = sn_method_value(ctx, "factor"),
                               .slow = sn_method_value(ctx, "low"),
                               .fast = sn_method_value(ctx, "high"),
                               .trained = sn_method_value(ctx, "train")};
    if (parts.fast <= parts.slow)
        return sn_fail(SN_ERR_ARGUMENT, "llama3: high=%g is not above low=%g", parts.fast, parts.slow);
    sn_planes_by_parts(p, &parts);
    return SN_OK;
}

const sn_method_def sn_method_llama3 = {
    .info = {.name = "llama3",
             .summary = "by parts as in Llama 3.1: fast planes stay, slow ones are divided by factor",
             .source = "Llama 3.1 model card and reference code, 2024",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = derive,
    .apply = apply,
};
