/* The first form of NTK-aware RoPE in base-b digits: base * factor, so plane m times factor^(-2m / d). */
#include "position/frequency.h"
#include "position/method.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {SN_FACTOR_PARAM, SN_OVER_PARAM};

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    double factor = sn_method_value(ctx, "factor");
    for (int m = 0; m < p->n_planes; m++) p->frequency[m] *= pow(factor, -(double)m / p->n_planes);
    return SN_OK;
}

const sn_method_def sn_method_ntk_old = {
    .info = {.name = "ntk-old",
             .summary = "NTK in its first form: base times factor",
             .source = "https://kexue.fm/archives/9675",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .derive = sn_method_default_factor,
    .apply = apply,
};
