/* What a tokenizer is written as reads back to the same ids: GGUF metadata and tokenizer.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file/json.h"
#include "token/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOLDEN SN_TEST_SOURCE "/golden/tokenizer/"

static void same_ids(const sn_tokenizer *a, const sn_tokenizer *b, const char *what) {
    sn_json_doc *doc = 0;
    assert_int_equal(sn_json_open(GOLDEN "texts.json", 0, &doc), SN_OK);
    const sn_json *texts = sn_json_root(doc);
    int wrong = 0;
    for (int64_t i = 0; i < texts->count; i++) {
        sn_text text = texts->items[i].text;
        int32_t *x, *y;
        int64_t n, m;
        assert_int_equal(sn_tokenizer_encode(a, text.data, text.size, 0, &x, &n), SN_OK);
        assert_int_equal(sn_tokenizer_encode(b, text.data, text.size, 0, &y, &m), SN_OK);
        bool same = n == m && memcmp(x, y, (size_t)n * sizeof *x) == 0;
        char *p, *q;
        assert_int_equal(sn_tokenizer_decode(a, x, n, false, &p, 0), SN_OK);
        assert_int_equal(sn_tokenizer_decode(b, x, n, false, &q, 0), SN_OK);
        same &= strcmp(p, q) == 0;
        if (!same) printf("%s: \"%s\"\n", what, text.data);
        wrong += !same;
        sn_text_free(p);
        sn_text_free(q);
        sn_ids_free(x);
        sn_ids_free(y);
    }
    sn_json_free(doc);
    assert_int_equal(wrong, 0);
}

static sn_tokenizer *open_one(const char *path) {
    sn_tokenizer *t = 0;
    if (sn_tokenizer_open(path, &t) != SN_OK) fail_msg("%s", sn_last_error());
    return t;
}

static void through_gguf(const sn_tokenizer *t, const char *what) {
    char path[] = "/tmp/suan_export_XXXXXX";
    sn_gguf_out *out = 0;
    int64_t padded = sn_tokenizer_n_tokens(t) + 3; /* as a model with rounded-up rows asks for */
    close(mkstemp(path));
    assert_int_equal(sn_gguf_out_new(&out), SN_OK);
    if (sn_tokenizer_write_gguf(t, padded, out) != SN_OK) fail_msg("%s: %s", what, sn_last_error());
    if (sn_gguf_out_write(out, path) != SN_OK) fail_msg("%s", sn_last_error());
    sn_gguf_out_free(out);
    sn_tokenizer *back = open_one(path);
    assert_int_equal(sn_tokenizer_n_tokens(back), padded);
    assert_int_equal(sn_tokenizer_bos(back), sn_tokenizer_bos(t));
    assert_int_equal(sn_tokenizer_eos(back), sn_tokenizer_eos(t));
    same_ids(t, back, what);
    sn_tokenizer_free(back);
    unlink(path);
}

/* The vocabulary of a file in two parts is in the first. */
static void through_parts(const sn_tokenizer *t, const char *what) {
    char folder[] = "/tmp/suan_export_XXXXXX", path[2][256];
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        sn_gguf_out *out = 0;
        snprintf(path[i], sizeof path[i], "%s/v-0000%d-of-00002.gguf", folder, i + 1);
        assert_int_equal(sn_gguf_out_new(&out), SN_OK);
        if (i == 0) assert_int_equal(sn_tokenizer_write_gguf(t, 0, out), SN_OK);
        assert_int_equal(sn_gguf_set_u32(out, "split.no", (uint32_t)i), SN_OK);
        assert_int_equal(sn_gguf_set_u32(out, "split.count", 2), SN_OK);
        assert_int_equal(sn_gguf_set_u32(out, "split.tensors.count", 0), SN_OK);
        if (sn_gguf_out_write(out, path[i]) != SN_OK) fail_msg("%s", sn_last_error());
        sn_gguf_out_free(out);
    }
    sn_tokenizer *back = open_one(path[0]);
    same_ids(t, back, what);
    sn_tokenizer_free(back);
    for (int i = 0; i < 2; i++) unlink(path[i]);
    rmdir(folder);
}

/* and_gguf: what was read from the folder can go on to GGUF. */
static void through_folder(const sn_tokenizer *t, const char *what, bool and_gguf) {
    char folder[] = "/tmp/suan_export_XXXXXX", path[256];
    assert_non_null(mkdtemp(folder));
    if (sn_tokenizer_write_folder(t, folder) != SN_OK) fail_msg("%s: %s", what, sn_last_error());
    sn_tokenizer *back = open_one(folder);
    assert_int_equal(sn_tokenizer_bos(back), sn_tokenizer_bos(t));
    assert_int_equal(sn_tokenizer_eos(back), sn_tokenizer_eos(t));
    same_ids(t, back, what);
    if (and_gguf) through_gguf(back, what);
    sn_tokenizer_free(back);
    assert_int_equal(sn_tokenizer_check_folder(t), SN_OK);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    if (unlink(path) != 0) snprintf(path, sizeof path, "%s/tokenizer.model", folder), unlink(path);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", folder);
    unlink(path);
    rmdir(folder);
}

static void json_kinds_become_gguf(void **state) {
    (void)state;
    static const char *const kinds[] = {"llama3", "gpt4o", "deepseek3", "fallback_bpe"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, GOLDEN "%s/tokenizer.json", kinds[i]);
        sn_tokenizer *t = open_one(path);
        sn_vocab_export e;
        sn_status status = sn_vocab_export_make(t, 0, &e);
        if (status == SN_OK) {
            printf("%s: %s %s\n", kinds[i], e.model, e.pre);
            sn_vocab_export_free(&e);
            through_gguf(t, kinds[i]);
            through_parts(t, kinds[i]);
        } else { /* a trained vocabulary need not have every pair among its merges */
            printf("%s: %s\n", kinds[i], sn_last_error());
            assert_int_equal(status, SN_ERR_UNSUPPORTED);
            assert_true(i > 1);
        }
        sn_tokenizer_free(t);
    }
}

static void what_has_no_place_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *kind, *why;
    } cases[] = {
        {"bert", "byte-pair"},          {"unigram_map", "t5 kind"},        {"word_level", "byte-pair"},
        {"onig", "pre-tokenizer name"}, {"cut_removed", "parts of words"}, {"gpt2_prefix", "pre-tokenizer name"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[1024];
        sn_vocab_export e;
        snprintf(path, sizeof path, GOLDEN "%s/tokenizer.json", cases[i].kind);
        sn_tokenizer *t = open_one(path);
        assert_int_equal(sn_vocab_export_make(t, 0, &e), SN_ERR_UNSUPPORTED);
        if (!strstr(sn_last_error(), cases[i].why)) fail_msg("%s: %s", cases[i].kind, sn_last_error());
        through_folder(t, cases[i].kind, false); /* the file itself can be written again */
        sn_tokenizer_free(t);
    }
}

/* SentencePiece's own normalizers have no place in tokenizer.json: the file is kept. */
static void sentencepiece_models_come_back(void **state) {
    (void)state;
    static const char *const names[] = {"spm_bpe_bytes", "spm_bpe_rules", "spm_unigram_plain", "spm_unigram_rules"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[1024];
        snprintf(path, sizeof path, GOLDEN "%s.model", names[i]);
        sn_tokenizer *t = open_one(path);
        through_folder(t, names[i], false);
        sn_tokenizer_free(t);
    }
}

static void real_vocabularies_come_back(void **state) {
    (void)state;
    static const struct {
        const char *path;
        bool gguf, folder;
    } files[] = {{"llm/tok105.bin", true, true},
                 {"llm/tok512.bin", true, true},
                 {"tokenizers/llama2_tokenizer.model", true, true},
                 {"tokenizers/gpt2.tiktoken", true, true},
                 {"tokenizers/gguf/ggml-vocab-gpt-2.gguf", true, true},
                 {"tokenizers/gguf/ggml-vocab-deepseek-llm.gguf", true, true},
                 {"tokenizers/gguf/ggml-vocab-llama-spm.gguf", true, true},
                 {"tokenizers/gguf/ggml-vocab-bert-bge.gguf", false, false}};
    const char *root = getenv("SUAN_TEST_DATA");
    if (!root) {
        printf("SUAN_TEST_DATA is not set: the export of real vocabularies is not checked\n");
        skip();
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", root, files[i].path);
        sn_tokenizer *t = open_one(path);
        if (files[i].gguf) through_gguf(t, files[i].path);
        if (files[i].folder) through_folder(t, files[i].path, files[i].gguf);
        sn_tokenizer_free(t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_kinds_become_gguf),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(sentencepiece_models_come_back),
        cmocka_unit_test(real_vocabularies_come_back),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
