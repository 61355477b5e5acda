/* Model configurations: what a file says, brought into one form and checked. */
#ifndef SN_MODEL_CONFIG_H
#define SN_MODEL_CONFIG_H

#include "base/arena.h"
#include "file/gguf.h"
#include "file/json.h"
#include "model/family.h"

/* What a file said, before defaults and checks; 0 means "not given". Both readers fill one of these. */
typedef struct sn_config_draft {
    const sn_family *family;
    const char *where; /* begins messages: "config.json" */
    sn_arena *arena;
    int64_t n_layers, n_embd, n_heads, n_kv_heads, d_head, d_ff, n_vocab;
    int64_t max_length, original_length;
    int64_t n_rot;
    double partial_rotary, norm_epsilon, rope_base;
    sn_norm_kind norm;
    sn_ffn_kind ffn;
    sn_activation activation;
    bool tied_head, parallel_block, qk_norm, learned_positions;
    int64_t d_value;
    sn_arch_config arch;
    int64_t window;                         /* 0: none */
    uint8_t *layer_windowed, *layer_rotary; /* n_layers each, or NULL: none windowed, all rotary */
    sn_rope_config rope, rope_local;        /* the scaling alone */
    bool has_local;                         /* rope_local was given apart */
} sn_config_draft;

/* Defaults of the family. */
sn_config_draft sn_config_draft_of(const sn_family *family, const char *where, sn_arena *arena);
/* Derives what was not given, checks every range, and fills the configuration. */
sn_status sn_config_finish(sn_config_draft *draft, sn_pair_layout layout, sn_model_config *out);

/* Hugging Face config.json. Unknown keys that are not null are refused by name, but for the list in
 * config_keys.c. Flags are allocated in the arena. */
sn_status sn_config_from_json(const sn_json *root, const char *where, sn_arena *arena, const sn_family **family,
                              sn_model_config *out);
/* rope_scaling / rope_parameters in all their spellings, into draft->rope and draft->rope_local. */
sn_status sn_config_rope_from_json(const sn_json *root, sn_config_draft *draft);
/* GGUF metadata, and the rope_freqs / rope_factors tensors. n_vocab comes from the embedding. */
sn_status sn_config_from_gguf(const sn_gguf *file, sn_arena *arena, const sn_family **family, sn_model_config *out);

/* Whether a key of config.json is known not to change the mathematics; or must have one value: then
 * SN_ERR_UNSUPPORTED unless it has. *known is false for all others. */
sn_status sn_config_check_key(const char *where, const char *key, const sn_json *value, bool *known);
/* The same for a GGUF key after its architecture prefix ("attention.causal"). */
bool sn_config_gguf_key_known(const char *key);

/* The scaling's name in both kinds of files; NULL-terminated table. */
typedef struct sn_scaling_name {
    const char *name;
    sn_rope_scaling scaling;
} sn_scaling_name;
extern const sn_scaling_name sn_scaling_names[];
/* SN_ERR_FORMAT: a scaling that stretches by a factor comes without one. */
sn_status sn_config_fail_factor(const char *where, sn_rope_scaling scaling);

#endif
