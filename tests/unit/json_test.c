/* JSON: strictness, limits, zeros in strings, typed members, writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/json.h"
#include "file/json_write.h"

#include <math.h>
#include <stdlib.h>

static sn_json_doc *parsed(const char *text) {
    sn_json_doc *doc = NULL;
    if (sn_json_parse("test.json", text, strlen(text), NULL, &doc) != SN_OK) fail_msg("%s", sn_last_error());
    return doc;
}

static void refused(const char *text, sn_status status, const char *words) {
    sn_json_doc *doc = NULL;
    assert_int_equal(sn_json_parse("test.json", text, strlen(text), NULL, &doc), status);
    assert_null(doc);
    assert_message(words);
}

static void members_have_types(void **state) {
    (void)state;
    sn_json_doc *doc =
        parsed("{\"i\": 7, \"w\": 4.0, \"f\": 1.5, \"s\": \"x\\ny\", \"t\": true, \"n\": null, \"a\": [1, [2]],"
               " \"o\": {\"k\": -3}, \"huge\": 1000000000000000019884624838656}");
    const sn_json *root = sn_json_root(doc), *v;
    int64_t i;
    double x;
    bool yes, found;
    sn_text text;
    assert_int_equal(root->count, 9);
    assert_int_equal(sn_json_get_i64(root, "i", &i, NULL), SN_OK);
    assert_int_equal(i, 7);
    assert_int_equal(sn_json_get_i64(root, "w", &i, NULL), SN_OK);
    assert_int_equal(i, 4);
    assert_int_equal(sn_json_get_f64(root, "i", &x, NULL), SN_OK);
    assert_true(x == 7);
    assert_int_equal(sn_json_get_i64(root, "f", &i, NULL), SN_ERR_FORMAT);
    assert_message("\"f\" must be a whole number, it is a number");
    assert_int_equal(sn_json_get_i64(root, "huge", &i, NULL), SN_ERR_FORMAT);
    assert_int_equal(sn_json_get_f64(root, "huge", &x, NULL), SN_OK);
    assert_true(x == 1e30);
    assert_int_equal(sn_json_get_text(root, "s", &text, NULL), SN_OK);
    assert_true(sn_text_is(text, "x\ny"));
    assert_int_equal(sn_json_get_bool(root, "t", &yes, NULL), SN_OK);
    assert_true(yes);
    assert_int_equal(sn_json_get_bool(root, "n", &yes, &found), SN_OK);
    assert_false(found);
    assert_int_equal(sn_json_get_bool(root, "n", &yes, NULL), SN_ERR_NOT_FOUND);
    assert_int_equal(sn_json_get_array(root, "a", &v, NULL), SN_OK);
    assert_true(v->count == 2 && v->items[1].items[0].integer == 2);
    assert_int_equal(sn_json_get_object(root, "a", &v, NULL), SN_ERR_FORMAT);
    assert_int_equal(sn_json_get_i64(sn_json_get(root, "o"), "k", &i, NULL), SN_OK);
    assert_int_equal(i, -3);
    assert_null(sn_json_get(root, "absent"));
    assert_null(sn_json_get(NULL, "absent"));
    sn_json_free(doc);
}

static void zeros_are_kept(void **state) {
    (void)state;
    sn_json_doc *doc =
        parsed("{\"a\\u0000b\": 1, \"\\u0000\": \"\\u0000\\\\u0000\", \"\xef\xb7\x90\": \"\\uFDD1\", \"plain\": 4}");
    const sn_json *root = sn_json_root(doc);
    assert_int_equal(sn_json_find(root, (sn_text){"a\0b", 3})->integer, 1);
    const sn_json *v = sn_json_find(root, (sn_text){"\0", 1});
    assert_true(sn_text_equal(v->text, (sn_text){"\0\\u0000", 7}));
    assert_true(sn_text_is(sn_json_get(root, "\xef\xb7\x90")->text, "\xef\xb7\x91"));
    assert_int_equal(sn_json_get(root, "plain")->integer, 4);
    sn_json_free(doc);
}

static void order_is_kept_and_many_keys_are_found(void **state) {
    (void)state;
    bytes b = {0};
    char item[64];
    put(&b, "{", 1);
    for (int i = 0; i < 5000; i++)
        put(&b, item, (size_t)snprintf(item, sizeof item, "%s\"k%d\": %d", i ? "," : "", i * 7, i));
    put(&b, "}", 2);
    sn_json_doc *doc = parsed((const char *)b.data);
    const sn_json *root = sn_json_root(doc);
    assert_int_equal(root->count, 5000);
    for (int i = 0; i < 5000; i++) {
        snprintf(item, sizeof item, "k%d", i * 7);
        assert_true(sn_text_is(root->keys[i], item));
        assert_ptr_equal(sn_json_get(root, item), &root->items[i]);
    }
    sn_json_free(doc);
    bytes_free(&b);
}

static void malformed_texts_are_refused(void **state) {
    (void)state;
    refused("", SN_ERR_FORMAT, "line 1");
    refused("{\"a\": 1,\n \"b\" 2}", SN_ERR_FORMAT, "line 2, column");
    refused("{\"a\": 1, \"a\": 2}", SN_ERR_FORMAT, "duplicate");
    refused("[1] x", SN_ERR_FORMAT, "end of file expected");
    refused("[1,]", SN_ERR_FORMAT, "line 1");
    refused("[NaN]", SN_ERR_FORMAT, "line 1");
    refused("[1e999]", SN_ERR_FORMAT, "overflow");
    refused("[\"\xff\"]", SN_ERR_FORMAT, "unable to decode byte 0xff");
    refused("[\"\\ud800\"]", SN_ERR_FORMAT, "line 1");
    char deep[200];
    memset(deep, '[', 199), deep[199] = 0;
    refused(deep, SN_ERR_LIMIT, "nested deeper than the limit of 64");
    sn_json_doc *doc;
    sn_read_limits few = sn_read_limits_default;
    few.items = 3;
    assert_int_equal(sn_json_parse("x", "[1,2,3,4]", 9, &few, &doc), SN_ERR_LIMIT);
    few = sn_read_limits_default, few.header_bytes = 4;
    assert_int_equal(sn_json_parse("x", "[1,2,3,4]", 9, &few, &doc), SN_ERR_LIMIT);
}

static void writing_reads_back(void **state) {
    (void)state;
    sn_json_out w = {.lines = 2};
    sn_json_begin_object(&w, NULL);
    sn_json_put_string(&w, "s\"", "a\\\n\x01\xff\xc3\xa9");
    sn_json_put_f64(&w, "tenth", 0.1);
    sn_json_put_f64(&w, "third", 1.0 / 3);
    sn_json_put_f64(&w, "nan", (double)NAN);
    sn_json_put_bool(&w, "no", false);
    sn_json_begin_array(&w, "rows");
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "from", -5);
    sn_json_put_i64(&w, "to", INT64_MAX);
    sn_json_end(&w);
    sn_json_begin_array(&w, NULL);
    sn_json_end(&w);
    sn_text text;
    assert_int_equal(sn_json_finish(&w, &text), SN_OK);
    assert_string_equal(text.data,
                        "{\n  \"s\\\"\": \"a\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\",\n  \"tenth\": 0.1,\n"
                        "  \"third\": 0.3333333333333333,\n  \"nan\": null,\n  \"no\": false,\n  \"rows\": [\n"
                        "    {\"from\": -5, \"to\": 9223372036854775807},\n    []\n  ]\n}\n");
    sn_json_doc *doc = parsed(text.data);
    assert_true(sn_json_get(sn_json_root(doc), "third")->real == 1.0 / 3);
    sn_json_free(doc);
    sn_json_out_free(&w);
    sn_json_begin_array(&w, NULL);
    sn_json_put_i64(&w, NULL, 1);
    sn_json_put_null(&w, NULL);
    assert_int_equal(sn_json_finish(&w, &text), SN_OK);
    assert_string_equal(text.data, "[1,null]");
    sn_json_out_free(&w);
}

static sn_status use(const void *data, size_t size) {
    sn_json_doc *doc;
    SN_TRY(sn_json_parse("test", data, size, NULL, &doc));
    sn_json_get(sn_json_root(doc), "model");
    sn_json_free(doc);
    return SN_OK;
}

static const char sample[] =
    "{\"model\": {\"vocab\": {\"\\u0000\": 0, \"a\": 1e2, \"\\u00e9\": -2.5}, \"merges\": [[\"a\", \"b\"],"
    " []]}, \"x\": [true, false, null]}";

static void damage_is_survived(void **state) {
    (void)state;
    mutate((const unsigned char *)sample, sizeof sample - 1, 1000, use);
    fail_each_allocation((const unsigned char *)sample, sizeof sample - 1, use);
}

/* Jansson's allocation functions are one setting of the whole process. A library has no right to it, so suan leaves
 * it alone; a test program has. (Weak, because a build without Jansson links this file too.) */
extern void json_set_alloc_funcs(void *(*allocate)(size_t), void (*release)(void *)) __attribute__((weak));

static void jansson_may_run_out_of_memory(void **state) {
    (void)state;
    sn_alloc_fail_after(-1);
    assert_int_equal(use(sample, sizeof sample - 1), SN_OK);
    int64_t own = sn_alloc_count(), seen = 0;
    json_set_alloc_funcs(sn_alloc, sn_free);
    sn_alloc_fail_after(-1);
    assert_int_equal(use(sample, sizeof sample - 1), SN_OK);
    int64_t all = sn_alloc_count();
    assert_true(all > 2 * own);
    for (int64_t n = 0; n < all; n++) {
        sn_alloc_fail_after(n);
        sn_status status = use(sample, sizeof sample - 1);
        sn_alloc_fail_after(-1);
        /* A string that Jansson has no memory for is an invalid token to it. */
        assert_true(status == SN_ERR_MEMORY || status == SN_ERR_FORMAT);
        seen += status == SN_ERR_MEMORY;
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(seen > all / 2);
}

static void real_files_parse(void **state) {
    (void)state;
    char path[512];
    if (!test_data(path, sizeof path, "tokenizers/bpe_train/gpt2_vocab.json")) skip();
    sn_json_doc *doc;
    assert_int_equal(sn_json_open(path, NULL, &doc), SN_OK);
    assert_int_equal(sn_json_root(doc)->count, 50257);
    assert_int_equal(sn_json_get(sn_json_root(doc), "<|endoftext|>")->integer, 50256);
    sn_json_free(doc);
}

static void damaged_real_files_are_survived(void **state) {
    (void)state;
    if (!mutate_real("tokenizers/bpe_train/train-bpe-reference-vocab.json", 150, use)) skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_types),
        cmocka_unit_test(zeros_are_kept),
        cmocka_unit_test(order_is_kept_and_many_keys_are_found),
        cmocka_unit_test(malformed_texts_are_refused),
        cmocka_unit_test(writing_reads_back),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(jansson_may_run_out_of_memory),
        cmocka_unit_test(real_files_parse),
        cmocka_unit_test(damaged_real_files_are_survived),
    };
    sn_json_doc *doc = NULL;
    if (sn_json_parse("test", "1", 1, NULL, &doc) == SN_ERR_UNSUPPORTED) {
        print_message("SKIP: this build has no Jansson\n");
        return 0;
    }
    sn_json_free(doc);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
