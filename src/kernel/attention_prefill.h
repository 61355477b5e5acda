/* Attention of many query rows: tiles of keys against blocks of queries, online softmax, f32 sums.
 *
 * A task is a block of query positions of one key/value head, all heads of its group together, so that a tile
 * of keys is converted and rotated once for ~256 query lanes. Logits are kept in units of log 2. The
 * arithmetic is that of attention_f32.h, or of attention_bf16.h where ATTENTION_BF16 is defined. */
#ifndef SN_KERNEL_ATTENTION_PREFILL_H
#define SN_KERNEL_ATTENTION_PREFILL_H

#include "kernel/attention_strip.h"

/* Weights in place of the scores; sums and outputs are brought to the new maximum. */
static void strip_softmax(prefill *w, int64_t strip, const tile_cut *cut) {
    float *max = w->max + strip * STRIP, *sum = w->sum + strip * STRIP, *out = w->out + strip * w->v_pad * STRIP;
    vec m[VECS], s[VECS], keep[VECS];
    bool moved = false;
    for (int v = 0; v < VECS; v++) m[v] = v_load(max + v * LANES);
    for (int k = cut->from; k < cut->to; k++)
        for (int v = 0; v < VECS; v++) m[v] = v_max(m[v], v_load(w->scores + k * STRIP + v * LANES));
    for (int v = 0; v < VECS; v++) {
        vec before = v_load(max + v * LANES);
        moved = moved || v_reduce_max(v_sub(m[v], before)) > 0;
        keep[v] = v_exp2(v_sub(before, m[v]));
        s[v] = v_mul(v_load(sum + v * LANES), keep[v]);
        v_store(max + v * LANES, m[v]);
    }
    math_weights(w, cut, m, s);
    for (int v = 0; v < VECS; v++) v_store(sum + v * LANES, s[v]);
    for (int64_t x = 0; moved && x < w->dims.d_v; x++)
        for (int v = 0; v < VECS; v++)
            v_store(out + x * STRIP + v * LANES, v_mul(v_load(out + x * STRIP + v * LANES), keep[v]));
}

static void meet_tile(prefill *w, int64_t j) {
    int n_keys = w->sequence.n_keys - j < TILE ? (int)(w->sequence.n_keys - j) : TILE;
    int64_t n_lanes = w->cuts.n * w->dims.group;
    w->keys_ready = 0, w->values_ready = false;
    for (int64_t strip = 0; strip * STRIP < n_lanes; strip++) {
        tile_cut cut = tile_cut_make(&w->cuts, strip * STRIP, STRIP, j, n_keys);
        if (!cut.pieces) continue;
        if (!w->values_ready) math_load_values(w, j, n_keys);
        w->values_ready = true;
        strip_scores(w, strip, &cut, j, n_keys);
        strip_softmax(w, strip, &cut);
        math_values(w, strip, &cut);
    }
}

static void begin_block(prefill *w) {
    for (int64_t l = 0; l < w->n_strips * STRIP; l++) w->max[l] = LOWEST, w->sum[l] = 0;
    memset(w->out, 0, (size_t)(w->n_strips * w->v_pad * STRIP) * sizeof *w->out);
    for (int n = 0; n < w->p->n_pieces; n++)
        for (int64_t l = 0; w->cuts.pieces >> n & 1 && l < w->n_strips * STRIP; l += LANES) load_queries(w, n, l);
}

static void store_lane(const prefill *w, int64_t l, const float *from) {
    float *lse = w->c->n_out > 1 ? w->c->out[1].data : NULL;
    int64_t row = w->row + l / w->dims.group, head = w->kv_head * w->dims.group + l % w->dims.group, x = 0;
    float *to = (float *)w->c->out[0].data + (row * w->dims.n_heads + head) * w->dims.d_v;
    float sum = w->sum[l], scale = sum > 0 ? 1 / sum : 0;
    for (; x + LANES <= w->dims.d_v; x += LANES) v_store(to + x, v_mul(v_load(from + x), v_set(scale)));
    for (; x < w->dims.d_v; x++) to[x] = from[x] * scale;
    double log_sum = sum > 0 ? ((double)w->max[l] + log2((double)sum)) * 0.6931471805599453 : -INFINITY;
    if (lse) lse[row * w->dims.n_heads + head] = (float)log_sum;
}

static void store_out(const prefill *w) {
    int64_t n_lanes = w->cuts.n * w->dims.group;
    for (int64_t l = 0; l < n_lanes; l += LANES) {
        lanes_to_rows(w->out + l / STRIP * w->v_pad * STRIP + l % STRIP, w->v_pad, w->gathered, w->v_pad);
        for (int64_t k = l; k < l + LANES && k < n_lanes; k++) store_lane(w, k, w->gathered + (k - l) * w->v_pad);
    }
}

static void prefill_block(prefill *w, int64_t block) {
    prefill_place(w, block * w->block);
    math_begin();
    begin_block(w);
    for (int64_t j = w->cuts.first / TILE * TILE; j < w->cuts.last; j += TILE) meet_tile(w, j);
    math_end();
    store_out(w);
}

typedef struct prefill_job {
    prefill shared;
    char *workspace;
    int64_t thread_bytes, few, n_blocks; /* n_blocks: of the longest sequence */
} prefill_job;

/* Task = (block, sequence, kv head), the last blocks, which see most keys, first. */
static void prefill_task(void *arg, int64_t task, int thread) {
    const prefill_job *job = arg;
    prefill w = job->shared;
    int64_t n_heads = w.dims.n_kv_heads, rest = task / n_heads;
    if (!sn_attention_sequence_get(w.c, rest % w.dims.n_sequences, &w.sequence)) return;
    int64_t block = job->n_blocks - 1 - rest / w.dims.n_sequences;
    if (w.sequence.n_rows <= job->few || block * block_positions(w.dims.group) >= w.sequence.n_rows) return;
    prefill_carve(&w, job->workspace + thread * job->thread_bytes);
    w.kv_head = task % n_heads;
    prefill_block(&w, block);
}

static int64_t prefill_bytes(const sn_call *c) {
    prefill w = prefill_of(c);
    char *base = (char *)(uintptr_t)64; /* only measured */
    return prefill_carve(&w, base) - base;
}

/* The sequences of more than `few` rows; `most`: rows of the longest. */
static void prefill_sequences(const sn_call *c, int64_t few, int64_t most) {
    prefill_job job = {prefill_of(c), c->workspace, prefill_bytes(c), few, 0};
    const sn_attention_dims *dims = &job.shared.dims;
    int64_t block = block_positions(dims->group);
    job.n_blocks = (most + block - 1) / block;
    sn_parallel(c->team, prefill_task, &job, job.n_blocks * dims->n_sequences * dims->n_kv_heads);
}

#endif
