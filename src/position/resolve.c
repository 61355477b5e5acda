/* From a model's rope configuration and a composition to the position value. */
#include "position/auto.h"
#include "position/own.h"
#include "position/spec.h"

#include "base/alloc.h"
#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A resolution under way. `items` is a copy whose parameters get their derived values. */
typedef struct resolution {
    sn_extend items;
    sn_method_ctx ctx;
    unsigned changes;
    bool own; /* the model's own scaling stays below the methods */
} resolution;

static bool says_plain(const sn_extend_item *item) {
    for (int i = 0; i < item->def->info.n_params; i++)
        if (!strcmp(item->def->info.params[i].name, "over")) return item->value[i] > 0;
    return false;
}

/* A scaling the model was trained with is part of the model: methods come on top. A guess at longer texts gives way
 * to a method that answers the same question, and so does whatever the method itself replaces. */
static bool keeps_own(const resolution *r, const sn_rope_config *model) {
    for (int i = 0; i < r->items.n; i++)
        if (r->items.item[i].def->replaces_own || says_plain(&r->items.item[i])) return false;
    return !(sn_own_is_guess(model) && (r->changes & (SN_CHANGES_FREQUENCY | SN_CHANGES_PIECES)));
}

static sn_status check_learned(const sn_rope_config *model, int64_t length, unsigned changes) {
    if (!model->learned) return SN_OK;
    if (changes & (SN_CHANGES_FREQUENCY | SN_CHANGES_PIECES))
        return sn_fail(SN_ERR_ARGUMENT, "extend: the model has learned positions, nothing is rotated: "
                                        "only none, window and logn apply");
    if (length > model->train_length)
        return sn_fail(SN_ERR_LIMIT,
                       "extend: %lld tokens, but the model has %lld learned positions and no method adds any",
                       (long long)length, (long long)model->train_length);
    return SN_OK;
}

static sn_status run_item(resolution *r, sn_extend_item *item, sn_position *out) {
    r->ctx.def = item->def;
    memcpy(r->ctx.value, item->value, sizeof item->value);
    for (int i = 0; i < item->def->info.n_params; i++) {
        const sn_method_param *param = &item->def->info.params[i];
        if (isnan(r->ctx.value[i])) r->ctx.value[i] = param->type == SN_PARAM_WORD ? 0 : param->fallback;
    }
    if (item->def->derive) SN_TRY(item->def->derive(&r->ctx));
    SN_TRY(item->def->apply(&r->ctx, out));
    memcpy(item->value, r->ctx.value, sizeof item->value);
    return SN_OK;
}

/* In the order frequencies, pieces, mask, scale, whatever the order of writing. */
static sn_status run_items(resolution *r, sn_position *out) {
    for (unsigned kind = 1; kind <= SN_CHANGES_ALONE; kind <<= 1)
        for (int i = 0; i < r->items.n; i++) {
            unsigned changes = r->items.item[i].def->changes;
            if ((changes & -changes) == kind) SN_TRY(run_item(r, &r->items.item[i], out));
        }
    return SN_OK;
}

/* The model's sliding window holds for whatever the methods let a query see, sinks included. */
static void apply_model_window(int64_t window, sn_position *p) {
    if (window <= 0) return;
    if (window <= p->mask.window) {
        p->mask.window = window, p->mask.sinks = 0;
        return;
    }
    for (int c = 0; c < p->n_pieces; c++)
        if (p->piece[c].r_max > window) p->piece[c].r_max = window;
}

/* Drops pieces no pair falls in, so that a cache does not hold their form. */
static void prune(sn_position *p) {
    int n = 0;
    for (int c = 0; c < p->n_pieces; c++) {
        const sn_piece *piece = &p->piece[c];
        bool empty = piece->r_min >= piece->r_max || piece->key_max <= 0;
        bool masked = piece->r_min >= p->mask.window && p->mask.sinks <= 0;
        if (!empty && !masked) p->piece[n++] = *piece;
    }
    if (n > 0) p->n_pieces = n;
}

static void write_note(const resolution *r, const sn_rope_config *model, const char *why, char *note, size_t size) {
    if (!note || size == 0) return;
    const char *own = sn_own_name(model);
    char window[64] = "not known";
    if (r->ctx.trained > 0) snprintf(window, sizeof window, "%.0f", r->ctx.trained);
    snprintf(note, size, "%s%s%s%s%s; trained window %s, session length %lld%s%s", r->items.spec, own ? "; " : "",
             own ? (r->own ? "on the model's own scaling (" : "instead of the model's own scaling (") : "",
             own ? own : "", own ? ")" : "", window, (long long)r->ctx.length, *why ? "; auto: " : "", why);
}

/* Windowed layers beside full ones never meet a distance they were not trained for: what changes frequencies or
 * distances is for the full layers. */
static void choose_items(resolution *r, const sn_extend *extend, const sn_rope_config *model) {
    unsigned left = model->beside_full ? SN_CHANGES_FREQUENCY | SN_CHANGES_PIECES : 0;
    for (int i = 0; extend && i < extend->n; i++)
        if (!(extend->item[i].def->changes & left)) r->items.item[r->items.n++] = extend->item[i];
    if (r->items.n == 0) r->items = (sn_extend){.n = 1, .item = {{.def = &sn_method_none}}};
}

static sn_status begin(resolution *r, const sn_extend *extend, const sn_rope_config *model, int64_t length) {
    choose_items(r, extend, model);
    for (int i = 0; i < r->items.n; i++) r->changes |= r->items.item[i].def->changes;
    r->own = keeps_own(r, model);
    r->ctx.model = model;
    r->ctx.length = length;
    r->ctx.trained = (double)(r->own ? sn_own_window(model) : model->train_length);
    return check_learned(model, length, r->changes);
}

static sn_status resolve(const sn_extend *extend, const sn_rope_config *model, int64_t length, const char *why,
                         sn_position *out, char *note, size_t note_size) {
    resolution r = {.changes = 0};
    sn_position p;
    SN_TRY(begin(&r, extend, model, length));
    SN_TRY(sn_position_rope(model->d_head, model->n_rot, model->n_rot > 0 ? model->base : 1, model->layout, &p));
    if (r.own) sn_own_apply(model, length, &p);
    if (model->logit_scale > 0) p.scale.constant = model->logit_scale;
    if (model->log_base > 0) p.scale.log_base = model->log_base, p.scale.log_min = fmax(1, model->log_min);
    SN_TRY(run_items(&r, &p));
    apply_model_window(model->window, &p);
    prune(&p);
    SN_TRY(sn_extend_respell(&r.items));
    write_note(&r, model, why, note, note_size);
    sn_free(r.items.spec);
    *out = p;
    return SN_OK;
}

sn_status sn_extend_resolve(const sn_extend *extend, const sn_rope_config *model, int64_t length, sn_position *out,
                            char *note, size_t note_size) {
    if (length < 0) return sn_fail(SN_ERR_ARGUMENT, "extend: a session of %lld tokens", (long long)length);
    SN_TRY(sn_own_check(model));
    if (length == 0) length = model->train_length > 0 ? model->train_length : 1;
    if (!extend || extend->item[0].def != &sn_method_auto)
        return resolve(extend, model, length, "", out, note, note_size);
    const sn_auto_row *row = NULL;
    sn_extend *chosen = NULL;
    SN_TRY(sn_auto_choose(extend, model, &length, &row, &chosen));
    sn_status status = resolve(chosen, model, length, row->reason, out, note, note_size);
    sn_extend_free(chosen);
    return status;
}
