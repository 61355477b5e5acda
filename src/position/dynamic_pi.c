/* Dynamic position interpolation: positions times trained / length, for the declared length; nothing inside the window.
 */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_LENGTH_PARAM, SN_TRAIN_PARAM, SN_OVER_PARAM};

static sn_status derive(sn_method_ctx *ctx) {
    sn_method_default(ctx, "length", (double)ctx->length);
    return sn_method_default_share(ctx, "train", 1, 1);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double length = sn_method_value(ctx, "length"), trained = sn_method_value(ctx, "train");
    sn_planes_divide(p, fmax(1, length / trained));
    return SN_OK;
}

const sn_method_def sn_method_dynamic_pi = {
    .info = {.name = "dynamic-pi",
             .summary = "position interpolation by length / trained window, frozen for the session",
             .source = "https://kexue.fm/archives/9675",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = derive,
    .apply = apply,
};
