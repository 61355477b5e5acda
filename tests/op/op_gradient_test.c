/* Every vjp against central differences of the f64 forward, and again for the gradient of a gradient. */
#include "op/op_case.h"

#include "suan/ops.h"

/* Five-point central difference: truncation h^4, so 1e-4 leaves about 1e-12 of rounding. */
static const double step = 1e-4, tolerance = 1e-6;
static const double stencil[][2] = {{-2, 1.0 / 12}, {-1, -2.0 / 3}, {1, 2.0 / 3}, {2, -1.0 / 12}};

enum { seed_x = 1, seed_r = 1000, seed_v = 2000 };

typedef struct setup {
    const sn_op_def *op;
    const sn_op_case *c;
    layout how;
    const char *what;
    instance values; /* its input memory is what the graph's inputs are bound to */
    sn_graph *graph;
    sn_value *leaf[SN_MAX_INPUTS], *in[SN_MAX_INPUTS]; /* the bound input; the (perhaps transposed) operand */
    sn_value *weight[SN_MAX_OUTPUTS];                  /* random weights of the outputs, inputs too */
    double *weight_data[SN_MAX_OUTPUTS];
    sn_value *loss;
} setup;

static bool is_checked_input(const setup *s, int k) {
    unsigned mask = s->op->grad_mask ? s->op->grad_mask : ~0u;
    return s->c->in[k].n_dims >= 0 && s->c->in[k].dtype == SN_F32 && mask >> k & 1;
}

static double *random_data(int64_t n, uint64_t seed) {
    double *data = malloc((size_t)n * sizeof *data + 1);
    for (int64_t i = 0; i < n; i++) data[i] = 2 * sn_uniform_f64(seed, 3, (uint64_t)i) - 1;
    return data;
}

static sn_value *f64_input(sn_graph *g, const sn_tensor *like) {
    return sn_input(g, "random", SN_F64, like->n_dims, like->shape);
}

/* The operand as the layout wants it, from an input that is contiguous in memory. */
static void append_operand(setup *s, int k) {
    const sn_tensor *t = &s->values.call.in[k];
    int64_t shape[SN_MAX_DIMS] = {0};
    int n = t->n_dims;
    bool turn = s->how == TRANSPOSED && n >= 2 && !sn_dtype_is_block(t->dtype);
    for (int d = 0; d < n; d++) shape[d] = t->shape[d];
    if (turn) shape[n - 1] = t->shape[n - 2], shape[n - 2] = t->shape[n - 1];
    s->leaf[k] = s->in[k] = sn_input(s->graph, "x", t->dtype, n, shape);
    if (turn) s->in[k] = sn_transpose(s->graph, s->leaf[k], -1, -2);
}

/* loss = sum over the float outputs of output * weight */
static void append_loss(setup *s) {
    unsigned optional = 0;
    for (int k = 0; k < s->c->n_in; k++) {
        if (s->c->in[k].n_dims < 0)
            optional |= 1u << k;
        else
            append_operand(s, k);
    }
    sn_value *first = sn_node_append(s->graph, s->op, s->in, s->c->n_in, optional, s->c->attr);
    if (!first) fail_msg("%s, %s: %s", s->op->name, s->what, sn_last_error());
    for (int k = 0; k < s->op->n_out; k++) {
        sn_value *y = sn_node_out(sn_value_node(first), k);
        if (sn_value_tensor(y)->dtype != SN_F64) continue;
        s->weight[k] = f64_input(s->graph, sn_value_tensor(y));
        s->weight_data[k] = random_data(sn_tensor_count(sn_value_tensor(y)), seed_r + (uint64_t)k);
        sn_value *part = sn_sum_all(s->graph, sn_mul(s->graph, y, s->weight[k]));
        s->loss = s->loss ? sn_add(s->graph, s->loss, part) : part;
    }
}

static bool setup_new(setup *s, const sn_op_def *op, const sn_op_case *c, layout how, const char *what) {
    *s = (setup){.op = op, .c = c, .how = how, .what = what};
    s->values = instance_new(op, c, true, how, seed_x);
    if (s->values.refused) return false;
    assert_int_equal(sn_graph_new(&s->graph), SN_OK);
    append_loss(s);
    return true;
}

static void setup_free(setup *s) {
    instance_free(&s->values);
    for (int k = 0; k < SN_MAX_OUTPUTS; k++) free(s->weight_data[k]);
    sn_graph_free(s->graph);
}

static sn_plan *plan_of(setup *s, sn_value *const *wanted, int n) {
    sn_plan *plan = NULL;
    if (sn_plan_new(s->graph, wanted, n, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
        fail_msg("%s, %s: %s", s->op->name, s->what, sn_last_error());
    for (int k = 0; k < s->c->n_in; k++)
        if (s->leaf[k]) assert_int_equal(sn_plan_bind(plan, s->leaf[k], s->values.in_memory[k]), SN_OK);
    for (int k = 0; k < s->op->n_out; k++)
        if (s->weight[k]) assert_int_equal(sn_plan_bind(plan, s->weight[k], s->weight_data[k]), SN_OK);
    return plan;
}

static void run(setup *s, sn_plan *plan) {
    if (sn_plan_run(plan) != SN_OK) fail_msg("%s, %s: %s", s->op->name, s->what, sn_last_error());
}

/* ---- the two scalar functions that are differentiated numerically ---- */

/* The loss straight from the reference, without the graph. */
static double direct_loss(setup *s, sn_plan *unused) {
    const sn_call *call = &s->values.call;
    double total = 0;
    (void)unused;
    run_reference(s->op, call);
    for (int k = 0; k < s->op->n_out; k++)
        for (int64_t i = 0; s->weight[k] && i < sn_tensor_count(&call->out[k]); i++)
            total += read_element(&call->out[k], i) * s->weight_data[k][i];
    return total;
}

/* The first output of a plan. */
static double planned_scalar(setup *s, sn_plan *plan) {
    sn_tensor t;
    run(s, plan);
    assert_int_equal(sn_plan_output(plan, 0, &t), SN_OK);
    return read_element(&t, 0);
}

typedef double (*scalar_fn)(setup *s, sn_plan *plan);

/* `got` against the central differences of f by the n numbers at x. */
static void check_differences(setup *s, scalar_fn f, sn_plan *plan, double *x, int64_t n, const sn_tensor *got,
                              const char *name) {
    double *want = malloc((size_t)n * sizeof *want + 1), largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double kept = x[i], sum = 0;
        for (int p = 0; p < 4; p++) {
            x[i] = kept + stencil[p][0] * step;
            sum += stencil[p][1] * f(s, plan);
        }
        x[i] = kept;
        want[i] = sum / step;
        largest = fmax(largest, fabs(want[i]));
    }
    for (int64_t i = 0; i < n; i++) {
        double g = ((const double *)got->data)[i];
        if (!(fabs(g - want[i]) <= tolerance * fmax(fabs(want[i]), 0.01 * largest) + 1e-9))
            fail_msg("%s, %s, %s: element %lld is %.12g, differences give %.12g", s->op->name, s->what, name,
                     (long long)i, g, want[i]);
    }
    free(want);
}

/* Values to differentiate by: checked inputs, and (second order) the weights; their data. */
typedef struct targets {
    sn_value *value[SN_MAX_INPUTS + SN_MAX_OUTPUTS];
    double *data[SN_MAX_INPUTS + SN_MAX_OUTPUTS];
    int n;
} targets;

static targets find_targets(setup *s, bool weights) {
    targets t = {.n = 0};
    for (int k = 0; k < s->c->n_in; k++)
        if (is_checked_input(s, k)) t.value[t.n] = s->leaf[k], t.data[t.n++] = s->values.in_memory[k];
    for (int k = 0; weights && k < s->op->n_out; k++)
        if (s->weight[k]) t.value[t.n] = s->weight[k], t.data[t.n++] = s->weight_data[k];
    return t;
}

/* d f / d targets from the plan's outputs (copied, since f runs other plans over the same inputs). */
static void check_targets(setup *s, const targets *t, sn_value *const *grads, scalar_fn f, sn_plan *scalar_plan,
                          void (*bind)(sn_plan *plan, void *arg), void *arg, const char *name) {
    sn_value *contiguous[SN_MAX_INPUTS + SN_MAX_OUTPUTS];
    for (int i = 0; i < t->n; i++) contiguous[i] = sn_copy(s->graph, grads[i]);
    sn_plan *plan = plan_of(s, contiguous, t->n);
    if (bind) bind(plan, arg);
    run(s, plan);
    for (int i = 0; i < t->n; i++) {
        sn_tensor got;
        assert_int_equal(sn_plan_output(plan, i, &got), SN_OK);
        check_differences(s, f, scalar_plan, t->data[i], sn_tensor_count(&got), &got, name);
    }
    sn_plan_free(plan);
}

static void gradients_or_fail(setup *s, sn_value *loss, const targets *t, sn_value **grads) {
    if (sn_grad(s->graph, loss, t->value, t->n, grads) != SN_OK)
        fail_msg("%s, %s: %s", s->op->name, s->what, sn_last_error());
}

static void check_first(setup *s) {
    targets t = find_targets(s, false);
    sn_value *grads[SN_MAX_INPUTS + SN_MAX_OUTPUTS];
    if (t.n == 0 || !s->loss) return;
    gradients_or_fail(s, s->loss, &t, grads);
    check_targets(s, &t, grads, direct_loss, NULL, NULL, NULL, "gradient");
}

/* Random projections of the first gradients. */
typedef struct projection {
    sn_value *value[SN_MAX_INPUTS];
    double *data[SN_MAX_INPUTS];
    int n;
} projection;

static void bind_projection(sn_plan *plan, void *arg) {
    const projection *p = arg;
    for (int i = 0; i < p->n; i++) assert_int_equal(sn_plan_bind(plan, p->value[i], p->data[i]), SN_OK);
}

static void check_second(setup *s) {
    targets first = find_targets(s, false), second = find_targets(s, true);
    sn_value *grads[SN_MAX_INPUTS + SN_MAX_OUTPUTS], *scalar = NULL;
    projection p = {.n = first.n};
    if (first.n == 0 || !s->loss) return;
    gradients_or_fail(s, s->loss, &first, grads);
    for (int i = 0; i < p.n; i++) {
        const sn_tensor *t = sn_value_tensor(grads[i]);
        p.value[i] = f64_input(s->graph, t);
        p.data[i] = random_data(sn_tensor_count(t), seed_v + (uint64_t)i);
        sn_value *part = sn_sum_all(s->graph, sn_mul(s->graph, grads[i], p.value[i]));
        scalar = scalar ? sn_add(s->graph, scalar, part) : part;
    }
    gradients_or_fail(s, scalar, &second, grads);
    sn_plan *plan = plan_of(s, &scalar, 1);
    bind_projection(plan, &p);
    check_targets(s, &second, grads, planned_scalar, plan, bind_projection, &p, "second gradient");
    sn_plan_free(plan);
    for (int i = 0; i < p.n; i++) free(p.data[i]);
}

static void for_each_case(const sn_op_def *op, void (*check)(setup *s)) {
    int n_checked = 0;
    for (int i = 0; i < op->n_cases; i++)
        for (int how = PLAIN; how <= TRANSPOSED; how++) {
            char what[64];
            setup s;
            snprintf(what, sizeof what, "case %d, %s", i, layout_names[how]);
            if (setup_new(&s, op, &op->cases[i], (layout)how, what)) {
                n_checked += find_targets(&s, false).n > 0;
                check(&s);
            }
            setup_free(&s);
        }
    if (n_checked == 0) fail_msg("%s: no case has an input to differentiate by", op->name);
}

static void gradient_is_the_derivative(void **state) { for_each_case(*state, check_first); }
static void second_gradient_is_the_derivative_of_the_first(void **state) { for_each_case(*state, check_second); }

int main(int argc, char **argv) {
    enum { most = 1000 };
    static struct CMUnitTest tests[most];
    static char names[most][64];
    static const CMUnitTestFunction orders[] = {gradient_is_the_derivative,
                                                second_gradient_is_the_derivative_of_the_first};
    size_t n = 0;
    for (const sn_op_def *const *op = sn_op_table; *op; op++) {
        if (!(*op)->vjp || (argc > 1 && strcmp(argv[1], (*op)->name) != 0)) continue;
        for (int order = 0; order < 2 && n < most; order++, n++) {
            snprintf(names[n], sizeof names[n], "%s: %s", (*op)->name, order ? "second gradient" : "gradient");
            tests[n] = (struct CMUnitTest){names[n], orders[order], NULL, NULL, (void *)(uintptr_t)*op};
        }
    }
    return _cmocka_run_group_tests("op_gradient", tests, n, NULL, NULL);
}
