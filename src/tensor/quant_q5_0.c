/* q5_0: 32 values d * (q - 16), q of 5 bits. */
#include "tensor/quant.h"

#include <math.h>

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q5_0 *block = from;
    for (int64_t b = 0; b < n / 32; b++, to += 32) {
        float d = sn_f16_to_f32(block[b].d);
        for (int i = 0; i < 16; i++) {
            int low = block[b].qs[i] & 15, high = block[b].qs[i] >> 4;
            low |= (block[b].qh[i / 8] >> i % 8 & 1) << 4;
            high |= (block[b].qh[2 + i / 8] >> i % 8 & 1) << 4;
            to[i] = (float)(low - 16) * d;
            to[i + 16] = (float)(high - 16) * d;
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q5_0 *block = to;
    for (int64_t b = 0; b < n / 32; b++) {
        float x[32], most = 0;
        sn_quant_clean(from + b * 32, x, 32);
        for (int i = 0; i < 32; i++)
            if (fabsf(x[i]) > fabsf(most)) most = x[i];
        float inverse = sn_quant_inverse(most / -16.0f);
        block[b] = (sn_block_q5_0){.d = sn_f16_saturated(most / -16.0f)};
        for (int i = 0; i < 32; i++) {
            int q = sn_quant_round(x[i] * inverse, -16, 15) + 16;
            block[b].qs[i % 16] |= (uint8_t)((q & 15) << (i < 16 ? 0 : 4));
            block[b].qh[i / 8] |= (uint8_t)((q >> 4) << i % 8);
        }
    }
}

const sn_dtype_def sn_dtype_q5_0 = {SN_Q5_0, "q5_0", 32, sizeof(sn_block_q5_0), false, to_f32, from_f32};
