/* A conditional density of one variable: a Fourier basis density whose coefficients a network gives. */
#ifndef SN_LAYER_DENSITY_H
#define SN_LAYER_DENSITY_H

#include "suan/graph.h"

/* log p(x) of n rows, each with coefficients of its own: p(x) = |A(x)|^2 / (2 sum |a_k|^2), A(x) = sum_k a_k
 * e^(-i pi k x), k = 0..K-1, on [-1, 1].
 *   real, imaginary [n, K]; x [n]; orders [K], the numbers 0..K-1 (sn_layer_density_orders). Result [n]. */
sn_value *sn_layer_fourier_density(sn_graph *g, sn_value *real, sn_value *imaginary, sn_value *x, sn_value *orders);

typedef struct sn_density_head_weights {
    sn_value *weight, *bias; /* [2 K + 2, n_embd], [2 K + 2]; the rows: real, imaginary, shift, log scale */
    sn_value *orders;        /* [K] */
} sn_density_head_weights;

/* log q(y | hidden) of n rows on the line: x = tanh((y - shift) / scale). hidden [n, n_embd], y [n]. Result [n]; its
 * negative mean is the loss to train with. */
sn_value *sn_layer_density_head(sn_graph *g, sn_value *hidden, const sn_density_head_weights *w, sn_value *y);

/* 0, 1, ..., n-1, to be bound to `orders`. */
void sn_layer_density_orders(float *out, int64_t n);

#endif
