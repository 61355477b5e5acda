/* Language models: open, describe, convert. */
#ifndef SUAN_MODEL_H
#define SUAN_MODEL_H

#include "suan/position.h"
#include "suan/tensor.h"
#include "suan/tokenizer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_model sn_model;

typedef enum sn_norm_kind { SN_NORM_RMS, SN_NORM_LAYER } sn_norm_kind;
typedef enum sn_ffn_kind { SN_FFN_GATED, SN_FFN_PLAIN } sn_ffn_kind; /* down(act(gate x) * up x); down(act(up x)) */
typedef enum sn_activation { SN_ACT_SILU, SN_ACT_GELU, SN_ACT_GELU_TANH, SN_ACT_RELU } sn_activation;

/* The decoder-only family, as configuration. */
typedef struct sn_model_config {
    char family[32]; /* "llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt_neox", ... */
    int64_t n_layers, n_embd, n_heads, n_kv_heads, d_head, d_ff, n_vocab;
    int64_t train_length; /* the trained window */
    sn_norm_kind norm;
    double norm_epsilon;
    sn_ffn_kind ffn;
    sn_activation activation;
    bool tied_head;            /* logits by the embedding matrix */
    bool parallel_block;       /* x + attn(norm1 x) + ffn(norm2 x) */
    bool qk_norm;              /* RMS norm of each head's q and k before rotation */
    bool learned_positions;    /* added to the embedding; no rotation */
    int64_t window;            /* sliding window of the windowed layers; 0: none */
    uint8_t *layer_windowed;   /* n_layers flags, owned by the model */
    uint8_t *layer_rotary;     /* n_layers flags; 0 = NoPE layer (SmolLM3) */
    sn_rope_config rope;       /* of the full layers; rope.window 0 */
    sn_rope_config rope_local; /* of the windowed layers; its window is `window` */
} sn_model_config;

/* Opens a GGUF (also split), a safetensors file or directory with config.json, or a llama2.c .bin. Weights are
 * mapped, not copied. Unknown families, types and configuration keys that change the mathematics are refused by name.
 */
SN_API sn_status sn_model_open(const char *path, sn_model **out);
SN_API void sn_model_free(sn_model *m);

SN_API const sn_model_config *sn_model_get_config(const sn_model *m);
SN_API const char *sn_model_name(const sn_model *m);   /* from metadata, else the file's name */
SN_API const char *sn_model_format(const sn_model *m); /* "gguf", "safetensors", "llama2.c" */
SN_API int64_t sn_model_n_params(const sn_model *m);
SN_API int64_t sn_model_bytes(const sn_model *m); /* of the weights as stored */
/* The tokenizer the file carries, opened lazily and owned by the model; SN_ERR_NOT_FOUND where it has none. */
SN_API sn_status sn_model_tokenizer(sn_model *m, const sn_tokenizer **out);
/* Weights by suan's own names (see docs/models.md). */
SN_API int64_t sn_model_n_tensors(const sn_model *m);
SN_API const char *sn_model_tensor_name(const sn_model *m, int64_t i);
SN_API sn_status sn_model_tensor(const sn_model *m, const char *name, sn_tensor *out);

/* A random model for benchmarks and tests: preset "llama-1b", "llama-100m", "llama-256" or "llama-tiny" with all
 * matrices of one dtype; no file. */
SN_API sn_status sn_model_synthetic(const char *preset, sn_dtype dtype, uint64_t seed, sn_model **out);

/* Writes the model in the format of the target name: *.gguf, or a directory (safetensors + config.json +
 * tokenizer.json where possible). `type` "" keeps the stored types; else "f32", "f16", "q8_0", "Q4_K_M", ...
 * tokenizer NULL: the model's own. progress may be NULL. */
typedef struct sn_convert_options {
    const char *type;
    const char *tokenizer_path; /* NULL: the model's own */
    void (*progress)(void *user, int64_t done, int64_t total);
    void *user;
    const volatile int *cancel; /* may be NULL: stops with SN_ERR_CANCELLED, nothing left behind */
} sn_convert_options;
SN_API sn_status sn_model_convert(sn_model *m, const char *target, const sn_convert_options *options);
/* Names accepted by `type`, comma-separated. */
SN_API const char *sn_quantize_types(void);

#ifdef __cplusplus
}
#endif
#endif
