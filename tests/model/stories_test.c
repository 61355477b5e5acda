/* A real model, end to end: 200 greedy tokens from BOS give the text that llama2.c gives, from its own file and
 * from what is converted from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "model_common.h"

#include <unistd.h>

enum { steps = 200 };

typedef struct text {
    char data[4096];
    size_t size;
} text;

static int append(void *user, const char *data, size_t size) {
    text *t = user;
    assert_true(t->size + size < sizeof t->data);
    memcpy(t->data + t->size, data, size);
    t->size += size;
    return 0;
}

static char scratch[] = "/tmp/suan-stories-XXXXXX";
static sn_tokenizer *tokenizer;
static sn_map expected;

static int setup(void **state) {
    (void)state;
    const char *data = getenv("SUAN_TEST_DATA");
    char path[512];
    if (!data) return 0;
    snprintf(path, sizeof path, "%s/llm/tok512.bin", data);
    assert_ok(sn_tokenizer_open(path, &tokenizer));
    snprintf(path, sizeof path, "%s/llm/stories260K_expected_greedy200.txt", data);
    assert_ok(sn_map_open(path, &expected));
    return mkdtemp(scratch) ? 0 : -1;
}

static int teardown(void **state) {
    char command[128];
    (void)state;
    if (!tokenizer) return 0;
    sn_tokenizer_free(tokenizer);
    sn_map_close(&expected);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command);
}

static sn_model *open_stories(void) {
    sn_model *m = NULL;
    char path[512];
    snprintf(path, sizeof path, "%s/llm/stories260K.bin", getenv("SUAN_TEST_DATA"));
    assert_ok(sn_model_open(path, &m));
    return m;
}

static void check_text(const sn_model *m) {
    sn_session_options o = sn_session_defaults();
    sn_session *s = NULL;
    text t = {.size = 0};
    o.capacity = steps;
    o.n_threads = 1;
    assert_ok(sn_session_new(m, &o, &s));
    sn_generate_options g = sn_generate_defaults();
    g.max_tokens = steps;
    g.sampler.temperature = 0;
    g.on_text = append;
    g.user = &t;
    sn_generate_result r;
    int32_t bos = sn_tokenizer_bos(tokenizer);
    assert_ok(sn_generate(s, tokenizer, &bos, 1, &g, &r));
    size_t size = expected.size;
    while (size > 0 && expected.data[size - 1] == '\n') size--;
    assert_int_equal(r.n_generated, steps);
    assert_int_equal(r.finish, SN_FINISH_LENGTH);
    assert_int_equal(t.size, size);
    assert_memory_equal(t.data, expected.data, size);
    sn_session_free(s);
}

static void the_checkpoint_tells_its_story(void **state) {
    (void)state;
    if (!test_data()) skip();
    sn_model *m = open_stories();
    check_text(m);
    sn_model_free(m);
}

static void check_converted(const char *name) {
    sn_model *m = open_stories(), *c = NULL;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    assert_ok(sn_model_convert(m, path, NULL));
    sn_model_free(m);
    assert_ok(sn_model_open(path, &c));
    check_text(c);
    sn_model_free(c);
}

static void so_does_the_gguf(void **state) {
    (void)state;
    if (!test_data()) skip();
    check_converted("stories.gguf");
}

static void so_do_the_safetensors(void **state) {
    (void)state;
    if (!test_data()) skip();
    check_converted("stories");
}

static void a_stop_string_ends_the_text_and_is_not_shown(void **state) {
    (void)state;
    if (!test_data()) skip();
    sn_model *m = open_stories();
    sn_session_options o = sn_session_defaults();
    sn_session *s = NULL;
    text t = {.size = 0};
    o.capacity = steps;
    assert_ok(sn_session_new(m, &o, &s));
    sn_generate_options g = sn_generate_defaults();
    g.max_tokens = steps;
    g.sampler.temperature = 0;
    g.on_text = append;
    g.user = &t;
    g.stop = (const char *const[]){"never seen", "red ball"};
    g.n_stop = 2;
    sn_generate_result r;
    int32_t bos = sn_tokenizer_bos(tokenizer);
    assert_ok(sn_generate(s, tokenizer, &bos, 1, &g, &r));
    assert_int_equal(r.finish, SN_FINISH_STOP);
    assert_true(t.size > 10 && memcmp(t.data + t.size - 7, "a big, ", 7) == 0);
    sn_session_free(s);
    sn_model_free(m);
}

static void what_cannot_fit_is_refused_at_once(void **state) {
    (void)state;
    if (!test_data()) skip();
    sn_model *m = open_stories();
    sn_session_options o = sn_session_defaults();
    sn_session *s = NULL;
    o.capacity = 20;
    assert_ok(sn_session_new(m, &o, &s));
    sn_generate_options g = sn_generate_defaults();
    sn_generate_result r;
    int32_t prompt[21] = {1};
    g.max_tokens = 22;
    assert_int_equal(sn_generate(s, tokenizer, prompt, 1, &g, &r), SN_ERR_LIMIT);
    assert_int_equal(sn_generate(s, tokenizer, prompt, 21, &g, &r), SN_ERR_LIMIT);
    assert_int_equal(sn_session_length(s, 0), 0);
    sn_session_free(s);
    sn_model_free(m);
}

/* One prompt token in a context of 20: the 20th new token is chosen and has no room to be appended. */
static void check_full(sn_session *s, const sn_generate_options *g, sn_status wanted, sn_finish finish, int64_t n) {
    text *t = g->user;
    sn_generate_result r;
    int32_t bos = sn_tokenizer_bos(tokenizer);
    t->size = 0;
    assert_ok(sn_session_truncate(s, 0, 0));
    assert_int_equal(sn_generate(s, tokenizer, &bos, 1, g, &r), wanted);
    assert_int_equal(r.finish, finish);
    assert_int_equal(r.n_generated, n);
    assert_int_equal(sn_session_length(s, 0), n);
    assert_true(t->size > 0 && memcmp(t->data, expected.data, t->size) == 0);
}

static void a_full_context_is_an_error_or_the_end(void **state) {
    (void)state;
    if (!test_data()) skip();
    sn_model *m = open_stories();
    sn_session_options o = sn_session_defaults();
    sn_session *s = NULL;
    text t = {.size = 0};
    o.capacity = 20;
    assert_ok(sn_session_new(m, &o, &s));
    sn_generate_options g = sn_generate_defaults();
    g.sampler.temperature = 0;
    g.on_text = append;
    g.user = &t;
    g.max_tokens = 0;
    check_full(s, &g, SN_ERR_LIMIT, SN_FINISH_FULL, 20);
    size_t whole = t.size;
    g.context_full = SN_CONTEXT_FULL_STOP;
    check_full(s, &g, SN_OK, SN_FINISH_FULL, 20);
    assert_int_equal(t.size, whole); /* the error had shown all of it too */
    g.max_tokens = 50;
    check_full(s, &g, SN_OK, SN_FINISH_FULL, 20);
    g.max_tokens = 20;
    check_full(s, &g, SN_OK, SN_FINISH_LENGTH, 20);
    g.max_tokens = 7;
    check_full(s, &g, SN_OK, SN_FINISH_LENGTH, 7);
    sn_session_free(s);
    sn_model_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_checkpoint_tells_its_story),
                                       cmocka_unit_test(so_does_the_gguf),
                                       cmocka_unit_test(so_do_the_safetensors),
                                       cmocka_unit_test(a_stop_string_ends_the_text_and_is_not_shown),
                                       cmocka_unit_test(what_cannot_fit_is_refused_at_once),
                                       cmocka_unit_test(a_full_context_is_an_error_or_the_end)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
