/* Hugging Face models: safetensors, one file or sharded, beside a config.json. */
#include "model/config.h"
#include "model/model.h"

#include "base/error.h"
#include "file/safetensors.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *tensor_name(const void *file, int64_t i) { return sn_safetensors_tensor_name(file, i); }

/* The reader keeps aligned copies of what old files misalign; binding happens on one thread. */
static sn_status tensor_at(const void *file, int64_t i, sn_tensor *out) {
    return sn_safetensors_tensor_at((sn_safetensors *)(uintptr_t)file, i, out);
}

static char *join(sn_arena *arena, const char *folder, const char *name) {
    size_t n = strlen(folder), size = n + strlen(name) + 2;
    char *path = sn_arena_alloc(arena, size);
    if (path) snprintf(path, size, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/", name);
    return path;
}

static bool exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* The folder of the model and the file that holds, or lists, its tensors. */
static sn_status find_files(sn_model *m, char **folder, char **file) {
    struct stat info;
    if (stat(m->path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        const char *slash = strrchr(m->path, '/');
        *folder = slash ? sn_arena_strndup(&m->arena, m->path, (size_t)(slash - m->path) + 1)
                        : sn_arena_strdup(&m->arena, ".");
        *file = sn_arena_strdup(&m->arena, m->path);
        return *folder && *file ? SN_OK : sn_fail_memory("model");
    }
    static const char *const names[] = {"model.safetensors.index.json", "model.safetensors"};
    *folder = sn_arena_strdup(&m->arena, m->path);
    for (int i = 0; i < 2; i++) {
        *file = *folder ? join(&m->arena, *folder, names[i]) : NULL;
        if (!*file) return sn_fail_memory("model");
        if (exists(*file)) return SN_OK;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "%s: the directory holds no model.safetensors and no model.safetensors.index.json",
                   m->path);
}

static sn_status read_config(sn_model *m, const char *path) {
    sn_json_doc *doc = NULL;
    if (!exists(path))
        return sn_fail(SN_ERR_NOT_FOUND, "%s: it is needed beside the .safetensors file and is not there", path);
    SN_TRY(sn_json_open(path, NULL, &doc));
    sn_status status = sn_config_from_json(sn_json_root(doc), path, &m->arena, &m->family, &m->config);
    sn_text name;
    bool found = false;
    if (status == SN_OK) status = sn_json_get_text(sn_json_root(doc), "_name", &name, &found);
    if (status == SN_OK && found && name.size > 0) {
        m->name = sn_arena_strndup(&m->arena, name.data, name.size); /* ours: other programs name the folder */
        if (!m->name) status = sn_fail_memory("model");
    }
    sn_json_free(doc);
    return status;
}

sn_status sn_open_safetensors(sn_model *m) {
    char *folder = NULL, *file = NULL;
    m->format = "safetensors";
    SN_TRY(find_files(m, &folder, &file));
    char *config = join(&m->arena, folder, "config.json");
    if (!config) return sn_fail_memory("model");
    SN_TRY(read_config(m, config));
    m->folder = folder;
    SN_TRY(sn_safetensors_open(file, NULL, &m->safetensors));
    const sn_tensor_source source = {m->safetensors, sn_safetensors_n_tensors(m->safetensors), tensor_name, tensor_at};
    return sn_weights_bind(m, &source, m->family->hf_rules, m->family->hf_prefix, false);
}
