/* q4_k: 8 sub-blocks of 32 values d * scale * q - dmin * min, q of 4 bits, scale and min of 6. */
#include "tensor/quant.h"

/* Sub-blocks 2c and 2c + 1 share 32 bytes: low and high halves. */
static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q4_k *block = from;
    for (int64_t b = 0; b < n / 256; b++, to += 256) {
        float d = sn_f16_to_f32(block[b].d), dmin = sn_f16_to_f32(block[b].dmin);
        for (int j = 0; j < 8; j++) {
            uint8_t sc, m;
            sn_scale_min_get(block[b].scales, j, &sc, &m);
            float scale = d * (float)sc, min = dmin * (float)m;
            const uint8_t *q = block[b].qs + j / 2 * 32;
            for (int i = 0; i < 32; i++) to[j * 32 + i] = scale * (float)(q[i] >> j % 2 * 4 & 15) - min;
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q4_k *block = to;
    for (int64_t b = 0; b < n / 256; b++) {
        float x[256];
        sn_affine_fit fit;
        sn_quant_clean(from + b * 256, x, 256);
        sn_fit_super(x, 8, 15, 63, &fit);
        block[b] = (sn_block_q4_k){.d = fit.d, .dmin = fit.dmin};
        for (int j = 0; j < 8; j++) {
            uint8_t code[32];
            sn_fit_codes(x + j * 32, 32, &fit, j, 15, code);
            sn_scale_min_put(block[b].scales, j, fit.scale[j], fit.min[j]);
            for (int i = 0; i < 32; i++) block[b].qs[j / 2 * 32 + i] |= (uint8_t)(code[i] << j % 2 * 4);
        }
    }
}

const sn_dtype_def sn_dtype_q4_k = {SN_Q4_K, "q4_k", 256, sizeof(sn_block_q4_k), false, to_f32, from_f32};
