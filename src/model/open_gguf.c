/* Models in GGUF files. */
#include "model/config.h"
#include "model/model.h"

#include "base/error.h"

static const char *tensor_name(const void *file, int64_t i) { return sn_gguf_tensor_name(file, i); }
static sn_status tensor_at(const void *file, int64_t i, sn_tensor *out) { return sn_gguf_tensor_at(file, i, out); }

sn_status sn_open_gguf(sn_model *m) {
    m->format = "gguf";
    SN_TRY(sn_gguf_open(m->path, &m->gguf));
    SN_TRY(sn_config_from_gguf(m->gguf, &m->arena, &m->family, &m->config));
    sn_text name;
    bool found;
    SN_TRY(sn_gguf_get_text(m->gguf, "general.name", &name, &found));
    if (found && name.size > 0) m->name = sn_arena_strndup(&m->arena, name.data, name.size);
    if (!m->name) return sn_fail_memory("model");
    const sn_tensor_source source = {m->gguf, sn_gguf_n_tensors(m->gguf), tensor_name, tensor_at};
    return sn_weights_bind(m, &source, m->family->gguf_rules, NULL, true);
}
