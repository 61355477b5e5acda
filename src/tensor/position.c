#include "suan/position.h"

#include <math.h>

double sn_pos_map_at(const sn_pos_map *map, int64_t x) {
    double scaled = (double)x * map->scale;
    /* x * (1/G) can fall just short of a whole number (49 * (1.0/49) < 1); up to 2^50 the nudge mends exactly that. */
    if (map->floors) scaled = floor(scaled * (1 + 0x1p-50));
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

typedef struct span {
    int64_t from, to; /* of keys, half-open */
} span;

static span cut(span a, span b) { return (span){a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to}; }

/* The keys 0..i at distances r_min <= r < r_max. */
static span at_distance(int64_t i, int64_t r_min, int64_t r_max) {
    span s = {0, i + 1};
    if (r_max <= i) s.from = i - r_max + 1;
    if (r_min > 0) s.to = r_min > i ? 0 : i - r_min + 1;
    return s;
}

int64_t sn_position_count(const sn_position *p, int64_t i) {
    const span shown[2] = {at_distance(i, 0, p->mask.window), cut((span){0, i + 1}, (span){0, p->mask.sinks})};
    int64_t count = 0;
    span seen[2 * SN_MAX_PIECES];
    int n = 0;
    for (int c = 0; c < p->n_pieces; c++) {
        span piece = cut(at_distance(i, p->piece[c].r_min, p->piece[c].r_max), (span){0, p->piece[c].key_max});
        for (int k = 0; k < 2; k++) seen[n++] = cut(piece, shown[k]);
    }
    for (int64_t at = 0; at <= i;) { /* the union of the spans, left to right */
        int64_t end = at, next = i + 1;
        for (int c = 0; c < n; c++) {
            if (seen[c].from >= seen[c].to || seen[c].to <= at) continue;
            if (seen[c].from <= at && seen[c].to > end) end = seen[c].to;
            if (seen[c].from > at && seen[c].from < next) next = seen[c].from;
        }
        count += end - at;
        at = end > at ? end : next;
    }
    return count;
}

double sn_position_scale(const sn_position *p, int64_t i) {
    const sn_logit_scale *s = &p->scale;
    if (s->log_base <= 0) return s->constant;
    double ratio = log(fmax((double)sn_position_count(p, i), s->log_min)) / log(s->log_base);
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
