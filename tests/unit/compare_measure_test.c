/* The comparison's bookkeeping on a stub: which tokens are read, where losses are counted, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/philox.h"
#include "file/json.h"
#include "study/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define assert_ok(expr)                                                                                                \
    do {                                                                                                               \
        if ((expr) != SN_OK) fail_msg("%s: %s", #expr, sn_last_error());                                               \
    } while (0)

#define assert_near(a, b, tolerance)                                                                                   \
    do {                                                                                                               \
        double near_a_ = (a), near_b_ = (b);                                                                           \
        if (!(fabs(near_a_ - near_b_) <= (tolerance))) fail_msg("%s is %.9g, not %.9g", #a, near_a_, near_b_);         \
    } while (0)

enum { n_ids = 3 * 12 + 1 };
static const int64_t lengths[] = {12, 4, 7, 4};

static sn_compare_options options(void) {
    sn_compare_options o = sn_compare_defaults();
    o.n_methods = 2;
    o.lengths = lengths;
    o.n_lengths = 4;
    o.windows = 3;
    o.score = 3;
    o.bucket = 5;
    return o;
}

/* Token t costs 100 * method + t, and the length of the context is noted by a fraction. */
typedef struct stub {
    int method, calls;
    int64_t length;
    bool fails;
} stub;

static sn_status stub_open(void *user, int method, int64_t length) {
    stub *s = user;
    s->method = method;
    s->length = length;
    return SN_OK;
}

static sn_status stub_losses(void *user, const int32_t *tokens, int64_t n, int64_t first, double *out) {
    stub *s = user;
    assert_int_equal(n, s->length);
    for (int64_t i = 0; i < n - first; i++)
        out[i] = 100.0 * s->method + tokens[first + 1 + i] + (double)s->length / 1024;
    return s->fails && s->calls++ == 3 ? SN_ERR_NUMERIC : SN_OK;
}

static sn_compare_data *measured(stub *s) {
    sn_compare_data *d = NULL;
    sn_compare_options o = options();
    int32_t ids[n_ids];
    for (int i = 0; i < n_ids; i++) ids[i] = i;
    assert_ok(sn_compare_data_new(&o, 8, &d));
    assert_ok(sn_compare_measure(d, ids, &(sn_compare_source){s, stub_open, stub_losses}));
    return d;
}

/* Windows follow each other; window w predicts tokens 12 w + 1 .. 12 w + 12, whose index there is 0 .. 11. */
static void losses_are_counted_where_they_belong(void **state) {
    (void)state;
    sn_compare_data *d = measured(&(stub){0});
    const sn_compare_result *r = &d->result;
    assert_int_equal(r->n_lengths, 3); /* sorted, doubles dropped */
    assert_int_equal(r->n_buckets, 3);
    for (int m = 0; m < 2; m++) {
        const sn_compare_method *method = &r->methods[m];
        static const int64_t length[] = {4, 7, 12}, from[] = {0, 5, 10}, to[] = {5, 10, 12};
        for (int i = 0; i < 3; i++) {
            /* the last 3 of each window are tokens 10, 11, 12 of the first, 12 more in the next */
            double expected = 100 * m + 11 + 12 + (double)length[i] / 1024;
            assert_int_equal(method->by_length[i].length, length[i]);
            assert_int_equal(method->by_length[i].tokens, 9);
            assert_near(method->by_length[i].loss, expected, 1e-9);
            assert_near(method->by_length[i].standard_error, 12 / sqrt(3), 1e-6); /* of -12, 0, 12 */
        }
        for (int b = 0; b < 3; b++) {
            double mean_token = (double)(from[b] + to[b] - 1) / 2 + 1 + 12;
            assert_int_equal(method->by_position[b].from, from[b]);
            assert_int_equal(method->by_position[b].to, to[b]);
            assert_int_equal(method->by_position[b].tokens, 3 * (to[b] - from[b]));
            assert_near(method->by_position[b].loss, 100 * m + mean_token + 12.0 / 1024, 1e-9);
        }
        assert_near(method->loss, 100 * m + 6.5 + 12 + 12.0 / 1024, 1e-9);
    }
    sn_compare_free(&d->result);
}

static void one_window_has_the_error_of_its_tokens(void **state) {
    (void)state;
    sn_compare_options o = options();
    int32_t ids[n_ids];
    for (int i = 0; i < n_ids; i++) ids[i] = i;
    o.windows = 1;
    sn_compare_data *d = NULL;
    stub s = {0};
    assert_ok(sn_compare_data_new(&o, 8, &d));
    assert_ok(sn_compare_measure(d, ids, &(sn_compare_source){&s, stub_open, stub_losses}));
    assert_near(d->methods[0].by_length[0].standard_error, 1 / sqrt(3), 1e-6); /* of 10, 11, 12 */
    sn_compare_free(&d->result);
}

static void failures_name_the_method(void **state) {
    (void)state;
    sn_compare_options o = options();
    int32_t ids[n_ids] = {0};
    sn_compare_data *d = NULL;
    stub s = {.fails = true};
    assert_ok(sn_compare_data_new(&o, 8, &d));
    d->methods[0].spec = "ntk:factor=4";
    assert_int_equal(sn_compare_measure(d, ids, &(sn_compare_source){&s, stub_open, stub_losses}), SN_ERR_NUMERIC);
    assert_non_null(strstr(sn_last_error(), "ntk:factor=4"));
    sn_compare_free(&d->result);
}

static void sizes_have_defaults_and_limits(void **state) {
    (void)state;
    sn_compare_data *d = NULL;
    sn_compare_options o = options();
    o.windows = o.score = o.bucket = 0;
    assert_ok(sn_compare_data_new(&o, 8, &d));
    assert_int_equal(d->result.windows, 4);
    assert_int_equal(d->result.bucket, 128);
    assert_int_equal(d->result.score, 2); /* half of 4, the smallest length */
    assert_int_equal(d->result.n_buckets, 1);
    sn_compare_free(&d->result);
    o.score = 5;
    assert_int_equal(sn_compare_data_new(&o, 8, &d), SN_ERR_ARGUMENT);
    assert_non_null(strstr(sn_last_error(), "5 tokens"));
    o = options();
    o.lengths = (const int64_t[]){1};
    o.n_lengths = 1;
    assert_int_equal(sn_compare_data_new(&o, 8, &d), SN_ERR_ARGUMENT);
    o = options();
    o.windows = -1;
    assert_int_equal(sn_compare_data_new(&o, 8, &d), SN_ERR_ARGUMENT);
}

/* ---- Files ---- */

static const char *scratch(const char *ending) {
    static char path[128];
    snprintf(path, sizeof path, "compare_measure_test_%d%s", (int)getpid(), ending);
    return path;
}

static const sn_json *at(const sn_json *array, int64_t i) {
    assert_non_null(array);
    assert_true(i < array->count);
    return &array->items[i];
}

static double number(const sn_json *object, const char *key) {
    double x = NAN;
    assert_ok(sn_json_get_f64(object, key, &x, NULL));
    return x;
}

static void json_has_the_fixed_form(void **state) {
    (void)state;
    sn_compare_data *d = measured(&(stub){0});
    const char *path = scratch(".json");
    sn_json_doc *doc = NULL;
    d->result.model = "a \"quoted\" name";
    d->methods[0].spec = "none";
    d->methods[1].spec = "leaky:window=128,factor=16";
    assert_ok(sn_compare_write_json(&d->result, path));
    assert_ok(sn_json_open(path, NULL, &doc));
    const sn_json *root = sn_json_root(doc), *methods = sn_json_get(root, "methods"), *second = at(methods, 1);
    sn_text text;
    assert_int_equal(root->count, 4);
    assert_ok(sn_json_get_text(root, "model", &text, NULL));
    assert_true(sn_text_is(text, "a \"quoted\" name"));
    assert_true(number(root, "train_length") == 8);
    assert_ok(sn_json_get_text(root, "unit", &text, NULL));
    assert_true(sn_text_is(text, "nats/token"));
    assert_int_equal(methods->count, 2);
    assert_int_equal(second->count, 3);
    assert_ok(sn_json_get_text(second, "spec", &text, NULL));
    assert_true(sn_text_is(text, "leaky:window=128,factor=16"));
    const sn_json *length = at(sn_json_get(second, "by_length"), 1),
                  *bucket = at(sn_json_get(second, "by_position"), 2);
    assert_int_equal(length->count, 4);
    assert_true(number(length, "length") == 7 && number(length, "tokens") == 9);
    assert_true(number(length, "loss") == d->methods[1].by_length[1].loss);
    assert_true(number(length, "stderr") == d->methods[1].by_length[1].standard_error);
    assert_int_equal(bucket->count, 4);
    assert_true(number(bucket, "from") == 10 && number(bucket, "to") == 12 && number(bucket, "tokens") == 6);
    assert_true(number(bucket, "loss") == d->methods[1].by_position[2].loss);
    sn_json_free(doc);
    unlink(path);
    sn_compare_free(&d->result);
}

static void csv_has_a_row_for_each_number(void **state) {
    (void)state;
    sn_compare_data *d = measured(&(stub){0});
    const char *path = scratch(".csv");
    char line[256];
    int rows = 0, quoted = 0;
    d->methods[1].spec = "leaky:window=128,factor=16";
    assert_ok(sn_compare_write_csv(&d->result, path));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); rows++) quoted += strncmp(line, "\"leaky:window=128,factor=16\",", 29) == 0;
    fclose(file);
    assert_int_equal(rows, 1 + 2 * 6);
    assert_int_equal(quoted, 6);
    unlink(path);
    sn_compare_free(&d->result);
}

static void a_picture_is_drawn_and_bad_names_are_refused_early(void **state) {
    (void)state;
    sn_compare_data *d = measured(&(stub){0});
    const char *path = scratch(".svg");
    d->methods[0].spec = "none";
    d->methods[1].spec = "pi:factor=4";
    assert_ok(sn_compare_check_path(path, true));
    assert_ok(sn_compare_write_plot(&d->result, path));
    assert_int_equal(access(path, R_OK), 0);
    unlink(path);
    sn_compare_free(&d->result);
    assert_int_equal(sn_compare_check_path("x.jpg", true), SN_ERR_UNSUPPORTED);
    assert_int_equal(sn_compare_check_path("no/such/folder/x.svg", true), SN_ERR_IO);
    assert_int_equal(sn_compare_check_path("/", false), SN_ERR_IO);
    assert_ok(sn_compare_check_path("x.json", false));
}

/* ---- Losses ---- */

static void a_loss_is_the_negative_log_of_the_softmax(void **state) {
    (void)state;
    enum { most = 1003 };
    static float x[most];
    static const int sizes[] = {1, 2, 7, 8, 9, 100, most};
    for (int k = 0; k < 7; k++)
        for (int spread = 1; spread < 200; spread *= 5) {
            double sum = 0;
            int n = sizes[k];
            for (int i = 0; i < n; i++) {
                x[i] = (float)((sn_uniform_f64(3, (uint64_t)spread, (uint64_t)i) - 0.3) * spread);
                sum += exp((double)x[i]);
            }
            for (int target = 0; target < n; target += 1 + n / 5)
                assert_near(sn_token_loss(x, n, target), log(sum) - (double)x[target], 1e-6 * (1 + spread));
        }
    x[5] = NAN;
    assert_true(isnan(sn_token_loss(x, 100, 1)));
    x[5] = INFINITY;
    assert_true(isnan(sn_token_loss(x, 100, 1)));
    x[5] = -3e38F; /* far below: no part in the sum, a large finite loss of its own */
    assert_true(isfinite(sn_token_loss(x, 100, 1)));
    assert_true(sn_token_loss(x, 100, 5) > 1e38);
}

/* ---- Documents ---- */

/* A llama2.c vocabulary of 16 pieces without byte pieces: a line break is id 10 + 3. */
static sn_tokenizer *letters(void) {
    static const char *const pieces[] = {"<unk>", "\n<s>\n", "\n</s>\n", " ", "a", "b", "c", "<",
                                         ">",     "|",       "d",        "e", "f", "g", "h", "."};
    const char *path = scratch(".bin");
    FILE *file = fopen(path, "wb");
    int32_t longest = 6;
    sn_tokenizer *t = NULL;
    assert_non_null(file);
    fwrite(&longest, 4, 1, file);
    for (int i = 0; i < 16; i++) {
        float score = 0;
        int32_t size = (int32_t)strlen(pieces[i]);
        fwrite(&score, 4, 1, file);
        fwrite(&size, 4, 1, file);
        fwrite(pieces[i], 1, (size_t)size, file);
    }
    fclose(file);
    assert_ok(sn_tokenizer_open(path, &t));
    unlink(path);
    return t;
}

static void check_documents(const sn_tokenizer *t, const char *text, const char *separator, int64_t max_tokens,
                            const int32_t *expected, int64_t n_expected, int64_t documents) {
    int32_t *ids = NULL;
    int64_t n = 0, n_documents = 0;
    assert_ok(sn_documents_encode(t, text, strlen(text), separator, max_tokens, &ids, &n, &n_documents));
    assert_int_equal(n, n_expected);
    assert_int_equal(n_documents, documents);
    if (n > 0) assert_memory_equal(ids, expected, (size_t)n * sizeof *ids);
    sn_ids_free(ids);
}

static void documents_begin_with_bos(void **state) {
    (void)state;
    sn_tokenizer *t = letters();
    static const char text[] = "\nab\n<|>\n  c\na <|><|>\n \n<|>b";
    static const int32_t all[] = {1, 3, 4, 5, 1, 3, 6, 13, 4, 1, 3, 5};
    check_documents(t, text, "<|>", 0, all, 12, 3);
    check_documents(t, text, "<|>", 4, all, 4, 1); /* whole documents until there are enough */
    check_documents(t, text, "<|>", 5, all, 9, 2);
    check_documents(t, "a<|>b", "", 0, (const int32_t[]){1, 3, 4, 7, 9, 8, 5}, 7, 1);
    check_documents(t, "a<|>b", NULL, 0, (const int32_t[]){1, 3, 4, 7, 9, 8, 5}, 7, 1);
    check_documents(t, " \n", "<|>", 0, NULL, 0, 0);
    check_documents(t, "", NULL, 0, NULL, 0, 0);
    sn_tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_counted_where_they_belong),
        cmocka_unit_test(one_window_has_the_error_of_its_tokens),
        cmocka_unit_test(failures_name_the_method),
        cmocka_unit_test(sizes_have_defaults_and_limits),
        cmocka_unit_test(json_has_the_fixed_form),
        cmocka_unit_test(csv_has_a_row_for_each_number),
        cmocka_unit_test(a_picture_is_drawn_and_bad_names_are_refused_early),
        cmocka_unit_test(a_loss_is_the_negative_log_of_the_softmax),
        cmocka_unit_test(documents_begin_with_bos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
