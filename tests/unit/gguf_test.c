/* GGUF: hand-made files, each kind of damage, and real files where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "base/alloc.h"
#include "file/gguf.h"

/* ---- a small builder of malformed files ---- */

static void put_text(bytes *b, const char *s) {
    put_u64(b, strlen(s));
    put(b, s, strlen(s));
}

static void head(bytes *b, uint32_t version, uint64_t n_tensors, uint64_t n_values) {
    put(b, "GGUF", 4);
    put_u32(b, version);
    put_u64(b, n_tensors);
    put_u64(b, n_values);
}

static void key_u32(bytes *b, const char *key, uint32_t v) {
    put_text(b, key);
    put_u32(b, SN_GGUF_U32);
    put_u32(b, v);
}

static void tensor_info(bytes *b, const char *name, uint32_t n_dims, const uint64_t *dims, uint32_t type,
                        uint64_t offset) {
    put_text(b, name);
    put_u32(b, n_dims);
    for (uint32_t d = 0; d < n_dims; d++) put_u64(b, dims[d]);
    put_u32(b, type);
    put_u64(b, offset);
}

static void pad(bytes *b, size_t unit) {
    while (b->size % unit) put(b, "", 1);
}

static sn_status open_bytes(const bytes *b, sn_gguf **f) {
    return sn_gguf_open_memory("test", b->data, b->size, NULL, f);
}

static void refused(const bytes *b, sn_status status, const char *words) {
    sn_gguf *f = NULL;
    assert_int_equal(open_bytes(b, &f), status);
    assert_null(f);
    assert_message(words);
}

/* A file with every value type and two tensors. */
static void good(bytes *b) {
    head(b, 3, 2, 7);
    key_u32(b, "n", 7);
    put_text(b, "name"), put_u32(b, SN_GGUF_STRING), put_text(b, "hello");
    put_text(b, "floats"), put_u32(b, SN_GGUF_ARRAY), put_u32(b, SN_GGUF_F32), put_u64(b, 2), put_f32(b, 1.5f),
        put_f32(b, -2);
    put_text(b, "words"), put_u32(b, SN_GGUF_ARRAY), put_u32(b, SN_GGUF_STRING), put_u64(b, 2), put_text(b, "a"),
        put_text(b, "");
    put_text(b, "yes"), put_u32(b, SN_GGUF_BOOL), put(b, "\1", 1);
    put_text(b, "big"), put_u32(b, SN_GGUF_U64), put_u64(b, UINT64_MAX);
    put_text(b, "minus"), put_u32(b, SN_GGUF_I8), put(b, "\xff", 1);
    tensor_info(b, "w", 2, (uint64_t[]){3, 2}, 0, 0);
    tensor_info(b, "iq", 1, (uint64_t[]){256}, 23, 32);
    pad(b, 32);
    for (int i = 0; i < 8; i++) put_f32(b, (float)i);
    for (int i = 0; i < 136; i++) put(b, "", 1);
}

static void reads_values_and_tensors(void **state) {
    (void)state;
    bytes b = {0};
    good(&b);
    sn_gguf *f;
    assert_int_equal(open_bytes(&b, &f), SN_OK);
    int64_t n;
    bool found, yes;
    double x;
    sn_text text;
    const sn_gguf_value *v;
    assert_int_equal(sn_gguf_get_i64(f, "n", &n, NULL), SN_OK);
    assert_int_equal(n, 7);
    assert_int_equal(sn_gguf_get_f64(f, "n", &x, NULL), SN_OK);
    assert_true(x == 7);
    assert_int_equal(sn_gguf_get_i64(f, "minus", &n, NULL), SN_OK);
    assert_int_equal(n, -1);
    assert_int_equal(sn_gguf_get_i64(f, "big", &n, NULL), SN_ERR_FORMAT);
    assert_int_equal(sn_gguf_get_i64(f, "absent", &n, NULL), SN_ERR_NOT_FOUND);
    assert_int_equal(sn_gguf_get_i64(f, "absent", &n, &found), SN_OK);
    assert_false(found);
    assert_int_equal(sn_gguf_get_i64(f, "name", &n, NULL), SN_ERR_FORMAT);
    assert_message("the key \"name\" is a string, not a whole number");
    assert_int_equal(sn_gguf_get_text(f, "name", &text, &found), SN_OK);
    assert_true(found && sn_text_is(text, "hello"));
    assert_int_equal(sn_gguf_get_bool(f, "yes", &yes, NULL), SN_OK);
    assert_true(yes);
    assert_int_equal(sn_gguf_get_array(f, "floats", SN_GGUF_F32, &v, NULL), SN_OK);
    assert_true(v->count == 2 && sn_gguf_array_f64(v, 1) == -2 && sn_gguf_array_i64(v, 0) == 1);
    assert_int_equal(sn_gguf_array_i64(v, 2), 0);
    assert_int_equal(sn_gguf_get_array(f, "words", SN_GGUF_F32, &v, NULL), SN_ERR_FORMAT);
    v = sn_gguf_find(f, "words");
    assert_true(v->count == 2 && sn_text_is(v->strings[0], "a") && v->strings[1].size == 0);
    sn_tensor t;
    assert_int_equal(sn_gguf_tensor(f, "w", &t), SN_OK);
    assert_true(t.n_dims == 2 && t.shape[0] == 2 && t.shape[1] == 3 && t.dtype == SN_F32);
    assert_true(((const float *)t.data)[5] == 5);
    assert_int_equal(sn_gguf_tensor(f, "iq", &t), SN_ERR_UNSUPPORTED);
    assert_message("IQ4_XS");
    assert_int_equal(sn_gguf_tensor(f, "none", &t), SN_ERR_NOT_FOUND);
    sn_gguf_close(f);
    bytes_free(&b);
}

static void every_cut_is_refused(void **state) {
    (void)state;
    bytes b = {0};
    good(&b);
    for (size_t size = 0; size < b.size; size++) {
        sn_gguf *f = NULL;
        unsigned char *copy = sn_alloc(size);
        memcpy(copy, b.data, size);
        assert_int_equal(sn_gguf_open_memory("cut", copy, size, NULL, &f), SN_ERR_FORMAT);
        sn_free(copy);
    }
    bytes_free(&b);
}

static void heads_are_checked(void **state) {
    (void)state;
    bytes b = {0};
    put(&b, "GGML", 4), put_u32(&b, 3);
    refused(&b, SN_ERR_FORMAT, "not a GGUF file");
    bytes_free(&b), head(&b, 1, 0, 0);
    refused(&b, SN_ERR_UNSUPPORTED, "version 1");
    bytes_free(&b), head(&b, 0x03000000, 0, 0);
    refused(&b, SN_ERR_UNSUPPORTED, "big-endian");
    bytes_free(&b), head(&b, 3, UINT64_MAX, 0);
    refused(&b, SN_ERR_LIMIT, "tensors");
    bytes_free(&b), head(&b, 3, 1 << 20, 0);
    refused(&b, SN_ERR_FORMAT, "tensors cannot be in the 0 bytes");
    bytes_free(&b), head(&b, 3, 0, 1 << 20);
    refused(&b, SN_ERR_FORMAT, "keys cannot be");
    bytes_free(&b);
}

static void values_are_checked(void **state) {
    (void)state;
    bytes b = {0};
    head(&b, 3, 0, 2), key_u32(&b, "a", 1), key_u32(&b, "a", 2);
    refused(&b, SN_ERR_FORMAT, "\"a\" appears twice");
    bytes_free(&b), head(&b, 3, 0, 1), put_text(&b, "a"), put_u32(&b, SN_GGUF_ARRAY), put_u32(&b, SN_GGUF_ARRAY),
        put_u64(&b, 1);
    refused(&b, SN_ERR_UNSUPPORTED, "array of arrays");
    bytes_free(&b), head(&b, 3, 0, 1), put_text(&b, "a"), put_u32(&b, 13), put_u64(&b, 1);
    refused(&b, SN_ERR_FORMAT, "type 13 does not exist");
    bytes_free(&b), head(&b, 3, 0, 1), put_text(&b, "a"), put_u32(&b, SN_GGUF_ARRAY), put_u32(&b, SN_GGUF_F64);
    put_u64(&b, (uint64_t)1 << 61);
    refused(&b, SN_ERR_FORMAT, "array elements cannot be");
    bytes_free(&b), head(&b, 3, 0, 1), put_text(&b, "a"), put_u32(&b, SN_GGUF_BOOL), put(&b, "\2", 1);
    refused(&b, SN_ERR_FORMAT, "neither 0 nor 1");
    bytes_free(&b), head(&b, 3, 0, 1), key_u32(&b, "general.alignment", 24);
    refused(&b, SN_ERR_FORMAT, "power of two");
    bytes_free(&b), head(&b, 3, 0, 1), key_u32(&b, "general.alignment", 0);
    refused(&b, SN_ERR_FORMAT, "general.alignment");
    bytes_free(&b), head(&b, 3, 0, 1), key_u32(&b, "split.count", 2);
    refused(&b, SN_ERR_UNSUPPORTED, "by its path");
    bytes_free(&b);
}

static void tensors_are_checked(void **state) {
    (void)state;
    static const struct {
        uint32_t n_dims;
        uint64_t dims[5];
        uint32_t type;
        uint64_t offset;
        const char *words;
    } cases[] = {
        {5, {1, 1, 1, 1, 1}, 0, 0, "5 dimensions"},
        {UINT32_MAX, {1}, 0, 0, "dimensions"},
        {2, {(uint64_t)1 << 32, (uint64_t)1 << 32}, 0, 0, "more elements"},
        {2, {(uint64_t)1 << 62, 1}, 0, 0, "more bytes"},
        {3, {(uint64_t)1 << 40, (uint64_t)1 << 22, 0}, 0, 0, "more bytes"}, /* empty, but its strides are not */
        {1, {UINT64_MAX}, 0, 0, "dimension of"},
        {1, {33}, 2, 0, "no multiple of 32"},
        {1, {8}, 0, 16, "no multiple of the alignment"},
        {1, {9}, 0, 0, "36 bytes at offset 0 of 32"},
        {1, {8}, 0, 32, "at offset 32 of 32"},
        {1, {8}, 99, 64, "at offset 64 of 32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes b = {0};
        head(&b, 2, 1, 0);
        tensor_info(&b, "t", cases[i].n_dims > 5 ? 1 : cases[i].n_dims, cases[i].dims, cases[i].type, cases[i].offset);
        if (cases[i].n_dims > 5) sn_store_u32(b.data + 24 + 9, cases[i].n_dims);
        pad(&b, 32);
        for (int k = 0; k < 8; k++) put_f32(&b, 1);
        refused(&b, SN_ERR_FORMAT, cases[i].words);
        bytes_free(&b);
    }
    bytes b = {0};
    head(&b, 3, 2, 0), tensor_info(&b, "t", 0, NULL, 0, 0), tensor_info(&b, "t", 0, NULL, 0, 32), pad(&b, 32);
    for (int k = 0; k < 16; k++) put_f32(&b, 1);
    refused(&b, SN_ERR_FORMAT, "\"t\" appears twice");
    b.data[24 + 8] = 'u'; /* the first one's name */
    sn_gguf *f;
    assert_int_equal(open_bytes(&b, &f), SN_OK);
    sn_gguf_close(f);
    bytes_free(&b), head(&b, 3, 2, 0);
    tensor_info(&b, "t", 1, (uint64_t[]){8}, 0, 0), tensor_info(&b, "u", 1, (uint64_t[]){8}, 0, 0), pad(&b, 32);
    for (int k = 0; k < 8; k++) put_f32(&b, 1);
    refused(&b, SN_ERR_FORMAT, "tensors overlap");
    bytes_free(&b);
}

static void empty_tensors_are_aligned_too(void **state) {
    (void)state;
    bytes b = {0};
    sn_gguf *f;
    sn_tensor t;
    head(&b, 3, 1, 0), tensor_info(&b, "t", 1, (uint64_t[]){0}, 0, 0);
    assert_int_not_equal(b.size % 4, 0);
    assert_int_equal(open_bytes(&b, &f), SN_OK);
    assert_int_equal(sn_gguf_tensor(f, "t", &t), SN_OK);
    assert_int_equal((uintptr_t)t.data % 4, 0);
    sn_gguf_close(f);
    bytes_free(&b);
}

/* A thousand bytes that claim four thousand million: the largest request stays small. */
static void small_files_cannot_ask_for_much(void **state) {
    (void)state;
    bytes b = {0};
    head(&b, 3, 0, 1), put_text(&b, "a"), put_u32(&b, SN_GGUF_ARRAY), put_u32(&b, SN_GGUF_STRING),
        put_u64(&b, 500000000);
    while (b.size < 1024) put(&b, "", 1);
    sn_alloc_fail_after(-1);
    refused(&b, SN_ERR_FORMAT, "cannot be in");
    assert_true(sn_alloc_largest() < 1 << 16);
    bytes_free(&b);
}

static sn_status open_good(const void *data, size_t size) {
    sn_gguf *f;
    sn_status status = sn_gguf_open_memory("test", data, size, NULL, &f);
    if (status != SN_OK) return status;
    for (int64_t i = 0; i < sn_gguf_n_tensors(f); i++) {
        sn_tensor t;
        volatile unsigned char sink;
        if (sn_gguf_tensor_at(f, i, &t) != SN_OK || sn_tensor_bytes(&t) == 0) continue;
        sink = ((const unsigned char *)t.data)[sn_tensor_bytes(&t) - 1];
        (void)sink;
    }
    for (int64_t i = 0; i < sn_gguf_n_values(f); i++) sn_gguf_array_f64(sn_gguf_value_at(f, i), 0);
    sn_gguf_close(f);
    return SN_OK;
}

static void mutations_end_in_an_error_or_a_result(void **state) {
    (void)state;
    bytes b = {0};
    good(&b);
    mutate(b.data, b.size, 1000, open_good);
    bytes_free(&b);
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    bytes b = {0};
    good(&b);
    fail_each_allocation(b.data, b.size, open_good);
    bytes_free(&b);
}

static void real_files_open(void **state) {
    (void)state;
    char path[512];
    if (!test_data(path, sizeof path, "tokenizers/gguf/ggml-vocab-llama-spm.gguf")) skip();
    sn_gguf *f;
    sn_text text;
    assert_int_equal(sn_gguf_open(path, &f), SN_OK);
    assert_int_equal(sn_gguf_get_text(f, "tokenizer.ggml.model", &text, NULL), SN_OK);
    assert_true(sn_text_is(text, "llama"));
    const sn_gguf_value *tokens;
    assert_int_equal(sn_gguf_get_array(f, "tokenizer.ggml.tokens", SN_GGUF_STRING, &tokens, NULL), SN_OK);
    assert_int_equal(tokens->count, 32000);
    assert_true(sn_text_is(tokens->strings[1], "<s>"));
    sn_gguf_close(f);
}

static void damaged_real_files_are_survived(void **state) {
    (void)state;
    if (!mutate_real("tokenizers/gguf/ggml-vocab-bert-bge.gguf", 150, open_good)) skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_and_tensors),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(heads_are_checked),
        cmocka_unit_test(values_are_checked),
        cmocka_unit_test(tensors_are_checked),
        cmocka_unit_test(empty_tensors_are_aligned_too),
        cmocka_unit_test(small_files_cannot_ask_for_much),
        cmocka_unit_test(mutations_end_in_an_error_or_a_result),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(real_files_open),
        cmocka_unit_test(damaged_real_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
