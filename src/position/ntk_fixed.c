/* NTK with the period of each digit changed too: plane m times factor^(-2 (m + 1) / d). */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM, SN_OVER_PARAM};

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    sn_planes_mixed(p, sn_method_value(ctx, "factor"), 1);
    return SN_OK;
}

const sn_method_def sn_method_ntk_fixed = {
    .info = {.name = "ntk-fixed",
             .summary = "NTK with the digit periods changed too: slowest plane divided by factor",
             .source = "https://kexue.fm/archives/9675",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = sn_method_default_factor,
    .apply = apply,
};
