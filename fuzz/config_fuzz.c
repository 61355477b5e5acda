/* Configurations: config.json texts, and the metadata of GGUF files. What is accepted must be in range, and its
 * positions must resolve or be refused. */
#include "model/config.h"

#include <stdlib.h>
#include <string.h>

static void check(const sn_model_config *c) {
    sn_position p;
    if (c->n_layers < 1 || c->n_heads % c->n_kv_heads != 0 || c->rope.n_rot > c->d_head || c->train_length < 1) abort();
    for (int64_t i = 0; i < c->n_layers; i++)
        if (c->layer_windowed[i] > 1 || c->layer_rotary[i] > 1) abort();
    (void)sn_extend_resolve(NULL, &c->rope, 100, &p, NULL, 0);
    (void)sn_extend_resolve(NULL, &c->rope_local, 0, &p, NULL, 0);
}

static sn_status from_gguf(const uint8_t *data, size_t size, sn_arena *arena, sn_model_config *c) {
    const sn_family *family;
    sn_gguf *file = NULL;
    void *aligned = aligned_alloc(8, (size + 8) / 8 * 8);
    if (!aligned) return SN_ERR_MEMORY;
    memcpy(aligned, data, size);
    sn_status status = sn_gguf_open_memory("fuzz", aligned, size, NULL, &file);
    if (status == SN_OK) status = sn_config_from_gguf(file, arena, &family, c);
    sn_gguf_close(file);
    free(aligned);
    return status;
}

static sn_status from_json(const uint8_t *data, size_t size, sn_arena *arena, sn_model_config *c) {
    const sn_family *family;
    sn_json_doc *doc = NULL;
    sn_status status = sn_json_parse("fuzz", data, size, NULL, &doc);
    if (status == SN_OK) status = sn_config_from_json(sn_json_root(doc), "fuzz", arena, &family, c);
    sn_json_free(doc);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_arena arena = {0};
    sn_model_config c;
    bool gguf = size >= 4 && memcmp(data, "GGUF", 4) == 0;
    sn_status status = gguf ? from_gguf(data, size, &arena, &c) : from_json(data, size, &arena, &c);
    if (status == SN_OK) check(&c);
    sn_arena_free(&arena);
    return 0;
}
