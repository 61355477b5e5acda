/* Claims: terms, and the relations between neighbours. "0.9 * none@in - 3 <= ntk@long < 50", "word:sum = 8589934592",
 * "walk:w2 ~ 2.85 +- 0.01". What a word such as none@in stands for, the caller knows. */
#ifndef SN_STUDY_CLAIM_H
#define SN_STUDY_CLAIM_H

#include "suan/status.h"

#include <stdbool.h>
#include <stddef.h>

enum { SN_CLAIM_MOST_TERMS = 8 };

typedef struct sn_claim_term {
    double factor, offset;
    int cell;         /* what the caller's `find` gave; -1: a constant, `offset` */
    const char *text; /* of a constant, as it is written (n_text bytes of the claim); 'in quotes' it is no number */
    size_t n_text;
} sn_claim_term;

typedef enum sn_claim_relation {
    SN_CLAIM_BELOW,
    SN_CLAIM_AT_MOST,
    SN_CLAIM_ABOVE,
    SN_CLAIM_AT_LEAST,
    SN_CLAIM_SAME, /* as texts, or as numbers */
    SN_CLAIM_NEAR  /* within `tolerance` */
} sn_claim_relation;

typedef struct sn_claim {
    int n_terms;
    sn_claim_term terms[SN_CLAIM_MOST_TERMS];
    sn_claim_relation relations[SN_CLAIM_MOST_TERMS]; /* before term i */
    double tolerances[SN_CLAIM_MOST_TERMS];           /* negative: a share of term i, as of "~ 20 +- 1%" */
} sn_claim;

/* Gives a word of a claim its cell (0 and up), or says why there is none. */
typedef sn_status sn_claim_find(void *user, const char *word, int *cell);

/* `text` must live as long as the claim. SN_ERR_ARGUMENT says what is wrong. */
sn_status sn_claim_parse(const char *text, sn_claim_find *find, void *user, sn_claim *out);

/* What a cell holds. `text` NULL: only a number. NaN is neither below nor above nor near anything. */
typedef struct sn_claim_value {
    double number;
    const char *text;
} sn_claim_value;
/* values: of all cells */
bool sn_claim_holds(const sn_claim *c, const sn_claim_value *values);

#endif
