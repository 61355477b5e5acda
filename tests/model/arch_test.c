/* Architectures of the long-context articles against their definition, token by token and in chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch_common.h"

#include <unistd.h>

enum { length = 50, n_layers = 4 };

static uint8_t hwfa_windowed[n_layers], hwfa_rotary[n_layers], two_windowed[n_layers], two_rotary[n_layers];
static uint8_t all[n_layers] = {1, 1, 1, 1};

static sn_model_config base(void) {
    return (sn_model_config){.n_layers = n_layers, .n_embd = 32, .n_heads = 4, .n_vocab = 50, .train_length = 24};
}

static void hwfa(sn_model_config *c) {
    c->window = sn_layout_hwfa(n_layers, 24, 0.75, hwfa_windowed, hwfa_rotary);
    c->layer_windowed = hwfa_windowed, c->layer_rotary = hwfa_rotary;
    c->arch.logn_base = 24;
}
static void hwfa2(sn_model_config *c) {
    sn_layout_hwfa2(n_layers, 1, two_windowed, two_rotary);
    c->window = 9;
    c->layer_windowed = two_windowed, c->layer_rotary = two_rotary;
}
static void logn(sn_model_config *c) { c->arch.logn_base = 24, c->arch.logn_min = 4; }
static void windowed_logn(sn_model_config *c) {
    hwfa(c);
    c->arch.logn_windowed = true;
}
static void sliding(sn_model_config *c) { c->layer_windowed = all, c->window = 7; }
static void kna(sn_model_config *c) { c->arch.qk = SN_QK_KNA; }
static void kna_logn(sn_model_config *c) { kna(c), logn(c); }
static void qna(sn_model_config *c) { c->arch.qk = SN_QK_QNA; }
static void cosa(sn_model_config *c) { c->arch.qk = SN_QK_COSA; }
static void cosa_logn(sn_model_config *c) { cosa(c), logn(c); }
static void post(sn_model_config *c) { c->arch.placement = SN_NORM_POST, c->arch.residual_scale = 1.7; }
static void post_plain(sn_model_config *c) { post(c), c->arch.norm_plain = c->arch.embed_norm = true; }
static void pre_plain(sn_model_config *c) { c->arch.norm_plain = true; }
static void gau(sn_model_config *c) {
    c->arch.block = SN_BLOCK_GAU, c->n_heads = 0, c->arch.logn_base = 24, c->d_head = 16;
}
static void gau_alpha(sn_model_config *c) { gau(c), post_plain(c); }
static void gau_biases(sn_model_config *c) { gau(c), c->biases = true; }
static void gau_hwfa(sn_model_config *c) { gau_alpha(c), hwfa(c); }
static void gau_kna(sn_model_config *c) { gau_alpha(c), kna(c); }
static void values(sn_model_config *c) { c->d_value = 12, c->n_kv_heads = 2, c->norm = SN_NORM_LAYER; }
static void values_learned(sn_model_config *c) { values(c), c->learned_positions = true, c->train_length = 64; }
static void halves(sn_model_config *c) { kna(c), c->rope.layout = SN_PAIR_HALVES, c->rope.n_rot = 6; }
static void plain_net(sn_model_config *c) {
    kna(c), c->ffn = SN_FFN_PLAIN, c->activation = SN_ACT_GELU, c->biases = true;
}

static const struct {
    const char *name;
    void (*change)(sn_model_config *c);
} rows[] = {{"hwfa", hwfa},           {"hwfa2", hwfa2},
            {"logn", logn},           {"windowed logn", windowed_logn},
            {"sliding", sliding},     {"kna", kna},
            {"kna logn", kna_logn},   {"qna", qna},
            {"cosa", cosa},           {"cosa logn", cosa_logn},
            {"post", post},           {"post plain", post_plain},
            {"pre plain", pre_plain}, {"gau", gau},
            {"gau alpha", gau_alpha}, {"gau biases", gau_biases},
            {"gau hwfa", gau_hwfa},   {"gau kna", gau_kna},
            {"values", values},       {"values learned", values_learned},
            {"halves", halves},       {"plain net", plain_net}};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* Biases and gains that are not all 0 and 1. */
static void disturb(sn_model *m) {
    for (int64_t i = 0; i < sn_model_n_tensors(m); i++) {
        sn_tensor t;
        assert_ok(sn_model_tensor(m, sn_model_tensor_name(m, i), &t));
        float *w = t.data;
        for (int64_t k = 0; k < t.shape[0] && t.n_dims == 1; k++) w[k] += 0.2f * sinf((float)(k + 3 * i));
    }
}

static sn_model *make(int row) {
    sn_model *m = NULL;
    sn_model_config c = base();
    rows[row].change(&c);
    if (sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m) != SN_OK)
        fail_msg("%s: %s", rows[row].name, sn_last_error());
    disturb(m);
    return m;
}

static sn_session_options options(void) {
    sn_session_options o = sn_session_defaults();
    o.capacity = length;
    o.n_threads = 1;
    return o;
}

static void compare(const char *name, const float *got, const double *expected, int64_t n, double tolerance) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)got[i] - expected[i]));
    if (!(worst < tolerance)) fail_msg("%s: logits differ by %g", name, worst);
}

/* One shot, token by token and ragged chunks, all against the definition. */
static void every_architecture_is_its_definition(void **state) {
    (void)state;
    static const int sizes[][3] = {{length, 0, 0}, {1, 0, 0}, {5, 1, 9}};
    static const int n_sizes[] = {1, 1, 3};
    static const int64_t chunks[] = {0, 4, 6};
    for (int row = 0; row < N_ROWS; row++) {
        sn_model *m = make(row);
        int32_t tokens[length];
        random_tokens(4, m->config.n_vocab, tokens, length);
        double *expected = plain_arch_logits(m, NULL, tokens, length);
        for (int k = 0; k < 3; k++) {
            sn_session_options o = options();
            o.chunk = chunks[k];
            float *got = chunked_logits(m, &o, tokens, length, sizes[k], n_sizes[k]);
            compare(rows[row].name, got, expected, length * m->config.n_vocab, 5e-5);
            free(got);
        }
        free(expected);
        sn_model_free(m);
    }
}

static char scratch[] = "/tmp/suan-arch-XXXXXX";

static int setup(void **state) {
    (void)state;
    return mkdtemp(scratch) ? 0 : -1;
}

static int teardown(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command);
}

static void assert_same_arch(const sn_model_config *a, const sn_model_config *b) {
    const sn_arch_config *x = &a->arch, *y = &b->arch;
    assert_int_equal(x->block, y->block);
    assert_int_equal(x->placement, y->placement);
    assert_int_equal(x->norm_plain, y->norm_plain);
    assert_int_equal(x->embed_norm, y->embed_norm);
    assert_int_equal(x->qk, y->qk);
    assert_int_equal(x->logn_windowed, y->logn_windowed);
    assert_true(fabs(x->residual_scale - y->residual_scale) <= 1e-7 * x->residual_scale);
    assert_true(fabs(x->logn_base - y->logn_base) <= 1e-7 * x->logn_base);
    assert_true(fabs(x->logn_min - y->logn_min) <= 1e-7 * x->logn_min);
    assert_true(fabs(a->rope.logit_scale - b->rope.logit_scale) <= 1e-7 * a->rope.logit_scale);
    assert_int_equal(a->biases, b->biases);
    assert_int_equal(a->d_value, b->d_value);
    assert_int_equal(a->d_ff, b->d_ff);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->train_length, b->train_length);
    assert_memory_equal(a->layer_windowed, b->layer_windowed, n_layers);
    assert_memory_equal(a->layer_rotary, b->layer_rotary, n_layers);
}

static float *all_logits(const sn_model *m, const int32_t *tokens) {
    sn_session_options o = options();
    o.exact_f32 = true;
    return chunked_logits(m, &o, tokens, length, (const int[]){length}, 1);
}

/* Through both formats and back, from one to the other as well. */
static void every_architecture_survives_its_files(void **state) {
    static const char *const names[] = {"m.gguf", "hf", "from-hf.gguf"};
    (void)state;
    for (int row = 0; row < N_ROWS; row++) {
        sn_model *m = make(row), *before = m, *back = NULL;
        int32_t tokens[length];
        char path[128];
        random_tokens(4, m->config.n_vocab, tokens, length);
        float *expected = all_logits(m, tokens);
        sn_model *opened[3];
        for (int f = 0; f < 3; f++) {
            snprintf(path, sizeof path, "%s/%d%s", scratch, row, names[f]);
            if (sn_model_convert(before, path, NULL) != SN_OK || sn_model_open(path, &back) != SN_OK)
                fail_msg("%s: %s", rows[row].name, sn_last_error());
            assert_string_equal(back->config.family, m->config.family);
            assert_same_arch(&m->config, &back->config);
            float *got = all_logits(back, tokens);
            for (int64_t i = 0; i < length * m->config.n_vocab; i++)
                if (!(fabsf(got[i] - expected[i]) < 2e-5f)) fail_msg("%s by %s", rows[row].name, names[f]);
            free(got);
            opened[f] = before = back;
        }
        for (int f = 0; f < 3; f++) sn_model_free(opened[f]);
        free(expected);
        sn_model_free(m);
    }
}

static char *file_text(const char *path, size_t *size) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = calloc(1, 1 << 16);
    *size = fread(text, 1, (1 << 16) - 1, f);
    fclose(f);
    return text;
}

/* config.json of the family with one thing changed. */
static void a_changed_configuration_is_refused_by_name(void **state) {
    static const struct {
        const char *from, *to, *message;
    } changes[] = {{"\"gau\"", "\"gao\"", "attention,gau"},
                   {"\"norm_plain\": true", "\"norm_plain\": 1", "norm_plain"},
                   {"\"block\"", "\"blocks\"", "blocks"},
                   {"\"post\"", "\"pre\"", "residual scale"},
                   {"\"num_attention_heads\": 1", "\"num_attention_heads\": 2", "GAU"},
                   {"\"value_dim\": 64", "\"value_dim\": 32", "GAU"},
                   {"\"attention_logn_base\": 24", "\"attention_logn_base\": 0.5", "log-n base"},
                   {"\"attention_unit_epsilon\": 0", "\"attention_unit_epsilon\": -1", "epsilon"}};
    char folder[96], path[128];
    size_t size;
    (void)state;
    sn_model *m = NULL;
    sn_model_config c = base();
    gau_alpha(&c);
    assert_ok(sn_model_create(&c, NULL, 11, &m));
    snprintf(folder, sizeof folder, "%s/strict", scratch);
    assert_ok(sn_model_convert(m, folder, NULL));
    sn_model_free(m);
    snprintf(path, sizeof path, "%s/config.json", folder);
    char *text = file_text(path, &size);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *at = strstr(text, changes[i].from);
        if (!at) fail_msg("%s is not in %s", changes[i].from, text);
        FILE *f = fopen(path, "wb");
        fwrite(text, 1, (size_t)(at - text), f);
        fputs(changes[i].to, f);
        fputs(at + strlen(changes[i].from), f);
        fclose(f);
        assert_true(sn_model_open(folder, &m) != SN_OK);
        if (!strstr(sn_last_error(), changes[i].message)) fail_msg("%s: %s", changes[i].to, sn_last_error());
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_is_its_definition),
        cmocka_unit_test(every_architecture_survives_its_files),
        cmocka_unit_test(a_changed_configuration_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
