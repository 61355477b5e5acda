#include "study/claim.h"

#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD_SIZE = 256, EXACT_DIGITS = 15 };

/* ---- Reading ---- */

typedef struct parser {
    const char *at;
    sn_claim_find *find;
    void *user;
    char word[WORD_SIZE]; /* the next one; "" at the end */
    const char *begin;    /* where it stands */
    bool quoted;
} parser;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

static sn_status next_word(parser *p) {
    p->at += strspn(p->at, " \t\n");
    p->quoted = *p->at == '\'';
    p->begin = p->at + p->quoted;
    size_t n = strcspn(p->begin, p->quoted ? "'" : " \t\n");
    if (p->quoted && !p->begin[n]) return sn_fail(SN_ERR_ARGUMENT, "a quote that does not end: '%.40s", p->begin);
    if (n >= WORD_SIZE) return sn_fail(SN_ERR_ARGUMENT, "a word of more than %d letters", WORD_SIZE - 1);
    memcpy(p->word, p->begin, n);
    p->word[n] = 0;
    p->at = p->begin + n + p->quoted;
    if (p->quoted && *p->at && !is_blank(*p->at))
        return sn_fail(SN_ERR_ARGUMENT, "a blank is wanted after '%.40s'", p->word);
    return SN_OK;
}

static bool at_end(const parser *p) { return !p->word[0] && !p->quoted; }

static bool number(const parser *p, double *out) {
    return !p->quoted && sn_number_parse(p->word, strlen(p->word), out);
}

static bool is_word(const parser *p, const char *word) { return !p->quoted && strcmp(p->word, word) == 0; }

/* [number *] word [+ number | - number], or a constant */
static sn_status parse_term(parser *p, sn_claim_term *t) {
    double value = 0;
    *t = (sn_claim_term){.factor = 1, .cell = -1, .text = p->begin, .n_text = strlen(p->word)};
    if (at_end(p)) return sn_fail(SN_ERR_ARGUMENT, "a term is wanted at the end");
    if (p->quoted || number(p, &value)) {
        t->offset = p->quoted ? NAN : value;
        SN_TRY(next_word(p));
        if (isnan(t->offset) || !is_word(p, "*")) return SN_OK;
        *t = (sn_claim_term){.factor = value, .cell = -1};
        SN_TRY(next_word(p));
    }
    SN_TRY(p->find(p->user, p->word, &t->cell));
    SN_TRY(next_word(p));
    bool plus = is_word(p, "+"), minus = is_word(p, "-");
    if (!plus && !minus) return SN_OK;
    SN_TRY(next_word(p));
    if (!number(p, &value)) return sn_fail(SN_ERR_ARGUMENT, "a number is wanted after + and -");
    t->offset = plus ? value : -value;
    return next_word(p);
}

static sn_status parse_relation(parser *p, sn_claim_relation *out) {
    static const char *const words[] = {"<", "<=", ">", ">=", "=", "~"};
    for (int i = 0; i < 6; i++)
        if (is_word(p, words[i])) {
            *out = (sn_claim_relation)i;
            return next_word(p);
        }
    return sn_fail(SN_ERR_ARGUMENT, "\"%s\": <, <=, >, >=, = or ~ is wanted here, with blanks around it", p->word);
}

/* "+- 0.01", "+- 1%" */
static sn_status parse_tolerance(parser *p, double *out) {
    if (!is_word(p, "+-")) return sn_fail(SN_ERR_ARGUMENT, "~ wants how near: a ~ 2.5 +- 0.1, or +- 1%%");
    SN_TRY(next_word(p));
    size_t n = strlen(p->word);
    bool share = n > 0 && p->word[n - 1] == '%';
    if (share) p->word[n - 1] = 0;
    if (!number(p, out) || !(*out >= 0)) return sn_fail(SN_ERR_ARGUMENT, "a number is wanted after +-");
    if (share) *out = -*out / 100;
    return next_word(p);
}

sn_status sn_claim_parse(const char *text, sn_claim_find *find, void *user, sn_claim *out) {
    parser p = {.at = text, .find = find, .user = user};
    *out = (sn_claim){.n_terms = 1};
    SN_TRY(next_word(&p));
    SN_TRY(parse_term(&p, &out->terms[0]));
    while (!at_end(&p)) {
        int i = out->n_terms;
        if (i == SN_CLAIM_MOST_TERMS) return sn_fail(SN_ERR_LIMIT, "more than %d terms", SN_CLAIM_MOST_TERMS);
        SN_TRY(parse_relation(&p, &out->relations[i]));
        SN_TRY(parse_term(&p, &out->terms[i]));
        if (out->relations[i] == SN_CLAIM_NEAR) SN_TRY(parse_tolerance(&p, &out->tolerances[i]));
        out->n_terms++;
    }
    return out->n_terms >= 2 ? SN_OK : sn_fail(SN_ERR_ARGUMENT, "a claim relates at least two terms: a > b");
}

/* ---- Judging ---- */

static double number_of(const sn_claim_term *t, const sn_claim_value *values) {
    return t->cell < 0 ? t->offset : t->factor * values[t->cell].number + t->offset;
}

/* The text of a term that is nothing but a constant or a cell; NULL: it has none. */
static const char *text_of(const sn_claim_term *t, const sn_claim_value *values, size_t *n) {
    bool bare = t->cell >= 0 && t->factor == 1 && t->offset == 0;
    const char *text = t->cell < 0 ? t->text : bare ? values[t->cell].text : NULL;
    *n = t->cell < 0 ? t->n_text : text ? strlen(text) : 0;
    return text;
}

/* Whole numbers of more digits than a double has are compared as texts alone. */
static bool same(const sn_claim_term *s, const sn_claim_term *t, const sn_claim_value *values) {
    size_t m, n;
    const char *a = text_of(s, values, &m), *b = text_of(t, values, &n);
    if (a && b && m == n && memcmp(a, b, n) == 0) return true;
    if (a && b && m > EXACT_DIGITS && strspn(a, "-0123456789") >= m) return false;
    return number_of(s, values) == number_of(t, values);
}

static bool holds(const sn_claim *c, int i, const sn_claim_value *values) {
    const sn_claim_term *s = &c->terms[i - 1], *t = &c->terms[i];
    double a = number_of(s, values), b = number_of(t, values), near = c->tolerances[i];
    switch (c->relations[i]) {
    case SN_CLAIM_BELOW: return a < b;
    case SN_CLAIM_AT_MOST: return a <= b;
    case SN_CLAIM_ABOVE: return a > b;
    case SN_CLAIM_AT_LEAST: return a >= b;
    case SN_CLAIM_SAME: return same(s, t, values);
    case SN_CLAIM_NEAR: return fabs(a - b) <= (near < 0 ? -near * fabs(b) : near);
    }
    return false;
}

bool sn_claim_holds(const sn_claim *c, const sn_claim_value *values) {
    for (int i = 1; i < c->n_terms; i++)
        if (!holds(c, i, values)) return false;
    return true;
}
