/* Body of peak_f32_<isa>.c: independent multiply-adds, as many as hide the latency. VEC_BYTES is set before. */
#include "kernel/peak.h"
#include "kernel/vec.h"

enum { n_chains = 12 };

static void run(const sn_call *c) {
    const sn_peak_attr *attr = c->attr;
    vec sum[n_chains], factor = splat(0.999f), term = splat(0.001f);
    for (int j = 0; j < n_chains; j++) sum[j] = splat((float)j);
    for (int64_t i = 0; i < attr->iterations; i++)
#pragma GCC unroll 12
        for (int j = 0; j < n_chains; j++) sum[j] = multiply_add(sum[j], factor, term);
    volatile float keep = 0; /* uses the sums, so that they are computed */
    for (int j = 0; j < n_chains; j++) keep += sum[j][0];
    (void)keep;
    *attr->flops = 2.0 * lanes * n_chains * (double)attr->iterations;
}
