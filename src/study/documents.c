/* A text of several documents as one row of tokens. */
#include "suan/study.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

typedef struct row {
    int32_t *ids;
    int64_t n, capacity;
} row;

static sn_status reserve(row *r, int64_t more) {
    if (more <= r->capacity - r->n) return SN_OK;
    int64_t capacity = 2 * r->capacity + more;
    int32_t *ids = sn_realloc(r->ids, (size_t)capacity * sizeof *ids);
    if (!ids) return sn_fail_memory("the tokens of a text");
    r->ids = ids;
    r->capacity = capacity;
    return SN_OK;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void strip(const char **text, size_t *size) {
    while (*size && is_space(**text)) ++*text, --*size;
    while (*size && is_space((*text)[*size - 1])) --*size;
}

static sn_status add_document(const sn_tokenizer *t, const char *text, size_t size, row *r) {
    static const sn_encode_options plain = {.add_special = false, .parse_special = false};
    int32_t *ids = NULL, bos = sn_tokenizer_bos(t);
    int64_t n = 0;
    SN_TRY(sn_tokenizer_encode(t, text, size, &plain, &ids, &n));
    sn_status status = reserve(r, n + 1);
    if (status == SN_OK && bos >= 0) r->ids[r->n++] = bos;
    if (status == SN_OK && n > 0) memcpy(r->ids + r->n, ids, (size_t)n * sizeof *ids);
    if (status == SN_OK) r->n += n;
    sn_ids_free(ids);
    return status;
}

static sn_status add_documents(const sn_tokenizer *t, const char *text, size_t size, const char *separator,
                               int64_t max_tokens, row *r, int64_t *n_documents) {
    size_t length = separator ? strlen(separator) : 0;
    const char *end = text + size;
    for (const char *at = text; at < end && (max_tokens == 0 || r->n < max_tokens);) {
        const char *cut = length ? memmem(at, (size_t)(end - at), separator, length) : NULL;
        const char *document = at;
        size_t n = (size_t)((cut ? cut : end) - at);
        strip(&document, &n);
        if (n > 0) {
            SN_TRY(add_document(t, document, n, r));
            ++*n_documents;
        }
        at = cut ? cut + length : end;
    }
    return SN_OK;
}

sn_status sn_documents_encode(const sn_tokenizer *t, const char *text, size_t size, const char *separator,
                              int64_t max_tokens, int32_t **ids, int64_t *n_ids, int64_t *n_documents) {
    row r = {0};
    int64_t documents = 0;
    if (!t || (!text && size) || max_tokens < 0 || !ids || !n_ids)
        return sn_fail(SN_ERR_ARGUMENT, "documents: a tokenizer, a text and places for the tokens are needed");
    sn_status status = reserve(&r, 1);
    if (status == SN_OK) status = add_documents(t, text, size, separator, max_tokens, &r, &documents);
    if (status != SN_OK) {
        sn_free(r.ids);
        return status;
    }
    *ids = r.ids;
    *n_ids = r.n;
    if (n_documents) *n_documents = documents;
    return SN_OK;
}
