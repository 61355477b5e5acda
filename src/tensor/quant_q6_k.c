/* q6_k: 16 sub-blocks of 16 values d * scale * (q - 32), q of 6 bits, signed 8-bit scales. */
#include "tensor/quant.h"

#include <math.h>

/* In each half of 128 values, quarter u (32 values) has its low four bits in half u / 2 of ql[u % 2 * 32 ..]
 * and its high two in bits 2 u of qh. */
static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q6_k *block = from;
    for (int64_t b = 0; b < n / 256; b++, to += 256) {
        float d = sn_f16_to_f32(block[b].d);
        for (int j = 0; j < 16; j++) {
            int half = j / 8, u = j / 2 % 4, at = j % 2 * 16;
            const uint8_t *low = block[b].ql + half * 64 + u % 2 * 32 + at, *high = block[b].qh + half * 32 + at;
            float scale = d * (float)block[b].scales[j];
            for (int i = 0; i < 16; i++) {
                int code = (low[i] >> u / 2 * 4 & 15) | (high[i] >> 2 * u & 3) << 4;
                to[j * 16 + i] = scale * (float)(code - 32);
            }
        }
    }
}

static void put_codes(const float *x, int j, sn_block_q6_k *block) {
    float inverse = sn_quant_inverse(sn_f16_to_f32(block->d) * (float)block->scales[j]);
    int half = j / 8, u = j / 2 % 4, at = j % 2 * 16;
    uint8_t *low = block->ql + half * 64 + u % 2 * 32 + at, *high = block->qh + half * 32 + at;
    for (int i = 0; i < 16; i++) {
        int code = sn_quant_round(x[i] * inverse, -32, 31) + 32;
        low[i] |= (uint8_t)((code & 15) << u / 2 * 4);
        high[i] |= (uint8_t)((code >> 4) << 2 * u);
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q6_k *block = to;
    for (int64_t b = 0; b < n / 256; b++) {
        float x[256], scale[16], most = 0;
        sn_quant_clean(from + b * 256, x, 256);
        for (int j = 0; j < 16; j++) {
            scale[j] = sn_fit_symmetric(x + j * 16, 16, 32);
            if (fabsf(scale[j]) > fabsf(most)) most = scale[j];
        }
        float inverse = sn_quant_inverse(most / -128.0f);
        block[b] = (sn_block_q6_k){.d = sn_f16_saturated(most / -128.0f)};
        for (int j = 0; j < 16; j++) {
            block[b].scales[j] = (int8_t)sn_quant_round(scale[j] * inverse, -128, 127);
            put_codes(x + j * 16, j, &block[b]);
        }
    }
}

const sn_dtype_def sn_dtype_q6_k = {SN_Q6_K, "q6_k", 256, sizeof(sn_block_q6_k), false, to_f32, from_f32};
