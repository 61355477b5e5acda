/* Position interpolation: every plane turns `factor` times slower, as if positions were i / factor. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM, SN_OVER_PARAM};

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    sn_planes_divide(p, sn_method_value(ctx, "factor"));
    return SN_OK;
}

const sn_method_def sn_method_pi = {
    .info = {.name = "pi",
             .summary = "position interpolation: positions divided by factor (needs fine-tuning)",
             .source = "Chen et al. 2023, arXiv:2306.15595; kaiokendev 2023",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = sn_method_default_factor,
    .apply = apply,
};
