/* Whole runs: every kind of run that is stopped and resumed ends in the same bytes as one that was not. */
#include "base/alloc.h"
#include "base/map.h"
#include "suan/model.h"
#include "train/config.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH = 512, MOST_KEYS = 32 };

static char folder[64];

static const char small[] =
    "tokenizer = \"byte\"; steps = 8; batch = 2; context = 16; save_every = 3; keep = 2; log_every = 2; threads = 2;\n"
    "val_every = 4; val_batches = 2; sample_every = 0; separator = \"###\";\n"
    "schedule = { kind = \"linear\"; warmup = 2; };";
static const char sizes[] = "model = { layers = 2; heads = 2; width = 16; };";

static const char *in_folder(const char *name) {
    static char path[4][PATH];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, PATH, "%s/%s", folder, name);
    return p;
}

static int set_up(void **state) {
    (void)state;
    /* In memory where there is such a place: every checkpoint is synced many times. */
    snprintf(folder, sizeof folder, "%s/suan_train_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder)) return 1;
    FILE *f = fopen(in_folder("text.txt"), "w");
    if (!f) return 1;
    for (int i = 0; i < 60; i++)
        fprintf(f, "Story %d: the %d cats met %d dogs.%s", i, i * 7 % 11, i * 5 % 13, i % 3 ? " " : "\n###\n");
    return fclose(f);
}

static int tear_down(void **state) {
    (void)state;
    char command[PATH];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static volatile int cancel;
static int64_t stop_at;
static void on_step(void *user, const sn_train_progress *p) {
    (void)user;
    if (p->step == stop_at) cancel = 2;
}

/* Runs with keys "a=1 b=2" into `out`; stop: cancelled after that step, 0: not. */
static sn_status run(const char *keys, const char *out, bool with_sizes, int64_t stop, bool resume,
                     sn_train_result *result) {
    char text[1024], copy[512], place[PATH], data[PATH];
    const char *override[MOST_KEYS];
    int n = 0;
    snprintf(text, sizeof text, "%s%s", small, with_sizes ? sizes : "");
    snprintf(copy, sizeof copy, "%s", keys);
    snprintf(place, sizeof place, "out=%s", in_folder(out));
    snprintf(data, sizeof data, "data=%s", in_folder("text.txt"));
    override[n++] = place;
    override[n++] = data;
    for (char *key = strtok(copy, " "); key; key = strtok(NULL, " ")) override[n++] = key;
    sn_train_config *c;
    sn_status status = sn_train_config_parse("run.conf", text, strlen(text), override, n, &c);
    if (status != SN_OK) return status;
    stop_at = stop ? stop : -1;
    cancel = 0;
    const sn_train_options o = {.resume = resume, .on_step = on_step, .cancel = &cancel};
    status = sn_train_run(c, &o, result);
    sn_train_config_free(c);
    return status;
}

static void assert_same_file(const char *a, const char *b, const char *name, const char *keys) {
    char path[2][PATH];
    sn_map map[2];
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], PATH, "%s/last/%s", in_folder(i ? b : a), name);
        if (sn_map_open(path[i], &map[i]) != SN_OK) fail_msg("%s: %s", keys, sn_last_error());
    }
    if (map[0].size != map[1].size || memcmp(map[0].data, map[1].data, map[0].size) != 0)
        fail_msg("%s: another %s after resuming", keys, name);
    for (int i = 0; i < 2; i++) sn_map_close(&map[i]);
}

static void check_resume(const char *keys, int number, bool with_sizes) {
    char whole[32], cut[32];
    sn_train_result r;
    snprintf(whole, sizeof whole, "whole%d", number);
    snprintf(cut, sizeof cut, "cut%d", number);
    if (run(keys, whole, with_sizes, 0, false, &r) != SN_OK) fail_msg("%s: %s", keys, sn_last_error());
    assert_int_equal(r.step, 8);
    assert_true(isfinite(r.loss));
    if (run(keys, cut, with_sizes, 5, false, &r) != SN_ERR_CANCELLED) fail_msg("%s: %s", keys, sn_last_error());
    assert_int_equal(r.step, 5);
    if (run(keys, cut, with_sizes, 0, true, &r) != SN_OK) fail_msg("%s: %s", keys, sn_last_error());
    assert_int_equal(r.step, 8);
    assert_same_file(whole, cut, "model.safetensors", keys);
    assert_same_file(whole, cut, "optimizer.safetensors", keys);
    if (strstr(keys, "average=")) assert_same_file(whole, cut, "average/model.safetensors", keys);
}

static void test_resumed_runs(void **state) {
    (void)state;
    static const char *const cases[] = {
        "dropout=0.2 average=0.9",
        "accumulate=3 order=random",
        "packing=separate",
        "order=text val_share=0",
        "optimizer.rule=tiger accumulate=2 bf16_momentum=true",
        "optimizer.rule=lion precision=bf16",
        "optimizer.rule=sgd optimizer.lr=0.1 recompute=true",
        "tokenizer=char model.family=gpt2 model.norm=layer model.ffn_kind=plain model.activation=gelu_tanh "
        "model.biases=true model.positions=learned",
        "tokenizer=train:bpe:300 extend=rerope:window=8",
        "model.layout=hwfa model.window=4 model.layers=3",
        "model.layout=hwfa2 model.window=4 model.full_layers=1 model.layers=3 model.qk=kna",
        "model.block=gau model.head_width=8 model.norm_place=post model.init=gau-alpha",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_resume(cases[i], (int)i, true);
}

/* From a GGUF, whose rotated pairs lie in another order than in the checkpoint. */
static void test_fine_tuning(void **state) {
    (void)state;
    char keys[2 * PATH], gguf[PATH];
    sn_train_result r;
    sn_model *m;
    assert_int_equal(run("", "base", true, 0, false, &r), SN_OK);
    assert_int_equal(sn_model_open(in_folder("base/last"), &m), SN_OK);
    snprintf(gguf, sizeof gguf, "%s", in_folder("base.gguf"));
    assert_int_equal(sn_model_convert(m, gguf, NULL), SN_OK);
    sn_model_free(m);
    snprintf(keys, sizeof keys, "init=%s extend=ntk:factor=2", gguf);
    check_resume(keys, 100, false);
}

static void test_failing_allocations(void **state) {
    (void)state;
    sn_train_result r;
    assert_int_equal(run("steps=2 val_every=1", "counted", true, 0, false, &r), SN_OK);
    for (int64_t n = 0, failed = 1; failed; n += n < 300 ? 11 : n / 4) {
        char command[PATH];
        sn_alloc_fail_after(n);
        sn_status status = run("steps=2 val_every=1", "starved", true, 0, false, &r);
        failed = status != SN_OK;
        sn_alloc_fail_after(-1);
        if (failed) assert_int_equal(status, SN_ERR_MEMORY);
        snprintf(command, sizeof command, "rm -rf '%s'", in_folder("starved"));
        assert_int_equal(system(command), 0);
    }
}

int main(void) {
    sn_train_config *c;
    if (sn_train_config_parse("x", "", 0, NULL, 0, &c) == SN_ERR_UNSUPPORTED) {
        print_message("train: skipped, this build has no libconfig\n");
        return 0;
    }
    sn_train_config_free(c);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resumed_runs), cmocka_unit_test(test_fine_tuning),
                                       cmocka_unit_test(test_failing_allocations)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
