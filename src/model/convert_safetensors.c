/* Writing a directory as Hugging Face has it: config.json, model.safetensors, the tokenizer's files.
 *
 * The directory is new or empty, so no shard or configuration of another model can stay in it; config.json comes last,
 * so it is no model before it is whole; what fails takes its files back. */
#include "base/error.h"
#include "base/map.h"
#include "file/safetensors_write.h"
#include "model/convert.h"
#include "token/export.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sn_status path_in(const char *folder, const char *name, char *out, size_t size) {
    if (snprintf(out, size, "%s/%s", folder, name) < (int)size) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "convert: %s: the path is too long", folder);
}

static sn_status check_empty(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return sn_fail(SN_ERR_IO, "convert: %s: the directory cannot be read: %s", path, strerror(errno));
    const struct dirent *entry = readdir(folder);
    while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)) entry = readdir(folder);
    sn_status status = SN_OK;
    if (entry)
        status = sn_fail(SN_ERR_ARGUMENT,
                         "convert: %s: the directory holds %s already: take a new or an empty one, so that no files of "
                         "two models mix",
                         path, entry->d_name);
    closedir(folder);
    return status;
}

/* *made: it was not there before. */
static sn_status make_folder(const char *path, bool *made) {
    struct stat info;
    *made = mkdir(path, 0777) == 0;
    if (*made) return SN_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return check_empty(path);
    return sn_fail(SN_ERR_IO, "convert: %s: the directory cannot be made: %s", path, strerror(errno));
}

static const char *const tokenizer_files[] = {"tokenizer.json",    "tokenizer.model",     "tokenizer_config.json",
                                              "vocab.json",        "merges.txt",          "special_tokens_map.json",
                                              "added_tokens.json", "chat_template.jinja", "generation_config.json"};
enum { n_tokenizer_files = sizeof tokenizer_files / sizeof *tokenizer_files, n_vocabulary_files = 4 };

static void remove_file(const char *folder, const char *name) {
    char path[4096];
    if (path_in(folder, name, path, sizeof path) == SN_OK) (void)unlink(path);
}

/* After a failure: the directory was empty, so these files are ours. */
static void take_back(const char *folder, bool made) {
    remove_file(folder, "config.json");
    remove_file(folder, "model.safetensors");
    for (int i = 0; i < n_tokenizer_files; i++) remove_file(folder, tokenizer_files[i]);
    if (made) (void)rmdir(folder);
}

static sn_status copy_file(const char *from, const char *to) {
    sn_map map;
    SN_TRY(sn_map_open(from, &map));
    sn_status status = sn_file_write(to, map.data, map.size);
    sn_map_close(&map);
    return status;
}

/* The files a Hugging Face tokenizer may have, from one folder to another. *found tells whether there was one. */
static sn_status copy_tokenizer(const char *from, const char *to, bool *found) {
    *found = false;
    for (int i = 0; i < n_tokenizer_files; i++) {
        char source[4096], target[4096];
        struct stat info;
        SN_TRY(path_in(from, tokenizer_files[i], source, sizeof source));
        SN_TRY(path_in(to, tokenizer_files[i], target, sizeof target));
        if (stat(source, &info) != 0) continue;
        SN_TRY(copy_file(source, target));
        *found |= i < n_vocabulary_files;
    }
    return SN_OK;
}

static sn_status write_tokenizer(const sn_converter *k, const sn_tokenizer *tokenizer) {
    bool found = false;
    if (!k->options->tokenizer_path && k->m->folder) SN_TRY(copy_tokenizer(k->m->folder, k->path, &found));
    if (found) return SN_OK;
    if (!tokenizer) {
        sn_log_message(SN_LOG_WARN, "convert: %s carries no tokenizer, so %s has none", k->m->name, k->path);
        return SN_OK;
    }
    sn_status status = sn_tokenizer_write_folder(tokenizer, k->path);
    if (status != SN_ERR_UNSUPPORTED) return status;
    sn_log_message(SN_LOG_WARN, "convert: %s is written without a tokenizer: %s", k->path, sn_last_error());
    return SN_OK;
}

static sn_status put_tensors(sn_converter *k, sn_safetensors_out *out) {
    char path[4096];
    SN_TRY(sn_safetensors_set(out, "format", (sn_text){"pt", 2}));
    for (int64_t i = 0; i < k->n_targets; i++) {
        sn_target *t = &k->targets[i];
        SN_TRY(sn_safetensors_add(out, t->name, t->dtype, t->n_dims, t->shape, NULL, sn_target_put, t));
    }
    SN_TRY(path_in(k->path, "model.safetensors", path, sizeof path));
    return sn_safetensors_out_write(out, path);
}

static sn_status write_tensors(sn_converter *k) {
    sn_safetensors_out *out = NULL;
    SN_TRY(sn_safetensors_out_new(&out));
    sn_status status = put_tensors(k, out);
    sn_safetensors_out_free(out);
    return status;
}

/* Vectors are f32 in suan; in the file they have the type of the matrices, as transformers expects. */
static void unify_types(sn_converter *k) {
    sn_dtype dtype = SN_F32;
    for (int64_t i = 0; i < k->n_targets; i++)
        if (k->targets[i].n_dims == 2) dtype = k->targets[i].dtype;
    for (int64_t i = 0; i < k->n_targets; i++)
        if (k->targets[i].n_dims == 1 || (k->mixture && k->targets[i].ids[0] == SN_W_POSITIONS))
            k->targets[i].dtype = dtype;
}

static sn_status write_files(sn_converter *k, const sn_tokenizer *tokenizer) {
    char path[4096];
    SN_TRY(write_tensors(k));
    SN_TRY(write_tokenizer(k, tokenizer));
    SN_TRY(path_in(k->path, "config.json", path, sizeof path));
    return sn_config_write_json(k->m, k->targets[0].dtype, tokenizer, path);
}

static sn_status write_all(sn_converter *k, const sn_tokenizer *tokenizer) {
    bool made;
    k->layout = SN_PAIR_HALVES;
    SN_TRY(sn_targets_make(k, k->m->family->hf_rules, k->m->family->hf_prefix, true));
    unify_types(k);
    SN_TRY(make_folder(k->path, &made));
    sn_status status = write_files(k, tokenizer);
    if (status != SN_OK) take_back(k->path, made);
    return status;
}

sn_status sn_convert_safetensors(sn_converter *k) {
    if (k->mixture && !sn_mixture_is_float(k->mixture))
        return sn_fail(SN_ERR_ARGUMENT, "convert: safetensors holds no %s: take f32, f16 or bf16, or a .gguf target",
                       sn_mixture_name(k->mixture));
    sn_tokenizer *owned;
    const sn_tokenizer *tokenizer;
    SN_TRY(sn_convert_tokenizer(k, &owned, &tokenizer));
    sn_status status = write_all(k, tokenizer);
    sn_tokenizer_free(owned);
    return status;
}
