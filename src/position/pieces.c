#include "position/pieces.h"

#include "base/error.h"

#include <math.h>

sn_pos_map sn_map_affine(double scale, double offset) {
    return (sn_pos_map){.scale = scale, .offset = offset, .clamp = INFINITY};
}

sn_pos_map sn_map_constant(double position) { return sn_map_affine(0, position); }

void sn_pieces_split(sn_position *p, int64_t window, sn_pos_map query, sn_pos_map key) {
    p->n_pieces = 2;
    p->piece[0].r_max = window;
    p->piece[1] = (sn_piece){.r_min = window, .r_max = SN_NO_LIMIT, .key_max = SN_NO_LIMIT, .query = query, .key = key};
}

void sn_warn_window(const sn_method_ctx *ctx, double window) {
    if (ctx->trained > 0 && window >= ctx->trained && (double)ctx->length > ctx->trained)
        sn_log_message(SN_LOG_WARN, "%s: window=%.0f is not below the trained window of %.0f: take a quarter to a half",
                       ctx->def->info.name, window, ctx->trained);
}

void sn_warn_reach(const sn_method_ctx *ctx, double largest) {
    if (ctx->trained > 0 && largest >= ctx->trained)
        sn_log_message(SN_LOG_WARN, "%s: distances up to %.0f occur, the model was trained below %.0f",
                       ctx->def->info.name, largest, ctx->trained);
}
