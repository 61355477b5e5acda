#include "kernel/attention.h"

#include <string.h>

sn_attention_dims sn_attention_dims_of(const sn_call *c) {
    const sn_tensor *q = &c->in[SN_ATTENTION_Q], *k = &c->in[SN_ATTENTION_K], *v = &c->in[SN_ATTENTION_V];
    return (sn_attention_dims){
        .n_rows = q->shape[0],
        .n_heads = q->shape[1],
        .n_kv_heads = k->shape[1],
        .group = q->shape[1] / k->shape[1],
        .d = q->shape[2],
        .d_v = v->shape[2],
        .n_slots = k->shape[0],
        .n_sequences = c->in[SN_ATTENTION_SEQUENCES].shape[0],
    };
}

int64_t sn_attention_first_key(const sn_position *p, int64_t position) {
    if (p->mask.sinks > 0 || p->mask.window > position) return 0;
    return (position - p->mask.window + 1) / SN_ATTENTION_ALIGN * SN_ATTENTION_ALIGN;
}

bool sn_attention_sequence_get(const sn_call *c, int64_t s, sn_attention_sequence *out) {
    const sn_tensor *table = &c->in[SN_ATTENTION_SEQUENCES];
    const char *entry = (const char *)table->data + s * table->stride[0];
    int64_t field[4];
    for (int i = 0; i < 4; i++) field[i] = *(const int32_t *)(entry + i * table->stride[1]);
    *out = (sn_attention_sequence){field[0], field[1], field[2], field[3], field[1] + field[2]};
    if (out->row < 0 || out->n_rows <= 0 || out->position < 0) return false;
    const sn_attention_attr *attr = c->attr;
    if (out->slot < 0 && out->slot + sn_attention_first_key(&attr->position, out->position) < 0) return false;
    if (out->row + out->n_rows > c->in[SN_ATTENTION_Q].shape[0]) return false;
    if (out->slot + out->n_keys > c->in[SN_ATTENTION_K].shape[0]) return false;
    return !sn_call_has(c, SN_ATTENTION_QUERY_TABLE) || out->n_keys <= c->in[SN_ATTENTION_QUERY_TABLE].shape[1];
}

/* The first key nearer than r to position i; r may be a "no limit" of either sign. */
static int64_t key_nearer_than(int64_t i, int64_t r) {
    const int64_t far = INT64_C(1) << 62;
    return r > far ? -far : r < -far ? far : i - r + 1;
}

static int insert_break(int64_t *breaks, int n, int64_t at, int64_t n_keys) {
    if (at <= 0 || at >= n_keys) return n;
    int k = n;
    for (; k > 0 && breaks[k - 1] > at; k--) breaks[k] = breaks[k - 1];
    breaks[k] = at;
    return n + 1;
}

/* Between two neighbouring breaks no selector and no mask changes its mind. */
static int find_breaks(const sn_position *p, int64_t i, int64_t n_keys, int64_t *breaks) {
    int n = 0;
    if (p->mask.causal) n = insert_break(breaks, n, i + 1, n_keys);
    n = insert_break(breaks, n, key_nearer_than(i, p->mask.window), n_keys);
    n = insert_break(breaks, n, p->mask.sinks, n_keys);
    for (int k = 0; k < p->n_pieces; k++) {
        n = insert_break(breaks, n, key_nearer_than(i, p->piece[k].r_max), n_keys);
        n = insert_break(breaks, n, key_nearer_than(i, p->piece[k].r_min), n_keys);
        n = insert_break(breaks, n, p->piece[k].key_max, n_keys);
    }
    return n;
}

int sn_attention_segments(const sn_position *p, int64_t i, int64_t n_keys, sn_segment *out) {
    int64_t breaks[SN_MAX_SEGMENTS];
    int n_breaks = find_breaks(p, i, n_keys, breaks), n = 0;
    breaks[n_breaks++] = n_keys;
    for (int64_t k = 0, from = 0; k < n_breaks; from = breaks[k++]) {
        if (breaks[k] == from) continue;
        int piece = sn_position_piece(p, i, from);
        if (n > 0 && out[n - 1].piece == piece)
            out[n - 1].to = breaks[k];
        else
            out[n++] = (sn_segment){breaks[k], piece};
    }
    return n;
}

bool sn_attention_key_turns(const sn_position *p, int n) {
    const sn_pos_map *a = &p->piece[n].key, *b = &p->piece[p->n_pieces - 1].key;
    return p->n_planes > 0 &&
           (a->scale != b->scale || a->offset != b->offset || a->clamp != b->clamp || a->floors != b->floors);
}

void sn_attention_clear(const sn_call *c) {
    for (int k = 0; k < c->n_out; k++)
        if (c->out[k].data) memset(c->out[k].data, 0, (size_t)sn_tensor_bytes(&c->out[k]));
}
