/* What the quantizers share: clean input and the searches for the best scale. */
#include "tensor/quant.h"

#include <math.h>

void sn_quant_clean(const float *from, float *to, int n) {
    const float limit = 1e30f;
    for (int i = 0; i < n; i++) to[i] = isnan(from[i]) ? 0.0f : fmaxf(-limit, fminf(limit, from[i]));
}

sn_f16 sn_f16_saturated(float x) { return sn_f32_to_f16(fmaxf(-65504.0f, fminf(65504.0f, x))); }

int sn_quant_round(float x, int low, int high) {
    if (!(x > (float)low)) return low;
    if (x >= (float)high) return high;
    return (int)lrintf(x);
}

float sn_quant_inverse(float x) {
    float inverse = 1.0f / x;
    return isfinite(inverse) ? inverse : 0.0f;
}

void sn_scale_min_put(uint8_t packed[12], int j, uint8_t scale, uint8_t min) {
    if (j < 4) {
        packed[j] = (uint8_t)((packed[j] & 0xc0) | scale);
        packed[j + 4] = (uint8_t)((packed[j + 4] & 0xc0) | min);
    } else {
        packed[j + 4] = (uint8_t)((scale & 15) | (min & 15) << 4);
        packed[j - 4] = (uint8_t)((packed[j - 4] & 63) | scale >> 4 << 6);
        packed[j] = (uint8_t)((packed[j] & 63) | min >> 4 << 6);
    }
}

/* The value of largest magnitude, with its sign. */
static float extreme(const float *x, int n) {
    float best = 0;
    for (int i = 0; i < n; i++)
        if (fabsf(x[i]) > fabsf(best)) best = x[i];
    return best;
}

void sn_fit_weights(const float *x, int n, float *weight) {
    double square = 0;
    for (int i = 0; i < n; i++) square += (double)x[i] * x[i];
    float rms = (float)sqrt(square / n);
    for (int i = 0; i < n; i++) weight[i] = rms + fabsf(x[i]);
}

float sn_fit_symmetric(const float *x, int n, int q_max) {
    float most = extreme(x, n), best_gain = 0, best_scale = 0;
    float weight[32];
    if (fabsf(most) < 1e-30f) return 0;
    sn_fit_weights(x, n, weight);
    for (int step = -12; step <= 12; step++) {
        float inverse = -((float)q_max + 0.075f * (float)step) / most;
        double xq = 0, qq = 0;
        for (int i = 0; i < n; i++) {
            int code = sn_quant_round(inverse * x[i], -q_max, q_max - 1);
            double w = (double)weight[i];
            xq += w * x[i] * code;
            qq += w * code * code;
        }
        if (!(qq > 0)) continue;
        float gain = (float)(xq * xq / qq / ((double)most * most));
        if (gain > best_gain) best_gain = gain, best_scale = (float)(xq / qq);
    }
    return best_scale;
}

typedef struct moments {
    double w, x, xx, q, qq, xq; /* weighted sums */
} moments;

/* Least squares of x ~ scale * q - min with min >= 0; gives the weighted squared error. */
static double solve(const moments *s, double *scale, double *min) {
    double det = s->w * s->qq - s->q * s->q;
    if (det > 0) {
        *scale = (s->w * s->xq - s->x * s->q) / det;
        *min = (s->q * s->xq - s->qq * s->x) / det;
    }
    if (!(det > 0) || *min < 0) {
        *min = 0;
        *scale = s->qq > 0 ? s->xq / s->qq : 0;
    }
    double a = *scale, m = *min;
    return s->xx + a * a * s->qq + m * m * s->w - 2 * a * s->xq + 2 * m * s->x - 2 * a * m * s->q;
}

/* Solves for the codes that rounding (x + offset) * inverse gives; keeps the result where it is better. */
static void improve(const float *x, const float *weight, int n, int q_max, float inverse, float offset, double *error,
                    float *scale, float *min) {
    moments s = {0};
    for (int i = 0; i < n; i++) {
        double w = (double)weight[i], v = (double)x[i];
        int q = sn_quant_round(inverse * (x[i] + offset), 0, q_max);
        s.w += w, s.x += w * v, s.xx += w * v * v;
        s.q += w * q, s.qq += w * q * q, s.xq += w * v * q;
    }
    double new_scale = 0, new_min = 0, new_error = solve(&s, &new_scale, &new_min);
    if (new_scale > 0 && new_error < *error) *error = new_error, *scale = (float)new_scale, *min = (float)new_min;
}

float sn_fit_affine(const float *x, const float *weight, int n, int q_max, float *min) {
    float low = fminf(x[0], 0), high = x[0];
    for (int i = 1; i < n; i++) low = fminf(low, x[i]), high = fmaxf(high, x[i]);
    float range = high - low, scale = range / (float)q_max;
    *min = -low;
    if (!(range > 1e-30f)) return 0;
    double error = INFINITY;
    for (int step = 0; step <= 30; step++) {
        float inverse = ((float)q_max - 1.0f + 0.075f * (float)step) / range;
        improve(x, weight, n, q_max, inverse, -low, &error, &scale, min);
    }
    for (int round = 0; round < 3; round++) improve(x, weight, n, q_max, 1 / scale, *min, &error, &scale, min);
    return scale;
}

void sn_fit_super(const float *x, int n_sub, int q_max, int level_max, sn_affine_fit *fit) {
    float scale[16], min[16], weight[32], most_scale = 0, most_min = 0;
    int n = SN_QUANT_SUPER / n_sub;
    for (int j = 0; j < n_sub; j++) {
        sn_fit_weights(x + j * n, n, weight);
        scale[j] = sn_fit_affine(x + j * n, weight, n, q_max, &min[j]);
        most_scale = fmaxf(most_scale, scale[j]);
        most_min = fmaxf(most_min, min[j]);
    }
    fit->d = sn_f16_saturated(most_scale / (float)level_max);
    fit->dmin = sn_f16_saturated(most_min / (float)level_max);
    float inverse = sn_quant_inverse(most_scale / (float)level_max);
    float inverse_min = sn_quant_inverse(most_min / (float)level_max);
    for (int j = 0; j < n_sub; j++) {
        fit->scale[j] = (uint8_t)sn_quant_round(scale[j] * inverse, 0, level_max);
        fit->min[j] = (uint8_t)sn_quant_round(min[j] * inverse_min, 0, level_max);
    }
}

void sn_fit_codes(const float *x, int n, const sn_affine_fit *fit, int j, int q_max, uint8_t *q) {
    float inverse = sn_quant_inverse(sn_f16_to_f32(fit->d) * (float)fit->scale[j]);
    float min = sn_f16_to_f32(fit->dmin) * (float)fit->min[j];
    for (int i = 0; i < n; i++) q[i] = (uint8_t)sn_quant_round((x[i] + min) * inverse, 0, q_max);
}
