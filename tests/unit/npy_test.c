/* NumPy files: round trips, headers of all versions, zip members, each kind of damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/npy.h"

#include <unistd.h>

/* An .npy file with this dict and `size` bytes of data 0, 1, 2, ... */
static void npy(bytes *b, int version, const char *dict, int size) {
    put(b, "\x93NUMPY", 6);
    put(b, (unsigned char[]){(unsigned char)version, 0}, 2);
    unsigned char length[4];
    sn_store_u32(length, (uint32_t)strlen(dict));
    put(b, length, version == 1 ? 2 : 4);
    put(b, dict, strlen(dict));
    for (int i = 0; i < size; i++) put(b, &(unsigned char){(unsigned char)i}, 1);
}

#define DICT(descr, order, shape) "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void refused(const char *dict, int size, sn_status status, const char *words) {
    bytes b = {0};
    sn_npy a;
    npy(&b, 1, dict, size);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), status);
    assert_null(a.memory);
    assert_message(words);
    bytes_free(&b);
}

/* Element [i, j, k] of a Fortran array of 2 x 3 x 4 is number i + 2 j + 6 k of the file; from every start. */
static void fortran_order_is_turned(void **state) {
    (void)state;
    bytes b = {0};
    sn_npy a;
    double x[24];
    npy(&b, 1, DICT("'|u1'", "True", "(2, 3, 4)"), 24);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
    for (int from = 0; from < 24; from++) {
        sn_stored_read(&a.array, from, 24 - from, x);
        for (int i = from; i < 24; i++) assert_true(x[i - from] == i / 12 + 2 * (i / 4 % 3) + 6 * (i % 4));
    }
    sn_npy_close(&a);
    bytes_free(&b);
    npy(&b, 1, DICT("'<f4'", "True", "(0, 3)"), 0);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
    assert_int_equal(sn_stored_count(&a.array), 0);
    sn_npy_close(&a);
    bytes_free(&b);
    refused(DICT("'<f4'", "True", "(2, 2)"), 15, SN_ERR_FORMAT, "cut short");
}

/* The same numbers in either byte order, at every alignment. */
typedef struct typed {
    const char *descr, *little;
    int size;
    int word;
    double want[2];
} typed;

static const typed types[] = {
    {"i2", "\xfe\xff\x39\x30", 2, 2, {-2, 12345}},
    {"u2", "\xfe\xff\x39\x30", 2, 2, {65534, 12345}},
    {"i4", "\xfe\xff\xff\xff\0\0\0\x40", 4, 4, {-2, 0x1p30}},
    {"u4", "\xfe\xff\xff\xff\0\0\0\x40", 4, 4, {4294967294.0, 0x1p30}},
    {"i8", "\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\0\0\x10\0", 8, 8, {-1, 0x1p52 + 1}},
    {"u8", "\0\0\0\0\0\0\0\x80\1\0\0\0\0\0\x10\0", 8, 8, {0x1p63, 0x1p52 + 1}},
    {"f2", "\0\x3c\1\x80", 2, 2, {1, -0x1p-24}},
    {"f4", "\0\0\xc0\x3f\1\0\0\x80", 4, 4, {1.5, -0x1p-149}},
    {"f8", "\0\0\0\0\0\0\xf8\x3f\1\0\0\0\0\0\0\x80", 8, 8, {1.5, -0x1p-1074}},
    {"i1", "\xfe\x05", 1, 1, {-2, 5}},
    {"u1", "\xfe\x05", 1, 1, {254, 5}},
    {"b1", "\x01\x00", 1, 1, {1, 0}},
    {"c8", "\0\0\xc0\x3f\0\0\0\xc0", 8, 4, {1.5, -2}},
    {"c16", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 16, 8, {1.5, -2}},
};

static void both_byte_orders_of_every_type(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int big = 0; big < 2; big++)
            for (int blank = 0; blank < 8; blank++) {
                const typed *t = &types[i];
                int n = t->descr[0] == 'c' ? 1 : 2, size = n * t->size;
                char dict[120];
                bytes b = {0};
                sn_npy a;
                double x[2];
                snprintf(dict, sizeof dict, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%d,)}%*s", "<>"[big],
                         t -> descr, n, blank, "");
                npy(&b, 1, dict, 0);
                for (int k = 0; k < size; k++) {
                    int at = big ? k / t->word * t->word + t->word - 1 - k % t->word : k;
                    put(&b, t->little + at, 1);
                }
                assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
                sn_stored_read(&a.array, 0, n, x);
                if (x[0] != t->want[0] || x[1] != t->want[1])
                    fail_msg("%c%s: %.17g %.17g", "<>"[big], t -> descr, x[0], x[1]);
                sn_npy_close(&a);
                bytes_free(&b);
            }
}

static void dimensions_from_none_to_32(void **state) {
    (void)state;
    char dict[300] = "{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3";
    for (int d = 2; d < 32; d++) strcat(dict, ", 1");
    strcat(dict, ")}");
    bytes b = {0};
    sn_npy a;
    double x[6];
    npy(&b, 1, dict, 12);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
    assert_int_equal(a.array.n_dims, 32);
    sn_stored_read(&a.array, 0, 6, x);
    for (int i = 0; i < 6; i++) assert_true(x[i] == 256 * (2 * (i / 3 + 2 * (i % 3)) + 1) + 2 * (i / 3 + 2 * (i % 3)));
    bytes_free(&b);
    npy(&b, 1, DICT("'>i2'", "False", "()"), 2);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
    assert_int_equal(sn_stored_count(&a.array), 1);
    sn_stored_read(&a.array, 0, 1, x);
    assert_true(x[0] == 1);
    bytes_free(&b);
}

#define ONES "1,1,1,1,1,1,1,1,1"
static void headers_are_checked(void **state) {
    (void)state;
    refused("", 0, SN_ERR_FORMAT, "'{' is missing");
    refused("{}", 0, SN_ERR_FORMAT, "lacks");
    refused("{'descr': '<f4', 'descr': '<f4'}", 0, SN_ERR_FORMAT, "repeated");
    refused("{'what': 1}", 0, SN_ERR_FORMAT, "unexpected");
    refused(DICT("'<f4'", "Maybe", "(2, 2)"), 16, SN_ERR_FORMAT, "neither");
    refused(DICT("'<f16'", "False", "(1,)"), 16, SN_ERR_UNSUPPORTED, "<f16");
    refused(DICT("'<U1'", "False", "(1,)"), 4, SN_ERR_UNSUPPORTED, "<U1");
    refused(DICT("'|O'", "False", "(1,)"), 8, SN_ERR_UNSUPPORTED, "|O");
    refused(DICT("'<M8[s]'", "False", "(1,)"), 8, SN_ERR_UNSUPPORTED, "<M8[s]");
    refused(DICT("''", "False", "(1,)"), 8, SN_ERR_UNSUPPORTED, "type ''");
    refused(DICT("[('a', '<f4')]", "False", "(2,)"), 16, SN_ERR_UNSUPPORTED, "structured");
    refused(DICT("'<f4'", "False", "(2, 2)"), 15, SN_ERR_FORMAT, "cut short");
    refused(DICT("'<f4'", "False", "(2, 2)"), 17, SN_ERR_FORMAT, "1 bytes are left");
    refused(DICT("'<f4'", "False", "(-2, 2)"), 16, SN_ERR_FORMAT, "no tuple of sizes");
    refused(DICT("'<f4'", "False", "(" ONES "," ONES "," ONES "," ONES ",)"), 4, SN_ERR_UNSUPPORTED, "more than 32");
    refused(DICT("'<f4'", "False", "(99999999999999999999,)"), 4, SN_ERR_FORMAT, "63 bits");
    refused(DICT("'<f4'", "False", "(4294967296, 4294967296)"), 4, SN_ERR_FORMAT, "63 bits");
    refused(DICT("'<f8'", "False", "(0, 4294967296, 4294967295)"), 0, SN_ERR_FORMAT, "63 bits");
    refused(DICT("'<f4'", "False", "(4294967296,)"), 1000, SN_ERR_FORMAT, "cut short");
    bytes b = {0};
    sn_npy a;
    npy(&b, 4, DICT("'<f4'", "False", "(1,)"), 4);
    assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_ERR_UNSUPPORTED);
    for (size_t size = 0; size < b.size; size++)
        assert_int_not_equal(sn_npy_open_memory("test", b.data, size, NULL, &a), SN_OK);
    bytes_free(&b);
}

static void all_versions_are_read(void **state) {
    (void)state;
    for (int version = 1; version <= 3; version++) {
        bytes b = {0};
        sn_npy a;
        npy(&b, version, DICT("'|u1'", "False", "(2, 3)"), 6);
        assert_int_equal(sn_npy_open_memory("test", b.data, b.size, NULL, &a), SN_OK);
        double x[6];
        assert_true(a.array.n_dims == 2 && a.array.shape[0] == 2 && a.array.shape[1] == 3);
        assert_string_equal(a.array.element->name, "u8");
        sn_stored_read(&a.array, 0, 6, x);
        assert_true(x[5] == 5);
        sn_npy_close(&a);
        bytes_free(&b);
    }
}

static void check_same(const sn_stored *a, const sn_tensor *t) {
    assert_int_equal(a->element->dtype, t->dtype);
    assert_int_equal(a->n_dims, t->n_dims);
    assert_memory_equal(a->shape, t->shape, (size_t)t->n_dims * sizeof *t->shape);
    assert_memory_equal(a->data, t->data, (size_t)sn_tensor_bytes(t));
}

static void every_type_reads_back(void **state) {
    (void)state;
    static const sn_dtype dtypes[] = {SN_F16, SN_F32, SN_F64, SN_I8, SN_I32, SN_I64, SN_U8};
    unsigned char data[48];
    for (int i = 0; i < 48; i++) data[i] = (unsigned char)i;
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        for (int n_dims = 0; n_dims < 4; n_dims++) {
            sn_tensor t = sn_tensor_make(dtypes[i], n_dims, (int64_t[]){3, 1, 2}, data);
            sn_npy a;
            assert_int_equal(sn_npy_write(in_folder("a.npy"), &t), SN_OK);
            assert_int_equal(sn_npy_open(in_folder("a.npy"), &a), SN_OK);
            check_same(&a.array, &t);
            sn_npy_close(&a);
        }
    sn_tensor t = sn_tensor_make(SN_BF16, 1, (int64_t[]){2}, data);
    assert_int_equal(sn_npy_write(in_folder("b.npy"), &t), SN_ERR_UNSUPPORTED);
    t = sn_tensor_make(SN_F32, 2, (int64_t[]){2, 2}, data);
    t.stride[0] = 12;
    assert_int_equal(sn_npy_write(in_folder("b.npy"), &t), SN_ERR_SHAPE);
}

/* ---- npz ---- */

static void put_u16(bytes *b, uint32_t v) { put(b, (unsigned char[]){(unsigned char)v, (unsigned char)(v >> 8)}, 2); }

/* Bit by bit, so that the table in the reader is not trusted. */
static uint32_t crc32_of(const unsigned char *data, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

/* A zip of one member "x.npy"; where deflated, as one stored block. */
static void npz(bytes *b, int method, uint32_t unpacked_claim) {
    bytes array = {0}, packed = {0};
    npy(&array, 1, DICT("'<f4'", "False", "(2,)"), 8);
    if (method == 8) {
        put(&packed, "\1", 1), put_u16(&packed, (uint32_t)array.size), put_u16(&packed, ~(uint32_t)array.size & 0xffff);
    }
    put(&packed, array.data, array.size);
    uint32_t unpacked = unpacked_claim ? unpacked_claim : (uint32_t)array.size;
    put(b, "PK\3\4", 4), put_u16(b, 20), put_u16(b, 0), put_u16(b, (uint32_t)method), put_u32(b, 0);
    put_u32(b, crc32_of(array.data, array.size)), put_u32(b, (uint32_t)packed.size), put_u32(b, unpacked);
    put_u16(b, 5), put_u16(b, 0), put(b, "x.npy", 5), put(b, packed.data, packed.size);
    uint32_t directory = (uint32_t)b->size;
    put(b, "PK\1\2", 4), put_u16(b, 20), put_u16(b, 20), put_u16(b, 0), put_u16(b, (uint32_t)method), put_u32(b, 0);
    put_u32(b, crc32_of(array.data, array.size)), put_u32(b, (uint32_t)packed.size), put_u32(b, unpacked);
    put_u16(b, 5), put_u16(b, 0), put_u16(b, 0), put_u16(b, 0), put_u16(b, 0), put_u32(b, 0), put_u32(b, 0),
        put(b, "x.npy", 5);
    uint32_t size = (uint32_t)b->size - directory;
    put(b, "PK\5\6", 4), put_u16(b, 0), put_u16(b, 0), put_u16(b, 1), put_u16(b, 1), put_u32(b, size),
        put_u32(b, directory);
    put_u16(b, 0);
    bytes_free(&array), bytes_free(&packed);
}

static sn_status use_npz(const void *data, size_t size) {
    sn_npz *z;
    SN_TRY(sn_npz_open_memory("test", data, size, NULL, &z));
    sn_status status = SN_OK;
    for (int64_t i = 0; i < sn_npz_n_arrays(z) && status == SN_OK; i++) {
        sn_npy a;
        status = sn_npz_get(z, sn_npz_name(z, i), &a);
        sn_npy_close(&a);
    }
    sn_npz_close(z);
    return status;
}

static sn_status use_npy(const void *data, size_t size) {
    sn_npy a;
    SN_TRY(sn_npy_open_memory("test", data, size, NULL, &a));
    sn_npy_close(&a);
    return SN_OK;
}

static void members_are_read(void **state) {
    (void)state;
    for (int method = 0; method <= 8; method += 8) {
        bytes b = {0};
        sn_npz *z;
        sn_npy a;
        npz(&b, method, 0);
        assert_int_equal(sn_npz_open_memory("test", b.data, b.size, NULL, &z), SN_OK);
        assert_int_equal(sn_npz_n_arrays(z), 1);
        assert_string_equal(sn_npz_name(z, 0), "x");
        assert_int_equal(sn_npz_get(z, "y", &a), SN_ERR_NOT_FOUND);
        sn_status status = sn_npz_get(z, "x", &a);
        if (status != SN_ERR_UNSUPPORTED || method == 0) {
            assert_int_equal(status, SN_OK);
            assert_true(a.array.n_dims == 1 && a.array.shape[0] == 2);
            assert_memory_equal(a.array.data, "\0\1\2\3\4\5\6\7", 8);
        }
        sn_npy_close(&a);
        sn_npz_close(z);
        b.data[60]++; /* within the dict */
        assert_int_not_equal(use_npz(b.data, b.size), SN_OK);
        bytes_free(&b);
    }
}

/* The golden file is one of ours that NumPy has read (tools/oracles/npz.py). */
static void written_arrays_are_what_numpy_reads(void **state) {
    (void)state;
    static const float a[] = {0, 0.25f, 0.5f, 0.75f, 1, 1.25f};
    static const int64_t w[] = {-2, -1, 0, 1};
    static const double one = 0.1;
    static const char *const names[] = {"a", "gewichte/\xc3\xa4", "one", "none"};
    const sn_tensor tensors[] = {sn_tensor_make(SN_F32, 2, (int64_t[]){2, 3}, a),
                                 sn_tensor_make(SN_I64, 1, (int64_t[]){4}, w), sn_tensor_make(SN_F64, 0, NULL, &one),
                                 sn_tensor_make(SN_U8, 2, (int64_t[]){0, 5}, a)};
    sn_map written, golden;
    assert_int_equal(sn_npz_write(in_folder("all.npz"), 4, names, tensors), SN_OK);
    assert_int_equal(sn_map_open(in_folder("all.npz"), &written), SN_OK);
    assert_int_equal(sn_map_open(SN_TEST_SOURCE "/golden/npz/arrays.npz", &golden), SN_OK);
    assert_int_equal(written.size, golden.size);
    assert_memory_equal(written.data, golden.data, golden.size);
    sn_map_close(&golden);
    sn_map_close(&written);
    sn_npz *z = NULL;
    assert_int_equal(sn_npz_open(in_folder("all.npz"), NULL, &z), SN_OK);
    assert_int_equal(sn_npz_n_arrays(z), 4);
    for (int i = 0; i < 4; i++) {
        sn_npy read;
        assert_string_equal(sn_npz_name(z, i), names[i]);
        assert_int_equal(sn_npz_get(z, names[i], &read), SN_OK);
        check_same(&read.array, &tensors[i]);
        sn_npy_close(&read);
    }
    sn_npz_close(z);
}

static void bad_archives_are_not_written(void **state) {
    (void)state;
    float x[4] = {0};
    const char *names[] = {"x", "x"};
    sn_tensor t[] = {sn_tensor_make(SN_F32, 1, (int64_t[]){4}, x), sn_tensor_make(SN_F32, 1, (int64_t[]){4}, x)};
    const char *path = in_folder("bad.npz");
    assert_int_equal(sn_npz_write(path, 2, names, t), SN_ERR_ARGUMENT);
    assert_message("two arrays are called \"x\"");
    names[1] = "";
    assert_int_equal(sn_npz_write(path, 2, names, t), SN_ERR_ARGUMENT);
    names[1] = "y";
    t[1] = sn_tensor_make(SN_BF16, 1, (int64_t[]){4}, x);
    assert_int_equal(sn_npz_write(path, 2, names, t), SN_ERR_UNSUPPORTED);
    assert_message("npz: y");
    t[1] = sn_tensor_make(SN_U8, 1, (int64_t[]){INT64_C(1) << 32}, x); /* refused before a byte is read */
    assert_int_equal(sn_npz_write(path, 2, names, t), SN_ERR_LIMIT);
    assert_int_equal(sn_npz_write(path, 70000, names, t), SN_ERR_LIMIT);
    t[1] = t[0];
    for (int64_t n = 0, status = SN_ERR_MEMORY; status != SN_OK; n++) {
        assert_int_equal(access(path, F_OK), -1);
        sn_alloc_fail_after(n);
        status = sn_npz_write(path, 2, names, t);
        sn_alloc_fail_after(-1);
        assert_true(status == SN_OK || status == SN_ERR_MEMORY);
    }
    assert_int_equal(sn_npz_write(path, 0, NULL, NULL), SN_OK); /* no arrays */
    sn_npz *z = NULL;
    assert_int_equal(sn_npz_open(path, NULL, &z), SN_OK);
    assert_int_equal(sn_npz_n_arrays(z), 0);
    sn_npz_close(z);
}

static void a_small_zip_cannot_ask_for_much(void **state) {
    (void)state;
    bytes b = {0};
    npz(&b, 8, UINT32_MAX - 1);
    sn_alloc_fail_after(-1);
    assert_int_equal(use_npz(b.data, b.size), SN_ERR_FORMAT);
    assert_message("cannot be packed in");
    assert_true(sn_alloc_largest() < 1 << 16);
    bytes_free(&b);
}

static void damage_is_survived(void **state) {
    (void)state;
    for (int method = 0; method <= 8; method += 8) {
        bytes b = {0};
        npz(&b, method, 0);
        mutate(b.data, b.size, 1000, use_npz);
        if (use_npz(b.data, b.size) == SN_OK) fail_each_allocation(b.data, b.size, use_npz);
        bytes_free(&b);
    }
    bytes b = {0};
    npy(&b, 1, DICT("'<f8'", "False", "(2, 1)"), 16);
    mutate(b.data, b.size, 1000, use_npy);
    fail_each_allocation(b.data, b.size, use_npy);
    bytes_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(fortran_order_is_turned),
        cmocka_unit_test(all_versions_are_read),
        cmocka_unit_test(both_byte_orders_of_every_type),
        cmocka_unit_test(dimensions_from_none_to_32),
        cmocka_unit_test(every_type_reads_back),
        cmocka_unit_test(members_are_read),
        cmocka_unit_test(written_arrays_are_what_numpy_reads),
        cmocka_unit_test(bad_archives_are_not_written),
        cmocka_unit_test(a_small_zip_cannot_ask_for_much),
        cmocka_unit_test(damage_is_survived),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
