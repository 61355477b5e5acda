/* The language-model objective: its value against a session's, its gradient against differences, parts, recomputation,
 * dropout, and that training lowers it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study/loss.h"
#include "suan/model.h"
#include "suan/session.h"
#include "train/objective_lm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 3, CONTEXT = 24, ROWS = BATCH * CONTEXT, MOST_PARAMS = 64 };

/* A model, one batch of it, its parameters. */
typedef struct fixture {
    sn_model *model;
    int32_t tokens[ROWS], targets[ROWS], sequences[4 * BATCH], positions[ROWS];
    sn_batch batch;
    sn_source source;
    sn_train_param params[MOST_PARAMS];
    int64_t n_params;
    sn_arena arena;
    sn_lm_objective *lm;
} fixture;

static sn_status fill_same(void *user, int64_t index) {
    (void)user, (void)index;
    return SN_OK;
}

static void add_item(fixture *f, const char *name, int n_dims, int64_t rows, const int32_t *data) {
    f->batch.item[f->batch.n].name = name;
    f->batch.item[f->batch.n++].tensor = sn_tensor_make(SN_I32, n_dims, (int64_t[]){rows, 4}, data);
}

static void fixture_init(fixture *f, const sn_lm_options *options) {
    memset(f, 0, sizeof *f);
    assert_int_equal(sn_model_synthetic("llama-tiny", SN_F32, 3, &f->model), SN_OK);
    if (sn_model_thaw(f->model) != SN_OK) fail_msg("%s", sn_last_error());
    for (int i = 0; i < ROWS; i++) {
        f->tokens[i] = (i * 37 + i / 5) % 96;
        f->targets[i] = (i * 11 + 4) % 96;
        f->positions[i] = i % CONTEXT;
    }
    for (int b = 0; b < BATCH; b++) {
        const int32_t s[4] = {b * CONTEXT, CONTEXT, 0, b * CONTEXT};
        memcpy(f->sequences + 4 * b, s, sizeof s);
    }
    f->targets[5] = f->targets[40] = -1;
    add_item(f, "tokens", 1, ROWS, f->tokens);
    add_item(f, "targets", 1, ROWS, f->targets);
    add_item(f, "sequences", 2, BATCH, f->sequences);
    add_item(f, "positions", 1, ROWS, f->positions);
    f->source = (sn_source){.name = "one batch", .batch = &f->batch, .n_items = ROWS, .fill = fill_same};
    sn_model_param *list;
    assert_int_equal(sn_model_params(f->model, &f->arena, &list, &f->n_params), SN_OK);
    assert_true(f->n_params <= MOST_PARAMS);
    for (int64_t i = 0; i < f->n_params; i++)
        f->params[i] = (sn_train_param){list[i].name, list[i].kind, list[i].value};
    if (sn_lm_objective_new(f->model, options, &f->lm) != SN_OK) fail_msg("%s", sn_last_error());
}

static void fixture_free(fixture *f) {
    sn_lm_objective_free(f->lm);
    sn_arena_free(&f->arena);
    sn_model_free(f->model);
}

static sn_stepper *stepper_of(fixture *f, const char *rule, sn_stepper_options o) {
    sn_stepper *s = NULL;
    sn_step_entry e = {.objective = sn_lm_objective_get(f->lm),
                       .source = &f->source,
                       .rule = sn_rule_find(rule),
                       .schedule = {.name = "constant", .peak = 1e-3, .steps = 1000}};
    sn_rule_defaults(e.rule, e.settings);
    if (strcmp(rule, "sgd") == 0) e.settings[0] = 0;
    if (sn_stepper_new(f->params, f->n_params, &e, 1, &o, &s) != SN_OK) fail_msg("%s", sn_last_error());
    return s;
}

static double loss_of(sn_stepper *s, const fixture *f) {
    double loss;
    if (sn_stepper_evaluate(s, 0, &f->source, 0, 1, &loss) != SN_OK) fail_msg("%s", sn_last_error());
    return loss;
}

static sn_lm_options plain(void) { return (sn_lm_options){.batch = BATCH, .context = CONTEXT}; }

typedef struct scorer {
    const int32_t *targets;
    double sum;
    int64_t n;
} scorer;

static sn_status score_row(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    scorer *s = user;
    if (s->targets[index] < 0) return SN_OK;
    s->sum += sn_token_loss(logits, n_vocab, s->targets[index]);
    s->n++;
    return SN_OK;
}

static void the_loss_is_that_of_a_session(void **state) {
    const char *const specs[] = {NULL, "rerope:window=8", "leaky:window=8,factor=4", "ntk:factor=2+logn"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        sn_extend *extend = NULL;
        fixture f;
        if (specs[i]) assert_int_equal(sn_extend_parse(specs[i], &extend), SN_OK);
        sn_lm_options options = plain();
        options.extend = extend;
        fixture_init(&f, &options);
        sn_stepper *s = stepper_of(&f, "sgd", (sn_stepper_options){.n_threads = 1});
        sn_session *session;
        sn_session_options so = sn_session_defaults();
        so.capacity = CONTEXT;
        so.n_threads = 1;
        so.extend = extend;
        assert_int_equal(sn_session_new(f.model, &so, &session), SN_OK);
        scorer total = {.sum = 0};
        for (int b = 0; b < BATCH; b++) {
            total.targets = f.targets + b * CONTEXT;
            assert_int_equal(sn_session_truncate(session, 0, 0), SN_OK);
            assert_int_equal(sn_session_append(session, 0, f.tokens + b * CONTEXT, CONTEXT, 2, score_row, &total),
                             SN_OK);
        }
        double got = loss_of(s, &f), want = total.sum / (double)total.n;
        assert_true(total.n == ROWS - 2);
        if (!(fabs(got - want) < 1e-5)) fail_msg("%s: %.8g, not %.8g", specs[i] ? specs[i] : "own", got, want);
        sn_session_free(session);
        sn_stepper_free(s);
        fixture_free(&f);
        sn_extend_free(extend);
    }
}

/* A step of plain descent changes each parameter by -rate gradient: against differences in single parameters. */
static void descent_follows_the_slope(void **state) {
    fixture f;
    (void)state;
    sn_lm_options options = plain();
    fixture_init(&f, &options);
    sn_stepper *s = stepper_of(&f, "sgd", (sn_stepper_options){.n_threads = 1});
    double slope[MOST_PARAMS];
    for (int64_t i = 0; i < f.n_params; i++) {
        float *p = f.params[i].value.data, kept = p[7];
        const float h = 4e-3f;
        p[7] = kept + h;
        double up = loss_of(s, &f);
        p[7] = kept - h;
        double down = loss_of(s, &f);
        p[7] = kept;
        slope[i] = (up - down) / (2 * (double)h);
    }
    float before[MOST_PARAMS];
    for (int64_t i = 0; i < f.n_params; i++) before[i] = ((float *)f.params[i].value.data)[7];
    sn_step_result r;
    for (int64_t i = 0; i < f.n_params; i++) assert_true(f.params[i].value.dtype == SN_F32);
    assert_int_equal(sn_stepper_run(s, 0, &r), SN_OK);
    for (int64_t i = 0; i < f.n_params; i++) {
        double got = ((double)before[i] - (double)((float *)f.params[i].value.data)[7]) / 1e-3;
        if (!(fabs(got - slope[i]) < 2e-3 + 0.02 * fabs(slope[i])))
            fail_msg("%s: gradient %g, differences give %g", f.params[i].name, got, slope[i]);
    }
    sn_stepper_free(s);
    fixture_free(&f);
}

/* All parameters after three steps, in one block. */
static float *trained(sn_lm_options options, sn_stepper_options o, int64_t *n, sn_stepper_memory *memory) {
    fixture f;
    fixture_init(&f, &options);
    o.n_threads = 1;
    sn_stepper *s = stepper_of(&f, "adamw", o);
    sn_step_result r;
    for (int64_t i = 0; i < 3; i++) assert_int_equal(sn_stepper_run(s, i, &r), SN_OK);
    *memory = sn_stepper_memory_get(s);
    *n = 0;
    float *all = malloc((size_t)memory->param_bytes);
    for (int64_t i = 0; i < f.n_params; i++) {
        int64_t count = sn_tensor_count(&f.params[i].value);
        memcpy(all + *n, f.params[i].value.data, (size_t)count * sizeof(float));
        *n += count;
    }
    sn_stepper_free(s);
    fixture_free(&f);
    return all;
}

static void recomputation_changes_no_bit(void **state) {
    int64_t n;
    sn_stepper_memory kept, again;
    sn_lm_options options = plain();
    (void)state;
    options.dropout = 0.1;
    options.seed = 5;
    float *a = trained(options, (sn_stepper_options){.accumulate = 2}, &n, &kept);
    float *b = trained(options, (sn_stepper_options){.accumulate = 2, .recompute = true}, &n, &again);
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
    print_message("activations: %lld bytes kept, %lld computed again\n", (long long)kept.activation_bytes,
                  (long long)again.activation_bytes);
    assert_true(3 * again.activation_bytes < 2 * kept.activation_bytes);
    options.seed = 6;
    float *c = trained(options, (sn_stepper_options){.accumulate = 2}, &n, &kept);
    assert_true(memcmp(a, c, (size_t)n * sizeof *a) != 0);
    free(a);
    free(b);
    free(c);
}

/* All blocks but the last, whose values the backward pass needs first. */
static void the_last_block_is_not_computed_again(void **state) {
    fixture f;
    sn_lm_options options = plain();
    (void)state;
    fixture_init(&f, &options);
    sn_stepper *s = stepper_of(&f, "adamw", (sn_stepper_options){.recompute = true, .profile = true, .n_threads = 1});
    sn_step_result r;
    sn_step_profile rows[64];
    assert_int_equal(sn_stepper_run(s, 0, &r), SN_OK);
    int64_t n = sn_stepper_profile(s, rows, 64), count = 0;
    for (int64_t i = 0; i < n; i++) count += strcmp(rows[i].op, "attention") == 0 ? rows[i].count : 0;
    assert_int_equal(count, 2 * sn_model_get_config(f.model)->n_layers - 1);
    sn_stepper_free(s);
    fixture_free(&f);
}

/* Parts of 7 rows, of which one has no target at all. */
static void parts_of_the_head_add_up(void **state) {
    fixture f;
    double loss[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        sn_lm_options options = plain();
        options.logit_bytes = i ? 7 * 96 * 4 : 0;
        fixture_init(&f, &options);
        for (int k = 21; k < 28; k++) f.targets[k] = -1;
        sn_stepper *s = stepper_of(&f, "sgd", (sn_stepper_options){.n_threads = 1});
        sn_step_result r;
        assert_int_equal(sn_stepper_run(s, 0, &r), SN_OK);
        assert_true(r.finite);
        loss[i] = loss_of(s, &f);
        sn_stepper_free(s);
        fixture_free(&f);
    }
    assert_true(fabs(loss[0] - loss[1]) < 1e-5);
}

static void training_lowers_it(void **state) {
    static const char *const rules[] = {"adamw", "tiger"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        fixture f;
        sn_lm_options options = plain();
        fixture_init(&f, &options);
        sn_stepper *s = stepper_of(&f, rules[i], (sn_stepper_options){.n_threads = 2});
        sn_step_result r;
        double before = loss_of(s, &f);
        for (int64_t step = 0; step < 60; step++) assert_int_equal(sn_stepper_run(s, step, &r), SN_OK);
        double after = loss_of(s, &f);
        print_message("%s: %.3f to %.3f\n", rules[i], before, after);
        assert_true(after < before - 0.5);
        sn_stepper_free(s);
        fixture_free(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_is_that_of_a_session), cmocka_unit_test(descent_follows_the_slope),
        cmocka_unit_test(recomputation_changes_no_bit),  cmocka_unit_test(the_last_block_is_not_computed_again),
        cmocka_unit_test(parts_of_the_head_add_up),      cmocka_unit_test(training_lowers_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
