/* What a model is inside: configuration, weights by id, and the file that backs them. */
#ifndef SN_MODEL_MODEL_H
#define SN_MODEL_MODEL_H

#include "base/arena.h"
#include "model/family.h"
#include "optim/rule.h"

struct sn_gguf;
struct sn_safetensors;
struct sn_llama2c;

struct sn_model {
    sn_model_config config;
    const sn_family *family;
    char *name, *path;  /* in the arena */
    char *folder;       /* of a Hugging Face model; else NULL */
    const char *format; /* "gguf", "safetensors", "llama2.c", "synthetic" */
    sn_tensor *weights; /* sn_weight_at; data NULL where the model has none */
    sn_arena arena;     /* names, small weights turned into f32, matrices that had to be rearranged */
    void **blocks;      /* large allocations, n_blocks of them */
    int64_t n_blocks;
    int64_t stored_bytes, n_params;
    struct sn_gguf *gguf;
    struct sn_safetensors *safetensors;
    struct sn_llama2c *llama2c;
    sn_tokenizer *tokenizer;
    bool tokenizer_tried;
    bool writable; /* all weights are contiguous f32 of its own */
};

/* The weight's slot; layer is ignored for weights of the whole model. */
sn_tensor *sn_weight_slot(const sn_model *m, sn_weight_id id, int64_t layer);
/* NULL where the model has none. */
const sn_tensor *sn_weight_at(const sn_model *m, sn_weight_id id, int64_t layer);
/* What the weight is to a trainer. */
sn_param_kind sn_weight_kind(sn_weight_id id);
/* "layers.3.q.weight" in buffer. */
void sn_weight_name(sn_weight_id id, int64_t layer, char *buffer, size_t size);
/* `pattern` with '#' replaced by the layer. */
void sn_name_expand(const char *pattern, int64_t layer, char *buffer, size_t size);

/* The tensors of some file, by index. */
typedef struct sn_tensor_source {
    const void *file;
    int64_t n;
    const char *(*name)(const void *file, int64_t i);
    sn_status (*tensor)(const void *file, int64_t i, sn_tensor *out);
} sn_tensor_source;

/* Fills m->weights from the file by the rules: views where the layout allows, else copies. Refuses tensors
 * no rule knows, wrong shapes, duplicates and missing ones, each by name. m->config must be complete but for
 * tied_head when `tie_if_missing`: then a missing head ties it. */
sn_status sn_weights_bind(sn_model *m, const sn_tensor_source *source, const sn_name_rule *rules, const char *prefix,
                          bool tie_if_missing);
/* Allocates the empty table of slots. */
sn_status sn_weights_init(sn_model *m);
/* Puts one whole tensor into its slot; checks its shape. `where` is for messages. */
sn_status sn_weights_put(sn_model *m, sn_weight_id id, int64_t layer, const sn_tensor *tensor, const char *where);
/* After all are in: required ones are there; counts parameters. */
sn_status sn_weights_finish(sn_model *m);
/* A block freed with the model; 64-byte aligned. NULL without memory. */
void *sn_model_block(sn_model *m, int64_t bytes);

/* One opener per format; `m` is zeroed but for name and path. */
sn_status sn_open_gguf(sn_model *m);
sn_status sn_open_safetensors(sn_model *m);
sn_status sn_open_llama2c(sn_model *m);

/* Activation names, for both kinds of files. */
typedef struct sn_activation_name {
    const char *name;
    sn_activation activation;
} sn_activation_name;
extern const sn_activation_name sn_activation_names[]; /* ends with NULL; the first of a kind is written */

#endif
