/* A small network with a density head learns y = sin x + noise whose deviation depends on x: on points it has not seen
 * its loss comes near the entropy of the noise, which is known, and its densities near the true ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "layer/density.h"
#include "suan/optim.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 12, ORDERS = 3, OUT = 2 * ORDERS + 2, MOST_ROWS = 4000 };

/* Parameters in one vector: weights and biases of the hidden layer, then of the head. */
enum { W1 = 0, B1 = W1 + WIDTH, W2 = B1 + WIDTH, B2 = W2 + OUT * WIDTH, SIZE = B2 + OUT };
static const int offsets[] = {W1, B1, W2, B2};

typedef struct network {
    sn_graph *g;
    sn_plan *plan; /* outputs: log densities, loss, its gradients */
    double x[MOST_ROWS], y[MOST_ROWS], q[SIZE], orders[ORDERS];
} network;

static void build(network *w, int64_t rows) {
    const int64_t shapes[4][2] = {{WIDTH, 1}, {WIDTH}, {OUT, WIDTH}, {OUT}}, column[] = {rows, 1}, orders = ORDERS;
    sn_value *p[4], *outputs[6];
    assert_int_equal(sn_graph_new(&w->g), SN_OK);
    sn_value *x = sn_input(w->g, "x", SN_F64, 2, column), *y = sn_input(w->g, "y", SN_F64, 1, &rows);
    sn_value *k = sn_input(w->g, "orders", SN_F64, 1, &orders);
    for (int i = 0; i < 4; i++) p[i] = sn_input(w->g, "parameter", SN_F64, i % 2 ? 1 : 2, shapes[i]);
    const sn_density_head_weights head = {.weight = p[2], .bias = p[3], .orders = k};
    outputs[0] = sn_layer_density_head(w->g, sn_tanh(w->g, sn_linear(w->g, x, p[0], p[1])), &head, y);
    outputs[1] = sn_neg(w->g, sn_mean_all(w->g, outputs[0]));
    assert_int_equal(sn_grad(w->g, outputs[1], p, 4, outputs + 2), SN_OK);
    assert_int_equal(sn_plan_new(w->g, outputs, 6, NULL, &w->plan), SN_OK);
    for (int i = 0; i < ORDERS; i++) w->orders[i] = i;
    sn_plan_bind(w->plan, x, w->x);
    sn_plan_bind(w->plan, y, w->y);
    sn_plan_bind(w->plan, k, w->orders);
    for (int i = 0; i < 4; i++) sn_plan_bind(w->plan, p[i], w->q + offsets[i]);
}

static void release(network *w) {
    sn_plan_free(w->plan);
    sn_graph_free(w->g);
}

static const double *output(const network *w, int i) {
    sn_tensor t;
    assert_int_equal(sn_plan_output(w->plan, i, &t), SN_OK);
    return t.data;
}

static double loss_at(void *user, const double *q, double *gradient) {
    static const int sizes[] = {WIDTH, WIDTH, OUT * WIDTH, OUT};
    network *w = user;
    memcpy(w->q, q, sizeof w->q);
    assert_int_equal(sn_plan_run(w->plan), SN_OK);
    for (int i = 0; i < 4; i++) memcpy(gradient + offsets[i], output(w, 2 + i), (size_t)sizes[i] * sizeof *gradient);
    return *output(w, 1);
}

static double deviation(double x) { return 0.05 + 0.2 * (1 + cos(x)); }

static double log_truth(double x, double y) {
    double z = (y - sin(x)) / deviation(x);
    return -0.5 * z * z - log(deviation(x)) - 0.5 * log(2 * acos(-1));
}

static void draw(network *w, int rows, uint64_t seed) {
    for (int i = 0; i < rows; i++) {
        w->x[i] = 6 * sn_uniform_f64(seed, 1, (uint64_t)i) - 3;
        w->y[i] = sin(w->x[i]) + deviation(w->x[i]) * sn_normal_f64(seed, 2, (uint64_t)i);
    }
}

static void noise_of_changing_width_is_learned(void **state) {
    enum { TRAIN = 2000, TEST = MOST_ROWS };
    static network train, test;
    double q[SIZE], ideal = 0, excess = 0, square = 0;
    (void)state;
    for (int k = 0; k < SIZE; k++) q[k] = (k < W2 ? 1 : 0.05) * sn_normal_f64(3, 3, (uint64_t)k);
    q[B2] = 1; /* the uniform density */
    build(&train, TRAIN);
    draw(&train, TRAIN, 1);
    const sn_lbfgs_options o = {.max_iterations = 250};
    assert_int_equal(sn_lbfgs(loss_at, &train, q, SIZE, &o, NULL), SN_OK);
    release(&train);

    build(&test, TEST);
    draw(&test, TEST, 2);
    memcpy(test.q, q, sizeof q);
    assert_int_equal(sn_plan_run(test.plan), SN_OK);
    for (int i = 0; i < TEST; i++) {
        double truth = log_truth(test.x[i], test.y[i]), apart = truth - output(&test, 0)[i];
        ideal -= truth / TEST, excess += apart / TEST, square += apart * apart / TEST;
    }
    /* the mean of log(truth / fit) is the divergence; noise of one width for all x would cost 0.32 */
    double error = sqrt(square / TEST);
    print_message("loss %.4f, with the true densities %.4f (+- %.4f)\n", ideal + excess, ideal, error);
    if (!(excess < 0.06 && excess > -4 * error))
        fail_msg("loss %.4f, with the true densities %.4f (+- %.4f)", ideal + excess, ideal, error);
    release(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(noise_of_changing_width_is_learned)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
