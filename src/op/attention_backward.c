/* attention_backward: the gradients of attention for q, k and v, without a rows x slots buffer.
 *
 * With p_ij = exp(logit_ij - lse_i), dp_ij = <grad_out_i, v_j> and
 * ds_ij = p_ij (dp_ij - <grad_out_i, out_i> + grad_lse_i):
 *   dv_j = sum_i p_ij grad_out_i, dq_i = scale(i) turn_q^T sum_j ds_ij turn_k(k_j), dk_j likewise,
 * each piece with its own turns. T. Dao et al. 2022, arXiv:2205.14135, appendix B.
 * `out` and `lse` must be what attention gives for the same q, k and v: the derivative of this op (second
 * order) counts them as functions of these, and is taken through the decomposed form, which does form
 * rows x slots. */
#include "kernel/attention.h"
#include "op/turn.h"

#include <math.h>
#include <string.h>

enum { DQ, DK, DV };

/* One query row of one head. */
typedef struct query {
    const sn_call *c;
    const sn_position *position;
    const sn_attention_sequence *sequence;
    int64_t i, kv_head, d, d_v;
    double form[SN_MAX_PIECES][SN_MAX_ROW], form_grad[SN_MAX_PIECES][SN_MAX_ROW], grad_out[SN_MAX_ROW];
    double scale, lse, offset; /* offset: <grad_out, out> - grad_lse */
} query;

static const char *row_of(const sn_tensor *t, int64_t row, int64_t head) {
    return (const char *)t->data + row * t->stride[0] + head * t->stride[1];
}

static double scalar_of(const sn_tensor *t, int64_t row, int64_t head) {
    return (double)*(const real *)(const void *)row_of(t, row, head);
}

static void turn_query(const query *q, int n, int sign, double *x) {
    const sn_tensor *table = &q->c->in[SN_ATTENTION_QUERY_TABLE];
    if (q->position->n_planes > 0)
        sn_row_turn(q->position->layout, table, sn_attention_angles(table, n, q->i), sign, x);
}

static void turn_key(const query *q, int n, int64_t j, int sign, double *x) {
    const sn_tensor *table = &q->c->in[SN_ATTENTION_KEY_TABLE];
    if (sn_attention_key_turns(q->position, n))
        sn_row_turn(q->position->layout, table, sn_attention_angles(table, n, j), sign, x);
}

static void load_query(query *q, int64_t row, int64_t head) {
    const sn_tensor *in = q->c->in;
    double out[SN_MAX_ROW];
    for (int n = 0; n < q->position->n_pieces; n++) {
        sn_row_load(&in[SN_ATTENTION_Q], row_of(&in[SN_ATTENTION_Q], row, head), q->d, q->form[n]);
        turn_query(q, n, 1, q->form[n]);
        memset(q->form_grad[n], 0, (size_t)q->d * sizeof *q->form_grad[n]);
    }
    sn_row_load(&in[SN_ATTENTION_OUT], row_of(&in[SN_ATTENTION_OUT], row, head), q->d_v, out);
    sn_row_load(&in[SN_ATTENTION_GRAD_OUT], row_of(&in[SN_ATTENTION_GRAD_OUT], row, head), q->d_v, q->grad_out);
    q->scale = sn_position_scale(q->position, q->i);
    q->lse = scalar_of(&in[SN_ATTENTION_LSE], row, head);
    q->offset = sn_call_has(q->c, SN_ATTENTION_GRAD_LSE) ? -scalar_of(&in[SN_ATTENTION_GRAD_LSE], row, head) : 0;
    /* Both rows have d_v elements. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    for (int64_t x = 0; x < q->d_v; x++) q->offset += q->grad_out[x] * out[x];
}

static real *grad_row(const query *q, int which, int64_t j) {
    const sn_tensor *t = &q->c->out[which];
    return (real *)t->data + ((q->sequence->slot + j) * t->shape[1] + q->kv_head) * t->shape[2];
}

static void meet(query *q, int64_t j) {
    const sn_tensor *keys = &q->c->in[SN_ATTENTION_K], *values = &q->c->in[SN_ATTENTION_V];
    int n = sn_position_piece(q->position, q->i, j);
    if (n < 0) return;
    double key[SN_MAX_ROW], value[SN_MAX_ROW], dk[SN_MAX_ROW], dot = 0, dp = 0;
    sn_row_load(keys, sn_attention_key(keys, q->sequence, j, q->kv_head), q->d, key);
    sn_row_load(values, sn_attention_key(values, q->sequence, j, q->kv_head), q->d_v, value);
    turn_key(q, n, j, 1, key);
    for (int64_t x = 0; x < q->d; x++) dot += q->form[n][x] * key[x];
    for (int64_t x = 0; x < q->d_v; x++) dp += q->grad_out[x] * value[x];
    double p = exp(q->scale * dot - q->lse), ds = p * (dp - q->offset) * q->scale;
    for (int64_t x = 0; x < q->d; x++) {
        q->form_grad[n][x] += ds * key[x];
        dk[x] = ds * q->form[n][x];
    }
    turn_key(q, n, j, -1, dk);
    real *to_k = grad_row(q, DK, j), *to_v = grad_row(q, DV, j);
    for (int64_t x = 0; x < q->d; x++) to_k[x] += (real)dk[x];
    for (int64_t x = 0; x < q->d_v; x++) to_v[x] += (real)(p * q->grad_out[x]);
}

static void row_backward(const sn_call *c, const sn_attention_sequence *sequence, int64_t r, int64_t head) {
    const sn_attention_attr *attr = c->attr;
    sn_attention_dims dims = sn_attention_dims_of(c);
    query q;
    q.c = c, q.position = &attr->position, q.sequence = sequence;
    q.i = sequence->position + r, q.kv_head = head / dims.group, q.d = dims.d, q.d_v = dims.d_v;
    load_query(&q, sequence->row + r, head);
    for (int64_t j = 0; j < sequence->n_keys; j++) meet(&q, j);
    real *dq = (real *)c->out[DQ].data + ((sequence->row + r) * dims.n_heads + head) * dims.d;
    for (int n = 0; n < q.position->n_pieces; n++) {
        turn_query(&q, n, -1, q.form_grad[n]);
        for (int64_t x = 0; x < dims.d; x++) dq[x] += (real)q.form_grad[n][x];
    }
}

static void forward(const sn_call *c) {
    sn_attention_dims dims = sn_attention_dims_of(c);
    sn_attention_clear(c);
    for (int64_t s = 0; s < dims.n_sequences; s++) {
        sn_attention_sequence sequence;
        if (!sn_attention_sequence_get(c, s, &sequence) || sequence.slot < 0) continue;
        for (int64_t r = 0; r < sequence.n_rows; r++)
            for (int64_t head = 0; head < dims.n_heads; head++) row_backward(c, &sequence, r, head);
    }
}
SN_OP_FORWARD(attention_backward)

#if SN_OP_MAIN
#include "base/error.h"
#include "op/attention_parts.h"

static sn_status check_like(const sn_tensor *t, const char *name, const sn_tensor *q, int n_dims, int64_t last) {
    bool same = t->n_dims == n_dims && t->dtype == q->dtype && t->shape[0] == q->shape[0] && t->shape[1] == q->shape[1];
    if (same && (n_dims == 2 || t->shape[2] == last)) return SN_OK;
    return sn_fail(SN_ERR_SHAPE, "attention_backward: %s %s %s does not fit q %s %s", name, sn_dtype_name(t->dtype),
                   sn_shape_text(t), sn_dtype_name(q->dtype), sn_shape_text(q));
}

static sn_status infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    const sn_tensor *q = &in[SN_ATTENTION_Q], *k = &in[SN_ATTENTION_K], *v = &in[SN_ATTENTION_V];
    SN_TRY(sn_attention_check("attention_backward", attr, in));
    if (k->dtype != q->dtype || v->dtype != q->dtype)
        return sn_fail(SN_ERR_SHAPE, "attention_backward: keys of %s and values of %s have no gradient: %s is needed",
                       sn_dtype_name(k->dtype), sn_dtype_name(v->dtype), sn_dtype_name(q->dtype));
    SN_TRY(check_like(&in[SN_ATTENTION_OUT], "out", q, 3, v->shape[2]));
    SN_TRY(check_like(&in[SN_ATTENTION_LSE], "lse", q, 2, 0));
    SN_TRY(check_like(&in[SN_ATTENTION_GRAD_OUT], "the gradient of out", q, 3, v->shape[2]));
    if (n_in > SN_ATTENTION_GRAD_LSE && in[SN_ATTENTION_GRAD_LSE].n_dims >= 0)
        SN_TRY(check_like(&in[SN_ATTENTION_GRAD_LSE], "the gradient of lse", q, 2, 0));
    for (int i = DQ; i <= DV; i++) SN_TRY(sn_infer_like(&out[i], &in[i]));
    return SN_OK;
}

/* The same function of q, k, v and the two gradients by other ops, on copies, so that derivatives are partial
 * even where one of them is made from another. */
static void vjp(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    static const int wrt[] = {SN_ATTENTION_Q, SN_ATTENTION_K, SN_ATTENTION_V, SN_ATTENTION_GRAD_OUT,
                              SN_ATTENTION_GRAD_LSE};
    const sn_attention_attr *attr = sn_node_attr(n);
    int n_wrt = sn_node_in(n, SN_ATTENTION_GRAD_LSE) ? 5 : 4;
    sn_value *copy[5] = {NULL}, *first[3], *second[5], *lse = NULL, *loss = NULL;
    for (int i = 0; i < n_wrt; i++) copy[i] = sn_copy(g, sn_node_in(n, wrt[i]));
    sn_value *out = sn_attention_decomposed(g, copy[0], copy[1], copy[2], sn_node_in(n, SN_ATTENTION_SEQUENCES),
                                            sn_node_in(n, SN_ATTENTION_QUERY_TABLE),
                                            sn_node_in(n, SN_ATTENTION_KEY_TABLE), &attr->position, &lse);
    sn_value *inner = sn_sum_all(g, sn_mul(g, out, copy[3]));
    if (n_wrt == 5) inner = sn_add(g, inner, sn_sum_all(g, sn_mul(g, lse, copy[4])));
    if (!inner || sn_grad(g, inner, copy, 3, first) != SN_OK) return;
    for (int i = 0; i < 3; i++) {
        if (!grad_out[i]) continue;
        sn_value *part = sn_sum_all(g, sn_mul(g, first[i], grad_out[i]));
        loss = loss ? sn_add(g, loss, part) : part;
    }
    if (!loss || sn_grad(g, loss, copy, n_wrt, second) != SN_OK) return;
    for (int i = 0; i < n_wrt; i++) grad_in[wrt[i]] = second[i];
}

static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    (void)attr, (void)n_in;
    const sn_tensor *q = &in[SN_ATTENTION_Q], *k = &in[SN_ATTENTION_K], *v = &in[SN_ATTENTION_V];
    double pairs = (double)q->shape[0] * (double)q->shape[1] * (double)k->shape[0], bytes = 0;
    for (int i = SN_ATTENTION_Q; i <= SN_ATTENTION_V; i++) bytes += 2 * (double)sn_tensor_bytes(&in[i]);
    (void)out;
    return (sn_cost){2 * pairs * (double)(3 * q->shape[2] + 2 * v->shape[2]), bytes};
}

/* One key, seen by both rows: then out is its value and lse the logit, whatever q is, and they can be given. */
static const sn_attention_attr one_key = {
    .position = {.layout = SN_PAIR_HALVES,
                 .gain = 1,
                 .n_pieces = 1,
                 .piece = {{-SN_NO_LIMIT, SN_NO_LIMIT, 1, {1, 0, INFINITY, false}, {1, 0, INFINITY, false}}},
                 .mask = {false, SN_NO_LIMIT, 0},
                 .scale = {0.5, 0, 0, 0}}};
static const double one_sequence[] = {0, 2, 0, 0}, q_values[] = {0.5, -1, 0.25, 0.75}, k_values[] = {1, 0.5, 9, 9};
static const double v_values[] = {0.5, -2, 1, 9, 9, 9}, out_values[] = {0.5, -2, 1, 0.5, -2, 1};
static const double lse_values[] = {0, 0.3125};
#define VALUES(dtype_, n_dims_, values_, ...)                                                                          \
    { .n_dims = (n_dims_), .shape = {__VA_ARGS__}, .dtype = (dtype_), .values = (values_) }
static const sn_op_case cases[] = {
    {10,
     {VALUES(SN_F32, 3, q_values, 2, 1, 2), VALUES(SN_F32, 3, k_values, 2, 1, 2), VALUES(SN_F32, 3, v_values, 2, 1, 3),
      VALUES(SN_I32, 2, one_sequence, 1, 4), SN_CASE_ABSENT, SN_CASE_ABSENT, VALUES(SN_F32, 3, out_values, 2, 1, 3),
      VALUES(SN_F32, 2, lse_values, 2, 1), SN_CASE_F32(-1, 1, 3, 2, 1, 3), SN_CASE_F32(-1, 1, 2, 2, 1)},
     &one_key}};

const sn_op_def sn_op_attention_backward = {
    .name = "attention_backward",
    .formula = "the gradients of attention for q, k and v from q, k, v, out, lse, grad_out and grad_lse",
    .source = "T. Dao et al. 2022, arXiv:2205.14135",
    .min_in = 10,
    .max_in = 10,
    .n_out = 3,
    .attr_size = sizeof(sn_attention_attr),
    .infer = infer,
    .forward_f32 = sn_forward_f32_attention_backward,
    .forward_f64 = sn_forward_f64_attention_backward,
    .vjp = vjp,
    .cost = cost,
    .cases = cases,
    .n_cases = SN_COUNT(cases),
    .tolerance = 2e-5,
    .grad_mask = 1 << SN_ATTENTION_GRAD_OUT | 1 << SN_ATTENTION_GRAD_LSE,
};

void sn_attention_backward(sn_graph *g, sn_value *const in[10], const sn_position *position, sn_value *grads[3]) {
    sn_attention_attr attr = {.position = *position};
    unsigned optional = 1u << SN_ATTENTION_GRAD_LSE;
    if (position->n_planes == 0) optional |= 1u << SN_ATTENTION_QUERY_TABLE | 1u << SN_ATTENTION_KEY_TABLE;
    sn_value *first = sn_node_append(g, &sn_op_attention_backward, in, 10, optional, &attr);
    for (int i = 0; i < 3; i++) grads[i] = first ? sn_node_out(sn_value_node(first), i) : NULL;
}
#endif
