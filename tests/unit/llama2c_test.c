/* llama2.c checkpoints and vocabularies: hand-made files, each kind of damage, the real ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "file/llama2c.h"
#include "file/llama2c_tokenizer.h"

enum { D = 8, H = 12, L = 2, heads = 2, kv_heads = 1, V = 5, S = 4 };

static void numbers(bytes *b, const int32_t v[7]) {
    for (int i = 0; i < 7; i++) put_u32(b, (uint32_t)v[i]);
}

/* Weight i of the file is i, so that each tensor's place shows. */
static void checkpoint(bytes *b, bool tied) {
    numbers(b, (int32_t[]){D, H, L, heads, kv_heads, tied ? V : -V, S});
    int n = V * D + L * (D + D * D + 2 * (D / 2) * D + D * D + D + 3 * H * D) + D + 2 * S * (D / heads / 2);
    if (!tied) n += V * D;
    for (int i = 0; i < n; i++) put_f32(b, (float)i);
}

static void tensor_starts(const sn_llama2c *f, const char *name, int n_dims, int64_t rows, int64_t columns, int first) {
    sn_tensor t;
    assert_int_equal(sn_llama2c_tensor_get(f, name, &t), SN_OK);
    assert_int_equal(t.n_dims, n_dims);
    assert_int_equal(t.shape[n_dims - 1], columns);
    if (n_dims == 2) assert_int_equal(t.shape[0], rows);
    assert_int_equal(((const float *)t.data)[0], first);
}

static void every_tensor_is_at_its_place(void **state) {
    (void)state;
    bytes b = {0};
    checkpoint(&b, false);
    sn_llama2c *f;
    assert_int_equal(sn_llama2c_open_memory("test", b.data, b.size, &f), SN_OK);
    assert_true(f->dim == D && f->hidden_dim == H && f->n_layers == L && f->vocab_size == V && f->seq_len == S);
    assert_true(!f->tied && f->n_tensors == 3 + 9 * L);
    int at = V * D;
    tensor_starts(f, "token_embd.weight", 2, V, D, 0);
    tensor_starts(f, "blk.1.attn_norm.weight", 1, 0, D, at + D), at += L * D;
    tensor_starts(f, "blk.1.attn_q.weight", 2, D, D, at + D * D), at += L * D * D;
    tensor_starts(f, "blk.1.attn_k.weight", 2, D / 2, D, at + D * D / 2), at += L * D * D / 2;
    tensor_starts(f, "blk.0.attn_v.weight", 2, D / 2, D, at), at += L * D * D / 2;
    tensor_starts(f, "blk.0.attn_output.weight", 2, D, D, at), at += L * D * D;
    tensor_starts(f, "blk.0.ffn_norm.weight", 1, 0, D, at), at += L * D;
    tensor_starts(f, "blk.1.ffn_gate.weight", 2, H, D, at + H * D), at += L * H * D;
    tensor_starts(f, "blk.1.ffn_down.weight", 2, D, H, at + H * D), at += L * H * D;
    tensor_starts(f, "blk.1.ffn_up.weight", 2, H, D, at + H * D), at += L * H * D;
    tensor_starts(f, "output_norm.weight", 1, 0, D, at), at += D + 2 * S * (D / heads / 2);
    tensor_starts(f, "output.weight", 2, V, D, at);
    sn_tensor t;
    assert_int_equal(sn_llama2c_tensor_get(f, "blk.2.ffn_up.weight", &t), SN_ERR_NOT_FOUND);
    sn_llama2c_close(f);
    bytes_free(&b);
}

static void refused(const int32_t v[7], sn_status status, const char *words) {
    bytes b = {0};
    sn_llama2c *f = NULL;
    numbers(&b, v);
    while (b.size < 2000) put(&b, "", 1);
    assert_int_equal(sn_llama2c_open_memory("test", b.data, b.size, &f), status);
    assert_null(f);
    assert_message(words);
    assert_false(sn_llama2c_is(b.data, b.size));
    bytes_free(&b);
}

static void headers_are_checked(void **state) {
    (void)state;
    refused((int32_t[]){0x616b3432, 2, 0, 0, 0, 0, 0}, SN_ERR_UNSUPPORTED, "version 2");
    refused((int32_t[]){0, H, L, 2, 1, V, S}, SN_ERR_FORMAT, "dim is 0");
    refused((int32_t[]){D, H, -L, 2, 1, V, S}, SN_ERR_FORMAT, "n_layers is -2");
    refused((int32_t[]){D, H, L, 2, 3, V, S}, SN_ERR_FORMAT, "n_kv_heads is 3");
    refused((int32_t[]){D, H, L, 2, 0, V, S}, SN_ERR_FORMAT, "n_kv_heads is 0");
    refused((int32_t[]){10, H, L, 4, 1, V, S}, SN_ERR_FORMAT, "do not fit together");
    refused((int32_t[]){D, H, L, 2, 1, INT32_MIN, S}, SN_ERR_FORMAT, "vocab_size");
    refused((int32_t[]){D, H, L, 2, 1, V, S}, SN_ERR_FORMAT, "the file has 2000");
    refused((int32_t[]){1 << 20, 1 << 22, 1 << 12, 1 << 14, 1 << 14, 1 << 24, 1 << 26}, SN_ERR_FORMAT,
            "the file has 2000");
}

static sn_status use_checkpoint(const void *data, size_t size) {
    sn_llama2c *f;
    SN_TRY(sn_llama2c_open_memory("test", data, size, &f));
    for (int64_t i = 0; i < f->n_tensors; i++) {
        volatile float last = ((const float *)f->tensors[i].tensor.data)[sn_tensor_count(&f->tensors[i].tensor) - 1];
        (void)last;
    }
    sn_llama2c_close(f);
    return SN_OK;
}

static void damaged_checkpoints_are_survived(void **state) {
    (void)state;
    bytes b = {0};
    checkpoint(&b, true);
    assert_true(sn_llama2c_is(b.data, b.size));
    mutate(b.data, b.size, 300, use_checkpoint);
    mutate(b.data, 28, 300, use_checkpoint);
    fail_each_allocation(b.data, b.size, use_checkpoint);
    bytes_free(&b);
}

static sn_status use_vocabulary(const void *data, size_t size) {
    sn_llama2c_tokenizer *t;
    SN_TRY(sn_llama2c_tokenizer_open_memory("test", data, size, NULL, &t));
    sn_llama2c_tokenizer_close(t);
    return SN_OK;
}

static void piece(bytes *b, float score, int32_t size, const char *text) {
    put_f32(b, score);
    put_u32(b, (uint32_t)size);
    put(b, text, strlen(text));
}

static void vocabulary_refused(bytes *b, const char *words) {
    assert_int_equal(use_vocabulary(b->data, b->size), SN_ERR_FORMAT);
    assert_message(words);
    bytes_free(b);
}

static void vocabularies_are_read_and_checked(void **state) {
    (void)state;
    bytes b = {0};
    put_u32(&b, 5), piece(&b, 0, 5, "<unk>"), piece(&b, -1.5f, 1, "a"), piece(&b, 0, 0, "");
    sn_llama2c_tokenizer *t;
    assert_int_equal(sn_llama2c_tokenizer_open_memory("test", b.data, b.size, NULL, &t), SN_OK);
    assert_true(t->n_pieces == 3 && t->longest == 5 && t->pieces[1].score == -1.5f &&
                sn_text_is(t->pieces[0].text, "<unk>"));
    sn_llama2c_tokenizer_close(t);
    mutate(b.data, b.size, 500, use_vocabulary);
    fail_each_allocation(b.data, b.size, use_vocabulary);
    bytes_free(&b);
    put_u32(&b, 0);
    vocabulary_refused(&b, "no llama2.c tokenizer");
    put_u32(&b, 1 << 30);
    vocabulary_refused(&b, "no llama2.c tokenizer");
    put_u32(&b, 2);
    vocabulary_refused(&b, "no pieces");
    put_u32(&b, 2), piece(&b, 0, 3, "abc");
    vocabulary_refused(&b, "a piece of 3 bytes");
    put_u32(&b, 2), piece(&b, 0, -1, "");
    vocabulary_refused(&b, "a piece of -1 bytes");
    put_u32(&b, 2), piece(&b, 0, 2, "a");
    vocabulary_refused(&b, "cut short");
    put_u32(&b, 2), put_u32(&b, 0x7fc00000), put_u32(&b, 1), put(&b, "a", 1);
    vocabulary_refused(&b, "no number");
}

static void real_files_open(void **state) {
    (void)state;
    char path[512];
    if (!test_data(path, sizeof path, "llm/stories260K.bin")) skip();
    sn_llama2c *f;
    assert_int_equal(sn_llama2c_open(path, &f), SN_OK);
    assert_true(f->dim == 64 && f->n_layers == 5 && f->n_heads == 8 && f->n_kv_heads == 4 && f->vocab_size == 512 &&
                f->tied);
    sn_llama2c_close(f);
    if (!test_data(path, sizeof path, "tokenizers/llama2_tokenizer.bin")) skip();
    sn_llama2c_tokenizer *t;
    assert_int_equal(sn_llama2c_tokenizer_open(path, &t), SN_OK);
    assert_true(t->n_pieces == 32000 && t->longest == 27 && sn_text_is(t->pieces[3].text, "<0x00>"));
    sn_llama2c_tokenizer_close(t);
}

static void damaged_real_files_are_survived(void **state) {
    (void)state;
    if (!mutate_real("tokenizers/llama2_tokenizer.bin", 150, use_vocabulary) ||
        !mutate_real("llm/stories260K.bin", 50, use_checkpoint))
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tensor_is_at_its_place),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(damaged_checkpoints_are_survived),
        cmocka_unit_test(vocabularies_are_read_and_checked),
        cmocka_unit_test(real_files_open),
        cmocka_unit_test(damaged_real_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
