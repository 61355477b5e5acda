/* The conditional density head against the density of one vector of coefficients, finite differences, and a relation
 * that it has to learn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "fit/fourier.h"
#include "layer/density.h"
#include "suan/optim.h"

#include <math.h>
#include <string.h>

enum { ROWS = 40, WIDTH = 3, ORDERS = 5, OUT = 2 * ORDERS + 2 };

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.12g is not %.12g (+- %g)", got, want, tolerance);
}

typedef struct head {
    sn_graph *g;
    sn_plan *plan;
    sn_value *hidden, *weight, *bias, *orders, *y;
    double hidden_data[ROWS * WIDTH], weight_data[OUT * WIDTH], bias_data[OUT], orders_data[ORDERS], y_data[ROWS];
} head;

/* A plan of the log densities, the loss and its gradients, in f64. */
static void build(head *h) {
    const int64_t hidden[] = {ROWS, WIDTH}, weight[] = {OUT, WIDTH}, out[] = {OUT}, orders[] = {ORDERS},
                  rows[] = {ROWS};
    assert_int_equal(sn_graph_new(&h->g), SN_OK);
    h->hidden = sn_input(h->g, "hidden", SN_F64, 2, hidden);
    h->weight = sn_input(h->g, "weight", SN_F64, 2, weight);
    h->bias = sn_input(h->g, "bias", SN_F64, 1, out);
    h->orders = sn_input(h->g, "orders", SN_F64, 1, orders);
    h->y = sn_input(h->g, "y", SN_F64, 1, rows);
    const sn_density_head_weights w = {h->weight, h->bias, h->orders};
    sn_value *log_density = sn_layer_density_head(h->g, h->hidden, &w, h->y), *grads[2];
    sn_value *loss = sn_neg(h->g, sn_mean_all(h->g, log_density));
    assert_int_equal(sn_grad(h->g, loss, (sn_value *[]){h->weight, h->bias}, 2, grads), SN_OK);
    sn_value *outputs[] = {log_density, loss, grads[0], grads[1]};
    assert_int_equal(sn_plan_new(h->g, outputs, 4, NULL, &h->plan), SN_OK);
    for (int k = 0; k < ORDERS; k++) h->orders_data[k] = k;
    sn_plan_bind(h->plan, h->hidden, h->hidden_data);
    sn_plan_bind(h->plan, h->weight, h->weight_data);
    sn_plan_bind(h->plan, h->bias, h->bias_data);
    sn_plan_bind(h->plan, h->orders, h->orders_data);
    sn_plan_bind(h->plan, h->y, h->y_data);
}

static void release(head *h) {
    sn_plan_free(h->plan);
    sn_graph_free(h->g);
}

static const double *output(const head *h, int i) {
    sn_tensor t;
    assert_int_equal(sn_plan_output(h->plan, i, &t), SN_OK);
    return t.data;
}

static double loss_at(void *user, const double *q, double *gradient) {
    head *h = user;
    memcpy(h->weight_data, q, sizeof h->weight_data);
    memcpy(h->bias_data, q + OUT * WIDTH, sizeof h->bias_data);
    assert_int_equal(sn_plan_run(h->plan), SN_OK);
    memcpy(gradient, output(h, 2), sizeof h->weight_data);
    memcpy(gradient + OUT * WIDTH, output(h, 3), sizeof h->bias_data);
    return *output(h, 1);
}

static void draw(double *x, int n, uint64_t stream, double size) {
    for (int i = 0; i < n; i++) x[i] = size * sn_normal_f64(21, stream, (uint64_t)i);
}

/* Row by row with its own coefficients, written out. */
static void every_row_has_its_own_density(void **state) {
    static head h;
    (void)state;
    build(&h);
    draw(h.hidden_data, ROWS * WIDTH, 1, 1), draw(h.weight_data, OUT * WIDTH, 2, 0.5);
    draw(h.bias_data, OUT, 3, 0.5), draw(h.y_data, ROWS, 4, 1);
    assert_int_equal(sn_plan_run(h.plan), SN_OK);
    for (int i = 0; i < ROWS; i++) {
        double out[OUT], a[2 * ORDERS];
        for (int o = 0; o < OUT; o++) {
            out[o] = h.bias_data[o];
            for (int k = 0; k < WIDTH; k++) out[o] += h.weight_data[o * WIDTH + k] * h.hidden_data[i * WIDTH + k];
        }
        for (int k = 0; k < ORDERS; k++) a[2 * k] = out[k], a[2 * k + 1] = out[ORDERS + k];
        double z = (h.y_data[i] - out[2 * ORDERS]) / exp(out[2 * ORDERS + 1]);
        double wanted = sn_fourier_log_density(a, ORDERS, tanh(z)) - 2 * log(cosh(z)) - out[2 * ORDERS + 1];
        assert_near(output(&h, 0)[i], wanted, 1e-9);
    }
    release(&h);
}

static void gradients_are_right(void **state) {
    enum { N = OUT * WIDTH + OUT };
    static head h;
    double q[N], g[N], none[N];
    (void)state;
    build(&h);
    draw(h.hidden_data, ROWS * WIDTH, 1, 1), draw(q, N, 6, 0.5), draw(h.y_data, ROWS, 4, 1);
    loss_at(&h, q, g);
    for (int k = 0; k < N; k++) {
        double kept = q[k], e = 1e-6;
        q[k] = kept + e;
        double above = loss_at(&h, q, none);
        q[k] = kept - e;
        double below = loss_at(&h, q, none);
        q[k] = kept;
        assert_near(g[k], (above - below) / (2 * e), 1e-6 * (1 + fabs(g[k])));
    }
    release(&h);
}

/* y = 2 u + noise of 0.3: the loss comes near the entropy of the noise, far below that of y alone. */
static void a_relation_is_learned(void **state) {
    static head h;
    double q[OUT * WIDTH + OUT];
    (void)state;
    build(&h);
    draw(h.hidden_data, ROWS * WIDTH, 1, 1), draw(q, OUT * WIDTH + OUT, 7, 0.01);
    q[OUT * WIDTH] = 1;
    for (int i = 0; i < ROWS; i++) h.y_data[i] = 2 * h.hidden_data[i * WIDTH] + 0.3 * sn_normal_f64(5, 5, (uint64_t)i);
    sn_lbfgs_result r;
    const sn_lbfgs_options o = {.max_iterations = 60};
    assert_int_equal(sn_lbfgs(loss_at, &h, q, OUT * WIDTH + OUT, &o, &r), SN_OK);
    double noise = 0.5 * log(2 * acos(-1) * exp(1) * 0.09);
    if (!(r.value < noise + 0.1)) fail_msg("loss %g, entropy of the noise %g", r.value, noise);
    release(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_own_density),
        cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(a_relation_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
