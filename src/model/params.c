#include "model/params.h"

#include "base/error.h"

sn_param_kind sn_weight_kind(sn_weight_id id) {
    switch (id) {
    case SN_W_EMBED:
    case SN_W_POSITIONS: return SN_KIND_EMBEDDING;
    case SN_W_NORM:
    case SN_W_ATTN_NORM:
    case SN_W_FFN_NORM:
    case SN_W_Q_NORM:
    case SN_W_K_NORM:
    case SN_W_Q_GAIN:
    case SN_W_K_GAIN: return SN_KIND_GAIN;
    default: return sn_tensor_specs[id].columns == SN_DIM_NONE ? SN_KIND_BIAS : SN_KIND_MATRIX;
    }
}

sn_status sn_model_params(const sn_model *m, sn_arena *arena, sn_model_param **out, int64_t *n) {
    if (!m->writable)
        return sn_fail(SN_ERR_ARGUMENT, "%s: its weights belong to a file: thaw the model to train it", m->name);
    *n = 0;
    *out = sn_arena_array(arena, (size_t)sn_model_n_tensors(m), sizeof **out);
    if (!*out) return sn_fail_memory("a list of weights");
    for (int64_t layer = 0; layer < m->config.n_layers; layer++) {
        for (int i = layer == 0 ? 0 : SN_W_FIRST_OF_LAYER; i < SN_N_WEIGHT_IDS; i++) {
            sn_weight_id id = (sn_weight_id)i;
            const sn_tensor *t = sn_weight_at(m, id, layer);
            char name[96];
            if (!t) continue;
            sn_weight_name(id, layer, name, sizeof name);
            sn_model_param *p = &(*out)[(*n)++];
            *p = (sn_model_param){sn_arena_strdup(arena, name), sn_weight_kind(id), id, layer, *t};
            if (!p->name) return sn_fail_memory("a list of weights");
        }
    }
    return SN_OK;
}

int64_t sn_model_param_index(const sn_model_param *list, int64_t n, sn_weight_id id, int64_t layer) {
    if (id < SN_W_FIRST_OF_LAYER) layer = 0;
    for (int64_t i = 0; i < n; i++)
        if (list[i].id == id && list[i].layer == layer) return i;
    return -1;
}
