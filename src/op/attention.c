/* attention: softmax attention under a position value.
 *
 * logit(i, j) = scale(i) * < turn(q_i, query_table[n, i]), turn(k_j, key_table[n, j]) >, n the piece of the
 * pair; out_i = sum_j softmax_j(logit(i, j)) v_j over the keys that i sees; lse_i = log sum_j exp(logit).
 * The pieces generalise the two score matrices of ReRoPE (J. Su, kexue.fm/archives/9708); the running
 * maximum is that of Milakov and Gimelshein, arXiv:1805.02867. Keys of a piece whose key map is the last
 * one's are used as they are. */
#include "kernel/attention.h"
#include "op/turn.h"

#include <math.h>
#include <string.h>

/* One query row of one head: its form for each piece, and what has been summed so far. */
typedef struct query {
    const sn_call *c;
    const sn_position *position;
    const sn_attention_sequence *sequence;
    int64_t i, kv_head, d, d_v;
    double scale, form[SN_MAX_PIECES][SN_MAX_ROW];
    double max, sum, out[SN_MAX_ROW];
} query;

static void load_query(query *q, const char *row) {
    const sn_tensor *table = &q->c->in[SN_ATTENTION_QUERY_TABLE];
    for (int n = 0; n < q->position->n_pieces; n++) {
        sn_row_load(&q->c->in[SN_ATTENTION_Q], row, q->d, q->form[n]);
        if (q->position->n_planes > 0)
            sn_row_turn(q->position->layout, table, sn_attention_angles(table, n, q->i), 1, q->form[n]);
    }
    q->scale = sn_position_scale(q->position, q->i);
    q->max = -INFINITY;
    q->sum = 0;
    memset(q->out, 0, sizeof q->out);
}

static double logit(const query *q, int n, int64_t j) {
    const sn_tensor *keys = &q->c->in[SN_ATTENTION_K], *table = &q->c->in[SN_ATTENTION_KEY_TABLE];
    double key[SN_MAX_ROW], dot = 0;
    sn_row_load(keys, sn_attention_key(keys, q->sequence, j, q->kv_head), q->d, key);
    if (sn_attention_key_turns(q->position, n))
        sn_row_turn(q->position->layout, table, sn_attention_angles(table, n, j), 1, key);
    for (int64_t x = 0; x < q->d; x++) dot += q->form[n][x] * key[x];
    return q->scale * dot;
}

static void meet(query *q, int64_t j) {
    const sn_tensor *values = &q->c->in[SN_ATTENTION_V];
    int n = sn_position_piece(q->position, q->i, j);
    if (n < 0) return;
    double value[SN_MAX_ROW], l = logit(q, n, j), max = fmax(q->max, l);
    double keep = exp(q->max - max), weight = exp(l - max);
    sn_row_load(values, sn_attention_key(values, q->sequence, j, q->kv_head), q->d_v, value);
    for (int64_t x = 0; x < q->d_v; x++) q->out[x] = q->out[x] * keep + weight * value[x];
    q->sum = q->sum * keep + weight;
    q->max = max;
}

static void row_forward(const sn_call *c, const sn_attention_sequence *sequence, int64_t r, int64_t head) {
    const sn_attention_attr *attr = c->attr;
    sn_attention_dims dims = sn_attention_dims_of(c);
    query q;
    q.c = c, q.position = &attr->position, q.sequence = sequence;
    q.i = sequence->position + r, q.kv_head = head / dims.group, q.d = dims.d, q.d_v = dims.d_v;
    const sn_tensor *queries = &c->in[SN_ATTENTION_Q];
    int64_t row = sequence->row + r;
    load_query(&q, (const char *)queries->data + row * queries->stride[0] + head * queries->stride[1]);
    for (int64_t j = 0; j < sequence->n_keys; j++) meet(&q, j);
    real *out = (real *)c->out[0].data + (row * dims.n_heads + head) * dims.d_v;
    for (int64_t x = 0; x < dims.d_v; x++) out[x] = (real)(q.sum > 0 ? q.out[x] / q.sum : 0);
    if (c->n_out > 1) ((real *)c->out[1].data)[row * dims.n_heads + head] = (real)(q.max + log(q.sum));
}

static void forward(const sn_call *c) {
    sn_attention_dims dims = sn_attention_dims_of(c);
    sn_attention_clear(c);
    for (int64_t s = 0; s < dims.n_sequences; s++) {
        sn_attention_sequence sequence;
        if (!sn_attention_sequence_get(c, s, &sequence)) continue;
        for (int64_t r = 0; r < sequence.n_rows; r++)
            for (int64_t head = 0; head < dims.n_heads; head++) row_forward(c, &sequence, r, head);
    }
}
SN_OP_FORWARD(attention)

#if SN_OP_MAIN
#include "base/error.h"
#include "op/attention_parts.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)n_in;
    SN_TRY(sn_attention_check("attention", attr, in));
    int64_t shape[3] = {in[SN_ATTENTION_Q].shape[0], in[SN_ATTENTION_Q].shape[1], in[SN_ATTENTION_V].shape[2]};
    SN_TRY(sn_infer_out(&out[0], in[SN_ATTENTION_Q].dtype, 3, shape));
    return sn_infer_out(&out[1], in[SN_ATTENTION_Q].dtype, 2, shape);
}

static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    const sn_attention_attr *attr = sn_node_attr(n);
    sn_value *in[10] = {[SN_ATTENTION_OUT] = sn_node_out(n, 0), [SN_ATTENTION_LSE] = sn_node_out(n, 1)};
    for (int i = 0; i < SN_ATTENTION_OUT; i++) in[i] = sn_node_in(n, i);
    const sn_tensor *q = sn_value_tensor(in[SN_ATTENTION_Q]), *k = sn_value_tensor(in[SN_ATTENTION_K]);
    const sn_tensor *v = sn_value_tensor(in[SN_ATTENTION_V]), *out = sn_value_tensor(in[SN_ATTENTION_OUT]);
    if (k->dtype != q->dtype || v->dtype != q->dtype) {
        sn_graph_fail(g, SN_ERR_UNSUPPORTED, "attention: a cache of %s has no gradient: give keys and values in %s",
                      sn_dtype_name(k->dtype != q->dtype ? k->dtype : v->dtype), sn_dtype_name(q->dtype));
        return;
    }
    in[SN_ATTENTION_GRAD_OUT] = grad_out[0] ? grad_out[0] : sn_fill(g, out->dtype, out->n_dims, out->shape, 0);
    in[SN_ATTENTION_GRAD_LSE] = grad_out[1];
    sn_attention_backward(g, in, &attr->position, grad_in);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    const sn_tensor *q = &in[SN_ATTENTION_Q], *k = &in[SN_ATTENTION_K], *v = &in[SN_ATTENTION_V];
    /* All slots seen by all rows: what is really seen is known only at run time. */
    double pairs = (double)q->shape[0] * (double)q->shape[1] * (double)k->shape[0];
    double bytes = (double)(sn_tensor_bytes(q) + sn_tensor_bytes(k) + sn_tensor_bytes(v) + sn_tensor_bytes(&out[0]));
    return (sn_cost){2 * pairs * (double)(q->shape[2] + v->shape[2]), bytes};
}

#define PLAIN                                                                                                          \
    { 1, 0, INFINITY, false }
/* ReRoPE with a window of 2, and Leaky ReRoPE with sinks, of two planes of five components. */
static const sn_attention_attr rerope = {
    .position = {.layout = SN_PAIR_HALVES,
                 .n_planes = 2,
                 .frequency = {1, 0.25},
                 .gain = 1,
                 .n_pieces = 2,
                 .piece = {{0, 2, SN_NO_LIMIT, PLAIN, PLAIN},
                           {2, SN_NO_LIMIT, SN_NO_LIMIT, {0, 2, INFINITY, false}, {0, 0, INFINITY, false}}},
                 .mask = {true, SN_NO_LIMIT, 0},
                 .scale = {0.5, 0, 0, 0}}};
static const sn_attention_attr leaky = {
    .position = {.layout = SN_PAIR_INTERLEAVED,
                 .n_planes = 2,
                 .frequency = {1, 0.25},
                 .gain = 1,
                 .n_pieces = 2,
                 .piece = {{0, 2, SN_NO_LIMIT, PLAIN, PLAIN},
                           {2, SN_NO_LIMIT, SN_NO_LIMIT, {0.25, 1.5, INFINITY, false}, {0.25, 0, INFINITY, false}}},
                 .mask = {true, 3, 1},
                 .scale = {0.5, 4, 1, 0.5}}};
static const sn_attention_attr unrotated = {
    .position = {.layout = SN_PAIR_HALVES,
                 .gain = 1,
                 .n_pieces = 1,
                 .piece = {{-SN_NO_LIMIT, SN_NO_LIMIT, SN_NO_LIMIT, PLAIN, PLAIN}},
                 .mask = {false, SN_NO_LIMIT, 0},
                 .scale = {0.5, 0, 0, 0}}};
/* Rows 0..2 go on at position 2 over slots 1.., rows 3..4 begin at 0 over slot 6.. */
static const double two_sequences[] = {0, 3, 2, 1, 3, 2, 0, 6};
#define SEQUENCES                                                                                                      \
    { .n_dims = 2, .shape = {2, 4}, .dtype = SN_I32, .values = two_sequences }
static const sn_op_case cases[] = {
    {6,
     {SN_CASE_F32(-1, 1, 3, 5, 2, 5), SN_CASE_F32(-1, 1, 3, 8, 1, 5), SN_CASE_F32(-1, 1, 3, 8, 1, 3), SEQUENCES,
      SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2), SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2)},
     &rerope},
    {6,
     {SN_CASE_F32(-1, 1, 3, 5, 2, 4), SN_CASE_F32(-1, 1, 3, 8, 2, 4), SN_CASE_F32(-1, 1, 3, 8, 2, 4), SEQUENCES,
      SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2), SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2)},
     &leaky},
    {6,
     {SN_CASE_F32(-1, 1, 3, 5, 2, 3), SN_CASE_F32(-1, 1, 3, 8, 2, 3), SN_CASE_F32(-1, 1, 3, 8, 2, 4), SEQUENCES,
      SN_CASE_ABSENT, SN_CASE_ABSENT},
     &unrotated},
};

const sn_op_def sn_op_attention = {
    .name = "attention",
    .formula = "out[i, h] = sum_j softmax_j(scale(i) <turn(q[i, h]), turn(k[j, h'])>) v[j, h']; lse[i, h]",
    .source = "J. Su, kexue.fm/archives/9708; Milakov and Gimelshein 2018, arXiv:1805.02867",
    .min_in = 6,
    .max_in = 6,
    .n_out = 2,
    .attr_size = sizeof(sn_attention_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_attention,
    .forward_f64 = sn_forward_f64_attention,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .tolerance = 2e-5,
    .grad_mask = 1 << SN_ATTENTION_Q | 1 << SN_ATTENTION_K | 1 << SN_ATTENTION_V,
};

sn_value *sn_attention(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, sn_value *sequences, sn_value *query_table,
                       sn_value *key_table, const sn_position *position, sn_value **lse) {
    if (lse) *lse = NULL;
    if (!position) return sn_graph_fail(g, SN_ERR_ARGUMENT, "attention: there is no position value");
    sn_attention_attr attr = {.position = *position};
    sn_value *in[] = {q, k, v, sequences, query_table, key_table};
    unsigned tables = 1u << SN_ATTENTION_QUERY_TABLE | 1u << SN_ATTENTION_KEY_TABLE;
    sn_value *out = sn_node_append(g, &sn_op_attention, in, 6, position->n_planes == 0 ? tables : 0, &attr);
    if (out && lse) *lse = sn_node_out(sn_value_node(out), 1);
    return out;
}
#endif
