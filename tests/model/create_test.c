/* New models: families, initial weights, weights written in place, export. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model/params.h"
#include "model_common.h"

#include <sys/mman.h>
#include <unistd.h>

enum { length = 24 };

static sn_model_config small(void) {
    return (sn_model_config){.n_layers = 3, .n_embd = 32, .n_heads = 4, .n_vocab = 50, .train_length = 32};
}

static sn_model_config gpt(void) {
    sn_model_config c = small();
    c.norm = SN_NORM_LAYER, c.ffn = SN_FFN_PLAIN, c.activation = SN_ACT_GELU_TANH;
    c.learned_positions = c.tied_head = c.biases = true;
    return c;
}

static sn_model *create(sn_model_config c, const char *scheme, uint64_t seed) {
    sn_model *m = NULL;
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = scheme}, seed, &m));
    return m;
}

static float *logits_of(const sn_model *m) {
    int32_t tokens[length];
    sn_session_options o = sn_session_defaults();
    random_tokens(4, m->config.n_vocab, tokens, length);
    o.capacity = length;
    o.n_threads = 1;
    o.exact_f32 = true;
    return chunked_logits(m, &o, tokens, length, (const int[]){length}, 1);
}

static double distance(const float *a, const float *b, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    return worst;
}

static void the_family_follows_from_the_shape(void **state) {
    (void)state;
    static const struct {
        const char *family;
        int change;
    } rows[] = {{"llama", 0}, {"gpt2", 1},  {"gpt_neox", 2}, {"qwen3", 3}, {"suan", 4},
                {"suan", 5},  {"llama", 6}, {"suan", 7},     {"suan", 8}};
    static const uint8_t none[3] = {0}, some[3] = {1, 0, 1};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sn_model_config c = rows[i].change == 1 || rows[i].change == 7 ? gpt() : small();
        if (rows[i].change == 2) {
            c = gpt();
            c.learned_positions = c.tied_head = false, c.parallel_block = true, c.activation = SN_ACT_GELU;
        }
        if (rows[i].change == 3) c.qk_norm = true;
        if (rows[i].change == 4) c.layer_rotary = (uint8_t *)(uintptr_t)none;
        if (rows[i].change == 5) c.layer_windowed = (uint8_t *)(uintptr_t)some, c.window = 8;
        if (rows[i].change == 6) c.n_kv_heads = 2, c.biases = true;
        if (rows[i].change == 7) c.biases = false;
        if (rows[i].change == 8) c.arch.logn_base = 32;
        sn_model *m = create(c, NULL, 1);
        assert_string_equal(m->config.family, rows[i].family);
        assert_string_equal(sn_model_format(m), "new");
        sn_model_free(m);
    }
}

static void a_family_that_cannot_hold_it_is_refused_by_feature(void **state) {
    (void)state;
    sn_model *m = NULL;
    sn_model_config c = small();
    strcpy(c.family, "llama");
    c.arch.qk = SN_QK_KNA;
    assert_int_equal(sn_model_create(&c, NULL, 1, &m), SN_ERR_UNSUPPORTED);
    assert_non_null(strstr(sn_last_error(), "KNA"));
    c = small();
    c.n_heads = 0;
    assert_int_equal(sn_model_create(&c, NULL, 1, &m), SN_ERR_ARGUMENT);
    c = small();
    assert_int_equal(sn_model_create(&c, &(sn_model_init){.scheme = "magic"}, 1, &m), SN_ERR_NOT_FOUND);
}

/* Standard deviation of a weight about 0. */
static double deviation(const sn_model *m, const char *name, double *largest) {
    sn_tensor t;
    double sum = 0;
    assert_ok(sn_model_tensor(m, name, &t));
    const float *w = t.data;
    *largest = 0;
    for (int64_t i = 0; i < sn_tensor_count(&t); i++) {
        sum += (double)w[i] * (double)w[i];
        *largest = fmax(*largest, fabs((double)w[i]));
    }
    return sqrt(sum / (double)sn_tensor_count(&t));
}

static void the_schemes_draw_with_their_deviations(void **state) {
    (void)state;
    sn_model_config c = {.n_layers = 8, .n_embd = 128, .n_heads = 4, .n_vocab = 300, .train_length = 32, .d_ff = 512};
    static const struct {
        const char *scheme, *weight;
        double expected, cut; /* cut: no value beyond; 0: none */
    } rows[] = {
        {"gpt2", "layers.3.q.weight", 0.02, 0},
        {"gpt2", "layers.3.o.weight", 0.02 / 4, 0},
        {"gpt2", "layers.3.down.weight", 0.02 / 4, 0},
        {"gpt2", "embed.weight", 0.02, 0},
        {"deepnorm", "layers.3.q.weight", 0.08838834764831845, 0},                          /* sqrt(2 / 256) */
        {"deepnorm", "layers.3.v.weight", 0.08838834764831845 * 0.35355339059327373, 0},    /* 64^(-1/4) */
        {"deepnorm", "layers.3.down.weight", 0.05590169943749474 * 0.35355339059327373, 0}, /* sqrt(2 / 640) */
        {"gau-alpha", "layers.3.q.weight", 0.5 / 11.313708498984761, 1.13684723 / 11.313708498984761}, /* 8^(-1/3) */
        {"gau-alpha", "layers.3.down.weight", 0.5 / 22.627416997969522, 1.13684723 / 22.627416997969522},
        {"fan_in", "layers.3.down.weight", 1 / 22.627416997969522, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sn_model *m = create(c, rows[i].scheme, 3);
        double largest, found = deviation(m, rows[i].weight, &largest);
        if (fabs(found / rows[i].expected - 1) > 0.03)
            fail_msg("%s %s: %g, not %g", rows[i].scheme, rows[i].weight, found, rows[i].expected);
        if (rows[i].cut > 0) assert_true(largest <= rows[i].cut * 1.0001);
        assert_true(rows[i].cut > 0 || largest > 3 * rows[i].expected);
        sn_model_free(m);
    }
}

static void weights_depend_on_seed_and_name_alone(void **state) {
    (void)state;
    sn_model_config more = small();
    more.n_layers = 5;
    more.n_vocab = 70;
    sn_model *a = create(small(), "fan_in", 1), *b = create(more, "fan_in", 1), *c = create(small(), "fan_in", 2);
    sn_tensor ta, tb, tc;
    assert_ok(sn_model_tensor(a, "layers.2.up.weight", &ta));
    assert_ok(sn_model_tensor(b, "layers.2.up.weight", &tb));
    assert_ok(sn_model_tensor(c, "layers.2.up.weight", &tc));
    assert_memory_equal(ta.data, tb.data, (size_t)sn_tensor_bytes(&ta));
    assert_memory_not_equal(ta.data, tc.data, (size_t)sn_tensor_bytes(&ta));
    sn_model_free(a), sn_model_free(b), sn_model_free(c);
}

/* A model as the double decoder of the tests has it, and the same after a weight was written to. */
static void sessions_see_weights_that_are_written(void **state) {
    (void)state;
    sn_model *m = create(small(), "fan_in", 5);
    int32_t tokens[length];
    sn_session *s = NULL;
    sn_session_options o = sn_session_defaults();
    o.n_threads = 1;
    random_tokens(4, m->config.n_vocab, tokens, length);
    assert_ok(sn_session_new(m, &o, &s));
    sn_arena arena = {0};
    sn_model_param *params;
    int64_t n, v = m->config.n_vocab;
    assert_ok(sn_model_params(m, &arena, &params, &n));
    assert_int_equal(n, sn_model_n_tensors(m));
    for (int round = 0; round < 2; round++) {
        sn_position p;
        assert_ok(sn_extend_resolve(NULL, &m->config.rope, length, &p, NULL, 0));
        double *expected = plain_logits(m, &p, tokens, length);
        assert_ok(sn_session_truncate(s, 0, 0));
        assert_ok(sn_session_append(s, 0, tokens, length, 1, NULL, NULL));
        const float *got = sn_session_logits(s, 0);
        for (int64_t i = 0; i < v; i++) assert_true(fabs((double)got[i] - expected[(length - 1) * v + i]) < 1e-4);
        free(expected);
        for (int64_t i = 0; i < n; i++) {
            float *w = params[i].value.data;
            for (int64_t k = 0; k < sn_tensor_count(&params[i].value); k++) w[k] = w[k] * 1.1f + 0.01f;
        }
    }
    sn_arena_free(&arena);
    sn_session_free(s);
    sn_model_free(m);
}

static void kinds_of_weights_are_told_apart(void **state) {
    (void)state;
    sn_model *m = create(gpt(), NULL, 1);
    sn_arena arena = {0};
    sn_model_param *p;
    int64_t n, count[4] = {0};
    assert_ok(sn_model_params(m, &arena, &p, &n));
    for (int64_t i = 0; i < n; i++) {
        count[p[i].kind]++;
        assert_int_equal(sn_model_param_index(p, n, p[i].id, p[i].layer), i);
        if (p[i].kind == SN_KIND_GAIN) assert_true(*(float *)p[i].value.data == 1);
        if (p[i].kind == SN_KIND_BIAS) assert_true(*(float *)p[i].value.data == 0);
    }
    assert_int_equal(count[SN_KIND_MATRIX], 3 * 6);
    assert_int_equal(count[SN_KIND_EMBEDDING], 2);
    assert_int_equal(count[SN_KIND_GAIN], 3 * 2 + 1);
    assert_int_equal(count[SN_KIND_BIAS], 3 * (2 + 6) + 1);
    sn_arena_free(&arena);
    sn_model_free(m);
}

static void exports_open_again_with_equal_logits(void **state) {
    (void)state;
    char folder[] = "/tmp/suan-create-XXXXXX", path[64], command[64];
    assert_non_null(mkdtemp(folder));
    for (int shape = 0; shape < 2; shape++) {
        sn_model *m = create(shape ? gpt() : small(), "fan_in", 7), *back = NULL;
        float *expected = logits_of(m);
        static const char *const names[] = {"m.gguf", "hf"};
        for (int format = 0; format < 2; format++) {
            snprintf(path, sizeof path, "%s/%d%s", folder, shape, names[format]);
            assert_ok(sn_model_convert(m, path, NULL));
            assert_ok(sn_model_open(path, &back));
            assert_string_equal(back->config.family, m->config.family);
            float *got = logits_of(back);
            assert_true(distance(expected, got, length * m->config.n_vocab) < 1e-5);
            free(got);
            /* the same once more from weights of its own */
            sn_arena arena = {0};
            sn_model_param *list;
            int64_t n;
            assert_int_equal(sn_model_params(back, &arena, &list, &n), SN_ERR_ARGUMENT);
            assert_ok(sn_model_thaw(back));
            assert_ok(sn_model_params(back, &arena, &list, &n));
            assert_int_equal(n, sn_model_n_tensors(m));
            assert_int_equal(sn_model_bytes(back), sn_model_bytes(m));
            got = logits_of(back);
            assert_true(distance(expected, got, length * m->config.n_vocab) < 1e-5);
            free(got);
            sn_arena_free(&arena);
            sn_model_free(back);
        }
        free(expected);
        sn_model_free(m);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void conversion_to_a_family_that_lacks_something_is_refused(void **state) {
    (void)state;
    char folder[] = "/tmp/suan-create-XXXXXX", path[64], command[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.gguf", folder);
    sn_model_config c = small();
    c.arch.qk = SN_QK_KNA;
    sn_model *m = create(c, "fan_in", 7), *back = NULL;
    assert_int_equal(sn_model_convert(m, path, &(sn_convert_options){.family = "llama"}), SN_ERR_UNSUPPORTED);
    assert_non_null(strstr(sn_last_error(), "KNA"));
    assert_int_equal(sn_model_convert(m, path, &(sn_convert_options){.family = "lama"}), SN_ERR_NOT_FOUND);
    assert_int_not_equal(access(path, F_OK), 0);
    sn_model_free(m);
    m = create(small(), "fan_in", 7); /* a Llama may be written as one of suan's own */
    float *expected = logits_of(m);
    assert_ok(sn_model_convert(m, path, &(sn_convert_options){.family = "suan"}));
    assert_ok(sn_model_open(path, &back));
    assert_string_equal(back->config.family, "suan");
    float *got = logits_of(back);
    assert_true(distance(expected, got, length * m->config.n_vocab) < 1e-5);
    free(expected), free(got);
    sn_model_free(back);
    sn_model_free(m);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void quantized_weights_thaw(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-tiny", SN_Q8_0, 3, &m));
    float *before = logits_of(m);
    assert_ok(sn_model_thaw(m));
    for (int64_t i = 0; i < sn_model_n_tensors(m); i++) {
        sn_tensor t;
        assert_ok(sn_model_tensor(m, sn_model_tensor_name(m, i), &t));
        assert_int_equal(t.dtype, SN_F32);
    }
    float *after = logits_of(m);
    assert_true(distance(before, after, length * m->config.n_vocab) < 1e-5);
    free(before), free(after);
    sn_model_free(m);
}

/* The share of a tensor's whole pages that lie in memory. */
static double resident_share(const sn_tensor *t) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = (uintptr_t)t->data + (uintptr_t)sn_tensor_bytes(t);
    uintptr_t from = ((uintptr_t)t->data + page - 1) / page * page;
    size_t n = (end - from) / page, there = 0;
    unsigned char *in = malloc(n);
    assert_int_equal(mincore((void *)from, n * page, in), 0);
    for (size_t i = 0; i < n; i++) there += in[i] & 1;
    free(in);
    return (double)there / (double)n;
}

/* What is asked before one knows whether the weights fit must not take memory for them. */
static void measuring_does_not_touch_weights(void **state) {
    (void)state;
    char file[] = "/tmp/suan_create_XXXXXX.gguf";
    int fd = mkstemps(file, 5);
    assert_true(fd >= 0 && close(fd) == 0);
    sn_model_config c = small();
    c.n_layers = 1, c.n_embd = 256, c.d_ff = 16384;
    /* All are kept to the end: what one frees might be given to the next. */
    sn_model *made = create(c, NULL, 1), *drawn[2];
    assert_ok(sn_model_convert(made, file, NULL));
    for (int undrawn = 0; undrawn < 2; undrawn++) {
        sn_model *m = NULL;
        sn_tensor t;
        assert_ok(sn_model_open(file, &m));
        assert_ok(undrawn ? sn_model_thaw_undrawn(m) : sn_model_thaw(m));
        assert_ok(sn_model_tensor(m, "layers.0.down.weight", &t));
        assert_int_equal(sn_tensor_bytes(&t), 4 * 256 * 16384);
        double share = resident_share(&t);
        print_message("%s: %.3f of the weights in memory\n", undrawn ? "undrawn" : "drawn", share);
        assert_true(undrawn ? share < 0.5 : share == 1);
        drawn[undrawn] = m;
    }
    for (int i = 0; i < 2; i++) sn_model_free(drawn[i]);
    sn_model_free(made);
    unlink(file);
}

static void failing_memory_leaks_nothing(void **state) {
    (void)state;
    sn_model_config c = gpt();
    for (int n = 0; n < 10000; n++) {
        sn_model *m = NULL;
        sn_alloc_fail_after(n);
        sn_status status = sn_model_create(&c, NULL, 1, &m);
        if (status == SN_OK) status = sn_model_thaw(m);
        sn_alloc_fail_after(-1);
        sn_model_free(m);
        if (status == SN_OK) return;
        assert_int_equal(status, SN_ERR_MEMORY);
    }
    fail();
}

static void layouts_follow_their_rules(void **state) {
    (void)state;
    uint8_t windowed[24], rotary[24];
    /* (w - 1) 23 + 1 <= 384: w = 17 gives 369 */
    assert_int_equal(sn_layout_hwfa(24, 512, 0.75, windowed, rotary), 17);
    for (int i = 0; i < 24; i++) assert_int_equal(windowed[i], i < 23);
    for (int i = 0; i < 24; i++) assert_int_equal(rotary[i], i < 23);
    assert_int_equal(sn_layout_hwfa(24, 512, 346.0 / 512, windowed, rotary), 16);
    assert_int_equal(sn_layout_hwfa(24, 512, 345.0 / 512, windowed, rotary), 15);
    sn_layout_hwfa2(24, 1, windowed, rotary);
    for (int i = 0; i < 24; i++) assert_int_equal(windowed[i], i != 12);
    sn_layout_hwfa2(24, 2, windowed, rotary);
    for (int i = 0; i < 24; i++) assert_int_equal(windowed[i], i != 8 && i != 16);
    for (int i = 0; i < 24; i++) assert_int_equal(rotary[i], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_family_follows_from_the_shape),
        cmocka_unit_test(a_family_that_cannot_hold_it_is_refused_by_feature),
        cmocka_unit_test(the_schemes_draw_with_their_deviations),
        cmocka_unit_test(weights_depend_on_seed_and_name_alone),
        cmocka_unit_test(sessions_see_weights_that_are_written),
        cmocka_unit_test(kinds_of_weights_are_told_apart),
        cmocka_unit_test(exports_open_again_with_equal_logits),
        cmocka_unit_test(conversion_to_a_family_that_lacks_something_is_refused),
        cmocka_unit_test(quantized_weights_thaw),
        cmocka_unit_test(measuring_does_not_touch_weights),
        cmocka_unit_test(failing_memory_leaks_nothing),
        cmocka_unit_test(layouts_follow_their_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
