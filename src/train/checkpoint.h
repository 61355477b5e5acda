/* Checkpoints: OUT/step-NNNNNN with everything a run needs to go on bit by bit, and OUT/last, which points to the
 * newest whole one. A checkpoint bears its name only when all of its files are on the disk. */
#ifndef SN_TRAIN_CHECKPOINT_H
#define SN_TRAIN_CHECKPOINT_H

#include "model/model.h"
#include "train/config.h"
#include "train/step.h"

#include <stddef.h>

enum { SN_STATE_VERSION = 1 };

/* What state.json says besides the configuration. Everything random is drawn by (seed, step), so there is no more. */
typedef struct sn_run_state {
    int64_t step;             /* updates done */
    uint64_t data, tokenizer; /* hashes of the texts' bytes and of the vocabulary */
    int64_t threads;
} sn_run_state;

typedef struct sn_checkpoint {
    const sn_train_config *config;
    sn_model *model;
    const sn_train_param *params; /* n_params of the model's weights */
    int64_t n_params;
    sn_stepper *stepper;
    sn_run_state state;
} sn_checkpoint;

/* Makes the folder of a run where there is none, locks it until *lock (a file descriptor) is closed, and takes away
 * what a crash left in it. SN_ERR_ARGUMENT where another process trains there. */
sn_status sn_checkpoint_folder(const char *folder, int *lock);
/* Whether the folder holds a run that came to a checkpoint. */
bool sn_checkpoint_exists(const char *folder);
/* Writes OUT/step-NNNNNN, points OUT/last to it, and removes all but the newest config->keep. path: its name. */
sn_status sn_checkpoint_write(const sn_checkpoint *c, char *path, size_t size);

/* Files whose bytes state.json vouches for; ends with NULL. */
extern const char *const sn_checkpoint_files[];
/* Of the bytes of a file in a folder. */
sn_status sn_checkpoint_hash(const char *folder, const char *name, uint64_t *out);

/* The state of the checkpoint at `path`. SN_ERR_ARGUMENT naming the key where the configuration is not the one the run
 * was begun with; SN_ERR_FORMAT where a file of the checkpoint is damaged. */
sn_status sn_checkpoint_read(const char *path, const sn_train_config *config, sn_run_state *out);
/* Fills the stepper's states from it. */
sn_status sn_checkpoint_load(const char *path, sn_stepper *stepper);

#endif
