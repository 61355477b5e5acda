/* Scaling fits of many planted laws, of large tables, and of tables that do not tell all parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "suan/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 6, GRID = SIDE * SIDE, LAWS = 20 };

typedef struct table {
    double n[GRID], d[GRID], loss[GRID];
    sn_scaling_data data;
} table;

/* SIDE sizes each way: 1e6 to 1e10 parameters, 1e8 to 1e12 tokens. */
static void grid(table *t) {
    for (int i = 0; i < GRID; i++) {
        t->n[i] = 1e6 * pow(10, 4.0 * (i % SIDE) / (SIDE - 1));
        t->d[i] = 1e8 * pow(10, 4.0 * (double)(i / SIDE) / (SIDE - 1));
    }
    t->data = (sn_scaling_data){t->n, t->d, t->loss, GRID};
}

static void plant(table *t, const sn_scaling_form *form, const double *value, double noise) {
    grid(t);
    for (int i = 0; i < GRID; i++)
        t->loss[i] = sn_scaling_at(form, value, t->n[i], t->d[i]) * exp(noise * sn_normal_f64(3, 3, (uint64_t)i));
}

static double between(double low, double high, int law, int k) {
    return low + (high - low) * sn_uniform_f64(11, (uint64_t)law, (uint64_t)k);
}

/* Random laws whose terms are of some size at the middle of the table: shares of 0.2 to 2. Of those with two sizes,
 * which take 4500 starts, every tenth. */
static void random_laws_are_found(void **state) {
    (void)state;
    for (int law = 0; law < LAWS; law++)
        for (int form = 0; form < sn_scaling_form_count(); form++) {
            const sn_scaling_form *f = sn_scaling_form_get(form);
            if (f->n_sizes == 2 && law % 10 != 0) continue;
            double alpha = between(.08, .6, law, 0), beta = between(.08, .6, law, 1);
            const double value[SN_SCALING_MAX] = {between(.2, 2, law, 2) * pow(1e8, alpha), alpha,
                                                  between(.2, 2, law, 3), between(.2, 2, law, 4) * pow(1e10, beta),
                                                  beta};
            table t;
            sn_scaling_fit fit;
            plant(&t, f, value, 0);
            assert_int_equal(sn_scaling_fit_new(f, &t.data, NULL, &fit), SN_OK);
            for (int k = 0; k < f->n_parameters; k++) {
                if (fabs(fit.value[k] / value[k] - 1) > 1e-4)
                    fail_msg("law %d, %s: %s is %g, not %g", law, f->name, f->parameter[k], fit.value[k], value[k]);
                assert_true(!fit.untold[k] && !fit.rising[k]);
            }
            sn_scaling_free(&fit);
        }
}

static const double chinchilla[SN_SCALING_MAX] = {406.4, .34, 1.69, 410.7, .28};

/* Lists of names between spaces: what must not be told, what need not be, what rises. */
static void expect(const sn_scaling_form *form, const table *t, const char *untold, const char *either,
                   const char *rising) {
    sn_scaling_fit f;
    assert_int_equal(sn_scaling_fit_new(form, &t->data, NULL, &f), SN_OK);
    for (int k = 0; k < form->n_parameters; k++) {
        char name[16] = " ";
        strcat(strcat(name, form->parameter[k]), " ");
        if (!strstr(either, name) && f.untold[k] != (strstr(untold, name) != NULL))
            fail_msg("%s is%s told", name, f.untold[k] ? " not" : "");
        if (f.rising[k] != (strstr(rising, name) != NULL)) fail_msg("%s rises: %d", name, f.rising[k]);
    }
    sn_scaling_free(&f);
}

static void what_is_not_told_is_named(void **state) {
    const sn_scaling_form *form = sn_scaling_form_find("chinchilla"), *offset = sn_scaling_form_find("offset");
    const sn_scaling_form *power = sn_scaling_form_find("power");
    table t;
    (void)state;
    plant(&t, form, chinchilla, .009);
    expect(form, &t, "", "", "");
    plant(&t, offset, chinchilla, 0); /* D does not matter: its term is nothing, or one with E */
    expect(form, &t, " B beta ", " E ", "");
    for (int i = 0; i < GRID; i++) t.loss[i] = 2.5;
    expect(power, &t, " alpha ", "", "");
    expect(offset, &t, " alpha ", " A E ", "");
    for (int i = 0; i < GRID; i++) t.loss[i] = 3 * pow(t.n[i], .05);
    expect(power, &t, "", "", " alpha ");
    expect(offset, &t, " E ", "", " alpha ");
    sn_scaling_fit f; /* D = 20 N, and one term does: the other is made up */
    for (int i = 0; i < GRID; i++) t.d[i] = 20 * t.n[i], t.loss[i] = 1.7 + 500 * pow(t.n[i], -.3);
    assert_int_equal(sn_scaling_fit_new(form, &t.data, NULL, &f), SN_OK);
    assert_true(f.untold[0] + f.untold[3] + f.untold[4] > 0);
    sn_scaling_free(&f);
}

/* The grid's starts see 512 of the points, the fit all of them. */
static void large_tables_are_fitted_whole(void **state) {
    enum { MANY = 20000 };
    const sn_scaling_form *form = sn_scaling_form_find("offset");
    double *x = malloc(2 * MANY * sizeof *x), *y = x + MANY;
    const sn_scaling_data data = {x, NULL, y, MANY};
    sn_scaling_fit f, again;
    (void)state;
    assert_non_null(x);
    for (int i = 0; i < MANY; i++) {
        x[i] = 1e6 * pow(1e4, sn_uniform_f64(1, 1, (uint64_t)i));
        y[i] = sn_scaling_at(form, chinchilla, x[i], 1) * exp(.02 * sn_normal_f64(1, 2, (uint64_t)i));
    }
    assert_int_equal(sn_scaling_fit_new(form, &data, &(sn_scaling_options){.n_threads = 1, .resamples = 20}, &f),
                     SN_OK);
    assert_int_equal(sn_scaling_fit_new(form, &data, &(sn_scaling_options){.n_threads = 2, .resamples = 20}, &again),
                     SN_OK);
    for (int k = 0; k < 3; k++) {
        assert_true(fabs(f.value[k] / chinchilla[k] - 1) < .03);
        assert_true(f.low[k] < f.value[k] && f.value[k] < f.high[k] && f.high[k] / f.low[k] < 1.15);
        assert_true(f.value[k] == again.value[k] && f.low[k] == again.low[k]);
    }
    double best = sn_scaling_objective(form, &data, 0, f.value); /* a minimum of all points, not of some */
    for (int k = 0; k < 3; k++)
        for (int sign = -1; sign <= 1; sign += 2) {
            double value[3] = {f.value[0], f.value[1], f.value[2]};
            value[k] *= 1 + 1e-4 * sign;
            assert_true(sn_scaling_objective(form, &data, 0, value) > best);
        }
    sn_scaling_free(&f);
    sn_scaling_free(&again);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_laws_are_found),
        cmocka_unit_test(what_is_not_told_is_named),
        cmocka_unit_test(large_tables_are_fitted_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
