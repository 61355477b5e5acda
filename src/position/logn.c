/* Log-n scale, which keeps the entropy of attention as the number n of visible keys grows: logits times
 * ln n / ln base, and at least 1 in the form for models trained without it. */
#include "position/method.h"
#include "position/pieces.h"

#include <math.h>

static const sn_method_param params[] = {
    {.name = "form",
     .help = "posthoc: at least 1, for models trained without it; train: as it is, for models trained with it",
     .type = SN_PARAM_WORD,
     .words = "posthoc,train"},
    {.name = "base",
     .help = "n at which the scale is 1 (default: the trained window; 512 with form=train)",
     .type = SN_PARAM_REAL,
     .minimum = 1.5,
     .maximum = 1e12,
     .fallback = NAN},
    {.name = "min",
     .help = "smaller n count as this (default: 1; 16 with form=train)",
     .type = SN_PARAM_REAL,
     .minimum = 1,
     .maximum = 1e12,
     .fallback = NAN}};

static sn_status derive(sn_method_ctx *ctx) {
    bool train = sn_method_value(ctx, "form") > 0;
    sn_method_default(ctx, "min", train ? 16 : 1);
    if (train) sn_method_default(ctx, "base", 512);
    return sn_method_default_share(ctx, "base", 1, 2);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    p->scale.log_base = sn_method_value(ctx, "base");
    p->scale.log_min = sn_method_value(ctx, "min");
    p->scale.log_floor = sn_method_value(ctx, "form") > 0 ? 0 : 1;
    return SN_OK;
}

const sn_method_def sn_method_logn = {
    .info = {.name = "logn",
             .summary = "logits times ln n / ln base for n visible keys",
             .source = "https://kexue.fm/archives/8823, https://kexue.fm/archives/9706",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_SCALE,
    .derive = derive,
    .apply = apply,
};
