/* Local attention: each query sees the last `window` keys (itself included) and, if asked, the first `sinks`. */
#include "position/method.h"
#include "position/pieces.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_WINDOW_PARAM(1, "keys seen, the query itself included (default: the trained window)"),
    {.name = "sinks",
     .help = "first keys that stay visible at their true distance",
     .type = SN_PARAM_INT,
     .minimum = 0,
     .maximum = 1e12,
     .fallback = 0}};

static sn_status derive(sn_method_ctx *ctx) { return sn_method_default_share(ctx, "window", 1, 1); }

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    p->mask.window = (int64_t)sn_method_value(ctx, "window");
    p->mask.sinks = (int64_t)sn_method_value(ctx, "sinks");
    return SN_OK;
}

const sn_method_def sn_method_window = {
    .info = {.name = "window",
             .summary = "only the last window keys are seen",
             .source = "https://kexue.fm/archives/9431",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_MASK,
    .derive = derive,
    .apply = apply,
};
