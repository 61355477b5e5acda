/* The gradients of attention against central differences for every kind of position value, and every kernel of
 * attention_backward against the f64 reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attention_fixture.h"

#include <stdio.h>

static const double f32_tolerance = 2e-5;
static const double bf16_tolerance = 2e-2; /* both factors of a product rounded to 8 bits; of the largest gradient */

void sn_forward_f64_attention_backward(const sn_call *c);

/* A call of attention_backward over the f64 values of a problem, with random gradients for out and lse. */
typedef struct backward {
    sn_call call;
    double *data[SN_ATTENTION_GRAD_LSE + 1], *grad[3];
} backward;

static double *new_values(sn_call *call, int i, int n_dims, const int64_t *shape) {
    call->in[i] = sn_tensor_make(SN_F64, n_dims, shape, NULL);
    double *data = malloc((size_t)sn_tensor_count(&call->in[i]) * sizeof *data + 1);
    call->in[i].data = data;
    return data;
}

static void backward_make(backward *b, const problem *t, uint64_t seed) {
    uint64_t at = 5000000;
    *b = (backward){.call = t->call};
    b->call.n_in = SN_ATTENTION_GRAD_LSE + 1, b->call.n_out = 3;
    for (int i = 0; i <= SN_ATTENTION_KEY_TABLE; i++) {
        const sn_tensor *from = &t->call.in[i];
        if (i == SN_ATTENTION_SEQUENCES || from->n_dims < 0) continue;
        b->data[i] = new_values(&b->call, i, from->n_dims, from->shape);
        load(from->dtype, from->data, b->data[i], sn_tensor_count(from));
    }
    for (int i = SN_ATTENTION_OUT; i <= SN_ATTENTION_GRAD_LSE; i++) {
        const sn_tensor *like = &t->call.out[(i - SN_ATTENTION_OUT) % 2];
        b->data[i] = new_values(&b->call, i, like->n_dims, like->shape);
        for (int64_t k = 0; k < sn_tensor_count(like); k++) b->data[i][k] = (double)(float)draw(seed, &at, -1, 1);
    }
    for (int i = 0; i < 3; i++) {
        b->call.out[i] = sn_tensor_make(SN_F64, 3, b->call.in[i].shape, NULL);
        b->grad[i] = malloc((size_t)sn_tensor_count(&b->call.out[i]) * sizeof(double) + 1);
        b->call.out[i].data = b->grad[i];
    }
}

static void backward_free(backward *b) {
    for (int i = 0; i <= SN_ATTENTION_GRAD_LSE; i++) free(b->data[i]);
    for (int i = 0; i < 3; i++) free(b->grad[i]);
}

/* Runs attention into out and lse; gives <out, grad_out> + <lse, grad_lse>. */
static double loss(const backward *b) {
    sn_call c = b->call;
    c.n_in = SN_ATTENTION_OUT, c.n_out = 2;
    c.out[0] = b->call.in[SN_ATTENTION_OUT], c.out[1] = b->call.in[SN_ATTENTION_LSE];
    sn_forward_f64_attention(&c);
    double sum = 0;
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < sn_tensor_count(&c.out[i]); k++)
            sum += b->data[SN_ATTENTION_OUT + i][k] * b->data[SN_ATTENTION_GRAD_OUT + i][k];
    return sum;
}

static void gradients_are_the_derivatives(void **state) {
    (void)state;
    const int64_t ragged[][2] = {{1, 12}, {11, 0}, {5, 9}};
    const double h = 1e-5;
    for (int kind = 0; kind < N_KINDS; kind++) {
        problem t = {.type = SN_F64, .cache_type = SN_F64, .n_heads = 4, .n_kv_heads = 2, .d = 7, .d_v = 3};
        t.attr.position = make_kind(kind, 7, 3, (sn_pair_layout)(kind % 2), 4);
        lay_out(&t, 3, ragged, 1);
        problem_fill(&t, (uint64_t)kind);
        backward b;
        backward_make(&b, &t, 3);
        loss(&b);
        sn_forward_f64_attention_backward(&b.call);
        for (int i = 0; i < 3; i++)
            for (int64_t k = 0; k < sn_tensor_count(&b.call.out[i]); k += 3) {
                double x = b.data[i][k];
                b.data[i][k] = x + h;
                double above = loss(&b);
                b.data[i][k] = x - h;
                double want = (above - loss(&b)) / (2 * h), error = fabs(b.grad[i][k] - want) / fmax(1, fabs(want));
                b.data[i][k] = x;
                if (!(error < 1e-7)) fail_msg("%s: input %d, element %d: error %g", kind_names[kind], i, (int)k, error);
            }
        backward_free(&b);
        problem_free(&t);
    }
}

static double kernel_error(const backward *b, const sn_kernel *k, const sn_call *narrow) {
    double worst = 0;
    void *workspace;
    size_t bytes = k->workspace ? k->workspace(narrow, sn_team_size(narrow->team)) : 0;
    sn_call c = *narrow;
    if (posix_memalign(&workspace, 64, bytes + 64) != 0) abort();
    memset(workspace, 0xff, bytes);
    c.workspace = workspace;
    k->run(&c);
    for (int i = 0; i < 3; i++) {
        int64_t n = sn_tensor_count(&c.out[i]);
        double *got = malloc((size_t)n * sizeof *got + 1), size = 1;
        load(SN_F32, c.out[i].data, got, n);
        for (int64_t x = 0; x < n; x++) size = fmax(size, fabs(b->grad[i][x]));
        worst = fmax(worst, worst_difference(got, b->grad[i], n, false) / size);
        free(got);
    }
    free(workspace);
    return worst;
}

/* The same call in f32, over copies that the caller frees. */
static sn_call narrowed(const backward *b) {
    sn_call c = b->call;
    for (int i = 0; i < c.n_in + 3; i++) {
        sn_tensor *t = i < c.n_in ? &c.in[i] : &c.out[i - c.n_in];
        if (i == SN_ATTENTION_SEQUENCES || t->n_dims < 0) continue;
        float *data = malloc((size_t)sn_tensor_count(t) * sizeof *data + 1);
        store(SN_F32, t->data, data, sn_tensor_count(t));
        *t = sn_tensor_make(SN_F32, t->n_dims, t->shape, data);
    }
    return c;
}

static int compare_kernels(uint64_t seed, sn_team *team) {
    static const int64_t sizes[] = {5, 16, 33, 64, 80, 136}, groups[] = {1, 2, 3, 4, 71, 270};
    uint64_t at = 1000000;
    problem t = {.type = SN_F32, .cache_type = SN_F32};
    t.d = sizes[draw_int(seed, &at, 0, 5)], t.d_v = sizes[draw_int(seed, &at, 0, 5)];
    t.n_kv_heads = draw_int(seed, &at, 1, 2), t.n_heads = t.n_kv_heads * groups[draw_int(seed, &at, 0, 5)];
    t.attr.position = make_kind((int)(seed % N_KINDS), (int)t.d, (int)draw_int(seed, &at, 0, t.d / 2),
                                (sn_pair_layout)(seed % 2), draw_int(seed, &at, 1, 60));
    const int64_t sequence[2][2] = {{draw_int(seed, &at, 1, 150), draw_int(seed, &at, 0, 40)}, {3, 70}};
    lay_out(&t, 2, sequence, (int)(seed % 3));
    problem_fill(&t, seed);
    backward b;
    backward_make(&b, &t, seed);
    loss(&b);
    sn_forward_f64_attention_backward(&b.call);
    sn_call c = narrowed(&b);
    int n_run = 0;
    c.team = team;
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        bool rounds = strcmp((*k)->name, "amx") == 0;
        c.precision = rounds ? SN_PRECISION_BF16 : SN_PRECISION_AUTO;
        if (strcmp((*k)->op, "attention_backward") != 0 || (*k)->isa > sn_cpu_isa() || !(*k)->applicable(&c)) continue;
        double error = kernel_error(&b, *k, &c);
        n_run++;
        if (!(error < (rounds ? bf16_tolerance : f32_tolerance)))
            fail_msg("%s, seed %d (%s), d %d, d_v %d, heads %d/%d: error %g", (*k)->name, (int)seed,
                     kind_names[seed % N_KINDS], (int)t.d, (int)t.d_v, (int)t.n_heads, (int)t.n_kv_heads, error);
    }
    for (int i = 0; i < c.n_in; i++)
        if (i != SN_ATTENTION_SEQUENCES && c.in[i].n_dims >= 0) free(c.in[i].data);
    for (int i = 0; i < 3; i++) free(c.out[i].data);
    backward_free(&b);
    problem_free(&t);
    return n_run;
}

static void kernels_match_the_reference(void **state) {
    (void)state;
    sn_team *team;
    int n_run = 0;
    assert_int_equal(sn_team_new(2, &team), SN_OK);
    for (uint64_t seed = 0; seed < 2 * N_KINDS; seed++) n_run += compare_kernels(seed, seed % 2 ? team : NULL);
    if (n_run == 0) print_message("no tuned kernel runs on this processor\n");
    sn_team_free(team);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_the_derivatives),
        cmocka_unit_test(kernels_match_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
