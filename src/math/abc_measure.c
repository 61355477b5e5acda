/* What the minimal a + b + c costs, measured and drawn. */
#include "math/abc.h"

#include "base/error.h"
#include "base/philox.h"
#include "suan/plot.h"

#include <math.h>
#include <time.h>

enum { most_points = 128 };

/* A random number of exactly `bits` bits. */
static sn_u128 random_number(int bits, uint64_t seed, int64_t index) {
    uint32_t w[4];
    sn_philox(seed, (uint64_t)bits, (uint64_t)index, w);
    sn_u128 x = ((sn_u128)w[0] << 96 | (sn_u128)w[1] << 64 | (sn_u128)w[2] << 32 | w[3]) >> (128 - bits);
    return x | (sn_u128)1 << (bits - 1);
}

/* Of this thread: other programs on the machine must not count. */
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

sn_status sn_abc_measure(int bits, int64_t samples, uint64_t seed, const volatile int *cancel, sn_abc_speed *out) {
    if (bits < 3 || bits > 128 || samples < 1)
        return sn_fail(SN_ERR_ARGUMENT,
                       "abc: %d bits, %lld samples: 3 to 128 bits and at least one sample can be "
                       "measured",
                       bits, (long long)samples);
    sn_abc_speed speed = {.bits = bits, .samples = samples};
    double begin = seconds();
    for (int64_t i = 0; i < samples; i++) {
        sn_abc_number x;
        SN_TRY(sn_abc_solve_number(random_number(bits, seed, i), cancel, &x));
        double steps = (double)x.steps;
        speed.steps += steps / (double)samples;
        speed.steps_by_law += steps / pow((double)x.n, 1.0 / 6) / (double)samples;
        speed.most_steps = fmax(speed.most_steps, steps);
    }
    speed.microseconds = 1e6 * (seconds() - begin) / (double)samples;
    *out = speed;
    return SN_OK;
}

sn_status sn_abc_write_plot(const sn_abc_speed *speeds, int n, const char *path) {
    double x[most_points], steps[most_points], most[most_points], law[most_points], time[most_points];
    if (n < 1 || n > most_points) return sn_fail(SN_ERR_ARGUMENT, "abc: a chart of %d measurements, not 1 to 128", n);
    for (int i = 0; i < n; i++) {
        x[i] = speeds[i].bits;
        steps[i] = speeds[i].steps;
        most[i] = speeds[i].most_steps;
        law[i] = 1.18 * pow(2, (speeds[i].bits - 0.5) / 6); /* the middle of the bits' numbers */
        time[i] = speeds[i].microseconds;
    }
    const sn_plot_series counts[] = {{.name = "steps, mean", .x = x, .y = steps, .n = n},
                                     {.name = "steps, most", .x = x, .y = most, .n = n},
                                     {.name = "1.18 N^(1/6)", .x = x, .y = law, .n = n}};
    const sn_plot_series times = {.name = "time", .x = x, .y = time, .n = n};
    const sn_plot_panel panels[] = {{.title = "values of a + b tried",
                                     .x = {.label = "bits of N", .from = 0, .to = 128, .step = 32},
                                     .y = {.label = "steps", .scale = SN_AXIS_LOG10},
                                     .series = counts,
                                     .n_series = 3},
                                    {.title = "time of one N",
                                     .x = {.label = "bits of N", .from = 0, .to = 128, .step = 32},
                                     .y = {.label = "time (us)", .scale = SN_AXIS_LOG10},
                                     .series = &times,
                                     .n_series = 1}};
    return sn_plot_write(&(sn_plot){.title = "Minimal a + b + c", .panels = panels, .n_panels = 2}, path);
}
