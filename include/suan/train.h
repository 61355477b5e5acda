/* Training language models: a configuration, what it will need, and the run. */
#ifndef SUAN_TRAIN_H
#define SUAN_TRAIN_H

#include "suan/optim.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Configurations ---- */

typedef enum sn_train_key_type {
    SN_KEY_TEXT,
    SN_KEY_INT, /* k and m at the end mean 1024 and 1024^2 on the command line */
    SN_KEY_REAL,
    SN_KEY_FLAG, /* true, false */
    SN_KEY_WORD  /* one of a few */
} sn_train_key_type;

/* One key of the table that reads, checks and explains configurations. */
typedef struct sn_train_key {
    const char *name; /* "model.layers" */
    sn_train_key_type type;
    const char *fallback;    /* as it would be written; "": nothing */
    double minimum, maximum; /* of numbers; both 0: any */
    const char *words;       /* of words: "rms|layer" */
    bool may_change;         /* when a run is resumed */
    const char *help;
} sn_train_key;

SN_API int sn_train_key_count(void);
SN_API const sn_train_key *sn_train_key_get(int i); /* NULL out of range */

typedef struct sn_train_config sn_train_config;

/* Reads a configuration file, then n_overrides texts "key=value", which count more. Unknown keys are SN_ERR_NOT_FOUND
 * with the nearest known name, values of the wrong type or range SN_ERR_ARGUMENT with what is allowed; both begin with
 * file and line. Besides the table's keys there are optimizer.<setting> for each setting of the chosen rule
 * (sn_rule_get). */
SN_API sn_status sn_train_config_open(const char *path, const char *const *overrides, int n_overrides,
                                      sn_train_config **out);
SN_API void sn_train_config_free(sn_train_config *c);
/* The folder of the run. */
SN_API const char *sn_train_config_out(const sn_train_config *c);

/* ---- What a run will need ---- */

typedef struct sn_train_plan {
    char model[64]; /* "llama, 4 layers of 128" */
    const char *rule;
    int64_t n_params, n_vocab, tokens_per_step, train_tokens, val_tokens;
    int64_t param_bytes, state_bytes, average_bytes, gradient_bytes, activation_bytes, scratch_bytes,
        table_bytes; /* graphs and plans themselves */
    int64_t largest_gradient_bytes;
    int64_t peak_bytes;      /* of all of these; weights and states are not allocated to find it */
    int64_t available_bytes; /* what the machine has now */
} sn_train_plan;

/* Reads the data (a token file is made where there is none yet), the vocabulary and, for fine-tuning, the model. */
SN_API sn_status sn_train_plan_make(const sn_train_config *c, sn_train_plan *out);

/* ---- The run ---- */

typedef struct sn_train_progress {
    int64_t step, steps; /* updates done, and of the whole run */
    double loss;         /* mean since the last report */
    double rate, grad_norm;
    double val_loss; /* of the last validation; NaN before the first */
    double tokens_per_second, seconds, seconds_left;
    int64_t memory_bytes; /* largest resident memory so far */
    bool logged;          /* a line of metrics.jsonl was written for this step */
    bool evaluated;       /* val_loss is new */
} sn_train_progress;

/* Time and work of one kind of node in the last step. */
typedef struct sn_train_profile_row {
    const char *op, *kernel;
    int64_t count;
    double seconds, flops, bytes;
} sn_train_profile_row;

typedef struct sn_train_options {
    bool resume;  /* go on from OUT/last; where there is none, from the beginning */
    bool profile; /* time the nodes of every step */
    /* All may be NULL. */
    void (*on_step)(void *user, const sn_train_progress *p); /* after every step */
    void (*on_note)(void *user, const char *text);           /* what happened: a checkpoint, a resumed step */
    void (*on_sample)(void *user, int64_t step, const char *text);
    void *user;
    const volatile int *cancel; /* nonzero: the step is finished, a checkpoint written, SN_ERR_CANCELLED returned */
} sn_train_options;

typedef struct sn_train_result {
    int64_t step; /* updates done in all */
    double loss;  /* of the last report */
    double val_loss;
    double best_val_loss;
    int64_t best_step;
    double seconds;        /* of this call */
    char checkpoint[4096]; /* the newest; "" where there is none */
    sn_train_profile_row profile[64];
    int64_t n_profile; /* rows, by falling time; 0 without options.profile */
    int n_threads;
    bool bf16; /* products were made in bf16 */
} sn_train_result;

/* Trains as the configuration says. In OUT: step-NNNNNN/ (a checkpoint: model.safetensors, config.json, tokenizer.json,
 * optimizer.safetensors, state.json), last -> the newest, metrics.jsonl, events.out.tfevents.*, loss.png or loss.svg,
 * samples.txt. A folder that holds a run already is SN_ERR_ARGUMENT without `resume`; a loss or gradient that is not
 * finite is SN_ERR_NUMERIC. *result is filled also on failure. options and result may be NULL. */
SN_API sn_status sn_train_run(const sn_train_config *c, const sn_train_options *options, sn_train_result *result);

#ifdef __cplusplus
}
#endif
#endif
