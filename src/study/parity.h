/* The data of multitask sparse parity. */
#ifndef SN_STUDY_PARITY_H
#define SN_STUDY_PARITY_H

#include "base/arena.h"
#include "suan/parity.h"

enum { SN_PARITY_BITS = 256, SN_PARITY_WORDS = SN_PARITY_BITS / 64, SN_PARITY_GUIDE = 1024 };

typedef struct sn_parity_bits {
    uint64_t word[SN_PARITY_WORDS];
} sn_parity_bits;

typedef struct sn_parity_tasks {
    const sn_parity_options *o;
    sn_parity_bits *mask;           /* tasks: the bits that each adds up */
    double *probability, *below;    /* tasks; below: added up */
    int32_t guide[SN_PARITY_GUIDE]; /* the task at the start of each of so many equal parts of 0..1 */
} sn_parity_tasks;

/* One of a stream: its task (from 0), its bits, and the answer 0 or 1. */
typedef struct sn_parity_example {
    int64_t task;
    sn_parity_bits bits;
    int answer;
} sn_parity_example;

enum { SN_PARITY_MASKS = 1, SN_PARITY_TEST = 2, SN_PARITY_WEIGHTS = 3, SN_PARITY_ORDER = 8, SN_PARITY_TRAIN = 16 };

/* Borrows the options, which have no zeros any more. */
sn_status sn_parity_tasks_new(sn_arena *arena, const sn_parity_options *o, sn_parity_tasks *out);
/* Example i of a stream, of task `fixed` where that is not negative. */
sn_parity_example sn_parity_draw(const sn_parity_tasks *t, int64_t fixed, uint64_t stream, int64_t i);

/* Bits as numbers, four at a time. */
typedef struct sn_parity_codes {
    float four[16][4];
} sn_parity_codes;
void sn_parity_codes_make(float zero, float one, sn_parity_codes *out);
void sn_parity_spread(const sn_parity_codes *codes, const sn_parity_bits *bits, int64_t n, float *to);

/* Sets what is zero and checks the rest. */
sn_status sn_parity_complete(sn_parity_options *o);
/* A result of complete options without marks, its probabilities filled in. */
sn_status sn_parity_result_new(const sn_parity_options *o, sn_parity_result *out);
/* Fills what follows from the steps and the tasks' losses. */
void sn_parity_sum_up(sn_parity_result *r);
/* Fills what follows from the runs of a study. */
sn_status sn_parity_compare(sn_parity_study *s);

#endif
