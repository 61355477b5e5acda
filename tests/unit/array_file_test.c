/* Arrays of npy, npz and safetensors files as doubles, of every type; reports on them under failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/map.h"
#include "file/safetensors_write.h"
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
    sn_tensor t;
    double got[n_values];
    if (sn_array_file_get(f, i, &t) != SN_OK) fail_msg("%s", sn_last_error());
    assert_true(t.dtype == dtype && t.n_dims == 2 && t.shape[0] == 2 && t.shape[1] == 3);
    assert_int_equal(sn_array_to_f64(&t, got), SN_OK);
    for (int k = 0; k < n_values; k++) {
        double want = sn_dtype_is_float(dtype) ? values[k] : trunc(values[k]);
        if (dtype == SN_U8) want = fabs(want);
        if (got[k] != want) fail_msg("%s: %g, not %g", sn_dtype_name(dtype), got[k], want);
    }
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

static void block_types_have_no_elements(void **state) {
    (void)state;
    double out[32];
    char block[64] = {0};
    sn_tensor t = sn_tensor_make(SN_Q8_0, 1, (int64_t[]){32}, block);
    assert_int_equal(sn_array_to_f64(&t, out), SN_ERR_UNSUPPORTED);
}

/* ---- Reports ---- */

static void reports_of_a_file(void **state) {
    sn_sparsity_report *s;
    sn_rank_report *r;
    const char *const v = "v", *const none = "none", *const z = "z";
    (void)state;
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
        cmocka_unit_test(block_types_have_no_elements),
        cmocka_unit_test(reports_of_a_file),
        cmocka_unit_test(nan_is_named_with_its_place),
        cmocka_unit_test(without_memory_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
