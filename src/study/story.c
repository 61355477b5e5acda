/* Writing a story: sentence by sentence, with a memory of what was told where. */
#include "suan/story.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "study/story_words.h"
#include "token/buf.h"

#include <string.h>

enum {
    MAX_FACTS = 4096,
    MAX_PEOPLE = 256,
    PRESENT = 4, /* people at a time, at most MAX_PRESENT */
    MAX_PRESENT = 64,
    SCENE_LENGTH = 12, /* sentences until somebody leaves and somebody comes */
    FIRST_FACTS = 8,   /* told before one is recalled */
    FIRST_OCTAVE = 7,  /* recalls are as frequent in each octave of the distance in bytes, from 2^7 on */
    LAST_OCTAVE = 14,
    BYTES_PER_WORD = 5
};

typedef struct fact {
    int person, relation;
    const char *value;
    int64_t last; /* byte after its value where it was last written */
} fact;

typedef struct writer {
    uint64_t seed, stream, draws;
    sn_buf text;
    sn_recall *recalls;
    size_t n_recalls, recalls_capacity;
    const char *people[MAX_PEOPLE]; /* in the order of their arrival, the rest are yet to come */
    int n_people, n_arrived;
    uint8_t told[MAX_PEOPLE]; /* by person: relations told, a bit each */
    fact facts[MAX_FACTS];
    int n_facts;
    int scene[MAX_PRESENT], n_present;
    uint8_t untellable; /* relations that the story does not have, a bit each */
    int64_t n_sentences;
    int64_t value_begin, value_end; /* of the sentence written last */
} writer;

/* ---- Chance ---- */

static double chance(writer *w) { return sn_uniform_f64(w->seed, w->stream, w->draws++); }
static int below(writer *w, int n) { return (int)(chance(w) * n); }

static int list_size(const char *const *list) {
    int n = 0;
    while (list[n]) n++;
    return n;
}
static const char *one_of(writer *w, const char *const *list) { return list[below(w, list_size(list))]; }

/* ---- Sentences ---- */

static sn_status put(writer *w, const char *text) { return sn_buf_append(&w->text, text, strlen(text)); }

typedef struct cast {
    const char *a, *b;
    const sn_story_relation *relation; /* of the fact, or NULL */
    const char *value;
} cast;

static sn_status put_pattern(writer *w, const char *pattern, const cast *k);

static sn_status put_value(writer *w, const cast *k) {
    w->value_begin = (int64_t)w->text.size;
    SN_TRY(put(w, k->value));
    w->value_end = (int64_t)w->text.size;
    return SN_OK;
}

static sn_status put_slot(writer *w, char letter, const cast *k) {
    switch (letter) {
    case 'A': return put(w, k->a);
    case 'B': return put(w, k->b);
    case 'F': return put_pattern(w, k->relation->fact, k);
    case 'Q': return put_pattern(w, k->relation->question, k);
    case 'V': return put_value(w, k);
    default: break;
    }
    for (const sn_story_slot *s = sn_story_slots; s->letter; s++)
        if (s->letter == letter) return put(w, one_of(w, s->words));
    return sn_fail(SN_ERR_INTERNAL, "story: no words for %%%c", letter);
}

static sn_status put_pattern(writer *w, const char *pattern, const cast *k) {
    for (const char *p = pattern; *p; p++) {
        if (*p != '%')
            SN_TRY(sn_buf_append(&w->text, p, 1));
        else
            SN_TRY(put_slot(w, *++p, k));
    }
    return SN_OK;
}

/* Sentences stand apart by a blank; now and then a paragraph ends. */
static sn_status finish_sentence(writer *w) {
    w->n_sentences++;
    return put(w, chance(w) < 0.15 ? "\n" : " ");
}

/* ---- People ---- */

static void shuffle_people(writer *w) {
    w->n_people = list_size(sn_story_names);
    for (int i = 0; i < w->n_people; i++) w->people[i] = sn_story_names[i];
    for (int i = w->n_people - 1; i > 0; i--) {
        int k = below(w, i + 1);
        const char *t = w->people[i];
        w->people[i] = w->people[k];
        w->people[k] = t;
    }
}

/* Somebody present, but not `other` (-1: nobody). */
static int present(writer *w, int other) {
    for (;;) {
        int p = w->scene[below(w, w->n_present)];
        if (p != other) return p;
    }
}

static bool in_scene(const writer *w, int person) {
    for (int i = 0; i < w->n_present; i++)
        if (w->scene[i] == person) return true;
    return false;
}

static cast cast_of(writer *w, int a) { return (cast){.a = w->people[a], .b = w->people[present(w, a)]}; }

static sn_status arrive(writer *w) {
    int person = w->n_arrived++;
    w->scene[below(w, w->n_present)] = person;
    cast k = cast_of(w, person);
    SN_TRY(put_pattern(w, one_of(w, sn_story_arrivals), &k));
    return finish_sentence(w);
}

/* Somebody who was here before comes back. */
static void change_scene(writer *w) {
    int back = below(w, w->n_arrived);
    if (!in_scene(w, back)) w->scene[below(w, w->n_present)] = back;
}

/* ---- Facts ---- */

static int bits(unsigned x) {
    int n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}

/* A relation of somebody present that was not told yet; false where everything was. */
static bool find_untold(writer *w, int *person, int *relation) {
    int left = 0;
    for (int i = 0; i < w->n_present; i++) left += sn_story_n_relations - bits(w->told[w->scene[i]] | w->untellable);
    if (left == 0) return false;
    int pick = below(w, left);
    for (int i = 0; i < w->n_present; i++)
        for (int r = 0; r < sn_story_n_relations; r++)
            if (!((w->told[w->scene[i]] | w->untellable) >> r & 1) && pick-- == 0) {
                *person = w->scene[i];
                *relation = r;
                return true;
            }
    return false;
}

static cast cast_of_fact(const writer *w, const fact *f) {
    cast k = {.a = w->people[f->person], .relation = &sn_story_relations[f->relation]};
    k.value = f->value;
    return k;
}

static sn_status tell(writer *w, int person, int relation) {
    const sn_story_relation *r = &sn_story_relations[relation];
    fact *f = &w->facts[w->n_facts++];
    *f = (fact){.person = person, .relation = relation};
    f->value = one_of(w, r->values);
    w->told[person] |= (uint8_t)(1U << relation);
    cast k = cast_of_fact(w, f);
    SN_TRY(put_pattern(w, one_of(w, sn_story_tellings), &k));
    f->last = w->value_end;
    return finish_sentence(w);
}

static int octave(int64_t distance) {
    int k = 0;
    while (distance > 1) distance >>= 1, k++;
    return k < FIRST_OCTAVE ? FIRST_OCTAVE : k < LAST_OCTAVE ? k : LAST_OCTAVE;
}

/* An octave of the distance up to `farthest` bytes, then one of its facts; NULL where all facts are farther. Where the
 * octave has none, a fact told lately is repeated: otherwise the few facts of a young story would all be worn out
 * before they are old. */
static fact *pick_fact(writer *w, int64_t farthest) {
    int count[LAST_OCTAVE + 1] = {0}, nearest = FIRST_OCTAVE, last = octave(farthest);
    int64_t here = (int64_t)w->text.size;
    for (int i = 0; i < w->n_facts; i++)
        if (here - w->facts[i].last < farthest) count[octave(here - w->facts[i].last)]++;
    while (nearest <= last && count[nearest] == 0) nearest++;
    if (nearest > last) return NULL;
    int chosen = FIRST_OCTAVE + below(w, last - FIRST_OCTAVE + 1);
    if (count[chosen] == 0) chosen = nearest;
    int which = below(w, count[chosen]);
    for (int i = 0; i < w->n_facts; i++) {
        int64_t distance = here - w->facts[i].last;
        if (distance < farthest && octave(distance) == chosen && which-- == 0) return &w->facts[i];
    }
    return NULL;
}

static sn_status recall(writer *w, const sn_story_options *o, fact *f) {
    bool question = chance(w) < o->questions;
    cast k = cast_of_fact(w, f);
    SN_TRY(put_pattern(w, one_of(w, question ? sn_story_answers : sn_story_recollections), &k));
    SN_TRY(sn_grow((void **)&w->recalls, &w->recalls_capacity, w->n_recalls + 1, sizeof *w->recalls));
    w->recalls[w->n_recalls++] =
        (sn_recall){f->last, w->value_begin, w->value_end, question, sn_story_relations[f->relation].about};
    f->last = w->value_end;
    return finish_sentence(w);
}

static sn_status fill_in(writer *w) {
    cast k = cast_of(w, present(w, -1));
    SN_TRY(put_pattern(w, one_of(w, sn_story_fillers), &k));
    return finish_sentence(w);
}

/* ---- The story ---- */

/* Shares of the sentences that recall nothing. */
static const double new_facts = 0.5, new_people = 0.08;

static sn_status next_sentence(writer *w, const sn_story_options *o) {
    double pick = chance(w);
    int person, relation;
    if (w->n_sentences % SCENE_LENGTH == SCENE_LENGTH - 1) change_scene(w);
    if (pick < o->recalls && w->n_facts >= FIRST_FACTS) {
        fact *f = pick_fact(w, o->farthest * BYTES_PER_WORD);
        if (f) return recall(w, o, f);
    }
    pick = chance(w);
    if (pick < new_facts && w->n_facts < MAX_FACTS && find_untold(w, &person, &relation))
        return tell(w, person, relation);
    if (pick < new_facts + new_people && w->n_arrived < w->n_people) return arrive(w);
    return fill_in(w);
}

static sn_status begin(writer *w, const sn_story_options *o) {
    shuffle_people(w);
    w->n_present = (int)o->people;
    for (int kinds = sn_story_n_relations; kinds > o->kinds;) {
        unsigned one = 1U << below(w, sn_story_n_relations);
        if (w->untellable & one) continue;
        w->untellable |= (uint8_t)one;
        kinds--;
    }
    for (int i = 0; i < w->n_present; i++) w->scene[i] = w->n_arrived++;
    cast k = cast_of(w, w->scene[0]);
    SN_TRY(put_pattern(w, "This is the story of %A and %B and the people of the valley. ", &k));
    return SN_OK;
}

sn_story_options sn_story_defaults(void) { return (sn_story_options){.recalls = -1, .questions = -1}; }

static sn_status take_options(const sn_story_options *given, sn_story_options *o) {
    *o = *given;
    if (o->words == 0) o->words = 24000;
    if (o->farthest == 0) o->farthest = (int64_t)1 << 32;
    if (o->people == 0) o->people = PRESENT;
    if (o->kinds == 0) o->kinds = sn_story_n_relations;
    if (o->recalls < 0) o->recalls = 0.8;
    if (o->questions < 0) o->questions = 0.3;
    if (o->words < 1 || o->words > (int64_t)1 << 32)
        return sn_fail(SN_ERR_ARGUMENT, "story: %lld words: from 1 to 2^32", (long long)o->words);
    if (o->farthest < 1 || o->farthest > (int64_t)1 << 32)
        return sn_fail(SN_ERR_ARGUMENT, "story: recalls up to %lld words back: from 1 to 2^32", (long long)o->farthest);
    if (o->people < 2 || o->people > MAX_PRESENT || o->kinds < 1 || o->kinds > sn_story_n_relations)
        return sn_fail(SN_ERR_ARGUMENT, "story: %lld people, %lld kinds of facts: from 2 to %d, from 1 to %d",
                       (long long)o->people, (long long)o->kinds, MAX_PRESENT, sn_story_n_relations);
    if (!(o->recalls <= 0.9) || !(o->questions <= 1))
        return sn_fail(SN_ERR_ARGUMENT, "story: recalls are up to 0.9 of the sentences, questions up to 1 of them");
    return SN_OK;
}

static sn_status write_story(writer *w, const sn_story_options *o) {
    SN_TRY(begin(w, o));
    while ((int64_t)w->text.size < o->words * BYTES_PER_WORD) SN_TRY(next_sentence(w, o));
    w->text.data[w->text.size - 1] = '\n';
    return sn_buf_append(&w->text, "", 1);
}

sn_status sn_story_write(const sn_story_options *options, int64_t index, sn_story *out) {
    sn_story_options defaults = sn_story_defaults(), o;
    *out = (sn_story){0};
    SN_TRY(take_options(options ? options : &defaults, &o));
    writer *w = sn_calloc(1, sizeof *w);
    if (!w) return sn_fail_memory("a story");
    w->seed = o.seed;
    w->stream = (uint64_t)index;
    sn_status status = write_story(w, &o);
    if (status == SN_OK)
        *out = (sn_story){w->text.data, (int64_t)w->text.size - 1, w->recalls, (int64_t)w->n_recalls};
    else {
        sn_buf_free(&w->text);
        sn_free(w->recalls);
    }
    sn_free(w);
    return status;
}

void sn_story_free(sn_story *s) {
    sn_free(s->text);
    sn_free(s->recalls);
    *s = (sn_story){0};
}
