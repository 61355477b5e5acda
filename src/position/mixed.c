/* Mixed-base NTK: plane m times exp(-a (m + 1)^b) with a (d/2)^b = ln factor; b = 1 is ntk-fixed, b = 0 is PI. */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM,
                                         {.name = "b",
                                          .help = "shape: 1 is ntk-fixed, 0 is pi",
                                          .type = SN_PARAM_REAL,
                                          .minimum = 0,
                                          .maximum = 16,
                                          .fallback = 0.625},
                                         SN_OVER_PARAM};

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    sn_planes_mixed(p, sn_method_value(ctx, "factor"), sn_method_value(ctx, "b"));
    return SN_OK;
}

const sn_method_def sn_method_mixed = {
    .info = {.name = "mixed",
             .summary = "mixed-base NTK: faster planes take a larger share of factor",
             .source = "https://kexue.fm/archives/9706",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = sn_method_default_factor,
    .apply = apply,
};
