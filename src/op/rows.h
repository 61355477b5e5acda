/* What the ops over the last dimension share: softmax and the norms. */
#ifndef SN_OP_ROWS_H
#define SN_OP_ROWS_H

#include "op/shared.h"

#include <tgmath.h>

/* max and log of the sum of e^(x - max) over row `row` of x; columns >= 1. */
static inline void sn_row_log_sum(const sn_tensor *x, int64_t row, double *top, double *log_sum) {
    int64_t columns = sn_n_columns(x);
    double sum = 0;
    *top = (double)*sn_real_at(x, row * columns);
    for (int64_t j = 1; j < columns; j++) {
        double v = (double)*sn_real_at(x, row * columns + j);
        if (v > *top) *top = v;
    }
    for (int64_t j = 0; j < columns; j++) sum += exp((double)*sn_real_at(x, row * columns + j) - *top);
    *log_sum = log(sum);
}

#if SN_OP_MAIN
sn_status sn_infer_rows(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);
/* A norm's optional vector: absent, or [columns of x] of x's dtype. */
sn_status sn_need_vector(const sn_tensor *x, const sn_tensor *v, const char *what);
/* About five operations per element. */
sn_cost sn_cost_rows(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);

enum { SN_N_BAD_ROWS = 2 };
extern const sn_op_case sn_bad_rows[SN_N_BAD_ROWS];

#define SN_ROWS_CASES                                                                                                  \
    {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 2, 3, 7)}}, {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 3, 2, 3, 5)}},             \
        {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 1, 33)}}, {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 2, 4, 1)}},              \
        {.n_in = 1, .in = {SN_CASE_F32(-3, 3, 2, 0, 4)}}, {                                                            \
        .n_in = 1, .in = { SN_CASE_F32(-3, 3, 2, 4, 0) }                                                               \
    }
#endif
#endif
