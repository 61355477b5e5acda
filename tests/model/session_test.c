/* Sessions: several sequences, cache types, truncation, limits, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "model_common.h"

enum { length = 60 };

static sn_model *model;
static int32_t tokens[4][length];

static int setup(void **state) {
    (void)state;
    if (sn_model_synthetic("llama-tiny", SN_F32, 5, &model) != SN_OK) return -1;
    for (int i = 0; i < 4; i++) random_tokens(40 + (uint64_t)i, model->config.n_vocab, tokens[i], length);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    sn_model_free(model);
    return 0;
}

static sn_session *session(sn_session_options o) {
    sn_session *s = NULL;
    assert_ok(sn_session_new(model, &o, &s));
    return s;
}

static sn_session_options options(void) {
    sn_session_options o = sn_session_defaults();
    o.capacity = length;
    o.n_threads = 1;
    return o;
}

static double distance(const float *a, const float *b, int64_t n) {
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    return worst;
}

/* Sequences of different lengths, stepped together, give what each gives alone. */
static void a_ragged_batch_gives_what_each_sequence_gives_alone(void **state) {
    (void)state;
    static const int prompt[4] = {1, 7, 20, 3};
    sn_session_options o = options();
    float *alone[4];
    for (int i = 0; i < 4; i++) alone[i] = chunked_logits(model, &o, tokens[i], length, (const int[]){1}, 1);
    o.n_sequences = 4;
    sn_session *s = session(o);
    for (int i = 0; i < 4; i++) assert_ok(sn_session_append(s, i, tokens[i], prompt[i], 1, NULL, NULL));
    for (int step = 0; step < 30; step++) {
        int seqs[4], n = 0;
        int32_t next[4];
        for (int i = 3; i >= 0; i--) {
            if ((step + i) % 3 == 0) continue; /* not all of them every time */
            seqs[n] = i;
            next[n++] = tokens[i][sn_session_length(s, i)];
        }
        assert_ok(sn_session_step(s, seqs, next, n));
        for (int k = 0; k < n; k++) {
            int64_t at = sn_session_length(s, seqs[k]) - 1, v = model->config.n_vocab;
            assert_true(distance(sn_session_logits(s, seqs[k]), alone[seqs[k]] + at * v, v) < 1e-5);
        }
    }
    sn_session_free(s);
    for (int i = 0; i < 4; i++) free(alone[i]);
}

static void truncation_forgets(void **state) {
    (void)state;
    sn_session_options o = options();
    float *expected = chunked_logits(model, &o, tokens[0], length, (const int[]){length}, 1);
    sn_session *s = session(o);
    assert_ok(sn_session_append(s, 0, tokens[0], 25, 1, NULL, NULL));
    assert_ok(sn_session_append(s, 0, tokens[1], 20, 1, NULL, NULL));
    assert_ok(sn_session_truncate(s, 0, 25));
    assert_null(sn_session_logits(s, 0));
    assert_ok(sn_session_append(s, 0, tokens[0] + 25, length - 25, 1, NULL, NULL));
    int64_t v = model->config.n_vocab;
    assert_true(distance(sn_session_logits(s, 0), expected + (length - 1) * v, v) < 1e-5);
    assert_int_equal(sn_session_truncate(s, 0, length + 1), SN_ERR_ARGUMENT);
    sn_session_free(s);
    free(expected);
}

/* The largest of 60000 differences, relative to the spread of the logits. One rounding of keys and values has a
 * relative size of about 2e-4 (f16), 1.6e-3 (bf16) and 6e-3 (q8_0: the block's maximum / 127 / sqrt 12). */
static void small_caches_stay_close(void **state) {
    (void)state;
    static const struct {
        sn_dtype dtype;
        double limit;
    } kinds[] = {{SN_F16, 5e-3}, {SN_BF16, 4e-2}, {SN_Q8_0, 0.1}};
    sn_model *wide = NULL;
    int32_t ids[length];
    assert_ok(sn_model_synthetic("llama-256", SN_F32, 5, &wide));
    random_tokens(9, wide->config.n_vocab, ids, length);
    sn_session_options o = options();
    o.exact_f32 = true;
    float *exact = chunked_logits(wide, &o, ids, length, (const int[]){20, 1}, 2);
    int64_t n = length * wide->config.n_vocab;
    double square = 0;
    for (int64_t i = 0; i < n; i++) square += (double)exact[i] * (double)exact[i];
    double spread = sqrt(square / (double)n);
    for (int i = 0; i < 3; i++) {
        o.key_type = o.value_type = kinds[i].dtype;
        float *got = chunked_logits(wide, &o, ids, length, (const int[]){20, 1}, 2);
        double worst = distance(got, exact, n) / spread;
        if (!(worst < kinds[i].limit)) fail_msg("%s cache: %g of the spread", sn_dtype_name(kinds[i].dtype), worst);
        assert_true(worst > 0);
        free(got);
    }
    free(exact);
    sn_model_free(wide);
}

static void a_full_context_is_an_error_and_nothing_is_cut(void **state) {
    (void)state;
    sn_session_options o = options();
    o.capacity = 10;
    sn_session *s = session(o);
    assert_int_equal(sn_session_append(s, 0, tokens[0], 11, 1, NULL, NULL), SN_ERR_LIMIT);
    assert_int_equal(sn_session_length(s, 0), 0);
    assert_ok(sn_session_append(s, 0, tokens[0], 10, 1, NULL, NULL));
    int seq = 0;
    assert_int_equal(sn_session_step(s, &seq, tokens[0], 1), SN_ERR_LIMIT);
    assert_int_equal(sn_session_length(s, 0), 10);
    sn_session_free(s);
}

static void bad_requests_are_refused(void **state) {
    (void)state;
    sn_session_options o = options();
    sn_session *s = session(o), *none = NULL;
    int32_t bad = (int32_t)model->config.n_vocab;
    assert_int_equal(sn_session_append(s, 0, &bad, 1, 1, NULL, NULL), SN_ERR_ARGUMENT);
    bad = -1;
    assert_int_equal(sn_session_append(s, 0, &bad, 1, 1, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_session_append(s, 1, tokens[0], 1, 1, NULL, NULL), SN_ERR_ARGUMENT);
    assert_int_equal(sn_session_step(s, (const int[]){0, 0}, tokens[0], 2), SN_ERR_ARGUMENT);
    sn_session_free(s);
    o.key_type = SN_Q4_0;
    assert_int_equal(sn_session_new(model, &o, &none), SN_ERR_ARGUMENT);
    o = options();
    o.key_type = SN_Q8_0; /* heads of 8 */
    assert_int_equal(sn_session_new(model, &o, &none), SN_ERR_ARGUMENT);
    o = options();
    o.capacity = INT64_MAX / 2;
    assert_int_equal(sn_session_new(model, &o, &none), SN_ERR_LIMIT);
    o.capacity = -1;
    assert_int_equal(sn_session_new(model, &o, &none), SN_ERR_ARGUMENT);
    assert_null(none);
}

static void memory_is_refused_with_numbers(void **state) {
    (void)state;
    sn_session_options o = options();
    sn_session *s = NULL;
    o.capacity = 100000;
    o.memory_limit = 1 << 20;
    assert_int_equal(sn_session_new(model, &o, &s), SN_ERR_LIMIT);
    assert_non_null(strstr(sn_last_error(), "1.0 MiB are allowed"));
    o.memory_limit = 0;
    o.capacity = 1LL << 30; /* 400 GiB of cache: more than is there, and found out without touching it */
    assert_int_equal(sn_session_new(model, &o, &s), SN_ERR_LIMIT);
    assert_non_null(strstr(sn_last_error(), "available"));
    s = session(options());
    sn_session_memory m = sn_session_memory_get(s);
    int64_t cache = 2 * 4 * model->config.n_layers * length * model->config.n_kv_heads * model->config.d_head;
    assert_int_equal(m.cache_bytes, cache);
    assert_true(m.weight_bytes > 0 && m.work_bytes > 0 && m.table_bytes > 0);
    sn_session_free(s);
}

static volatile int cancelled;

static sn_status cancel_after_some(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    (void)user, (void)logits, (void)n_vocab;
    if (index == 12) cancelled = 1;
    return SN_OK;
}

static void cancelling_stops_between_chunks(void **state) {
    (void)state;
    sn_session_options o = options();
    o.cancel = &cancelled;
    o.chunk = 10;
    cancelled = 0;
    sn_session *s = session(o);
    assert_int_equal(sn_session_append(s, 0, tokens[0], 50, 2, cancel_after_some, NULL), SN_ERR_CANCELLED);
    assert_int_equal(sn_session_length(s, 0), 20);
    cancelled = 0;
    assert_ok(sn_session_append(s, 0, tokens[0] + 20, 40, 1, NULL, NULL));
    sn_session_free(s);
}

/* Decoding takes nothing from the system once its plans are there. */
static void steady_decoding_allocates_nothing(void **state) {
    (void)state;
    sn_session *s = session(options());
    assert_ok(sn_session_append(s, 0, tokens[0], 20, 1, NULL, NULL));
    assert_ok(sn_session_append(s, 0, tokens[0] + 20, 1, 1, NULL, NULL));
    sn_alloc_fail_after(-1);
    int64_t before = sn_alloc_count();
    for (int i = 21; i < length; i++) assert_ok(sn_session_append(s, 0, tokens[0] + i, 1, 1, NULL, NULL));
    assert_int_equal(sn_alloc_count(), before);
    sn_session_free(s);
}

/* Each allocation of a session's life fails in turn: an error, no leak, no crash. */
static void failing_allocations_are_survived(void **state) {
    (void)state;
    sn_session_options o = options();
    for (int64_t i = 0;; i++) {
        sn_session *s = NULL;
        sn_alloc_fail_after(i);
        sn_status status = sn_session_new(model, &o, &s);
        if (status == SN_OK) status = sn_session_append(s, 0, tokens[0], 5, 1, NULL, NULL);
        sn_alloc_fail_after(-1);
        sn_session_free(s);
        if (status == SN_OK) break;
        assert_int_equal(status, SN_ERR_MEMORY);
        assert_true(i < 20000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_ragged_batch_gives_what_each_sequence_gives_alone),
                                       cmocka_unit_test(truncation_forgets),
                                       cmocka_unit_test(small_caches_stay_close),
                                       cmocka_unit_test(a_full_context_is_an_error_and_nothing_is_cut),
                                       cmocka_unit_test(bad_requests_are_refused),
                                       cmocka_unit_test(memory_is_refused_with_numbers),
                                       cmocka_unit_test(cancelling_stops_between_chunks),
                                       cmocka_unit_test(steady_decoding_allocates_nothing),
                                       cmocka_unit_test(failing_allocations_are_survived)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
