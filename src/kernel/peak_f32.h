/* Body of peak_f32_<isa>.c: independent multiply-adds, as many as hide the latency. `vec` is the widest vector. */
#include "kernel/peak.h"

enum { n_chains = 12, lanes = sizeof(vec) / sizeof(float) };

static void run(const sn_call *c) {
    const sn_peak_attr *attr = c->attr;
    vec sum[n_chains], factor = {0}, term = {0};
    for (int i = 0; i < lanes; i++) factor[i] = 0.999f, term[i] = 0.001f;
    for (int j = 0; j < n_chains; j++) sum[j] = term * (float)j;
    for (int64_t i = 0; i < attr->iterations; i++)
        for (int j = 0; j < n_chains; j++) {
            sum[j] = multiply_add(sum[j], factor, term);
            __asm__ volatile("" : "+x"(sum[j]));
        }
    *attr->flops = 2.0 * lanes * n_chains * (double)attr->iterations;
}
