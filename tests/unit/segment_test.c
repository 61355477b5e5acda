/* Segments that are computed again in the backward pass: the same bits, less memory, gradients of gradients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suan/graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 32, WIDTH = 24, WIDE = 96, LAYERS = 8, N = 2 * LAYERS };

static float data[N][WIDTH * WIDE], input[ROWS * WIDTH];
static int32_t step = 3;

static void fill_data(void) {
    for (int i = 0; i < N; i++)
        for (int k = 0; k < WIDTH * WIDE; k++) data[i][k] = 0.2f * sinf((float)(k * 13 + i * 7));
    for (int k = 0; k < ROWS * WIDTH; k++) input[k] = cosf((float)k);
}

typedef struct net {
    sn_graph *g;
    sn_value *x, *loss, *param[N], *grad[N];
} net;

/* LAYERS blocks x + w2 dropout(gelu(w1 x)), each a segment. */
static net net_new(bool recompute) {
    const int64_t up[] = {WIDE, WIDTH}, down[] = {WIDTH, WIDE}, in[] = {ROWS, WIDTH};
    net t;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_graph_recompute(t.g, recompute);
    sn_tensor x = sn_tensor_make(SN_F32, 2, in, input), at = sn_tensor_make(SN_I32, 0, NULL, &step);
    sn_value *h = t.x = sn_param(t.g, "x", &x), *now = sn_param(t.g, "step", &at);
    for (int i = 0; i < N; i++) {
        sn_tensor w = sn_tensor_make(SN_F32, 2, i % 2 ? down : up, data[i]);
        t.param[i] = sn_param(t.g, "w", &w);
    }
    for (int i = 0; i < LAYERS; i++) {
        sn_segment_begin(t.g, false);
        sn_value *y = sn_gelu(t.g, sn_linear(t.g, h, t.param[2 * i], NULL));
        h = sn_add(t.g, h, sn_linear(t.g, sn_dropout(t.g, y, 0.25, 5, now), t.param[2 * i + 1], NULL));
        sn_segment_end(t.g);
    }
    t.loss = sn_mean_all(t.g, sn_square(t.g, h));
    return t;
}

static sn_plan *planned(sn_graph *g, sn_value *const *wanted, int n) {
    sn_plan *plan = NULL;
    if (sn_plan_new(g, wanted, n, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK) fail_msg("%s", sn_last_error());
    if (sn_plan_run(plan) != SN_OK) fail_msg("%s", sn_last_error());
    return plan;
}

static void expect_equal_outputs(const sn_plan *a, const sn_plan *b, int n) {
    for (int i = 0; i < n; i++) {
        sn_tensor x, y;
        assert_int_equal(sn_plan_output(a, i, &x), SN_OK);
        assert_int_equal(sn_plan_output(b, i, &y), SN_OK);
        assert_memory_equal(x.data, y.data, (size_t)sn_tensor_bytes(&x));
    }
}

static void gradients_have_the_same_bits(void **state) {
    (void)state;
    net t[2] = {net_new(false), net_new(true)};
    sn_plan *plan[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sn_grad(t[i].g, t[i].loss, t[i].param, N, t[i].grad), SN_OK);
        plan[i] = planned(t[i].g, t[i].grad, N);
    }
    expect_equal_outputs(plan[0], plan[1], N);
    sn_tensor g;
    assert_int_equal(sn_plan_output(plan[0], 0, &g), SN_OK);
    assert_true(((const float *)g.data)[0] != 0);
    for (int i = 0; i < 2; i++) {
        sn_plan_free(plan[i]);
        sn_graph_free(t[i].g);
    }
}

/* Only the gradient that comes last is asked for, so that no gradients pile up. */
static int64_t backward_bytes(bool recompute) {
    net t = net_new(recompute);
    assert_int_equal(sn_grad(t.g, t.loss, &t.x, 1, t.grad), SN_OK);
    sn_plan *plan = planned(t.g, t.grad, 1);
    int64_t bytes = sn_plan_memory_get(plan).buffer_bytes;
    sn_plan_free(plan);
    sn_graph_free(t.g);
    return bytes;
}

static void memory_drops_to_the_borders(void **state) {
    const int64_t narrow = ROWS * WIDTH * 4, wide = ROWS * WIDE * 4;
    (void)state;
    int64_t kept = backward_bytes(false), again = backward_bytes(true);
    print_message("%lld bytes kept, %lld computed again\n", (long long)kept, (long long)again);
    assert_true(kept >= LAYERS * wide);
    assert_true(again <= (LAYERS + 4) * narrow + 6 * wide);
}

static void gradients_of_gradients(void **state) {
    (void)state;
    net t[2] = {net_new(false), net_new(true)};
    sn_plan *plan[2];
    for (int i = 0; i < 2; i++) {
        sn_value *slope;
        assert_int_equal(sn_grad(t[i].g, t[i].loss, &t[i].x, 1, &slope), SN_OK);
        sn_value *total = sn_add(t[i].g, t[i].loss, sn_mean_all(t[i].g, sn_square(t[i].g, slope)));
        if (sn_grad(t[i].g, total, t[i].param, N, t[i].grad) != SN_OK) fail_msg("%s", sn_last_error());
        plan[i] = planned(t[i].g, t[i].grad, N);
    }
    for (int k = 0; k < N; k++) { /* sums in another order */
        sn_tensor a, b;
        assert_int_equal(sn_plan_output(plan[0], k, &a), SN_OK);
        assert_int_equal(sn_plan_output(plan[1], k, &b), SN_OK);
        for (int64_t i = 0; i < sn_tensor_count(&a); i++) {
            float x = ((const float *)a.data)[i], y = ((const float *)b.data)[i];
            if (!(fabsf(x - y) <= 1e-5f * fabsf(x) + 1e-7f))
                fail_msg("parameter %d, element %lld: %g, not %g", k, (long long)i, (double)y, (double)x);
        }
    }
    for (int i = 0; i < 2; i++) {
        sn_plan_free(plan[i]);
        sn_graph_free(t[i].g);
    }
}

static void a_segment_must_be_begun(void **state) {
    sn_graph *g;
    (void)state;
    assert_int_equal(sn_graph_new(&g), SN_OK);
    sn_segment_begin(g, false);
    sn_segment_begin(g, true);
    sn_segment_end(g);
    sn_segment_end(g);
    assert_int_equal(sn_graph_status(g), SN_OK);
    sn_segment_end(g);
    assert_int_equal(sn_graph_status(g), SN_ERR_ARGUMENT);
    sn_graph_free(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_have_the_same_bits),
        cmocka_unit_test(memory_drops_to_the_borders),
        cmocka_unit_test(gradients_of_gradients),
        cmocka_unit_test(a_segment_must_be_begun),
    };
    fill_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
