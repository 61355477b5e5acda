/* safetensors: round trips, shards, each kind of damage, real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "base/map.h"
#include "file/safetensors.h"
#include "file/safetensors_write.h"

#include <unistd.h>

/* A file of this header and `size` bytes of data 0, 1, 2, ... */
static void build(bytes *b, const char *header, int size) {
    put_u64(b, strlen(header));
    put(b, header, strlen(header));
    for (int i = 0; i < size; i++) put(b, &(unsigned char){(unsigned char)i}, 1);
}

static void refused(const char *header, int size, sn_status status, const char *words) {
    bytes b = {0};
    sn_safetensors *f = NULL;
    build(&b, header, size);
    assert_int_equal(sn_safetensors_open_memory("test", b.data, b.size, NULL, &f), status);
    assert_null(f);
    assert_message(words);
    bytes_free(&b);
}

#define ONE(dtype, shape, offsets) "{\"t\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

#define ONES "1,1,1,1,1,1,1,1,1,1,"
static void headers_are_checked(void **state) {
    (void)state;
    refused("{", 0, SN_ERR_FORMAT, "line 1");
    refused("[]", 0, SN_ERR_FORMAT, "no JSON object");
    refused("{\"t\":1}", 0, SN_ERR_FORMAT, "tensor \"t\": must be an object");
    refused("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, SN_ERR_FORMAT, "\"data_offsets\" is missing");
    refused("{\"t\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, SN_ERR_FORMAT,
            "\"dtype\" must be a string");
    refused(ONE("F32", "[1]", "[0,4]"), 3, SN_ERR_FORMAT, "bytes 0 to 4 of 3");
    refused(ONE("F32", "[2]", "[0,4]"), 4, SN_ERR_FORMAT, "2 elements of F32 are not the 4 bytes");
    refused(ONE("F32", "[-1]", "[0,4]"), 4, SN_ERR_FORMAT, "not a size");
    refused(ONE("F32", "[1.5]", "[0,4]"), 4, SN_ERR_FORMAT, "not a size");
    refused(ONE("F32", "[9007199254740992,9007199254740992]", "[0,4]"), 4, SN_ERR_FORMAT, "63 bits");
    refused(ONE("F64", "[1152921504606846976]", "[0,4]"), 4, SN_ERR_FORMAT, "not");
    refused(ONE("F32", "[0,9007199254740992,4096]", "[0,0]"), 0, SN_ERR_FORMAT, "63 bits");
    refused(ONE("F32", "[" ONES ONES ONES "1,1,1]", "[0,4]"), 4, SN_ERR_UNSUPPORTED, "33 dimensions");
    refused(ONE("F4", "[3]", "[0,1]"), 1, SN_ERR_FORMAT, "3 elements of F4");
    refused(ONE("F32", "[1]", "[4,0]"), 4, SN_ERR_FORMAT, "bytes 4 to 0");
    refused(ONE("F32", "[1]", "[-4,0]"), 4, SN_ERR_FORMAT, "bytes -4");
    refused(ONE("F32", "[1]", "[0]"), 4, SN_ERR_FORMAT, "two whole numbers");
    refused(ONE("F32", "[1]", "[4,8]"), 8, SN_ERR_FORMAT, "leave a hole at byte 0");
    refused(ONE("F32", "[1]", "[0,4]"), 8, SN_ERR_FORMAT, "leave a hole at byte 4");
    refused("{}", 8, SN_ERR_FORMAT, "leave a hole");
    refused(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_"
        "offsets\":[1,4]}}",
        4, SN_ERR_FORMAT, "overlap");
    refused("{\"__metadata__\":{\"a\":1}}", 0, SN_ERR_FORMAT, "object of strings");
    refused("{\"a\\u0000\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0, SN_ERR_FORMAT, "zero byte");
}

static void cut_files_are_refused(void **state) {
    (void)state;
    bytes b = {0};
    build(&b, ONE("F32", "[1]", "[0,4]"), 4);
    for (size_t size = 0; size < b.size; size++) {
        sn_safetensors *f = NULL;
        assert_int_equal(sn_safetensors_open_memory("cut", b.data, size, NULL, &f), SN_ERR_FORMAT);
    }
    sn_store_u64(b.data, (uint64_t)4 << 30);
    sn_safetensors *f;
    sn_alloc_fail_after(-1);
    assert_int_equal(sn_safetensors_open_memory("huge", b.data, b.size, NULL, &f), SN_ERR_FORMAT);
    assert_true(sn_alloc_largest() < 1 << 16);
    bytes_free(&b);
}

static void unaligned_data_is_copied(void **state) {
    (void)state;
    bytes b = {0};
    sn_safetensors *f;
    sn_tensor t, again;
    for (int blanks = 0; blanks < 2; blanks++) { /* one of the two is odd */
        bytes_free(&b);
        build(&b, blanks ? ONE("F32", "[2]", "[0,8]") " " : ONE("F32", "[2]", "[0,8]"), 8);
        if (b.size % 2) break;
    }
    assert_int_equal(b.size % 2, 1);
    assert_int_equal(sn_safetensors_open_memory("test", b.data, b.size, NULL, &f), SN_OK);
    assert_int_equal(sn_safetensors_tensor(f, "t", &t), SN_OK);
    assert_int_equal((uintptr_t)t.data % 4, 0);
    assert_memory_equal(t.data, b.data + b.size - 8, 8);
    assert_int_equal(sn_safetensors_tensor(f, "t", &again), SN_OK);
    assert_ptr_equal(t.data, again.data);
    sn_safetensors_close(f);
    bytes_free(&b);
}

static void many_dimensions_are_only_read(void **state) {
    (void)state;
    bytes b = {0};
    sn_safetensors *f;
    sn_tensor t;
    sn_stored a;
    double x[2];
    build(&b, ONE("U16", "[1,1,1,1,1,1,1,1,2]", "[0,4]"), 4);
    assert_int_equal(sn_safetensors_open_memory("test", b.data, b.size, NULL, &f), SN_OK);
    assert_int_equal(sn_safetensors_tensor(f, "t", &t), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_safetensors_stored_at(f, 0, &a), SN_OK);
    assert_int_equal(a.n_dims, 9);
    sn_stored_read(&a, 0, 2, x);
    const unsigned char *data = b.data + b.size - 4;
    assert_true(x[0] == data[0] + 256 * data[1] && x[1] == data[2] + 256 * data[3]);
    sn_safetensors_close(f);
    bytes_free(&b);
    build(&b, ONE("F32", "[1,1,1,1,1,1,1]", "[0,4]"), 4);
    assert_int_equal(sn_safetensors_open_memory("test", b.data, b.size, NULL, &f), SN_OK);
    assert_int_equal(sn_safetensors_tensor(f, "t", &t), SN_ERR_UNSUPPORTED);
    assert_message("7 dimensions");
    sn_safetensors_close(f);
    bytes_free(&b);
}

static void types_without_a_reader_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"F8_E4M3", "I3"};
    for (int i = 0; i < 2; i++) {
        bytes b = {0};
        sn_safetensors *f;
        sn_tensor t;
        build(&b, i ? ONE("I3", "[4]", "[0,4]") : ONE("F8_E4M3", "[4]", "[0,4]"), 4);
        assert_int_equal(sn_safetensors_open_memory("test", b.data, b.size, NULL, &f), SN_OK);
        assert_string_equal(sn_safetensors_type_name(f, 0), names[i]);
        assert_int_equal(sn_safetensors_tensor(f, "t", &t), SN_ERR_UNSUPPORTED);
        assert_message(names[i]);
        sn_stored a; /* F8 is only read */
        assert_int_equal(sn_safetensors_stored_at(f, 0, &a), i ? SN_ERR_UNSUPPORTED : SN_OK);
        sn_safetensors_close(f);
        bytes_free(&b);
    }
}

static const unsigned char octets[3] = {1, 2, 3};
static const float floats[6] = {0, 1, 2, 3, 4, 5};

static sn_status stream(sn_data_sink *sink, void *user) {
    (void)user;
    for (int i = 0; i < 6; i++) SN_TRY(sn_data_put(sink, &floats[i], sizeof floats[i]));
    return SN_OK;
}

static sn_status write_sample(const char *path) {
    sn_safetensors_out *out;
    double d = 0.5;
    SN_TRY(sn_safetensors_out_new(&out));
    sn_status status = sn_safetensors_set(out, "format", sn_text_of("old"));
    if (status == SN_OK) status = sn_safetensors_set(out, "format", sn_text_of("pt"));
    if (status == SN_OK) status = sn_safetensors_set(out, "quote", sn_text_of("\"\n"));
    if (status == SN_OK) status = sn_safetensors_add(out, "octets", SN_U8, 1, (int64_t[]){3}, octets, NULL, NULL);
    if (status == SN_OK) status = sn_safetensors_add(out, "a.weight", SN_F32, 2, (int64_t[]){2, 3}, NULL, stream, NULL);
    if (status == SN_OK) status = sn_safetensors_add(out, "scalar", SN_F64, 0, NULL, &d, NULL, NULL);
    if (status == SN_OK) status = sn_safetensors_add(out, "empty", SN_BF16, 1, (int64_t[]){0}, octets, NULL, NULL);
    if (status == SN_OK) status = sn_safetensors_out_write(out, path);
    sn_safetensors_out_free(out);
    return status;
}

static void a_file_reads_back(void **state) {
    (void)state;
    sn_safetensors *f;
    sn_tensor t;
    sn_text text;
    assert_int_equal(write_sample(in_folder("a.safetensors")), SN_OK);
    assert_int_equal(sn_safetensors_open(in_folder("a.safetensors"), NULL, &f), SN_OK);
    assert_true(sn_safetensors_metadata(f, "format", &text) && sn_text_is(text, "pt"));
    assert_true(sn_safetensors_metadata(f, "quote", &text) && sn_text_is(text, "\"\n"));
    assert_false(sn_safetensors_metadata(f, "absent", &text));
    assert_int_equal(sn_safetensors_n_tensors(f), 4);
    assert_int_equal(sn_safetensors_tensor(f, "a.weight", &t), SN_OK);
    assert_true(t.dtype == SN_F32 && t.n_dims == 2 && t.shape[0] == 2 && t.shape[1] == 3);
    assert_memory_equal(t.data, floats, sizeof floats);
    assert_int_equal(sn_safetensors_tensor(f, "octets", &t), SN_OK);
    assert_memory_equal(t.data, octets, sizeof octets);
    assert_int_equal(sn_safetensors_tensor(f, "scalar", &t), SN_OK);
    assert_true(t.n_dims == 0 && *(const double *)t.data == 0.5);
    assert_int_equal(sn_safetensors_tensor(f, "none", &t), SN_ERR_NOT_FOUND);
    sn_safetensors_close(f);
    sn_safetensors_out *out;
    assert_int_equal(sn_safetensors_out_new(&out), SN_OK);
    assert_int_equal(sn_safetensors_add(out, "q", SN_Q8_0, 1, (int64_t[]){32}, octets, NULL, NULL), SN_ERR_UNSUPPORTED);
    sn_safetensors_out_free(out);
}

static void write_shard(const char *path, const char *tensor) {
    sn_safetensors_out *out;
    assert_int_equal(sn_safetensors_out_new(&out), SN_OK);
    assert_int_equal(sn_safetensors_add(out, tensor, SN_F32, 1, (int64_t[]){6}, floats, NULL, NULL), SN_OK);
    assert_int_equal(sn_safetensors_out_write(out, path), SN_OK);
    sn_safetensors_out_free(out);
}

static sn_status open_index(const char *text, sn_safetensors **f) {
    assert_int_equal(sn_file_write(in_folder("m.index.json"), text, strlen(text)), SN_OK);
    return sn_safetensors_open(in_folder("m.index.json"), NULL, f);
}

static void shards_are_one(void **state) {
    (void)state;
    sn_safetensors *f;
    sn_tensor t;
    write_shard(in_folder("m-1.safetensors"), "x");
    write_shard(in_folder("m-2.safetensors"), "y");
    assert_int_equal(
        open_index("{\"metadata\":{},\"weight_map\":{\"x\":\"m-1.safetensors\",\"y\":\"m-2.safetensors\"}}", &f),
        SN_OK);
    assert_int_equal(sn_safetensors_n_tensors(f), 2);
    assert_int_equal(sn_safetensors_tensor(f, "y", &t), SN_OK);
    assert_memory_equal(t.data, floats, sizeof floats);
    sn_safetensors_close(f);
    assert_int_equal(open_index("{\"weight_map\":{\"x\":\"m-1.safetensors\",\"z\":\"m-2.safetensors\"}}", &f),
                     SN_ERR_FORMAT);
    assert_message("no shard has the tensor \"z\"");
    assert_int_equal(open_index("{\"weight_map\":{\"x\":\"m-3.safetensors\"}}", &f), SN_ERR_IO);
    assert_int_equal(open_index("{\"weight_map\":{\"x\":\"../m-1.safetensors\"}}", &f), SN_ERR_FORMAT);
    assert_message("beside the index");
    assert_int_equal(open_index("{\"weight_map\":{\"x\":1}}", &f), SN_ERR_FORMAT);
    assert_int_equal(open_index("{}", &f), SN_ERR_FORMAT);
    assert_message("\"weight_map\" is missing");
    write_shard(in_folder("m-2.safetensors"), "x");
    assert_int_equal(open_index("{\"weight_map\":{\"x\":\"m-1.safetensors\",\"y\":\"m-2.safetensors\"}}", &f),
                     SN_ERR_FORMAT);
    assert_message("it is in two shards");
}

static sn_status use(const void *data, size_t size) {
    sn_safetensors *f;
    SN_TRY(sn_safetensors_open_memory("test", data, size, NULL, &f));
    sn_status status = SN_OK;
    for (int64_t i = 0; i < sn_safetensors_n_tensors(f) && status != SN_ERR_MEMORY; i++) {
        sn_tensor t;
        status = sn_safetensors_tensor_at(f, i, &t);
        if (status != SN_OK || sn_tensor_bytes(&t) == 0) continue;
        volatile unsigned char last = ((const unsigned char *)t.data)[sn_tensor_bytes(&t) - 1];
        (void)last;
    }
    sn_safetensors_close(f);
    return status;
}

static void damage_is_survived(void **state) {
    (void)state;
    sn_map map;
    assert_int_equal(sn_map_open(in_folder("a.safetensors"), &map), SN_OK);
    mutate(map.data, map.size, 1000, use);
    fail_each_allocation(map.data, map.size, use);
    sn_map_close(&map);
    for (int64_t n = 0;; n++) {
        sn_alloc_fail_after(n);
        sn_status status = write_sample(in_folder("b.safetensors"));
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_int_equal(access(in_folder("b.safetensors"), F_OK), -1);
    }
}

static void real_files_open(void **state) {
    (void)state;
    char path[512];
    sn_safetensors *f;
    sn_tensor t;
    if (!test_data(path, sizeof path, "image_models/mnist_lenet.safetensors")) skip();
    assert_int_equal(sn_safetensors_open(path, NULL, &f), SN_OK);
    for (int64_t i = 0; i < sn_safetensors_n_tensors(f); i++)
        assert_int_equal(sn_safetensors_tensor_at(f, i, &t), SN_OK);
    sn_safetensors_close(f);
    if (!test_data(path, sizeof path, "image_models/taef2_decoder.safetensors")) skip();
    assert_int_equal(sn_safetensors_open(path, NULL, &f), SN_OK);
    assert_string_equal(sn_safetensors_type_name(f, 0), "F16");
    sn_safetensors_close(f);
}

static void damaged_real_files_are_survived(void **state) {
    (void)state;
    if (!mutate_real("image_models/mnist_lenet.safetensors", 150, use)) skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(cut_files_are_refused),
        cmocka_unit_test(unaligned_data_is_copied),
        cmocka_unit_test(many_dimensions_are_only_read),
        cmocka_unit_test(types_without_a_reader_are_named),
        cmocka_unit_test(a_file_reads_back),
        cmocka_unit_test(shards_are_one),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(real_files_open),
        cmocka_unit_test(damaged_real_files_are_survived),
    };
    sn_safetensors *f = NULL;
    if (sn_safetensors_open_memory("test", "\2\0\0\0\0\0\0\0{}", 10, NULL, &f) == SN_ERR_UNSUPPORTED) {
        print_message("SKIP: this build has no Jansson\n");
        return 0;
    }
    sn_safetensors_close(f);
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
