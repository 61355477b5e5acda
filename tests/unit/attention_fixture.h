/* Random attention problems for the tests: every kind of position value, ragged sequences, any cache type. */
#ifndef ATTENTION_FIXTURE_H
#define ATTENTION_FIXTURE_H

#include "base/philox.h"
#include "kernel/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct problem {
    sn_attention_attr attr;
    sn_dtype type, cache_type; /* of q, out and the tables: f32 or f64; of k and v */
    int64_t n_rows, n_heads, n_kv_heads, d, d_v, n_slots, n_positions;
    int n_sequences;
    int32_t sequences[8][4];
    double *q, *plain_k, *v; /* what the oracle sees: values that the cache type can hold, keys unrotated */
    void *buffer[8];
    sn_call call;
    void *workspace;
} problem;

/* ---- position values ---- */

static const sn_pos_map map_plain = {1, 0, INFINITY, false}, map_zero = {0, 0, INFINITY, false};

static inline sn_position make_rope(int d, int planes, sn_pair_layout layout) {
    sn_position p = {.layout = layout, .n_planes = planes, .gain = 1, .n_pieces = 1};
    for (int m = 0; m < planes; m++) p.frequency[m] = pow(10000, -2.0 * m / (2.0 * planes));
    p.piece[0] = (sn_piece){0, SN_NO_LIMIT, SN_NO_LIMIT, map_plain, map_plain};
    p.mask = (sn_mask){true, SN_NO_LIMIT, 0};
    p.scale = (sn_logit_scale){.constant = 1 / sqrt(d)};
    return p;
}

static inline void far_piece(sn_position *p, int64_t window, sn_pos_map query, sn_pos_map key) {
    p->piece[0].r_max = window;
    p->piece[1] = (sn_piece){0, SN_NO_LIMIT, SN_NO_LIMIT, query, key};
    p->n_pieces = 2;
}

enum { N_KINDS = 12 };
static const char *const kind_names[N_KINDS] = {"rope",          "rerope",     "leaky",        "self-extend",
                                                "inverse leaky", "sinks",      "lambda",       "window",
                                                "gain+logn",     "non-causal", "three pieces", "unrotated"};

static inline sn_position make_kind(int kind, int d, int planes, sn_pair_layout layout, int64_t w) {
    sn_position p = make_rope(d, planes, layout);
    double dw = (double)w;
    switch (kind) {
    case 1: far_piece(&p, w, (sn_pos_map){0, dw, INFINITY, false}, map_zero); break;
    case 2:
        far_piece(&p, w, (sn_pos_map){0.25, dw - dw / 4, INFINITY, false}, (sn_pos_map){0.25, 0, INFINITY, false});
        break;
    case 3:
        far_piece(&p, w, (sn_pos_map){0.25, dw - floor(dw / 4), INFINITY, true}, (sn_pos_map){0.25, 0, INFINITY, true});
        break;
    case 4: far_piece(&p, w, (sn_pos_map){3, dw - 3 * dw, INFINITY, false}, (sn_pos_map){3, 0, INFINITY, false}); break;
    case 5: /* sink keys at their own positions, the query's clamped; both pieces share the key form */
        p.piece[0].r_max = w;
        p.piece[1] = (sn_piece){0, SN_NO_LIMIT, 3, {1, 0, dw + 2, false}, map_plain};
        p.n_pieces = 2;
        p.mask = (sn_mask){true, w, 3};
        break;
    case 6:
        far_piece(&p, w, (sn_pos_map){0, dw, INFINITY, false}, map_zero);
        p.mask = (sn_mask){true, w, 2};
        break;
    case 7: p.mask = (sn_mask){true, w, 0}; break;
    case 8:
        p.gain = 1.3;
        p.scale.log_base = 16, p.scale.log_min = 2, p.scale.log_floor = 1;
        break;
    case 9:
        p.mask.causal = false;
        p.piece[0].r_min = -SN_NO_LIMIT;
        break;
    case 10: /* near, middle, far, and nothing between 3w and 4w */
        far_piece(&p, w, (sn_pos_map){0.5, dw / 2, INFINITY, false}, (sn_pos_map){0.5, 0, INFINITY, false});
        p.piece[1].r_max = 3 * w;
        p.piece[2] = (sn_piece){4 * w, SN_NO_LIMIT, SN_NO_LIMIT, {0, 2 * dw, INFINITY, false}, map_zero};
        p.n_pieces = 3;
        break;
    case 11: p.n_planes = 0; break;
    default: break;
    }
    return p;
}

/* ---- problems ---- */

static inline double draw(uint64_t seed, uint64_t *at, double low, double high) {
    uint32_t w[4];
    sn_philox(seed, 7, (*at)++, w);
    return low + (high - low) * ((double)w[0] + 0.5) / 4294967296.0;
}
static inline int64_t draw_int(uint64_t seed, uint64_t *at, int64_t low, int64_t high) { /* both included */
    return low + (int64_t)floor(draw(seed, at, 0, (double)(high - low + 1)));
}

static inline size_t element_bytes(sn_dtype t, int64_t n) {
    return (size_t)(n / sn_dtype_block(t) * sn_dtype_bytes(t));
}

static inline void store(sn_dtype t, const double *from, void *to, int64_t n) {
    if (t == SN_F64) {
        memcpy(to, from, (size_t)n * sizeof *from);
        return;
    }
    float *f = malloc((size_t)n * sizeof *f + 1);
    for (int64_t i = 0; i < n; i++) f[i] = (float)from[i];
    sn_from_f32(t, f, to, n);
    free(f);
}

static inline void load(sn_dtype t, const void *from, double *to, int64_t n) {
    if (t == SN_F64) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    float *f = malloc((size_t)n * sizeof *f + 1);
    sn_to_f32(t, from, f, n);
    for (int64_t i = 0; i < n; i++) to[i] = (double)f[i];
    free(f);
}

static inline double *random_values(int64_t n, uint64_t seed, uint64_t *at) {
    double *x = malloc((size_t)n * sizeof *x + 1);
    for (int64_t i = 0; i < n; i++) x[i] = (double)(float)draw(seed, at, -1.7, 1.7);
    return x;
}

static inline void turn_pairs(const sn_position *p, const double *angles, int sign, double *x) {
    for (int m = 0; m < p->n_planes; m++) {
        int a = p->layout == SN_PAIR_HALVES ? m : 2 * m, b = p->layout == SN_PAIR_HALVES ? m + p->n_planes : 2 * m + 1;
        double c = angles[2 * m], s = sign * angles[2 * m + 1], xa = x[a], xb = x[b];
        x[a] = xa * c - xb * s;
        x[b] = xa * s + xb * c;
    }
}

/* Position of the key in slot s: the sequences lie one after the other, else 0. */
static inline int64_t slot_position(const problem *t, int64_t s) {
    for (int i = 0; i < t->n_sequences; i++) {
        const int32_t *e = t->sequences[i];
        if (s >= e[3] && s < e[3] + e[1] + e[2]) return s - e[3];
    }
    return 0;
}

/* Cache rows from plain keys, and back: the oracle works on what the cache really holds. */
static inline void fill_keys(problem *t, void *cache) {
    const sn_position *p = &t->attr.position;
    double *canonical = calloc((size_t)(t->n_positions * p->n_planes * 2 + 1), sizeof *canonical);
    double gain = p->gain * p->gain;
    sn_position_tables(p, SN_F64, t->n_positions, 0, t->n_positions, NULL, NULL, canonical);
    size_t row_bytes = element_bytes(t->cache_type, t->d);
    for (int64_t s = 0; s < t->n_slots; s++) {
        const double *angles = canonical + slot_position(t, s) * p->n_planes * 2;
        for (int64_t h = 0; h < t->n_kv_heads; h++) {
            double *row = t->plain_k + (s * t->n_kv_heads + h) * t->d;
            char *to = (char *)cache + (size_t)(s * t->n_kv_heads + h) * row_bytes;
            turn_pairs(p, angles, 1, row);
            store(t->cache_type, row, to, t->d);
            load(t->cache_type, to, row, t->d);
            turn_pairs(p, angles, -1, row);
            for (int m = 0; m < 2 * p->n_planes; m++) row[m] /= gain;
        }
    }
    free(canonical);
}

static inline void bind(problem *t) {
    const sn_position *p = &t->attr.position;
    int64_t q[] = {t->n_rows, t->n_heads, t->d}, k[] = {t->n_slots, t->n_kv_heads, t->d};
    int64_t v[] = {t->n_slots, t->n_kv_heads, t->d_v}, s[] = {t->n_sequences, 4}, o[] = {t->n_rows, t->n_heads, t->d_v};
    int64_t table[] = {p->n_pieces, t->n_positions, p->n_planes, 2};
    t->call = (sn_call){.attr = &t->attr, .n_in = 6, .n_out = 2};
    t->call.in[SN_ATTENTION_Q] = sn_tensor_make(t->type, 3, q, t->buffer[0]);
    t->call.in[SN_ATTENTION_K] = sn_tensor_make(t->cache_type, 3, k, t->buffer[1]);
    t->call.in[SN_ATTENTION_V] = sn_tensor_make(t->cache_type, 3, v, t->buffer[2]);
    t->call.in[SN_ATTENTION_SEQUENCES] = sn_tensor_make(SN_I32, 2, s, t->sequences);
    t->call.in[SN_ATTENTION_QUERY_TABLE] = sn_tensor_make(t->type, 4, table, t->buffer[3]);
    t->call.in[SN_ATTENTION_KEY_TABLE] = sn_tensor_make(t->type, 4, table, t->buffer[4]);
    if (p->n_planes == 0) t->call.in[4] = t->call.in[5] = (sn_tensor){.n_dims = -1};
    t->call.out[0] = sn_tensor_make(t->type, 3, o, t->buffer[5]);
    t->call.out[1] = sn_tensor_make(t->type, 2, o, t->buffer[6]);
}

/* Everything but the data is given in t; sequences as well. */
static inline void problem_fill(problem *t, uint64_t seed) {
    const sn_position *p = &t->attr.position;
    uint64_t at = 0;
    int64_t n_q = t->n_rows * t->n_heads * t->d, n_k = t->n_slots * t->n_kv_heads * t->d;
    int64_t n_v = t->n_slots * t->n_kv_heads * t->d_v, n_table = p->n_pieces * t->n_positions * p->n_planes * 2;
    t->q = random_values(n_q, seed, &at);
    t->plain_k = random_values(n_k, seed, &at);
    t->v = random_values(n_v, seed, &at);
    const int64_t counts[] = {n_q, n_k, n_v, n_table, n_table, t->n_rows * t->n_heads * t->d_v, t->n_rows * t->n_heads};
    for (int i = 0; i < 7; i++) {
        sn_dtype type = i == 1 || i == 2 ? t->cache_type : t->type;
        size_t bytes = element_bytes(type, counts[i]);
        if (posix_memalign(&t->buffer[i], 64, bytes + 64) != 0) abort();
        memset(t->buffer[i], 0x5a, bytes);
    }
    store(t->type, t->q, t->buffer[0], n_q);
    fill_keys(t, t->buffer[1]);
    store(t->cache_type, t->v, t->buffer[2], n_v);
    load(t->cache_type, t->buffer[2], t->v, n_v);
    sn_position_tables(p, t->type, t->n_positions, 0, t->n_positions, t->buffer[3], t->buffer[4], NULL);
    bind(t);
}

static inline void problem_free(problem *t) {
    for (int i = 0; i < 8; i++) free(t->buffer[i]);
    free(t->workspace);
    free(t->q);
    free(t->plain_k);
    free(t->v);
    memset(t, 0, sizeof *t);
}

/* Packs sequences of (rows, first position) one after the other, a gap of rows and of slots before each. */
static inline void lay_out(problem *t, int n, const int64_t (*sequence)[2], int gap) {
    t->n_sequences = n;
    t->n_rows = t->n_slots = t->n_positions = 0;
    for (int i = 0; i < n; i++) {
        t->n_rows += gap, t->n_slots += gap;
        int64_t rows = sequence[i][0], position = sequence[i][1];
        const int32_t e[4] = {(int32_t)t->n_rows, (int32_t)rows, (int32_t)position, (int32_t)t->n_slots};
        memcpy(t->sequences[i], e, sizeof e);
        t->n_rows += rows;
        t->n_slots += rows + position;
        if (rows + position > t->n_positions) t->n_positions = rows + position;
    }
}

/* ---- the oracle: the definition, pair by pair, in double ---- */

static inline void oracle_row(const problem *t, const int32_t *e, int64_t r, int64_t h, double *out, double *lse) {
    const sn_position *p = &t->attr.position;
    int64_t i = e[2] + r, kv = h / (t->n_heads / t->n_kv_heads), n_keys = e[1] + e[2];
    double *logits = malloc((size_t)n_keys * sizeof *logits), max = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n_keys; j++) {
        logits[j] = sn_position_logit(p, t->q + ((e[0] + r) * t->n_heads + h) * t->d,
                                      t->plain_k + ((e[3] + j) * t->n_kv_heads + kv) * t->d, (int)t->d, i, j);
        max = fmax(max, logits[j]);
    }
    for (int64_t x = 0; x < t->d_v; x++) out[x] = 0;
    for (int64_t j = 0; j < n_keys; j++) {
        double weight = max > -INFINITY ? exp(logits[j] - max) : 0;
        sum += weight;
        for (int64_t x = 0; x < t->d_v; x++) out[x] += weight * t->v[((e[3] + j) * t->n_kv_heads + kv) * t->d_v + x];
    }
    for (int64_t x = 0; x < t->d_v && sum > 0; x++) out[x] /= sum;
    *lse = max + log(sum);
    free(logits);
}

void sn_forward_f64_attention(const sn_call *c);

/* Out and lse of the f64 reference on the values of t, which t's own types hold: the caller frees both. */
static inline void problem_reference(const problem *t, double **out, double **lse) {
    const sn_tensor *in = t->call.in;
    sn_call c = t->call;
    double *copy[SN_ATTENTION_KEY_TABLE + 1];
    for (int i = 0; i <= SN_ATTENTION_KEY_TABLE; i++) {
        copy[i] = NULL;
        if (i == SN_ATTENTION_SEQUENCES || in[i].n_dims < 0) continue;
        copy[i] = malloc((size_t)sn_tensor_count(&in[i]) * sizeof(double) + 1);
        load(in[i].dtype, in[i].data, copy[i], sn_tensor_count(&in[i]));
        c.in[i] = sn_tensor_make(SN_F64, in[i].n_dims, in[i].shape, copy[i]);
    }
    *out = malloc((size_t)sn_tensor_count(&c.out[0]) * sizeof(double) + 1);
    *lse = malloc((size_t)sn_tensor_count(&c.out[1]) * sizeof(double) + 1);
    c.out[0] = sn_tensor_make(SN_F64, 3, c.out[0].shape, *out);
    c.out[1] = sn_tensor_make(SN_F64, 2, c.out[1].shape, *lse);
    sn_forward_f64_attention(&c);
    for (int i = 0; i <= SN_ATTENTION_KEY_TABLE; i++) free(copy[i]);
}

static inline double worst_difference(const double *got, const double *want, int64_t n, bool relative) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) {
        if (got[i] == want[i]) continue;
        double error = fabs(got[i] - want[i]) / (relative ? fmax(1, fabs(want[i])) : 1);
        worst = fmax(worst, isnan(error) ? INFINITY : error);
    }
    return worst;
}

/* Largest error of the outputs relative to the largest output, lse likewise; rows of no sequence must be zero. */
static inline double problem_error(const problem *t) {
    int64_t n_out = t->n_rows * t->n_heads * t->d_v, n_lse = t->n_rows * t->n_heads;
    double *out = calloc((size_t)n_out + 1, sizeof *out), *lse = calloc((size_t)n_lse + 1, sizeof *lse);
    double *got = malloc((size_t)(n_out + n_lse + 1) * sizeof *got), worst;
    for (int s = 0; s < t->n_sequences; s++)
        for (int64_t r = 0; r < t->sequences[s][1]; r++)
            for (int64_t h = 0; h < t->n_heads; h++) {
                int64_t row = (t->sequences[s][0] + r) * t->n_heads + h;
                oracle_row(t, t->sequences[s], r, h, out + row * t->d_v, lse + row);
            }
    load(t->type, t->buffer[5], got, n_out);
    load(t->type, t->buffer[6], got + n_out, n_lse);
    worst = fmax(worst_difference(got, out, n_out, false), worst_difference(got + n_out, lse, n_lse, true));
    free(out), free(lse), free(got);
    return worst;
}

#endif
