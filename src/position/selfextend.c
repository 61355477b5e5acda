/* Self-Extend: beyond the neighbour window positions are floored to groups: e = i/G - j/G + w - w/G in whole numbers.
 */
#include "position/method.h"
#include "position/pieces.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_WINDOW_PARAM(0, "distances below it are exact (default: a quarter of the trained window)"),
    {.name = "group",
     .help = "positions that share one beyond the window",
     .type = SN_PARAM_INT,
     .minimum = 1,
     .maximum = 1e9,
     .fallback = 8}};

static sn_status derive(sn_method_ctx *ctx) { return sn_method_default_share(ctx, "window", 0.25, 0); }

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double window = sn_method_value(ctx, "window"), group = sn_method_value(ctx, "group");
    sn_pos_map query = sn_map_affine(1 / group, window - floor(window / group)), key = sn_map_affine(1 / group, 0);
    query.floors = key.floors = true;
    sn_pieces_split(p, (int64_t)window, query, key);
    sn_warn_window(ctx, window);
    sn_warn_reach(ctx, query.offset + floor(((double)ctx->length - 1) / group));
    return SN_OK;
}

const sn_method_def sn_method_selfextend = {
    .info = {.name = "selfextend",
             .summary = "distances beyond window are counted in groups of positions",
             .source = "Jin et al. 2024, arXiv:2401.01325; github.com/datamllab/LongLM",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_PIECES,
    .derive = derive,
    .apply = apply,
};
