/* Leaky ReRoPE: beyond the window distances grow `factor` times slower: e(r) = w + (r - w) / factor. */
#include "position/method.h"
#include "position/pieces.h"

#include <math.h>

static const sn_method_param params[] = {
    SN_WINDOW_PARAM(0, "distances below it are exact (default: half the trained window)"),
    {.name = "factor",
     .help = "how many times slower distances grow beyond the window; below 1 is InvLeaky, for training",
     .type = SN_PARAM_REAL,
     .minimum = 1e-3,
     .maximum = 1e15,
     .fallback = 16}};

static sn_status derive(sn_method_ctx *ctx) { return sn_method_default_share(ctx, "window", 0.5, 0); }

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double window = sn_method_value(ctx, "window"), factor = sn_method_value(ctx, "factor");
    sn_pieces_split(p, (int64_t)window, sn_map_affine(1 / factor, window - window / factor),
                    sn_map_affine(1 / factor, 0));
    sn_warn_window(ctx, window);
    /* Within the trained window only InvLeaky reaches beyond it, and is meant to: a model is trained so. */
    if ((double)ctx->length > ctx->trained) sn_warn_reach(ctx, window + ((double)ctx->length - 1 - window) / factor);
    return SN_OK;
}

const sn_method_def sn_method_leaky = {
    .info = {.name = "leaky",
             .summary = "distances beyond window grow factor times slower",
             .source = "https://kexue.fm/archives/9708",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_PIECES,
    .derive = derive,
    .apply = apply,
};
