/* Elementwise loops over strided and broadcast f32 operands, cut into chunks for the team. The dims are merged as
 * far as the strides allow, so that a kernel sees long runs in which each operand either advances or stands still. */
#ifndef SN_KERNEL_LOOPS_H
#define SN_KERNEL_LOOPS_H

#include "kernel/kernel.h"

enum { SN_LOOP_OPERANDS = 3 };

/* n results from operands that advance (step 1) or are repeated (step 0). */
typedef void (*sn_inner_fn)(int64_t n, float *out, const float *const *in, const int64_t *step, const sn_call *call);

/* All operands f32, in runs whose stride is one element or none. */
bool sn_loops_applicable(const sn_call *call);
/* Computes out[0] from the first n_in operands. `work`: about how many plain operations an element takes. */
void sn_loops_run(const sn_call *call, int n_in, sn_inner_fn inner, int work);

/* Copies `from` to the equally shaped `to`, both strided, of the same plain dtype. */
void sn_strided_copy(sn_team *team, const sn_tensor *to, const sn_tensor *from);

/* Address of row `row` of t: everything but the last dim, flat. */
static inline void *sn_row_at(const sn_tensor *t, int64_t row) {
    int64_t offset = 0;
    for (int d = t->n_dims - 2; d >= 0; d--) {
        offset += row % t->shape[d] * t->stride[d];
        row /= t->shape[d];
    }
    return (char *)t->data + offset;
}

/* Address of element `flat` of t, in row-major order. */
static inline void *sn_element_at(const sn_tensor *t, int64_t flat) {
    int64_t offset = 0;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        offset += flat % t->shape[d] * t->stride[d];
        flat /= t->shape[d];
    }
    return (char *)t->data + offset;
}

/* Runs fn over [0, n) in ranges whose bounds do not depend on the team; one range where the work is small. */
typedef void (*sn_range_fn)(void *arg, int64_t from, int64_t to);
void sn_parallel_ranges(sn_team *team, sn_range_fn fn, void *arg, int64_t n, int64_t work_per_item);

#endif
