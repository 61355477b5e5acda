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

static void store_out(const prefill *w) {
    float *lse = w->c->n_out > 1 ? w->c->out[1].data : NULL;
    for (int64_t l = 0; l < w->cuts.n * w->dims.group; l++) {
        int64_t row = w->row + l / w->dims.group, head = w->kv_head * w->dims.group + l % w->dims.group;
        const float *from = w->out + l / STRIP * w->v_pad * STRIP + l % STRIP;
        float *to = (float *)w->c->out[0].data + (row * w->dims.n_heads + head) * w->dims.d_v;
        float sum = w->sum[l], scale = sum > 0 ? 1 / sum : 0;
        for (int64_t x = 0; x < w->dims.d_v; x++) to[x] = from[x * STRIP] * scale;
        double log_sum = sum > 0 ? ((double)w->max[l] + log2((double)sum)) * 0.6931471805599453 : -INFINITY;
        if (lse) lse[row * w->dims.n_heads + head] = (float)log_sum;
    }
}

/* Task = (block, kv head), the last blocks, which see most keys, first. */
static void prefill_task(prefill *w, int64_t task) {
    w->kv_head = task % w->dims.n_kv_heads;
    prefill_place(w, (w->n_blocks - 1 - task / w->dims.n_kv_heads) * w->block);
    math_begin();
    load_queries(w);
    for (int64_t j = w->cuts.first / TILE * TILE; j < w->cuts.last; j += TILE) meet_tile(w, j);
    math_end();
    store_out(w);
}

typedef struct prefill_job {
    prefill shared;
    char *workspace;
    int64_t thread_bytes;
} prefill_job;

static void prefill_run_task(void *arg, int64_t task, int thread) {
    const prefill_job *job = arg;
    prefill w = job->shared;
    prefill_carve(&w, job->workspace + thread * job->thread_bytes);
    prefill_task(&w, task);
}

static int64_t prefill_bytes(const sn_call *c) {
    prefill w = prefill_of(c);
    char *base = (char *)(uintptr_t)64; /* only measured */
    return prefill_carve(&w, base) - base;
}

static void prefill_sequence(const sn_call *c, const sn_attention_sequence *sequence, char *workspace) {
    prefill_job job = {prefill_of(c), workspace, prefill_bytes(c)};
    job.shared.sequence = *sequence;
    int64_t block = block_positions(job.shared.dims.group);
    job.shared.n_blocks = (sequence->n_rows + block - 1) / block;
    sn_parallel(c->team, prefill_run_task, &job, job.shared.n_blocks * job.shared.dims.n_kv_heads);
}

#endif
