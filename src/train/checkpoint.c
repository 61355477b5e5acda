#include "train/checkpoint.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "file/json_write.h"
#include "file/safetensors_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_SIZE = 4096, HASH_STRETCH = 1 << 20 };

static sn_status io_error(const char *what, const char *path) {
    return sn_fail(SN_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

/* ---- Folders ---- */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at) {
    (void)info, (void)kind, (void)at;
    return remove(path);
}

static void remove_tree(const char *path) { (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

static sn_status sync_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return io_error("open", path);
    sn_status status = fsync(fd) == 0 || errno == EINVAL ? SN_OK : io_error("write", path);
    close(fd);
    return status;
}

static const char unfinished[] = ".step-";

/* A file system without locks is no reason not to train. */
static sn_status lock_folder(const char *folder, int *lock) {
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return io_error("open", folder);
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return SN_OK;
    close(*lock);
    *lock = -1;
    return sn_fail(SN_ERR_ARGUMENT, "another process trains in \"%s\": stop it, or give another out", folder);
}

sn_status sn_checkpoint_folder(const char *folder, int *lock) {
    char path[SN_PATH_SIZE];
    SN_TRY(sn_folder_make(folder));
    SN_TRY(lock_folder(folder, lock));
    DIR *d = opendir(folder);
    if (!d) return io_error("open", folder);
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        if (strncmp(e->d_name, unfinished, sizeof unfinished - 1) == 0 &&
            sn_path_join(folder, e->d_name, path) == SN_OK)
            remove_tree(path);
    closedir(d);
    return SN_OK;
}

bool sn_checkpoint_exists(const char *folder) {
    char path[SN_PATH_SIZE];
    struct stat info;
    return sn_path_join(folder, "last", path) == SN_OK && lstat(path, &info) == 0;
}

/* The step of "step-000500", -1 for any other name. */
static int64_t step_of(const char *name) {
    char *end;
    if (strncmp(name, "step-", 5) != 0 || name[5] < '0' || name[5] > '9') return -1;
    long long step = strtoll(name + 5, &end, 10);
    return *end ? -1 : step;
}

static bool remove_checkpoint(const char *folder, const char *name) {
    char path[SN_PATH_SIZE], hidden[SN_PATH_SIZE], away[64];
    snprintf(away, sizeof away, ".%.40s.old", name);
    if (sn_path_join(folder, name, path) != SN_OK || sn_path_join(folder, away, hidden) != SN_OK) return false;
    /* Under another name first, so that no half of it can be taken for a checkpoint. */
    if (rename(path, hidden) != 0) return false;
    remove_tree(hidden);
    return true;
}

/* Removes the oldest until `keep` are left of those up to `step`. */
static void prune(const char *folder, int64_t step, int64_t keep) {
    for (;;) {
        DIR *d = opendir(folder);
        int64_t count = 0, oldest = INT64_MAX;
        char name[64] = "";
        if (!d) return;
        for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
            int64_t s = step_of(e->d_name);
            if (s < 0 || s > step) continue;
            count++;
            if (s >= oldest) continue;
            oldest = s;
            snprintf(name, sizeof name, "%.63s", e->d_name);
        }
        closedir(d);
        if (count <= keep || oldest == step || !remove_checkpoint(folder, name)) return;
    }
}

/* ---- state.json ---- */

static void put_hash(sn_json_out *w, const char *key, uint64_t hash) {
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    sn_json_put_string(w, key, text);
}

static void put_config(sn_json_out *w, const sn_train_config *c) {
    char value[VALUE_SIZE], key[128];
    sn_json_begin_object(w, "config");
    for (int i = 0; i < sn_n_train_keys; i++)
        sn_json_put_string(w, sn_train_keys[i].key.name, sn_train_config_value(c, i, value, sizeof value));
    for (int i = 0; i < c->rule->info.n_settings; i++) {
        snprintf(key, sizeof key, "optimizer.%s", c->rule->info.settings[i].name);
        sn_json_put_f64(w, key, c->settings[i]);
    }
    sn_json_end(w);
}

sn_status sn_checkpoint_hash(const char *folder, const char *name, uint64_t *out) {
    char path[SN_PATH_SIZE];
    sn_map map;
    SN_TRY(sn_path_join(folder, name, path));
    SN_TRY(sn_map_open(path, &map));
    sn_hash hash = sn_hash_begin();
    for (size_t at = 0; at < map.size; at += HASH_STRETCH) {
        size_t n = map.size - at < HASH_STRETCH ? map.size - at : HASH_STRETCH;
        sn_hash_add(&hash, map.data + at, n);
        sn_map_release(&map, at, at + n); /* a checkpoint is not to make the run's peak of memory */
    }
    *out = sn_hash_end(&hash);
    sn_map_close(&map);
    return SN_OK;
}

const char *const sn_checkpoint_files[] = {"model.safetensors", "optimizer.safetensors", "config.json", NULL};
enum { N_FILES = sizeof sn_checkpoint_files / sizeof *sn_checkpoint_files - 1 };

static sn_status write_state(const sn_checkpoint *c, const char *folder) {
    char path[SN_PATH_SIZE];
    sn_json_out w = {.lines = 2};
    sn_text text;
    uint64_t hash[N_FILES];
    for (int i = 0; i < N_FILES; i++) SN_TRY(sn_checkpoint_hash(folder, sn_checkpoint_files[i], &hash[i]));
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "version", SN_STATE_VERSION);
    sn_json_put_i64(&w, "step", c->state.step);
    sn_json_put_i64(&w, "seed", c->config->seed);
    sn_json_put_i64(&w, "threads", c->state.threads);
    put_hash(&w, "data", c->state.data);
    put_hash(&w, "tokenizer", c->state.tokenizer);
    for (int i = 0; i < N_FILES; i++) put_hash(&w, sn_checkpoint_files[i], hash[i]);
    put_config(&w, c->config);
    sn_json_end(&w);
    sn_status status = sn_json_finish(&w, &text);
    if (status == SN_OK) status = sn_path_join(folder, "state.json", path);
    if (status == SN_OK) status = sn_file_write(path, text.data, text.size);
    sn_json_out_free(&w);
    return status;
}

/* ---- Writing ---- */

static sn_status write_states(const sn_stepper *stepper, const char *folder) {
    char path[SN_PATH_SIZE];
    sn_safetensors_out *out;
    SN_TRY(sn_path_join(folder, "optimizer.safetensors", path));
    SN_TRY(sn_safetensors_out_new(&out));
    sn_status status = SN_OK;
    for (int64_t i = 0; i < sn_stepper_n_states(stepper) && status == SN_OK; i++) {
        const char *name;
        sn_tensor t;
        status = sn_stepper_state(stepper, i, &name, &t);
        if (status == SN_OK) status = sn_safetensors_add(out, name, t.dtype, t.n_dims, t.shape, t.data, NULL, NULL);
    }
    if (status == SN_OK) status = sn_safetensors_out_write(out, path);
    sn_safetensors_out_free(out);
    return status;
}

static void swap_bytes(void *a, void *b, size_t n) {
    char *p = a, *q = b, keep[4096];
    for (size_t i = 0; i < n; i += sizeof keep) {
        size_t part = n - i < sizeof keep ? n - i : sizeof keep;
        memcpy(keep, p + i, part);
        memcpy(p + i, q + i, part);
        memcpy(q + i, keep, part);
    }
}

static void swap_averages(const sn_checkpoint *c) {
    for (int64_t i = 0; i < c->n_params; i++) {
        sn_tensor average;
        if (sn_stepper_average(c->stepper, i, &average) == SN_OK)
            swap_bytes(c->params[i].value.data, average.data, (size_t)sn_tensor_bytes(&average));
    }
}

/* The averaged weights as a model of their own, in a folder inside. */
static sn_status write_average(const sn_checkpoint *c, const char *folder) {
    char path[SN_PATH_SIZE];
    if (c->config->average == 0) return SN_OK;
    SN_TRY(sn_path_join(folder, "average", path));
    swap_averages(c);
    sn_status status = sn_model_convert(c->model, path, NULL);
    swap_averages(c);
    return status == SN_OK ? sync_folder(path) : status;
}

static sn_status write_files(const sn_checkpoint *c, const char *folder) {
    if (mkdir(folder, 0777) != 0) return io_error("make the folder", folder);
    SN_TRY(sn_model_convert(c->model, folder, NULL));
    SN_TRY(write_average(c, folder));
    SN_TRY(write_states(c->stepper, folder));
    SN_TRY(write_state(c, folder));
    return sync_folder(folder);
}

static sn_status point_last(const char *folder, const char *name) {
    char link[SN_PATH_SIZE], temporary[SN_PATH_SIZE];
    SN_TRY(sn_path_join(folder, "last", link));
    SN_TRY(sn_path_join(folder, ".step-last", temporary));
    (void)unlink(temporary);
    if (symlink(name, temporary) != 0) return io_error("make the link", temporary);
    if (rename(temporary, link) != 0) return io_error("write", link);
    return sync_folder(folder);
}

static sn_status write_at(const sn_checkpoint *c, const char *name, const char *path) {
    const char *folder = c->config->out;
    char temporary[SN_PATH_SIZE], hidden[64];
    struct stat info;
    snprintf(hidden, sizeof hidden, ".%.50s.new", name);
    SN_TRY(sn_path_join(folder, hidden, temporary));
    remove_tree(temporary);
    sn_status status = write_files(c, temporary);
    /* One of this step may be there: from before the run was taken back to an older checkpoint. */
    if (status == SN_OK && lstat(path, &info) == 0) (void)remove_checkpoint(folder, name);
    if (status == SN_OK && rename(temporary, path) != 0) status = io_error("write", path);
    if (status != SN_OK) remove_tree(temporary);
    return status;
}

sn_status sn_checkpoint_write(const sn_checkpoint *c, char *path, size_t size) {
    char name[64], full[SN_PATH_SIZE];
    snprintf(name, sizeof name, "step-%06" PRId64, c->state.step);
    SN_TRY(sn_path_join(c->config->out, name, full));
    SN_TRY(write_at(c, name, full));
    SN_TRY(sync_folder(c->config->out));
    SN_TRY(point_last(c->config->out, name));
    prune(c->config->out, c->state.step, c->config->keep);
    snprintf(path, size, "%s", full);
    return SN_OK;
}
