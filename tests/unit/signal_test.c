/* A handler may run while products are computed: its frame must lie on the stack of the thread, and the heap must stay
 * whole. (Some kernels of oneDNN point the stack register into a buffer.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suan/graph.h"
#include "suan/ops.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

static const char *stack_low, *stack_high;
static volatile sig_atomic_t n_signals, n_elsewhere;

static void on_alarm(int number) {
    char here;
    (void)number;
    n_signals++;
    if ((const char *)&here < stack_low || (const char *)&here >= stack_high) n_elsewhere++;
}

static void find_stack(void) {
    pthread_attr_t attr;
    void *low;
    size_t size;
    assert_int_equal(pthread_getattr_np(pthread_self(), &attr), 0);
    assert_int_equal(pthread_attr_getstack(&attr, &low, &size), 0);
    pthread_attr_destroy(&attr);
    stack_low = low;
    stack_high = stack_low + size;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Products of m x k and k x n ones, both as they lie and transposed, for so long. Every result is k. */
static void multiply_for(double seconds, int64_t m, int64_t n, int64_t k) {
    static float ones[512 * 512];
    for (int64_t i = 0; i < 512 * 512; i++) ones[i] = 1;
    for (int shape = 0; shape < 4; shape++) {
        bool ta = shape & 1, tb = shape & 2;
        sn_graph *g;
        sn_plan *plan;
        assert_int_equal(sn_graph_new(&g), SN_OK);
        sn_tensor a = sn_tensor_make(SN_F32, 2, (const int64_t[]){ta ? k : m, ta ? m : k}, ones);
        sn_tensor b = sn_tensor_make(SN_F32, 2, (const int64_t[]){tb ? n : k, tb ? k : n}, ones);
        sn_value *product = sn_matmul_t(g, sn_param(g, "a", &a), sn_param(g, "b", &b), ta, tb);
        if (sn_plan_new(g, &product, 1, &(sn_plan_options){.n_threads = 1}, &plan) != SN_OK)
            fail_msg("%s", sn_last_error());
        for (double begun = now(); now() - begun < seconds;) assert_int_equal(sn_plan_run(plan), SN_OK);
        sn_tensor out;
        assert_int_equal(sn_plan_output(plan, 0, &out), SN_OK);
        assert_true(((const float *)out.data)[m * n - 1] == (float)k);
        sn_plan_free(plan);
        sn_graph_free(g);
    }
}

static void handlers_run_on_the_stack(void **state) {
    static const int64_t sizes[][3] = {{16, 300, 256}, {1, 256, 512}, {256, 16, 300}, {3, 500, 77}, {200, 200, 200}};
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    (void)state;
    find_stack();
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &often, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) multiply_for(0.02, sizes[i][0], sizes[i][1], sizes[i][2]);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(n_signals > 20);
    assert_int_equal(n_elsewhere, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(handlers_run_on_the_stack)};
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
