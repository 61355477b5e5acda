/* Reading checkpoints back. */
#include "base/error.h"
#include "base/path.h"
#include "file/json.h"
#include "file/safetensors.h"
#include "train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_SIZE = 4096 };

/* ---- The configuration now and then ---- */

static sn_status compare_steps(const sn_train_config *c, const char *then, int64_t done) {
    if (c->steps >= strtoll(then, NULL, 10)) return SN_OK;
    return sn_train_config_fail(c, "steps",
                                "the run was begun with %s and has done %" PRId64 ": steps may be raised, "
                                "not lowered",
                                then, done);
}

static sn_status compare_keys(const sn_train_config *c, const sn_json *saved, int64_t done) {
    char value[VALUE_SIZE];
    for (int i = 0; i < sn_n_train_keys; i++) {
        const sn_train_key *k = &sn_train_keys[i].key;
        sn_text then;
        bool found;
        SN_TRY(sn_json_get_text(saved, k->name, &then, &found));
        if (!found) then = sn_text_of(k->fallback);
        if (strcmp(k->name, "steps") == 0) SN_TRY(compare_steps(c, then.data, done));
        if (k->may_change || strcmp(sn_train_config_value(c, i, value, sizeof value), then.data) == 0) continue;
        return sn_train_config_fail(c, k->name,
                                    "\"%s\" now, but the run was begun with \"%s\": a resumed run cannot "
                                    "change it. To go on with other settings, give the checkpoint as init "
                                    "and another out",
                                    value, then.data);
    }
    return SN_OK;
}

static sn_status compare_settings(const sn_train_config *c, const sn_json *saved) {
    char key[128];
    for (int i = 0; i < c->rule->info.n_settings; i++) {
        double then = c->settings[i];
        bool found;
        snprintf(key, sizeof key, "optimizer.%s", c->rule->info.settings[i].name);
        SN_TRY(sn_json_get_f64(saved, key, &then, &found));
        if (then == c->settings[i]) continue;
        return sn_fail(SN_ERR_ARGUMENT, "%s: %s: %g now, but the run was begun with %g: a resumed run cannot change it",
                       c->source, key, c->settings[i], then);
    }
    return SN_OK;
}

/* ---- state.json ---- */

static sn_status read_hash(const sn_json *root, const char *key, uint64_t *out) {
    sn_text text;
    char *end;
    SN_TRY(sn_json_get_text(root, key, &text, NULL));
    *out = strtoull(text.data, &end, 16);
    if (text.size == 16 && *end == 0) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s is no hash", key);
}

static sn_status check_file(const sn_json *root, const char *folder, const char *name) {
    uint64_t wanted, found;
    SN_TRY(read_hash(root, name, &wanted));
    SN_TRY(sn_checkpoint_hash(folder, name, &found));
    if (found == wanted) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s is damaged: its bytes are not those that were written", name);
}

static sn_status read_state(const sn_json *root, const char *folder, sn_run_state *out) {
    int64_t version;
    SN_TRY(sn_json_get_i64(root, "version", &version, NULL));
    if (version != SN_STATE_VERSION)
        return sn_fail(SN_ERR_UNSUPPORTED, "state.json is of version %" PRId64 ", this suan reads %d", version,
                       SN_STATE_VERSION);
    SN_TRY(sn_json_get_i64(root, "step", &out->step, NULL));
    SN_TRY(sn_json_get_i64(root, "threads", &out->threads, NULL));
    SN_TRY(read_hash(root, "data", &out->data));
    SN_TRY(read_hash(root, "tokenizer", &out->tokenizer));
    if (out->step < 0) return sn_fail(SN_ERR_FORMAT, "state.json: the step is %" PRId64, out->step);
    for (const char *const *name = sn_checkpoint_files; *name; name++) SN_TRY(check_file(root, folder, *name));
    return SN_OK;
}

sn_status sn_checkpoint_read(const char *folder, const sn_train_config *config, sn_run_state *out) {
    char path[SN_PATH_SIZE];
    sn_json_doc *doc;
    const sn_json *saved;
    SN_TRY(sn_path_join(folder, "state.json", path));
    SN_TRY(sn_json_open(path, NULL, &doc));
    const sn_json *root = sn_json_root(doc);
    sn_status status = read_state(root, folder, out);
    if (status == SN_OK) status = sn_json_get_object(root, "config", &saved, NULL);
    if (status != SN_OK)
        status = sn_fail_in(status,
                            "%s: no run can be resumed from this checkpoint (an older one can, after "
                            "'ln -sfn step-NNNNNN last' in its folder)",
                            folder);
    if (status == SN_OK) status = compare_keys(config, saved, out->step);
    if (status == SN_OK) status = compare_settings(config, saved);
    sn_json_free(doc);
    return status;
}

/* ---- optimizer.safetensors ---- */

static sn_status load_one(sn_safetensors *file, const char *name, const sn_tensor *to) {
    sn_tensor from;
    SN_TRY(sn_safetensors_tensor(file, name, &from));
    bool same = from.dtype == to->dtype && from.n_dims == to->n_dims &&
                memcmp(from.shape, to->shape, (size_t)to->n_dims * sizeof *to->shape) == 0;
    if (!same) return sn_fail(SN_ERR_FORMAT, "%s has another type or shape", name);
    memcpy(to->data, from.data, (size_t)sn_tensor_bytes(to));
    return SN_OK;
}

static sn_status load_all(sn_safetensors *file, const sn_stepper *stepper) {
    int64_t n = sn_stepper_n_states(stepper);
    if (sn_safetensors_n_tensors(file) != n)
        return sn_fail(SN_ERR_FORMAT, "%" PRId64 " tensors instead of %" PRId64, sn_safetensors_n_tensors(file), n);
    for (int64_t i = 0; i < n; i++) {
        const char *name;
        sn_tensor to;
        SN_TRY(sn_stepper_state(stepper, i, &name, &to));
        SN_TRY(load_one(file, name, &to));
    }
    return SN_OK;
}

sn_status sn_checkpoint_load(const char *folder, sn_stepper *stepper) {
    char path[SN_PATH_SIZE];
    sn_safetensors *file;
    SN_TRY(sn_path_join(folder, "optimizer.safetensors", path));
    SN_TRY(sn_safetensors_open(path, NULL, &file));
    sn_status status = load_all(file, stepper);
    sn_safetensors_close(file);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s", path);
}
