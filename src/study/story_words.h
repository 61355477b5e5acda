/* The words and sentences that stories are made of. */
#ifndef SN_STUDY_STORY_WORDS_H
#define SN_STUDY_STORY_WORDS_H

/* A list ends with NULL. */
extern const char *const sn_story_names[], *const sn_story_fillers[], *const sn_story_arrivals[];

/* A kind of fact. In its sentences %A is the one it is about, %B and %C are others, %V the value. */
typedef struct sn_story_relation {
    const char *about;
    const char *question;             /* "Where does %A live?" */
    const char *answer;               /* "%A lives in %V" */
    const char *const *statements;    /* whole sentences that tell it */
    const char *const *recollections; /* whole sentences that recall it */
    const char *const *values;        /* NULL: another person */
    const char *const *adjectives;    /* before the value, "brass lantern"; NULL: none */
} sn_story_relation;

extern const sn_story_relation sn_story_relations[];
extern const int sn_story_n_relations;

/* What may stand for a letter of a filler sentence: %T, %W, ... */
typedef struct sn_story_slot {
    char letter;
    const char *const *words;
} sn_story_slot;
extern const sn_story_slot sn_story_slots[]; /* ends with letter 0 */

#endif
