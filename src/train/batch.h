/* What flows from data to objectives: a few named arrays that a source fills again and again. */
#ifndef SN_TRAIN_BATCH_H
#define SN_TRAIN_BATCH_H

#include "suan/tensor.h"

enum { SN_BATCH_MAX = 8 };

/* Buffers belong to the source and keep their addresses and shapes. */
typedef struct sn_batch {
    int n;
    struct {
        const char *name; /* "tokens", "targets", "sequences", "positions" for language models */
        sn_tensor tensor;
    } item[SN_BATCH_MAX];
} sn_batch;

/* A source of micro-batches. Micro-batch `index` of a run is the same whatever came before it and however many
 * threads there are: that is what makes a resumed run continue bit for bit. */
typedef struct sn_source {
    const char *name;
    void *user;
    const sn_batch *batch;
    int64_t n_items; /* counted in a micro-batch for rates: tokens, images */
    sn_status (*fill)(void *user, int64_t index);
} sn_source;

#endif
