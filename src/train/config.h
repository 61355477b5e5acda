/* What a run is to be: every key of a training configuration, in one struct that one table fills. */
#ifndef SN_TRAIN_CONFIG_H
#define SN_TRAIN_CONFIG_H

#include "base/arena.h"
#include "optim/rule.h"
#include "suan/train.h"

enum { SN_TRAIN_MAX_KEYS = 96 };

/* Order of the words in the table. */
typedef enum sn_positions { SN_POSITIONS_ROTARY, SN_POSITIONS_NONE, SN_POSITIONS_LEARNED } sn_positions;
typedef enum sn_layout { SN_LAYOUT_FULL, SN_LAYOUT_WINDOW, SN_LAYOUT_HWFA, SN_LAYOUT_HWFA2 } sn_layout;

typedef struct sn_model_keys {
    const char *family, *init, *name;
    int64_t layers, heads, kv_heads, width, head_width, ffn, value_width, window, full_layers, rotary_width;
    int block, norm, norm_place, ffn_kind, activation, qk, positions, layout; /* words */
    bool norm_gain, embed_norm, biases, tied, qk_norm, parallel, logn_windowed;
    double norm_epsilon, residual_scale, qk_epsilon, logit_scale, logn_base, logn_min, rope_base, window_share,
        init_std;
} sn_model_keys;

struct sn_train_config {
    const char *data, *init, *extend, *out, *tokenizer, *separator, *sample_prompt;
    int64_t steps, batch, accumulate, context, seed, save_every, keep, log_every, threads;
    int64_t val_every, val_batches, sample_every, sample_tokens;
    double val_share, sample_temperature, dropout, average, clip;
    int precision, packing, order; /* words */
    bool recompute, bf16_momentum;
    sn_model_keys model;
    const char *rule_name, *schedule_name;
    double rate, floor;
    int64_t warmup, decay_steps;

    const sn_rule_def *rule;
    double settings[SN_RULE_MAX_SETTINGS];
    sn_schedule schedule;
    const char *source;                   /* the file's name, for messages and records */
    const char *where[SN_TRAIN_MAX_KEYS]; /* "run.conf:12", "command line"; NULL: not given */
    sn_arena arena;
};

typedef struct sn_train_key_def {
    sn_train_key key;
    size_t offset;
} sn_train_key_def;
extern const sn_train_key_def sn_train_keys[];
extern const int sn_n_train_keys;

/* The table's number of a key, -1 where there is none. */
int sn_train_key_find(const char *name);
/* From memory; `name` begins messages. */
sn_status sn_train_config_parse(const char *name, const char *text, size_t size, const char *const *overrides,
                                int n_overrides, sn_train_config **out);
/* From texts "key=value" alone, of which wheres[i] says where they stand; `name` begins the other messages. */
sn_status sn_train_config_build(const char *name, const char *const *settings, const char *const *wheres, int n,
                                sn_train_config **out);
/* The value of a key as text that reads back, in buffer. */
const char *sn_train_config_value(const sn_train_config *c, int key, char *buffer, size_t size);
/* SN_ERR_ARGUMENT beginning with where the key was given. */
sn_status sn_train_config_fail(const sn_train_config *c, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
