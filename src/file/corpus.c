#include "file/corpus.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "file/json.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_FILES = 1 << 20, MAX_DEPTH = 16, PATH_SIZE = 4096, RELEASE = 8 << 20 };

typedef struct source {
    const char *path;
    int64_t size, seconds, nanoseconds;
    bool lines; /* JSON lines */
} source;

struct sn_corpus {
    sn_arena arena;
    sn_corpus_options options;
    size_t separator_size;
    source *files;
    size_t capacity;
    int n_files, file; /* `file` is open when map.data is set */
    sn_map map;
    size_t at, released, line;
    bool inside; /* a document: its first part has been given */
    sn_json_doc *doc;
    int64_t done; /* bytes of the files before */
};

/* ---- Which files ---- */

static bool ends_with(const char *name, const char *const *endings) {
    size_t n = strlen(name);
    for (; *endings; endings++) {
        size_t m = strlen(*endings);
        if (n > m && strcmp(name + n - m, *endings) == 0) return true;
    }
    return false;
}

static bool is_lines(const char *name) {
    static const char *const endings[] = {".jsonl", ".ndjson", NULL};
    return ends_with(name, endings);
}

static bool is_text(const char *name) {
    static const char *const endings[] = {".txt", ".text", ".md", NULL};
    return ends_with(name, endings);
}

static sn_status add_file(sn_corpus *c, const char *path, const struct stat *st) {
    if (c->n_files == MAX_FILES) return sn_fail(SN_ERR_LIMIT, "\"%s\": more than %d files", path, MAX_FILES);
    void *files = c->files;
    if ((size_t)c->n_files == c->capacity) {
        size_t capacity = 2 * c->capacity + 8;
        files = sn_realloc(files, capacity * sizeof(source));
        if (!files) return sn_fail_memory("a list of files");
        c->files = files;
        c->capacity = capacity;
    }
    const char *kept = sn_arena_strdup(&c->arena, path);
    if (!kept) return sn_fail_memory("a list of files");
    c->files[c->n_files++] = (source){.path = kept,
                                      .size = st->st_size,
                                      .seconds = st->st_mtim.tv_sec,
                                      .nanoseconds = st->st_mtim.tv_nsec,
                                      .lines = is_lines(path)};
    return SN_OK;
}

static int wanted_name(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* Not alphasort: the order must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static sn_status add_folder(sn_corpus *c, const char *path, int depth);

static sn_status add_entry(sn_corpus *c, const char *folder, const char *name, int depth) {
    char path[PATH_SIZE];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return sn_fail(SN_ERR_ARGUMENT, "\"%s/%s\": the path is too long", folder, name);
    if (stat(path, &st) != 0) return sn_fail(SN_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) return add_folder(c, path, depth + 1);
    return S_ISREG(st.st_mode) && (is_lines(name) || is_text(name)) ? add_file(c, path, &st) : SN_OK;
}

static sn_status add_folder(sn_corpus *c, const char *path, int depth) {
    struct dirent **entries = NULL;
    if (depth > MAX_DEPTH) return sn_fail(SN_ERR_LIMIT, "\"%s\": folders are nested too deep", path);
    int n = scandir(path, &entries, wanted_name, by_name);
    if (n < 0) return sn_fail(SN_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    sn_status status = SN_OK;
    for (int i = 0; i < n; i++) {
        if (status == SN_OK) status = add_entry(c, path, entries[i]->d_name, depth);
        free(entries[i]); /* from scandir */
    }
    free(entries);
    return status;
}

static sn_status add_path(sn_corpus *c, const char *path) {
    struct stat st;
    int before = c->n_files;
    if (stat(path, &st) != 0)
        return sn_fail(errno == ENOENT ? SN_ERR_NOT_FOUND : SN_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) return add_file(c, path, &st);
    SN_TRY(add_folder(c, path, 0));
    if (c->n_files == before)
        return sn_fail(SN_ERR_NOT_FOUND, "\"%s\" holds no text: no file .txt, .text, .md, .jsonl or .ndjson", path);
    return SN_OK;
}

sn_status sn_corpus_open(const char *const *paths, int n_paths, const sn_corpus_options *options, sn_corpus **out) {
    static const sn_corpus_options none = {0};
    if (n_paths < 1) return sn_fail(SN_ERR_ARGUMENT, "no file or folder of text was given");
    sn_corpus *c = sn_calloc(1, sizeof *c);
    if (!c) return sn_fail_memory("a list of files");
    c->options = options ? *options : none;
    const char *separator = c->options.separator ? c->options.separator : SN_CORPUS_SEPARATOR;
    const char *field = c->options.field ? c->options.field : "text";
    c->options.separator = sn_arena_strdup(&c->arena, separator);
    c->options.field = sn_arena_strdup(&c->arena, field);
    c->separator_size = strlen(separator);
    if (!c->options.part_bytes) c->options.part_bytes = 1 << 20;
    sn_status status = c->options.separator && c->options.field ? SN_OK : sn_fail_memory("a list of files");
    for (int i = 0; i < n_paths && status == SN_OK; i++) status = add_path(c, paths[i]);
    if (status == SN_OK)
        *out = c;
    else
        sn_corpus_close(c);
    return status;
}

static void close_file(sn_corpus *c) {
    if (c->map.data) sn_map_close(&c->map);
    sn_json_free(c->doc);
    c->doc = NULL;
}

void sn_corpus_close(sn_corpus *c) {
    if (!c) return;
    close_file(c);
    sn_free(c->files);
    sn_arena_free(&c->arena);
    sn_free(c);
}

void sn_corpus_rewind(sn_corpus *c) {
    close_file(c);
    c->file = 0;
    c->done = 0;
    c->inside = false;
}

void sn_corpus_set_cut(sn_corpus *c, sn_cut cut) { c->options.cut = cut; }
const char *sn_corpus_separator(const sn_corpus *c) { return c->options.separator; }
int sn_corpus_n_files(const sn_corpus *c) { return c->n_files; }
int64_t sn_corpus_done(const sn_corpus *c) { return c->done + (c->map.data ? (int64_t)c->at : 0); }

int64_t sn_corpus_bytes(const sn_corpus *c) {
    int64_t bytes = 0;
    for (int i = 0; i < c->n_files; i++) bytes += c->files[i].size;
    return bytes;
}

/* ---- Plain text ---- */

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static sn_text strip(sn_text t) {
    while (t.size && is_space(t.data[0])) t.data++, t.size--;
    while (t.size && is_space(t.data[t.size - 1])) t.size--;
    return t;
}

/* The last place in text[1..limit) where a part may end, 0 where there is none; *skip bytes lie between the parts. */
static size_t find_cut(sn_text text, size_t limit, sn_cut cut, size_t *skip) {
    char mark = cut == SN_CUT_LINE ? '\n' : ' ';
    if (limit > text.size) limit = text.size;
    for (size_t i = limit; i-- > 1;) {
        if (text.data[i] != mark || i + 1 >= text.size) continue;
        if (is_space(text.data[i - 1]) || is_space(text.data[i + 1])) continue;
        *skip = cut == SN_CUT_SPACE;
        return cut == SN_CUT_LINE ? i + 1 : i;
    }
    return 0;
}

/* The part that starts at text: up to the separator, the end, or a cut. *used counts what was passed. */
static sn_text next_text(const sn_corpus *c, sn_text text, size_t *used, bool *last) {
    size_t window = c->options.cut == SN_CUT_NEVER ? text.size : c->options.part_bytes;
    for (;; window *= 2) {
        size_t seen = window < text.size ? window : text.size;
        size_t search = seen + c->separator_size < text.size ? seen + c->separator_size : text.size;
        const char *at = c->separator_size ? memmem(text.data, search, c->options.separator, c->separator_size) : NULL;
        *last = at || seen == text.size;
        if (*last) {
            size_t size = at ? (size_t)(at - text.data) : text.size;
            *used = size + (at ? c->separator_size : 0);
            return (sn_text){text.data, size};
        }
        size_t skip = 0, size = find_cut(text, seen, c->options.cut, &skip);
        if (!size) continue;
        *used = size + skip;
        return (sn_text){text.data, size};
    }
}

static void read_text(sn_corpus *c, sn_part *part) {
    const char *start = (const char *)c->map.data;
    while (c->at < c->map.size) {
        while (!c->inside && c->at < c->map.size && is_space(start[c->at])) c->at++;
        size_t used;
        bool last;
        sn_text text = next_text(c, (sn_text){start + c->at, c->map.size - c->at}, &used, &last);
        if (last) /* white space can only be at the end: a part never starts with it */
            while (text.size && is_space(text.data[text.size - 1])) text.size--;
        bool first = !c->inside;
        c->inside = !last;
        c->at += used;
        if (text.size == 0) continue;
        *part = (sn_part){.text = text, .first = first, .last = last, .offset = text.data - start};
        return;
    }
}

/* ---- JSON lines ---- */

static sn_status read_line(sn_corpus *c, sn_part *part) {
    const char *start = (const char *)c->map.data, *path = c->files[c->file].path;
    while (c->at < c->map.size) {
        const char *line = start + c->at, *end = memchr(line, '\n', c->map.size - c->at);
        size_t size = end ? (size_t)(end - line) : c->map.size - c->at;
        c->at += size + (end != NULL);
        c->line++;
        if (strip((sn_text){line, size}).size == 0) continue;
        sn_json_free(c->doc);
        c->doc = NULL;
        sn_status status = sn_json_parse("JSON line", line, size, NULL, &c->doc);
        sn_text text = {0};
        if (status == SN_OK) status = sn_json_get_text(sn_json_root(c->doc), c->options.field, &text, NULL);
        if (status != SN_OK)
            return sn_fail_in(status, "\"%s\", line %zu (byte %lld)", path, c->line, (long long)(line - start));
        text = strip(text);
        if (text.size == 0) continue;
        *part = (sn_part){.text = text, .first = true, .last = true, .offset = line - start};
        return SN_OK;
    }
    return SN_OK;
}

/* ---- All files ---- */

static sn_status open_file(sn_corpus *c) {
    SN_TRY(sn_map_open(c->files[c->file].path, &c->map));
    c->released = c->line = 0;
    bool mark = c->map.size >= 3 && memcmp(c->map.data, "\xEF\xBB\xBF", 3) == 0;
    c->at = mark ? 3 : 0;
    c->inside = false;
    return SN_OK;
}

sn_status sn_corpus_next(sn_corpus *c, sn_part *part, bool *end) {
    *end = false;
    for (; c->file < c->n_files; c->file++) {
        if (!c->map.data) SN_TRY(open_file(c));
        if (c->at - c->released > RELEASE) { /* the part given before is no longer needed */
            sn_map_release(&c->map, c->released, c->at);
            c->released = c->at / RELEASE * RELEASE;
        }
        *part = (sn_part){0};
        if (c->files[c->file].lines)
            SN_TRY(read_line(c, part));
        else
            read_text(c, part);
        part->file = c->files[c->file].path;
        if (part->text.size) return SN_OK;
        c->done += (int64_t)c->map.size;
        close_file(c);
    }
    *end = true;
    return SN_OK;
}

/* ---- Fingerprints ---- */

static void add_settings(const sn_corpus *c, sn_hash *h) {
    sn_hash_add_text(h, c->options.separator, c->separator_size);
    sn_hash_add_text(h, c->options.field, strlen(c->options.field));
    sn_hash_add_u64(h, (uint64_t)c->n_files);
}

uint64_t sn_corpus_key(const sn_corpus *c) {
    sn_hash h = sn_hash_begin();
    add_settings(c, &h);
    for (int i = 0; i < c->n_files; i++) {
        const source *f = &c->files[i];
        sn_hash_add_text(&h, f->path, strlen(f->path));
        sn_hash_add_u64(&h, (uint64_t)f->size);
        sn_hash_add_u64(&h, (uint64_t)f->seconds);
        sn_hash_add_u64(&h, (uint64_t)f->nanoseconds);
    }
    return sn_hash_end(&h);
}

sn_status sn_corpus_content(const sn_corpus *c, const volatile int *cancel, uint64_t *out) {
    sn_hash h = sn_hash_begin();
    add_settings(c, &h);
    for (int i = 0; i < c->n_files; i++) {
        sn_map map;
        SN_TRY(sn_map_open(c->files[i].path, &map));
        sn_hash_add_u64(&h, c->files[i].lines);
        sn_hash_add_u64(&h, map.size);
        bool stop = false;
        for (size_t at = 0; at < map.size && !stop; at += RELEASE) {
            sn_hash_add(&h, map.data + at, map.size - at < RELEASE ? map.size - at : RELEASE);
            sn_map_release(&map, at, at + RELEASE);
            stop = cancel && *cancel;
        }
        sn_map_close(&map);
        if (stop) return sn_fail(SN_ERR_CANCELLED, "reading the text was cancelled");
    }
    *out = sn_hash_end(&h);
    return SN_OK;
}
