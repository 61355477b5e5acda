/* Converting and quantizing: which tensor gets which type, what survives, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/map.h"
#include "model_common.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

enum { length = 24 };

static char scratch[] = "/tmp/suan-convert-XXXXXX";
static int n_warnings;

static void count_warnings(void *user, sn_log_level level, const char *message) {
    (void)user, (void)message;
    n_warnings += level == SN_LOG_WARN;
}

static int setup(void **state) {
    (void)state;
    sn_log_set(count_warnings, NULL);
    return mkdtemp(scratch) ? 0 : -1;
}

static int teardown(void **state) {
    char command[128];
    (void)state;
    sn_log_set(NULL, NULL);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    return system(command);
}

static const char *at(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

static sn_model *converted(sn_model *m, const char *name, const char *type) {
    sn_model *out = NULL;
    sn_convert_options o = {.type = type};
    assert_ok(sn_model_convert(m, at(name), &o));
    assert_ok(sn_model_open(at(name), &out));
    return out;
}

static float *logits_of(const sn_model *m) {
    int32_t tokens[length];
    sn_session_options o = sn_session_defaults();
    random_tokens(4, m->config.n_vocab, tokens, length);
    o.capacity = length;
    o.exact_f32 = true;
    o.n_threads = 1;
    return chunked_logits(m, &o, tokens, length, (const int[]){length}, 1);
}

/* Root mean square difference of the logits, relative to their spread. */
static double error_of(const sn_model *m, const float *exact) {
    float *got = logits_of(m);
    int64_t n = length * m->config.n_vocab;
    double difference = 0, spread = 0;
    for (int64_t i = 0; i < n; i++) {
        difference += ((double)got[i] - (double)exact[i]) * ((double)got[i] - (double)exact[i]);
        spread += (double)exact[i] * (double)exact[i];
    }
    free(got);
    return sqrt(difference / spread);
}

static sn_dtype type_of(const sn_model *m, sn_weight_id id, int64_t layer) { return sn_weight_at(m, id, layer)->dtype; }

/* How far the logits of four random layers may move: 1.3 times what they do. */
static const struct {
    const char *name;
    double limit;
} types[] = {{"f32", 1e-6},    {"f16", 1.5e-3}, {"bf16", 1e-2},  {"q8_0", 2.5e-2}, {"Q6_K", 0.08},   {"Q5_K_M", 0.16},
             {"Q5_K_S", 0.16}, {"q5_1", 0.18},  {"q5_0", 0.18},  {"Q4_K_M", 0.32}, {"Q4_K_S", 0.32}, {"q4_1", 0.4},
             {"q4_0", 0.4},    {"Q3_K_L", 0.5}, {"Q3_K_M", 0.5}, {"Q3_K_S", 0.65}, {"Q2_K", 0.9}};

static void every_type_is_written_and_read(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-256", SN_F32, 3, &m));
    float *exact = logits_of(m);
    char listed[512] = "";
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        sn_model *c = converted(m, "t.gguf", types[i].name);
        double error = error_of(c, exact);
        if (!(error <= types[i].limit)) fail_msg("%s: the logits move by %g of their spread", types[i].name, error);
        sn_model_free(c);
        strcat(listed, types[i].name);
    }
    assert_int_equal(strlen(listed) + sizeof types / sizeof types[0] - 1, strlen(sn_quantize_types()));
    free(exact);
    sn_model_free(m);
}

static void mixtures_favour_what_suffers_most(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-256", SN_F32, 3, &m));
    sn_model *c = converted(m, "m.gguf", "q4_k_m");
    static const bool more[4] = {false, false, true, true}; /* the last eighth, and every third */
    for (int64_t i = 0; i < 4; i++) {
        assert_int_equal(type_of(c, SN_W_V, i), more[i] ? SN_Q6_K : SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_DOWN, i), more[i] ? SN_Q6_K : SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_Q, i), SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_O, i), SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_ATTN_NORM, i), SN_F32);
    }
    assert_int_equal(type_of(c, SN_W_HEAD, 0), SN_Q6_K);
    assert_int_equal(type_of(c, SN_W_EMBED, 0), SN_Q4_K);
    sn_model_free(c);
    c = converted(m, "m.gguf", "Q3_K_M");
    for (int64_t i = 0; i < 4; i++) {
        assert_int_equal(type_of(c, SN_W_V, i), i < 2 ? SN_Q5_K : SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_DOWN, i), SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_O, i), SN_Q4_K);
        assert_int_equal(type_of(c, SN_W_UP, i), SN_Q3_K);
    }
    sn_model_free(c);
    sn_model_free(m);
}

static void short_rows_fall_back_and_say_so(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m)); /* rows of 32 and 64 */
    n_warnings = 0;
    sn_model *c = converted(m, "s.gguf", "Q4_K_M");
    assert_int_equal(type_of(c, SN_W_Q, 0), SN_Q5_0);
    assert_int_equal(type_of(c, SN_W_HEAD, 0), SN_Q8_0);
    assert_int_equal(n_warnings, 2); /* one for all matrices; the other: it has no tokenizer */
    sn_model_free(c);
    sn_model_free(m);
}

static void quantized_models_pass_through_other_formats(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-256", SN_Q4_K, 3, &m));
    float *exact = logits_of(m);
    sn_model *same = converted(m, "a.gguf", "");
    assert_int_equal(type_of(same, SN_W_Q, 1), SN_Q4_K);
    sn_tensor a = *sn_weight_at(m, SN_W_Q, 1), b = *sn_weight_at(same, SN_W_Q, 1);
    assert_memory_equal(a.data, b.data, (size_t)sn_tensor_bytes(&a));
    sn_model *wide = converted(same, "folder", ""); /* safetensors has no blocks: f32 */
    assert_int_equal(type_of(wide, SN_W_Q, 1), SN_F32);
    assert_int_equal(wide->config.rope.layout, SN_PAIR_HALVES);
    assert_true(error_of(wide, exact) < 1e-5);
    sn_model *back = converted(wide, "b.gguf", "");
    assert_int_equal(back->config.rope.layout, SN_PAIR_INTERLEAVED);
    assert_true(error_of(back, exact) < 1e-5);
    free(exact);
    sn_model_free(back);
    sn_model_free(wide);
    sn_model_free(same);
    sn_model_free(m);
}

static void bad_requests_are_refused(void **state) {
    (void)state;
    sn_model *m = NULL;
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    sn_convert_options o = {0};
    static const char *const known[] = {"IQ1_S",  "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S",  "IQ2_M",     "IQ3_XXS",
                                        "IQ3_XS", "IQ3_S", "IQ3_M",   "IQ4_NL", "IQ4_XS", "TQ1_0",     "TQ2_0",
                                        "mxfp4",  "nvfp4", "Q8_K",    "Q2_K_S", "iq2_xs", "MXFP4_MOE", "Q4_K_L"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        o.type = known[i];
        assert_int_equal(sn_model_convert(m, at("x.gguf"), &o), SN_ERR_UNSUPPORTED);
        assert_non_null(strstr(sn_last_error(), known[i]));
    }
    o.type = "q9_9";
    assert_int_equal(sn_model_convert(m, at("x.gguf"), &o), SN_ERR_NOT_FOUND);
    assert_non_null(strstr(sn_last_error(), "Q4_K_M"));
    o.type = "q8_0";
    assert_int_equal(sn_model_convert(m, at("x"), &o), SN_ERR_ARGUMENT);
    o.type = "";
    assert_int_equal(sn_model_convert(m, at("x.bin"), &o), SN_ERR_ARGUMENT);
    assert_int_equal(sn_model_convert(m, at("no/such/folder/x.gguf"), &o), SN_ERR_IO);
    assert_int_equal(access(at("x.gguf"), F_OK), -1);
    sn_model_free(m);
}

/* ---- hostile files ---- */

static uint64_t random_state = 99;
static uint64_t next_random(uint64_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % n;
}

/* Opens, and where that works runs, whatever is there. Only the status counts: no signal, no hang. */
static void try_model(const char *path) {
    sn_model *m = NULL;
    sn_session *s = NULL;
    sn_session_options o = sn_session_defaults();
    int32_t tokens[2] = {0, 0};
    o.capacity = 8;
    o.n_threads = 1;
    o.memory_limit = 64 << 20;
    if (sn_model_open(path, &m) != SN_OK) return;
    if (sn_session_new(m, &o, &s) == SN_OK) (void)sn_session_append(s, 0, tokens, 2, 1, NULL, NULL);
    sn_session_free(s);
    sn_model_free(m);
}

static void corrupt(const char *file, const char *model, int rounds) {
    sn_map map;
    char path[256];
    snprintf(path, sizeof path, "%s", file);
    assert_ok(sn_map_open(path, &map));
    size_t size = map.size, head = size < 4096 ? size : 4096;
    unsigned char *original = malloc(size), *changed = malloc(size);
    memcpy(original, map.data, size);
    sn_map_close(&map);
    for (int i = 0; i < rounds; i++) {
        memcpy(changed, original, size);
        size_t n = i % 4 == 0 ? next_random(size) : size; /* every fourth is cut short */
        for (uint64_t k = next_random(8) + 1; k > 0; k--)
            changed[next_random(i % 2 ? head : size)] = (unsigned char)(next_random(4) ? next_random(256) : 255);
        assert_ok(sn_file_write(path, changed, n));
        try_model(model);
    }
    assert_ok(sn_file_write(path, original, size));
    free(original), free(changed);
}

static void write_checkpoint(const char *path) {
    enum { dim = 8, ffn = 16, layers = 1, heads = 2, vocab = 12, seq = 16 };
    int32_t header[7] = {dim, ffn, layers, heads, heads, vocab, seq};
    int n = vocab * dim + layers * (2 * dim + 4 * dim * dim + 3 * dim * ffn) + dim + seq * (dim / heads);
    float *all = malloc(sizeof header + (size_t)n * sizeof *all);
    memcpy(all, header, sizeof header);
    for (int i = 0; i < n; i++) all[7 + i] = (float)next_random(1000) / 1000 - 0.5f;
    assert_ok(sn_file_write(path, all, sizeof header + (size_t)n * sizeof *all));
    free(all);
}

static void corrupted_files_end_in_an_error(void **state) {
    (void)state;
    sn_model *m = NULL;
    char path[256];
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    sn_model_free(converted(m, "hostile.gguf", "q8_0"));
    sn_model_free(converted(m, "hostile", "f16"));
    sn_model_free(m);
    snprintf(path, sizeof path, "%s", at("hostile.bin"));
    write_checkpoint(path);
    assert_ok(sn_model_open(path, &m));
    sn_model_free(m);
    corrupt(path, path, 300);
    snprintf(path, sizeof path, "%s", at("hostile.gguf"));
    corrupt(path, path, 300);
    snprintf(path, sizeof path, "%s", at("hostile"));
    corrupt(at("hostile/model.safetensors"), path, 300);
    corrupt(at("hostile/config.json"), path, 300);
}

static volatile int cancelled;
static void cancel_at_once(void *user, int64_t done, int64_t total) {
    (void)user, (void)done, (void)total;
    cancelled = 1;
}

static void cancelling_leaves_nothing_behind(void **state) {
    (void)state;
    sn_model *m = NULL;
    sn_convert_options o = {.progress = cancel_at_once, .cancel = &cancelled};
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    assert_int_equal(sn_model_convert(m, at("cancelled.gguf"), &o), SN_ERR_CANCELLED);
    assert_int_equal(access(at("cancelled.gguf"), F_OK), -1);
    cancelled = 0;
    assert_int_equal(sn_model_convert(m, at("cancelled"), &o), SN_ERR_CANCELLED);
    assert_int_equal(access(at("cancelled"), F_OK), -1);
    sn_model_free(m);
}

static int n_files(const char *folder) {
    DIR *d = opendir(folder);
    int n = -2; /* . and .. */
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* An index and shards that stay would be read in place of the new file. */
static void models_never_mix_in_a_directory(void **state) {
    static const char *const others[] = {"model.safetensors.index.json", "model-00001-of-00002.safetensors",
                                         "config.json", "notes.txt"};
    (void)state;
    sn_model *m = NULL;
    char path[256];
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    snprintf(path, sizeof path, "%s", at("mixed"));
    assert_int_equal(mkdir(path, 0777), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char file[300];
        snprintf(file, sizeof file, "%s/%s", path, others[i]);
        assert_ok(sn_file_write(file, "old", 3));
        assert_int_equal(sn_model_convert(m, path, NULL), SN_ERR_ARGUMENT);
        assert_non_null(strstr(sn_last_error(), others[i]));
        assert_int_equal(n_files(path), 1);
        assert_int_equal(unlink(file), 0);
    }
    sn_model_free(converted(m, "mixed", "")); /* empty now */
    assert_int_equal(sn_model_convert(m, path, NULL), SN_ERR_ARGUMENT);
    sn_model_free(converted(m, "again.gguf", "f16"));
    sn_model_free(converted(m, "again.gguf", "f32")); /* one file takes the place of another */
    sn_model_free(m);
}

/* Whatever fails, a directory that was there stays empty and one that was not is gone. */
static void a_failed_directory_is_taken_back(void **state) {
    (void)state;
    sn_model *m = NULL;
    char there[256], gone[256];
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    snprintf(there, sizeof there, "%s", at("there"));
    snprintf(gone, sizeof gone, "%s", at("gone"));
    assert_int_equal(mkdir(there, 0777), 0);
    sn_status status = SN_ERR_MEMORY;
    for (int64_t i = 0; status != SN_OK; i += i < 100 ? 1 : 7) {
        const char *path = i % 2 ? there : gone;
        sn_alloc_fail_after(i);
        status = sn_model_convert(m, path, NULL);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_int_equal(n_files(there), 0);
        assert_int_equal(access(gone, F_OK), -1);
        assert_true(i < 100000);
    }
    sn_model_free(m);
}

/* Each allocation of opening and converting fails in turn. */
static void failing_allocations_are_survived(void **state) {
    (void)state;
    sn_model *m = NULL;
    char path[256], out[256];
    assert_ok(sn_model_synthetic("llama-tiny", SN_F32, 3, &m));
    sn_model_free(converted(m, "small.gguf", "q8_0"));
    sn_model_free(m);
    snprintf(path, sizeof path, "%s", at("small.gguf"));
    snprintf(out, sizeof out, "%s", at("out.gguf"));
    for (int64_t i = 0;; i += i < 100 ? 1 : 7) {
        m = NULL;
        sn_alloc_fail_after(i);
        sn_status status = sn_model_open(path, &m);
        if (status == SN_OK) status = sn_model_convert(m, out, NULL);
        sn_alloc_fail_after(-1);
        sn_model_free(m);
        if (status == SN_OK) break;
        if (status != SN_ERR_MEMORY) fail_msg("allocation %d: %s", (int)i, sn_last_error());
        assert_true(i < 100000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_type_is_written_and_read),
                                       cmocka_unit_test(mixtures_favour_what_suffers_most),
                                       cmocka_unit_test(short_rows_fall_back_and_say_so),
                                       cmocka_unit_test(quantized_models_pass_through_other_formats),
                                       cmocka_unit_test(bad_requests_are_refused),
                                       cmocka_unit_test(corrupted_files_end_in_an_error),
                                       cmocka_unit_test(cancelling_leaves_nothing_behind),
                                       cmocka_unit_test(models_never_mix_in_a_directory),
                                       cmocka_unit_test(a_failed_directory_is_taken_back),
                                       cmocka_unit_test(failing_allocations_are_survived)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
