/* Arrays of npy, npz and safetensors files as doubles, of every type; reports on them under failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/map.h"
#include "file/gguf_write.h"
#include "file/safetensors_write.h"
#include "file/stored.h"
#include "suan/array.h"
#include "suan/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/suan-array-test-XXXXXX";
static char path[80];

static const char *in_folder(const char *name) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int setup(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    unlink(in_folder("a.npy")), unlink(in_folder("a.npz")), unlink(in_folder("a.safetensors"));
    unlink(in_folder("a.gguf"));
    return rmdir(folder);
}

enum { n_values = 6 };
static const double values[n_values] = {0, 1, 2.5, -3, 100, -128}; /* whole ones fit every signed type */
static const int64_t shape[] = {2, 3};

static sn_tensor make(sn_dtype dtype, void *memory) {
    float floats[n_values];
    for (int i = 0; i < n_values; i++) floats[i] = (float)values[i];
    for (int i = 0; i < n_values; i++) {
        if (dtype == SN_F64) ((double *)memory)[i] = values[i];
        if (dtype == SN_I64) ((int64_t *)memory)[i] = (int64_t)values[i];
        if (dtype == SN_I32) ((int32_t *)memory)[i] = (int32_t)values[i];
        if (dtype == SN_I8) ((int8_t *)memory)[i] = (int8_t)values[i];
        if (dtype == SN_U8) ((uint8_t *)memory)[i] = (uint8_t)fabs(values[i]);
    }
    if (sn_dtype_is_float(dtype) && dtype != SN_F64) sn_from_f32(dtype, floats, memory, n_values);
    return sn_tensor_make(dtype, 2, shape, memory);
}

static void check(sn_array_file *f, int64_t i, sn_dtype dtype) {
    sn_array_info a;
    double got[n_values];
    if (sn_array_file_info(f, i, &a) != SN_OK) fail_msg("%s", sn_last_error());
    assert_string_equal(a.type, sn_dtype_name(dtype));
    assert_true(a.n_dims == 2 && a.shape[0] == 2 && a.shape[1] == 3 && a.count == n_values && !a.is_complex);
    for (int from = 0; from < n_values; from++) {
        assert_int_equal(sn_array_file_read(f, i, from, n_values - from, got), SN_OK);
        for (int k = from; k < n_values; k++) {
            double want = sn_dtype_is_float(dtype) ? values[k] : trunc(values[k]);
            if (dtype == SN_U8) want = fabs(want);
            if (got[k - from] != want) fail_msg("%s: %g, not %g", sn_dtype_name(dtype), got[k - from], want);
        }
    }
    assert_int_equal(sn_array_file_read(f, i, 1, n_values, got), SN_ERR_ARGUMENT);
    assert_int_equal(sn_array_file_read(f, i, -1, 1, got), SN_ERR_ARGUMENT);
}

static const sn_dtype numpy_types[] = {SN_F64, SN_F32, SN_F16, SN_I64, SN_I32, SN_I8, SN_U8};
enum { n_numpy_types = 7 };

static void npy_of_every_type(void **state) {
    (void)state;
    for (int i = 0; i < n_numpy_types; i++) {
        double memory[n_values];
        sn_array_file *f;
        sn_tensor t = make(numpy_types[i], memory);
        assert_int_equal(sn_npy_write(in_folder("a.npy"), &t), SN_OK);
        assert_int_equal(sn_array_file_open(in_folder("a.npy"), &f), SN_OK);
        assert_int_equal(sn_array_file_count(f), 1);
        assert_string_equal(sn_array_file_name(f, 0), "a.npy");
        check(f, 0, numpy_types[i]);
        sn_array_file_close(f);
    }
}

static void npz_of_every_type(void **state) {
    (void)state;
    double memory[n_numpy_types][n_values];
    sn_tensor tensors[n_numpy_types];
    const char *names[n_numpy_types];
    sn_array_file *f;
    for (int i = 0; i < n_numpy_types; i++) {
        tensors[i] = make(numpy_types[i], memory[i]);
        names[i] = sn_dtype_name(numpy_types[i]);
    }
    assert_int_equal(sn_npz_write(in_folder("a.npz"), n_numpy_types, names, tensors), SN_OK);
    assert_int_equal(sn_array_file_open(in_folder("a.npz"), &f), SN_OK);
    assert_int_equal(sn_array_file_count(f), n_numpy_types);
    for (int i = 0; i < n_numpy_types; i++) check(f, sn_array_file_find(f, names[i]), numpy_types[i]);
    assert_int_equal(sn_array_file_find(f, "none"), -1);
    sn_array_file_close(f);
}

/* "w" bf16, "v" f32 with a NaN where asked for, "z" zeros. */
static void write_safetensors(bool nan) {
    static uint16_t w[n_values];
    static float v[4] = {1, 2, 3, 4}, z[4];
    sn_safetensors_out *out;
    make(SN_BF16, w);
    v[2] = nan ? NAN : 3;
    assert_int_equal(sn_safetensors_out_new(&out), SN_OK);
    assert_int_equal(sn_safetensors_add(out, "w", SN_BF16, 2, shape, w, NULL, NULL), SN_OK);
    assert_int_equal(sn_safetensors_add(out, "v", SN_F32, 2, (int64_t[]){2, 2}, v, NULL, NULL), SN_OK);
    assert_int_equal(sn_safetensors_add(out, "z", SN_F32, 1, (int64_t[]){4}, z, NULL, NULL), SN_OK);
    assert_int_equal(sn_safetensors_out_write(out, in_folder("a.safetensors")), SN_OK);
    sn_safetensors_out_free(out);
}

static void safetensors_too(void **state) {
    sn_array_file *f;
    (void)state;
    write_safetensors(false);
    assert_int_equal(sn_array_file_open(in_folder("a.safetensors"), &f), SN_OK);
    assert_int_equal(sn_array_file_count(f), 3);
    check(f, sn_array_file_find(f, "w"), SN_BF16);
    sn_array_file_close(f);
}

static void gguf_too(void **state) {
    static float x[64], v[n_values];
    unsigned char packed[128];
    float want[64];
    double got[64];
    sn_gguf_out *out;
    sn_array_file *f;
    sn_array_info a;
    (void)state;
    for (int i = 0; i < 64; i++) x[i] = (float)(i * i) - 300;
    make(SN_F32, v);
    sn_from_f32(SN_Q8_0, x, packed, 64);
    sn_to_f32(SN_Q8_0, packed, want, 64);
    assert_int_equal(sn_gguf_out_new(&out), SN_OK);
    assert_int_equal(sn_gguf_add_tensor(out, "v", SN_F32, 2, shape, v, NULL, NULL), SN_OK);
    assert_int_equal(sn_gguf_add_tensor(out, "q", SN_Q8_0, 2, (int64_t[]){2, 32}, packed, NULL, NULL), SN_OK);
    assert_int_equal(sn_gguf_out_write(out, in_folder("a.gguf")), SN_OK);
    sn_gguf_out_free(out);
    assert_int_equal(sn_array_file_open(path, &f), SN_OK);
    assert_int_equal(sn_array_file_count(f), 2);
    check(f, sn_array_file_find(f, "v"), SN_F32);
    assert_int_equal(sn_array_file_info(f, 1, &a), SN_OK);
    assert_true(a.n_dims == 2 && a.shape[0] == 2 && a.shape[1] == 32 && a.count == 64);
    assert_string_equal(a.type, "q8_0");
    assert_int_equal(sn_array_file_read(f, 1, 0, 64, got), SN_OK);
    for (int i = 0; i < 64; i++) assert_true(got[i] == (double)want[i]);
    sn_array_file_close(f);
}

/* Skips a test of ranks where this build cannot find any. */
static void need_lapack(void) {
    const double one = 1;
    sn_rank_result r;
    if (sn_rank(&one, 1, 1, NULL, &r) == SN_ERR_UNSUPPORTED) {
        print_message("ranks of arrays: skipped, this build has no LAPACKE\n");
        skip();
    }
    sn_rank_free(&r);
}

/* An empty array is left out of a whole file, with the reason, and refused by name. */
static void what_cannot_be_measured_is_left_out(void **state) {
    static const char *const names[] = {"full", "empty"};
    static const float x[n_values] = {1, 2, 3, 4, 5, 7};
    const sn_tensor t[] = {sn_tensor_make(SN_F32, 2, shape, x), sn_tensor_make(SN_F32, 2, (int64_t[]){0, 3}, x)};
    sn_sparsity_report *s;
    sn_rank_report *r;
    (void)state;
    need_lapack();
    assert_int_equal(sn_npz_write(in_folder("a.npz"), 2, names, t), SN_OK);
    assert_int_equal(sn_sparsity_report_new(path, NULL, &s), SN_OK);
    assert_true(s->n == 1 && s->n_left_out == 1);
    assert_string_equal(s->left_out[0].name, "empty");
    assert_string_equal(s->left_out[0].why, "the array is empty: there is nothing to measure");
    sn_sparsity_report_free(s);
    assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_OK);
    assert_true(r->n == 1 && r->n_left_out == 1 && r->skipped == 0);
    sn_rank_report_free(r);
    sn_sparsity_options named = {.arrays = names + 1, .n_arrays = 1};
    assert_int_equal(sn_sparsity_report_new(path, &named, &s), SN_ERR_SHAPE);
    assert_int_equal(sn_rank_report_new(path, names + 1, 1, NULL, &r), SN_ERR_SHAPE);
    assert_int_equal(sn_npz_write(path, 2, (const char *const[]){"e", "f"}, (const sn_tensor[]){t[1], t[1]}), SN_OK);
    assert_int_equal(sn_sparsity_report_new(path, NULL, &s), SN_ERR_UNSUPPORTED);
    assert_non_null(strstr(sn_last_error(), "none of 2 arrays can be measured: e: the array is empty"));
    assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_ERR_UNSUPPORTED);
}

/* Every byte: E5M2 is the upper half of an f16; E4M3 by its definition in powers of two. */
static void eight_bit_floats(void **state) {
    unsigned char bytes[256];
    double e5m2[256], e4m3[256], e8m0[256];
    (void)state;
    for (int i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
    const sn_stored a = {sn_element_named("f8_e5m2"), false, false, 1, {256}, bytes};
    const sn_stored b = {sn_element_named("f8_e4m3"), false, false, 1, {256}, bytes};
    const sn_stored c = {sn_element_named("f8_e8m0"), false, false, 1, {256}, bytes};
    sn_stored_read(&a, 0, 256, e5m2), sn_stored_read(&b, 0, 256, e4m3), sn_stored_read(&c, 0, 256, e8m0);
    for (int i = 0; i < 256; i++) {
        uint16_t half = (uint16_t)(i << 8);
        float wide;
        sn_to_f32(SN_F16, &half, &wide, 1);
        assert_true(isnan(wide) ? isnan(e5m2[i]) : e5m2[i] == (double)wide);
        int exponent = i / 8 % 16;
        double want = pow(2, exponent ? exponent - 7 : -6) * (i % 8 / 8.0 + (exponent > 0)) * (i < 128 ? 1 : -1);
        assert_true(i % 128 == 127 ? isnan(e4m3[i]) : e4m3[i] == want);
        assert_true(i == 255 ? isnan(e8m0[i]) : e8m0[i] == pow(2, i - 127));
    }
    assert_true(e4m3[0x7e] == 448 && e4m3[1] == 0x1p-9 && e5m2[0x7b] == 57344 && isinf(e5m2[0xfc]));
}

/* Elements of quantized blocks, from every start, are those of the whole. */
static void quantized_elements(void **state) {
    static const sn_dtype types[] = {SN_Q8_0, SN_Q4_0, SN_Q4_1, SN_Q5_0, SN_Q5_1,
                                     SN_Q2_K, SN_Q3_K, SN_Q4_K, SN_Q5_K, SN_Q6_K};
    static float x[768], want[768];
    static unsigned char packed[4096];
    static double got[768];
    (void)state;
    for (int i = 0; i < 768; i++) x[i] = (float)sin(i * 0.37);
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        const sn_element *e = sn_element_of(types[k]);
        assert_true(e->block == sn_dtype_block(types[k]) && e->bytes == sn_dtype_bytes(types[k]));
        assert_string_equal(e->name, sn_dtype_name(types[k]));
        sn_from_f32(types[k], x, packed, 768);
        sn_to_f32(types[k], packed, want, 768);
        const sn_stored a = {e, false, false, 1, {768}, packed};
        for (int from = 0; from < 768; from += 37) {
            sn_stored_read(&a, from, 768 - from, got);
            for (int i = from; i < 768; i++) assert_true(got[i - from] == (double)want[i]);
            sn_stored_read(&a, from, 5, got);
            for (int i = 0; i < 5 && from + i < 768; i++) assert_true(got[i] == (double)want[from + i]);
        }
    }
}

/* ---- Reports ---- */

static void reports_of_a_file(void **state) {
    sn_sparsity_report *s;
    sn_rank_report *r;
    const char *const v = "v", *const none = "none", *const z = "z";
    (void)state;
    need_lapack();
    write_safetensors(false);
    assert_int_equal(sn_sparsity_report_new(in_folder("a.safetensors"), NULL, &s), SN_OK);
    assert_int_equal(s->n, 3);
    for (int64_t i = 0; i < 3; i++) {
        bool zeros = strcmp(s->items[i].name, "z") == 0;
        assert_true((s->items[i].value[2] != s->items[i].value[2]) == zeros); /* NaN */
        assert_int_equal(s->items[i].zeros, zeros ? 4 : strcmp(s->items[i].name, "w") == 0);
    }
    sn_sparsity_report_free(s);
    sn_sparsity_options rows = {.arrays = &v, .n_arrays = 1, .rows = true};
    assert_int_equal(sn_sparsity_report_new(path, &rows, &s), SN_OK);
    double upper = 3 / sqrt(2 * 5), lower = 7 / sqrt(2 * 25);
    assert_true(fabs(s->items[0].value[2] - (upper + lower) / 2) < 1e-15);
    assert_true(fabs(s->items[0].least[2] - upper) < 1e-15 && fabs(s->items[0].most[2] - lower) < 1e-15);
    assert_int_equal(s->items[0].rows, 2);
    sn_sparsity_report_free(s);
    assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_OK);
    assert_true(r->n == 2 && r->skipped == 1);
    sn_rank_report_free(r);
    assert_int_equal(sn_rank_report_new(path, &none, 1, NULL, &r), SN_ERR_NOT_FOUND);
    assert_int_equal(sn_rank_report_new(path, &z, 1, NULL, &r), SN_ERR_SHAPE);
}

/* Streamed, the measures are those of the values in memory; Gini within what is said. */
static void long_arrays_are_streamed(void **state) {
    enum { n = 30000 };
    static float x[n];
    sn_sparsity_report *held, *streamed;
    (void)state;
    for (int i = 0; i < n; i++) x[i] = i % 7 ? (float)(exp(3 * sin(i * 1.7)) * cos(i * 0.3)) : 0;
    sn_tensor t = sn_tensor_make(SN_F32, 2, (int64_t[]){3, n / 3}, x);
    assert_int_equal(sn_npy_write(in_folder("a.npy"), &t), SN_OK);
    for (int rows = 0; rows < 2; rows++) {
        sn_sparsity_options o = {.rows = rows, .p = 3, .q = 0.7};
        assert_int_equal(sn_sparsity_report_new(path, &o, &held), SN_OK);
        o.hold = 1000;
        assert_int_equal(sn_sparsity_report_new(path, &o, &streamed), SN_OK);
        const sn_sparsity_item *a = held->items, *b = streamed->items;
        assert_true(a->zeros == b->zeros && a->largest == b->largest && a->count == b->count && a->rows == b->rows);
        assert_true(a->gini_error == 0 && b->gini_error > 0 && b->gini_error < 1e-6);
        for (int m = 0; m < held->n_measures; m++) {
            bool gini = held->measures[m].kind == SN_SPARSITY_GINI;
            double low = gini ? -1e-13 : -1e-13 * fabs(a->value[m]);
            double high = gini ? b->gini_error + 1e-13 : -low, d = a->value[m] - b->value[m];
            if (!(d >= low && d <= high))
                fail_msg("%s: %.17g, not %.17g", held->measures[m].name, b->value[m], a->value[m]);
        }
        for (int i = 0; i < SN_ORDER_POINTS; i++) assert_true(fabs(a->by_order[i] / b->by_order[i] - 1) < 1e-13);
        for (int i = 0; i < SN_SHARE_POINTS; i++) assert_true(fabs(a->share[i] - b->share[i]) < 0x1p-15);
        sn_sparsity_report_free(held);
        sn_sparsity_report_free(streamed);
    }
    x[n - 2] = NAN;
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    sn_sparsity_options o = {.hold = 1000};
    assert_int_equal(sn_sparsity_report_new(path, &o, &streamed), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "element 29998 is NaN"));
    o.rows = true;
    assert_int_equal(sn_sparsity_report_new(path, &o, &streamed), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "row 2: element 9998 is NaN"));
}

/* Tall and wide matrices go through a few rows at a time: planted singular values, and against the whole. */
static void long_matrices_are_streamed(void **state) {
    enum { m = 700, n = 40 };
    static double x[m * n], turned[m * n];
    sn_rank_report *r;
    sn_rank_result whole;
    (void)state;
    need_lapack();
    for (int i = 0; i < m * n; i++) x[i] = sin(i * 1.3) + cos(i * 0.11) * (i % n) + (i % n == 7 ? 1e-200 : 0);
    for (int i = 0; i < m; i++) x[i * n + 3] = x[i * n + 4]; /* a rank of n - 1 at most */
    for (int i = 0; i < m * n; i++) turned[i % n * m + i / n] = x[i];
    assert_int_equal(sn_rank(x, m, n, NULL, &whole), SN_OK);
    for (int wide = 0; wide < 2; wide++) {
        sn_tensor t = sn_tensor_make(SN_F64, 2, wide ? (int64_t[]){n, m} : (int64_t[]){m, n}, wide ? turned : x);
        assert_int_equal(sn_npy_write(in_folder("a.npy"), &t), SN_OK);
        assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_OK);
        const sn_rank_result *got = &r->items[0].result;
        assert_true(got->rows == (wide ? n : m) && got->cols == (wide ? m : n) && got->n == n && isnan(got->log_det));
        for (int i = 0; i < n; i++) assert_true(fabs(got->singular[i] - whole.singular[i]) < 2e-14 * whole.singular[0]);
        assert_true(got->numerical == whole.numerical && got->numerical < n);
        assert_true(fabs(got->threshold / whole.threshold - 1) < 1e-12 && fabs(got->stable / whole.stable - 1) < 1e-12);
        sn_rank_report_free(r);
    }
    sn_rank_free(&whole);
    x[5 * n + 2] = INFINITY;
    sn_tensor t = sn_tensor_make(SN_F64, 2, (int64_t[]){m, n}, x);
    assert_int_equal(sn_npy_write(path, &t), SN_OK);
    assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "element [5, 2] is infinite"));
}

static void nan_is_named_with_its_place(void **state) {
    sn_sparsity_report *s;
    sn_rank_report *r;
    const char *const z = "z";
    (void)state;
    write_safetensors(true);
    assert_int_equal(sn_sparsity_report_new(in_folder("a.safetensors"), NULL, &s), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "a.safetensors: v: element 2 is NaN"));
    assert_int_equal(sn_sparsity_report_new(path, &(sn_sparsity_options){.rows = true}, &s), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "v: row 1: element 0 is NaN"));
    assert_int_equal(sn_rank_report_new(path, NULL, 0, NULL, &r), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "v: element [1, 0] is NaN"));
    assert_int_equal(sn_sparsity_report_new(path, &(sn_sparsity_options){.arrays = &z, .n_arrays = 1}, &s), SN_OK);
    sn_sparsity_report_free(s);
}

static void without_memory_nothing_leaks(void **state) {
    (void)state;
    need_lapack();
    write_safetensors(false);
    in_folder("a.safetensors");
    bool done = false;
    for (int i = 0; i < 400 && !done; i++) {
        sn_sparsity_report *s;
        sn_rank_report *r;
        char *text = NULL;
        sn_alloc_fail_after(i);
        sn_status status = sn_sparsity_report_new(path, NULL, &s);
        if (status == SN_OK) {
            status = sn_sparsity_report_json(s, &text);
            sn_sparsity_report_free(s);
        }
        if (status == SN_OK) {
            sn_free(text);
            status = sn_rank_report_new(path, NULL, 0, &(sn_rank_options){.threads = 1}, &r);
        }
        if (status == SN_OK) {
            status = sn_rank_report_json(r, &text);
            sn_rank_report_free(r);
        }
        sn_alloc_fail_after(-1);
        if (status == SN_OK) {
            sn_free(text);
            done = true;
        } else
            assert_int_equal(status, SN_ERR_MEMORY);
    }
    assert_true(done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_of_every_type),
        cmocka_unit_test(npz_of_every_type),
        cmocka_unit_test(safetensors_too),
        cmocka_unit_test(gguf_too),
        cmocka_unit_test(eight_bit_floats),
        cmocka_unit_test(quantized_elements),
        cmocka_unit_test(long_arrays_are_streamed),
        cmocka_unit_test(nan_is_named_with_its_place),
        cmocka_unit_test(what_cannot_be_measured_is_left_out),
        cmocka_unit_test(reports_of_a_file),
        cmocka_unit_test(long_matrices_are_streamed),
        cmocka_unit_test(without_memory_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
