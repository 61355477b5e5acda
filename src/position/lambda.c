/* LM-Infinite: the last `window` keys at their distances and the first `sinks` at distance `limit`, all others masked:
 * ReRoPE restricted to a mask of that shape. */
#include "position/method.h"
#include "position/pieces.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_WINDOW_PARAM(1, "last keys seen, the query included (default: the trained window)"),
    {.name = "sinks",
     .help = "first keys that stay visible",
     .type = SN_PARAM_INT,
     .minimum = 0,
     .maximum = 1e12,
     .fallback = 10},
    {.name = "limit",
     .help = "the distance at which they are met (default: window)",
     .type = SN_PARAM_INT,
     .minimum = 0,
     .maximum = 1e12,
     .fallback = NAN}};

static sn_status derive(sn_method_ctx *ctx) {
    SN_TRY(sn_method_default_share(ctx, "window", 1, 1));
    sn_method_default(ctx, "limit", sn_method_value(ctx, "window"));
    return SN_OK;
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double window = sn_method_value(ctx, "window"), limit = sn_method_value(ctx, "limit");
    sn_pieces_split(p, (int64_t)window, sn_map_constant(limit), sn_map_constant(0));
    p->mask.window = (int64_t)window, p->mask.sinks = (int64_t)sn_method_value(ctx, "sinks");
    p->piece[1].key_max = p->mask.sinks;
    sn_warn_reach(ctx, fmax(limit, window - 1));
    return SN_OK;
}

const sn_method_def sn_method_lambda = {
    .info = {.name = "lambda",
             .summary = "last window keys, and the first sinks keys at a capped distance",
             .source = "Han et al. 2023, arXiv:2308.16137; github.com/Glaciohound/LM-Infinite",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_PIECES | SN_CHANGES_MASK,
    .derive = derive,
    .apply = apply,
};
