/* attention_pairs: who meets whom, written out. Only for derivatives of attention of second and higher order,
 * which go through ops that hold rows x slots.
 *
 * weight[n, row, slot] is the query's logit scale where the pair meets in piece n, else 0; seen[row, slot] is 1
 * where it meets in any. query_angles[n, row] and key_angles[n, slot] are the rows of the position tables for
 * the position of each row and slot (no rotation where there is none). */
#include "kernel/attention.h"
#include "op/turn.h"

#include <math.h>

enum { SEQUENCES, QUERY_TABLE, KEY_TABLE };

typedef struct pairs_attr {
    sn_position position;
    int64_t n_rows, n_slots, d; /* d: of a head, for the checks of attention */
    sn_dtype dtype;             /* where there are no tables, whose dtype is taken otherwise */
} pairs_attr;

/* A call of attention with these sequences, for sn_attention_sequence_get. */
static sn_call as_attention(const sn_call *c) {
    const pairs_attr *attr = c->attr;
    sn_call a = {.n_in = 6};
    a.in[SN_ATTENTION_Q].shape[0] = attr->n_rows;
    a.in[SN_ATTENTION_K].shape[0] = attr->n_slots;
    a.in[SN_ATTENTION_SEQUENCES] = c->in[SEQUENCES];
    a.in[SN_ATTENTION_QUERY_TABLE] = c->in[QUERY_TABLE];
    a.in[SN_ATTENTION_KEY_TABLE] = c->in[KEY_TABLE];
    return a;
}

static void copy_angles(const sn_tensor *table, int piece, int64_t position, real *to) {
    const char *from = sn_attention_angles(table, piece, position);
    for (int64_t m = 0; m < table->shape[2]; m++)
        for (int64_t k = 0; k < 2; k++)
            to[2 * m + k] = *(const real *)(const void *)(from + m * table->stride[2] + k * table->stride[3]);
}

static void no_rotation(sn_tensor *angles) {
    real *to = angles->data;
    for (int64_t i = 0; i < sn_tensor_count(angles); i++) to[i] = i % 2 == 0;
}

static void write_angles(const sn_call *c, const sn_attention_sequence *s) {
    const pairs_attr *attr = c->attr;
    const sn_position *p = &attr->position;
    int64_t size = 2 * (int64_t)p->n_planes;
    for (int n = 0; n < p->n_pieces && p->n_planes > 0; n++) {
        real *query = (real *)c->out[2].data + (n * attr->n_rows + s->row) * size;
        real *key = (real *)c->out[3].data + (n * attr->n_slots + s->slot) * size;
        for (int64_t r = 0; r < s->n_rows; r++) copy_angles(&c->in[QUERY_TABLE], n, s->position + r, query + r * size);
        for (int64_t j = 0; j < s->n_keys && sn_attention_key_turns(p, n); j++)
            copy_angles(&c->in[KEY_TABLE], n, j, key + j * size);
    }
}

static void write_pairs(const sn_call *c, const sn_attention_sequence *s) {
    const pairs_attr *attr = c->attr;
    real *weight = c->out[0].data, *seen = c->out[1].data;
    for (int64_t r = 0; r < s->n_rows; r++)
        for (int64_t j = 0; j < s->n_keys; j++) {
            int n = sn_position_piece(&attr->position, s->position + r, j);
            if (n < 0) continue;
            int64_t at = (s->row + r) * attr->n_slots + s->slot + j;
            weight[n * attr->n_rows * attr->n_slots + at] = (real)sn_position_scale(&attr->position, s->position + r);
            seen[at] = 1;
        }
}

static void forward(const sn_call *c) {
    sn_call attention = as_attention(c), out = *c;
    sn_attention_clear(c);
    no_rotation(&out.out[2]);
    no_rotation(&out.out[3]);
    for (int64_t i = 0; i < c->in[SEQUENCES].shape[0]; i++) {
        sn_attention_sequence s;
        if (!sn_attention_sequence_get(&attention, i, &s) || s.slot < 0) continue;
        write_pairs(c, &s);
        write_angles(c, &s);
    }
}
SN_OP_FORWARD(attention_pairs)

#if SN_OP_MAIN
#include "base/error.h"
#include "op/attention_parts.h"

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const pairs_attr *a = attr;
    (void)n_in;
    sn_dtype dtype = in[QUERY_TABLE].n_dims >= 0 ? in[QUERY_TABLE].dtype : a->dtype;
    int64_t q[] = {a->n_rows, 1, a->d}, k[] = {a->n_slots, 1, a->d}, planes = a->position.n_planes;
    sn_tensor attention[6] = {sn_tensor_make(dtype, 3, q, NULL),
                              sn_tensor_make(dtype, 3, k, NULL),
                              sn_tensor_make(dtype, 3, k, NULL),
                              in[SEQUENCES],
                              in[QUERY_TABLE],
                              in[KEY_TABLE]};
    const sn_attention_attr checked = {.position = a->position};
    SN_TRY(sn_attention_check("attention_pairs", &checked, attention));
    const int64_t pieces = a->position.n_pieces;
    const int64_t weight[] = {pieces, a->n_rows, a->n_slots}, query[] = {pieces, a->n_rows, planes, 2};
    const int64_t key[] = {pieces, a->n_slots, planes, 2};
    SN_TRY(sn_infer_out(&out[0], dtype, 3, weight));
    SN_TRY(sn_infer_out(&out[1], dtype, 2, weight + 1));
    SN_TRY(sn_infer_out(&out[2], dtype, 4, query));
    return sn_infer_out(&out[3], dtype, 4, key);
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)in, (void)n_in;
    return (sn_cost){0, (double)(sn_tensor_bytes(&out[0]) + sn_tensor_bytes(&out[1]))};
}

/* ReRoPE with a window of 2 of two sequences: rows 0..2 at position 2 over slots 1.., rows 3..4 at 0 over slot 6... */
static const pairs_attr rerope = {
    .position = {.layout = SN_PAIR_HALVES,
                 .n_planes = 2,
                 .gain = 1,
                 .n_pieces = 2,
                 .piece = {{0, 2, SN_NO_LIMIT, {1, 0, INFINITY, false}, {1, 0, INFINITY, false}},
                           {2, SN_NO_LIMIT, SN_NO_LIMIT, {0, 2, INFINITY, false}, {0, 0, INFINITY, false}}},
                 .mask = {true, SN_NO_LIMIT, 0},
                 .scale = {0.5, 0, 0, 0}},
    .n_rows = 5,
    .n_slots = 8,
    .d = 4,
    .dtype = SN_F32};
static const double two_sequences[] = {0, 3, 2, 1, 3, 2, 0, 6};
static const sn_op_case cases[] = {{3,
                                    {{.n_dims = 2, .shape = {2, 4}, .dtype = SN_I32, .values = two_sequences},
                                     SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2),
                                     SN_CASE_F32(-1, 1, 4, 2, 5, 2, 2)},
                                    &rerope}};

const sn_op_def sn_op_attention_pairs = {
    .name = "attention_pairs",
    .formula = "weight[n, i, j] = scale(i) where row i and slot j meet in piece n; seen; the angles of rows and slots",
    .source = "",
    .min_in = 3,
    .max_in = 3,
    .n_out = 4,
    .attr_size = sizeof(pairs_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_attention_pairs,
    .forward_f64 = sn_forward_f64_attention_pairs,
    .no_gradient = "positions are constants",
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
};

/* ---- attention by other ops ---- */

/* [rows, kv_heads * group, d] to [kv_heads, group, rows, d], of which matmul takes the last two. */
static sn_value *heads_first(sn_graph *g, sn_value *x, int64_t kv_heads) {
    static const int order[] = {1, 2, 0, 3};
    if (!x) return NULL;
    const sn_tensor *t = sn_value_tensor(x);
    const int64_t shape[] = {t->shape[0], kv_heads, t->shape[1] / kv_heads, t->shape[2]};
    return sn_permute(g, sn_reshape(g, x, 4, shape), order);
}

static sn_value *piece_of(sn_graph *g, sn_value *x, int n) {
    if (!x) return NULL;
    const sn_tensor *t = sn_value_tensor(x);
    return sn_reshape(g, sn_slice(g, x, 0, n, n + 1), t->n_dims - 1, t->shape + 1);
}

/* The scaled logits in piece n, 0 where pairs do not meet in it: [kv_heads, group, rows, slots]. */
static sn_value *piece_logits(sn_graph *g, sn_value *q, sn_value *k, sn_value *pairs, const sn_position *p, int n) {
    const sn_node *node = sn_value_node(pairs);
    int64_t kv_heads = sn_value_tensor(k)->shape[1];
    if (p->n_planes > 0) {
        q = sn_rope(g, q, piece_of(g, sn_node_out(node, 2), n), p->layout);
        k = sn_rope(g, k, piece_of(g, sn_node_out(node, 3), n), p->layout);
    }
    sn_value *dots = sn_matmul_t(g, heads_first(g, q, kv_heads), heads_first(g, k, kv_heads), false, true);
    return sn_mul(g, dots, piece_of(g, pairs, n));
}

sn_value *sn_attention_decomposed(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, sn_value *sequences,
                                  sn_value *query_table, sn_value *key_table, const sn_position *position,
                                  sn_value **lse) {
    static const int back[] = {2, 0, 1, 3};
    if (lse) *lse = NULL;
    if (!q || !k || !v) return NULL;
    const sn_tensor *tq = sn_value_tensor(q), *tk = sn_value_tensor(k), *tv = sn_value_tensor(v);
    pairs_attr attr = {*position, tq->shape[0], tk->shape[0], tq->shape[2], tq->dtype};
    sn_value *in[] = {sequences, query_table, key_table}, *logits = NULL;
    unsigned tables = position->n_planes == 0 ? 1u << QUERY_TABLE | 1u << KEY_TABLE : 0;
    sn_value *pairs = sn_node_append(g, &sn_op_attention_pairs, in, 3, tables, &attr);
    if (!pairs) return NULL;
    for (int n = 0; n < position->n_pieces; n++) {
        sn_value *part = piece_logits(g, q, k, pairs, position, n);
        logits = n ? sn_add(g, logits, part) : part;
    }
    sn_value *seen = sn_node_out(sn_value_node(pairs), 1);
    logits = sn_add(g, logits, sn_scale(g, seen, 1e30, -1e30)); /* what is not seen gets no weight */
    sn_value *logs = sn_log_softmax(g, logits), *weights = sn_mul(g, sn_exp(g, logs), seen);
    const int64_t rows_heads[] = {tq->shape[0], tq->shape[1], tv->shape[2]};
    sn_value *out = sn_matmul(g, weights, heads_first(g, v, tk->shape[1]));
    if (lse) { /* logits - logs is lse for every key; its mean under the weights leaves out what is not seen */
        sn_value *each = sn_sum(g, sn_mul(g, weights, sn_sub(g, logits, logs)), -1, true);
        *lse = sn_reshape(g, sn_permute(g, each, back), 2, rows_heads);
    }
    return sn_reshape(g, sn_permute(g, out, back), 3, rows_heads);
}
#endif
