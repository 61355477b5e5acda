/* Which kind of tokenizer a file is, told by its content. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "file/gguf.h"
#include "token/from_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool looks_gguf(const void *data, size_t size) { return size >= 4 && memcmp(data, "GGUF", 4) == 0; }

static sn_status take_gguf(sn_gguf *f, sn_tokenizer **out) {
    sn_status status = sn_tokenizer_from_gguf(f, out);
    sn_gguf_close(f);
    return status;
}

static sn_status open_json(sn_tokenizer *t, const char *name, const void *data, size_t size) {
    sn_json_doc *doc;
    SN_TRY(sn_json_parse(name, data, size, 0, &doc));
    sn_status status = sn_tokenizer_fill_json(t, sn_json_root(doc));
    sn_json_free(doc);
    SN_TRY(status);
    return sn_tokenizer_keep(t, (sn_text){data, size}, &t->source.json); /* nothing is lost where it is written again */
}

static sn_status open_spm(sn_tokenizer *t, const char *name, const void *data, size_t size) {
    sn_spm *f;
    SN_TRY(sn_spm_open_memory(name, data, size, 0, &f));
    sn_status status = sn_tokenizer_fill_spm(t, f);
    sn_spm_close(f);
    SN_TRY(status);
    return sn_tokenizer_keep(t, (sn_text){data, size}, &t->source.spm);
}

static sn_status open_tiktoken(sn_tokenizer *t, const char *name, const void *data, size_t size) {
    sn_tiktoken *f;
    SN_TRY(sn_tiktoken_open_memory(name, data, size, 0, &f));
    sn_status status = sn_tokenizer_fill_tiktoken(t, f);
    sn_tiktoken_close(f);
    return status;
}

static sn_status open_llama2c(sn_tokenizer *t, const char *name, const void *data, size_t size) {
    sn_llama2c_tokenizer *f;
    SN_TRY(sn_llama2c_tokenizer_open_memory(name, data, size, 0, &f));
    sn_status status = sn_tokenizer_fill_llama2c(t, f);
    sn_llama2c_tokenizer_close(f);
    return status;
}

/* ---- Telling them apart ---- */

static size_t skip_blanks(sn_text text, size_t i) {
    while (i < text.size && strchr(" \t\r\n", text.data[i]) && text.data[i]) i++;
    return i;
}

static bool looks_json(sn_text text) {
    size_t brace = skip_blanks(text, 0);
    if (brace >= text.size || text.data[brace] != '{') return false;
    size_t next = skip_blanks(text, brace + 1);
    return next < text.size && (text.data[next] == '"' || text.data[next] == '}');
}

/* A field 1 of length-delimited bytes that starts with such a field itself: the first piece. */
static bool looks_spm(sn_text text) { return text.size > 3 && text.data[0] == 0x0A && text.data[2] == 0x0A; }

static bool looks_tiktoken(sn_text text) {
    size_t i = 0;
    while (i < text.size && i < 4096 && text.data[i] &&
           strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", text.data[i]))
        i++;
    return i > 0 && i + 1 < text.size && text.data[i] == ' ' && text.data[i + 1] >= '0' && text.data[i + 1] <= '9';
}

/* The longest piece, a score, and the length of the first piece, which is "<unk>". */
static bool looks_llama2c(sn_text text) {
    return text.size > 12 && sn_load_u32((const unsigned char *)text.data) < 65536 &&
           sn_load_u32((const unsigned char *)text.data + 8) < 65536;
}

static const struct {
    bool (*looks)(sn_text text);
    sn_status (*open)(sn_tokenizer *t, const char *name, const void *data, size_t size);
} kinds[] = {
    {looks_json, open_json}, {looks_spm, open_spm}, {looks_tiktoken, open_tiktoken}, {looks_llama2c, open_llama2c}};

sn_status sn_tokenizer_from_memory(const char *name, const void *data, size_t size, sn_tokenizer **out) {
    sn_text text = {data, size};
    if (looks_gguf(data, size)) {
        sn_gguf *f;
        SN_TRY(sn_gguf_open_memory(name, data, size, 0, &f));
        return take_gguf(f, out);
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!kinds[i].looks(text)) continue;
        sn_tokenizer *t;
        SN_TRY(sn_tokenizer_new(&t));
        sn_status status = kinds[i].open(t, name, data, size);
        if (status != SN_OK) {
            sn_tokenizer_free(t);
            return status;
        }
        sn_tokenizer_find_ends(t);
        *out = t;
        return SN_OK;
    }
    return sn_fail(SN_ERR_FORMAT,
                   "%s: no tokenizer suan knows (tokenizer.json, SentencePiece, GGUF, tiktoken, llama2.c)", name);
}

static sn_status from_file(const char *path, sn_tokenizer **out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    if (looks_gguf(map.data, map.size)) { /* by its path, because it may be one of several parts */
        sn_gguf *f;
        sn_map_close(&map);
        SN_TRY(sn_gguf_open(path, &f));
        return take_gguf(f, out);
    }
    sn_status status = sn_tokenizer_from_memory(path, map.data, map.size, out);
    sn_map_close(&map);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s", path);
}

/* ---- Directories ---- */

static bool find_in(const char *directory, const char *name, char *path, size_t size) {
    struct stat st;
    int n = snprintf(path, size, "%s/%s", directory, name);
    return n > 0 && (size_t)n < size && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static sn_status read_config(sn_tokenizer *t, const char *path) {
    sn_json_doc *doc;
    SN_TRY(sn_json_open(path, 0, &doc));
    sn_status status = sn_tokenizer_read_config(t, sn_json_root(doc));
    sn_json_free(doc);
    return status == SN_OK ? SN_OK : sn_fail_in(status, "%s", path);
}

static sn_status read_template(sn_tokenizer *t, const char *path) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_tokenizer_set_chat(t, (sn_text){(const char *)map.data, map.size});
    sn_map_close(&map);
    return status;
}

static sn_status read_beside(sn_tokenizer *t, const char *directory) {
    char path[4096];
    if (find_in(directory, "special_tokens_map.json", path, sizeof path)) SN_TRY(read_config(t, path));
    if (find_in(directory, "tokenizer_config.json", path, sizeof path)) SN_TRY(read_config(t, path));
    if (find_in(directory, "chat_template.jinja", path, sizeof path)) SN_TRY(read_template(t, path));
    sn_tokenizer_find_ends(t);
    return SN_OK;
}

sn_status sn_tokenizer_from_directory(const char *directory, sn_tokenizer **out) {
    static const char *const names[] = {"tokenizer.json", "tokenizer.model", "spiece.model", "tokenizer.bin"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!find_in(directory, names[i], path, sizeof path)) continue;
        sn_tokenizer *t;
        SN_TRY(from_file(path, &t));
        sn_status status = read_beside(t, directory);
        if (status == SN_OK)
            *out = t;
        else
            sn_tokenizer_free(t);
        return status;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "%s: no tokenizer.json, tokenizer.model, spiece.model or tokenizer.bin",
                   directory);
}

sn_status sn_tokenizer_open(const char *path, sn_tokenizer **out) {
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return sn_tokenizer_from_directory(path, out);
    return from_file(path, out);
}
