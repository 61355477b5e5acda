/* Builds a small network, differentiates it twice, runs it, and checks the result against a difference.
 *
 * The penalty P = sum over inputs of (dy/dx)^2 of y = sum(tanh(x W) v) is itself made of a gradient, so dP/dW needs
 * the gradient of a gradient (as in the gradient penalty of a Wasserstein critic). */
#include <suan/graph.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { n_rows = 3, n_in = 4, n_hidden = 5 };

/* Anything that fails leaves its reason in sn_last_error(). */
static void check(sn_status status, const char *what) {
    if (status == SN_OK) return;
    fprintf(stderr, "%s: %s\n", what, sn_last_error());
    exit(1);
}

static double read_scalar(const sn_plan *plan, int output) {
    sn_tensor t;
    check(sn_plan_output(plan, output, &t), "output");
    return *(const double *)t.data;
}

int main(void) {
    double x_data[n_rows * n_in], w_data[n_in * n_hidden], v_data[n_hidden];
    for (int i = 0; i < n_rows * n_in; i++) x_data[i] = sin(1.0 + i);
    for (int i = 0; i < n_in * n_hidden; i++) w_data[i] = cos(2.0 * i);
    for (int i = 0; i < n_hidden; i++) v_data[i] = sin(3.0 * i + 2);

    /* Build. Builders need no checks of their own: the graph keeps the first failure. */
    sn_graph *g;
    check(sn_graph_new(&g), "graph");
    sn_value *x = sn_input(g, "x", SN_F64, 2, (int64_t[]){n_rows, n_in});
    sn_value *w = sn_input(g, "w", SN_F64, 2, (int64_t[]){n_in, n_hidden});
    sn_value *v = sn_input(g, "v", SN_F64, 1, (int64_t[]){n_hidden});
    sn_value *y = sn_sum_all(g, sn_mul(g, sn_tanh(g, sn_matmul(g, x, w)), v));

    /* Differentiate: a gradient is more graph, so it can be used and differentiated again. */
    sn_value *dy_dx, *dp_dw;
    check(sn_grad(g, y, &x, 1, &dy_dx), "first gradient");
    sn_value *penalty = sn_sum_all(g, sn_square(g, dy_dx));
    check(sn_grad(g, penalty, &w, 1, &dp_dw), "second gradient");

    /* Plan and run. */
    sn_plan *plan;
    sn_value *outputs[] = {penalty, dp_dw};
    check(sn_plan_new(g, outputs, 2, NULL, &plan), "plan");
    check(sn_plan_bind(plan, x, x_data), "x");
    check(sn_plan_bind(plan, w, w_data), "w");
    check(sn_plan_bind(plan, v, v_data), "v");
    check(sn_plan_run(plan), "run");
    sn_plan_memory memory = sn_plan_memory_get(plan);
    printf("%lld nodes in the graph, %lld in the plan, %lld bytes of buffers\n", (long long)sn_graph_size(g),
           (long long)memory.n_nodes, (long long)memory.buffer_bytes);

    /* Check dP/dW[0] against a central difference of P. */
    sn_tensor gradient;
    check(sn_plan_output(plan, 1, &gradient), "output");
    double got = *(const double *)gradient.data, h = 1e-5, kept = w_data[0], side[2];
    for (int i = 0; i < 2; i++) {
        w_data[0] = kept + (i ? h : -h);
        check(sn_plan_run(plan), "run");
        side[i] = read_scalar(plan, 0);
    }
    double want = (side[1] - side[0]) / (2 * h);
    printf("dP/dW[0] = %.9f by differentiating twice, %.9f by differences\n", got, want);
    sn_plan_free(plan);
    sn_graph_free(g);
    return fabs(got - want) <= 1e-6 * fabs(want) ? 0 : 1;
}
