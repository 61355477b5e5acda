/* q2_k: 16 sub-blocks of 16 values d * scale * q - dmin * min, q of 2 bits, scale and min of 4. */
#include "tensor/quant.h"

/* Value i is in bits 2 * (i / 32 % 4) of byte i % 32 of its half. */
static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q2_k *block = from;
    for (int64_t b = 0; b < n / 256; b++, to += 256) {
        float d = sn_f16_to_f32(block[b].d), dmin = sn_f16_to_f32(block[b].dmin);
        for (int j = 0; j < 16; j++) {
            float scale = d * (float)(block[b].scales[j] & 15), min = dmin * (float)(block[b].scales[j] >> 4);
            const uint8_t *q = block[b].qs + j / 8 * 32 + j % 2 * 16;
            for (int i = 0; i < 16; i++) to[j * 16 + i] = scale * (float)(q[i] >> 2 * (j / 2 % 4) & 3) - min;
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q2_k *block = to;
    for (int64_t b = 0; b < n / 256; b++) {
        float x[256];
        sn_affine_fit fit;
        sn_quant_clean(from + b * 256, x, 256);
        sn_fit_super(x, 16, 3, 15, &fit);
        block[b] = (sn_block_q2_k){.d = fit.d, .dmin = fit.dmin};
        for (int j = 0; j < 16; j++) {
            uint8_t code[16], *q = block[b].qs + j / 8 * 32 + j % 2 * 16;
            sn_fit_codes(x + j * 16, 16, &fit, j, 3, code);
            block[b].scales[j] = (uint8_t)(fit.scale[j] | fit.min[j] << 4);
            for (int i = 0; i < 16; i++) q[i] |= (uint8_t)(code[i] << 2 * (j / 2 % 4));
        }
    }
}

const sn_dtype_def sn_dtype_q2_k = {SN_Q2_K, "q2_k", 256, sizeof(sn_block_q2_k), false, to_f32, from_f32};
