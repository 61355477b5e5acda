/* Model families: one const entry per family says how its files name things. A family differs from the
 * others only by this data; the arithmetic is chosen by sn_model_config. */
#ifndef SN_MODEL_FAMILY_H
#define SN_MODEL_FAMILY_H

#include "suan/model.h"

/* Every tensor a decoder may have, by suan's own names (sn_tensor_specs). The first ones are of the whole
 * model, the rest of each layer. */
typedef enum sn_weight_id {
    SN_W_EMBED,
    SN_W_POSITIONS,
    SN_W_NORM,
    SN_W_NORM_BIAS,
    SN_W_HEAD,
    SN_W_HEAD_BIAS,
    SN_W_FIRST_OF_LAYER,
    SN_W_ATTN_NORM = SN_W_FIRST_OF_LAYER,
    SN_W_ATTN_NORM_BIAS,
    SN_W_Q,
    SN_W_Q_BIAS,
    SN_W_K,
    SN_W_K_BIAS,
    SN_W_V,
    SN_W_V_BIAS,
    SN_W_O,
    SN_W_O_BIAS,
    SN_W_Q_NORM,
    SN_W_K_NORM,
    SN_W_Z, /* of GAU: what queries and keys are made from, their gains and offsets; U is SN_W_GATE */
    SN_W_Z_BIAS,
    SN_W_Q_GAIN,
    SN_W_Q_OFFSET,
    SN_W_K_GAIN,
    SN_W_K_OFFSET,
    SN_W_FFN_NORM,
    SN_W_FFN_NORM_BIAS,
    SN_W_GATE,
    SN_W_GATE_BIAS,
    SN_W_UP,
    SN_W_UP_BIAS,
    SN_W_DOWN,
    SN_W_DOWN_BIAS,
    SN_N_WEIGHT_IDS
} sn_weight_id;

/* Sizes that follow from the configuration. */
typedef enum sn_dim {
    SN_DIM_NONE,
    SN_DIM_EMBD,
    SN_DIM_Q,
    SN_DIM_KV,
    SN_DIM_V,     /* values of all key heads */
    SN_DIM_MIXED, /* attention's result: a value for each head */
    SN_DIM_FF,
    SN_DIM_HEAD,
    SN_DIM_VOCAB,
    SN_DIM_LENGTH
} sn_dim;

typedef struct sn_tensor_spec {
    const char *name;     /* "layers.#.q.weight", # the layer */
    sn_dim rows, columns; /* columns NONE: a vector */
} sn_tensor_spec;

extern const sn_tensor_spec sn_tensor_specs[SN_N_WEIGHT_IDS];
int64_t sn_dim_size(const sn_model_config *config, sn_dim dim);
/* Whether a model of this configuration cannot do without the tensor; and whether it may have it at all. */
bool sn_weight_required(const sn_model_config *config, sn_weight_id id);
bool sn_weight_allowed(const sn_model_config *config, sn_weight_id id);

enum {
    SN_RULE_TRANSPOSED = 1, /* stored [in, out] (GPT-2's Conv1D) */
    SN_RULE_PER_HEAD = 2    /* q, k and v of one head are neighbours (GPT-NeoX); skip counts inside a head */
};

/* Where a weight lies in a file: output rows of the file's tensor from skip[0] + skip[1] on. */
typedef struct sn_name_rule {
    sn_weight_id id;
    const char *file; /* the name there, # the layer */
    sn_dim skip[2];
    unsigned flags;
} sn_name_rule;

/* How a family spells the numbers of its config.json. A field absent there keeps what `defaults` put in. */
typedef struct sn_hf_names {
    const char *width, *layers, *heads, *kv_heads, *ffn, *length, *epsilon, *activation;
} sn_hf_names;

typedef struct sn_family {
    const char *name;     /* suan's name and Hugging Face's model_type */
    const char *hf_class; /* "LlamaForCausalLM" */
    const char *gguf_arch;
    sn_pair_layout gguf_layout;                /* Hugging Face's is SN_PAIR_HALVES everywhere */
    const char *hf_prefix;                     /* may stand before the names of hf_rules ("transformer."); NULL: none */
    const sn_name_rule *hf_rules, *gguf_rules; /* end with file NULL */
    const sn_hf_names *hf_names;
    const char *gguf_epsilon; /* "attention.layer_norm_rms_epsilon" */
    sn_norm_kind norm;
    sn_ffn_kind ffn;
    sn_activation activation;                                   /* where the file does not say */
    bool tied_head, parallel_block, qk_norm, learned_positions; /* likewise */
    double norm_epsilon, rope_base, partial_rotary;             /* likewise */
    int64_t no_rope_interval; /* every n-th layer has no rotation (SmolLM3); 0: none */
    const char *gguf_note;    /* what GGUF readers other than suan do differently; NULL: nothing */
} sn_family;

/* What Llama's near relatives have in common, for their initialisers. */
#define SN_FAMILY_LIKE_LLAMA                                                                                           \
    .hf_rules = sn_rules_hf_llama, .gguf_rules = sn_rules_gguf_split, .hf_names = &sn_hf_names_llama,                  \
    .gguf_epsilon = "attention.layer_norm_rms_epsilon", .norm = SN_NORM_RMS, .ffn = SN_FFN_GATED,                      \
    .activation = SN_ACT_SILU, .norm_epsilon = 1e-6, .partial_rotary = 1

extern const sn_family *const sn_families[];               /* ends with NULL */
const sn_family *sn_family_by_name(const char *name);      /* NULL: none */
const sn_family *sn_family_by_arch(const char *gguf_arch); /* NULL: none */
/* "gpt2, gpt_neox, llama, ..." for messages. */
const char *sn_family_names(void);

/* What the family cannot hold of the configuration, in words; NULL where it holds all of it. */
const char *sn_family_lacks(const sn_family *family, const sn_model_config *config);
/* The family for a configuration that names none. */
const sn_family *sn_family_for(const sn_model_config *config);

/* Shared by several families. */
extern const sn_name_rule sn_rules_hf_llama[], sn_rules_gguf_split[], sn_rules_gguf_fused[];
extern const sn_hf_names sn_hf_names_llama;

extern const sn_family sn_family_llama, sn_family_mistral, sn_family_qwen2, sn_family_qwen3, sn_family_smollm3,
    sn_family_phi3, sn_family_gpt2, sn_family_gpt_neox, sn_family_suan;

#endif
