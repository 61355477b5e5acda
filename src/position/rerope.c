/* ReRoPE: distances beyond the window count as the window: e(r) = min(r, w). */
#include "position/method.h"
#include "position/pieces.h"

#include <math.h>

static const sn_method_param params[] = {SN_WINDOW_PARAM(1, "the largest distance (default: half the trained window)")};

static sn_status derive(sn_method_ctx *ctx) { return sn_method_default_share(ctx, "window", 0.5, 1); }

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double window = sn_method_value(ctx, "window");
    sn_pieces_split(p, (int64_t)window, sn_map_constant(window), sn_map_constant(0));
    sn_warn_window(ctx, window);
    return SN_OK;
}

const sn_method_def sn_method_rerope = {
    .info = {.name = "rerope",
             .summary = "distances capped at window: any length with no untrained position",
             .source = "https://kexue.fm/archives/9708",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_PIECES,
    .derive = derive,
    .apply = apply,
};
