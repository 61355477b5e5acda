/* SentencePiece models and tiktoken rank files: hand-made files, each kind of damage, the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/proto.h"
#include "file/spm.h"
#include "file/tiktoken.h"

#include <math.h>

/* ---- SentencePiece ---- */

static void varint(bytes *b, uint64_t v) {
    do {
        unsigned char byte = (unsigned char)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        put(b, &byte, 1);
        v >>= 7;
    } while (v);
}

static void field_int(bytes *b, uint32_t number, uint64_t v) { varint(b, (uint64_t)number << 3), varint(b, v); }

static void field_bytes(bytes *b, uint32_t number, const void *data, size_t size) {
    varint(b, (uint64_t)number << 3 | 2);
    varint(b, size);
    put(b, data, size);
}

static void field_float(bytes *b, uint32_t number, float v) { varint(b, (uint64_t)number << 3 | 5), put_f32(b, v); }

static void piece(bytes *b, const char *text, float score, uint64_t type) {
    bytes p = {0};
    field_bytes(&p, 1, text, strlen(text));
    field_float(&p, 2, score);
    if (type) field_int(&p, 3, type);
    field_bytes(b, 1, p.data, p.size);
    bytes_free(&p);
}

static void model(bytes *b) {
    bytes trainer = {0}, normalizer = {0};
    piece(b, "<unk>", 0, SN_SPM_UNKNOWN), piece(b, "<s>", 0, SN_SPM_CONTROL), piece(b, "</s>", 0, SN_SPM_CONTROL);
    piece(b,
          "\xe2\x96\x81"
          "a",
          -1.25f, 0);
    field_int(&trainer, 3, SN_SPM_BPE), field_int(&trainer, 35, 1), field_int(&trainer, 43, UINT64_MAX);
    field_bytes(b, 2, trainer.data, trainer.size);
    field_bytes(&normalizer, 1, "nmt", 3), field_bytes(&normalizer, 2, "\1\2\3", 3), field_int(&normalizer, 4, 0);
    field_bytes(b, 3, normalizer.data, normalizer.size);
    field_bytes(b, 200, "skipped", 7);
    bytes_free(&trainer), bytes_free(&normalizer);
}

static void models_are_read(void **state) {
    (void)state;
    bytes b = {0};
    model(&b);
    sn_spm *spm;
    assert_int_equal(sn_spm_open_memory("test", b.data, b.size, NULL, &spm), SN_OK);
    assert_true(spm->n_pieces == 4 && spm->kind == SN_SPM_BPE && spm->byte_fallback && !spm->whitespace_as_suffix);
    assert_true(spm->unk_id == 0 && spm->bos_id == 1 && spm->eos_id == 2 && spm->pad_id == -1);
    assert_true(spm->pieces[0].type == SN_SPM_UNKNOWN && spm->pieces[3].type == SN_SPM_NORMAL);
    assert_true(spm->pieces[3].score == -1.25f && sn_text_is(spm->pieces[3].text, "\xe2\x96\x81"
                                                                                  "a"));
    assert_true(sn_text_is(spm->normalizer.name, "nmt") && spm->normalizer.charsmap.size == 3);
    assert_true(spm->normalizer.add_dummy_prefix && !spm->normalizer.remove_extra_whitespaces);
    assert_true(spm->normalizer.escape_whitespaces);
    sn_spm_close(spm);
    bytes_free(&b);
}

static void spm_refused(bytes *b, const char *words) {
    sn_spm *spm = NULL;
    assert_int_equal(sn_spm_open_memory("test", b->data, b->size, NULL, &spm), SN_ERR_FORMAT);
    assert_null(spm);
    assert_message(words);
    bytes_free(b);
}

static void models_are_checked(void **state) {
    (void)state;
    bytes b = {0}, inner = {0};
    put(&b, "", 0);
    spm_refused(&b, "no pieces");
    field_int(&b, 1, 5);
    spm_refused(&b, "no message");
    varint(&b, 1 << 3 | 3);
    spm_refused(&b, "of kind 3");
    varint(&b, 0);
    spm_refused(&b, "there is no field");
    for (int i = 0; i < 11; i++) put(&b, "\xff", 1);
    spm_refused(&b, "does not end");
    varint(&b, 1 << 3 | 2), varint(&b, UINT64_MAX);
    spm_refused(&b, "cut short");
    piece(&b, "a", 0, 7);
    spm_refused(&b, "type 7");
    piece(&b, "a", NAN, 1);
    spm_refused(&b, "no number");
    field_int(&inner, 1, 3), field_bytes(&b, 1, inner.data, inner.size), bytes_free(&inner);
    spm_refused(&b, "of kind 0, not 2");
    piece(&b, "a", 0, 1), field_int(&inner, 41, 9), field_bytes(&b, 2, inner.data, inner.size), bytes_free(&inner);
    spm_refused(&b, "bos_id is 9, there are 1 pieces");
    piece(&b, "a", 0, 1), field_int(&inner, 3, 9), field_bytes(&b, 2, inner.data, inner.size), bytes_free(&inner);
    spm_refused(&b, "model type 9");
}

static sn_status use_spm(const void *data, size_t size) {
    sn_spm *spm;
    SN_TRY(sn_spm_open_memory("test", data, size, NULL, &spm));
    sn_spm_close(spm);
    return SN_OK;
}

/* ---- tiktoken ---- */

static sn_status use_tiktoken(const void *data, size_t size) {
    sn_tiktoken *t;
    SN_TRY(sn_tiktoken_open_memory("test", data, size, NULL, &t));
    sn_tiktoken_close(t);
    return SN_OK;
}

static const char ranks[] = "YWI= 7\r\nIQ== 0\n\n= 9\nAP8Q 3";

static void ranks_are_read_in_order(void **state) {
    (void)state;
    sn_tiktoken *t;
    assert_int_equal(sn_tiktoken_open_memory("test", ranks, sizeof ranks - 1, NULL, &t), SN_OK);
    assert_int_equal(t->n_ranks, 4);
    assert_true(t->ranks[0].rank == 0 && sn_text_is(t->ranks[0].bytes, "!"));
    assert_true(t->ranks[1].rank == 3 && sn_text_equal(t->ranks[1].bytes, (sn_text){"\0\xff\x10", 3}));
    assert_true(t->ranks[2].rank == 7 && sn_text_is(t->ranks[2].bytes, "ab"));
    assert_true(t->ranks[3].rank == 9 && t->ranks[3].bytes.size == 0);
    sn_tiktoken_close(t);
}

static void ranks_are_checked(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "no tokens"},
        {"IQ==\n", "line 1: there is no blank"},
        {"IQ== 0\nIQ= 1", "line 2: the token is no base64"},
        {"I*== 0", "no base64"},
        {"IQ==IQ== 0", "no base64"},
        {"IR== 0", "no base64"},
        {"== 0", "no base64"},
        {"IQ== ", "no digits"},
        {"IQ== 12345678901", "more than 9"},
        {"IQ== -1", "no number"},
        {"IQ== 1\nIQ== 2", "token appears twice"},
        {"IQ== 1\nIg== 1", "rank 1 appears twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(use_tiktoken(cases[i][0], strlen(cases[i][0])), SN_ERR_FORMAT);
        assert_message(cases[i][1]);
    }
}

static void damage_is_survived(void **state) {
    (void)state;
    bytes b = {0};
    model(&b);
    mutate(b.data, b.size, 1000, use_spm);
    fail_each_allocation(b.data, b.size, use_spm);
    mutate((const unsigned char *)ranks, sizeof ranks - 1, 1000, use_tiktoken);
    fail_each_allocation((const unsigned char *)ranks, sizeof ranks - 1, use_tiktoken);
    bytes_free(&b);
}

static void real_files_open(void **state) {
    (void)state;
    char path[512];
    if (!test_data(path, sizeof path, "tokenizers/llama2_tokenizer.model")) skip();
    sn_spm *spm;
    assert_int_equal(sn_spm_open(path, &spm), SN_OK);
    assert_true(spm->n_pieces == 32000 && spm->byte_fallback && spm->kind == SN_SPM_BPE && spm->pad_id == -1);
    assert_true(spm->pieces[3].type == SN_SPM_BYTE && !spm->normalizer.remove_extra_whitespaces);
    sn_spm_close(spm);
    if (!test_data(path, sizeof path, "tokenizers/whisper_multilingual.tiktoken")) skip();
    sn_tiktoken *t;
    assert_int_equal(sn_tiktoken_open(path, &t), SN_OK);
    assert_true(t->n_ranks == 50257 && t->ranks[50256].rank == 50256 && t->ranks[50256].bytes.size == 0);
    sn_tiktoken_close(t);
}

static void damaged_real_files_are_survived(void **state) {
    (void)state;
    if (!mutate_real("tokenizers/llama2_tokenizer.model", 150, use_spm) ||
        !mutate_real("tokenizers/gpt2.tiktoken", 50, use_tiktoken))
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_are_read),
        cmocka_unit_test(models_are_checked),
        cmocka_unit_test(ranks_are_read_in_order),
        cmocka_unit_test(ranks_are_checked),
        cmocka_unit_test(damage_is_survived),
        cmocka_unit_test(real_files_open),
        cmocka_unit_test(damaged_real_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
