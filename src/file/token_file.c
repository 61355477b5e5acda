#include "file/token_file.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"

#include <string.h>
#include <unistd.h>

static const char magic[8] = "SUANTOKN";
enum { HEADER = 128, HEADER_HASHED = 120, MAX_VOCAB = 1 << 24 };

/* ---- Reading ---- */

static uint64_t header_hash(const unsigned char *header) {
    sn_hash h = sn_hash_begin();
    sn_hash_add(&h, header, HEADER_HASHED);
    return sn_hash_end(&h);
}

typedef struct header {
    uint32_t version, width;
    uint64_t n_tokens, n_documents, n_vocab, end, tokens, documents, tokens_hash;
} header;

static sn_status read_header(sn_reader *r, header *h, sn_token_origin *origin) {
    const unsigned char *start = NULL;
    if (sn_reader_left(r) < sizeof magic || memcmp(r->data, magic, sizeof magic) != 0)
        return sn_fail(SN_ERR_FORMAT, "%s: this is no token file (it does not begin with SUANTOKN)", r->name);
    SN_TRY(sn_read_bytes(r, "the header", HEADER, &start));
    if (header_hash(start) != sn_load_u64(start + HEADER_HASHED))
        return sn_fail(SN_ERR_FORMAT, "%s: the header is damaged: delete the file, it is built again", r->name);
    *h = (header){.version = sn_load_u32(start + 8),
                  .width = sn_load_u32(start + 12),
                  .n_tokens = sn_load_u64(start + 16),
                  .n_documents = sn_load_u64(start + 24),
                  .n_vocab = sn_load_u64(start + 32),
                  .end = sn_load_u64(start + 40),
                  .tokens = sn_load_u64(start + 72),
                  .documents = sn_load_u64(start + 80),
                  .tokens_hash = sn_load_u64(start + 88)};
    *origin = (sn_token_origin){sn_load_u64(start + 48), sn_load_u64(start + 56), sn_load_u64(start + 64)};
    if (h->version != SN_TOKEN_FILE_VERSION)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: token files of version %u are not known here (%d is)", r->name,
                       h->version, SN_TOKEN_FILE_VERSION);
    return SN_OK;
}

static sn_status check_header(const sn_reader *r, const header *h) {
    bool sane = (h->width == 2 || h->width == 4) && h->n_vocab > 0 && h->n_vocab <= MAX_VOCAB &&
                (h->end == UINT64_MAX || h->end < h->n_vocab) && h->tokens == HEADER && h->documents % 8 == 0 &&
                h->documents <= r->size && h->documents >= HEADER && h->n_tokens > 0 && h->n_documents > 0;
    if (!sane) return sn_fail(SN_ERR_FORMAT, "%s: the header contradicts itself", r->name);
    uint64_t room = (h->documents - HEADER) / h->width, table = (r->size - h->documents) / 8;
    if (h->n_tokens > room || room - h->n_tokens >= 8 || h->n_documents >= table || table - h->n_documents != 1)
        return sn_fail(SN_ERR_FORMAT, "%s: %llu tokens and %llu documents are not what %zu bytes hold: it is cut short",
                       r->name, (unsigned long long)h->n_tokens, (unsigned long long)h->n_documents, r->size);
    return SN_OK;
}

static sn_status check_documents(const char *name, const sn_token_file *f) {
    int64_t before = 0;
    for (int64_t i = 1; i <= f->n_documents; i++) {
        uint64_t at = sn_load_u64(f->documents + 8 * i);
        if (at <= (uint64_t)before || at > (uint64_t)f->n_tokens)
            return sn_fail(SN_ERR_FORMAT, "%s: document %lld is not inside the tokens", name, (long long)(i - 1));
        before = (int64_t)at;
    }
    if (sn_load_u64(f->documents) != 0 || before != f->n_tokens)
        return sn_fail(SN_ERR_FORMAT, "%s: the documents do not cover the tokens", name);
    return SN_OK;
}

sn_status sn_token_file_open_memory(const char *name, const void *data, size_t size, sn_token_file *out) {
    sn_reader r = sn_reader_make(name, data, size, NULL);
    header h = {0};
    sn_token_file f = {0};
    SN_TRY(read_header(&r, &h, &f.origin));
    SN_TRY(check_header(&r, &h));
    f.tokens = r.data + h.tokens, f.documents = r.data + h.documents;
    f.width = (int)h.width;
    f.tokens_hash = h.tokens_hash;
    f.n_tokens = (int64_t)h.n_tokens, f.n_documents = (int64_t)h.n_documents, f.n_vocab = (int64_t)h.n_vocab;
    f.end_target = h.end == UINT64_MAX ? -1 : (int32_t)h.end;
    SN_TRY(check_documents(name, &f));
    *out = f;
    return SN_OK;
}

static sn_status check_tokens(const char *path, const sn_token_file *f) {
    sn_hash h = sn_hash_begin();
    sn_hash_add(&h, f->tokens, (size_t)f->n_tokens * (size_t)f->width);
    if (sn_hash_end(&h) == f->tokens_hash) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: the tokens are damaged: delete the file, it is built again", path);
}

sn_status sn_token_file_open(const char *path, sn_token_file *out) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_token_file_open_memory(path, map.data, map.size, out);
    if (status == SN_OK) status = check_tokens(path, out);
    if (status == SN_OK)
        out->map = map;
    else
        sn_map_close(&map);
    return status;
}

sn_status sn_token_file_may_replace(const char *path) {
    sn_map map;
    sn_status status = SN_OK;
    if (access(path, F_OK) != 0) return SN_OK;
    SN_TRY(sn_map_open(path, &map));
    if (map.size > 0 && (map.size < sizeof magic || memcmp(map.data, magic, sizeof magic) != 0))
        status = sn_fail(SN_ERR_FORMAT,
                         "%s: tokens are to be written here, but it is a file of another kind: move it away", path);
    sn_map_close(&map);
    return status;
}

void sn_token_file_close(sn_token_file *f) {
    if (f->map.data) sn_map_close(&f->map);
    *f = (sn_token_file){0};
}

sn_status sn_token_file_read(const sn_token_file *f, int64_t from, int64_t n, int32_t *out) {
    const unsigned char *p = f->tokens + from * f->width;
    uint32_t largest = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t id = f->width == 2 ? sn_load_u16(p + 2 * i) : sn_load_u32(p + 4 * i);
        largest = id > largest ? id : largest;
        out[i] = (int32_t)id;
    }
    if (n > 0 && largest >= f->n_vocab)
        return sn_fail(
            SN_ERR_FORMAT,
            "token file: tokens %lld to %lld hold id %u of a vocabulary of %lld: the file is damaged; delete "
            "it, it is built again",
            (long long)from, (long long)(from + n - 1), largest, (long long)f->n_vocab);
    return SN_OK;
}

int64_t sn_token_file_document(const sn_token_file *f, int64_t i) { return (int64_t)sn_load_u64(f->documents + 8 * i); }

/* ---- Writing ---- */

enum { CHUNK = 1 << 15 };

struct sn_token_writer {
    sn_writer *file;
    int64_t n_vocab, n_tokens, n_documents, capacity;
    int32_t end_target;
    size_t width;
    sn_hash hash;     /* of the tokens so far */
    uint64_t *starts; /* n_documents + 1 */
    unsigned char chunk[4 * CHUNK];
};

static sn_status add_start(sn_token_writer *w) {
    if (w->n_documents == w->capacity) {
        int64_t capacity = 2 * w->capacity + 1024;
        uint64_t *starts = sn_realloc(w->starts, (size_t)(capacity + 1) * sizeof *starts);
        if (!starts) return sn_fail_memory("the documents of a token file");
        w->starts = starts;
        w->capacity = capacity;
        starts[0] = 0;
    }
    w->starts[++w->n_documents] = (uint64_t)w->n_tokens;
    return SN_OK;
}

sn_status sn_token_writer_open(const char *path, int64_t n_vocab, int32_t end_target, sn_token_writer **out) {
    static const unsigned char blank[HEADER];
    if (n_vocab <= 0 || n_vocab > MAX_VOCAB || end_target >= n_vocab)
        return sn_fail(SN_ERR_ARGUMENT, "token file: a vocabulary of %lld ids", (long long)n_vocab);
    sn_token_writer *w = sn_calloc(1, sizeof *w);
    if (!w) return sn_fail_memory("a token file");
    w->n_vocab = n_vocab;
    w->end_target = end_target;
    w->width = n_vocab <= 65536 ? 2 : 4;
    w->hash = sn_hash_begin();
    sn_status status = sn_writer_open(path, &w->file);
    if (status == SN_OK) status = sn_writer_put(w->file, blank, HEADER);
    if (status == SN_OK)
        *out = w;
    else
        sn_token_writer_abandon(w);
    return status;
}

sn_status sn_token_writer_put(sn_token_writer *w, const int32_t *ids, int64_t n) {
    for (int64_t done = 0; done < n;) {
        int64_t some = n - done < CHUNK ? n - done : CHUNK;
        for (int64_t i = 0; i < some; i++) {
            int32_t id = ids[done + i];
            if (id < 0 || id >= w->n_vocab)
                return sn_fail(SN_ERR_ARGUMENT, "token file: id %d of a vocabulary of %lld", id, (long long)w->n_vocab);
            if (w->width == 2)
                sn_store_u16(w->chunk + 2 * i, (uint16_t)id);
            else
                sn_store_u32(w->chunk + 4 * i, (uint32_t)id);
        }
        SN_TRY(sn_writer_put(w->file, w->chunk, (size_t)some * w->width));
        sn_hash_add(&w->hash, w->chunk, (size_t)some * w->width);
        done += some;
        w->n_tokens += some;
    }
    return SN_OK;
}

sn_status sn_token_writer_end_document(sn_token_writer *w) {
    int64_t start = w->n_documents ? (int64_t)w->starts[w->n_documents] : 0;
    return w->n_tokens > start ? add_start(w) : SN_OK;
}

int64_t sn_token_writer_count(const sn_token_writer *w) { return w->n_tokens; }

static void make_header(const sn_token_writer *w, int64_t documents, const sn_token_origin *origin,
                        unsigned char h[HEADER]) {
    memset(h, 0, HEADER);
    memcpy(h, magic, sizeof magic);
    sn_store_u32(h + 8, SN_TOKEN_FILE_VERSION);
    sn_store_u32(h + 12, (uint32_t)w->width);
    const uint64_t words[] = {(uint64_t)w->n_tokens, (uint64_t)w->n_documents,
                              (uint64_t)w->n_vocab,  w->end_target < 0 ? UINT64_MAX : (uint64_t)w->end_target,
                              origin->key,           origin->content,
                              origin->tokenizer,     HEADER,
                              (uint64_t)documents,   sn_hash_end(&w->hash)};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) sn_store_u64(h + 16 + 8 * i, words[i]);
    sn_store_u64(h + HEADER_HASHED, header_hash(h));
}

static sn_status write_table(sn_token_writer *w, const sn_token_origin *origin) {
    unsigned char head[HEADER], word[8];
    SN_TRY(sn_token_writer_end_document(w));
    if (w->n_tokens == 0) return sn_fail(SN_ERR_ARGUMENT, "token file: there are no tokens to write");
    SN_TRY(sn_writer_pad(w->file, 8));
    int64_t documents = sn_writer_offset(w->file);
    for (int64_t i = 0; i <= w->n_documents; i++) {
        sn_store_u64(word, w->starts[i]);
        SN_TRY(sn_writer_put(w->file, word, sizeof word));
    }
    make_header(w, documents, origin, head);
    return sn_writer_patch(w->file, 0, head, HEADER);
}

sn_status sn_token_writer_commit(sn_token_writer *w, const sn_token_origin *origin) {
    sn_status status = write_table(w, origin);
    if (status == SN_OK) {
        status = sn_writer_commit(w->file);
        w->file = NULL;
    }
    sn_token_writer_abandon(w);
    return status;
}

void sn_token_writer_abandon(sn_token_writer *w) {
    if (!w) return;
    sn_writer_abandon(w->file);
    sn_free(w->starts);
    sn_free(w);
}
