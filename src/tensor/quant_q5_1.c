/* q5_1: 32 values d * q + m, q of 5 bits. */
#include "tensor/quant.h"

#include <math.h>

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q5_1 *block = from;
    for (int64_t b = 0; b < n / 32; b++, to += 32) {
        float d = sn_f16_to_f32(block[b].d), m = sn_f16_to_f32(block[b].m);
        for (int i = 0; i < 16; i++) {
            int low = block[b].qs[i] & 15, high = block[b].qs[i] >> 4;
            low |= (block[b].qh[i / 8] >> i % 8 & 1) << 4;
            high |= (block[b].qh[2 + i / 8] >> i % 8 & 1) << 4;
            to[i] = (float)low * d + m;
            to[i + 16] = (float)high * d + m;
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q5_1 *block = to;
    for (int64_t b = 0; b < n / 32; b++) {
        float x[32];
        sn_quant_clean(from + b * 32, x, 32);
        float low = x[0], high = x[0];
        for (int i = 1; i < 32; i++) low = fminf(low, x[i]), high = fmaxf(high, x[i]);
        float d = (high - low) / 31.0f, inverse = sn_quant_inverse(d);
        block[b] = (sn_block_q5_1){.d = sn_f16_saturated(d), .m = sn_f16_saturated(low)};
        for (int i = 0; i < 32; i++) {
            int q = sn_quant_round((x[i] - low) * inverse, 0, 31);
            block[b].qs[i % 16] |= (uint8_t)((q & 15) << (i < 16 ? 0 : 4));
            block[b].qh[i / 8] |= (uint8_t)((q >> 4) << i % 8);
        }
    }
}

const sn_dtype_def sn_dtype_q5_1 = {SN_Q5_1, "q5_1", 32, sizeof(sn_block_q5_1), false, to_f32, from_f32};
