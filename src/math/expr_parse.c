/* Recursive descent over the grammar in expr.h. Every failure marks its place in the text. */
#include "math/expr.h"

#include "base/size.h"

#include <stdio.h>
#include <string.h>

typedef struct parser {
    sn_expr_scope *scope;
    const char *what, *text;
    size_t size, at;
    int depth;
    sn_status status; /* of the first failure */
} parser;

sn_status sn_expr_fail_at(sn_status status, const char *what, const char *text, size_t size, size_t at,
                          const char *message) {
    /* The line around the place, in a window that fits a terminal; bytes beyond ASCII would shift the mark. */
    enum { before = 50, window = 72 };
    char line[window + 1], kept[512];
    if (at > size) at = size;
    size_t from = at > before ? at - before : 0, to = size - from > window ? from + window : size;
    for (size_t i = at; i > from; i--)
        if (text[i - 1] == '\n') {
            from = i;
            break;
        }
    size_t n = 0;
    while (from + n < to && text[from + n] != '\n') {
        unsigned char c = (unsigned char)text[from + n];
        line[n++] = c >= 0x20 && c < 0x7f ? (char)c : c == '\t' ? ' ' : '?';
    }
    line[n] = 0;
    snprintf(kept, sizeof kept, "%s", message);
    return sn_fail(status, "%s: %s (at character %zu):\n    %s\n    %*s^", what, kept, at + 1, line, (int)(at - from),
                   "");
}

static const sn_expr *fail_at(parser *p, sn_status status, size_t at, const char *message) {
    if (p->status == SN_OK) p->status = sn_expr_fail_at(status, p->what, p->text, p->size, at, message);
    return NULL;
}

/* For nodes that could not be built: memory and bounds keep their own status, the place is added. */
static const sn_expr *built(parser *p, const sn_expr *e, size_t at) {
    if (e || p->status != SN_OK) return e;
    sn_status status = strncmp(sn_last_error(), "out of memory", 13) == 0 ? SN_ERR_MEMORY : SN_ERR_LIMIT;
    return fail_at(p, status, at, sn_last_error());
}

static const sn_expr *binary(parser *p, sn_expr_kind kind, const sn_expr *a, const sn_expr *b, size_t at) {
    return a && b ? built(p, sn_expr_binary(p->scope, kind, a, b), at) : NULL;
}

static void skip_space(parser *p) {
    while (p->at < p->size && strchr(" \t\r\n", p->text[p->at]) && p->text[p->at]) p->at++;
}

static char peek(parser *p) {
    skip_space(p);
    return p->at < p->size ? p->text[p->at] : 0;
}

static bool accept(parser *p, char c) {
    if (peek(p) != c || p->at >= p->size) return false;
    p->at++;
    return true;
}

static bool expect(parser *p, char c, const char *message) {
    if (accept(p, c)) return true;
    fail_at(p, SN_ERR_FORMAT, p->at, message);
    return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static const sn_expr *parse_sum(parser *p);
static const sn_expr *parse_signed(parser *p);

/* ---- Numbers ---- */

/* digits [. digits] [e [sign] digits] as an exact fraction of 64 bits. */
static const sn_expr *parse_number(parser *p) {
    size_t start = p->at;
    int64_t n = 0, d = 1, exponent = 0;
    bool fits = true, point = false, any = false;
    for (; p->at < p->size && (is_digit(p->text[p->at]) || (p->text[p->at] == '.' && !point)); p->at++) {
        if (p->text[p->at] == '.') {
            point = true;
            continue;
        }
        any = true;
        fits = fits && sn_mul_i64(n, 10, &n) && sn_add_i64(n, p->text[p->at] - '0', &n);
        if (point) fits = fits && sn_mul_i64(d, 10, &d);
    }
    if (!any) return fail_at(p, SN_ERR_FORMAT, start, "a point without digits");
    size_t e = p->at;
    if (e < p->size && (p->text[e] == 'e' || p->text[e] == 'E')) {
        bool negative = e + 1 < p->size && p->text[e + 1] == '-';
        bool plus = e + 1 < p->size && p->text[e + 1] == '+';
        e += negative || plus ? 2 : 1;
        if (e >= p->size || !is_digit(p->text[e]))
            return fail_at(p, SN_ERR_FORMAT, p->at, "an exponent without digits (or a missing \"*\")");
        for (; e < p->size && is_digit(p->text[e]); e++)
            if (exponent < 1000) exponent = 10 * exponent + (p->text[e] - '0');
        p->at = e;
        for (; exponent > 0 && fits; exponent--) fits = sn_mul_i64(negative ? d : n, 10, negative ? &d : &n);
    }
    if (!fits) return fail_at(p, SN_ERR_LIMIT, start, "the number has too many digits: 18 are the most");
    if (p->at < p->size && is_letter(p->text[p->at]))
        return fail_at(p, SN_ERR_FORMAT, p->at, "an operator is missing here, as in 2*x");
    return built(p, sn_expr_number(p->scope, n, d), start);
}

/* ---- Names and calls ---- */

static const sn_expr *unknown_name(parser *p, size_t start, const char *word) {
    const char *known[SN_EXPR_MAX_NAMES] = {0};
    char message[200];
    int n = p->scope->n_names;
    for (int i = 0; i < n; i++) known[i] = p->scope->names[i];
    const char *near = sn_nearest(word, known, n);
    int used = snprintf(message, sizeof message, "unknown name \"%s\"", word);
    if (near)
        snprintf(message + used, sizeof message - (size_t)used, ": did you mean \"%s\"?", near);
    else if (n)
        used += snprintf(message + used, sizeof message - (size_t)used, ": known are");
    for (int i = 0; !near && i < n && used < 150; i++)
        used += snprintf(message + used, sizeof message - (size_t)used, " %s", known[i]);
    return fail_at(p, SN_ERR_NOT_FOUND, start, message);
}

static const sn_expr *unknown_function(parser *p, size_t start, const char *word, const char *meant) {
    char message[120];
    int used = snprintf(message, sizeof message, "unknown function \"%s\"", word);
    if (meant) snprintf(message + used, sizeof message - (size_t)used, ": did you mean \"%s\"?", meant);
    return fail_at(p, SN_ERR_NOT_FOUND, start, message);
}

/* The name of a coordinate at this place, or -1 after failing. */
static int parse_coordinate(parser *p, const char *message) {
    peek(p);
    size_t start = p->at;
    while (p->at < p->size && (is_letter(p->text[p->at]) || is_digit(p->text[p->at]))) p->at++;
    int index = sn_expr_find_name(p->scope, p->text + start, p->at - start);
    if (index >= 0 && index < p->scope->n_coordinates) return index;
    fail_at(p, SN_ERR_FORMAT, start, message);
    return -1;
}

static int find_unknown(const sn_expr_scope *scope, const char *word) {
    for (int i = 0; i < scope->n_unknowns; i++)
        if (strcmp(scope->unknowns[i].name, word) == 0) return i;
    return -1;
}

/* After the opening parenthesis: coordinates, the same each time the function is written. */
static const sn_expr *parse_unknown(parser *p, size_t start, int index, int primes) {
    sn_expr_unknown *u = &p->scope->unknowns[index], seen = {0};
    do {
        size_t at = p->at;
        if (seen.n_arguments == SN_EXPR_MAX_ARGUMENTS)
            return fail_at(p, SN_ERR_LIMIT, at, "an unknown function of more than 6 coordinates");
        int name = parse_coordinate(p, "an unknown function takes coordinates, as in a(t)");
        if (name < 0) return NULL;
        for (int i = 0; i < seen.n_arguments; i++)
            if (seen.argument[i] == name) return fail_at(p, SN_ERR_FORMAT, at, "the same coordinate twice");
        seen.argument[seen.n_arguments++] = name;
    } while (accept(p, ','));
    if (!expect(p, ')', "\")\" is missing")) return NULL;
    if (u->n_arguments == 0) {
        u->n_arguments = seen.n_arguments;
        memcpy(u->argument, seen.argument, sizeof seen.argument);
    }
    if (u->n_arguments != seen.n_arguments || memcmp(u->argument, seen.argument, sizeof seen.argument) != 0)
        return fail_at(p, SN_ERR_FORMAT, start, "this function had other coordinates before");
    if (primes && u->n_arguments != 1)
        return fail_at(p, SN_ERR_FORMAT, start, "primes need one coordinate: write diff(f(t,r),t)");
    uint8_t order[SN_EXPR_MAX_ARGUMENTS] = {0};
    order[0] = (uint8_t)(primes > SN_EXPR_MAX_ORDER ? SN_EXPR_MAX_ORDER + 1 : primes);
    return built(p, sn_expr_unknown_call(p->scope, index, order), start);
}

/* diff(sum, coordinate, ...), after the opening parenthesis. */
static const sn_expr *parse_diff(parser *p, size_t start) {
    const sn_expr *e = parse_sum(p);
    int n = 0;
    while (e && (n == 0 ? expect(p, ',', "diff wants an expression and coordinates, as in diff(f(t,r),t)")
                        : accept(p, ','))) {
        int name = parse_coordinate(p, "diff wants a coordinate here");
        if (name < 0) return NULL;
        n++;
        sn_status status = sn_expr_diff(p->scope, e, name, &e);
        if (status != SN_OK) return fail_at(p, status, start, sn_last_error());
    }
    if (!e || p->status != SN_OK || !expect(p, ')', "\")\" is missing")) return NULL;
    return e;
}

/* The same letters in another order. */
static bool is_shuffled(const char *a, const char *b) {
    int count[256] = {0};
    if (strlen(a) != strlen(b)) return false;
    for (; *a; a++, b++) count[(unsigned char)*a]++, count[(unsigned char)*b]--;
    for (int i = 0; i < 256; i++)
        if (count[i]) return false;
    return true;
}

static const char *mistyped_function(const char *word) {
    const char *known[SN_EXPR_N_FUNCTIONS] = {0};
    for (int i = 0; i < SN_EXPR_N_FUNCTIONS; i++) {
        known[i] = sn_expr_function_name(i);
        if (is_shuffled(word, known[i])) return known[i];
    }
    return strlen(word) > 2 ? sn_nearest(word, known, SN_EXPR_N_FUNCTIONS) : NULL;
}

/* What other programs know by a name, for which one would else wonder at an unknown function. */
static const char *written_as(const char *word) {
    static const char *const known[][2] = {{"abs", "sqrt(u^2)"},
                                           {"cbrt", "u^(1/3)"},
                                           {"pow", "u^n"},
                                           {"sec", "1/cos(u)"},
                                           {"csc", "1/sin(u)"},
                                           {"cot", "1/tan(u)"},
                                           {"sech", "1/cosh(u)"},
                                           {"csch", "1/sinh(u)"},
                                           {"coth", "1/tanh(u)"},
                                           {"arcsin", "asin(u)"},
                                           {"arccos", "acos(u)"},
                                           {"arctan", "atan(u)"},
                                           {"asinh", "log(u+sqrt(u^2+1))"},
                                           {"acosh", "log(u+sqrt(u^2-1))"},
                                           {"atanh", "log((1+u)/(1-u))/2"},
                                           {"log2", "log(u)/log(2)"},
                                           {"log10", "log(u)/log(10)"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i][0], word) == 0) return known[i][1];
    return NULL;
}

static const sn_expr *parse_call(parser *p, size_t start, const char *word, int primes) {
    int function = strcmp(word, "ln") == 0 ? SN_EXPR_LOG : -1;
    for (int i = 0; i < SN_EXPR_N_FUNCTIONS && function < 0; i++)
        if (strcmp(sn_expr_function_name(i), word) == 0) function = i;
    if (function >= 0 || strcmp(word, "diff") == 0) {
        if (primes) return fail_at(p, SN_ERR_FORMAT, start, "only unknown functions take primes: write diff(...)");
        if (function < 0) return parse_diff(p, start);
        const sn_expr *e = parse_sum(p);
        if (!e || !expect(p, ')', "\")\" is missing")) return NULL;
        return built(p, sn_expr_unary(p->scope, SN_EXPR_CALL, function, e), start);
    }
    int index = find_unknown(p->scope, word);
    if (index < 0 && sn_expr_find_name(p->scope, word, strlen(word)) >= 0)
        return fail_at(p, SN_ERR_FORMAT, p->at - 1, "a name is followed by \"(\": write * for a product");
    if (index < 0) {
        const char *instead = written_as(word), *meant = mistyped_function(word);
        if (instead) {
            char message[100];
            snprintf(message, sizeof message, "no function \"%s\": write %s", word, instead);
            return fail_at(p, SN_ERR_NOT_FOUND, start, message);
        }
        if (!p->scope->guess_unknowns || meant) return unknown_function(p, start, word, meant);
        sn_status status = sn_expr_declare_unknown(p->scope, p->what, word, strlen(word));
        if (status != SN_OK) return fail_at(p, status, start, sn_last_error());
        index = p->scope->n_unknowns - 1;
    }
    return parse_unknown(p, start, index, primes);
}

static const sn_expr *parse_word(parser *p) {
    char word[SN_EXPR_MAX_WORD];
    size_t start = p->at, n, letters;
    while (p->at < p->size && (is_letter(p->text[p->at]) || is_digit(p->text[p->at]))) p->at++;
    letters = p->at - start;
    while (p->at < p->size && p->text[p->at] == '\'') p->at++;
    n = p->at - start;
    if (letters >= sizeof word || n >= sizeof word) return fail_at(p, SN_ERR_LIMIT, start, "the name is too long");
    memcpy(word, p->text + start, n);
    word[n] = 0;
    int name = sn_expr_find_name(p->scope, word, n);
    if (name < 0 && accept(p, '(')) {
        word[letters] = 0;
        if (++p->depth > SN_EXPR_MAX_DEPTH) return fail_at(p, SN_ERR_LIMIT, start, "nested too deeply");
        const sn_expr *e = parse_call(p, start, word, (int)(n - letters));
        p->depth--;
        return e;
    }
    if (name < 0 && strcmp(word, "pi") == 0) return built(p, sn_expr_pi(p->scope), start);
    if (name < 0) return unknown_name(p, start, word);
    return built(p, sn_expr_name(p->scope, name), start);
}

/* ---- Operators ---- */

static const sn_expr *parse_atom(parser *p) {
    char c = peek(p);
    size_t start = p->at;
    if (start >= p->size) return fail_at(p, SN_ERR_FORMAT, start, "the expression ends where a value is expected");
    if (is_digit(c) || c == '.') return parse_number(p);
    if (is_letter(c)) return parse_word(p);
    if (c != '(') {
        if ((unsigned char)c >= 0x7f) return fail_at(p, SN_ERR_FORMAT, start, "names are written in ASCII letters");
        return fail_at(p, SN_ERR_FORMAT, start, "a value is expected here");
    }
    p->at++;
    const sn_expr *e = parse_sum(p);
    if (!e || !expect(p, ')', "\")\" is missing")) return NULL;
    return e;
}

static const sn_expr *parse_power(parser *p) {
    const sn_expr *base = parse_atom(p);
    if (!base) return NULL;
    char c = peek(p);
    size_t at = p->at;
    bool stars = c == '*' && at + 1 < p->size && p->text[at + 1] == '*';
    if (c == '^' || stars) {
        p->at += stars ? 2 : 1;
        return binary(p, SN_EXPR_POW, base, parse_signed(p), at);
    }
    if (c == '(' || is_letter(c) || is_digit(c))
        return fail_at(p, SN_ERR_FORMAT, at, "an operator is missing here: write * for a product");
    return base;
}

static const sn_expr *parse_signed(parser *p) {
    bool negative = false;
    size_t at = p->at;
    if (++p->depth > SN_EXPR_MAX_DEPTH) return fail_at(p, SN_ERR_LIMIT, p->at, "nested too deeply");
    for (;;) {
        if (accept(p, '-'))
            negative = !negative;
        else if (!accept(p, '+'))
            break;
    }
    const sn_expr *e = parse_power(p);
    p->depth--;
    return e && negative ? built(p, sn_expr_unary(p->scope, SN_EXPR_NEG, 0, e), at) : e;
}

static const sn_expr *parse_product(parser *p) {
    const sn_expr *e = parse_signed(p);
    while (e) {
        char c = peek(p);
        size_t at = p->at;
        if (c != '*' && c != '/') break;
        p->at++;
        e = binary(p, c == '*' ? SN_EXPR_MUL : SN_EXPR_DIV, e, parse_signed(p), at);
    }
    return e;
}

static const sn_expr *parse_sum(parser *p) {
    if (++p->depth > SN_EXPR_MAX_DEPTH) return fail_at(p, SN_ERR_LIMIT, p->at, "nested too deeply");
    const sn_expr *e = parse_product(p);
    while (e) {
        char c = peek(p);
        size_t at = p->at;
        if (c != '+' && c != '-') break;
        p->at++;
        e = binary(p, c == '+' ? SN_EXPR_ADD : SN_EXPR_SUB, e, parse_product(p), at);
    }
    p->depth--;
    return e;
}

sn_status sn_expr_parse(sn_expr_scope *scope, const char *what, const char *text, size_t size, const sn_expr **out) {
    parser p = {.scope = scope, .what = what, .text = text, .size = size};
    if (size > SN_EXPR_MAX_TEXT)
        return sn_fail(SN_ERR_LIMIT, "%s: a text of %zu bytes is too long: %d are the most", what, size,
                       SN_EXPR_MAX_TEXT);
    const sn_expr *e = parse_sum(&p);
    if (e && peek(&p)) fail_at(&p, SN_ERR_FORMAT, p.at, p.text[p.at] == ')' ? "\")\" without \"(\"" : "not understood");
    if (e && p.status == SN_OK && p.at < p.size) fail_at(&p, SN_ERR_FORMAT, p.at, "not understood");
    if (p.status != SN_OK) return p.status;
    *out = e;
    return SN_OK;
}
