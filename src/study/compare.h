/* Inside of the comparison: what is measured, apart from who computes the losses. */
#ifndef SN_STUDY_COMPARE_H
#define SN_STUDY_COMPARE_H

#include "base/arena.h"
#include "suan/study.h"

/* Who computes losses: sessions of the model, or a stub in tests. */
typedef struct sn_compare_source {
    void *user;
    /* From now on losses are of method `method` for windows of `length` tokens. */
    sn_status (*open)(void *user, int method, int64_t length);
    /* out[i] = loss of tokens[first + 1 + i], i < n - first; as sn_window_losses. */
    sn_status (*losses)(void *user, const int32_t *tokens, int64_t n, int64_t first, double *out);
} sn_compare_source;

/* A result with all its arrays, in one arena. The const pointers of the public struct point into these. */
typedef struct sn_compare_data {
    sn_compare_result result; /* first: what the caller gets is the address of this */
    sn_arena arena;
    int64_t *lengths; /* rising */
    sn_compare_method *methods;
    sn_compare_length **by_length;
    sn_compare_bucket **by_position;
} sn_compare_data;

/* Room for the results, sizes and defaults filled in; specs and notes are left to the caller. */
sn_status sn_compare_data_new(const sn_compare_options *o, int64_t train_length, sn_compare_data **out);
/* Measures every method. ids holds windows * largest length + 1. */
sn_status sn_compare_measure(sn_compare_data *d, const int32_t *ids, const sn_compare_source *source);

#endif
