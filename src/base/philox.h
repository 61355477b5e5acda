/* Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): the one random
 * generator. A value depends on (seed, stream, index) only, never on threads or call order. */
#ifndef SN_BASE_PHILOX_H
#define SN_BASE_PHILOX_H

#include <stdint.h>

/* Four 32-bit words for block `index` of (seed, stream). */
void sn_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]);
/* Uniform in [0, 1), 24 bits; uniform in [0, 1), 53 bits; standard normal (Box-Muller). */
float sn_uniform_f32(uint64_t seed, uint64_t stream, uint64_t index);
double sn_uniform_f64(uint64_t seed, uint64_t stream, uint64_t index);
double sn_normal_f64(uint64_t seed, uint64_t stream, uint64_t index);

#endif
