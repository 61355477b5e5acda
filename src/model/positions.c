/* Positions of a model's layers, by kind. */
#include "model/decoder.h"

#include "base/error.h"
#include "position/spec.h"

#include <inttypes.h>
#include <stdio.h>

int sn_layer_kind(const sn_model_config *config, int64_t layer) {
    return (config->layer_windowed[layer] ? 1 : 0) + (config->layer_rotary[layer] ? 0 : 2);
}

/* ---- Layers that a method leaves as they are ---- */

static unsigned changes_of(const sn_extend *extend) {
    unsigned changes = 0;
    for (int i = 0; extend && i < extend->n; i++)
        if (extend->item[i].def != &sn_method_auto) changes |= extend->item[i].def->changes;
    return changes;
}

/* A window over all layers can hide every distance that the method changes. */
static bool hidden_by_window(const sn_model_config *c, unsigned changes, const sn_position *p) {
    const sn_piece *only = &p->piece[0];
    return !(changes & SN_CHANGES_FREQUENCY) && c->rope_local.window > 0 && p->n_pieces == 1 &&
           only->query.scale == 1 && only->key.scale == 1 && only->query.offset == 0 && only->key.offset == 0;
}

/* Says so where distances or frequencies were to change and some layers have none, or see none that matter. */
static void warn_without_effect(const sn_model_config *c, const sn_extend *extend, const sn_position *positions) {
    unsigned changes = changes_of(extend) & (SN_CHANGES_FREQUENCY | SN_CHANGES_PIECES);
    int64_t unrotated = 0, near = 0;
    char why[160];
    if (!changes) return;
    for (int64_t i = 0; i < c->n_layers; i++) {
        int kind = sn_layer_kind(c, i);
        if (kind & 2)
            unrotated++;
        else if (kind & 1 && (c->rope_local.beside_full || hidden_by_window(c, changes, &positions[kind])))
            near++;
    }
    int n = unrotated ? snprintf(why, sizeof why, "%" PRId64 " without rotary positions", unrotated) : 0;
    if (near)
        snprintf(why + n, sizeof why - (size_t)n, "%s%" PRId64 " that see only trained distances, through a window",
                 unrotated ? " and " : "", near);
    if (unrotated + near == c->n_layers)
        sn_log_message(SN_LOG_WARN, "extend: %s has no effect on the positions of this model: its layers are %s",
                       sn_extend_spec(extend), why);
    else if (unrotated + near > 0)
        sn_log_message(SN_LOG_WARN,
                       "extend: %s leaves the positions of %" PRId64 " of %" PRId64 " layers as they are: %s",
                       sn_extend_spec(extend), unrotated + near, c->n_layers, why);
}

sn_status sn_model_positions(const sn_model *m, const sn_extend *extend, int64_t length,
                             sn_position positions[SN_MAX_LAYER_KINDS], bool used[SN_MAX_LAYER_KINDS], char *note,
                             size_t note_size) {
    static const int order[SN_MAX_LAYER_KINDS] = {0, 2, 1, 3}; /* the note is of full layers where there are any */
    const sn_model_config *c = &m->config;
    bool noted = false;
    for (int kind = 0; kind < SN_MAX_LAYER_KINDS; kind++) used[kind] = false;
    for (int64_t layer = 0; layer < c->n_layers; layer++) used[sn_layer_kind(c, layer)] = true;
    for (int i = 0; i < SN_MAX_LAYER_KINDS; i++) {
        int kind = order[i];
        if (!used[kind]) continue;
        SN_TRY(sn_extend_resolve(extend, kind & 1 ? &c->rope_local : &c->rope, length, &positions[kind],
                                 noted ? NULL : note, noted ? 0 : note_size));
        /* A layer without rotation keeps the mask and the scale that the method gives to the others. */
        if (kind & 2) positions[kind].n_planes = 0;
        noted = true;
    }
    warn_without_effect(c, extend, positions);
    return SN_OK;
}
