/* The vectorised elementary functions against libm in double, over the whole range of f32, in units in the last
 * place of the f32 result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/kernel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double silu(double x) { return x / (1 + exp(-x)); }
static double gelu(double x) { return x < -40 ? 0 : 0.5 * x * erfc(-x * 0.70710678118654752); }
static double gelu_tanh(double x) { return x / (1 + exp(-2 * 0.79788456080286536 * (x + 0.044715 * x * x * x))); }

typedef struct function {
    const char *op;
    double (*f)(double);
    double ulp;      /* allowed, where |f(x)| >= smallest */
    double smallest; /* below, the error counts in units of this size */
} function;

/* The tails of silu and the gelus fall like e^-x or e^-x^2/2, where one ulp of x is many of the result: there the
 * error is taken relative to 1e-3. sigmoid is 0 where e^-x overflows. */
static const function functions[] = {
    {"exp", exp, 2, 0x1p-126},          {"tanh", tanh, 3, 0x1p-126}, {"sigmoid", sigmoid, 4, 1e-30},
    {"erf", erf, 4, 0x1p-126},          {"silu", silu, 4, 1e-3},     {"gelu", gelu, 12, 1e-3},
    {"gelu_tanh", gelu_tanh, 16, 1e-3},
};

enum { n_points = 1 << 20 };

static double error_in_ulp(const function *f, float x, float got) {
    double want = f->f((double)x);
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
    if (fabs(want) > 3.4028235e38) return isinf(got) && (got > 0) == (want > 0) ? 0 : INFINITY;
    int exponent;
    frexp(fmax(fabs(want), f->smallest), &exponent);
    return fabs((double)got - want) / ldexp(1, exponent - 24);
}

/* All signs and exponents, evenly over the bit patterns; and the specials. */
static void make_points(float *x) {
    static const float specials[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 88.72f, 88.73f, -87.4f, -103.9f, -110};
    for (uint32_t i = 0; i < n_points; i++) {
        uint32_t bits = i * (UINT32_MAX / n_points) + i % 911;
        memcpy(&x[i], &bits, sizeof bits);
        if (i % 2 && isfinite(x[i])) x[i] = -12 + 24 * (float)i / n_points; /* half of them where the action is */
    }
    memcpy(x, specials, sizeof specials);
}

static void check(const function *f, const sn_kernel *kernel, const float *x, float *y) {
    int64_t shape[1] = {n_points};
    sn_call call = {.n_in = 1, .n_out = 1};
    call.in[0] = sn_tensor_make(SN_F32, 1, shape, x);
    call.out[0] = sn_tensor_make(SN_F32, 1, shape, y);
    kernel->run(&call);
    double worst = 0;
    int64_t at = 0;
    for (int64_t i = 0; i < n_points; i++) {
        double e = error_in_ulp(f, x[i], y[i]);
        if (e > worst) worst = e, at = i;
    }
    print_message("%s %s: %.2f ulp at %g\n", f->op, kernel->name, worst, (double)x[at]);
    if (!(worst <= f->ulp))
        fail_msg("%s %s: more than %g ulp: %g gives %g", f->op, kernel->name, f->ulp, (double)x[at], (double)y[at]);
}

static void functions_are_accurate(void **state) {
    float *x = malloc(n_points * sizeof *x), *y = malloc(n_points * sizeof *y);
    (void)state;
    assert_true(x && y);
    make_points(x);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        for (const sn_kernel *const *k = sn_kernel_table; *k; k++)
            if (strcmp((*k)->op, functions[i].op) == 0 && (*k)->isa <= sn_cpu_isa()) check(&functions[i], *k, x, y);
    free(x);
    free(y);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(functions_are_accurate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
