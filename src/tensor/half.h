/* Scalar f16 and bf16 conversions in plain C (round to nearest even). */
#ifndef SN_TENSOR_HALF_H
#define SN_TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

typedef uint16_t sn_f16;
typedef uint16_t sn_bf16;

static inline float sn_bits_f32(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t sn_f32_bits(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline float sn_f16_to_f32(sn_f16 h) {
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16;
    uint32_t rest = h & 0x7fffu;
    if (rest >= 0x7c00u) return sn_bits_f32(sign | 0x7f800000u | (rest & 0x3ffu) << 13);
    if (rest >= 0x0400u) return sn_bits_f32(sign | ((rest << 13) + 0x38000000u));
    float tiny = (float)rest * 0x1p-24f; /* zero or subnormal: exact */
    return sn_bits_f32(sign | sn_f32_bits(tiny));
}

static inline sn_f16 sn_f32_to_f16(float f) {
    uint32_t bits = sn_f32_bits(f);
    uint32_t sign = bits >> 16 & 0x8000u;
    uint32_t rest = bits & 0x7fffffffu;
    if (rest > 0x7f800000u) return (sn_f16)(sign | 0x7e00u | (rest >> 13 & 0x3ffu));
    if (rest >= 0x477ff000u) return (sn_f16)(sign | 0x7c00u); /* rounds to infinity */
    if (rest < 0x38800000u) {
        /* Subnormal: adding 0.5 leaves the rounded count of 2^-24 in the low mantissa bits. */
        float shifted = sn_bits_f32(rest) + 0.5f;
        return (sn_f16)(sign | (sn_f32_bits(shifted) - 0x3f000000u));
    }
    uint32_t odd = rest >> 13 & 1u;
    return (sn_f16)(sign | (rest - 0x38000000u + 0xfffu + odd) >> 13);
}

static inline float sn_bf16_to_f32(sn_bf16 b) { return sn_bits_f32((uint32_t)b << 16); }

static inline sn_bf16 sn_f32_to_bf16(float f) {
    uint32_t bits = sn_f32_bits(f);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (sn_bf16)(bits >> 16 | 0x40u);
    return (sn_bf16)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
