/* Architectures of the long-context articles against their definition, token by token and in chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch_rows.h"
#include "model/decoder.h"

#include <unistd.h>

enum { length = 50 };

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

/* ---- short caches ---- */

enum { far = 700 };

static sn_session_options far_options(int64_t chunk) {
    sn_session_options o = options();
    o.capacity = far;
    o.chunk = chunk;
    return o;
}

/* Windows of a few keys over 700 tokens: the caches slide many times. */
static void short_caches_are_the_definition(void **state) {
    static const int sizes[][3] = {{far, 0, 0}, {1, 0, 0}, {70, 1, 33}};
    static const int n_sizes[] = {1, 1, 3};
    static const int64_t chunks[] = {16, 16, 64};
    static const char *const names[] = {"hwfa", "hwfa2", "sliding", "windowed logn", "gau hwfa"};
    (void)state;
    for (int row = 0; row < N_ROWS; row++) {
        bool wanted = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) wanted |= strcmp(names[i], rows[row].name) == 0;
        if (!wanted) continue;
        sn_model *m = make(row);
        int32_t tokens[far];
        random_tokens(4, m->config.n_vocab, tokens, far);
        double *expected = plain_arch_logits(m, NULL, tokens, far);
        for (int k = 0; k < 3; k++) {
            sn_session_options o = far_options(chunks[k]);
            float *got = chunked_logits(m, &o, tokens, far, sizes[k], n_sizes[k]);
            compare(rows[row].name, got, expected, far * m->config.n_vocab, 1e-4);
            free(got);
        }
        free(expected);
        sn_model_free(m);
    }
}

static void short_caches_cost_little_memory(void **state) {
    (void)state;
    sn_model *m = make(0); /* hwfa: 3 of 4 layers are windowed */
    sn_session_options o = far_options(16);
    sn_session *s = NULL;
    int64_t key = 2 * m->config.n_kv_heads * m->config.d_head * (int64_t)sizeof(float);
    o.capacity = 1 << 16;
    assert_ok(sn_session_new(m, &o, &s));
    int64_t cache = sn_session_memory_get(s).cache_bytes;
    assert_true(cache >= o.capacity * key && cache <= (o.capacity + 3 * 128) * key);
    sn_session_free(s);
    sn_model_free(m);
}

/* Several sequences, stepped together and truncated, where keys are still there and where they are not. */
static void short_caches_hold_several_sequences(void **state) {
    (void)state;
    sn_model *m = make(0);
    int64_t v = m->config.n_vocab;
    int32_t tokens[3][far];
    double *expected[3];
    sn_session_options o = far_options(16);
    sn_session *s = NULL;
    o.n_sequences = 3;
    assert_ok(sn_session_new(m, &o, &s));
    for (int i = 0; i < 3; i++) {
        random_tokens(20 + (uint64_t)i, v, tokens[i], far);
        expected[i] = plain_arch_logits(m, NULL, tokens[i], far);
        assert_ok(sn_session_append(s, i, tokens[i], 100 * i + 1, 0, NULL, NULL));
    }
    for (int step = 0; step < 400; step++) {
        int seqs[3], n = 0;
        int32_t next[3];
        for (int i = 2; i >= 0; i--) {
            if ((step + i) % 3 == 0) continue;
            seqs[n] = i;
            next[n++] = tokens[i][sn_session_length(s, i)];
        }
        assert_ok(sn_session_step(s, seqs, next, n));
        for (int k = 0; k < n; k++)
            compare("step", sn_session_logits(s, seqs[k]), expected[seqs[k]] + (sn_session_length(s, seqs[k]) - 1) * v,
                    v, 1e-4);
        if (step % 50 == 49) /* a little, and nearly all */
            assert_ok(sn_session_truncate(s, 0, step % 100 == 49 ? sn_session_length(s, 0) - 3 : 2));
    }
    sn_session_free(s);
    for (int i = 0; i < 3; i++) free(expected[i]);
    sn_model_free(m);
}

/* ---- what each method promises ---- */

/* Hidden states before the last, full layer see (w - 1)(L - 1) tokens back, not one more, not one less. */
static void the_receptive_field_is_exact(void **state) {
    (void)state;
    sn_model_config c = base();
    hwfa(&c);
    c.n_layers = 3; /* the windowed ones alone */
    c.layer_rotary = NULL;
    c.arch.logn_base = 0;
    sn_model *m = NULL;
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m));
    int32_t tokens[60];
    sn_session_options o = options();
    o.capacity = 60;
    int64_t v = m->config.n_vocab, reach = (c.window - 1) * 3, at = 20;
    assert_true(c.window > 2 && at + reach < 59);
    random_tokens(9, v, tokens, 60);
    float *before = chunked_logits(m, &o, tokens, 60, (const int[]){7}, 1);
    tokens[at] = (tokens[at] + 1) % (int32_t)v;
    float *after = chunked_logits(m, &o, tokens, 60, (const int[]){7}, 1);
    for (int64_t i = 0; i < 60; i++) {
        bool same = memcmp(before + i * v, after + i * v, (size_t)v * sizeof *before) == 0;
        assert_int_equal(same, i < at || i > at + reach);
    }
    free(before), free(after);
    sn_model_free(m);
}

static void a_window_of_the_whole_text_is_full_attention(void **state) {
    (void)state;
    sn_model_config c = base();
    int32_t tokens[length];
    sn_model *a = NULL, *b = NULL;
    sliding(&c);
    c.window = length;
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &a));
    c = base();
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &b));
    random_tokens(9, c.n_vocab, tokens, length);
    float *x = all_logits(a, tokens), *y = all_logits(b, tokens);
    for (int64_t i = 0; i < length * c.n_vocab; i++) assert_true(fabsf(x[i] - y[i]) < 1e-5f);
    free(x), free(y);
    sn_model_free(a), sn_model_free(b);
}

static void scale_weight(sn_model *m, const char *name, float factor) {
    sn_tensor t;
    assert_ok(sn_model_tensor(m, name, &t));
    for (int64_t i = 0; i < sn_tensor_count(&t); i++) ((float *)t.data)[i] *= factor;
}

/* Longer keys change nothing under KNA, longer queries nothing under QNA, neither does under CosA. */
static void normalised_attention_forgets_lengths(void **state) {
    static const struct {
        sn_qk_kind kind;
        bool keys, queries; /* whether these may be scaled */
    } kinds[] = {
        {SN_QK_PLAIN, false, false}, {SN_QK_KNA, true, false}, {SN_QK_QNA, false, true}, {SN_QK_COSA, true, true}};
    (void)state;
    for (int k = 0; k < 4; k++)
        for (int side = 0; side < 2; side++) {
            sn_model_config c = base();
            int32_t tokens[length];
            sn_model *m = NULL;
            c.arch.qk = kinds[k].kind;
            c.arch.qk_epsilon = 1e-12;
            assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m));
            random_tokens(9, c.n_vocab, tokens, length);
            float *before = all_logits(m, tokens), worst = 0;
            scale_weight(m, side ? "layers.1.q.weight" : "layers.1.k.weight", 3);
            float *after = all_logits(m, tokens);
            for (int64_t i = 0; i < length * c.n_vocab; i++) worst = fmaxf(worst, fabsf(before[i] - after[i]));
            bool free_of_it = side ? kinds[k].queries : kinds[k].keys;
            if (free_of_it != (worst < 1e-4f)) fail_msg("kind %d side %d: %g", k, side, (double)worst);
            free(before), free(after);
            sn_model_free(m);
        }
}

/* Under ReRoPE the full layers of HWFA2 change and the windowed ones do not; inside the window nothing does. */
static void methods_leave_windows_beside_full_layers(void **state) {
    (void)state;
    sn_model_config c = base();
    hwfa2(&c);
    sn_model *m = NULL;
    int32_t tokens[length];
    plain_pairs pairs[n_layers];
    sn_extend *extend = NULL;
    sn_session_options o = options();
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m));
    random_tokens(9, c.n_vocab, tokens, length);
    assert_ok(sn_extend_parse("rerope:window=5", &extend)); /* below the layers' own window of 9 */
    o.extend = extend;
    for (int i = 0; i < n_layers; i++) {
        pairs[i] = plain_pairs_of(&m->config, i);
        if (!m->config.layer_windowed[i]) pairs[i].near_window = 5, pairs[i].leak = 0;
    }
    double *expected = plain_arch_logits(m, pairs, tokens, length);
    float *got = chunked_logits(m, &o, tokens, length, (const int[]){11}, 1);
    compare("hwfa2 by rerope", got, expected, length * c.n_vocab, 5e-5);
    free(expected), free(got);
    sn_extend_free(extend);
    static const char *const specs[] = {"rerope:window=5", "ntk:factor=4", "leaky:window=5,factor=16", "auto"};
    for (int i = 0; i < 4; i++) {
        sn_position plain, extended;
        assert_ok(sn_extend_parse(specs[i], &extend));
        assert_ok(sn_extend_resolve(NULL, &m->config.rope_local, length, &plain, NULL, 0));
        assert_ok(sn_extend_resolve(extend, &m->config.rope_local, length, &extended, NULL, 0));
        assert_int_equal(extended.n_pieces, 1);
        assert_memory_equal(extended.frequency, plain.frequency, sizeof plain.frequency);
        assert_int_equal(extended.mask.window, 9);
        sn_extend_free(extend);
    }
    sn_model_free(m);
}

static void keep_warning(void *user, sn_log_level level, const char *message) {
    if (level >= SN_LOG_WARN) snprintf(user, 512, "%s", message);
}

/* The warning about `spec`; "" where there is none. */
static void expect_warning(const sn_model *m, const char *spec, const char *part) {
    char said[512] = "";
    sn_extend *extend = NULL;
    sn_position positions[SN_MAX_LAYER_KINDS];
    bool used[SN_MAX_LAYER_KINDS];
    assert_ok(sn_extend_parse(spec, &extend));
    sn_log_set(keep_warning, said);
    assert_ok(sn_model_positions(m, extend, 16, positions, used, NULL, 0));
    sn_log_set(NULL, NULL);
    if (!strstr(said, part) || (!*part && *said)) fail_msg("%s: \"%s\" does not say \"%s\"", spec, said, part);
    sn_extend_free(extend);
}

static void methods_without_effect_are_named(void **state) {
    (void)state;
    sn_model *m = make(0); /* hwfa: 3 windowed layers, and a full one without positions */
    expect_warning(m, "rerope:window=5",
                   "has no effect on the positions of this model: its layers are 1 without rotary positions and 3 that "
                   "see only trained distances");
    expect_warning(m, "ntk:factor=4", "has no effect");
    expect_warning(m, "logn", "");
    expect_warning(m, "window:window=4", "");
    expect_warning(m, "none", "");
    expect_warning(m, "auto", "");
    sn_model_free(m);
    sn_model_config c = base();
    hwfa2(&c);
    assert_ok(sn_model_create(&c, NULL, 11, &m));
    expect_warning(m, "leaky:window=5,factor=16", "of 4 layers as they are");
    sn_model_free(m);
    c = base(); /* a window over all layers, as in Mistral: far pieces begin beyond it, or not */
    uint8_t windowed[n_layers];
    for (int i = 0; i < n_layers; i++) windowed[i] = 1;
    c.layer_windowed = windowed, c.window = 9;
    assert_ok(sn_model_create(&c, NULL, 11, &m));
    expect_warning(m, "rerope:window=9", "has no effect");
    expect_warning(m, "rerope:window=5", "");
    expect_warning(m, "pi:factor=2", "");
    sn_model_free(m);
    c = base();
    assert_ok(sn_model_create(&c, NULL, 11, &m));
    expect_warning(m, "rerope:window=5", "");
    sn_model_free(m);
}

/* InvLeaky: distances beyond the window grow 16 times faster; the rule is piecewise, not a maximum. */
static void inverse_leaky_is_piecewise(void **state) {
    (void)state;
    sn_model_config c = base();
    sn_model *m = NULL;
    int32_t tokens[length];
    sn_extend *extend = NULL;
    sn_session_options o = options();
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "fan_in"}, 11, &m));
    random_tokens(9, c.n_vocab, tokens, length);
    for (int k = 0; k < 2; k++) {
        plain_pairs pairs[n_layers];
        assert_ok(sn_extend_parse(k ? "leaky:window=6,factor=1" : "leaky:window=6,factor=0.0625", &extend));
        o.extend = extend;
        for (int i = 0; i < n_layers; i++) {
            pairs[i] = plain_pairs_of(&m->config, i);
            if (k == 0) pairs[i].near_window = 6, pairs[i].leak = 16; /* factor 1 is plain RoPE */
        }
        double *expected = plain_arch_logits(m, pairs, tokens, length);
        float *got = chunked_logits(m, &o, tokens, length, (const int[]){13}, 1);
        compare("inverse leaky", got, expected, length * c.n_vocab, 5e-5);
        free(expected), free(got);
        sn_extend_free(extend);
    }
    sn_model_free(m);
}

/* Forty post-norm layers drawn for it neither die out nor blow up. */
static void deep_post_norm_stays_sane(void **state) {
    (void)state;
    sn_model_config c = base();
    int32_t tokens[length];
    sn_model *m = NULL;
    c.n_layers = 40;
    c.arch.placement = SN_NORM_POST;
    assert_ok(sn_model_create(&c, &(sn_model_init){.scheme = "deepnorm"}, 11, &m));
    assert_true(fabs(m->config.arch.residual_scale - pow(80, 0.25)) < 1e-12);
    random_tokens(9, c.n_vocab, tokens, length);
    double *x = plain_hidden(m, NULL, tokens, 8, 40), spread = 0;
    for (int64_t i = 0; i < 7 * c.n_embd; i++) spread = fmax(spread, fabs(x[i] - x[i + c.n_embd]));
    assert_true(spread > 0.1); /* tokens are still told apart */
    free(x);
    sn_model_free(m);
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
        cmocka_unit_test(short_caches_are_the_definition),
        cmocka_unit_test(short_caches_cost_little_memory),
        cmocka_unit_test(short_caches_hold_several_sequences),
        cmocka_unit_test(the_receptive_field_is_exact),
        cmocka_unit_test(a_window_of_the_whole_text_is_full_attention),
        cmocka_unit_test(normalised_attention_forgets_lengths),
        cmocka_unit_test(methods_leave_windows_beside_full_layers),
        cmocka_unit_test(methods_without_effect_are_named),
        cmocka_unit_test(inverse_leaky_is_piecewise),
        cmocka_unit_test(deep_post_norm_stays_sane),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
