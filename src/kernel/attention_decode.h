/* Attention of few query rows, bound by reading the cache: keys are split into ranges, each worked on by one
 * task for all heads, so that memory is read in order; a merge joins the ranges. Query heads that share a
 * key head are taken up to four at a time against each key that is loaded. f32 arithmetic on any cache type.
 *
 * Heads and keys share a vector of logits: lane = key * H + head, H = 1, 2 or 4 heads at a time. */
#ifndef SN_KERNEL_ATTENTION_DECODE_H
#define SN_KERNEL_ATTENTION_DECODE_H

#include "kernel/attention_prefill.h"

enum {
    DECODE_ROWS = 4,  /* of a sequence, at most */
    SPLITS = 32,      /* key ranges over all sequences, roughly */
    SPLIT_KEYS = 256, /* at least, per range */
    SPAN = 64,        /* keys worked on at a time */
    AHEAD = 64        /* keys between the one in use and the one asked for */
};

typedef struct decode {
    const sn_call *c;
    const sn_position *p;
    sn_attention_dims dims;
    int64_t d_pad, v_pad, n_splits, row_space; /* row_space: rows of a sequence that have room */
    int h;                                     /* heads at a time */
    int64_t n_sets;  /* sets of h heads over all kv heads, the last of each filled up with zeros */
    float *queries;  /* [sequences][row_space][pieces][sets][h][d_pad], scaled */
    float *partials; /* [sequences][n_splits][row_space][sets] states, see state_floats */
    char *scratch;   /* per thread */
    int64_t scratch_bytes;
} decode;

/* Sums of one set of heads over a range of keys. */
typedef struct decode_state {
    float *max, *sum; /* [LANES], lane l holds head l % h; the lanes of a head are partial sums */
    float *out;       /* [h][v_pad] */
} decode_state;

static int64_t state_floats(const decode *w) { return 2 * LANES + w->h * w->v_pad; }

static decode_state state_at(const decode *w, int64_t sequence, int64_t split, int64_t row, int64_t set) {
    int64_t index = ((sequence * w->n_splits + split) * w->row_space + row) * w->n_sets + set;
    float *at = w->partials + index * state_floats(w);
    return (decode_state){at, at + LANES, at + 2 * LANES};
}

static decode decode_of(const sn_call *c) {
    const sn_attention_attr *attr = c->attr;
    decode w = {.c = c, .p = &attr->position, .dims = sn_attention_dims_of(c)};
    w.d_pad = round_up(w.dims.d, 32), w.v_pad = round_up(w.dims.d_v, 32);
    w.h = w.dims.group >= 3 ? 4 : (int)w.dims.group;
    w.n_sets = w.dims.n_kv_heads * ((w.dims.group + w.h - 1) / w.h);
    w.row_space = w.dims.n_rows < DECODE_ROWS ? w.dims.n_rows : DECODE_ROWS;
    w.n_splits = w.dims.n_sequences >= SPLITS ? 1 : SPLITS / (w.dims.n_sequences > 0 ? w.dims.n_sequences : 1);
    return w;
}

static int64_t query_floats(const decode *w) { return w->p->n_pieces * w->n_sets * w->h * w->d_pad; }

static int64_t decode_scratch_bytes(const decode *w) {
    int64_t floats = SPAN * (w->d_pad + w->v_pad) + SPAN * 4 + LANES;
    return round_up(floats * (int64_t)sizeof(float), 64);
}

static char *decode_carve(decode *w, char *at, int n_threads) {
    int64_t n_states = w->dims.n_sequences * w->n_splits * w->row_space * w->n_sets;
    w->queries = carve(&at, w->dims.n_sequences * w->row_space * query_floats(w) * (int64_t)sizeof(float));
    w->partials = carve(&at, n_states * state_floats(w) * (int64_t)sizeof(float));
    w->scratch_bytes = decode_scratch_bytes(w);
    w->scratch = carve(&at, n_threads * w->scratch_bytes);
    return at;
}

/* ---- queries ---- */

static float *decode_query(const decode *w, int64_t sequence, int64_t r, int piece, int64_t set) {
    return w->queries + (sequence * w->row_space + r) * query_floats(w) + (piece * w->n_sets + set) * w->h * w->d_pad;
}

static void decode_pack_head(const decode *w, int64_t sequence, int64_t r, int64_t row, int64_t i, int piece,
                             int64_t set, int h) {
    const sn_tensor *q = &w->c->in[SN_ATTENTION_Q];
    int64_t sets_per_kv = w->n_sets / w->dims.n_kv_heads, in_group = set % sets_per_kv * w->h + h;
    float *to = decode_query(w, sequence, r, piece, set) + h * w->d_pad;
    memset(to, 0, (size_t)w->d_pad * sizeof *to);
    if (in_group >= w->dims.group) return;
    int64_t head = set / sets_per_kv * w->dims.group + in_group;
    row_load(SN_F32, (const char *)q->data + row * q->stride[0] + head * q->stride[1], w->dims.d, to);
    if (w->p->n_planes > 0)
        row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, piece, i), 1, to);
    vec scale = v_set((float)(sn_position_scale(w->p, i) * 1.4426950408889634));
    for (int64_t x = 0; x < w->d_pad; x += LANES) v_store(to + x, v_mul(v_load(to + x), scale));
}

static void decode_pack_task(void *arg, int64_t s, int thread) {
    const decode *w = arg;
    sn_attention_sequence sequence;
    (void)thread;
    if (!sn_attention_sequence_get(w->c, s, &sequence) || sequence.n_rows > DECODE_ROWS) return;
    for (int64_t r = 0; r < sequence.n_rows; r++)
        for (int piece = 0; piece < w->p->n_pieces; piece++)
            for (int64_t set = 0; set < w->n_sets; set++)
                for (int h = 0; h < w->h; h++)
                    decode_pack_head(w, s, r, sequence.row + r, sequence.position + r, piece, set, h);
}

/* ---- a span of keys that one row meets in one piece ---- */

/* Rows of keys or values, one every `step` bytes. */
typedef struct rows {
    const char *at;
    int64_t step;
    sn_dtype dtype;
} rows;

SN_INLINE int64_t row_bytes(sn_dtype dtype, int64_t n) {
    return dtype == SN_F32 ? 4 * n : dtype == SN_Q8_0 ? n / Q8_BLOCK * Q8_BYTES : 2 * n;
}
/* Asks for the same head's row some keys on, at the pace at which rows are used: with the heads of a key used
 * at different times, the processor does not see through the order by itself. */
SN_INLINE void prefetch_ahead(sn_dtype dtype, const char *row, int64_t n) {
    for (int64_t b = 0; b < row_bytes(dtype, n); b += 64) _mm_prefetch(row + b, _MM_HINT_T1);
}

/* Logits of LANES / h keys; keys at or beyond n repeat the last. */
SN_INLINE vec key_logits(sn_dtype dtype, int h, rows keys, int64_t first, int64_t n, const float *q, int64_t d,
                         int64_t d_pad) {
    vec sum[LANES];
    const char *key[LANES];
    int n_keys = LANES / h;
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) sum[i] = v_set(0);
#pragma GCC unroll 16
    for (int k = 0; k < n_keys; k++) key[k] = keys.at + (first + k < n ? first + k : n - 1) * keys.step;
    for (int k = 0; k < n_keys; k++) prefetch_ahead(dtype, keys.at + (first + k + AHEAD) * keys.step, d);
    for (int64_t x = 0; x < d; x += LANES) {
#pragma GCC unroll 16
        for (int k = 0; k < n_keys; k++) {
            vec y = row_vec(dtype, key[k], x);
#pragma GCC unroll 4
            for (int i = 0; i < h; i++) sum[k * h + i] = v_fma(y, v_load(q + i * d_pad + x), sum[k * h + i]);
        }
    }
    return v_reduce_each(sum);
}

SN_INLINE void span_logits_as(sn_dtype dtype, int h, rows keys, int64_t n, const float *q, int64_t d, int64_t d_pad,
                              float *to) {
    for (int64_t k = 0; k < n; k += LANES / h) v_store(to + k * h, key_logits(dtype, h, keys, k, n, q, d, d_pad));
}

/* out[i] += sum_k weights[k, i] values[k], columns [x, x + width vectors). */
SN_INLINE void span_values_block(sn_dtype dtype, int h, int width, rows values, int64_t n, const float *weights,
                                 int64_t x, float *out, int64_t v_pad) {
    vec sum[4][4];
#pragma GCC unroll 4
    for (int i = 0; i < h; i++)
#pragma GCC unroll 4
        for (int v = 0; v < width; v++) sum[i][v] = v_load(out + i * v_pad + x + v * LANES);
    for (int64_t k = 0; k < n; k++) {
        const char *row = values.at + k * values.step;
        prefetch_ahead(dtype, row + AHEAD * values.step + row_bytes(dtype, x), width * LANES);
        vec y[4];
#pragma GCC unroll 4
        for (int v = 0; v < width; v++) y[v] = row_vec(dtype, row, x + v * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < h; i++) {
            vec weight = v_set(weights[k * h + i]);
#pragma GCC unroll 4
            for (int v = 0; v < width; v++) sum[i][v] = v_fma(weight, y[v], sum[i][v]);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < h; i++)
#pragma GCC unroll 4
        for (int v = 0; v < width; v++) v_store(out + i * v_pad + x + v * LANES, sum[i][v]);
}

enum { VALUE_VECS = LANES == 16 ? 4 : 2 };

SN_INLINE void span_values_as(sn_dtype dtype, int h, rows values, int64_t n, const float *weights, int64_t d_v,
                              float *out, int64_t v_pad) {
    int64_t x = 0;
    for (; x + VALUE_VECS * LANES <= d_v; x += VALUE_VECS * LANES)
        span_values_block(dtype, h, VALUE_VECS, values, n, weights, x, out, v_pad);
    for (; x < d_v; x += LANES) span_values_block(dtype, h, 1, values, n, weights, x, out, v_pad);
}

/* One inlined body per cache type and number of heads. */
#define FOR_EACH_TYPE(dtype, call)                                                                                     \
    switch (dtype) {                                                                                                   \
    case SN_F32: call(SN_F32); break;                                                                                  \
    case SN_F16: call(SN_F16); break;                                                                                  \
    case SN_BF16: call(SN_BF16); break;                                                                                \
    default: call(SN_Q8_0); break;                                                                                     \
    }
#define SPAN_LOGITS(dtype)                                                                                             \
    (h == 4   ? span_logits_as(dtype, 4, keys, n, q, d, d_pad, to)                                                     \
     : h == 2 ? span_logits_as(dtype, 2, keys, n, q, d, d_pad, to)                                                     \
              : span_logits_as(dtype, 1, keys, n, q, d, d_pad, to))
#define SPAN_VALUES(dtype)                                                                                             \
    (h == 4   ? span_values_as(dtype, 4, values, n, weights, d_v, out, v_pad)                                          \
     : h == 2 ? span_values_as(dtype, 2, values, n, weights, d_v, out, v_pad)                                          \
              : span_values_as(dtype, 1, values, n, weights, d_v, out, v_pad))

static void span_logits(int h, rows keys, int64_t n, const float *q, int64_t d, int64_t d_pad, float *to) {
    FOR_EACH_TYPE(keys.dtype, SPAN_LOGITS)
}
static void span_values(int h, rows values, int64_t n, const float *weights, int64_t d_v, float *out, int64_t v_pad) {
    FOR_EACH_TYPE(values.dtype, SPAN_VALUES)
}

/* Lane l gets the maximum of the lanes that hold the same head, l % h. */
static vec max_per_head(vec x, int h) {
    float lane[LANES], most[4];
    v_store(lane, x);
    for (int i = 0; i < h; i++) {
        most[i] = lane[i];
        for (int l = i + h; l < LANES; l += h) most[i] = most[i] > lane[l] ? most[i] : lane[l];
    }
    for (int l = 0; l < LANES; l++) lane[l] = most[l % h];
    return v_load(lane);
}

/* Logits to weights; the state is brought to the new maximum. */
static void span_softmax(const decode *w, const decode_state *s, float *logits, int64_t n) {
    int64_t n_lanes = n * w->h, padded = round_up(n_lanes, LANES);
    for (int64_t l = n_lanes; l < padded; l++) logits[l] = -INFINITY;
    vec before = v_load(s->max), max = before;
    for (int64_t l = 0; l < padded; l += LANES) max = v_max(max, v_load(logits + l));
    max = max_per_head(max, w->h);
    vec keep = v_exp2(v_sub(before, max)), sum = v_mul(v_load(s->sum), keep);
    for (int64_t l = 0; l < padded; l += LANES) {
        vec weight = v_exp2(v_sub(v_load(logits + l), max));
        v_store(logits + l, weight);
        sum = v_add(sum, weight);
    }
    v_store(s->sum, sum);
    if (v_reduce_max(v_sub(max, before)) <= 0) return;
    v_store(s->max, max);
    float factor[LANES];
    v_store(factor, keep);
    for (int i = 0; i < w->h; i++)
        for (int64_t x = 0; x < w->v_pad; x += LANES)
            v_store(s->out + i * w->v_pad + x, v_mul(v_load(s->out + i * w->v_pad + x), v_set(factor[i])));
}

/* Rows of the cache as they are, or as f32 in `buffer` where they must be turned or do not fill vectors. */
static rows span_rows(const sn_tensor *t, const sn_attention_sequence *s, int64_t j, int64_t n, int64_t kv_head,
                      bool turns, const decode *w, int piece, float *buffer, int64_t pad) {
    if (!turns && t->shape[2] % LANES == 0) return (rows){sn_attention_key(t, s, j, kv_head), t->stride[0], t->dtype};
    for (int64_t k = 0; k < n; k++) {
        float *to = buffer + k * pad;
        row_load(t->dtype, sn_attention_key(t, s, j + k, kv_head), t->shape[2], to);
        if (turns) row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_KEY_TABLE, piece, j + k), 1, to);
    }
    return (rows){(const char *)buffer, pad * (int64_t)sizeof(float), SN_F32};
}

/* Keys [j, j + n), n <= SPAN, of one kv head against the sets of heads that share it. */
static void meet_span(const decode *w, const sn_attention_sequence *s, int64_t sequence, int64_t split, int64_t r,
                      int64_t kv_head, int piece, int64_t j, int64_t n, char *scratch) {
    const sn_tensor *k = &w->c->in[SN_ATTENTION_K], *v = &w->c->in[SN_ATTENTION_V];
    float *key_buffer = (float *)(void *)scratch, *value_buffer = key_buffer + SPAN * w->d_pad;
    float *logits = value_buffer + SPAN * w->v_pad;
    int64_t sets = w->n_sets / w->dims.n_kv_heads;
    rows keys = span_rows(k, s, j, n, kv_head, sn_attention_key_turns(w->p, piece), w, piece, key_buffer, w->d_pad);
    rows values = span_rows(v, s, j, n, kv_head, false, w, piece, value_buffer, w->v_pad);
    for (int64_t set = kv_head * sets; set < (kv_head + 1) * sets; set++) {
        decode_state state = state_at(w, sequence, split, r, set);
        span_logits(w->h, keys, n, decode_query(w, sequence, r, piece, set), w->dims.d, w->d_pad, logits);
        span_softmax(w, &state, logits, n);
        span_values(w->h, values, n, logits, w->dims.d_v, state.out, w->v_pad);
    }
}

/* ---- ranges ---- */

static int64_t splits_used(const decode *w, const sn_attention_sequence *s) {
    int64_t n = s->n_keys / SPLIT_KEYS;
    return n < 1 ? 1 : n < w->n_splits ? n : w->n_splits;
}

static void clear_states(const decode *w, int64_t sequence, int64_t split, int64_t n_rows) {
    for (int64_t r = 0; r < n_rows; r++)
        for (int64_t set = 0; set < w->n_sets; set++) {
            decode_state s = state_at(w, sequence, split, r, set);
            for (int l = 0; l < LANES; l++) s.max[l] = LOWEST, s.sum[l] = 0;
            memset(s.out, 0, (size_t)(w->h * w->v_pad) * sizeof *s.out);
        }
}

/* What row r sees of the keys [from, to), head after head. */
static void meet_range(const decode *w, const sn_attention_sequence *s, int64_t sequence, int64_t split, int64_t r,
                       int64_t from, int64_t to, char *scratch) {
    sn_segment segments[SN_MAX_SEGMENTS];
    int n = sn_attention_segments(w->p, s->position + r, s->n_keys, segments);
    for (int64_t kv_head = 0; kv_head < w->dims.n_kv_heads; kv_head++) {
        for (int k = 0, at = (int)from; k < n && at < to; k++) {
            if (segments[k].to <= at) continue;
            int64_t end = segments[k].to < to ? segments[k].to : to;
            if (segments[k].piece >= 0)
                meet_span(w, s, sequence, split, r, kv_head, segments[k].piece, at, end - at, scratch);
            at = (int)end;
        }
    }
}

static void decode_task(void *arg, int64_t task, int thread) {
    const decode *w = arg;
    int64_t sequence = task / w->n_splits, split = task % w->n_splits;
    sn_attention_sequence s;
    if (!sn_attention_sequence_get(w->c, sequence, &s) || s.n_rows > DECODE_ROWS) return;
    int64_t n_splits = splits_used(w, &s), length = round_up((s.n_keys + n_splits - 1) / n_splits, SPAN);
    if (split >= n_splits) return;
    clear_states(w, sequence, split, s.n_rows);
    int64_t from = split * length, end = from + length < s.n_keys ? from + length : s.n_keys;
    for (; from < end; from += SPAN)
        for (int64_t r = 0; r < s.n_rows; r++)
            meet_range(w, &s, sequence, split, r, from, from + SPAN < end ? from + SPAN : end,
                       w->scratch + thread * w->scratch_bytes);
}

/* ---- merge ---- */

static void merge_head(const decode *w, int64_t sequence, int64_t n_splits, int64_t r, int64_t row, int64_t head) {
    int64_t sets_per_kv = w->n_sets / w->dims.n_kv_heads, in_group = head % w->dims.group;
    int64_t set = head / w->dims.group * sets_per_kv + in_group / w->h, h = in_group % w->h;
    float *out = (float *)w->c->out[0].data + (row * w->dims.n_heads + head) * w->dims.d_v, max = LOWEST;
    double sum = 0;
    for (int64_t k = 0; k < n_splits; k++) {
        float own = state_at(w, sequence, k, r, set).max[h];
        max = own > max ? own : max;
    }
    memset(out, 0, (size_t)w->dims.d_v * sizeof *out);
    for (int64_t k = 0; k < n_splits; k++) {
        decode_state s = state_at(w, sequence, k, r, set);
        float keep = exp2f(s.max[h] - max);
        for (int64_t l = h; l < LANES; l += w->h) sum += (double)(keep * s.sum[l]);
        for (int64_t x = 0; x < w->dims.d_v; x++) out[x] += keep * s.out[h * w->v_pad + x];
    }
    float scale = sum > 0 ? (float)(1 / sum) : 0;
    for (int64_t x = 0; x < w->dims.d_v; x++) out[x] *= scale;
    if (w->c->n_out > 1)
        ((float *)w->c->out[1].data)[row * w->dims.n_heads + head] =
            sum > 0 ? (float)(((double)max + log2(sum)) * 0.6931471805599453) : -INFINITY;
}

static void merge_task(void *arg, int64_t sequence, int thread) {
    const decode *w = arg;
    sn_attention_sequence s;
    (void)thread;
    if (!sn_attention_sequence_get(w->c, sequence, &s) || s.n_rows > DECODE_ROWS) return;
    for (int64_t r = 0; r < s.n_rows; r++)
        for (int64_t head = 0; head < w->dims.n_heads; head++)
            merge_head(w, sequence, splits_used(w, &s), r, s.row + r, head);
}

static int64_t decode_bytes(const sn_call *c, int n_threads) {
    decode w = decode_of(c);
    char *base = (char *)(uintptr_t)64; /* only measured */
    return decode_carve(&w, base, n_threads) - base;
}

/* All sequences of at most DECODE_ROWS rows. */
static void decode_sequences(const sn_call *c) {
    decode w = decode_of(c);
    decode_carve(&w, c->workspace, sn_team_size(c->team));
    sn_parallel(c->team, decode_pack_task, &w, w.dims.n_sequences);
    sn_parallel(c->team, decode_task, &w, w.dims.n_sequences * w.n_splits);
    sn_parallel(c->team, merge_task, &w, w.dims.n_sequences);
}

#endif
