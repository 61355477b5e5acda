/* Learning vocabularies: the exact result for byte-level BPE, small texts by hand, and that every kind survives the
 * files it can be written to. tools/oracles/tokenizer_training.py compares with the packages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/json.h"
#include "suan/tokenizer.h"
#include "token/fingerprint.h"
#include "token/train_spaced.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = {"bpe", "spm-bpe", "unigram", "char", "byte"};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static const char story[] =
    "the cat sat on the mat. the dog sat on the log.\nthe cat and the dog sat; na\xC3\xAFve caf\xC3\xA9s 2024, 2025.\n"
    "<|endoftext|>the rat sat on the cat,\n  and \xE4\xB8\xAD\xE6\x96\x87 on the mat.";

static sn_tokenizer *train(const char *path, const char *type, int64_t size, int n_threads) {
    sn_tokenizer *t = NULL;
    sn_tokenizer_train_options o = {.type = type, .vocab_size = size, .n_threads = n_threads, .coverage = 1};
    if (sn_tokenizer_train(&path, 1, &o, &t) != SN_OK) fail_msg("%s: %s", type, sn_last_error());
    return t;
}

static const char *text_file(void) {
    const char *path = in_folder("story.txt");
    assert_int_equal(sn_file_write(path, story, sizeof story - 1), SN_OK);
    return path;
}

static int64_t size_of_kind(int kind) { return kind == 0 ? 300 : kind < 3 ? 320 : 0; }

/* ---- The exact result ---- */

static void merges_are_the_reference(void **state) {
    (void)state;
    char corpus[512], path[512], line[256];
    if (!test_data(corpus, sizeof corpus, "tokenizers/bpe_train/corpus.en")) skip();
    test_data(path, sizeof path, "tokenizers/bpe_train/train-bpe-reference-merges.txt");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    sn_tokenizer *t = train(corpus, "bpe", 500, 2);
    assert_int_equal(sn_tokenizer_n_tokens(t), 500);
    int64_t n = 0;
    for (; fgets(line, sizeof line, file); n++) {
        line[strcspn(line, "\n")] = 0;
        assert_true(n < t->source.n_merges);
        assert_string_equal(line, t->source.merges[n].data);
    }
    assert_int_equal(n, t->source.n_merges);
    fclose(file);
    test_data(path, sizeof path, "tokenizers/bpe_train/train-bpe-reference-vocab.json");
    sn_json_doc *doc;
    assert_int_equal(sn_json_open(path, NULL, &doc), SN_OK);
    const sn_json *vocab = sn_json_root(doc);
    assert_int_equal(vocab->count, 500);
    for (int64_t i = 0; i < vocab->count; i++)
        assert_int_equal(sn_tokenizer_find(t, vocab->keys[i].data, vocab->keys[i].size), vocab->items[i].integer);
    sn_json_free(doc);
    sn_tokenizer_free(t);
}

/* ---- By hand ---- */

static void pairs_are_merged_by_count(void **state) {
    (void)state;
    static const char text[] = "aaaa aaaa bc bc bc bc bc";
    const char *path = in_folder("pairs.txt");
    assert_int_equal(sn_file_write(path, text, sizeof text - 1), SN_OK);
    /* "aaaa", " aaaa": aa 6, "bc" 5 times; then, of "aa" "aa" (2), " b" "c" (5), ...: b c first makes bc 5, " " bc 5 */
    static const char *const expected[] = {"a a", "b c", "\xC4\xA0 bc", "aa aa"};
    sn_tokenizer *t = train(path, "bpe", 400, 1);
    for (size_t i = 0; i < 4; i++) assert_string_equal(t->source.merges[i].data, expected[i]);
    assert_int_equal(t->source.n_merges, 4); /* " aaaa" is there once only */
    sn_tokenizer_free(t);
}

static void pieces_keep_to_one_script(void **state) {
    (void)state;
    static const char *const good[] = {"\xE2\x96\x81the",
                                       "the",
                                       "2024",
                                       "...",
                                       "\xE4\xB8\xAD\xE3\x81\x8B",
                                       "na\xC3\xAFve",
                                       "\xE2\x96\x81",
                                       "e\xCC\x81"
                                       "a"};
    static const char *const bad[] = {"a1",
                                      "a.",
                                      "the\xE2\x96\x81",
                                      "\xD0\xB0"
                                      "a",
                                      "a\n",
                                      "12345678901234567",
                                      "\xE4\xB8\xAD"
                                      "a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!sn_spaced_allowed(sn_text_of(good[i]))) fail_msg("\"%s\" is refused", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sn_spaced_allowed(sn_text_of(bad[i]))) fail_msg("\"%s\" is allowed", bad[i]);
}

/* ---- Files ---- */

static void same_ids(const sn_tokenizer *a, const sn_tokenizer *b, const char *what) {
    static const char *const texts[] = {story,
                                        "",
                                        " ",
                                        "  two  spaces ",
                                        "the cat\n\n\tsat",
                                        "unknown \xF0\x9F\x98\x80 \xD0\xB6\xD0\xB6!",
                                        "\xE2\x96\x81 <unk> <s> <unused1>",
                                        "<0x41>"};
    size_t n_texts = sizeof texts / sizeof *texts;
    if (strcmp(what, "unigram") == 0) n_texts--; /* in tokenizer.json the name of a byte is that byte */
    for (size_t i = 0; i < n_texts; i++) {
        int32_t *x, *y;
        int64_t n, m;
        char *p, *q;
        assert_int_equal(sn_tokenizer_encode(a, texts[i], strlen(texts[i]), NULL, &x, &n), SN_OK);
        assert_int_equal(sn_tokenizer_encode(b, texts[i], strlen(texts[i]), NULL, &y, &m), SN_OK);
        if (n != m || memcmp(x, y, (size_t)n * sizeof *x) != 0) fail_msg("%s: \"%s\" differs", what, texts[i]);
        assert_int_equal(sn_tokenizer_decode(a, x, n, true, &p, NULL), SN_OK);
        assert_int_equal(sn_tokenizer_decode(b, y, m, true, &q, NULL), SN_OK);
        assert_string_equal(p, q);
        sn_text_free(p);
        sn_text_free(q);
        sn_ids_free(x);
        sn_ids_free(y);
    }
}

static void through(const sn_tokenizer *t, const char *what, const char *path, sn_tokenizer **out) {
    if (sn_tokenizer_save(t, path) != SN_OK) fail_msg("%s: %s", what, sn_last_error());
    if (sn_tokenizer_open(path, out) != SN_OK) fail_msg("%s: %s", what, sn_last_error());
    assert_int_equal(sn_tokenizer_n_tokens(*out), sn_tokenizer_n_tokens(t));
    assert_int_equal(sn_tokenizer_bos(*out), sn_tokenizer_bos(t));
    assert_int_equal(sn_tokenizer_eos(*out), sn_tokenizer_eos(t));
    assert_int_equal(sn_tokenizer_adds_bos(*out), false);
    same_ids(t, *out, what);
}

static void every_kind_survives_its_files(void **state) {
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s", text_file());
    for (int k = 0; k < N_KINDS; k++) {
        sn_tokenizer *t = train(path, kinds[k], size_of_kind(k), 1), *json, *gguf, *folder, *back;
        through(t, kinds[k], in_folder("t.json"), &json);
        through(t, kinds[k], in_folder("t.gguf"), &gguf);
        through(json, kinds[k], in_folder("u.gguf"), &back); /* from tokenizer.json to GGUF */
        sn_tokenizer_free(back);
        through(gguf, kinds[k], in_folder("u.json"), &back);
        sn_tokenizer_free(back);
        (void)mkdir(in_folder("saved"), 0700);
        through(t, kinds[k], in_folder("saved"), &folder);
        sn_tokenizer_free(folder);
        sn_tokenizer_free(gguf);
        sn_tokenizer_free(json);
        sn_tokenizer_free(t);
    }
}

/* ---- Characters and bytes ---- */

static void characters_and_bytes(void **state) {
    (void)state;
    int32_t *ids;
    int64_t n;
    char *text;
    const char *path = in_folder("one.txt");
    assert_int_equal(sn_file_write(path, "b a\xC3\xA9", 5), SN_OK);
    sn_tokenizer *c = train(path, "char", 0, 1), *b = train(path, "byte", 0, 1);
    assert_int_equal(sn_tokenizer_n_tokens(c), 3 + 4); /* <unk>, two that never occur, and blank a b e-acute */
    assert_int_equal(sn_tokenizer_bos(c), -1);
    assert_int_equal(sn_tokenizer_n_tokens(b), 256);
    assert_int_equal(sn_tokenizer_encode(c, "ab x\xC3\xA9", 6, NULL, &ids, &n), SN_OK);
    const int32_t expected[] = {4, 5, 3, 0, 6};
    assert_int_equal(n, 5);
    assert_memory_equal(ids, expected, sizeof expected);
    assert_int_equal(sn_tokenizer_decode(c, ids, n, false, &text, NULL), SN_OK);
    assert_string_equal(text, "ab \xC3\xA9");
    sn_text_free(text);
    sn_ids_free(ids);
    assert_int_equal(sn_tokenizer_encode(b, "A\xFF\n", 3, NULL, &ids, &n), SN_OK);
    const int32_t bytes_[] = {65, 255, 10};
    assert_int_equal(n, 3);
    assert_memory_equal(ids, bytes_, sizeof bytes_);
    sn_ids_free(ids);
    sn_tokenizer_free(c);
    sn_tokenizer_free(b);
    c = train(text_file(), "char", 0, 1), b = train(text_file(), "byte", 0, 1); /* two documents: a token between */
    assert_int_equal(sn_tokenizer_bos(c), 1);
    assert_int_equal(sn_tokenizer_eos(b), 256);
    sn_tokenizer_free(c);
    sn_tokenizer_free(b);
}

/* ---- Threads, refusals, failing allocations ---- */

static void threads_do_not_show(void **state) {
    (void)state;
    char path[512];
    if (!test_data(path, sizeof path, "tokenizers/bpe_train/corpus.en")) skip();
    for (int k = 0; k < 3; k++) {
        sn_tokenizer *one = train(path, kinds[k], 600, 1), *four = train(path, kinds[k], 600, 4);
        assert_true(sn_tokenizer_fingerprint(one) == sn_tokenizer_fingerprint(four));
        sn_tokenizer_free(one);
        sn_tokenizer_free(four);
    }
}

static void refused(const char *path, const sn_tokenizer_train_options *o, sn_status status, const char *words) {
    sn_tokenizer *t = NULL;
    assert_int_equal(sn_tokenizer_train(&path, 1, o, &t), status);
    assert_null(t);
    assert_message(words);
}

static void wrong_requests_are_refused(void **state) {
    (void)state;
    const char *path = text_file(), *const twice[] = {"<x>", "<x>"};
    refused(path, &(sn_tokenizer_train_options){.type = "words"}, SN_ERR_ARGUMENT, "no tokenizer is of type \"words\"");
    refused(path, &(sn_tokenizer_train_options){.type = "bpe", .vocab_size = 200}, SN_ERR_ARGUMENT, "257");
    refused(path, &(sn_tokenizer_train_options){.type = "unigram", .vocab_size = 262}, SN_ERR_ARGUMENT, "characters");
    refused(path, &(sn_tokenizer_train_options){.type = "char", .vocab_size = 5}, SN_ERR_ARGUMENT, "asked for");
    refused(path, &(sn_tokenizer_train_options){.type = "byte", .special = twice, .n_special = 2}, SN_ERR_ARGUMENT,
            "twice");
    refused(path, &(sn_tokenizer_train_options){.type = "bpe", .cancel = &(int){1}}, SN_ERR_CANCELLED, "cancelled");
    path = in_folder("none.txt");
    assert_int_equal(sn_file_write(path, " \n", 2), SN_OK);
    for (int k = 0; k < N_KINDS; k++)
        refused(path, &(sn_tokenizer_train_options){.type = kinds[k], .vocab_size = 1000}, SN_ERR_NOT_FOUND, "empty");
    assert_int_equal(sn_file_write(path, "a\xFF", 2), SN_OK);
    refused(path, &(sn_tokenizer_train_options){.type = "char"}, SN_ERR_FORMAT, "byte 1");
}

static const char *failing_kind;

static sn_status train_and_save(const void *data, size_t size) {
    sn_tokenizer *t;
    const char *path = in_folder("story.txt");
    (void)data, (void)size;
    sn_tokenizer_train_options o = {
        .type = failing_kind, .vocab_size = strcmp(failing_kind, "char") ? 300 : 0, .n_threads = 1};
    SN_TRY(sn_tokenizer_train(&path, 1, &o, &t));
    sn_status status = sn_tokenizer_save(t, in_folder("f.json"));
    if (status == SN_OK) status = sn_tokenizer_save(t, in_folder("f.gguf"));
    sn_tokenizer_free(t);
    return status;
}

static void nothing_leaks_without_memory(void **state) {
    (void)state;
    text_file();
    for (int k = 0; k < N_KINDS; k++) {
        failing_kind = kinds[k];
        fail_each_allocation(NULL, 0, train_and_save);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_are_the_reference),   cmocka_unit_test(pairs_are_merged_by_count),
        cmocka_unit_test(pieces_keep_to_one_script),  cmocka_unit_test(every_kind_survives_its_files),
        cmocka_unit_test(characters_and_bytes),       cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(wrong_requests_are_refused), cmocka_unit_test(nothing_leaks_without_memory),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
