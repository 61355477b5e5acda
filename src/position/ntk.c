/* NTK-aware RoPE of bloc97: base * factor^(d / (d - 2)). The fastest plane stays, the slowest becomes that of PI. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM, SN_OVER_PARAM};

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    sn_planes_ntk(p, sn_method_value(ctx, "factor"));
    return SN_OK;
}

const sn_method_def sn_method_ntk = {
    .info = {.name = "ntk",
             .summary = "NTK-aware base change: the fastest plane stays, the slowest is divided by factor",
             .source = "bloc97 2023; https://kexue.fm/archives/9675",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = sn_method_default_factor,
    .apply = apply,
};
