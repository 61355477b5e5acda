#include "base/philox.h"

#include <math.h>

static void philox_round(uint32_t c[4], const uint32_t key[2]) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
    uint32_t next[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ key[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ key[1],
                        (uint32_t)p0};
    for (int i = 0; i < 4; i++) c[i] = next[i];
}

void sn_philox(uint64_t seed, uint64_t stream, uint64_t index, uint32_t out[4]) {
    uint32_t c[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        philox_round(c, key);
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    for (int i = 0; i < 4; i++) out[i] = c[i];
}

/* Four values share a block. */
float sn_uniform_f32(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t w[4];
    sn_philox(seed, stream, index >> 2, w);
    return (float)(w[index & 3] >> 8) * 0x1p-24f;
}

static double unit_f64(uint32_t high, uint32_t low) { return (double)((((uint64_t)high << 32) | low) >> 11) * 0x1p-53; }

double sn_uniform_f64(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t w[4];
    sn_philox(seed, stream, index >> 1, w);
    return index & 1 ? unit_f64(w[2], w[3]) : unit_f64(w[0], w[1]);
}

double sn_normal_f64(uint64_t seed, uint64_t stream, uint64_t index) {
    uint32_t w[4];
    sn_philox(seed, stream, index >> 1, w);
    double radius = sqrt(-2 * log(1 - unit_f64(w[0], w[1])));
    double angle = 6.283185307179586476925286766559 * unit_f64(w[2], w[3]);
    return radius * (index & 1 ? sin(angle) : cos(angle));
}
