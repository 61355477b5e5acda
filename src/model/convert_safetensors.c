/* Writing a directory as Hugging Face has it: config.json, model.safetensors, the tokenizer's files. */
#include "base/error.h"
#include "base/map.h"
#include "file/safetensors_write.h"
#include "model/convert.h"
#include "token/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sn_status path_in(const char *folder, const char *name, char *out, size_t size) {
    if (snprintf(out, size, "%s/%s", folder, name) < (int)size) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "convert: %s: the path is too long", folder);
}

/* *made: it was not there before. */
static sn_status make_folder(const char *path, bool *made) {
    struct stat info;
    *made = mkdir(path, 0777) == 0;
    if (*made) return SN_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return SN_OK;
    return sn_fail(SN_ERR_IO, "convert: %s: the directory cannot be made: %s", path, strerror(errno));
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
    static const char *const names[] = {"tokenizer.json",    "tokenizer.model",     "tokenizer_config.json",
                                        "vocab.json",        "merges.txt",          "special_tokens_map.json",
                                        "added_tokens.json", "chat_template.jinja", "generation_config.json"};
    *found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char source[4096], target[4096];
        struct stat info;
        SN_TRY(path_in(from, names[i], source, sizeof source));
        SN_TRY(path_in(to, names[i], target, sizeof target));
        if (stat(source, &info) != 0 || strcmp(source, target) == 0) continue;
        SN_TRY(copy_file(source, target));
        *found |= i < 4;
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

static sn_status write_tensors(sn_converter *k, sn_safetensors_out *out) {
    char path[4096];
    SN_TRY(sn_safetensors_set(out, "format", (sn_text){"pt", 2}));
    for (int64_t i = 0; i < k->n_targets; i++) {
        sn_target *t = &k->targets[i];
        SN_TRY(sn_safetensors_add(out, t->name, t->dtype, t->n_dims, t->shape, NULL, sn_target_put, t));
    }
    SN_TRY(path_in(k->path, "model.safetensors", path, sizeof path));
    return sn_safetensors_out_write(out, path);
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

static sn_status write_all(sn_converter *k, const sn_tokenizer *tokenizer) {
    char path[4096];
    sn_safetensors_out *out = NULL;
    k->layout = SN_PAIR_HALVES;
    SN_TRY(sn_targets_make(k, k->m->family->hf_rules, k->m->family->hf_prefix, true));
    unify_types(k);
    bool made;
    SN_TRY(make_folder(k->path, &made));
    sn_status status = sn_safetensors_out_new(&out);
    if (status == SN_OK) status = write_tensors(k, out);
    sn_safetensors_out_free(out);
    if (status != SN_OK && made) (void)rmdir(k->path);
    SN_TRY(status);
    SN_TRY(path_in(k->path, "config.json", path, sizeof path));
    SN_TRY(sn_config_write_json(k->m, k->targets[0].dtype, tokenizer, path));
    return write_tokenizer(k, tokenizer);
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
