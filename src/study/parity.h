/* The data of multitask sparse parity. */
#ifndef SN_STUDY_PARITY_H
#define SN_STUDY_PARITY_H

#include "suan/parity.h"

/* The bits (as a mask) that task k (from 0) adds up. */
uint64_t sn_parity_mask(const sn_parity_options *o, int64_t task);
/* Example i of a stream: its task (from 0; given where `fixed` >= 0), its bits, and the answer 0 or 1. `below` has the
 * tasks' probabilities added up. */
typedef struct sn_parity_example {
    int64_t task;
    uint64_t bits;
    int answer;
} sn_parity_example;
sn_parity_example sn_parity_draw(const sn_parity_options *o, const uint64_t *masks, const double *below, int64_t fixed,
                                 uint64_t stream, int64_t i);

#endif
