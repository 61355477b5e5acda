/* The language of compositions:
 *   list        = composition { "," composition }
 *   composition = method { "+" method }
 *   method      = name [ ":" param { "," param } ]        param = name "=" value
 * After a comma, "name =" goes on with the method before it and anything else starts a composition. Blanks around
 * words are allowed. */
#include "position/spec.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SPEC = 4096, MAX_LIST = 256, MAX_WORD = 64 };

typedef struct parser {
    const char *text;
    size_t at, size;
    sn_extend **list;
    int n;
} parser;

typedef struct word {
    const char *text;
    size_t size, at;
} word;

/* ---- Helpful errors ---- */

static int distance(const char *a, size_t n, const char *b) {
    int row[MAX_WORD + 1];
    size_t m = strlen(b);
    if (n > MAX_WORD || m > MAX_WORD) return MAX_WORD;
    for (size_t j = 0; j <= m; j++) row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            int shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < shift ? change : shift;
        }
    }
    return row[m];
}

/* Names to choose from, and the one the writer probably meant. */
typedef struct known {
    word wrong;
    char list[512];
    const char *nearest;
    int best;
} known;

static void known_add(known *k, const char *name) {
    size_t used = strlen(k->list);
    snprintf(k->list + used, sizeof k->list - used, "%s%s", used ? ", " : "", name);
    int far = distance(k->wrong.text, k->wrong.size, name);
    if (far < k->best) k->best = far, k->nearest = name;
}

static sn_status fail_unknown(const known *k, const char *owner, const char *what) {
    bool near = k->nearest && k->best <= 2 && (size_t)k->best < k->wrong.size;
    return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s\"%.*s\" is no %s: %s%s%sknown: %s", k->wrong.at + 1,
                   owner, (int)k->wrong.size, k->wrong.text, what, near ? "did you mean \"" : "",
                   near ? k->nearest : "", near ? "\"? " : "", *k->list ? k->list : "none");
}

static sn_status fail_method(word name) {
    known k = {.wrong = name, .best = MAX_WORD};
    for (int i = 0; sn_method_table[i]; i++) known_add(&k, sn_method_table[i]->info.name);
    return fail_unknown(&k, "", "method");
}

static sn_status fail_param(const sn_method_info *info, word name) {
    known k = {.wrong = name, .best = MAX_WORD};
    for (int i = 0; i < info->n_params; i++) known_add(&k, info->params[i].name);
    char owner[80];
    snprintf(owner, sizeof owner, "%s: ", info->name);
    return fail_unknown(&k, owner, "parameter");
}

/* ---- Words ---- */

static void skip_blanks(parser *p) {
    while (p->at < p->size && (p->text[p->at] == ' ' || p->text[p->at] == '\t')) p->at++;
}

static int peek(parser *p) {
    skip_blanks(p);
    return p->at < p->size ? (unsigned char)p->text[p->at] : -1;
}

static bool accept(parser *p, char c) {
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

/* The + of "1e+3" is part of the number: no method's name starts with a digit. */
static bool in_exponent(const parser *p) {
    return p->at >= 2 && p->text[p->at - 1] == 'e' && isdigit((unsigned char)p->text[p->at - 2]) &&
           p->at + 1 < p->size && isdigit((unsigned char)p->text[p->at + 1]);
}

static sn_status read_word(parser *p, const char *what, word *out) {
    skip_blanks(p);
    size_t from = p->at;
    while (p->at < p->size) {
        char c = p->text[p->at];
        bool exponent = c == '+' && in_exponent(p);
        if (!isalnum((unsigned char)c) && !exponent && (c == 0 || !strchr("-_.", c))) break;
        p->at++;
    }
    *out = (word){p->text + from, p->at - from, from};
    if (out->size > 0 && out->size <= MAX_WORD) return SN_OK;
    if (out->size > MAX_WORD)
        return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: a word of %zu characters", from + 1, out->size);
    if (p->at == p->size) return sn_fail(SN_ERR_ARGUMENT, "extend: %s is missing at the end", what);
    return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s expected", from + 1, what);
}

/* ---- Parameters ---- */

static sn_status read_choice(const sn_method_info *info, const sn_method_param *param, word w, double *out) {
    int index = 0;
    for (const char *at = param->words; at; index++) {
        const char *comma = strchr(at, ',');
        size_t size = comma ? (size_t)(comma - at) : strlen(at);
        if (size == w.size && !memcmp(at, w.text, size)) {
            *out = index;
            return SN_OK;
        }
        at = comma ? comma + 1 : NULL;
    }
    return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s: %s=%.*s: it is one of %s", w.at + 1, info->name,
                   param->name, (int)w.size, w.text, param->words);
}

static sn_status read_value(const sn_method_info *info, const sn_method_param *param, word w, double *out) {
    if (param->type == SN_PARAM_WORD) return read_choice(info, param, w, out);
    double x = 0;
    char low[SN_NUMBER_SIZE], high[SN_NUMBER_SIZE];
    bool fine = sn_number_parse(w.text, w.size, &x) && x >= param->minimum && x <= param->maximum;
    if (param->type == SN_PARAM_INT && x != floor(x)) fine = false;
    if (!fine)
        return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s: %s=%.*s: it is a %s from %s to %s", w.at + 1,
                       info->name, param->name, (int)w.size, w.text,
                       param->type == SN_PARAM_INT ? "whole number" : "number", sn_number_format(param->minimum, low),
                       sn_number_format(param->maximum, high));
    *out = x;
    return SN_OK;
}

static sn_status read_param(parser *p, sn_extend_item *item) {
    const sn_method_info *info = &item->def->info;
    word name, value;
    SN_TRY(read_word(p, "a parameter name", &name));
    int i = 0;
    while (i < info->n_params &&
           (strlen(info->params[i].name) != name.size || memcmp(info->params[i].name, name.text, name.size) != 0))
        i++;
    if (i == info->n_params) return fail_param(info, name);
    if (!accept(p, '='))
        return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s: \"=\" and a value after \"%s\"", p->at + 1,
                       info->name, info->params[i].name);
    SN_TRY(read_word(p, "a value", &value));
    if (!isnan(item->value[i]))
        return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s: %s is given twice", name.at + 1, info->name,
                       info->params[i].name);
    return read_value(info, &info->params[i], value, &item->value[i]);
}

/* ---- Methods ---- */

/* After a comma: does "name =" follow? */
static bool param_follows(const parser *p) {
    parser ahead = *p;
    skip_blanks(&ahead);
    size_t from = ahead.at;
    while (ahead.at < ahead.size && (isalnum((unsigned char)ahead.text[ahead.at]) ||
                                     (ahead.text[ahead.at] && strchr("-_.", ahead.text[ahead.at]))))
        ahead.at++;
    return ahead.at > from && peek(&ahead) == '=';
}

static sn_status check_conflict(const sn_extend *e, const sn_method_def *def, size_t at) {
    static const char *const what[] = {"the frequencies", "the positions by distance", "the mask", "the logit scale"};
    for (int i = 0; i < e->n; i++) {
        const sn_method_def *other = e->item[i].def;
        const sn_method_def *alone = def->changes & SN_CHANGES_ALONE ? def : other;
        if (alone->changes & SN_CHANGES_ALONE)
            return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s stands alone: leave it or the rest out", at + 1,
                           alone->info.name);
        for (int bit = 0; bit < 4; bit++)
            if (def->changes & other->changes & (1u << bit))
                return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: %s and %s both change %s: choose one", at + 1,
                               other->info.name, def->info.name, what[bit]);
    }
    return SN_OK;
}

static sn_status read_method(parser *p, sn_extend *e) {
    word name;
    SN_TRY(read_word(p, "a method", &name));
    const sn_method_def *def = sn_method_find(name.text, name.size);
    if (!def) return fail_method(name);
    SN_TRY(check_conflict(e, def, name.at)); /* also bounds the number of methods */
    sn_extend_item *item = &e->item[e->n++];
    item->def = def;
    for (int i = 0; i < SN_METHOD_MAX_PARAMS; i++) item->value[i] = NAN;
    if (accept(p, ':')) SN_TRY(read_param(p, item));
    for (;;) {
        size_t before = p->at;
        if (!accept(p, ',')) return SN_OK;
        if (!param_follows(p)) {
            p->at = before;
            return SN_OK;
        }
        SN_TRY(read_param(p, item));
    }
}

static sn_status read_composition(parser *p, sn_extend *e) {
    do SN_TRY(read_method(p, e));
    while (accept(p, '+'));
    return SN_OK;
}

static sn_status read_list(parser *p) {
    do {
        if (p->n == MAX_LIST) return sn_fail(SN_ERR_LIMIT, "extend: more than %d compositions", MAX_LIST);
        sn_extend **grown = sn_realloc(p->list, (size_t)(p->n + 1) * sizeof *grown);
        if (!grown) return sn_fail_memory("a list of context methods");
        p->list = grown;
        sn_extend *e = sn_calloc(1, sizeof *e);
        if (!e) return sn_fail_memory("a context method");
        p->list[p->n++] = e;
        SN_TRY(read_composition(p, e));
        SN_TRY(sn_extend_respell(e));
    } while (accept(p, ','));
    if (p->at < p->size)
        return sn_fail(SN_ERR_ARGUMENT, "extend: character %zu: \"+\", \",\" or the end expected", p->at + 1);
    return SN_OK;
}

sn_status sn_extend_parse_list(const char *specs, sn_extend ***out, int *n_out) {
    if (!specs) return sn_fail(SN_ERR_ARGUMENT, "extend: no text");
    parser p = {.text = specs, .size = strnlen(specs, MAX_SPEC + 1)};
    if (p.size > MAX_SPEC) return sn_fail(SN_ERR_LIMIT, "extend: a text of more than %d characters", MAX_SPEC);
    sn_status status = read_list(&p);
    if (status != SN_OK) {
        sn_extend_list_free(p.list, p.n);
        return status;
    }
    *out = p.list, *n_out = p.n;
    return SN_OK;
}

sn_status sn_extend_parse(const char *spec, sn_extend **out) {
    sn_extend **list = NULL;
    int n = 0;
    SN_TRY(sn_extend_parse_list(spec, &list, &n));
    if (n != 1) {
        sn_extend_list_free(list, n);
        return sn_fail(SN_ERR_ARGUMENT, "extend: %d compositions where one is expected: join methods by \"+\"", n);
    }
    *out = list[0];
    sn_free(list);
    return SN_OK;
}
