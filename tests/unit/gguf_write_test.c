/* Writing GGUF: round trips, split files, streamed data, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "base/map.h"
#include "file/gguf_write.h"

#include <unistd.h>

static const float weights[7] = {0, 1, 2, 3, 4, 5, 6};

/* Six numbers, one at a time. */
static sn_status stream(sn_data_sink *sink, void *user) {
    int n = *(int *)user;
    for (int i = 0; i < n; i++) SN_TRY(sn_data_put(sink, &weights[i], sizeof weights[i]));
    return SN_OK;
}

static sn_status write_sample(const char *path, int *n_streamed) {
    sn_gguf_out *out;
    const sn_text words[] = {sn_text_of("one"), {"\0\xff", 2}, sn_text_of("")};
    const int16_t shorts[] = {-3, 300};
    int64_t shape[] = {2, 3};
    SN_TRY(sn_gguf_out_new(&out));
    sn_status status = sn_gguf_set_string(out, "general.architecture", "llama");
    if (status == SN_OK) status = sn_gguf_set_u32(out, "n", 1);
    if (status == SN_OK) status = sn_gguf_set_u32(out, "n", UINT32_MAX);
    if (status == SN_OK) status = sn_gguf_set_i32(out, "minus", -5);
    if (status == SN_OK) status = sn_gguf_set_u64(out, "long", (uint64_t)1 << 40);
    if (status == SN_OK) status = sn_gguf_set_f32(out, "third", 1.0f / 3);
    if (status == SN_OK) status = sn_gguf_set_bool(out, "yes", true);
    if (status == SN_OK) status = sn_gguf_set_texts(out, "words", words, 3);
    if (status == SN_OK) status = sn_gguf_set_array(out, "shorts", SN_GGUF_I16, shorts, 2);
    if (status == SN_OK) status = sn_gguf_add_tensor(out, "a", SN_F32, 2, shape, weights, NULL, NULL);
    if (status == SN_OK) status = sn_gguf_add_tensor(out, "b", SN_F32, 2, shape, NULL, stream, n_streamed);
    if (status == SN_OK) status = sn_gguf_add_tensor(out, "one", SN_F32, 0, shape, weights + 4, NULL, NULL);
    if (status == SN_OK) status = sn_gguf_out_write(out, path);
    sn_gguf_out_free(out);
    return status;
}

static void check_sample(const char *path) {
    sn_gguf *f;
    int64_t n;
    double x;
    bool yes;
    const sn_gguf_value *v;
    assert_int_equal(sn_gguf_open(path, &f), SN_OK);
    assert_int_equal(sn_gguf_get_i64(f, "n", &n, NULL), SN_OK);
    assert_int_equal(n, UINT32_MAX);
    assert_int_equal(sn_gguf_get_i64(f, "minus", &n, NULL), SN_OK);
    assert_int_equal(n, -5);
    assert_int_equal(sn_gguf_get_i64(f, "long", &n, NULL), SN_OK);
    assert_true(n == (int64_t)1 << 40);
    assert_int_equal(sn_gguf_get_f64(f, "third", &x, NULL), SN_OK);
    assert_true(x == (double)(1.0f / 3));
    assert_int_equal(sn_gguf_get_bool(f, "yes", &yes, NULL), SN_OK);
    assert_int_equal(sn_gguf_get_array(f, "words", SN_GGUF_STRING, &v, NULL), SN_OK);
    assert_true(v->count == 3 && sn_text_equal(v->strings[1], (sn_text){"\0\xff", 2}));
    assert_int_equal(sn_gguf_get_array(f, "shorts", SN_GGUF_I16, &v, NULL), SN_OK);
    assert_true(sn_gguf_array_i64(v, 0) == -3 && sn_gguf_array_i64(v, 1) == 300);
    for (int i = 0; i < 2; i++) {
        sn_tensor t;
        assert_int_equal(sn_gguf_tensor(f, i ? "b" : "a", &t), SN_OK);
        assert_true(t.n_dims == 2 && t.shape[0] == 2 && t.shape[1] == 3);
        assert_memory_equal(t.data, weights, 6 * sizeof *weights);
    }
    assert_int_equal(sn_gguf_n_tensors(f), 3);
    sn_gguf_close(f);
}

static void a_file_reads_back(void **state) {
    (void)state;
    int n = 6;
    assert_int_equal(write_sample(in_folder("a.gguf"), &n), SN_OK);
    check_sample(in_folder("a.gguf"));
}

static void a_copy_through_values_reads_back(void **state) {
    (void)state;
    sn_gguf *f;
    sn_gguf_out *out;
    assert_int_equal(sn_gguf_open(in_folder("a.gguf"), &f), SN_OK);
    assert_int_equal(sn_gguf_out_new(&out), SN_OK);
    for (int64_t i = 0; i < sn_gguf_n_values(f); i++)
        assert_int_equal(sn_gguf_set_value(out, sn_gguf_value_at(f, i)), SN_OK);
    for (int64_t i = 0; i < sn_gguf_n_tensors(f); i++) {
        sn_tensor t;
        assert_int_equal(sn_gguf_tensor_at(f, i, &t), SN_OK);
        assert_int_equal(
            sn_gguf_add_tensor(out, sn_gguf_tensor_name(f, i), t.dtype, t.n_dims, t.shape, t.data, NULL, NULL), SN_OK);
    }
    assert_int_equal(sn_gguf_out_write(out, in_folder("b.gguf")), SN_OK);
    sn_gguf_out_free(out);
    sn_gguf_close(f);
    check_sample(in_folder("b.gguf"));
    sn_map a, b;
    assert_int_equal(sn_map_open(in_folder("a.gguf"), &a), SN_OK);
    assert_int_equal(sn_map_open(in_folder("b.gguf"), &b), SN_OK);
    assert_true(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    sn_map_close(&a), sn_map_close(&b);
}

static void wrong_sizes_leave_no_file(void **state) {
    (void)state;
    int n = 5;
    sn_gguf_out *out;
    assert_int_equal(write_sample(in_folder("c.gguf"), &n), SN_ERR_ARGUMENT);
    assert_message("tensor \"b\": 4 bytes too few were given");
    n = 7;
    assert_int_equal(write_sample(in_folder("c.gguf"), &n), SN_ERR_ARGUMENT);
    assert_message("more bytes than the tensor has");
    assert_int_equal(access(in_folder("c.gguf"), F_OK), -1);
    assert_int_equal(sn_gguf_out_new(&out), SN_OK);
    int64_t one = 1, five[] = {1, 1, 1, 1, 1};
    assert_int_equal(sn_gguf_add_tensor(out, "t", SN_U8, 1, &one, "x", NULL, NULL), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_gguf_add_tensor(out, "t", SN_Q4_0, 1, &one, "x", NULL, NULL), SN_ERR_SHAPE);
    assert_int_equal(sn_gguf_add_tensor(out, "t", SN_I8, 5, five, "x", NULL, NULL), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_gguf_add_tensor(out, "t", SN_I8, 1, &one, "x", NULL, NULL), SN_OK);
    assert_int_equal(sn_gguf_add_tensor(out, "t", SN_I8, 1, &one, "x", NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_gguf_set_array(out, "t", SN_GGUF_STRING, NULL, 0), SN_ERR_ARGUMENT);
    sn_gguf_out_free(out);
}

/* Part `no` of `count` with one tensor named after it. */
static void write_part(const char *path, uint32_t no, uint32_t count, int32_t total) {
    sn_gguf_out *out;
    char name[16];
    int64_t shape = 6;
    snprintf(name, sizeof name, "t%u", no);
    assert_int_equal(sn_gguf_out_new(&out), SN_OK);
    assert_int_equal(sn_gguf_set_u32(out, "split.no", no), SN_OK);
    assert_int_equal(sn_gguf_set_u32(out, "split.count", count), SN_OK);
    assert_int_equal(sn_gguf_set_i32(out, "split.tensors.count", total), SN_OK);
    assert_int_equal(sn_gguf_add_tensor(out, name, SN_F32, 1, &shape, weights, NULL, NULL), SN_OK);
    assert_int_equal(sn_gguf_out_write(out, path), SN_OK);
    sn_gguf_out_free(out);
}

static void split_files_are_one(void **state) {
    (void)state;
    const char *first = "m-00001-of-00003.gguf";
    sn_gguf *f = NULL;
    sn_tensor t;
    write_part(in_folder(first), 0, 3, 3);
    write_part(in_folder("m-00002-of-00003.gguf"), 1, 3, 3);
    assert_int_equal(sn_gguf_open(in_folder(first), &f), SN_ERR_IO);
    assert_message("m-00003-of-00003.gguf");
    write_part(in_folder("m-00003-of-00003.gguf"), 2, 3, 3);
    assert_int_equal(sn_gguf_open(in_folder(first), &f), SN_OK);
    assert_int_equal(sn_gguf_n_tensors(f), 3);
    assert_int_equal(sn_gguf_tensor(f, "t2", &t), SN_OK);
    assert_memory_equal(t.data, weights, 6 * sizeof *weights);
    sn_gguf_close(f);
    assert_int_equal(sn_gguf_open(in_folder("m-00002-of-00003.gguf"), &f), SN_ERR_ARGUMENT);
    assert_message("part 2 of 3: give the first part");
    write_part(in_folder("m-00003-of-00003.gguf"), 1, 3, 3);
    assert_int_equal(sn_gguf_open(in_folder(first), &f), SN_ERR_FORMAT);
    assert_message("\"t1\" appears twice");
    write_part(in_folder(first), 0, 3, 4);
    write_part(in_folder("m-00003-of-00003.gguf"), 2, 3, 3);
    assert_int_equal(sn_gguf_open(in_folder(first), &f), SN_ERR_FORMAT);
    assert_message("split.tensors.count says 4");
    write_part(in_folder("odd.gguf"), 0, 3, 3);
    assert_int_equal(sn_gguf_open(in_folder("odd.gguf"), &f), SN_ERR_ARGUMENT);
    assert_message("its name must end in -00001-of-00003.gguf");
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    int streamed = 6;
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = write_sample(in_folder("d.gguf"), &streamed);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_reads_back),
        cmocka_unit_test(a_copy_through_values_reads_back),
        cmocka_unit_test(wrong_sizes_leave_no_file),
        cmocka_unit_test(split_files_are_one),
        cmocka_unit_test(failing_allocations_leak_nothing),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
