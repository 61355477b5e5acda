/* Every kernel of `linear` against the direct definition in f64, over all weight types and ragged shapes.
 *
 * Bounds, relative to sum |x| |w| + |bias| of the element: f32 products 1e-5; bf16 products 2^-8 (two roundings of
 * 2^-9) + 1e-5; 8-bit activations 1e-5 against the definition with activations rounded the same way, and half a step
 * (max |x| of 32 values / 254) times sum |w| against the exact one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "base/size.h"
#include "kernel/kernel.h"
#include "kernel/linear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct problem {
    sn_dtype dtype;
    int64_t n_rows, n, k, x_stride;
    bool biased;
    sn_precision precision;
} problem;

typedef struct data {
    float *x, *w32, *bias, *out, *rounded; /* rounded: x as the 8-bit kernels see it */
    double *step;                          /* half a step of each of x's values */
    void *w;
} data;

typedef enum arithmetic { F32_SUMS, BF16_PRODUCTS, INT8_ACTIVATIONS } arithmetic;

static float *floats(int64_t n) {
    float *p = sn_alloc_aligned((size_t)sn_max_i64(1, n) * sizeof(float), 64);
    assert_non_null(p);
    return p;
}

static void fill_normal(float *to, int64_t n, uint64_t stream, double spread) {
    for (int64_t i = 0; i < n; i++) to[i] = (float)(spread * sn_normal_f64(7, stream, (uint64_t)i));
}

static void round_activations(const problem *p, data *d) {
    for (int64_t r = 0; r < p->n_rows; r++)
        for (int64_t from = 0; from < p->k; from += 32) {
            const float *x = d->x + r * p->x_stride + from;
            int64_t count = sn_min_i64(32, p->k - from);
            float most = 0;
            for (int64_t i = 0; i < count; i++) most = fmaxf(most, fabsf(x[i]));
            float scale = most / 127, inverse = scale > 0 ? 1 / scale : 0;
            for (int64_t i = 0; i < count; i++) {
                d->rounded[r * p->k + from + i] = rintf(x[i] * inverse) * scale;
                d->step[r * p->k + from + i] = (double)scale / 2;
            }
        }
}

static void make_data(const problem *p, data *d) {
    int64_t n_weights = p->n * p->k;
    d->x = floats(p->n_rows * p->x_stride);
    d->w32 = floats(n_weights);
    d->bias = floats(p->n);
    d->out = floats(p->n_rows * p->n);
    d->rounded = floats(p->n_rows * p->k);
    d->step = sn_calloc((size_t)sn_max_i64(1, p->n_rows * p->k), sizeof *d->step);
    d->w = sn_alloc_aligned((size_t)(n_weights / sn_dtype_block(p->dtype) * sn_dtype_bytes(p->dtype)) + 1, 64);
    assert_non_null(d->step);
    assert_non_null(d->w);
    fill_normal(d->x, p->n_rows * p->x_stride, 1, 1);
    fill_normal(d->w32, n_weights, 2, 0.1);
    fill_normal(d->bias, p->n, 3, 1);
    sn_from_f32(p->dtype, d->w32, d->w, n_weights);
    sn_to_f32(p->dtype, d->w, d->w32, n_weights);
    round_activations(p, d);
}

static void free_data(data *d) {
    sn_free(d->x), sn_free(d->w32), sn_free(d->bias), sn_free(d->out), sn_free(d->rounded), sn_free(d->step);
    sn_free(d->w);
}

static sn_call make_call(const problem *p, const data *d, sn_team *team) {
    int64_t out_shape[2] = {p->n_rows, p->n}, x_shape[2] = {p->n_rows, p->k}, w_shape[2] = {p->n, p->k};
    sn_call c = {.n_in = 3, .n_out = 1, .team = team, .precision = p->precision};
    c.in[0] = sn_tensor_make(SN_F32, 2, x_shape, d->x);
    c.in[0].stride[0] = p->x_stride * (int64_t)sizeof(float);
    c.in[1] = sn_tensor_make(p->dtype, 2, w_shape, d->w);
    c.in[2] = p->biased ? sn_tensor_make(SN_F32, 1, &p->n, d->bias) : (sn_tensor){.n_dims = -1};
    c.out[0] = sn_tensor_make(SN_F32, 2, out_shape, d->out);
    return c;
}

static arithmetic arithmetic_of(const sn_kernel *k, const problem *p) {
    if (p->precision == SN_PRECISION_F32) return F32_SUMS;
    if (k->isa == SN_ISA_AMX) return BF16_PRODUCTS;
    return strncmp(k->name, "few", 3) == 0 && sn_dtype_is_block(p->dtype) ? INT8_ACTIVATIONS : F32_SUMS;
}

static void check_element(const sn_kernel *kernel, const problem *p, const data *d, int64_t r, int64_t j) {
    const float *x = d->x + r * p->x_stride, *w = d->w32 + j * p->k;
    double exact = p->biased ? (double)d->bias[j] : 0, rounded = exact, size = fabs(exact), steps = 0;
    for (int64_t i = 0; i < p->k; i++) {
        exact += (double)x[i] * (double)w[i];
        rounded += (double)d->rounded[r * p->k + i] * (double)w[i];
        size += fabs((double)x[i] * (double)w[i]);
        steps += d->step[r * p->k + i] * fabs((double)w[i]);
    }
    double got = (double)d->out[r * p->n + j];
    arithmetic a = arithmetic_of(kernel, p);
    double bound = 1e-5 * size + (a == BF16_PRODUCTS ? size / 256 : a == INT8_ACTIVATIONS ? steps * 1.01 : 0);
    bool fine = fabs(got - exact) <= bound;
    if (a == INT8_ACTIVATIONS) fine = fine && fabs(got - rounded) <= 1e-5 * size;
    if (!fine)
        fail_msg("%s %s rows %d n %d k %d [%d, %d]: %.9g, exact %.9g, rounded %.9g, bound %.3g", kernel->name,
                 sn_dtype_name(p->dtype), (int)p->n_rows, (int)p->n, (int)p->k, (int)r, (int)j, got, exact, rounded,
                 bound);
}

/* Runs every kernel that applies; gives how many did. */
static int check_problem(const problem *p, sn_team *team) {
    int n_run = 0;
    data d;
    make_data(p, &d);
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        sn_call call = make_call(p, &d, team), plan = call;
        if (strcmp((*k)->op, "linear") != 0 || (*k)->isa > sn_cpu_isa()) continue;
        for (int i = 0; i < 3; i++) plan.in[i].data = NULL;
        plan.out[0].data = NULL;
        if (!(*k)->applicable(&plan)) continue;
        size_t bytes = (*k)->workspace ? (*k)->workspace(&plan, sn_team_size(team)) : 0;
        uint8_t *space = sn_alloc_aligned(bytes + 64, 64);
        assert_non_null(space);
        memset(space, 0xff, bytes + 64);
        call.workspace = space;
        for (int64_t i = 0; i < p->n_rows * p->n; i++) d.out[i] = NAN;
        (*k)->run(&call);
        for (int i = 0; i < 64; i++) assert_int_equal(space[bytes + (size_t)i], 0xff);
        for (int64_t r = 0; r < p->n_rows; r++)
            for (int64_t j = 0; j < p->n; j++) check_element(*k, p, &d, r, j);
        sn_free(space);
        n_run++;
    }
    free_data(&d);
    return n_run;
}

static int64_t pick(uint64_t seed, uint64_t stream, int64_t most) {
    return 1 + (int64_t)(sn_uniform_f64(seed, stream, 0) * (double)most);
}

static void every_kernel_gives_the_product(void **state) {
    (void)state;
    sn_team *team = NULL;
    int n_run = 0;
    assert_int_equal(sn_team_new(2, &team), SN_OK);
    for (int dtype = 0; dtype < SN_N_DTYPES; dtype++) {
        if (!(sn_dtype_is_float(dtype) || sn_dtype_is_block(dtype)) || dtype == SN_F64) continue;
        int64_t block = sn_dtype_block(dtype);
        for (uint64_t seed = 0; seed < 24; seed++) {
            problem p = {.dtype = (sn_dtype)dtype, .biased = seed % 3 == 1};
            p.n_rows = pick(seed, 1, seed % 2 ? 9 : 70);
            p.n = pick(seed, 2, seed % 5 ? 50 : 200);
            p.k = block == 1 ? pick(seed, 3, 300) : block * pick(seed, 3, 600 / block);
            p.x_stride = p.k + (seed % 4 == 0 ? 5 : 0);
            p.precision = seed % 8 == 3 || seed % 8 == 6 ? SN_PRECISION_F32
                          : seed % 4 == 1                ? SN_PRECISION_BF16
                                                         : SN_PRECISION_AUTO;
            n_run += check_problem(&p, team);
        }
    }
    sn_team_free(team);
    print_message("%d runs of kernels\n", n_run);
    if (n_run == 0) print_message("NO KERNEL of linear applies on this machine\n");
}

static void edges_are_handled(void **state) {
    (void)state;
    static const int64_t shapes[][3] = {{0, 3, 32},   {3, 0, 32}, {3, 3, 0},    {1, 1, 1},     {20, 5, 0},
                                        {16, 16, 32}, {33, 1, 1}, {17, 33, 65}, {64, 64, 256}, {33, 40, 2304}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int dtype = 0; dtype < SN_N_DTYPES; dtype++) {
            if (!(sn_dtype_is_float(dtype) || sn_dtype_is_block(dtype)) || dtype == SN_F64) continue;
            if (shapes[i][2] % sn_dtype_block(dtype) != 0) continue;
            for (int precision = 0; precision <= SN_PRECISION_BF16; precision++) {
                problem p = {(sn_dtype)dtype, shapes[i][0], shapes[i][1],           shapes[i][2],
                             shapes[i][2],    true,         (sn_precision)precision};
                check_problem(&p, NULL);
            }
        }
}

static void awkward_strides_are_refused(void **state) {
    (void)state;
    sn_linear_dims dims;
    problem p = {SN_F32, 6, 4, 8, 8, false, SN_PRECISION_AUTO};
    data d = {0};
    sn_call c = make_call(&p, &d, NULL);
    assert_true(sn_linear_dims_get(&c, &dims));
    c.in[0].stride[1] = 8;
    assert_false(sn_linear_dims_get(&c, &dims));
    c = make_call(&p, &d, NULL);
    c.in[1].stride[1] = 16;
    assert_false(sn_linear_dims_get(&c, &dims));
    /* [2, 3, 8] whose outer stride leaves a gap cannot be walked as 6 rows. */
    c = make_call(&p, &d, NULL);
    c.in[0] = sn_tensor_make(SN_F32, 3, (int64_t[]){2, 3, 8}, NULL);
    assert_true(sn_linear_dims_get(&c, &dims));
    assert_int_equal(dims.n_rows, 6);
    c.in[0].stride[0] += 32;
    assert_false(sn_linear_dims_get(&c, &dims));
    c.in[0].shape[1] = 1;
    assert_true(sn_linear_dims_get(&c, &dims));
    assert_int_equal(dims.x_stride, 32);
}

/* A NaN in a row of x reaches every result of that row and no other. */
static void nan_is_not_lost(void **state) {
    (void)state;
    static const sn_dtype types[] = {SN_F32, SN_F16, SN_Q8_0, SN_Q4_K};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (int64_t n_rows = 2; n_rows <= 18; n_rows += 16) {
            problem p = {types[t], n_rows, 20, 512, 512, false, SN_PRECISION_BF16};
            data d;
            make_data(&p, &d);
            d.x[p.x_stride + 300] = NAN;
            for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
                sn_call c = make_call(&p, &d, NULL);
                if (strcmp((*k)->op, "linear") != 0 || (*k)->isa > sn_cpu_isa() || !(*k)->applicable(&c)) continue;
                c.workspace = sn_alloc_aligned(((*k)->workspace ? (*k)->workspace(&c, 1) : 0) + 64, 64);
                assert_non_null(c.workspace);
                (*k)->run(&c);
                for (int64_t i = 0; i < p.n_rows * p.n; i++) assert_true(isnan(d.out[i]) == (i / p.n == 1));
                sn_free(c.workspace);
            }
            free_data(&d);
        }
}

/* Weights stored [k, n] and given as a transposed view: f32 kernels take them. */
static void transposed_weights_are_taken(void **state) {
    (void)state;
    problem p = {SN_F32, 13, 37, 29, 29, true, SN_PRECISION_AUTO};
    data d;
    make_data(&p, &d);
    float *stored = floats(p.n * p.k);
    int n_run = 0;
    for (int64_t j = 0; j < p.n; j++)
        for (int64_t i = 0; i < p.k; i++) stored[i * p.n + j] = d.w32[j * p.k + i];
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++) {
        sn_call c = make_call(&p, &d, NULL);
        c.in[1].data = stored;
        c.in[1].stride[0] = 4, c.in[1].stride[1] = 4 * p.n;
        if (strcmp((*k)->op, "linear") != 0 || (*k)->isa > sn_cpu_isa() || !(*k)->applicable(&c)) continue;
        c.workspace = sn_alloc_aligned(((*k)->workspace ? (*k)->workspace(&c, 1) : 0) + 64, 64);
        assert_non_null(c.workspace);
        (*k)->run(&c);
        for (int64_t r = 0; r < p.n_rows; r++)
            for (int64_t j = 0; j < p.n; j++) check_element(*k, &p, &d, r, j);
        sn_free(c.workspace);
        n_run++;
    }
    assert_true(n_run > 0);
    sn_free(stored);
    free_data(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kernel_gives_the_product),
                                       cmocka_unit_test(edges_are_handled), cmocka_unit_test(nan_is_not_lost),
                                       cmocka_unit_test(transposed_weights_are_taken),
                                       cmocka_unit_test(awkward_strides_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
