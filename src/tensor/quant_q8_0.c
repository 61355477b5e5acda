/* q8_0: 32 signed bytes and a scale. */
#include "tensor/quant.h"

#include <math.h>

static void to_f32(const void *from, float *to, int64_t n) {
    const sn_block_q8_0 *block = from;
    for (int64_t b = 0; b < n / 32; b++) {
        float d = sn_f16_to_f32(block[b].d);
        for (int i = 0; i < 32; i++) to[b * 32 + i] = (float)block[b].qs[i] * d;
    }
}

static void from_f32(const float *from, void *to, int64_t n) {
    sn_block_q8_0 *block = to;
    for (int64_t b = 0; b < n / 32; b++) {
        float x[32], most = 0;
        sn_quant_clean(from + b * 32, x, 32);
        for (int i = 0; i < 32; i++) most = fmaxf(most, fabsf(x[i]));
        float inverse = sn_quant_inverse(most / 127.0f);
        block[b].d = sn_f16_saturated(most / 127.0f);
        for (int i = 0; i < 32; i++) block[b].qs[i] = (int8_t)sn_quant_round(x[i] * inverse, -127, 127);
    }
}

const sn_dtype_def sn_dtype_q8_0 = {SN_Q8_0, "q8_0", 32, sizeof(sn_block_q8_0), false, to_f32, from_f32};
