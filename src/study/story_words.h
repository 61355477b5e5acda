/* The words and sentences that stories are made of. */
#ifndef SN_STUDY_STORY_WORDS_H
#define SN_STUDY_STORY_WORDS_H

/* A list ends with NULL. */
extern const char *const sn_story_names[], *const sn_story_fillers[], *const sn_story_arrivals[];

/* Sentences around a fact (%F): that tell it, that recall it, that ask for it (%Q) and recall it. */
extern const char *const sn_story_tellings[], *const sn_story_recollections[], *const sn_story_answers[];

/* A kind of fact. %A is the one it is about, %V the value. */
typedef struct sn_story_relation {
    const char *about;
    const char *question; /* "What does the cook save %A?" */
    const char *fact;     /* "the cook saves %A %V" */
    const char *const *values;
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
