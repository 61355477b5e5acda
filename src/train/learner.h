/* All that a run holds: data, model, objective and stepper, made from a configuration. */
#ifndef SN_TRAIN_LEARNER_H
#define SN_TRAIN_LEARNER_H

#include "train/checkpoint.h"
#include "train/objective_lm.h"
#include "train/source_tokens.h"

typedef struct sn_learner {
    const sn_train_config *config;
    sn_arena arena;
    sn_team *team;
    sn_model *model;
    const sn_tokenizer *tokenizer; /* the model's */
    sn_extend *extend;             /* NULL: plain positions */
    sn_token_file tokens;
    sn_token_range train, validation;
    sn_token_batches *train_batches, *val_batches; /* val NULL: none */
    sn_train_param *params;
    int64_t n_params;
    sn_lm_objective *lm;
    sn_step_entry entry;
    sn_stepper *stepper;
    int64_t other_threads; /* the checkpoint's number, where it is another; else 0 */
    int lock;              /* on the folder; -1: none */
    sn_run_state state;    /* step: of the checkpoint, else 0 */
} sn_learner;

typedef struct sn_learner_options {
    const char *checkpoint; /* to go on from; NULL: from the beginning */
    bool measure_only;      /* nothing large is allocated, nothing can run */
    bool profile;
    const volatile int *cancel; /* for the preparation of data; may be NULL */
} sn_learner_options;

/* Close it on failure too. */
sn_status sn_learner_open(const sn_train_config *c, const sn_learner_options *options, sn_learner *out);
void sn_learner_close(sn_learner *t);

/* The model's configuration that the keys of model.* describe, for a vocabulary of n_vocab; flags are allocated in the
 * arena. */
sn_status sn_model_from_keys(const sn_train_config *c, int64_t n_vocab, sn_arena *arena, sn_model_config *out);

/* A text from the weights as they are, owned by the caller (sn_free). */
sn_status sn_learner_sample(const sn_learner *t, char **out);

#endif
