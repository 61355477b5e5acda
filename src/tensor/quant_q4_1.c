/* q4_1: 32 values d * q + m, q of 4 bits. */
#include "tensor/quant.h"

#include <math.h>

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q4_1 *block = from;
    for (int64_t b = 0; b < n / 32; b++, to += 32) {
        float d = sn_f16_to_f32(block[b].d), m = sn_f16_to_f32(block[b].m);
        for (int i = 0; i < 16; i++) {
            to[i] = (float)(block[b].qs[i] & 15) * d + m;
            to[i + 16] = (float)(block[b].qs[i] >> 4) * d + m;
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q4_1 *block = to;
    for (int64_t b = 0; b < n / 32; b++) {
        float x[32];
        sn_quant_clean(from + b * 32, x, 32);
        float low = x[0], high = x[0];
        for (int i = 1; i < 32; i++) low = fminf(low, x[i]), high = fmaxf(high, x[i]);
        float d = (high - low) / 15.0f, inverse = sn_quant_inverse(d);
        block[b].d = sn_f16_saturated(d);
        block[b].m = sn_f16_saturated(low);
        for (int i = 0; i < 16; i++)
            block[b].qs[i] = (uint8_t)(sn_quant_round((x[i] - low) * inverse, 0, 15) |
                                       sn_quant_round((x[i + 16] - low) * inverse, 0, 15) << 4);
    }
}

const sn_dtype_def sn_dtype_q4_1 = {SN_Q4_1, "q4_1", 32, sizeof(sn_block_q4_1), false, to_f32, from_f32};
