/* auto: a method chosen from what the model says of itself and the wanted length. */
#include "position/auto.h"
#include "position/own.h"

#include <math.h>

static bool learned(const sn_auto_case *c) { return c->model->learned; }
static bool unrotated(const sn_auto_case *c) { return c->model->n_rot == 0; }
static bool unknown(const sn_auto_case *c) { return c->trained <= 0; }
static bool inside(const sn_auto_case *c) { return c->length <= c->trained; }
static bool windowed(const sn_auto_case *c) { return c->model->window > 0 && c->model->window <= c->trained; }
static bool beyond(const sn_auto_case *c) { return c->length > c->trained; }

const sn_auto_row sn_auto_rows[] = {
    {"learned", learned, "none", "the model has learned positions, which no method extends"},
    {"unrotated", unrotated, "none", "this layer has no positions"},
    {"unknown", unknown, "none", "the trained window is not known"},
    {"inside", inside, "none", "the session fits the window the model handles"},
    {"windowed", windowed, "none", "the layer's sliding window keeps all distances trained"},
    {"beyond", beyond, "rerope", "the session is longer than the window: distances are capped at half of it"},
};

static const sn_method_param params[] = {SN_LENGTH_PARAM};

sn_status sn_auto_choose(const sn_extend *extend, const sn_rope_config *model, int64_t *length, const sn_auto_row **row,
                         sn_extend **chosen) {
    double wanted = extend->item[0].value[0];
    if (!isnan(wanted)) *length = (int64_t)wanted;
    const sn_auto_case c = {.model = model, .length = *length, .trained = sn_own_window(model)};
    *row = sn_auto_rows;
    while (!(*row)->applies(&c)) (*row)++;
    return sn_extend_parse((*row)->spec, chosen);
}

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    (void)ctx, (void)p; /* the chosen method is applied in its place */
    return SN_OK;
}

const sn_method_def sn_method_auto = {
    .info = {.name = "auto",
             .summary = "chosen from the model's own description and the session's length",
             .source = "docs/context-methods.md",
             .params = params,
             .n_params = SN_COUNT_OF(params)},
    .changes = SN_CHANGES_ALONE,
    .apply = apply,
};
