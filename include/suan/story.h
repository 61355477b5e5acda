/* Stories: endless deterministic English text that rewards a long memory.
 *
 * A story is about the people of a valley. Facts about them (what the cook saves for somebody, what somebody is called,
 * how many coins somebody is owed) are stated once and recalled later, at distances that are even over the octaves from
 * about 20 to about 6000 words. Who has read far enough back knows how such a sentence ends; who has not can only
 * guess. */
#ifndef SUAN_STORY_H
#define SUAN_STORY_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_story_options {
    uint64_t seed;
    int64_t words;    /* about how many; 0: 24000 */
    double recalls;   /* share of sentences that recall a fact, 0..0.9; negative: 0.8 */
    double questions; /* share of recalls that are a question and its answer, 0..1; negative: 0.3 */
    int64_t farthest; /* recall nothing from farther back than about so many words; 0: everything */
    int64_t people;   /* present at a time, 2..64; 0: 4 */
    int64_t kinds;    /* of facts in a story, 1..8, drawn for each; 0: all */
} sn_story_options;
SN_API sn_story_options sn_story_defaults(void);

/* A recalled fact: the story's bytes [answer, answer_end) were last written before `source` (a byte offset too). */
typedef struct sn_recall {
    int64_t source, answer, answer_end;
    bool question;
    const char *about; /* "village", "debt", ...: a constant */
} sn_recall;

typedef struct sn_story {
    char *text; /* zero-terminated ASCII */
    int64_t size;
    sn_recall *recalls; /* in the order of the text */
    int64_t n_recalls;
} sn_story;

/* Story `index` of the endless row that the options define; it depends on nothing else. */
SN_API sn_status sn_story_write(const sn_story_options *options, int64_t index, sn_story *out);
SN_API void sn_story_free(sn_story *s); /* frees the contents */

#ifdef __cplusplus
}
#endif
#endif
