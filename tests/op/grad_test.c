/* Whole nets differentiated twice: the gradient of a loss with a gradient penalty against central differences, in
 * f64; dropout with its gradient; gradients that stop; and plans under failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "suan/graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { max_leaves = 16 };

/* A graph with its f64 inputs, which are filled at random. */
typedef struct net {
    sn_graph *g;
    sn_value *leaf[max_leaves];
    double *data[max_leaves];
    int n;
} net;

static sn_value *add_leaf(net *t, int n_dims, const int64_t *shape, double low, double high) {
    int64_t count = 1;
    for (int d = 0; d < n_dims; d++) count *= shape[d];
    assert_true(t->n < max_leaves);
    double *data = malloc((size_t)count * sizeof *data);
    for (int64_t i = 0; i < count; i++) data[i] = low + (high - low) * sn_uniform_f64(5, (uint64_t)t->n, (uint64_t)i);
    t->data[t->n] = data;
    return t->leaf[t->n++] = sn_input(t->g, "leaf", SN_F64, n_dims, shape);
}
#define LEAF(t, low, high, ...)                                                                                        \
    add_leaf(t, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__}, low, high)

static void net_free(net *t) {
    sn_graph_free(t->g);
    for (int i = 0; i < t->n; i++) free(t->data[i]);
}

static sn_plan *planned(net *t, sn_value *const *wanted, int n) {
    sn_plan *plan = NULL;
    if (sn_plan_new(t->g, wanted, n, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
        fail_msg("%s", sn_last_error());
    for (int i = 0; i < t->n; i++) assert_int_equal(sn_plan_bind(plan, t->leaf[i], t->data[i]), SN_OK);
    return plan;
}

static double run_scalar(sn_plan *plan) {
    sn_tensor out;
    assert_int_equal(sn_plan_run(plan), SN_OK);
    assert_int_equal(sn_plan_output(plan, 0, &out), SN_OK);
    return *(const double *)out.data;
}

/* `gradient` of the scalar against five-point differences by every number of leaf i. */
static void check_leaf(net *t, sn_plan *scalar, int i, const sn_tensor *gradient) {
    static const double at[] = {-2, -1, 1, 2}, weight[] = {1.0 / 12, -2.0 / 3, 2.0 / 3, -1.0 / 12};
    const double h = 1e-3;
    double largest = 1e-3;
    for (int64_t k = 0; k < sn_tensor_count(gradient); k++)
        largest = fmax(largest, fabs(((const double *)gradient->data)[k]));
    for (int64_t k = 0; k < sn_tensor_count(gradient); k++) {
        double kept = t->data[i][k], want = 0, got = ((const double *)gradient->data)[k];
        for (int p = 0; p < 4; p++) {
            t->data[i][k] = kept + at[p] * h;
            want += weight[p] * run_scalar(scalar) / h;
        }
        t->data[i][k] = kept;
        if (!(fabs(got - want) <= 1e-6 * fmax(fabs(want), 0.1 * largest)))
            fail_msg("leaf %d, element %lld: %.12g, differences give %.12g", i, (long long)k, got, want);
    }
}

/* total = loss + |d loss / d x|^2, differentiated by every leaf. */
static void check_with_penalty(net *t, sn_value *loss, sn_value *x) {
    sn_value *slope, *grads[max_leaves];
    if (sn_grad(t->g, loss, &x, 1, &slope) != SN_OK) fail_msg("%s", sn_last_error());
    sn_value *total = sn_add(t->g, loss, sn_sum_all(t->g, sn_square(t->g, slope)));
    if (sn_grad(t->g, total, t->leaf, t->n, grads) != SN_OK) fail_msg("%s", sn_last_error());
    for (int i = 0; i < t->n; i++) grads[i] = sn_copy(t->g, grads[i]);
    sn_plan *all = planned(t, grads, t->n), *scalar = planned(t, &total, 1);
    assert_int_equal(sn_plan_run(all), SN_OK);
    for (int i = 0; i < t->n; i++) {
        sn_tensor gradient;
        assert_int_equal(sn_plan_output(all, i, &gradient), SN_OK);
        check_leaf(t, scalar, i, &gradient);
    }
    sn_plan_free(all);
    sn_plan_free(scalar);
}

static void mlp_with_gradient_penalty(void **state) {
    net t = {.n = 0};
    (void)state;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_value *x = LEAF(&t, -1, 1, 4, 3), *w1 = LEAF(&t, -1, 1, 6, 3), *b1 = LEAF(&t, -1, 1, 6);
    sn_value *w2 = LEAF(&t, -1, 1, 2, 6), *b2 = LEAF(&t, -1, 1, 2), *want = LEAF(&t, -1, 1, 4, 2);
    sn_value *y = sn_linear(t.g, sn_tanh(t.g, sn_linear(t.g, x, w1, b1)), w2, b2);
    check_with_penalty(&t, sn_mean_all(t.g, sn_square(t.g, sn_sub(t.g, y, want))), x);
    net_free(&t);
}

enum { n_tokens = 4, d_model = 6, n_heads = 2, d_head = 3, d_ffn = 5, n_words = 7 };

/* [tokens, d_model] to [heads, tokens, d_head] */
static sn_value *split_heads(sn_graph *g, sn_value *x) {
    sn_value *heads = sn_reshape(g, x, 3, (int64_t[]){n_tokens, n_heads, d_head});
    return sn_permute(g, heads, (int[]){1, 0, 2});
}

/* Causal attention of plain ops. */
static sn_value *attend(sn_graph *g, sn_value *q, sn_value *k, sn_value *v, sn_value *mask) {
    sn_value *logits = sn_matmul_t(g, split_heads(g, q), split_heads(g, k), false, true);
    sn_value *share = sn_softmax(g, sn_add(g, sn_scale(g, logits, 1 / sqrt(d_head), 0), mask));
    sn_value *mixed = sn_permute(g, sn_matmul(g, share, split_heads(g, v)), (int[]){1, 0, 2});
    return sn_reshape(g, mixed, 2, (int64_t[]){n_tokens, d_model});
}

static void transformer_block_with_gradient_penalty(void **state) {
    static const double hidden = -1e4;
    static double mask_data[n_tokens * n_tokens];
    static int32_t targets_data[n_tokens] = {3, -1, 6, 0};
    const int64_t n_targets = n_tokens;
    net t = {.n = 0};
    (void)state;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_graph *g = t.g;
    for (int i = 0; i < n_tokens * n_tokens; i++) mask_data[i] = i % n_tokens > i / n_tokens ? hidden : 0;
    sn_tensor mask_tensor = sn_tensor_make(SN_F64, 2, (int64_t[]){n_tokens, n_tokens}, mask_data);
    sn_tensor targets_tensor = sn_tensor_make(SN_I32, 1, &n_targets, targets_data);
    sn_value *mask = sn_param(g, "mask", &mask_tensor), *targets = sn_param(g, "targets", &targets_tensor);

    sn_value *x = LEAF(&t, -1, 1, n_tokens, d_model), *norm1 = LEAF(&t, 0.5, 1.5, d_model);
    sn_value *wqkv = LEAF(&t, -0.7, 0.7, 3 * d_model, d_model), *wo = LEAF(&t, -0.7, 0.7, d_model, d_model);
    sn_value *norm2 = LEAF(&t, 0.5, 1.5, d_model), *bias2 = LEAF(&t, -0.5, 0.5, d_model);
    sn_value *gate = LEAF(&t, -0.7, 0.7, d_ffn, d_model), *up = LEAF(&t, -0.7, 0.7, d_ffn, d_model);
    sn_value *down = LEAF(&t, -0.7, 0.7, d_model, d_ffn), *head = LEAF(&t, -0.7, 0.7, n_words, d_model);

    sn_value *qkv = sn_linear(g, sn_rms_norm(g, x, norm1, 1e-5), wqkv, NULL), *part[3];
    for (int i = 0; i < 3; i++) part[i] = sn_slice(g, qkv, -1, i * d_model, (i + 1) * d_model);
    sn_value *h = sn_add(g, x, sn_linear(g, attend(g, part[0], part[1], part[2], mask), wo, NULL));
    sn_value *z = sn_layer_norm(g, h, norm2, bias2, 1e-5);
    sn_value *ffn = sn_silu_mul(g, sn_linear(g, z, gate, NULL), sn_linear(g, z, up, NULL));
    h = sn_add(g, h, sn_linear(g, ffn, down, NULL));
    check_with_penalty(&t, sn_cross_entropy(g, sn_linear(g, h, head, NULL), targets), x);
    net_free(&t);
}

/* d/dx of x * stop(x^2) is x^2, not 3 x^2. */
static void a_stopped_gradient_is_a_constant(void **state) {
    net t = {.n = 0};
    (void)state;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_value *x = LEAF(&t, 1, 2, 3), *dx, *zero;
    sn_value *stopped = sn_stop_gradient(t.g, sn_square(t.g, x));
    assert_int_equal(sn_grad(t.g, sn_sum_all(t.g, sn_mul(t.g, x, stopped)), &x, 1, &dx), SN_OK);
    assert_int_equal(sn_grad(t.g, sn_sum_all(t.g, stopped), &x, 1, &zero), SN_OK);
    sn_plan *plan = planned(&t, (sn_value *[]){sn_copy(t.g, dx), zero}, 2);
    sn_tensor got, none;
    assert_int_equal(sn_plan_run(plan), SN_OK);
    assert_int_equal(sn_plan_output(plan, 0, &got), SN_OK);
    assert_int_equal(sn_plan_output(plan, 1, &none), SN_OK);
    for (int i = 0; i < 3; i++) {
        assert_true(((const double *)got.data)[i] == t.data[0][i] * t.data[0][i]);
        assert_true(((const double *)none.data)[i] == 0);
    }
    sn_plan_free(plan);
    net_free(&t);
}

/* The share that is kept, the scale, the same mask in the gradient, another one at the next step and node. */
static void dropout_draws_by_step_and_node(void **state) {
    enum { n = 4000 };
    const double rate = 0.3;
    net t = {.n = 0};
    int32_t step = 3;
    (void)state;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_value *x = LEAF(&t, 1, 2, n), *at = sn_input(t.g, "step", SN_I32, 0, NULL), *dx;
    sn_value *one = sn_dropout(t.g, x, rate, 11, at), *two = sn_dropout(t.g, x, rate, 11, at);
    assert_int_equal(sn_grad(t.g, sn_sum_all(t.g, one), &x, 1, &dx), SN_OK);
    sn_plan *plan = planned(&t, (sn_value *[]){one, two, sn_copy(t.g, dx)}, 3);
    assert_int_equal(sn_plan_bind(plan, at, &step), SN_OK);
    assert_int_equal(sn_plan_run(plan), SN_OK);
    sn_tensor out[3];
    for (int i = 0; i < 3; i++) assert_int_equal(sn_plan_output(plan, i, &out[i]), SN_OK);
    const double *a = out[0].data, *b = out[1].data, *d = out[2].data;
    int n_kept = 0, n_both = 0, n_same = 0;
    bool kept_before[n];
    for (int i = 0; i < n; i++) {
        kept_before[i] = a[i] != 0;
        n_kept += kept_before[i];
        n_both += a[i] != 0 && b[i] != 0;
        assert_true(a[i] == 0 || fabs(a[i] - t.data[0][i] / (1 - rate)) < 1e-12);
        assert_true(d[i] == (a[i] != 0 ? 1 / (1 - rate) : 0));
    }
    assert_true(fabs(n_kept / (double)n - 0.7) < 0.03 && fabs(n_both / (double)n - 0.49) < 0.04);
    step = 4;
    assert_int_equal(sn_plan_run(plan), SN_OK);
    for (int i = 0; i < n; i++) n_same += (a[i] != 0) == kept_before[i];
    assert_true(n_same < 0.7 * n);
    sn_plan_free(plan);
    net_free(&t);
}

/* Builds, differentiates twice, plans and runs a small net; any status. */
static sn_status whole_life(void) {
    static const double zeros[64];
    sn_graph *g = NULL;
    sn_plan *plan = NULL;
    sn_value *slope = NULL, *grads[2] = {NULL, NULL};
    sn_status status = sn_graph_new(&g);
    if (status != SN_OK) return status;
    sn_value *x = sn_input(g, "x", SN_F64, 2, (int64_t[]){2, 3}), *w = sn_input(g, "w", SN_F64, 2, (int64_t[]){4, 3});
    sn_value *y = sn_mean_all(g, sn_softmax(g, sn_gelu(g, sn_linear(g, sn_rms_norm(g, x, NULL, 1e-5), w, NULL))));
    status = sn_grad(g, y, &x, 1, &slope);
    if (status == SN_OK) status = sn_grad(g, sn_sum_all(g, sn_square(g, slope)), (sn_value *[]){x, w}, 2, grads);
    if (status == SN_OK) status = sn_plan_new(g, grads, 2, &(sn_plan_options){.n_threads = 1}, &plan);
    if (status == SN_OK) status = sn_plan_bind(plan, x, zeros);
    if (status == SN_OK) status = sn_plan_bind(plan, w, zeros);
    if (status == SN_OK) status = sn_plan_run(plan);
    sn_plan_free(plan);
    sn_graph_free(g);
    return status;
}

static void every_failing_allocation_is_an_error(void **state) {
    int64_t n = 0;
    (void)state;
    for (;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = whole_life();
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        if (status != SN_ERR_MEMORY) fail_msg("request %lld: %s", (long long)n, sn_last_error());
        assert_true(n < 100000);
    }
    print_message("%lld requests failed in turn\n", (long long)n);
    assert_true(n > 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mlp_with_gradient_penalty),
        cmocka_unit_test(transformer_block_with_gradient_penalty),
        cmocka_unit_test(a_stopped_gradient_is_a_constant),
        cmocka_unit_test(dropout_draws_by_step_and_node),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
