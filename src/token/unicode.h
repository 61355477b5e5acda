/* Unicode properties, which are those of the `tokenizers` package (unicode_tables.h), and normalization forms, over
 * utf8proc. Without it only ASCII is normalized and anything that needs more is SN_ERR_UNSUPPORTED (sn_unicode_ready).
 */
#ifndef SN_TOKEN_UNICODE_H
#define SN_TOKEN_UNICODE_H

#include "token/buf.h"

typedef enum sn_unicode_form { SN_NFC, SN_NFD, SN_NFKC, SN_NFKD } sn_unicode_form;

sn_status sn_unicode_ready(void);
/* Appends the form of the text; bytes that are not UTF-8 pass unchanged. Linear time also for long runs of marks. */
sn_status sn_unicode_normalize(sn_unicode_form form, sn_text text, sn_buf *out);

bool sn_is_space(uint32_t c);       /* White_Space */
bool sn_is_punctuation(uint32_t c); /* category P of Unicode 8, or an ASCII symbol */
bool sn_is_numeric(uint32_t c);     /* category N */
bool sn_is_mark(uint32_t c);        /* category M */
bool sn_is_nonspacing(uint32_t c);  /* category Mn */
bool sn_is_other(uint32_t c);       /* control, format, private use (not: unassigned) */
bool sn_is_word(uint32_t c);        /* letters, marks, decimal digits, connectors, joiners: Rust's \w */
bool sn_is_chinese(uint32_t c);     /* the blocks BERT puts spaces around */
/* Lower case of one character (one or two code points). */
sn_status sn_append_lower(sn_buf *out, uint32_t c);
sn_status sn_append_upper(sn_buf *out, uint32_t c); /* simple mapping, and U+00DF as SS */
/* Byte length of the first grapheme cluster of the text (size >= 1). */
size_t sn_grapheme_length(const char *s, size_t size);

#endif
