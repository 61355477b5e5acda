/* The blocks of the quantized types, bit for bit as GGUF files hold them (the layouts of ggml's k-quants and
 * legacy quants; https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), and what their quantizers share. */
#ifndef SN_TENSOR_QUANT_H
#define SN_TENSOR_QUANT_H

#include "tensor/dtype.h"
#include "tensor/half.h"

enum { SN_QUANT_SMALL = 32, SN_QUANT_SUPER = 256 };

/* Of 32 values: x = d * q (+ m). The low halves of qs are values 0..15, the high halves 16..31; bit i of qh
 * is the fifth bit of value i. */
typedef struct sn_block_q8_0 {
    sn_f16 d;
    int8_t qs[32];
} sn_block_q8_0;
typedef struct sn_block_q4_0 {
    sn_f16 d; /* x = d * (q - 8) */
    uint8_t qs[16];
} sn_block_q4_0;
typedef struct sn_block_q4_1 {
    sn_f16 d, m;
    uint8_t qs[16];
} sn_block_q4_1;
typedef struct sn_block_q5_0 {
    sn_f16 d; /* x = d * (q - 16) */
    uint8_t qh[4], qs[16];
} sn_block_q5_0;
typedef struct sn_block_q5_1 {
    sn_f16 d, m;
    uint8_t qh[4], qs[16];
} sn_block_q5_1;

/* Of 256 values in 16 sub-blocks of 16 (q2_k, q3_k, q6_k) or 8 of 32 (q4_k, q5_k). */
typedef struct sn_block_q2_k {
    uint8_t scales[16], qs[64]; /* scale in the low, min in the high half: x = d * scale * q - dmin * min */
    sn_f16 d, dmin;
} sn_block_q2_k;
typedef struct sn_block_q3_k {
    uint8_t hmask[32], qs[64], scales[12]; /* x = d * (scale - 32) * (q - 4), 6-bit scales */
    sn_f16 d;
} sn_block_q3_k;
typedef struct sn_block_q4_k {
    sn_f16 d, dmin;
    uint8_t scales[12], qs[128]; /* 6-bit scales and mins: x = d * scale * q - dmin * min */
} sn_block_q4_k;
typedef struct sn_block_q5_k {
    sn_f16 d, dmin;
    uint8_t scales[12], qh[32], qs[128];
} sn_block_q5_k;
typedef struct sn_block_q6_k {
    uint8_t ql[128], qh[64]; /* x = d * scale * (q - 32) */
    int8_t scales[16];
    sn_f16 d;
} sn_block_q6_k;

/* The 6-bit scale and min of sub-block j of 8 (q4_k, q5_k). */
static inline void sn_scale_min_get(const uint8_t packed[12], int j, uint8_t *scale, uint8_t *min) {
    if (j < 4) {
        *scale = packed[j] & 63;
        *min = packed[j + 4] & 63;
    } else {
        *scale = (uint8_t)((packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4);
        *min = (uint8_t)(packed[j + 4] >> 4 | (packed[j] >> 6) << 4);
    }
}
void sn_scale_min_put(uint8_t packed[12], int j, uint8_t scale, uint8_t min);

/* The 6-bit scale of sub-block j of 16 (q3_k), still with its offset of 32. */
static inline int sn_scale_q3_get(const uint8_t packed[12], int j) {
    int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
    return low | (packed[8 + j % 4] >> 2 * (j / 4) & 3) << 4;
}

/* ---- quantizers ---- */

/* Makes n values quantizable: NaN becomes 0, infinities and values beyond 1e30 the largest such value. */
void sn_quant_clean(const float *from, float *to, int n);
/* f32 to f16 that saturates at +-65504 instead of becoming infinite. */
sn_f16 sn_f16_saturated(float x);
/* Rounds to nearest into [low, high]; NaN gives low. */
int sn_quant_round(float x, int low, int high);
/* 1/x, or 0 where that is not finite. */
float sn_quant_inverse(float x);

/* The scale of x ~ scale * q with q in [-q_max, q_max - 1], n <= 32, under sn_fit_weights: tries inverse scales around
 * -q_max / extreme and keeps the one that explains most. */
float sn_fit_symmetric(const float *x, int n, int q_max);
/* Fits x ~ scale * q - min with q in [0, q_max] and min >= 0, by a search over scales, each followed by the
 * weighted least-squares solution for scale and min. */
float sn_fit_affine(const float *x, const float *weight, int n, int q_max, float *min);
/* Weights of a sub-block's values in the fits: its root mean square plus |x|. */
void sn_fit_weights(const float *x, int n, float *weight);
/* Scales and mins of the n_sub sub-blocks of one super-block, rounded to integers of 0..level_max times *d and *dmin.
 */
typedef struct sn_affine_fit {
    sn_f16 d, dmin;
    uint8_t scale[16], min[16];
} sn_affine_fit;
void sn_fit_super(const float *x, int n_sub, int q_max, int level_max, sn_affine_fit *fit);
/* The codes of sub-block j under the rounded scale and min. */
void sn_fit_codes(const float *x, int n, const sn_affine_fit *fit, int j, int q_max, uint8_t *q);

#endif
