/* The rotation planes under each frequency method: published numbers and the identities between methods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "position_common.h"

#include <string.h>

/* Ratios to the model's plain planes. */
static void ratios(const char *spec, const sn_rope_config *model, int64_t length, double *out) {
    sn_position p = resolve(spec, model, length), plain;
    assert_int_equal(sn_position_rope(model->d_head, model->n_rot, model->base, model->layout, &plain), SN_OK);
    for (int m = 0; m < p.n_planes; m++) out[m] = p.frequency[m] / plain.frequency[m];
}

static void assert_same_planes(const char *a, const char *b, const sn_rope_config *model, int64_t length,
                               double relative) {
    sn_position x = resolve(a, model, length), y = resolve(b, model, length);
    for (int m = 0; m < x.n_planes; m++) assert_near(x.frequency[m] / y.frequency[m], 1, relative);
    assert_near(x.gain, y.gain, 0);
}

/* The base whose plane 1 this is. */
static double base_of(const char *spec, int d, int64_t trained, int64_t length) {
    sn_rope_config model = model_of(d, trained);
    sn_position p = resolve(spec, &model, length);
    return pow(p.frequency[1], -(double)d / 2);
}

static void ntk_has_the_published_bases(void **state) {
    (void)state;
    assert_near(base_of("ntk:factor=8", 128, 512, 0), 82684.6226, 1e-4);
    assert_near(base_of("ntk:factor=8", 64, 512, 0), 85550.3759, 1e-4);
    assert_near(base_of("ntk-old:factor=8", 128, 512, 0), 80000, 1e-6);
    assert_near(base_of("dynamic-ntk", 128, 4096, 8192), 20221.2617, 1e-4);
    assert_near(base_of("dynamic-ntk", 128, 4096, 16384), 40889.9424, 1e-4);
    assert_near(base_of("dynamic-ntk:factor=2", 128, 4096, 8192), 30527.7367, 1e-4);
    assert_near(base_of("dynamic-ntk:factor=2,length=16384", 128, 4096, 0), 72195.8601, 1e-4);
}

static void ntk_forms_differ_where_they_should(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 512);
    double r[64];
    ratios("ntk:factor=8", &model, 0, r);
    assert_true(r[0] == 1);
    assert_near(r[63], 0.125, 1e-15);
    ratios("ntk-old:factor=8", &model, 0, r);
    assert_true(r[0] == 1);
    assert_near(r[63], 0.1291281, 5e-8);
    ratios("ntk-fixed:factor=8", &model, 0, r);
    assert_near(r[0], 0.9680309, 5e-8);
    assert_near(r[63], 0.125, 1e-15);
}

static void mixed_has_the_published_ratios_and_limits(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 512);
    double r[64];
    ratios("mixed:factor=8", &model, 0, r);
    assert_near(r[0], 0.85679601, 5e-9);
    assert_near(r[31], 0.25966809, 5e-9);
    assert_near(r[63], 0.125, 1e-15);
    ratios("mixed:factor=12,b=0.75", &model, 0, r);
    assert_near(r[0], 0.89599684, 5e-9);
    assert_near(r[31], 0.22819966, 5e-9);
    assert_near(r[63], 0.08333333, 5e-9);
    assert_same_planes("mixed:factor=8,b=1", "ntk-fixed:factor=8", &model, 0, 1e-15);
    assert_same_planes("mixed:factor=8,b=0", "pi:factor=8", &model, 0, 1e-15);
}

static void yarn_follows_the_released_ramp(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 4096);
    double r[64];
    ratios("yarn:factor=16", &model, 0, r);
    assert_near(r[30], 0.639423, 5e-7);
    assert_near(r[40], 0.278846, 5e-7);
    for (int m = 0; m <= 20; m++) assert_true(r[m] == 1); /* bit for bit */
    assert_true(r[21] < 1 && r[45] > 1.0 / 16);
    for (int m = 46; m < 64; m++) assert_true(r[m] == 1.0 / 16);
    static const struct {
        int64_t trained;
        int low, high;
    } bounds[] = {{2048, 16, 41}, {512, 6, 31}};
    for (int i = 0; i < 2; i++) {
        model.train_length = bounds[i].trained;
        ratios("yarn:factor=16", &model, 0, r);
        assert_true(r[bounds[i].low] == 1 && r[bounds[i].low + 1] < 1);
        assert_true(r[bounds[i].high - 1] > 1.0 / 16 && r[bounds[i].high] == 1.0 / 16);
    }
    model.train_length = 4096;
    ratios("yarn:factor=16,truncate=no", &model, 0, r);
    assert_near(r[30], 1 - (30 - 20.944) / (45.027 - 20.944) * 15 / 16, 1e-4);
}

static void yarn_paper_follows_the_printed_ramp(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 4096);
    double r[64], code[64], most = 0;
    ratios("yarn-paper:factor=16", &model, 0, r);
    ratios("yarn:factor=16", &model, 0, code);
    assert_near(r[30], 0.295158, 5e-7);
    assert_near(r[40], 0.094601, 5e-7);
    for (int m = 0; m < 64; m++) {
        double rotations = 4096 * pow(10000, -m / 64.0) / (2 * acos(-1));
        if (rotations > 32) assert_true(r[m] == 1);
        if (rotations < 1) assert_true(r[m] == 1.0 / 16);
        if (m > 0) assert_true(r[m] <= r[m - 1]);
        most = fmax(most, code[m] / r[m]);
    }
    assert_near(most, 3.04, 0.005);
}

static void yarn_warms_the_logits_once(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 4096);
    assert_near(pow(resolve("yarn:factor=8", &model, 0).gain, 2), 1.45912908, 5e-9);
    assert_near(pow(resolve("yarn-paper:factor=16", &model, 0).gain, 2), 1.63139023, 5e-9);
    assert_near(resolve("yarn:factor=16,attention=1.5", &model, 0).gain, 1.5, 0);
    double ones[128];
    for (int c = 0; c < 128; c++) ones[c] = 1;
    sn_position p = resolve("yarn:factor=16", &model, 0), unit = resolve("yarn:factor=16,attention=1", &model, 0);
    double ratio = sn_position_logit(&p, ones, ones, 128, 77, 5) / sn_position_logit(&unit, ones, ones, 128, 77, 5);
    assert_near(ratio, 1.63139023, 5e-9);
}

static void llama3_keeps_fast_and_divides_slow_planes(void **state) {
    (void)state;
    sn_rope_config model = model_of(128, 8192);
    model.base = 500000;
    double r[64];
    ratios("llama3:factor=8", &model, 0, r);
    for (int m = 0; m < 64; m++) {
        double rotations = 8192 * pow(500000, -m / 64.0) / (2 * acos(-1));
        double smooth = fmin(fmax((rotations - 1) / 3, 0), 1);
        assert_near(r[m], (1 - smooth) / 8 + smooth, 1e-14);
    }
}

static void factor_one_is_rope_bit_for_bit(void **state) {
    (void)state;
    static const char *const specs[] = {
        "pi:factor=1",   "ntk:factor=1",        "ntk-old:factor=1", "ntk-fixed:factor=1",  "mixed:factor=1",
        "yarn:factor=1", "yarn-paper:factor=1", "llama3:factor=1",  "dynamic-pi:length=5", "dynamic-ntk"};
    sn_rope_config model = model_of(128, 4096);
    sn_position plain = resolve("none", &model, 0);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        sn_position p = resolve(specs[s], &model, 4096);
        assert_memory_equal(p.frequency, plain.frequency, sizeof plain.frequency);
        assert_true(p.gain == 1);
    }
}

static void dynamic_methods_use_the_declared_length(void **state) {
    (void)state;
    sn_rope_config model = model_of(64, 512);
    double r[32];
    ratios("dynamic-pi", &model, 2048, r);
    for (int m = 0; m < 32; m++) assert_near(r[m], 0.25, 1e-15);
    assert_same_planes("dynamic-pi:length=1024", "pi:factor=2", &model, 2048, 0);
    assert_same_planes("dynamic-ntk", "ntk:factor=4", &model, 2048, 1e-15);
    assert_same_planes("dynamic-ntk:train=1024", "ntk:factor=2", &model, 2048, 1e-15);
    assert_same_planes("pi", "pi:factor=4", &model, 2048, 0);
    assert_same_planes("yarn", "yarn:factor=4", &model, 2048, 0);
}

static void pi_is_rope_at_divided_positions(void **state) {
    (void)state;
    sn_rope_config model = model_of(16, 64);
    sn_position p = resolve("pi:factor=2.5", &model, 0), plain = resolve("none", &model, 0);
    plain.piece[0].query.scale = plain.piece[0].key.scale = 1 / 2.5;
    double q[16], k[16];
    random_vector(1, q, 16), random_vector(2, k, 16);
    for (int64_t i = 0; i < 200; i += 3)
        for (int64_t j = 0; j <= i; j += 7)
            assert_near(sn_position_logit(&p, q, k, 16, i, j), sn_position_logit(&plain, q, k, 16, i, j), 1e-12);
}

static void one_plane_is_fine(void **state) {
    (void)state;
    static const char *const specs[] = {"ntk:factor=4", "dynamic-ntk", "mixed:factor=4", "yarn:factor=4", "llama3"};
    sn_rope_config model = model_of(2, 64);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        sn_position p = resolve(specs[s], &model, 256);
        assert_true(p.n_planes == 1 && p.frequency[0] > 0 && p.frequency[0] <= 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ntk_has_the_published_bases),
                                       cmocka_unit_test(ntk_forms_differ_where_they_should),
                                       cmocka_unit_test(mixed_has_the_published_ratios_and_limits),
                                       cmocka_unit_test(yarn_follows_the_released_ramp),
                                       cmocka_unit_test(yarn_paper_follows_the_printed_ramp),
                                       cmocka_unit_test(yarn_warms_the_logits_once),
                                       cmocka_unit_test(llama3_keeps_fast_and_divides_slow_planes),
                                       cmocka_unit_test(factor_one_is_rope_bit_for_bit),
                                       cmocka_unit_test(dynamic_methods_use_the_declared_length),
                                       cmocka_unit_test(pi_is_rope_at_divided_positions),
                                       cmocka_unit_test(one_plane_is_fine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
