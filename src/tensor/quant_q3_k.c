/* q3_k: 16 sub-blocks of 16 values d * (scale - 32) * (q - 4), q of 3 bits, scale of 6. */
#include "tensor/quant.h"

#include <math.h>

/* The low two bits of a value lie as in q2_k; its third is bit i / 32 of hmask[i % 32]. */
static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q3_k *block = from;
    for (int64_t b = 0; b < n / 256; b++, to += 256) {
        float d = sn_f16_to_f32(block[b].d);
        for (int j = 0; j < 16; j++) {
            float scale = d * (float)(sn_scale_q3_get(block[b].scales, j) - 32);
            const uint8_t *q = block[b].qs + j / 8 * 32 + j % 2 * 16, *high = block[b].hmask + j % 2 * 16;
            for (int i = 0; i < 16; i++) {
                int code = (q[i] >> 2 * (j / 2 % 4) & 3) | (high[i] >> j / 2 & 1) << 2;
                to[j * 16 + i] = scale * (float)(code - 4);
            }
        }
    }
}

static void put_scale(uint8_t packed[12], int j, int scale) {
    packed[j % 8] |= (uint8_t)((scale & 15) << (j < 8 ? 0 : 4));
    packed[8 + j % 4] |= (uint8_t)((scale >> 4) << 2 * (j / 4));
}

static void put_codes(const float *x, int j, sn_block_q3_k *block) {
    float scale = sn_f16_to_f32(block->d) * (float)(sn_scale_q3_get(block->scales, j) - 32);
    float inverse = sn_quant_inverse(scale);
    uint8_t *q = block->qs + j / 8 * 32 + j % 2 * 16, *high = block->hmask + j % 2 * 16;
    for (int i = 0; i < 16; i++) {
        int code = sn_quant_round(x[i] * inverse, -4, 3) + 4;
        q[i] |= (uint8_t)((code & 3) << 2 * (j / 2 % 4));
        high[i] |= (uint8_t)((code >> 2) << j / 2);
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q3_k *block = to;
    for (int64_t b = 0; b < n / 256; b++) {
        float x[256], scale[16], most = 0;
        sn_quant_clean(from + b * 256, x, 256);
        for (int j = 0; j < 16; j++) {
            scale[j] = sn_fit_symmetric(x + j * 16, 16, 4);
            if (fabsf(scale[j]) > fabsf(most)) most = scale[j];
        }
        float inverse = sn_quant_inverse(most / -32.0f);
        block[b] = (sn_block_q3_k){.d = sn_f16_saturated(most / -32.0f)};
        for (int j = 0; j < 16; j++) put_scale(block[b].scales, j, sn_quant_round(scale[j] * inverse, -32, 31) + 32);
        for (int j = 0; j < 16; j++) put_codes(x + j * 16, j, &block[b]);
    }
}

const sn_dtype_def sn_dtype_q3_k = {SN_Q3_K, "q3_k", 256, sizeof(sn_block_q3_k), false, to_f32, from_f32};
