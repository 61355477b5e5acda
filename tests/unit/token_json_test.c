/* tokenizer.json against the `tokenizers` package (tools/oracles/tokenizer_goldens.py): ids with and without special
 * tokens, decoded text, the stream decoder, unknown parts, hostile sizes, failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "file/json.h"
#include "token/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GOLDEN SN_TEST_SOURCE "/golden/tokenizer/"

static const char *const kinds[] = {"gpt2",         "gpt2_prefix",  "llama3",        "qwen2",       "gpt4o",
                                    "deepseek3",    "falcon",       "onig",          "unigram_map", "unigram_bytes",
                                    "bert",         "fallback_bpe", "word_level",    "cut_removed", "cut_previous",
                                    "cut_inverted", "cut_next",     "llama3_added",  "first_strip", "first_replace",
                                    "first_words",  "no_unk",       "unigram_added", "classes"};

static sn_json_doc *open_json(const char *path) {
    sn_json_doc *doc = 0;
    if (sn_json_open(path, 0, &doc) != SN_OK) fail_msg("%s", sn_last_error());
    return doc;
}

static sn_tokenizer *open_kind(const char *kind) {
    char path[1024];
    sn_tokenizer *t = 0;
    snprintf(path, sizeof path, GOLDEN "%s/tokenizer.json", kind);
    if (sn_tokenizer_open(path, &t) != SN_OK) fail_msg("%s", sn_last_error());
    return t;
}

static bool same_ids(const sn_json *want, const int32_t *ids, int64_t n) {
    if (want->count != n) return false;
    for (int64_t i = 0; i < n; i++)
        if (want->items[i].integer != ids[i]) return false;
    return true;
}

static bool encodes(const sn_tokenizer *t, sn_text text, bool special, const sn_json *want) {
    int32_t *ids;
    int64_t n;
    sn_encode_options options = {special, true};
    assert_int_equal(sn_tokenizer_encode(t, text.data, text.size, &options, &ids, &n), SN_OK);
    bool same = same_ids(want, ids, n);
    sn_ids_free(ids);
    return same;
}

/* The whole text, and the same in a stream, each part of which is complete UTF-8 by itself. */
static bool decodes(const sn_tokenizer *t, const sn_json *ids, sn_text want) {
    int32_t *list = calloc((size_t)ids->count + 1, sizeof *list);
    for (int64_t i = 0; i < ids->count; i++) list[i] = (int32_t)ids->items[i].integer;
    char *text;
    size_t size, at = 0, part_size;
    assert_int_equal(sn_tokenizer_decode(t, list, ids->count, false, &text, &size), SN_OK);
    bool same = sn_text_equal(want, (sn_text){text, size});
    sn_detokenizer *d;
    assert_int_equal(sn_detokenizer_new(t, false, &d), SN_OK);
    for (int64_t i = 0; i <= ids->count && same; i++) {
        const char *part;
        assert_int_equal(i < ids->count ? sn_detokenizer_push(d, list[i], &part, &part_size)
                                        : sn_detokenizer_finish(d, &part, &part_size),
                         SN_OK);
        same = at + part_size <= size && memcmp(text + at, part, part_size) == 0;
        if (part_size > 0) same &= ((unsigned char)part[0] & 0xC0) != 0x80;
        at += part_size;
    }
    same &= at == size;
    sn_detokenizer_free(d);
    sn_text_free(text);
    free(list);
    return same;
}

static void every_kind_agrees_with_the_package(void **state) {
    (void)state;
    sn_json_doc *texts_doc = open_json(GOLDEN "texts.json");
    const sn_json *texts = sn_json_root(texts_doc);
    int wrong = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        char path[1024];
        snprintf(path, sizeof path, GOLDEN "%s/golden.json", kinds[k]);
        sn_json_doc *doc = open_json(path);
        const sn_json *golden = sn_json_root(doc);
        sn_tokenizer *t = open_kind(kinds[k]);
        assert_int_equal(golden->count, texts->count);
        for (int64_t i = 0; i < texts->count; i++) {
            const sn_json *want = golden->items[i].items;
            sn_text text = texts->items[i].text;
            bool good = encodes(t, text, true, &want[0]) && encodes(t, text, false, &want[1]) &&
                        decodes(t, &want[0], want[2].text);
            if (!good) printf("%s: text %d: \"%s\"\n", kinds[k], (int)i, text.data);
            wrong += !good;
        }
        sn_tokenizer_free(t);
        sn_json_free(doc);
    }
    sn_json_free(texts_doc);
    assert_int_equal(wrong, 0);
}

/* ---- Refusals ---- */

#define MODEL "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0,\"b\":1},\"unk_token\":\"a\"}"

static void expect(const char *json, sn_status status, const char *part) {
    sn_tokenizer *t = 0;
    assert_int_equal(sn_tokenizer_from_memory("x.json", json, strlen(json), &t), status);
    if (status == SN_OK) {
        sn_tokenizer_free(t);
        return;
    }
    if (!strstr(sn_last_error(), part)) fail_msg("\"%s\" does not name \"%s\"", sn_last_error(), part);
}

static void unknown_parts_are_named(void **state) {
    (void)state;
    expect("{" MODEL "}", SN_OK, "");
    expect("{\"model\":{\"type\":\"Magic\",\"vocab\":{}}}", SN_ERR_UNSUPPORTED, "Magic");
    expect("{" MODEL ",\"normalizer\":{\"type\":\"Rot13\"}}", SN_ERR_UNSUPPORTED, "Rot13");
    expect("{" MODEL ",\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}}", SN_ERR_UNSUPPORTED, "UnicodeScripts");
    expect("{" MODEL ",\"decoder\":{\"type\":\"CTC\"}}", SN_ERR_UNSUPPORTED, "CTC");
    expect("{" MODEL ",\"post_processor\":{\"type\":\"Odd\"}}", SN_ERR_UNSUPPORTED, "Odd");
    expect("{" MODEL ",\"normalizer\":{\"type\":\"(SentencePiece extra spaces)\"}}", SN_ERR_UNSUPPORTED, "Sentence");
    expect("{" MODEL
           ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a[bc]]\"},\"behavior\":\"Isolated\"}}",
           SN_ERR_UNSUPPORTED, "class inside a class");
    expect("{" MODEL
           ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a\"},\"behavior\":\"Isolated\"}}",
           SN_ERR_UNSUPPORTED, "(a");
    expect("{\"model\":{\"type\":\"BPE\",\"dropout\":0.1,\"vocab\":{},\"merges\":[]}}", SN_ERR_UNSUPPORTED, "dropout");
    expect("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}", SN_ERR_FORMAT, "merge 0");
    expect("{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":900000000}}}", SN_ERR_LIMIT, "900000000");
    expect("{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0,\"b\":0}}}", SN_ERR_FORMAT, "twice");
}

/* The first mark belongs to the first character until marks are put in order: then another one does, and both go. The
 * ids are the package's. */
static void a_start_that_is_reordered_and_removed(void **state) {
    (void)state;
    static const char json[] =
        "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKD\"},{\"type\":\"StripAccents\"}]},"
        "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xE2\x96\x81\",\"prepend_scheme\":\"first\","
        "\"split\":false},\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<unk>\":0,\"e\":1,\"\xE2\x96\x81"
        "e\":2},\"unk_token\":\"<unk>\"}}";
    static const struct {
        const char *text;
        int32_t id;
    } cases[] = {{"\xCC\x87\xE0\xBD\xB1"
                  "e",
                  1},
                 {"e", 2},
                 {"\xCC\x81"
                  "e",
                  1}};
    sn_tokenizer *t;
    assert_int_equal(sn_tokenizer_from_memory("x.json", json, strlen(json), &t), SN_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t *ids;
        int64_t n;
        assert_int_equal(sn_tokenizer_encode(t, cases[i].text, strlen(cases[i].text), 0, &ids, &n), SN_OK);
        assert_int_equal(n, 1);
        assert_int_equal(ids[0], cases[i].id);
        sn_ids_free(ids);
    }
    sn_tokenizer_free(t);
}

/* ---- Long inputs: these would not end in time if anything were quadratic ---- */

/* Processor seconds to encode n times the character c: the shortest of some tries, since other programs disturb. */
static double seconds_to_encode(const sn_tokenizer *t, char *text, char c, size_t n, int tries) {
    double best = 1e9;
    memset(text, c, n);
    for (int i = 0; i < tries; i++) {
        int32_t *ids;
        int64_t n_ids;
        clock_t start = clock();
        if (sn_tokenizer_encode(t, text, n, 0, &ids, &n_ids) != SN_OK) fail_msg("'%c': %s", c, sn_last_error());
        best = fmin(best, (double)(clock() - start) / CLOCKS_PER_SEC);
        sn_ids_free(ids);
    }
    return best;
}

/* 256 times the text takes about 256 times as long where work is linear (a few times more where it no longer fits the
 * caches), and 65536 times where it is quadratic: 4096 lies between them. */
static void a_mebibyte_of_one_character_is_linear(void **state) {
    (void)state;
    /* Sanitizers are slow, and look at all of the memory that memmem might read. */
    const size_t n = getenv("SUAN_TEST_FAST") ? 1 << 15 : 1 << 20;
    char *text = malloc(n);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        sn_tokenizer *t = open_kind(kinds[k]);
        for (const char *c = "a !\n<"; *c; c++) {
            double small = fmax(seconds_to_encode(t, text, *c, n / 256, 16), 1e-4);
            double big = seconds_to_encode(t, text, *c, n, 1);
            if (big > 4096 * small)
                fail_msg("%s: '%c': %g s for 1/256 of the text, %g s for it", kinds[k], *c, small, big);
        }
        sn_tokenizer_free(t);
    }
    free(text);
}

static void a_mebibyte_of_marks_normalizes(void **state) {
    (void)state;
    enum { n = 1 << 18 };
    char *text = malloc(4 * n);
    for (int i = 0; i < n; i++) /* two classes of marks in turn: the worst order */
        memcpy(text + 4 * i, "\xCC\x81\xCC\xA3", 4);
    sn_tokenizer *t = open_kind("qwen2");
    int32_t *ids;
    int64_t n_ids;
    assert_int_equal(sn_tokenizer_encode(t, text, 4 * n, 0, &ids, &n_ids), SN_OK);
    sn_ids_free(ids);
    sn_tokenizer_free(t);
    free(text);
}

/* Any bytes go in; a byte-level vocabulary keeps them, and every other one ends in valid text. */
static void ill_formed_text_is_taken(void **state) {
    (void)state;
    static const char bytes[] = "a\xFF\xE2\x82 b\xC0\x80\xED\xA0\x80 \xF0\x9F\x98";
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        sn_tokenizer *t = open_kind(kinds[k]);
        int32_t *ids;
        int64_t n;
        assert_int_equal(sn_tokenizer_encode(t, bytes, sizeof bytes - 1, 0, &ids, &n), SN_OK);
        char *text;
        assert_int_equal(sn_tokenizer_decode(t, ids, n, false, &text, 0), SN_OK);
        if (strcmp(kinds[k], "gpt2") == 0)
            assert_string_equal(
                text, "a\xEF\xBF\xBD\xEF\xBF\xBD b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                      " \xEF\xBF\xBD");
        sn_text_free(text);
        sn_ids_free(ids);
        sn_tokenizer_free(t);
    }
}

/* ---- Failing allocations ---- */

static sn_status open_and_use(const char *path) {
    sn_tokenizer *t;
    sn_status status = sn_tokenizer_open(path, &t);
    if (status != SN_OK) return status;
    int32_t *ids = 0;
    int64_t n = 0;
    char *text = 0;
    static const char sample[] = "Hello <s>  w\xC3\xB6rld e\xCC\x81 123";
    status = sn_tokenizer_encode(t, sample, sizeof sample - 1, 0, &ids, &n);
    if (status == SN_OK) status = sn_tokenizer_decode(t, ids, n, true, &text, 0);
    sn_text_free(text);
    sn_ids_free(ids);
    sn_tokenizer_free(t);
    return status;
}

static void no_failing_allocation_breaks_anything(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        char path[1024];
        snprintf(path, sizeof path, GOLDEN "%s/tokenizer.json", kinds[k]);
        sn_alloc_fail_after(-1);
        assert_int_equal(open_and_use(path), SN_OK);
        int64_t total = sn_alloc_count(), step = total / (getenv("SUAN_TEST_FAST") ? 10 : 60) + 1;
        for (int64_t i = 0; i < total; i += i + 20 < total ? step : 1) {
            sn_alloc_fail_after(i);
            sn_status status = open_and_use(path);
            sn_alloc_fail_after(-1);
            if (status != SN_ERR_MEMORY && status != SN_OK) fail_msg("%s, %d: %s", kinds[k], (int)i, sn_last_error());
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_agrees_with_the_package),
        cmocka_unit_test(unknown_parts_are_named),
        cmocka_unit_test(a_start_that_is_reordered_and_removed),
        cmocka_unit_test(a_mebibyte_of_one_character_is_linear),
        cmocka_unit_test(a_mebibyte_of_marks_normalizes),
        cmocka_unit_test(ill_formed_text_is_taken),
        cmocka_unit_test(no_failing_allocation_breaks_anything),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
