/* LongRoPE: divisors searched per plane, one set inside the trained window and one beyond it, and a gain. The
 * divisors belong to the model; this method chooses the set by hand or by a length other than the session's. */
#include "position/frequency.h"
#include "position/method.h"
#include "position/own.h"

#include "base/error.h"

#include <math.h>

static const sn_method_param params[] = {{.name = "form",
                                          .help = "which divisors; auto: long beyond the trained window",
                                          .type = SN_PARAM_WORD,
                                          .words = "auto,short,long"},
                                         {.name = "attention",
                                          .help = "gain on queries and keys (default: the model's own)",
                                          .type = SN_PARAM_REAL,
                                          .minimum = 1e-6,
                                          .maximum = 1e6,
                                          .fallback = NAN},
                                         SN_LENGTH_PARAM};

static sn_status derive(sn_method_ctx *ctx) {
    sn_method_default(ctx, "length", (double)ctx->length);
    sn_method_default(ctx, "attention", sn_own_longrope_gain(ctx->model));
    return SN_OK;
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    const sn_rope_config *model = ctx->model;
    if (model->scaling != SN_ROPE_LONGROPE)
        return sn_fail(SN_ERR_ARGUMENT, "longrope: the model carries no factors per plane: use yarn or rerope");
    bool beyond = sn_method_value(ctx, "length") > (double)model->train_length;
    double form = sn_method_value(ctx, "form");
    sn_planes_divide_each(p, form == 2 || (form == 0 && beyond) ? model->long_factor : model->short_factor);
    p->gain *= sn_method_value(ctx, "attention");
    return SN_OK;
}

const sn_method_def sn_method_longrope = {
    .info = {.name = "longrope",
             .summary = "the model's own divisors per plane, chosen by length or by hand",
             .source = "Ding et al. 2024, arXiv:2402.13753; Phi-3",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_FREQUENCY,
    .replaces_own = true,
    .derive = derive,
    .apply = apply,
};
