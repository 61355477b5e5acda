/* The attention kernel of one instruction-set level: sequences of many rows
 * go the tiled way, those of few rows the way that streams the cache. */
#ifndef SN_KERNEL_ATTENTION_RUN_H
#define SN_KERNEL_ATTENTION_RUN_H

#include "kernel/attention_decode.h"
#include "kernel/attention_prefill.h"

static bool last_dim_packed(const sn_tensor *t) {
    return t->n_dims > 0 && t->stride[t->n_dims - 1] == sn_dtype_bytes(t->dtype);
}

static bool table_packed(const sn_tensor *t) { return last_dim_packed(t) && t->stride[2] == 2 * t->stride[3]; }

static bool is_cache_type(sn_dtype dtype) {
    return dtype == SN_F32 || dtype == SN_F16 || dtype == SN_BF16 || dtype == SN_Q8_0;
}

static bool attention_applicable(const sn_call *c) {
    const sn_tensor *in = c->in;
    if (in[SN_ATTENTION_Q].dtype != SN_F32) return false;
    for (int i = 0; i < 3; i++)
        if (!is_cache_type(in[i].dtype) || !last_dim_packed(&in[i])) return false;
    return !sn_call_has(c, SN_ATTENTION_QUERY_TABLE) ||
           (table_packed(&in[SN_ATTENTION_QUERY_TABLE]) && table_packed(&in[SN_ATTENTION_KEY_TABLE]));
}

static size_t attention_workspace(const sn_call *c, int n_threads) {
    int64_t tiled = prefill_bytes(c) * n_threads, streamed = decode_bytes(c, n_threads);
    return (size_t)(tiled > streamed ? tiled : streamed);
}

static void attention_run(const sn_call *c) {
    sn_attention_dims dims = sn_attention_dims_of(c);
    sn_attention_sequence sequence;
    int64_t n_rows = 0, n_few = 0, most = 0;
    for (int64_t s = 0; s < dims.n_sequences; s++)
        if (sn_attention_sequence_get(c, s, &sequence)) {
            n_rows += sequence.n_rows;
            n_few += sequence.n_rows <= DECODE_ROWS;
            if (sequence.n_rows > most) most = sequence.n_rows;
        }
    if (n_rows < dims.n_rows) sn_attention_clear(c); /* rows of no sequence are zero */
    if (n_few > 0) decode_sequences(c);
    if (most > DECODE_ROWS) prefill_sequences(c, DECODE_ROWS, most);
}

#endif
