/* Every attention kernel against the f64 reference on random ragged problems of every kind and cache type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attention_fixture.h"
#include "tensor/dtype.h"

#include <stdio.h>

/* f32 kernels see the very numbers that the reference sees, whatever the cache type. */
static const double f32_tolerance = 2e-5;
/* Queries, keys, weights and values rounded to 8 bits; here logits are sums of up to 192 terms of size 1. */
static const double bf16_tolerance = 2e-2;

static int64_t pick(uint64_t seed, uint64_t *at, const int64_t *from, int n) {
    return from[draw_int(seed, at, 0, n - 1)];
}

/* Fills t in place: its call points into it. */
static void random_problem(problem *out, uint64_t seed, sn_dtype cache_type, bool few_rows) {
    static const int64_t sizes[] = {1, 5, 16, 20, 33, 48, 64, 80, 128, 192}, blocks[] = {32, 64, 96, 128};
    static const int64_t groups[] = {1, 1, 2, 3, 4, 5, 8, 9};
    uint64_t at = 1000000;
    problem t = {.type = SN_F32, .cache_type = cache_type};
    t.d = cache_type == SN_Q8_0 ? pick(seed, &at, blocks, 4) : pick(seed, &at, sizes, 10);
    t.d_v = cache_type == SN_Q8_0 ? pick(seed, &at, blocks, 4) : pick(seed, &at, sizes, 10);
    t.n_kv_heads = draw_int(seed, &at, 1, 3);
    t.n_heads = t.n_kv_heads * pick(seed, &at, groups, 8);
    int64_t planes = draw_int(seed, &at, 0, 1) ? t.d / 2 : draw_int(seed, &at, 0, t.d / 2);
    sn_pair_layout layout = (sn_pair_layout)draw_int(seed, &at, 0, 1);
    t.attr.position = make_kind((int)(seed % N_KINDS), (int)t.d, (int)planes, layout, draw_int(seed, &at, 1, 90));
    int n = (int)draw_int(seed, &at, 1, 3);
    int64_t sequence[3][2];
    for (int i = 0; i < n; i++) {
        sequence[i][0] = few_rows ? draw_int(seed, &at, 1, 4) : draw_int(seed, &at, 1, 150);
        sequence[i][1] = draw_int(seed, &at, 0, few_rows ? 700 : 200);
    }
    lay_out(&t, n, (const int64_t(*)[2])sequence, (int)draw_int(seed, &at, 0, 2));
    *out = t;
    problem_fill(out, seed);
}

static double kernel_error(problem *t, const sn_kernel *k, const double *out, const double *lse) {
    int64_t n_out = sn_tensor_count(&t->call.out[0]), n_lse = sn_tensor_count(&t->call.out[1]);
    double *got = malloc((size_t)(n_out + n_lse) * sizeof *got + 1);
    size_t bytes = k->workspace ? k->workspace(&t->call, sn_team_size(t->call.team)) : 0;
    free(t->workspace);
    if (posix_memalign(&t->workspace, 64, bytes + 64) != 0) abort();
    memset(t->workspace, 0xff, bytes); /* NaN: nothing may be read before it is written */
    memset(t->buffer[5], 0x5a, (size_t)n_out * sizeof(float));
    t->call.workspace = t->workspace;
    k->run(&t->call);
    load(SN_F32, t->buffer[5], got, n_out);
    load(SN_F32, t->buffer[6], got + n_out, n_lse);
    double error = worst_difference(got, out, n_out, true);
    error = fmax(error, worst_difference(got + n_out, lse, n_lse, true));
    free(got);
    return error;
}

static int compare_all(uint64_t seed, sn_dtype cache_type, bool few_rows, sn_team *team) {
    problem t;
    random_problem(&t, seed, cache_type, few_rows);
    double *out, *lse;
    int n_run = 0;
    problem_reference(&t, &out, &lse);
    t.call.team = team;
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        if (strcmp((*k)->op, "attention") != 0 || (*k)->isa > sn_cpu_isa()) continue;
        for (int precision = 0; precision <= SN_PRECISION_BF16; precision++) {
            t.call.precision = (sn_precision)precision;
            if (!(*k)->applicable(&t.call)) continue;
            double error = kernel_error(&t, *k, out, lse);
            n_run++;
            double tolerance = strcmp((*k)->name, "amx") == 0 ? bf16_tolerance : f32_tolerance;
            if (!(error < tolerance))
                fail_msg("%s, seed %d (%s), %s cache, d %d, d_v %d, heads %d/%d, planes %d: error %g", (*k)->name,
                         (int)seed, kind_names[seed % N_KINDS], sn_dtype_name(cache_type), (int)t.d, (int)t.d_v,
                         (int)t.n_heads, (int)t.n_kv_heads, t.attr.position.n_planes, error);
        }
    }
    free(out), free(lse);
    problem_free(&t);
    return n_run;
}

static void compare_many(uint64_t first, int n, bool few_rows) {
    static const sn_dtype types[] = {SN_F32, SN_F16, SN_BF16, SN_Q8_0};
    sn_team *team;
    int n_run = 0;
    assert_int_equal(sn_team_new(2, &team), SN_OK);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 4; k++) {

            if (types[k] == SN_Q8_0 && !sn_dtype_get(SN_Q8_0)->to_f32) continue;

            n_run += compare_all(first + (uint64_t)(i * 4 + k) * 7, types[k], few_rows, i % 2 ? team : NULL);
        }
    if (n_run == 0) print_message("no tuned kernel runs on this processor\n");
    sn_team_free(team);
}

static void many_rows_match_the_reference(void **state) {
    (void)state;
    compare_many(0, 24, false);
}

static void few_rows_match_the_reference(void **state) {
    (void)state;
    compare_many(5, 24, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_rows_match_the_reference),
        cmocka_unit_test(few_rows_match_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
