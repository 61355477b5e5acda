/* q4_0: 32 values d * (q - 8), q of 4 bits. */
#include "tensor/quant.h"

#include <math.h>

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q4_0 *block = from;
    for (int64_t b = 0; b < n / 32; b++, to += 32) {
        float d = sn_f16_to_f32(block[b].d);
        for (int i = 0; i < 16; i++) {
            to[i] = (float)((block[b].qs[i] & 15) - 8) * d;
            to[i + 16] = (float)((block[b].qs[i] >> 4) - 8) * d;
        }
    }
}

/* The value of largest magnitude gets code 0 exactly, since the codes reach one further below zero. */
static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q4_0 *block = to;
    for (int64_t b = 0; b < n / 32; b++) {
        float x[32], most = 0;
        sn_quant_clean(from + b * 32, x, 32);
        for (int i = 0; i < 32; i++)
            if (fabsf(x[i]) > fabsf(most)) most = x[i];
        float inverse = sn_quant_inverse(most / -8.0f);
        block[b].d = sn_f16_saturated(most / -8.0f);
        for (int i = 0; i < 16; i++) {
            int low = sn_quant_round(x[i] * inverse, -8, 7) + 8, high = sn_quant_round(x[i + 16] * inverse, -8, 7) + 8;
            block[b].qs[i] = (uint8_t)(low | high << 4);
        }
    }
}

const sn_dtype_def sn_dtype_q4_0 = {SN_Q4_0, "q4_0", 32, sizeof(sn_block_q4_0), false, to_f32, from_f32};
