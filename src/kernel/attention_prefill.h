/* Attention of many query rows: tiles of keys against blocks of queries, online softmax, f32 sums.
 *
 * A task is a block of query positions of one key/value head, all heads of its group together, so that a tile
 * of keys is converted and rotated once for ~256 query lanes. Logits are kept in units of log 2. The
 * arithmetic is that of attention_f32.h, or of attention_bf16.h where ATTENTION_BF16 is defined. */
#ifndef SN_KERNEL_ATTENTION_PREFILL_H
#define SN_KERNEL_ATTENTION_PREFILL_H

#ifdef ATTENTION_BF16
#include "kernel/attention_bf16.h"
#else
#include "kernel/attention_f32.h"
#endif

static int64_t block_positions(int64_t group) { return group >= BLOCK_LANES ? 1 : BLOCK_LANES / group; }

/* Lays the buffers of one thread out from `at`; gives their end. */
static char *prefill_carve(prefill *w, char *at) {
    int64_t positions = block_positions(w->dims.group), f = sizeof(float);
    w->block = positions;
    w->d_pad = round_up(w->dims.d, 32), w->v_pad = round_up(w->dims.d_v, 32);
    w->n_strips = (positions * w->dims.group + STRIP - 1) / STRIP;
    for (int n = 0; n < w->p->n_pieces; n++) {
        w->query[n] = carve(&at, w->n_strips * w->d_pad * STRIP * f);
        w->keys[n] = carve(&at, TILE * w->d_pad * f);
    }
    w->values = carve(&at, TILE * w->v_pad * f);
    w->scores = carve(&at, TILE * STRIP * f);
    w->other = carve(&at, TILE * STRIP * f);
    w->out = carve(&at, w->n_strips * w->v_pad * STRIP * f);
    w->max = carve(&at, w->n_strips * STRIP * f);
    w->sum = carve(&at, w->n_strips * STRIP * f);
    w->from = carve(&at, SN_MAX_SEGMENTS * STRIP * (int64_t)sizeof *w->from);
    w->to = carve(&at, SN_MAX_SEGMENTS * STRIP * (int64_t)sizeof *w->to);
    w->cuts.segments = carve(&at, positions * SN_MAX_SEGMENTS * (int64_t)sizeof(sn_segment));
    w->cuts.cursor = carve(&at, positions * (int64_t)sizeof(int32_t));
    w->cuts.scale = carve(&at, positions * (int64_t)sizeof(double));
    return at;
}

static prefill prefill_of(const sn_call *c) {
    const sn_attention_attr *attr = c->attr;
    return (prefill){.c = c, .p = &attr->position, .dims = sn_attention_dims_of(c)};
}

/* ---- queries of a block ---- */

static const char *query_row(const prefill *w, int64_t lane) {
    const sn_tensor *q = &w->c->in[SN_ATTENTION_Q];
    int64_t row = w->row + lane / w->dims.group, head = w->kv_head * w->dims.group + lane % w->dims.group;
    return (const char *)q->data + row * q->stride[0] + head * q->stride[1];
}

/* The query of one lane in the form of piece n, times its scale; zeros in a lane that nobody fills. */
static void load_query(prefill *w, int n, int64_t lane) {
    float row[SN_ATTENTION_MAX_HEAD + LANES];
    int64_t i = w->i + lane / w->dims.group;
    if (lane >= w->cuts.n * w->dims.group) {
        memset(row, 0, (size_t)w->dims.d * sizeof *row);
    } else {
        float scale = (float)(w->cuts.scale[lane / w->dims.group] * 1.4426950408889634);
        row_load(SN_F32, query_row(w, lane), w->dims.d, row);
        if (w->p->n_planes > 0)
            row_turn(w->p->layout, w->p->n_planes, table_row(w->c, SN_ATTENTION_QUERY_TABLE, n, i), 1, row);
        for (int64_t x = 0; x < w->dims.d; x++) row[x] *= scale;
    }
    math_store_query(w, n, lane, row);
}

static void load_queries(prefill *w) {
    for (int64_t l = 0; l < w->n_strips * STRIP; l++) w->max[l] = LOWEST, w->sum[l] = 0;
    memset(w->out, 0, (size_t)(w->n_strips * w->v_pad * STRIP) * sizeof *w->out);
    for (int n = 0; n < w->p->n_pieces; n++)
        if (w->cuts.pieces >> n & 1)
            for (int64_t l = 0; l < w->n_strips * STRIP; l++) load_query(w, n, l);
}

/* ---- a strip of queries against a tile ---- */

/* Takes over from `other` what meets in piece n; the first piece also clears what is not seen. */
static void merge_piece(prefill *w, int64_t strip, int n, const tile_cut *cut, int64_t j, int n_keys, bool first) {
    int n_spans = tile_spans(&w->cuts, strip * STRIP, STRIP, j, n_keys, n, w->from, w->to);
    for (int v = 0; v < STRIP; v += LANES)
        for (int k = cut->from; k < cut->to; k++) {
            float *to = w->scores + k * STRIP + v;
            vec x = first ? v_set(-INFINITY) : v_load(to), y = v_load(w->other + k * STRIP + v);
            for (int s = 0; s < n_spans; s++)
                x = v_inside(i_load(w->from + s * STRIP + v), i_set(k), i_load(w->to + s * STRIP + v), x, y);
            v_store(to, x);
        }
}

static void strip_scores(prefill *w, int64_t strip, const tile_cut *cut, int64_t j, int n_keys) {
    bool first = true;
    for (int n = 0; n < w->p->n_pieces; n++) {
        if (!(cut->pieces >> n & 1)) continue;
        if (!(w->keys_ready >> n & 1)) math_load_keys(w, n, j, n_keys);
        w->keys_ready |= 1u << n;
        math_scores(w, strip, n, cut, cut->whole ? w->scores : w->other);
        if (!cut->whole) merge_piece(w, strip, n, cut, j, n_keys, first);
        first = false;
    }
}

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
    int64_t block = w->n_blocks - 1 - task / w->dims.n_kv_heads, from = block * w->block;
    w->kv_head = task % w->dims.n_kv_heads;
    w->row = w->sequence.row + from;
    w->i = w->sequence.position + from;
    w->cuts.group = w->dims.group;
    w->cuts.n = w->sequence.n_rows - from < w->block ? w->sequence.n_rows - from : w->block;
    block_cuts_make(&w->cuts, w->p, w->i, w->sequence.n_keys);
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
