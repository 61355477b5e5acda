/* Update ops beyond the table test: a step has the same bits with every kernel, and a factor of the gradient that is
 * not finite leaves everything as it is. */
#include "op/op_case.h"

#include "base/threads.h"

enum { n_cases = 16 };
static const char *const names[] = {"update_adamw", "update_lion", "update_sgd", "update_tiger"};

static const sn_op_def *find_op(const char *name) {
    for (const sn_op_def *const *op = sn_op_table; *op; op++)
        if (strcmp((*op)->name, name) == 0) return *op;
    fail_msg("no op %s", name);
    return NULL;
}

static sn_op_case make_case(const sn_op_def *op, uint64_t seed) {
    sn_op_case c = {0};
    op->random_case(seed, &c);
    c.attr = op->cases[seed / 2 % 2].attr;
    for (int k = 0; k < c.n_in; k++) {
        c.in[k].low = op->cases[0].in[k].low;
        c.in[k].high = op->cases[0].in[k].high;
        if (c.in[k].dtype == 0) c.in[k].dtype = op->cases[0].in[k].dtype;
    }
    return c;
}

static void run_kernel(const sn_kernel *k, sn_call *call, int n_threads) {
    assert_int_equal(sn_team_new(n_threads, &call->team), SN_OK);
    call->workspace = poisoned(k->workspace ? (int64_t)k->workspace(call, n_threads) : 0);
    assert_true(k->applicable(call));
    k->run(call);
    free(call->workspace);
    sn_team_free(call->team);
}

static void expect_same_outputs(const sn_op_def *op, const sn_kernel *kernel, const instance *want,
                                const instance *got) {
    for (int k = 0; k < op->n_out; k++)
        if (memcmp(want->call.out[k].data, got->call.out[k].data, (size_t)sn_tensor_bytes(&want->call.out[k])) != 0)
            fail_msg("%s: other bits in output %d with %s", op->name, k, kernel ? kernel->name : "ref");
}

static bool runs_here(const sn_op_def *op, const sn_kernel *k) {
    return strcmp(k->op, op->name) == 0 && k->isa <= sn_cpu_isa();
}

/* Tiger's root mean square is summed in an order of each kernel's own; its other arithmetic is in the table test. */
static void bits_do_not_depend_on_the_kernel(void **state) {
    (void)state;
    for (size_t o = 0; o < SN_COUNT(names) - 1; o++) {
        const sn_op_def *op = find_op(names[o]);
        for (uint64_t seed = 0; seed < n_cases; seed++) {
            sn_op_case c = make_case(op, seed);
            instance want = instance_new(op, &c, false, PLAIN, seed);
            op->forward_f32(&want.call);
            for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
                if (!runs_here(op, *k)) continue;
                instance got = instance_new(op, &c, false, PLAIN, seed);
                run_kernel(*k, &got.call, 1 + (int)(seed % 2));
                expect_same_outputs(op, *k, &want, &got);
                instance_free(&got);
            }
            instance_free(&want);
        }
    }
}

static void nothing_happens_without_a_finite_factor(void **state) {
    (void)state;
    static const float factors[] = {NAN, INFINITY, -INFINITY};
    for (size_t o = 0; o < SN_COUNT(names); o++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            const sn_op_def *op = find_op(names[o]);
            sn_op_case c = make_case(op, seed);
            instance want = instance_new(op, &c, false, PLAIN, seed), got = instance_new(op, &c, false, PLAIN, seed);
            *(float *)got.call.in[op->n_out + 1].data = factors[seed - 1];
            op->forward_f32(&got.call);
            expect_same_outputs(op, NULL, &want, &got);
            for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
                if (!runs_here(op, *k)) continue;
                run_kernel(*k, &got.call, 2);
                expect_same_outputs(op, *k, &want, &got);
            }
            instance_free(&want);
            instance_free(&got);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_do_not_depend_on_the_kernel),
        cmocka_unit_test(nothing_happens_without_a_finite_factor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
