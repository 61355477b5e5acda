/* SentencePiece models against the sentencepiece package (tools/oracles/tokenizer_goldens.py), and the files of
 * llama2.c and tiktoken against each other's kind of the same vocabulary (need SUAN_TEST_DATA). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file/json.h"
#include "suan/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN SN_TEST_SOURCE "/golden/tokenizer/"

static sn_json_doc *open_json(const char *path) {
    sn_json_doc *doc = 0;
    if (sn_json_open(path, 0, &doc) != SN_OK) fail_msg("%s", sn_last_error());
    return doc;
}

static sn_tokenizer *open_one(const char *path) {
    sn_tokenizer *t = 0;
    if (sn_tokenizer_open(path, &t) != SN_OK) fail_msg("%s", sn_last_error());
    return t;
}

static bool agrees(const sn_tokenizer *t, sn_text text, const sn_json *ids, sn_text decoded) {
    static const sn_encode_options plain = {false, false};
    int32_t *got;
    int64_t n;
    char *back;
    assert_int_equal(sn_tokenizer_encode(t, text.data, text.size, &plain, &got, &n), SN_OK);
    bool same = n == ids->count;
    for (int64_t i = 0; same && i < n; i++) same = got[i] == ids->items[i].integer;
    assert_int_equal(sn_tokenizer_decode(t, got, n, false, &back, 0), SN_OK);
    same &= strcmp(back, decoded.data) == 0;
    sn_text_free(back);
    sn_ids_free(got);
    return same;
}

static void models_agree_with_the_package(void **state) {
    (void)state;
    static const char *const names[] = {"spm_bpe_bytes", "spm_bpe_rules", "spm_unigram_rules", "spm_unigram_plain"};
    sn_json_doc *texts_doc = open_json(GOLDEN "texts.json");
    const sn_json *texts = sn_json_root(texts_doc);
    int wrong = 0;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char path[1024];
        snprintf(path, sizeof path, GOLDEN "%s.json", names[k]);
        sn_json_doc *doc = open_json(path);
        snprintf(path, sizeof path, GOLDEN "%s.model", names[k]);
        sn_tokenizer *t = open_one(path);
        for (int64_t i = 0; i < texts->count; i++) {
            const sn_json *want = sn_json_root(doc)->items[i].items;
            sn_text text = texts->items[i].text;
            if (memchr(text.data, 0, text.size)) continue; /* the package drops zero bytes before it looks */
            bool same = agrees(t, text, &want[0], want[1].text);
            if (!same) printf("%s: \"%s\"\n", names[k], text.data);
            wrong += !same;
        }
        sn_tokenizer_free(t);
        sn_json_free(doc);
    }
    sn_json_free(texts_doc);
    assert_int_equal(wrong, 0);
}

/* Two files of one vocabulary give the same ids. */
static void same_vocabulary(const char *a, const char *b) {
    char path[4096];
    const char *root = getenv("SUAN_TEST_DATA");
    if (!root) {
        printf("SUAN_TEST_DATA is not set: %s and %s are not compared\n", a, b);
        skip();
    }
    snprintf(path, sizeof path, "%s/%s", root, a);
    sn_tokenizer *x = open_one(path);
    snprintf(path, sizeof path, "%s/%s", root, b);
    sn_tokenizer *y = open_one(path);
    sn_json_doc *doc = open_json(GOLDEN "texts.json");
    const sn_json *texts = sn_json_root(doc);
    int wrong = 0;
    for (int64_t i = 0; i < texts->count; i++) {
        sn_text text = texts->items[i].text;
        int32_t *p, *q;
        int64_t n, m;
        sn_encode_options plain = {false, true};
        assert_int_equal(sn_tokenizer_encode(x, text.data, text.size, &plain, &p, &n), SN_OK);
        assert_int_equal(sn_tokenizer_encode(y, text.data, text.size, &plain, &q, &m), SN_OK);
        if (n != m || memcmp(p, q, (size_t)n * sizeof *p) != 0) wrong++, printf("%s: \"%s\"\n", a, text.data);
        sn_ids_free(p);
        sn_ids_free(q);
    }
    sn_json_free(doc);
    sn_tokenizer_free(x);
    sn_tokenizer_free(y);
    assert_int_equal(wrong, 0);
}

static void llama2c_is_its_model(void **state) {
    (void)state;
    same_vocabulary("tokenizers/llama2_tokenizer.bin", "tokenizers/llama2_tokenizer.model");
}
static void gguf_is_its_model(void **state) {
    (void)state;
    same_vocabulary("tokenizers/gguf/ggml-vocab-llama-spm.gguf", "tokenizers/llama2_tokenizer.model");
}
static void tiktoken_is_its_merges(void **state) {
    (void)state;
    same_vocabulary("tokenizers/gpt2.tiktoken", "tokenizers/gguf/ggml-vocab-gpt-2.gguf");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_agree_with_the_package),
        cmocka_unit_test(llama2c_is_its_model),
        cmocka_unit_test(gguf_is_its_model),
        cmocka_unit_test(tiktoken_is_its_merges),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
