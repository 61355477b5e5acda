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

typedef enum sn_block_kind { SN_BLOCK_ATTENTION, SN_BLOCK_GAU } sn_block_kind;
typedef enum sn_norm_placement { SN_NORM_PRE, SN_NORM_POST } sn_norm_placement;
/* What is done to queries and keys before their product: nothing; keys, queries, or both divided by their length
 * (kexue.fm/archives/9859). */
typedef enum sn_qk_kind { SN_QK_PLAIN, SN_QK_KNA, SN_QK_QNA, SN_QK_COSA } sn_qk_kind;

/* What no published family has: all zero in those. Models with any of it are of the family "suan". */
typedef struct sn_arch_config {
    sn_block_kind block;         /* GAU: one head; d_ff = d_value is the expanded width (kexue.fm/archives/8934) */
    sn_norm_placement placement; /* post: x = norm(residual_scale * x + f(x)), and no last norm */
    double residual_scale;       /* DeepNorm's alpha; 0: 1 */
    bool norm_plain;             /* norms of the residual stream have no gain and no bias */
    bool embed_norm;             /* the embedding goes through a norm without gain */
    sn_qk_kind qk;
    double qk_epsilon;  /* added to squared lengths; 0: 1e-6 */
    double logit_scale; /* 0: 1/sqrt(d_head); with KNA, QNA 1; with CosA 4 ln(train_length / 2), or 4 ln n with log-n */
    double logn_base;   /* logits times ln n / ln base for n visible keys; 0: no */
    double logn_min;    /* smaller n count as this; 0: 1 */
    bool logn_windowed; /* in windowed layers too */
} sn_arch_config;

/* The decoder-only family, as configuration. */
typedef struct sn_model_config {
    char family[32]; /* "llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt_neox", ... */
    int64_t n_layers, n_embd, n_heads, n_kv_heads, d_head, d_ff, n_vocab;
    int64_t d_value;      /* components of a value head: d_head but for GAU */
    int64_t train_length; /* the trained window */
    sn_norm_kind norm;
    double norm_epsilon;
    sn_ffn_kind ffn;
    sn_activation activation;
    bool tied_head;            /* logits by the embedding matrix */
    bool biases;               /* projections have biases (in an opened model: some have) */
    bool parallel_block;       /* x + attn(norm1 x) + ffn(norm2 x) */
    bool qk_norm;              /* RMS norm of each head's q and k before rotation */
    bool learned_positions;    /* added to the embedding; no rotation */
    int64_t window;            /* sliding window of the windowed layers; 0: none */
    uint8_t *layer_windowed;   /* n_layers flags, owned by the model */
    uint8_t *layer_rotary;     /* n_layers flags; 0 = NoPE layer (SmolLM3) */
    sn_rope_config rope;       /* of the full layers; rope.window 0 */
    sn_rope_config rope_local; /* of the windowed layers; its window is `window` */
    sn_arch_config arch;
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

/* How weights of a new model are drawn. */
typedef struct sn_model_init {
    const char *scheme; /* a name of sn_model_init_schemes; NULL: "gpt2" */
    double std;         /* of "gpt2"; 0: 0.02 */
    const char *name;   /* the model's; NULL: its family's */
    bool undrawn;       /* leave the weights' memory untouched, for measuring: nothing may read them */
} sn_model_init;
/* "gpt2": normal, outputs into the residual stream smaller by sqrt(2 n_layers); "deepnorm": Xavier with beta of
 * DeepNorm (arXiv:2203.00555), whose alpha becomes residual_scale where that is 0 and the norm is post;
 * "gau-alpha": truncated normal of GAU-alpha; "fan_in": normal 1/sqrt(inputs). Comma-separated. */
SN_API const char *sn_model_init_schemes(void);
/* A new model with f32 weights of its own. Sizes that are 0 get defaults: n_kv_heads, d_head, d_ff, d_value,
 * norm_epsilon 1e-5, rope.base 10000, rope.n_rot d_head; layer flags NULL: no windowed layer, all rotary. family "":
 * the first of "llama", "gpt2", "gpt_neox", "qwen3" that holds the configuration, else "suan"; a family that is named
 * and cannot hold it is refused with the feature it lacks. Weights depend on (seed, name) alone. Everything in config
 * is copied. init NULL: defaults. */
SN_API sn_status sn_model_create(const sn_model_config *config, const sn_model_init *init, uint64_t seed,
                                 sn_model **out);
/* Turns all weights of an opened model into contiguous f32 that it owns and that may be written to, and its rotated
 * pairs into halves, as in every model that suan makes: what is trained goes on the same from any file of it. */
SN_API sn_status sn_model_thaw(sn_model *m);
/* The model takes the tokenizer over; NULL takes away the one it has. */
SN_API void sn_model_give_tokenizer(sn_model *m, sn_tokenizer *tokenizer);
/* Flags of window and full layers (each n_layers, written): HWFA (kexue.fm/archives/9603): windows but for the last
 * layer, which has no rotation; gives the largest window with (w - 1)(n_layers - 1) + 1 <= share * train_length. HWFA2
 * (kexue.fm/archives/9731): n_full rotary full layers at round(j n_layers / (n_full + 1)). */
SN_API int64_t sn_layout_hwfa(int64_t n_layers, int64_t train_length, double share, uint8_t *windowed, uint8_t *rotary);
SN_API void sn_layout_hwfa2(int64_t n_layers, int64_t n_full, uint8_t *windowed, uint8_t *rotary);

/* Writes the model in the format of the target name: *.gguf, or a directory (safetensors + config.json +
 * tokenizer.json where possible). `type` "" keeps the stored types; else "f32", "f16", "q8_0", "Q4_K_M", ...
 * tokenizer NULL: the model's own. progress may be NULL. */
typedef struct sn_convert_options {
    const char *type;
    const char *tokenizer_path; /* NULL: the model's own */
    const char *family;         /* whose files are written; NULL: the model's. One that lacks something is refused */
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
