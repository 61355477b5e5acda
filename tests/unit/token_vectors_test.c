/* The vectors that come with llama.cpp's vocabularies: every line id for id, read from GGUF. They live outside the
 * repository (SUAN_TEST_DATA). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "suan/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separator[] = "\n__ggml_vocab_test__\n";

static void need_data(const char *name, char *path, size_t size) {
    const char *root = getenv("SUAN_TEST_DATA");
    if (!root) {
        printf("SUAN_TEST_DATA is not set: the vectors of %s are not checked\n", name);
        skip();
    }
    snprintf(path, size, "%s/tokenizers/gguf/ggml-vocab-%s.gguf", root, name);
}

static int check_line(const sn_tokenizer *t, const char *text, size_t size, const char *line) {
    int32_t *ids;
    int64_t n, at = 0;
    sn_encode_options plain = {false, false};
    assert_int_equal(sn_tokenizer_encode(t, text, size, &plain, &ids, &n), SN_OK);
    bool same = true;
    char *end;
    for (long want; (void)(want = strtol(line, &end, 10)), end != line; line = end, at++) {
        while (*end == ' ') end++;
        same &= at < n && ids[at] == want;
        if (*end == '\n' || *end == 0) {
            at++;
            break;
        }
    }
    same &= at == n;
    if (!same) {
        printf("\"%.*s\" gave", (int)size, text);
        for (int64_t i = 0; i < n; i++) printf(" %d", ids[i]);
        printf("\n");
    }
    sn_ids_free(ids);
    return same ? 0 : 1;
}

static int check_vocabulary(const char *name) {
    char path[4096], other[4200];
    sn_tokenizer *t = 0;
    sn_map in, out;
    need_data(name, path, sizeof path);
    if (sn_tokenizer_open(path, &t) != SN_OK) fail_msg("%s", sn_last_error());
    snprintf(other, sizeof other, "%s.inp", path);
    assert_int_equal(sn_map_open(other, &in), SN_OK);
    snprintf(other, sizeof other, "%s.out", path);
    assert_int_equal(sn_map_open(other, &out), SN_OK);
    const char *text = (const char *)in.data, *text_end = text + in.size;
    const char *line = (const char *)out.data, *line_end = line + out.size;
    int wrong = 0, n = 0;
    while (text <= text_end && line < line_end) {
        const char *next = memmem(text, (size_t)(text_end - text), separator, sizeof separator - 1);
        char copy[4096] = "";
        const char *stop = memchr(line, '\n', (size_t)(line_end - line));
        if (!stop) stop = line_end;
        memcpy(copy, line, (size_t)(stop - line));
        wrong += check_line(t, text, (size_t)((next ? next : text_end) - text), copy);
        n++;
        line = stop + 1;
        if (!next) break;
        text = next + sizeof separator - 1;
    }
    printf("%s: %d of %d lines equal\n", name, n - wrong, n);
    assert_true(n > 30);
    sn_map_close(&in);
    sn_map_close(&out);
    sn_tokenizer_free(t);
    return wrong;
}

static void llama_spm(void **state) { (void)state, assert_int_equal(check_vocabulary("llama-spm"), 0); }
static void gpt_2(void **state) { (void)state, assert_int_equal(check_vocabulary("gpt-2"), 0); }
static void deepseek_llm(void **state) { (void)state, assert_int_equal(check_vocabulary("deepseek-llm"), 0); }
static void bert_bge(void **state) { (void)state, assert_int_equal(check_vocabulary("bert-bge"), 0); }

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_spm),
        cmocka_unit_test(gpt_2),
        cmocka_unit_test(deepseek_llm),
        cmocka_unit_test(bert_bge),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
