/* Quantized types: dequantization against goldens of the gguf package (tools/oracles/quants.py), quantization
 * error against what ggml's own quantizers reach, exact round trips, hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/philox.h"
#include "suan/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Relative error sqrt(sum (x-y)^2 / sum x^2) of ggml_quantize_chunk (2026-11, no importance matrix) on the input of
 * `sample`, 256 rows of 256. */
static const struct {
    sn_dtype dtype;
    double ggml_error;
} types[] = {{SN_Q8_0, 0.005349}, {SN_Q4_0, 0.085771}, {SN_Q4_1, 0.078523}, {SN_Q5_0, 0.042623}, {SN_Q5_1, 0.037922},
             {SN_Q2_K, 0.300471}, {SN_Q3_K, 0.152144}, {SN_Q4_K, 0.072045}, {SN_Q5_K, 0.036467}, {SN_Q6_K, 0.017952}};
enum { n_types = sizeof types / sizeof *types, n_golden = 512, n_sample = 256 * 256 };

/* Normal values whose spread changes every 32, as in trained weights. */
static float sample(uint64_t i) { return (float)(sn_normal_f64(5, 6, i) * exp(0.5 * sn_normal_f64(5, 7, i / 32))); }

static void dequantizing_gives_the_goldens_bit_for_bit(void **state) {
    (void)state;
    for (int t = 0; t < n_types; t++) {
        sn_dtype dtype = types[t].dtype;
        size_t bytes = (size_t)(n_golden / sn_dtype_block(dtype) * sn_dtype_bytes(dtype));
        uint8_t raw[1024];
        float want[n_golden], got[n_golden];
        char path[512];
        snprintf(path, sizeof path, "%s/golden/quant/%s.bin", SN_TEST_SOURCE, sn_dtype_name(dtype));
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_true(bytes <= sizeof raw);
        assert_int_equal(fread(raw, 1, bytes, file), bytes);
        assert_int_equal(fread(want, 1, sizeof want, file), sizeof want);
        fclose(file);
        sn_to_f32(dtype, raw, got, n_golden);
        assert_memory_equal(got, want, sizeof want);
    }
}

static double relative_error(sn_dtype dtype, const float *x, int64_t n) {
    float *y = malloc((size_t)n * sizeof *y);
    void *blocks = malloc((size_t)(n / sn_dtype_block(dtype) * sn_dtype_bytes(dtype)));
    assert_non_null(y);
    assert_non_null(blocks);
    sn_from_f32(dtype, x, blocks, n);
    sn_to_f32(dtype, blocks, y, n);
    double error = 0, square = 0;
    for (int64_t i = 0; i < n; i++) {
        double e = (double)x[i] - (double)y[i];
        error += e * e, square += (double)x[i] * (double)x[i];
    }
    free(blocks);
    free(y);
    return sqrt(error / square);
}

static void quantizing_is_as_good_as_ggml(void **state) {
    (void)state;
    float *x = malloc(n_sample * sizeof *x);
    assert_non_null(x);
    for (uint64_t i = 0; i < n_sample; i++) x[i] = sample(i);
    for (int t = 0; t < n_types; t++) {
        double error = relative_error(types[t].dtype, x, n_sample);
        print_message("%s: relative error %.6f, ggml %.6f\n", sn_dtype_name(types[t].dtype), error,
                      types[t].ggml_error);
        assert_true(error <= 1.005 * types[t].ggml_error);
        assert_true(error > 0.5 * types[t].ggml_error);
    }
    free(x);
}

/* Values that the type holds exactly come back exactly: powers of two times codes, with the extreme codes present. */
static void representable_values_come_back(void **state) {
    (void)state;
    for (int t = 0; t < 5; t++) {
        sn_dtype dtype = types[t].dtype;
        int top = dtype == SN_Q8_0 ? 127 : dtype == SN_Q4_0 || dtype == SN_Q4_1 ? 15 : 31;
        int base = dtype == SN_Q8_0 ? 0 : dtype == SN_Q4_0 ? -8 : dtype == SN_Q5_0 ? -16 : -3;
        float x[64], y[64];
        uint8_t blocks[256];
        for (int i = 0; i < 64; i++) {
            int code = i % 32 == 3 ? 0 : i % 32 == 9 ? top : (int)(sn_uniform_f64(1, 1, (uint64_t)i) * top);
            x[i] = (float)(code + base) * (i < 32 ? 0.25f : 0x1p-9f);
        }
        sn_from_f32(dtype, x, blocks, 64);
        sn_to_f32(dtype, blocks, y, 64);
        assert_memory_equal(x, y, sizeof x);
    }
}

static void zeros_stay_zero(void **state) {
    (void)state;
    for (int t = 0; t < n_types; t++) {
        float x[512] = {0}, y[512];
        uint8_t blocks[1024];
        sn_from_f32(types[t].dtype, x, blocks, 512);
        sn_to_f32(types[t].dtype, blocks, y, 512);
        for (int i = 0; i < 512; i++) assert_true(y[i] == 0);
    }
}

static void hostile_values_give_finite_blocks(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -1e-40f, 1e6f};
    enum { n_bad = sizeof bad / sizeof *bad };
    for (int t = 0; t < n_types; t++)
        for (int first = 0; first < n_bad; first++) {
            float x[512], y[512];
            uint8_t blocks[1024];
            for (int i = 0; i < 512; i++) x[i] = i % 7 == 0 ? bad[(i + first) % n_bad] : first < 4 ? bad[first] : 0.1f;
            sn_from_f32(types[t].dtype, x, blocks, 512);
            sn_to_f32(types[t].dtype, blocks, y, 512);
            for (int i = 0; i < 512; i++) assert_true(isfinite(y[i]));
        }
}

/* |x - y| <= half a step, where a step is what the codes leave of the range. */
static void small_types_keep_their_error_bound(void **state) {
    (void)state;
    static const struct {
        sn_dtype dtype;
        double steps; /* of max |x| */
    } bound[] = {{SN_Q8_0, 127}, {SN_Q4_0, 8}, {SN_Q5_0, 16}};
    for (int t = 0; t < 3; t++)
        for (uint64_t b = 0; b < 200; b++) {
            float x[32], y[32];
            uint8_t block[64];
            double most = 0;
            for (uint64_t i = 0; i < 32; i++) x[i] = sample(b * 32 + i), most = fmax(most, fabs((double)x[i]));
            sn_from_f32(bound[t].dtype, x, block, 32);
            sn_to_f32(bound[t].dtype, block, y, 32);
            /* The value opposite to the extreme one may miss a whole step; f16 rounds the scale by 2^-11. */
            for (int i = 0; i < 32; i++)
                assert_true(fabs((double)x[i] - (double)y[i]) <=
                            most / bound[t].steps *
                                ((fabs((double)x[i]) > most * 0.85 ? 1.0 : 0.5) + bound[t].steps / 2048));
        }
}

static void integers_saturate(void **state) {
    (void)state;
    const float x[] = {1.5f, 2.5f, -300, 1e20f, NAN, -1e20f};
    const int8_t want8[] = {2, 2, -128, 127, 0, -128};
    const int32_t want32[] = {2, 2, -300, INT32_MAX, 0, INT32_MIN};
    int8_t got8[6];
    int32_t got32[6];
    sn_from_f32(SN_I8, x, got8, 6);
    sn_from_f32(SN_I32, x, got32, 6);
    assert_memory_equal(got8, want8, sizeof want8);
    assert_memory_equal(got32, want32, sizeof want32);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(dequantizing_gives_the_goldens_bit_for_bit),
                                       cmocka_unit_test(quantizing_is_as_good_as_ggml),
                                       cmocka_unit_test(representable_values_come_back),
                                       cmocka_unit_test(zeros_stay_zero),
                                       cmocka_unit_test(hostile_values_give_finite_blocks),
                                       cmocka_unit_test(small_types_keep_their_error_bound),
                                       cmocka_unit_test(integers_saturate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
