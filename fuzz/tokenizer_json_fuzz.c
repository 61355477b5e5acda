/* tokenizer.json: whatever opens also encodes and decodes, and a stream gives the text of the whole. */
#include "fuzz.h"

#include "token/tokenizer.h"

#include <string.h>

static const char sample[] =
    "Hello, w\xC3\xB6rld  1234 <s> \xE4\xBD\xA0\xE5\xA5\xBD\n\xF0\x9F\x98\x80 e\xCC\x81\xFF it's";

static void round_trip(const sn_tokenizer *t) {
    int32_t *ids;
    int64_t n;
    char *text;
    size_t size, at = 0;
    sn_detokenizer *d;
    if (sn_tokenizer_encode(t, sample, sizeof sample - 1, NULL, &ids, &n) != SN_OK) return;
    for (int64_t i = 0; i < n; i++)
        if (ids[i] < 0 || ids[i] >= sn_tokenizer_n_tokens(t)) abort();
    if (sn_tokenizer_decode(t, ids, n, true, &text, &size) == SN_OK && sn_detokenizer_new(t, true, &d) == SN_OK) {
        for (int64_t i = 0; i <= n; i++) {
            const char *part;
            size_t part_size;
            if ((i < n ? sn_detokenizer_push(d, ids[i], &part, &part_size)
                       : sn_detokenizer_finish(d, &part, &part_size)) != SN_OK)
                abort();
            if (at + part_size > size || memcmp(text + at, part, part_size) != 0) abort();
            at += part_size;
        }
        if (at != size) abort();
        sn_detokenizer_free(d);
        sn_text_free(text);
    }
    sn_ids_free(ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_tokenizer *t;
    if (size == 0 || data[0] != '{') return 0; /* the other formats have their own targets */
    if (sn_tokenizer_from_memory("fuzz", data, size, &t) != SN_OK) return 0;
    round_trip(t);
    sn_tokenizer_free(t);
    return 0;
}
