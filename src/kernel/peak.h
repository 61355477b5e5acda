/* Arithmetic peaks, as kernels without tensors: op "peak_f32" or "peak_bf16", attr a peak_attr. */
#ifndef SN_KERNEL_PEAK_H
#define SN_KERNEL_PEAK_H

#include "kernel/kernel.h"

typedef struct sn_peak_attr {
    int64_t iterations;
    double *flops; /* out: operations of one run */
} sn_peak_attr;

static inline bool sn_peak_applicable(const sn_call *c) {
    (void)c;
    return true;
}

#endif
