/* The precompiled character map of SentencePiece: a double-array trie from byte sequences to their replacements. */
#ifndef SN_TOKEN_CHARSMAP_H
#define SN_TOKEN_CHARSMAP_H

#include "token/buf.h"

/* Borrowed from the blob; a zero-initialised one maps nothing. */
typedef struct sn_charsmap {
    const unsigned char *units; /* little-endian 32-bit cells of the trie */
    uint32_t n_units;
    sn_text texts; /* zero-terminated replacements, addressed by byte offset */
} sn_charsmap;

/* Reads the blob of a .model or of tokenizer.json. SN_ERR_FORMAT where its sizes do not fit. */
sn_status sn_charsmap_read(sn_text blob, sn_charsmap *out);

/* As SentencePiece: at each place the longest key that starts there is replaced. */
sn_status sn_charsmap_longest(const sn_charsmap *m, sn_text text, sn_buf *out);
/* As the `tokenizers` package: a grapheme cluster below 6 bytes that starts with a key is replaced whole, else each
 * character that starts with one. */
sn_status sn_charsmap_graphemes(const sn_charsmap *m, sn_text text, sn_buf *out);

#endif
