/* Every op of the table: its references against each other, every kernel against the reference, shape errors.
 * Gradients are in op_gradient_test.c. */
#include "op/op_case.h"

#include "base/error.h"
#include "base/threads.h"

enum { n_random = 12 };

static void each_op_has_a_gradient_or_a_reason(void **state) {
    const sn_op_def *op = *state;
    if (!op->vjp == !op->no_gradient) fail_msg("%s needs exactly one of vjp and no_gradient", op->name);
    assert_true(op->n_cases > 0);
    assert_non_null(op->cost);
    assert_non_null(op->infer);
    assert_true(strlen(op->formula) > 0);
    assert_non_null(op->source);
    assert_true((op->flags & SN_OP_VIEW) || (op->forward_f32 && op->forward_f64));
}

/* False where the op refuses the case in f64. */
static bool check_references(const sn_op_def *op, const sn_op_case *c, layout how, const char *what) {
    instance f64 = instance_new(op, c, true, PLAIN, 1), f32 = instance_new(op, c, false, how, 1);
    bool compared = !f32.refused && !f64.refused;
    if (!f32.refused) {
        run_reference(op, &f32.call);
        check_written(op, &f32, what);
    }
    if (compared) {
        run_reference(op, &f64.call);
        check_written(op, &f64, what);
        compare_outputs(op, &f64, &f32, op->tolerance > 0 ? op->tolerance : 1e-5, what);
    }
    instance_free(&f64);
    instance_free(&f32);
    return compared;
}

static void f32_reference_is_the_f64_reference(void **state) {
    const sn_op_def *op = *state;
    int n_compared = 0;
    for (int i = 0; i < op->n_cases; i++)
        for (int how = 0; how < N_LAYOUTS; how++) {
            char what[64];
            snprintf(what, sizeof what, "f32 reference, case %d, %s", i, layout_names[how]);
            n_compared += check_references(op, &op->cases[i], (layout)how, what);
        }
    if (n_compared == 0) fail_msg("%s: no case can be run in f64", op->name);
}

/* ---- kernels ---- */

typedef struct kernel_run {
    const sn_op_def *op;
    const sn_kernel *kernel;
    const sn_op_case *c;
    layout how;
    sn_precision precision;
    const char *what;
} kernel_run;

static void run_kernel(const kernel_run *r, instance *x, int n_threads) {
    assert_int_equal(sn_team_new(n_threads, &x->call.team), SN_OK);
    size_t bytes = r->kernel->workspace ? r->kernel->workspace(&x->call, n_threads) : 0;
    x->call.workspace = poisoned((int64_t)bytes);
    r->kernel->run(&x->call);
    const unsigned char *end = (const unsigned char *)x->call.workspace + bytes;
    for (int i = 0; i < guard_bytes; i++)
        if (end[i] != poison) fail_msg("%s, %s: wrote behind its workspace", r->op->name, r->what);
    free(x->call.workspace);
    sn_team_free(x->call.team);
}

static void expect_same_bits(const kernel_run *r, const instance *a, const instance *b, const char *difference) {
    for (int k = 0; k < r->op->n_out; k++)
        if (memcmp(a->call.out[k].data, b->call.out[k].data, (size_t)sn_tensor_bytes(&a->call.out[k])) != 0)
            fail_msg("%s, %s: other bits %s", r->op->name, r->what, difference);
}

/* Output 0 over input 0, as a plan does where shapes and dtypes are equal. */
static void check_in_place(const kernel_run *r, const instance *want) {
    instance x = instance_new(r->op, r->c, false, r->how, 1);
    sn_tensor *in = &x.call.in[0], *out = &x.call.out[0];
    x.call.precision = r->precision;
    if (r->op->flags & SN_OP_INPLACE0 && in->dtype == out->dtype && sn_same_shape(in, out) &&
        sn_tensor_is_contiguous(in)) {
        out->data = in->data;
        run_kernel(r, &x, 1);
        expect_same_bits(r, want, &x, "in place");
    }
    instance_free(&x);
}

static double tolerance_of(const kernel_run *r) {
    instance x = instance_new(r->op, r->c, false, r->how, 1);
    x.call.precision = r->precision;
    double own = r->kernel->tolerance ? r->kernel->tolerance(&x.call) : 0;
    instance_free(&x);
    if (own > 0) return own;
    return r->op->tolerance > 0 ? r->op->tolerance : 1e-5;
}

/* False where the kernel does not apply. */
static bool check_kernel(const kernel_run *r) {
    instance one = instance_new(r->op, r->c, false, r->how, 1);
    one.call.precision = r->precision;
    bool applies = !one.refused && r->kernel->applicable(&one.call);
    if (applies) {
        instance want = instance_new(r->op, r->c, false, r->how, 1), two = instance_new(r->op, r->c, false, r->how, 1);
        two.call.precision = r->precision;
        run_reference(r->op, &want.call);
        run_kernel(r, &one, 1);
        run_kernel(r, &two, 2);
        check_written(r->op, &one, r->what);
        compare_outputs(r->op, &want, &one, tolerance_of(r), r->what);
        compare_outputs(r->op, &want, &two, tolerance_of(r), r->what);
        if (!r->kernel->threads_vary) expect_same_bits(r, &one, &two, "with two threads");
        if (!r->kernel->threads_vary) check_in_place(r, &one);
        instance_free(&want);
        instance_free(&two);
    }
    instance_free(&one);
    return applies;
}

static int check_kernel_layouts(const sn_op_def *op, const sn_kernel *kernel, const sn_op_case *c, const char *name,
                                int index) {
    int n_applied = 0;
    for (int how = 0; how < N_LAYOUTS; how++)
        for (int precision = 0; precision < (how == PLAIN ? SN_PRECISION_BF16 + 1 : 1); precision++) {
            char what[96];
            snprintf(what, sizeof what, "kernel %s, %s %d, %s", kernel->name, name, index, layout_names[how]);
            kernel_run r = {op, kernel, c, (layout)how, (sn_precision)precision, what};
            n_applied += check_kernel(&r);
        }
    return n_applied;
}

static sn_op_case random_case(const sn_op_def *op, uint64_t seed) {
    sn_op_case c = {0};
    op->random_case(seed, &c);
    if (!c.attr) c.attr = op->cases[0].attr;
    for (int k = 0; k < c.n_in; k++) {
        if (c.in[k].low == 0 && c.in[k].high == 0) {
            c.in[k].low = op->cases[0].in[k].low;
            c.in[k].high = op->cases[0].in[k].high;
        }
        if (c.in[k].dtype == 0) c.in[k].dtype = op->cases[0].in[k].dtype;
    }
    return c;
}

static void kernels_match_the_reference(void **state) {
    const bool fast = getenv("SUAN_TEST_FAST") != NULL; /* sanitizers are slow */
    const sn_op_def *op = *state;
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        if (strcmp((*k)->op, op->name) != 0) continue;
        if ((*k)->isa > sn_cpu_isa()) {
            print_message("%s: kernel %s is skipped: this CPU has no %s\n", op->name, (*k)->name,
                          sn_isa_name((*k)->isa));
            continue;
        }
        int n_applied = 0;
        for (int i = 0; i < op->n_cases; i++) n_applied += check_kernel_layouts(op, *k, &op->cases[i], "case", i);
        for (int i = 0; op->random_case && i < n_random; i++) {
            if (fast && i >= n_random / 4 && n_applied > 0) break;
            sn_op_case c = random_case(op, (uint64_t)i);
            n_applied += check_kernel_layouts(op, *k, &c, "random case", i);
        }
        if (n_applied > 0) continue;
        if (op->random_case) fail_msg("%s: kernel %s applies to no case: add one", op->name, (*k)->name);
        print_message("%s: kernel %s applies to no case and is not checked here\n", op->name, (*k)->name);
    }
}

/* ---- shape errors ---- */

static sn_status infer_plain(const sn_op_def *op, const sn_op_case *c) {
    sn_call call = {.attr = c->attr, .n_in = c->n_in};
    for (int k = 0; k < c->n_in; k++) {
        call.in[k].n_dims = -1;
        if (c->in[k].n_dims >= 0) call.in[k] = sn_tensor_make(c->in[k].dtype, c->in[k].n_dims, c->in[k].shape, NULL);
    }
    sn_tensor out[SN_MAX_OUTPUTS] = {0};
    return infer_case(op, &call, out);
}

/* One dimension less (more) for input k of the case; false where that is impossible. */
static bool change_rank(sn_op_case *c, int k, int change) {
    int n_dims = c->in[k].n_dims;
    if (n_dims + change < 0 || n_dims + change > SN_MAX_DIMS) return false;
    if (change > 0) c->in[k].shape[n_dims] = 2;
    c->in[k].n_dims = n_dims + change;
    return true;
}

/* Number of refusals among the variations of a case; any answer but ok and a shape error fails the test. */
static int count_refusals(const sn_op_def *op, const sn_op_case *good) {
    int n_refused = 0;
    for (int k = 0; k < good->n_in; k++)
        for (int change = -1; change <= 1; change++) {
            sn_op_case c = *good;
            if (c.in[k].n_dims < 0) continue;
            if (change == 0)
                c.in[k].dtype = SN_U8;
            else if (!change_rank(&c, k, change))
                continue;
            sn_status status = infer_plain(op, &c);
            if (status != SN_OK && status != SN_ERR_SHAPE)
                fail_msg("%s: a wrong operand gives %s: %s", op->name, sn_status_name(status), sn_last_error());
            n_refused += status == SN_ERR_SHAPE;
        }
    return n_refused;
}

static void wrong_operands_are_shape_errors(void **state) {
    const sn_op_def *op = *state;
    int n_refused = 0;
    for (int i = 0; i < op->n_cases; i++) n_refused += count_refusals(op, &op->cases[i]);
    for (int i = 0; i < op->n_bad_cases; i++) {
        sn_fail(SN_ERR_INTERNAL, "-");
        if (infer_plain(op, &op->bad_cases[i]) != SN_ERR_SHAPE) fail_msg("%s: bad case %d is not refused", op->name, i);
        if (strlen(sn_last_error()) < 10) fail_msg("%s: bad case %d gives no message", op->name, i);
    }
    if (n_refused + op->n_bad_cases == 0 && op->max_in > 0 && !(op->flags & SN_OP_CUT))
        fail_msg("%s refuses nothing: give it bad cases", op->name);
}

typedef struct aspect {
    const char *name;
    CMUnitTestFunction test;
} aspect;

static const aspect aspects[] = {
    {"record", each_op_has_a_gradient_or_a_reason},
    {"references", f32_reference_is_the_f64_reference},
    {"kernels", kernels_match_the_reference},
    {"shape errors", wrong_operands_are_shape_errors},
};

/* One test for each op and aspect; an argument picks the op by name. */
int main(int argc, char **argv) {
    enum { most = 2000, n_aspects = SN_COUNT(aspects) };
    static struct CMUnitTest tests[most];
    static char names[most][64];
    size_t n = 0;
    for (const sn_op_def *const *op = sn_op_table; *op && n + n_aspects <= most; op++) {
        if (argc > 1 && strcmp(argv[1], (*op)->name) != 0) continue;
        for (int a = 0; a < n_aspects; a++, n++) {
            snprintf(names[n], sizeof names[n], "%s: %s", (*op)->name, aspects[a].name);
            tests[n] = (struct CMUnitTest){names[n], aspects[a].test, NULL, NULL, (void *)(uintptr_t)*op};
        }
    }
    return _cmocka_run_group_tests("op_table", tests, n, NULL, NULL);
}
