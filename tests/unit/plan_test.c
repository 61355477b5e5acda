/* Plans: state ops, the order in which they run, and the memory that order needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an op with two states: count += 1, total += x ---- */

enum { COUNT, TOTAL, X };

static void tally_forward(const sn_call *c) {
    float *count = c->out[COUNT].data, *total = c->out[TOTAL].data;
    const float *x = c->in[X].data;
    for (int64_t i = 0; i < sn_tensor_count(&c->out[TOTAL]); i++) total[i] += x[i];
    *count += 1;
}

static sn_status tally_infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    sn_status status = sn_infer_like(&out[COUNT], &in[COUNT]);
    return status == SN_OK ? sn_infer_like(&out[TOTAL], &in[TOTAL]) : status;
}

static const sn_op_def tally = {.name = "tally",
                                .min_in = 3,
                                .max_in = 3,
                                .n_out = 2,
                                .flags = SN_OP_STATE,
                                .infer = tally_infer,
                                .forward_f32 = tally_forward};

static sn_value *f32_param(sn_graph *g, const char *name, float *data, int64_t n) {
    sn_tensor t = sn_tensor_make(SN_F32, 1, &n, data);
    return sn_param(g, name, &t);
}

static sn_plan *planned(sn_graph *g, sn_value *const *wanted, int n) {
    sn_plan *plan = NULL;
    if (sn_plan_new(g, wanted, n, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK) fail_msg("%s", sn_last_error());
    return plan;
}

static void run(sn_plan *plan) {
    if (sn_plan_run(plan) != SN_OK) fail_msg("%s", sn_last_error());
}

static void every_output_of_a_state_op_is_its_input(void **state) {
    float count = 0, total[3] = {1, 2, 3}, x[3] = {10, 20, 30};
    sn_graph *g;
    (void)state;
    assert_int_equal(sn_graph_new(&g), SN_OK);
    sn_value *in[] = {f32_param(g, "count", &count, 1), f32_param(g, "total", total, 3), f32_param(g, "x", x, 3)};
    sn_value *first = sn_node_append(g, &tally, in, 3, 0, NULL);
    sn_value *second = sn_node_out(sn_value_node(first), TOTAL);
    sn_value *twice = sn_scale(g, second, 2, 0);
    sn_plan *plan = planned(g, (sn_value *[]){first, second, twice}, 3);
    run(plan);
    sn_tensor out[3];
    for (int i = 0; i < 3; i++) assert_int_equal(sn_plan_output(plan, i, &out[i]), SN_OK);
    assert_ptr_equal(out[0].data, &count);
    assert_ptr_equal(out[1].data, total);
    assert_true(count == 1 && total[2] == 33);
    assert_true(((const float *)out[2].data)[1] == 44);
    sn_plan_free(plan);
    sn_graph_free(g);
}

/* ---- gradient descent as a state op: param -= grad / 8 ---- */

static void descend_forward(const sn_call *c) {
    float *param = c->out[0].data;
    const float *grad = c->in[1].data;
    for (int64_t i = 0; i < sn_tensor_count(&c->out[0]); i++) param[i] -= 0.125f * grad[i];
}

static sn_status descend_infer(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out) {
    (void)attr, (void)n_in;
    return sn_infer_like(&out[0], &in[0]);
}

static const sn_op_def descend = {.name = "descend",
                                  .min_in = 2,
                                  .max_in = 2,
                                  .n_out = 1,
                                  .flags = SN_OP_STATE,
                                  .infer = descend_infer,
                                  .forward_f32 = descend_forward};

enum { WIDTH = 48, ROWS = 2, WORDS = 20, MOST = 16 };

/* A token model with a tied head: embedding, layers, head, loss. */
typedef struct net {
    sn_graph *g;
    sn_value *loss, *param[MOST + 1], *grad[MOST + 1];
    float *data[MOST + 1];
    int n;
} net;

static int32_t some_tokens[ROWS] = {3, 7}, some_targets[ROWS] = {7, 0};

static void add_matrix(net *t, int64_t rows) {
    float *data = malloc((size_t)(rows * WIDTH) * sizeof *data);
    for (int64_t i = 0; i < rows * WIDTH; i++) data[i] = 0.3f * sinf((float)(i * 7 + t->n));
    sn_tensor tensor = sn_tensor_make(SN_F32, 2, (int64_t[]){rows, WIDTH}, data);
    t->data[t->n] = data;
    t->param[t->n++] = sn_param(t->g, "w", &tensor);
}

static net net_new(int layers) {
    net t = {.n = 0};
    const int64_t rows = ROWS;
    assert_int_equal(sn_graph_new(&t.g), SN_OK);
    sn_tensor tokens = sn_tensor_make(SN_I32, 1, &rows, some_tokens);
    sn_tensor targets = sn_tensor_make(SN_I32, 1, &rows, some_targets);
    add_matrix(&t, WORDS);
    sn_value *x = sn_embedding(t.g, t.param[0], sn_param(t.g, "tokens", &tokens));
    for (int i = 0; i < layers; i++) {
        add_matrix(&t, WIDTH);
        x = sn_tanh(t.g, sn_linear(t.g, x, t.param[t.n - 1], NULL));
    }
    x = sn_linear(t.g, x, t.param[0], NULL);
    t.loss = sn_cross_entropy(t.g, x, sn_param(t.g, "targets", &targets));
    assert_int_equal(sn_grad(t.g, t.loss, t.param, t.n, t.grad), SN_OK);
    return t;
}

static void net_free(net *t) {
    sn_graph_free(t->g);
    for (int i = 0; i < t->n; i++) free(t->data[i]);
}

/* The loss and the updates of all parameters. */
static sn_plan *plan_with_updates(net *t) {
    sn_value *wanted[MOST + 2];
    for (int i = 0; i < t->n; i++)
        wanted[i] = sn_node_append(t->g, &descend, (sn_value *[]){t->param[i], t->grad[i]}, 2, 0, NULL);
    wanted[t->n] = t->loss;
    return planned(t->g, wanted, t->n + 1);
}

/* Gradients kept to the end and applied by hand give the same bits: nobody read a parameter too late. */
static void early_updates_are_late_updates(void **state) {
    net early = net_new(3), late = net_new(3);
    (void)state;
    sn_plan *updating = plan_with_updates(&early), *plain = planned(late.g, late.grad, late.n);
    for (int round = 0; round < 3; round++) {
        run(updating);
        run(plain);
        for (int i = 0; i < late.n; i++) {
            sn_tensor grad;
            assert_int_equal(sn_plan_output(plain, i, &grad), SN_OK);
            int64_t n = sn_tensor_count(&grad);
            for (int64_t k = 0; k < n; k++) late.data[i][k] -= 0.125f * ((const float *)grad.data)[k];
            assert_memory_equal(late.data[i], early.data[i], (size_t)n * sizeof(float));
        }
    }
    sn_plan_free(updating);
    sn_plan_free(plain);
    net_free(&early);
    net_free(&late);
}

static int64_t bytes_with_updates(int layers) {
    net t = net_new(layers);
    sn_plan *plan = plan_with_updates(&t);
    int64_t bytes = sn_plan_memory_get(plan).buffer_bytes;
    sn_plan_free(plan);
    net_free(&t);
    return bytes;
}

static void gradients_do_not_pile_up(void **state) {
    const int64_t gradient = WIDTH * WIDTH * (int64_t)sizeof(float);
    (void)state;
    int64_t few = bytes_with_updates(3), many = bytes_with_updates(15);
    print_message("%lld bytes for 3 layers, %lld for 15, a gradient is %lld\n", (long long)few, (long long)many,
                  (long long)gradient);
    assert_true(many - few < 12 * gradient / 4);
    assert_true(few < 3 * gradient);
}

/* What is made after an update reads the new value; what was made before it, the old one. Also through another param
 * over the same memory. */
static void reads_stay_on_their_side_of_an_update(void **state) {
    float w[4] = {1, 2, 3, 4}, g4[4] = {8, 8, 8, 8};
    sn_graph *g;
    (void)state;
    assert_int_equal(sn_graph_new(&g), SN_OK);
    sn_value *param = f32_param(g, "w", w, 4), *same = f32_param(g, "w again", w, 4),
             *part = f32_param(g, "w", w + 2, 1);
    sn_value *grad = f32_param(g, "grad", g4, 4);
    sn_value *before = sn_scale(g, param, 1, 0), *before_same = sn_scale(g, same, 1, 0),
             *before_part = sn_scale(g, part, 1, 0);
    sn_value *updated = sn_node_append(g, &descend, (sn_value *[]){param, grad}, 2, 0, NULL);
    sn_value *after = sn_scale(g, part, 1, 0);
    sn_value *again = sn_node_append(g, &descend, (sn_value *[]){same, grad}, 2, 0, NULL);
    sn_plan *plan = planned(g, (sn_value *[]){again, updated, before, before_same, before_part, after}, 6);
    run(plan);
    sn_tensor out[6];
    for (int i = 0; i < 6; i++) assert_int_equal(sn_plan_output(plan, i, &out[i]), SN_OK);
    assert_true(((const float *)out[2].data)[3] == 4 && ((const float *)out[3].data)[3] == 4);
    assert_true(*(const float *)out[4].data == 3 && *(const float *)out[5].data == 2);
    assert_true(w[0] == -1 && w[3] == 2);
    sn_plan_free(plan);
    sn_graph_free(g);
}

static void a_measured_plan_reserves_nothing(void **state) {
    net t = net_new(2);
    sn_plan *plan = NULL;
    (void)state;
    sn_plan_options options = {.n_threads = 1, .measure_only = true};
    assert_int_equal(sn_plan_new(t.g, t.grad, t.n, &options, &plan), SN_OK);
    assert_true(sn_plan_memory_get(plan).buffer_bytes > 0);
    assert_int_equal(sn_plan_run(plan), SN_ERR_ARGUMENT);
    sn_plan_free(plan);
    net_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_output_of_a_state_op_is_its_input),
        cmocka_unit_test(early_updates_are_late_updates),
        cmocka_unit_test(gradients_do_not_pile_up),
        cmocka_unit_test(reads_stay_on_their_side_of_an_update),
        cmocka_unit_test(a_measured_plan_reserves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
