/* Positions of a model's layers, by kind. */
#include "model/decoder.h"

#include "base/error.h"

int sn_layer_kind(const sn_model_config *config, int64_t layer) {
    return (config->layer_windowed[layer] ? 1 : 0) + (config->layer_rotary[layer] ? 0 : 2);
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
    return SN_OK;
}
