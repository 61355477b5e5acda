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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_output_of_a_state_op_is_its_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
