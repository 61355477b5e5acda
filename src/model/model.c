/* Opening, describing and closing models. */
#include "model/model.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "file/gguf.h"
#include "file/llama2c.h"
#include "file/safetensors.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const sn_activation_name sn_activation_names[] = {
    {"silu", SN_ACT_SILU},           {"swish", SN_ACT_SILU},
    {"gelu", SN_ACT_GELU},           {"gelu_python", SN_ACT_GELU},
    {"gelu_new", SN_ACT_GELU_TANH},  {"gelu_pytorch_tanh", SN_ACT_GELU_TANH},
    {"gelu_fast", SN_ACT_GELU_TANH}, {"gelu_tanh", SN_ACT_GELU_TANH},
    {"relu", SN_ACT_RELU},           {NULL, SN_ACT_SILU},
};

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* Formats are told apart by content; the name only decides where the content cannot. */
static sn_status open_by_content(sn_model *m, const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) return sn_fail(SN_ERR_IO, "%s: no such file or directory", path);
    if (S_ISDIR(info.st_mode) || ends_with(path, ".safetensors") || ends_with(path, ".safetensors.index.json"))
        return sn_open_safetensors(m);
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    bool gguf = map.size >= 4 && memcmp(map.data, "GGUF", 4) == 0;
    bool tensors = map.size >= 9 && map.data[8] == '{';
    sn_map_close(&map);
    if (gguf) return sn_open_gguf(m);
    if (tensors) return sn_open_safetensors(m);
    if (ends_with(path, ".json"))
        return sn_fail(SN_ERR_ARGUMENT, "%s: give the model's directory or its .safetensors file", path);
    return sn_open_llama2c(m);
}

/* The last part of the path without its extension. */
static char *name_of_path(sn_arena *arena, const char *path) {
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') start--;
    size_t dot = end;
    for (size_t i = start + 1; i < end; i++)
        if (path[i] == '.') dot = i;
    static const char *const known[] = {".gguf", ".bin", ".safetensors"};
    for (int i = 0; i < 3; i++)
        if (strncmp(path + dot, known[i], end - dot) == 0 && strlen(known[i]) == end - dot) end = dot;
    return sn_arena_strndup(arena, path + start, end - start);
}

sn_status sn_model_open(const char *path, sn_model **out) {
    if (!path || !out) return sn_fail(SN_ERR_ARGUMENT, "model: a path and a place for the model are needed");
    sn_model *m = sn_calloc(1, sizeof *m);
    if (!m) return sn_fail_memory("model");
    m->path = sn_arena_strdup(&m->arena, path);
    m->name = name_of_path(&m->arena, path);
    sn_status status = m->path && m->name ? open_by_content(m, path) : sn_fail_memory("model");
    if (status != SN_OK) {
        sn_model_free(m);
        return status;
    }
    *out = m;
    return SN_OK;
}

void sn_model_free(sn_model *m) {
    if (!m) return;
    sn_tokenizer_free(m->tokenizer);
    if (m->gguf) sn_gguf_close(m->gguf);
    sn_llama2c_close(m->llama2c);
    sn_safetensors_close(m->safetensors);
    for (int64_t i = 0; i < m->n_blocks; i++) sn_free(m->blocks[i]);
    sn_free(m->blocks);
    sn_arena_free(&m->arena);
    sn_free(m);
}

const sn_model_config *sn_model_get_config(const sn_model *m) { return &m->config; }
const char *sn_model_name(const sn_model *m) { return m->name; }
const char *sn_model_format(const sn_model *m) { return m->format; }
int64_t sn_model_n_params(const sn_model *m) { return m->n_params; }
int64_t sn_model_bytes(const sn_model *m) { return m->stored_bytes; }

sn_status sn_model_tokenizer(sn_model *m, const sn_tokenizer **out) {
    if (!m->tokenizer_tried && m->path) {
        bool carries = m->gguf || m->safetensors;
        sn_status status =
            carries ? sn_tokenizer_open(m->folder ? m->folder : m->path, &m->tokenizer) : SN_ERR_NOT_FOUND;
        if (status != SN_OK && status != SN_ERR_NOT_FOUND) return status;
        m->tokenizer_tried = true;
    }
    if (!m->tokenizer)
        return sn_fail(SN_ERR_NOT_FOUND, "%s: the model carries no tokenizer: give one of its own", m->name);
    *out = m->tokenizer;
    return SN_OK;
}

/* Weights are counted in the order of their ids, layer by layer. */
static int64_t next_weight(const sn_model *m, int64_t at) {
    int64_t per_layer = SN_N_WEIGHT_IDS - SN_W_FIRST_OF_LAYER;
    int64_t n = SN_W_FIRST_OF_LAYER + m->config.n_layers * per_layer;
    while (at < n && !m->weights[at].data) at++;
    return at < n ? at : -1;
}

int64_t sn_model_n_tensors(const sn_model *m) {
    int64_t count = 0;
    for (int64_t at = next_weight(m, 0); at >= 0; at = next_weight(m, at + 1)) count++;
    return count;
}

static void slot_name(int64_t slot, char *buffer, size_t size) {
    int64_t per_layer = SN_N_WEIGHT_IDS - SN_W_FIRST_OF_LAYER;
    int64_t in_layers = slot - SN_W_FIRST_OF_LAYER;
    if (in_layers < 0)
        sn_weight_name((sn_weight_id)slot, 0, buffer, size);
    else
        sn_weight_name((sn_weight_id)(SN_W_FIRST_OF_LAYER + in_layers % per_layer), in_layers / per_layer, buffer,
                       size);
}

const char *sn_model_tensor_name(const sn_model *m, int64_t i) {
    static _Thread_local char name[96];
    int64_t at = next_weight(m, 0);
    while (at >= 0 && i > 0) at = next_weight(m, at + 1), i--;
    if (at < 0 || i < 0) return NULL;
    slot_name(at, name, sizeof name);
    return name;
}

sn_status sn_model_tensor(const sn_model *m, const char *name, sn_tensor *out) {
    char candidate[96];
    for (int64_t at = next_weight(m, 0); at >= 0; at = next_weight(m, at + 1)) {
        slot_name(at, candidate, sizeof candidate);
        if (strcmp(candidate, name) != 0) continue;
        *out = m->weights[at];
        return SN_OK;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "%s: no weight is called \"%s\"", m->name, name);
}
