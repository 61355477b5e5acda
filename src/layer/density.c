#include "layer/density.h"

static const double pi = 3.14159265358979323846;
static const double smallest = 1e-12; /* |A|^2 in f32 where it vanishes, as a share of sum |a_k|^2 */

void sn_layer_density_orders(float *out, int64_t n) {
    for (int64_t k = 0; k < n; k++) out[k] = (float)k;
}

static int64_t rows_of(sn_value *v) { return v ? sn_value_tensor(v)->shape[0] : 0; }

static sn_value *as_column(sn_graph *g, sn_value *v) { return sn_reshape(g, v, 2, (int64_t[]){rows_of(v), 1}); }

/* The sum of a u + b v over the last dimension. */
static sn_value *inner(sn_graph *g, sn_value *a, sn_value *u, sn_value *b, sn_value *v) {
    return sn_sum(g, sn_add(g, sn_mul(g, a, u), sn_mul(g, b, v)), -1, false);
}

sn_value *sn_layer_fourier_density(sn_graph *g, sn_value *real, sn_value *imaginary, sn_value *x, sn_value *orders) {
    sn_value *angle = sn_mul(g, sn_scale(g, as_column(g, x), pi, 0), orders); /* [n, K] */
    sn_value *c = sn_cos(g, angle), *s = sn_sin(g, angle);
    sn_value *re = inner(g, real, c, imaginary, s);
    sn_value *im = inner(g, imaginary, c, sn_neg(g, real), s);
    sn_value *size = sn_add(g, sn_square(g, re), sn_square(g, im));
    sn_value *power = inner(g, real, real, imaginary, imaginary);
    return sn_log(g, sn_scale(g, sn_div(g, size, power), 0.5, 0.5 * smallest));
}

/* log(1 - tanh(z)^2) = 2 (log 2 - z - softplus(-2 z)) */
static sn_value *log_slope(sn_graph *g, sn_value *z) {
    sn_value *soft = sn_softplus(g, sn_scale(g, z, -2, 0));
    return sn_scale(g, sn_add(g, z, soft), -2, 2 * 0.69314718055994530942);
}

sn_value *sn_layer_density_head(sn_graph *g, sn_value *hidden, const sn_density_head_weights *w, sn_value *y) {
    sn_value *all = sn_linear(g, hidden, w->weight, w->bias);
    int64_t n = rows_of(hidden), k = rows_of(w->orders);
    sn_value *shift = sn_reshape(g, sn_slice(g, all, 1, 2 * k, 2 * k + 1), 1, &n);
    sn_value *scale = sn_reshape(g, sn_slice(g, all, 1, 2 * k + 1, 2 * k + 2), 1, &n);
    sn_value *z = sn_mul(g, sn_sub(g, y, shift), sn_exp(g, sn_neg(g, scale)));
    sn_value *p =
        sn_layer_fourier_density(g, sn_slice(g, all, 1, 0, k), sn_slice(g, all, 1, k, 2 * k), sn_tanh(g, z), w->orders);
    return sn_sub(g, sn_add(g, p, log_slope(g, z)), scale);
}
