#include "train/learner.h"

#include "base/error.h"
#include "base/path.h"
#include "model/params.h"
#include "token/export.h"
#include "train/vocabulary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* ---- Model and vocabulary ---- */

/* Fine-tuned and resumed models are opened, others made once the vocabulary is known. */
static sn_status open_model(sn_learner *t, const sn_learner_options *o) {
    const char *path = o->checkpoint ? o->checkpoint : t->config->init;
    if (!path[0]) return SN_OK;
    sn_status status = sn_model_open(path, &t->model);
    if (status != SN_OK) return sn_fail_in(status, o->checkpoint ? "resume" : "init");
    return o->measure_only ? sn_model_thaw_undrawn(t->model) : sn_model_thaw(t->model);
}

static sn_status make_model(sn_learner *t, const sn_learner_options *o) {
    const sn_train_config *c = t->config;
    const sn_model_keys *k = &c->model;
    sn_model_config m;
    sn_model_init init = {.scheme = k->init[0] ? k->init : NULL,
                          .std = k->init_std,
                          .name = k->name[0] ? k->name : NULL,
                          .undrawn = o->measure_only};
    SN_TRY(sn_model_from_keys(c, sn_tokenizer_n_tokens(t->tokenizer), &t->arena, &m));
    sn_status status = sn_model_create(&m, &init, (uint64_t)c->seed, &t->model);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s", c->source);
}

static sn_status check_vocabulary(const sn_learner *t) {
    int64_t ids = sn_tokenizer_n_tokens(t->tokenizer), rows = sn_model_get_config(t->model)->n_vocab;
    if (ids <= rows) return SN_OK;
    return sn_train_config_fail(t->config, "tokenizer", "%" PRId64 " tokens, but the model of init has %" PRId64, ids,
                                rows);
}

/* The tokenizer the configuration names belongs to the model from here on. */
static sn_status prepare_model(sn_learner *t, const sn_learner_options *o) {
    const sn_train_config *c = t->config;
    sn_tokenizer *own = NULL;
    SN_TRY(open_model(t, o));
    if (c->tokenizer[0] || !c->init[0]) {
        SN_TRY(sn_train_vocabulary(c, o->cancel, &own));
        t->tokenizer = own;
    }
    sn_status status = t->model ? SN_OK : make_model(t, o);
    if (status != SN_OK) {
        sn_tokenizer_free(own);
        return status;
    }
    if (own) sn_model_give_tokenizer(t->model, own);
    SN_TRY(sn_model_tokenizer(t->model, &t->tokenizer));
    status = sn_tokenizer_check_folder(t->tokenizer);
    if (status != SN_OK)
        return sn_fail_in(status, "%s: tokenizer: a checkpoint could not keep this vocabulary", c->source);
    return check_vocabulary(t);
}

/* ---- Data ---- */

static sn_status open_batches(sn_learner *t, const sn_token_range *range, bool training, int64_t n_sequences,
                              sn_token_batches **out) {
    const sn_train_config *c = t->config;
    sn_token_source_options o = {
        c->batch,          c->context, (sn_packing)c->packing, training ? (sn_order)c->order : SN_ORDER_SEQUENTIAL,
        (uint64_t)c->seed, n_sequences};
    return sn_token_batches_new(range, &o, out);
}

static int64_t count_sequences(const sn_token_batches *b) {
    const sn_batch *batch = sn_token_batches_source(b)->batch;
    for (int i = 0; i < batch->n; i++)
        if (strcmp(batch->item[i].name, "sequences") == 0) return batch->item[i].tensor.shape[0];
    return 0;
}

/* Batches of both ranges, of one shape: packed rows may hold more documents in one than in the other. */
static sn_status open_both(sn_learner *t) {
    SN_TRY(open_batches(t, &t->train, true, 0, &t->train_batches));
    if (t->config->val_share == 0) return SN_OK;
    SN_TRY(open_batches(t, &t->validation, false, count_sequences(t->train_batches), &t->val_batches));
    int64_t n = count_sequences(t->val_batches);
    if (n == count_sequences(t->train_batches)) return SN_OK;
    sn_token_batches_free(t->train_batches);
    t->train_batches = NULL;
    return open_batches(t, &t->train, true, n, &t->train_batches);
}

static sn_status prepare_data(sn_learner *t, const sn_learner_options *o) {
    const sn_train_config *c = t->config;
    char path[SN_PATH_SIZE];
    sn_data_options d = {.separator = c->separator, .team = t->team, .cancel = o->cancel};
    SN_TRY(sn_path_join(c->out, "tokens.bin", path));
    SN_TRY(sn_data_prepare(&c->data, 1, t->tokenizer, &d, path, &t->tokens, NULL));
    t->state.data = t->tokens.origin.content;
    t->state.tokenizer = t->tokens.origin.tokenizer;
    SN_TRY(sn_data_split(&t->tokens, c->val_share, &t->train, &t->validation));
    return open_both(t);
}

static sn_status check_resumed(const sn_learner *t, const sn_run_state *then) {
    if (then->data != t->state.data)
        return sn_train_config_fail(t->config, "data", "these are not the texts the run was begun with");
    if (then->tokenizer != t->state.tokenizer)
        return sn_train_config_fail(t->config, "tokenizer", "this is not the vocabulary the run was begun with");
    return SN_OK;
}

/* ---- Objective and stepper ---- */

static sn_status list_params(sn_learner *t) {
    sn_model_param *list;
    SN_TRY(sn_model_params(t->model, &t->arena, &list, &t->n_params));
    t->params = sn_arena_array(&t->arena, (size_t)t->n_params, sizeof *t->params);
    if (!t->params) return sn_fail_memory("a training run");
    for (int64_t i = 0; i < t->n_params; i++)
        t->params[i] = (sn_train_param){list[i].name, list[i].kind, list[i].value};
    return SN_OK;
}

static sn_status prepare_step(sn_learner *t, const sn_learner_options *o) {
    const sn_train_config *c = t->config;
    sn_lm_options lm = {.batch = c->batch,
                        .context = c->context,
                        .dropout = c->dropout,
                        .seed = (uint64_t)c->seed,
                        .extend = t->extend,
                        .bf16 = c->precision == 1};
    SN_TRY(list_params(t));
    SN_TRY(sn_lm_objective_new(t->model, &lm, &t->lm));
    t->entry = (sn_step_entry){.objective = sn_lm_objective_get(t->lm),
                               .source = sn_token_batches_source(t->train_batches),
                               .rule = c->rule,
                               .schedule = c->schedule,
                               .clip = c->clip};
    memcpy(t->entry.settings, c->settings, sizeof t->entry.settings);
    sn_stepper_options s = {.accumulate = c->accumulate,
                            .bf16 = c->precision == 1,
                            .bf16_states = c->bf16_momentum,
                            .recompute = c->recompute,
                            .average = c->average,
                            .measure_only = o->measure_only,
                            .profile = o->profile,
                            .n_threads = (int)c->threads};
    return sn_stepper_new(t->params, t->n_params, &t->entry, 1, &s, &t->stepper);
}

/* ---- The whole ---- */

static sn_status open_all(sn_learner *t, const sn_learner_options *o) {
    const sn_train_config *c = t->config;
    sn_run_state then = {0};
    if (!c->data[0]) return sn_train_config_fail(c, "data", "a text is needed: data=FILE");
    if (access(c->data, R_OK) != 0) return sn_train_config_fail(c, "data", "\"%s\": %s", c->data, strerror(errno));
    SN_TRY(sn_checkpoint_folder(c->out, &t->lock)); /* a learned vocabulary and the tokens are kept there too */
    if (o->checkpoint) SN_TRY(sn_checkpoint_read(o->checkpoint, c, &then));
    SN_TRY(sn_team_new((int)c->threads, &t->team));
    if (c->extend[0]) {
        sn_status status = sn_extend_parse(c->extend, &t->extend);
        if (status != SN_OK) return sn_fail_in(status, "%s: extend", c->source);
    }
    SN_TRY(prepare_model(t, o));
    SN_TRY(prepare_data(t, o));
    if (o->checkpoint) SN_TRY(check_resumed(t, &then));
    t->state.threads = sn_team_size(t->team);
    t->other_threads = o->checkpoint && then.threads != t->state.threads ? then.threads : 0;
    t->state.step = then.step;
    SN_TRY(prepare_step(t, o));
    return o->checkpoint ? sn_checkpoint_load(o->checkpoint, t->stepper) : SN_OK;
}

sn_status sn_learner_open(const sn_train_config *c, const sn_learner_options *options, sn_learner *out) {
    *out = (sn_learner){.config = c, .lock = -1};
    return open_all(out, options);
}

void sn_learner_close(sn_learner *t) {
    sn_stepper_free(t->stepper);
    sn_lm_objective_free(t->lm);
    sn_token_batches_free(t->train_batches);
    sn_token_batches_free(t->val_batches);
    sn_token_file_close(&t->tokens);
    sn_model_free(t->model);
    sn_extend_free(t->extend);
    sn_team_free(t->team);
    sn_arena_free(&t->arena);
    if (t->lock >= 0) close(t->lock);
    *t = (sn_learner){.lock = -1};
}
