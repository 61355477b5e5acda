/* Dynamic NTK: base * (a length / trained - (a - 1))^(d / (d - 2)) beyond the window, for the declared length, so that
 * all keys of a session have one base. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {{.name = "factor",
                                          .help = "a in base * (a length / trained - (a - 1))^(d / (d - 2))",
                                          .type = SN_PARAM_REAL,
                                          .minimum = 1,
                                          .maximum = 1e6,
                                          .fallback = 1},
                                         SN_LENGTH_PARAM,
                                         SN_TRAIN_PARAM,
                                         SN_OVER_PARAM};

static sn_status derive(sn_method_ctx *ctx) {
    sn_method_default(ctx, "length", (double)ctx->length);
    return sn_method_default_share(ctx, "train", 1, 1);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double factor = sn_method_value(ctx, "factor");
    sn_planes_ntk(p, sn_dynamic_factor(factor, sn_method_value(ctx, "length"), sn_method_value(ctx, "train")));
    return SN_OK;
}

const sn_method_def sn_method_dynamic_ntk = {
    .info = {.name = "dynamic-ntk",
             .summary = "NTK by length / trained window, frozen for the session",
             .source = "emozilla 2023; huggingface transformers `dynamic`",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = derive,
    .apply = apply,
};
