/* Every family, and what can be done to its positions, against transformers (tools/oracles/tiny_models.py): as
 * stored, through GGUF and back through safetensors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file/safetensors.h"
#include "model/config.h"
#include "model_common.h"

#include <unistd.h>

enum { NO_GGUF = 1, GGUF_ONLY_WITHIN = 2 };

typedef struct golden_case {
    const char *name;
    int lengths[5];
    unsigned flags;
} golden_case;

static const golden_case cases[] = {
    {"llama", {40, 100}, 0},
    {"llama-mha", {40, 100}, 0},
    {"llama-tied", {40, 100}, 0},
    {"llama-bias", {40, 100}, 0},
    {"llama-headdim", {40, 100}, 0},
    {"llama-bf16-sharded", {40, 100}, 0},
    {"llama3", {40, 100}, 0},
    {"llama-linear", {40, 100}, 0},
    {"llama-dynamic", {40, 64, 65, 100}, GGUF_ONLY_WITHIN}, /* GGUF has no such scaling */
    {"llama-yarn", {40, 100}, 0},
    {"llama-yarn-mscale", {40, 100}, 0},
    {"llama-yarn-attnfactor", {40, 100}, 0},
    {"llama-yarn-notruncate", {40, 100}, NO_GGUF}, /* nor this */
    {"llama-longrope", {40, 64, 65, 100}, 0},
    {"phi3", {40, 100}, 0},
    {"phi3-longrope", {40, 64, 65, 100}, 0},
    {"mistral-swa", {40, 100}, 0},
    {"qwen2", {40, 100}, 0},
    {"qwen2-swa", {40, 100}, 0},
    {"qwen3", {40, 100}, 0},
    {"smollm3", {40, 100}, 0},
    {"gpt2", {40, 100}, 0},
    {"gpt_neox", {40, 100}, 0},
    {"gpt_neox-sequential", {40, 100}, 0},
};
enum { n_cases = sizeof cases / sizeof cases[0] };

static char scratch[] = "/tmp/suan-families-XXXXXX";

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

static void folder_of(const char *name, char *out, size_t size) {
    snprintf(out, size, "%s/golden/tiny/%s", SN_TEST_SOURCE, name);
}

static sn_safetensors *open_golden(const char *name) {
    char path[512], folder[400];
    sn_safetensors *golden = NULL;
    folder_of(name, folder, sizeof folder);
    snprintf(path, sizeof path, "%s/golden.safetensors", folder);
    assert_ok(sn_safetensors_open(path, NULL, &golden));
    return golden;
}

static sn_tensor golden_tensor(sn_safetensors *golden, const char *what, int length) {
    char name[32];
    sn_tensor t;
    snprintf(name, sizeof name, "%s%d", what, length);
    assert_ok(sn_safetensors_tensor(golden, name, &t));
    return t;
}

/* Largest difference of the logits of one forward pass over `length` tokens. */
static double difference(const sn_model *m, sn_safetensors *golden, int length) {
    sn_tensor ids = golden_tensor(golden, "ids", length), rows = golden_tensor(golden, "rows", length);
    sn_tensor logits = golden_tensor(golden, "logits", length);
    sn_session_options o = sn_session_defaults();
    o.capacity = length;
    o.exact_f32 = true;
    o.n_threads = 1;
    float *got = chunked_logits(m, &o, ids.data, length, (const int[]){33}, 1);
    int64_t v = m->config.n_vocab;
    double worst = 0;
    for (int64_t i = 0; i < rows.shape[0]; i++)
        for (int64_t j = 0; j < v; j++) {
            double expected = (double)((const float *)logits.data)[i * v + j];
            worst = fmax(worst, fabs((double)got[((const int32_t *)rows.data)[i] * v + j] - expected));
        }
    free(got);
    return worst;
}

static void check(const sn_model *m, const golden_case *c, const char *form, int64_t longest) {
    sn_safetensors *golden = open_golden(c->name);
    for (int i = 0; c->lengths[i]; i++) {
        if (c->lengths[i] > longest) continue;
        double worst = difference(m, golden, c->lengths[i]);
        if (!(worst <= 1e-4)) fail_msg("%s (%s), %d tokens: logits differ by %g", c->name, form, c->lengths[i], worst);
    }
    sn_safetensors_close(golden);
}

static sn_model *open_case(const char *name) {
    char folder[400];
    sn_model *m = NULL;
    folder_of(name, folder, sizeof folder);
    assert_ok(sn_model_open(folder, &m));
    return m;
}

static void logits_agree_with_transformers(void **state) {
    (void)state;
    for (int i = 0; i < n_cases; i++) {
        sn_model *m = open_case(cases[i].name);
        check(m, &cases[i], "safetensors", INT64_MAX);
        sn_model_free(m);
    }
}

static void greedy_decoding_agrees(void **state) {
    (void)state;
    for (int i = 0; i < n_cases; i++) {
        /* There the frequencies follow the length, which a fixed session length freezes. */
        if (strstr(cases[i].name, "dynamic") || strstr(cases[i].name, "longrope")) continue;
        sn_model *m = open_case(cases[i].name);
        sn_safetensors *golden = open_golden(cases[i].name);
        sn_tensor ids = golden_tensor(golden, "ids", 40), greedy = golden_tensor(golden, "greedy", 40);
        sn_session_options o = sn_session_defaults();
        sn_session *s = NULL;
        o.capacity = 60;
        o.n_threads = 1;
        o.exact_f32 = true;
        assert_ok(sn_session_new(m, &o, &s));
        assert_ok(sn_session_append(s, 0, ids.data, 40, 1, NULL, NULL));
        for (int64_t k = 0; k < greedy.shape[0]; k++) {
            const float *logits = sn_session_logits(s, 0);
            int32_t best = 0;
            for (int32_t j = 1; j < m->config.n_vocab; j++)
                if (logits[j] > logits[best]) best = j;
            assert_int_equal(best, ((const int32_t *)greedy.data)[k]);
            assert_ok(sn_session_append(s, 0, &best, 1, 1, NULL, NULL));
        }
        sn_session_free(s);
        sn_safetensors_close(golden);
        sn_model_free(m);
    }
}

static void the_legacy_spelling_means_the_same(void **state) {
    (void)state;
    for (int i = 0; i < n_cases; i++) {
        char folder[400], path[512];
        sn_json_doc *doc = NULL;
        sn_arena arena = {0};
        const sn_family *family;
        sn_model_config c;
        sn_model *m = open_case(cases[i].name);
        folder_of(cases[i].name, folder, sizeof folder);
        snprintf(path, sizeof path, "%s/config_legacy.json", folder);
        assert_ok(sn_json_open(path, NULL, &doc));
        assert_ok(sn_config_from_json(sn_json_root(doc), path, &arena, &family, &c));
        size_t n = (size_t)c.n_layers;
        assert_memory_equal(c.layer_windowed, m->config.layer_windowed, n);
        assert_memory_equal(c.layer_rotary, m->config.layer_rotary, n);
        c.layer_windowed = m->config.layer_windowed;
        c.layer_rotary = m->config.layer_rotary;
        assert_memory_equal(&c.rope, &m->config.rope, sizeof c.rope);
        assert_int_equal(c.tied_head, m->config.tied_head);
        assert_int_equal(c.train_length, m->config.train_length);
        assert_int_equal(c.window, m->config.window);
        assert_int_equal(c.parallel_block, m->config.parallel_block);
        assert_int_equal(c.d_ff, m->config.d_ff);
        sn_json_free(doc);
        sn_arena_free(&arena);
        sn_model_free(m);
    }
}

static sn_model *converted(const golden_case *c, sn_model *from, const char *end) {
    char path[256];
    sn_model *m = NULL;
    snprintf(path, sizeof path, "%s/%s%s", scratch, c->name, end);
    assert_ok(sn_model_convert(from, path, NULL));
    assert_ok(sn_model_open(path, &m));
    return m;
}

/* The trained window: until there, GGUF without the scaling means the same. */
static int64_t longest_in_gguf(const golden_case *c, const sn_model *m) {
    return c->flags & GGUF_ONLY_WITHIN ? m->config.rope.train_length : INT64_MAX;
}

static void both_formats_carry_the_model(void **state) {
    (void)state;
    for (int i = 0; i < n_cases; i++) {
        const golden_case *c = &cases[i];
        sn_model *m = open_case(c->name), *back = converted(c, m, "-hf");
        check(back, c, "safetensors to safetensors", INT64_MAX);
        sn_model_free(back);
        if (c->flags & NO_GGUF) {
            char path[256];
            snprintf(path, sizeof path, "%s/no.gguf", scratch);
            assert_int_equal(sn_model_convert(m, path, NULL), SN_ERR_UNSUPPORTED);
        } else {
            int64_t longest = longest_in_gguf(c, m);
            sn_model *gguf = converted(c, m, ".gguf");
            assert_string_equal(sn_model_format(gguf), "gguf");
            check(gguf, c, "GGUF", longest);
            back = converted(c, gguf, "-back");
            check(back, c, "GGUF to safetensors", longest);
            sn_model_free(back);
            sn_model_free(gguf);
        }
        sn_model_free(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_agree_with_transformers), cmocka_unit_test(greedy_decoding_agrees),
        cmocka_unit_test(the_legacy_spelling_means_the_same), cmocka_unit_test(both_formats_carry_the_model)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
