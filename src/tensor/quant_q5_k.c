/* q5_k: as q4_k with codes of 5 bits; the fifth bit of sub-block j is bit j of qh. */
#include "tensor/quant.h"

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q5_k *block = from;
    for (int64_t b = 0; b < n / 256; b++, to += 256) {
        float d = sn_f16_to_f32(block[b].d), dmin = sn_f16_to_f32(block[b].dmin);
        for (int j = 0; j < 8; j++) {
            uint8_t sc, m;
            sn_scale_min_get(block[b].scales, j, &sc, &m);
            float scale = d * (float)sc, min = dmin * (float)m;
            const uint8_t *q = block[b].qs + j / 2 * 32, *high = block[b].qh;
            for (int i = 0; i < 32; i++) {
                int code = (q[i] >> j % 2 * 4 & 15) | (high[i] >> j & 1) << 4;
                to[j * 32 + i] = scale * (float)code - min;
            }
        }
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q5_k *block = to;
    for (int64_t b = 0; b < n / 256; b++) {
        float x[256];
        sn_affine_fit fit;
        sn_quant_clean(from + b * 256, x, 256);
        sn_fit_super(x, 8, 31, 63, &fit);
        block[b] = (sn_block_q5_k){.d = fit.d, .dmin = fit.dmin};
        for (int j = 0; j < 8; j++) {
            uint8_t code[32];
            sn_fit_codes(x + j * 32, 32, &fit, j, 31, code);
            sn_scale_min_put(block[b].scales, j, fit.scale[j], fit.min[j]);
            for (int i = 0; i < 32; i++) {
                block[b].qs[j / 2 * 32 + i] |= (uint8_t)((code[i] & 15) << j % 2 * 4);
                block[b].qh[i] |= (uint8_t)((code[i] >> 4) << j);
            }
        }
    }
}

const sn_dtype_def sn_dtype_q5_k = {SN_Q5_K, "q5_k", 256, sizeof(sn_block_q5_k), false, to_f32, from_f32};
