/* Where Oniguruma's Ruby syntax and PCRE2 (UTF, UCP) read the same text differently:
 *
 *   Ruby              here                          why
 *   \s \S             White_Space                   PCRE2 also takes U+180E
 *   \w \W             letters, marks, digits, Pc    PCRE2 10.42 leaves out marks, Oniguruma takes some of No and So
 *   \p{L} ...         and what Unicode 15 and 16   PCRE2 10.42 knows Unicode 14; in a class, \P{L} stays
 *                     added (unicode_tables.h)
 *   \p{Han} ...       \p{sc:Han}                   PCRE2 takes script extensions
 *   \h \H             hexadecimal digit             PCRE2: horizontal space
 *   X{n,m}+           (?:X{n,m})+                   PCRE2: possessive
 *   [A&&[^B]]         (?:(?=[A])[^B])               PCRE2 10.42 has no intersection
 *   (?m: )            (?s: )                        Ruby's "dot matches newline"
 *   nested [a[bc]]    refused
 */
#include "token/regex.h"

#include "base/error.h"
#include "token/unicode_tables.h"

#include <stdio.h>
#include <string.h>

#define SPACE_SET "\\p{Z}\\t-\\r\\x{85}"
#define WORD_SET                                                                                                       \
    "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24B6}-\\x{24E9}\\x{1F130}-\\x{1F149}\\x{1F150}-\\x{1F169}\\x{1F170}-\\x{"    \
    "1F189}"
#define WORD_ALONE "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}" /* Oniguruma counts them outside of classes only */

enum { MAX_DEPTH = 64 };

typedef struct translation {
    sn_text in;
    size_t at;
    sn_buf *out;
    size_t atom;              /* where the last atom starts in out */
    size_t groups[MAX_DEPTH]; /* starts of open groups */
    int depth;
} translation;

static sn_status put(translation *t, const char *text) { return sn_buf_append(t->out, text, strlen(text)); }

static sn_status refuse(const translation *t, const char *what) {
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: pattern \"%.*s\": %s is not supported",
                   (int)(t->in.size < 200 ? t->in.size : 200), t->in.data, what);
}

static bool here(const translation *t, const char *text) {
    size_t n = strlen(text);
    return t->in.size - t->at >= n && memcmp(t->in.data + t->at, text, n) == 0;
}

static sn_status copy(translation *t, size_t n) {
    SN_TRY(sn_buf_append(t->out, t->in.data + t->at, n));
    t->at += n;
    return SN_OK;
}

/* Length of the escape at t->at: \p{..}, \x{..}, \xHH, or two bytes. */
static size_t escape_length(const translation *t) {
    const char *s = t->in.data + t->at;
    size_t left = t->in.size - t->at;
    if (left >= 3 && strchr("pPxou", s[1]) && s[2] == '{') {
        const char *close = memchr(s, '}', left);
        return close ? (size_t)(close - s) + 1 : left;
    }
    return left < 2 ? left : 2;
}

/* Ranges of characters newer than PCRE2's, in the class of that name. */
static sn_status put_later(translation *t, const char *name) {
    for (int i = 0; i < sn_unicode_n_later; i++) {
        const sn_later *later = &sn_unicode_later[i];
        bool whole = strcmp(later->name, name) == 0, group = name[1] == 0 && name[0] == later->name[0];
        if (!whole && !(group && strlen(later->name) <= 2)) continue; /* longer ones are scripts */
        char text[40];
        snprintf(text, sizeof text, "\\x{%X}-\\x{%X}", later->first, later->last);
        SN_TRY(put(t, text));
    }
    return SN_OK;
}

/* Whether \p{name} is a script: no category and none of the properties that patterns use. */
static bool is_script(const char *name) {
    static const char *const others[] = {"Any",         "ASCII", "Alphabetic",         "Lowercase",
                                         "Uppercase",   "Emoji", "Emoji_Presentation", "Extended_Pictographic",
                                         "White_Space", "Math",  "Ideographic"};
    if (strlen(name) < 3 || strchr(name, ':')) return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0) return false;
    return true;
}

/* \p{..} and \P{..}, of `size` bytes. */
static sn_status property(translation *t, size_t size, bool in_class) {
    const char *s = t->in.data + t->at;
    bool negated = s[1] == 'P';
    size_t start = 3, n;
    if (start < size && s[start] == '^') negated = !negated, start++;
    char name[64];
    n = size > start + 1 ? size - start - 1 : 0;
    if (n == 0 || n >= sizeof name || s[size - 1] != '}') return copy(t, size); /* PCRE2 says what is wrong */
    memcpy(name, s + start, n);
    name[n] = 0;
    t->at += size;
    if (!in_class) SN_TRY(put(t, negated ? "[^" : "["));
    SN_TRY(put(t, in_class && negated ? "\\P{" : "\\p{"));
    if (is_script(name)) SN_TRY(put(t, "sc:"));
    SN_TRY(put(t, name));
    SN_TRY(put(t, "}"));
    if (in_class && negated) return SN_OK;
    SN_TRY(put_later(t, name));
    if (strcmp(name, "Alphabetic") == 0) SN_TRY(put_later(t, "L"));
    return in_class ? SN_OK : put(t, "]");
}

/* An escape outside a class, or inside one (`in_class`). */
static sn_status escape(translation *t, bool in_class) {
    static const struct {
        char letter;
        const char *set; /* class contents */
        bool negated;
    } sets[] = {{'s', SPACE_SET, false},   {'S', SPACE_SET, true},   {'w', WORD_SET, false},  {'W', WORD_SET, true},
                {'h', "0-9A-Fa-f", false}, {'H', "0-9A-Fa-f", true}, {'d', "\\p{Nd}", false}, {'D', "\\p{Nd}", true}};
    if (t->in.size - t->at < 2) return refuse(t, "a backslash at the end");
    char letter = t->in.data[t->at + 1];
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (sets[i].letter != letter) continue;
        t->at += 2;
        if (in_class && sets[i].negated) {
            if (letter == 'S') return put(t, "\\S"); /* differs for U+180E only */
            if (letter == 'D') return put(t, "\\D"); /* and this for newer digits only */
            return refuse(t, "\\W or \\H inside a class");
        }
        if (!in_class) SN_TRY(put(t, sets[i].negated ? "[^" : "["));
        SN_TRY(put(t, sets[i].set));
        if (!in_class && (letter == 'w' || letter == 'W')) SN_TRY(put(t, WORD_ALONE));
        if (letter == 'w' || letter == 'W') SN_TRY(put_later(t, "L"));
        if (letter == 'w' || letter == 'W') SN_TRY(put_later(t, "M"));
        if (strchr("wWdD", letter)) SN_TRY(put_later(t, "Nd"));
        return in_class ? SN_OK : put(t, "]");
    }
    if (letter >= '1' && letter <= '9') return refuse(t, "a back reference");
    if (strchr("gkKRX", letter)) return refuse(t, "\\g, \\k, \\K, \\R or \\X");
    if (letter == 'u') { /* \uHHHH */
        if (t->in.size - t->at < 6) return refuse(t, "a short \\u");
        SN_TRY(put(t, "\\x{"));
        t->at += 2;
        SN_TRY(copy(t, 4));
        return put(t, "}");
    }
    size_t length = escape_length(t);
    bool named = (letter == 'p' || letter == 'P') && length > 3;
    return named ? property(t, length, in_class) : copy(t, length);
}

/* One operand of a class up to `]` or `&&`, without brackets. */
static sn_status class_items(translation *t) {
    bool first = true;
    for (; t->at < t->in.size; first = false) {
        char c = t->in.data[t->at];
        if (c == '\\') {
            SN_TRY(escape(t, true));
        } else if (here(t, "[:")) {
            const char *close = strstr(t->in.data + t->at, ":]"); /* the pattern is zero-terminated */
            if (!close) return refuse(t, "an open [: class");
            SN_TRY(copy(t, (size_t)(close - (t->in.data + t->at)) + 2));
        } else if (c == '[') {
            return refuse(t, "a class inside a class");
        } else if ((c == ']' && !first) || here(t, "&&")) {
            return SN_OK;
        } else if (c == ']') {
            t->at++;
            SN_TRY(put(t, "\\]"));
        } else {
            SN_TRY(copy(t, 1));
        }
    }
    return refuse(t, "an open class");
}

static sn_status negation(translation *t) {
    if (t->at < t->in.size && t->in.data[t->at] == '^') return copy(t, 1);
    return SN_OK;
}

/* [..] or an intersection of two or more operands; t->at is at the `[`. */
static sn_status class(translation *t) {
    size_t start = t->out->size;
    t->at++;
    SN_TRY(put(t, "["));
    SN_TRY(negation(t));
    bool negated = t->out->data[t->out->size - 1] == '^';
    SN_TRY(class_items(t));
    SN_TRY(put(t, "]"));
    bool many = here(t, "&&");
    if (many && negated) return refuse(t, "a negated intersection");
    while (here(t, "&&")) {
        sn_buf left = {0}; /* (?=left)right */
        sn_status status = sn_buf_append(&left, t->out->data + start, t->out->size - start);
        t->out->size = start;
        if (status == SN_OK) status = put(t, "(?=");
        if (status == SN_OK) status = sn_buf_append(t->out, left.data, left.size);
        sn_buf_free(&left);
        SN_TRY(status);
        SN_TRY(put(t, ")["));
        t->at += 2;
        bool bracketed = here(t, "[");
        if (bracketed) t->at++;
        if (bracketed) SN_TRY(negation(t));
        SN_TRY(class_items(t));
        SN_TRY(put(t, "]"));
        if (bracketed) t->at++; /* its own bracket */
    }
    if (t->at >= t->in.size || t->in.data[t->at] != ']') return refuse(t, "an open class");
    t->at++;
    if (!many) return SN_OK;
    sn_buf whole = {0};
    sn_status status = sn_buf_append(&whole, t->out->data + start, t->out->size - start);
    t->out->size = start;
    if (status == SN_OK) status = put(t, "(?:");
    if (status == SN_OK) status = sn_buf_append(t->out, whole.data, whole.size);
    if (status == SN_OK) status = put(t, ")");
    sn_buf_free(&whole);
    return status;
}

/* "(", with the flags of (?imx-imx: or (?imx-imx). */
static sn_status open_group(translation *t) {
    if (t->depth == MAX_DEPTH) return refuse(t, "nesting that deep");
    t->groups[t->depth++] = t->out->size;
    SN_TRY(copy(t, 1));
    if (!here(t, "?")) return SN_OK;
    SN_TRY(copy(t, 1));
    if (here(t, "~") || here(t, "(") || here(t, "R") || here(t, "&") || here(t, "C"))
        return refuse(t, "a (?..) group of that kind");
    while (t->at < t->in.size && strchr("imxs-", t->in.data[t->at])) {
        SN_TRY(put(t, (char[2]){t->in.data[t->at] == 'm' ? 's' : t->in.data[t->at], 0}));
        t->at++;
    }
    return SN_OK;
}

/* {n}, {n,}, {,m}, {n,m}: a following + repeats the repeat. */
static sn_status interval(translation *t) {
    size_t end = t->at + 1;
    while (end < t->in.size && strchr("0123456789,", t->in.data[end])) end++;
    if (end >= t->in.size || t->in.data[end] != '}') return copy(t, 1); /* a literal brace */
    if (here(t, "{,")) {
        SN_TRY(put(t, "{0"));
        t->at++;
    }
    SN_TRY(copy(t, end + 1 - t->at));
    if (!here(t, "+")) return SN_OK;
    sn_buf atom = {0};
    sn_status status = sn_buf_append(&atom, t->out->data + t->atom, t->out->size - t->atom);
    t->out->size = t->atom;
    if (status == SN_OK) status = put(t, "(?:");
    if (status == SN_OK) status = sn_buf_append(t->out, atom.data, atom.size);
    if (status == SN_OK) status = put(t, ")");
    sn_buf_free(&atom);
    return status;
}

static sn_status step(translation *t) {
    char c = t->in.data[t->at];
    size_t start = t->out->size;
    switch (c) {
    case '\\': SN_TRY(escape(t, false)); break;
    case '[': SN_TRY(class(t)); break;
    case '(': return open_group(t);
    case ')':
        SN_TRY(copy(t, 1));
        if (t->depth > 0) t->atom = t->groups[--t->depth];
        return SN_OK;
    case '{': return interval(t);
    case '?':
    case '*':
    case '+': return copy(t, 1);
    default: /* one whole character, so that a quantifier applies to it */
        SN_TRY(copy(t, 1));
        while (t->at < t->in.size && ((unsigned char)t->in.data[t->at] & 0xC0) == 0x80) SN_TRY(copy(t, 1));
    }
    t->atom = start;
    return SN_OK;
}

sn_status sn_regex_translate(sn_text pattern, sn_buf *out) {
    sn_buf text = {0}; /* with a final zero */
    SN_TRY(sn_buf_append(&text, pattern.data, pattern.size));
    sn_status status = sn_buf_append(&text, "", 1);
    translation t = {.in = {text.data, pattern.size}, .out = out, .atom = out->size};
    if (status == SN_OK && memchr(text.data, 0, pattern.size)) status = refuse(&t, "a zero byte");
    while (status == SN_OK && t.at < t.in.size) status = step(&t);
    sn_buf_free(&text);
    return status;
}
