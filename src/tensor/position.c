#include "suan/position.h"

#include <math.h>

double sn_pos_map_at(const sn_pos_map *map, int64_t x) {
    double scaled = (double)x * map->scale;
    if (map->floors) scaled = floor(scaled);
    return fmin(map->clamp, map->offset + scaled);
}

static bool visible(const sn_mask *mask, int64_t i, int64_t j) {
    if (mask->causal && j > i) return false;
    return i - j < mask->window || j < mask->sinks;
}

int sn_position_piece(const sn_position *p, int64_t i, int64_t j) {
    if (!visible(&p->mask, i, j)) return -1;
    for (int n = 0; n < p->n_pieces; n++) {
        const sn_piece *piece = &p->piece[n];
        if (i - j >= piece->r_min && i - j < piece->r_max && j < piece->key_max) return n;
    }
    return -1;
}

double sn_position_scale(const sn_position *p, int64_t i) {
    const sn_logit_scale *s = &p->scale;
    if (s->log_base <= 0) return s->constant;
    double n = (double)i + 1;
    if (p->mask.window != SN_NO_LIMIT) n = fmin(n, (double)p->mask.window + (double)p->mask.sinks);
    double ratio = log(fmax(n, s->log_min)) / log(s->log_base);
    return s->constant * fmax(s->log_floor, ratio);
}

static double plane_dot(const sn_position *p, const double *q, const double *k, int m, double angle) {
    bool halves = p->layout == SN_PAIR_HALVES;
    int a = halves ? m : 2 * m, b = halves ? m + p->n_planes : 2 * m + 1;
    double c = cos(angle), s = sin(angle);
    return (q[a] * k[a] + q[b] * k[b]) * c + (q[b] * k[a] - q[a] * k[b]) * -s;
}

double sn_position_logit(const sn_position *p, const double *q, const double *k, int d_head, int64_t i, int64_t j) {
    int n = sn_position_piece(p, i, j);
    if (n < 0) return -INFINITY;
    double distance = sn_pos_map_at(&p->piece[n].query, i) - sn_pos_map_at(&p->piece[n].key, j);
    double dot = 0;
    for (int m = 0; m < p->n_planes; m++) dot += plane_dot(p, q, k, m, distance * p->frequency[m]);
    dot *= p->gain * p->gain;
    for (int c = 2 * p->n_planes; c < d_head; c++) dot += q[c] * k[c];
    return sn_position_scale(p, i) * dot;
}
