/* StreamingLLM: the first `sinks` and the last `window` keys, at the positions they have inside that cache. Positions
 * are those of a cache that evicts: the query sits at most at sinks + window - 1, so recent keys keep their distances
 * and sink j is met from min(i, sinks + window - 1) at j. */
#include "position/method.h"
#include "position/pieces.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {
    {.name = "sinks",
     .help = "first keys that stay visible",
     .type = SN_PARAM_INT,
     .minimum = 0,
     .maximum = 1e12,
     .fallback = 4},
    SN_WINDOW_PARAM(1, "last keys seen, the query included (default: the trained window less the sinks)")};

static sn_status derive(sn_method_ctx *ctx) {
    double sinks = sn_method_value(ctx, "sinks");
    if (sinks < ctx->trained)
        sn_method_default(ctx, "window", ctx->trained - sinks);
    else if (isnan(sn_method_value(ctx, "window")) && ctx->trained > 0)
        return sn_fail(SN_ERR_ARGUMENT,
                       "sinks: %g sinks leave nothing of the trained window of %g: give window=", sinks, ctx->trained);
    return sn_method_default_share(ctx, "window", 1, 1);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double window = sn_method_value(ctx, "window"), sinks = sn_method_value(ctx, "sinks");
    sn_pos_map query = sn_map_affine(1, 0);
    query.clamp = window + sinks - 1;
    sn_pieces_split(p, (int64_t)window, query, sn_map_affine(1, 0));
    p->piece[1].key_max = (int64_t)sinks;
    p->mask.window = (int64_t)window, p->mask.sinks = (int64_t)sinks;
    sn_warn_reach(ctx, fmin(query.clamp, (double)ctx->length - 1));
    return SN_OK;
}

const sn_method_def sn_method_sinks = {
    .info = {.name = "sinks",
             .summary = "first sinks and last window keys, at their positions inside such a cache",
             .source = "Xiao et al. 2023, arXiv:2309.17453; github.com/mit-han-lab/streaming-llm",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_PIECES | SN_CHANGES_MASK,
    .derive = derive,
    .apply = apply,
};
