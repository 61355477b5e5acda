/* Claims of recipes: terms and the relations between them. */
#include "base/error.h"
#include "base/number.h"
#include "study/recipe.h"

#include <stdio.h>
#include <string.h>

enum { WORD_SIZE = 64 };

static const char *const test_names[SN_RECIPE_TESTS] = {"in", "repeated", "long"};

const char *sn_recipe_test_name(sn_recipe_test t) { return test_names[t]; }

typedef struct parser {
    const char *at;
    const char *const *names;
    int n_names;
    char word[WORD_SIZE]; /* the next one; "" at the end */
} parser;

static sn_status next_word(parser *p) {
    p->at += strspn(p->at, " \t\n");
    size_t n = strcspn(p->at, " \t\n");
    if (n >= WORD_SIZE) return sn_fail(SN_ERR_ARGUMENT, "a word of more than %d letters", WORD_SIZE - 1);
    memcpy(p->word, p->at, n);
    p->word[n] = 0;
    p->at += n;
    return SN_OK;
}

static bool number(const parser *p, double *out) { return sn_number_parse(p->word, strlen(p->word), out); }

/* "row@test" or "row@test.loss" */
static sn_status parse_cell(parser *p, sn_claim_term *t) {
    char *at = strchr(p->word, '@');
    if (!at) return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no row@test", p->word);
    *at++ = 0;
    char *dot = strchr(at, '.');
    t->loss = dot && strcmp(dot, ".loss") == 0;
    if (t->loss) *dot = 0;
    t->row = -1;
    for (int i = 0; i < p->n_names; i++)
        if (strcmp(p->names[i], p->word) == 0) t->row = i;
    if (t->row < 0) {
        const char *near = sn_nearest(p->word, p->names, p->n_names);
        return sn_fail(SN_ERR_NOT_FOUND, "there is no row \"%s\"%s%s", p->word, near ? ": did you mean " : "",
                       near ? near : "");
    }
    for (int i = 0; i < SN_RECIPE_TESTS; i++)
        if (strcmp(test_names[i], at) == 0) {
            t->test = (sn_recipe_test)i;
            return next_word(p);
        }
    return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no test: in, repeated and long are, and in.loss and so on", at);
}

/* [number *] row@test [+ number | - number], or a number alone */
static sn_status parse_term(parser *p, sn_claim_term *t) {
    double value;
    *t = (sn_claim_term){.factor = 1, .row = -1};
    if (number(p, &value)) {
        SN_TRY(next_word(p));
        if (strcmp(p->word, "*") != 0) {
            t->offset = value;
            return SN_OK;
        }
        t->factor = value;
        SN_TRY(next_word(p));
    }
    SN_TRY(parse_cell(p, t));
    bool plus = strcmp(p->word, "+") == 0, minus = strcmp(p->word, "-") == 0;
    if (!plus && !minus) return SN_OK;
    SN_TRY(next_word(p));
    if (!number(p, &value)) return sn_fail(SN_ERR_ARGUMENT, "a number is wanted after + and -");
    t->offset = plus ? value : -value;
    return next_word(p);
}

static char relation(const char *word) {
    static const char *const words[] = {"<", "<=", ">", ">="};
    for (int i = 0; i < 4; i++)
        if (strcmp(words[i], word) == 0) return "<l>g"[i];
    return 0;
}

sn_status sn_claim_parse(const char *text, const char *const *names, int n_names, sn_claim *out) {
    parser p = {.at = text, .names = names, .n_names = n_names};
    *out = (sn_claim){.n_terms = 1};
    SN_TRY(next_word(&p));
    SN_TRY(parse_term(&p, &out->terms[0]));
    while (p.word[0]) {
        char kind = relation(p.word);
        if (!kind)
            return sn_fail(SN_ERR_ARGUMENT, "\"%s\": <, <=, > or >= is wanted here, with blanks around it", p.word);
        if (out->n_terms == SN_CLAIM_MOST_TERMS)
            return sn_fail(SN_ERR_LIMIT, "more than %d terms", SN_CLAIM_MOST_TERMS);
        out->relations[out->n_terms] = kind;
        SN_TRY(next_word(&p));
        SN_TRY(parse_term(&p, &out->terms[out->n_terms++]));
    }
    if (out->n_terms < 2) return sn_fail(SN_ERR_ARGUMENT, "a claim relates at least two terms: a@long > b@long");
    return SN_OK;
}

static double value_of(const sn_claim_term *t, const sn_recipe_score *scores) {
    if (t->row < 0) return t->offset;
    const sn_recipe_score *s = &scores[t->row * SN_RECIPE_TESTS + (int)t->test];
    return t->factor * (t->loss ? s->loss : s->accuracy) + t->offset;
}

bool sn_claim_holds(const sn_claim *c, const sn_recipe_score *scores) {
    for (int i = 1; i < c->n_terms; i++) {
        double a = value_of(&c->terms[i - 1], scores), b = value_of(&c->terms[i], scores);
        char kind = c->relations[i];
        bool holds = kind == '<' ? a < b : kind == 'l' ? a <= b : kind == '>' ? a > b : a >= b;
        if (!holds) return false;
    }
    return true;
}
