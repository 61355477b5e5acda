/* What the `tokenizers` package takes for Unicode, where its data is of another version than that of PCRE2 and
 * utf8proc: generated, so that the same text gives the same ids. Ranges are ascending and include both ends. */
#ifndef SN_TOKEN_UNICODE_TABLES_H
#define SN_TOKEN_UNICODE_TABLES_H

#include <stdint.h>

typedef struct sn_range {
    uint32_t first, last;
} sn_range;

typedef struct sn_later {
    uint32_t first, last;
    char name[12]; /* general category, or its first letter, or one of the larger scripts */
} sn_later;

extern const sn_range sn_unicode_punctuation[], sn_unicode_numeric[], sn_unicode_mark[], sn_unicode_nonspacing[],
    sn_unicode_other[];
extern const int sn_unicode_n_punctuation, sn_unicode_n_numeric, sn_unicode_n_mark, sn_unicode_n_nonspacing,
    sn_unicode_n_other;

extern const sn_later sn_unicode_later[]; /* assigned after Unicode 14, which is PCRE2 10.42's */
extern const int sn_unicode_n_later;
extern const sn_range
    sn_unicode_whole[]; /* decompositions that are newer than the package's: it leaves these as they are */
extern const int sn_unicode_n_whole;
extern const sn_range sn_unicode_lower[]; /* pairs: lower case that is newer than utf8proc's */
extern const int sn_unicode_n_lower;

#endif
