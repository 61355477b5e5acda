/* Templates to tokens. Whitespace control as in jinja2 with trim_blocks and lstrip_blocks: a block tag or comment takes
 * the blanks before it on its line and the line break after it; "-" takes all whitespace on its side, "+" none. */
#include "token/chat.h"
#include "token/utf8.h"

#include <stdlib.h>
#include <string.h>

typedef struct lexer {
    sn_arena *arena;
    sn_text in;
    size_t at;
    int line;
    bool line_start; /* what came before ended a line */
    sn_chat_token *tokens;
    size_t n, capacity;
} lexer;

static sn_status add(lexer *l, sn_chat_token token) {
    if (l->n == l->capacity) { /* growing in an arena: old blocks stay, at most as much again */
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        sn_chat_token *grown = sn_arena_array(l->arena, capacity, sizeof *grown);
        if (!grown) return sn_fail_memory("chat template");
        if (l->n) memcpy(grown, l->tokens, l->n * sizeof *grown);
        l->tokens = grown, l->capacity = capacity;
    }
    token.line = l->line;
    l->tokens[l->n++] = token;
    return SN_OK;
}

static bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void advance(lexer *l, size_t n) {
    for (size_t i = 0; i < n; i++) l->line += l->in.data[l->at + i] == '\n';
    l->at += n;
}

static bool starts(const lexer *l, const char *text) {
    size_t n = strlen(text);
    return l->in.size - l->at >= n && memcmp(l->in.data + l->at, text, n) == 0;
}

/* Next "{%", "{{" or "{#" at or after the cursor; the end of the text where there is none. */
static size_t next_tag(const lexer *l) {
    for (size_t i = l->at; i + 1 < l->in.size; i++)
        if (l->in.data[i] == '{' && strchr("%{#", l->in.data[i + 1]) && l->in.data[i + 1]) return i;
    return l->in.size;
}

static sn_status data(lexer *l, size_t end) {
    sn_text text = {l->in.data + l->at, end - l->at};
    bool tag = end < l->in.size;
    char kind = tag ? l->in.data[end + 1] : 0, sign = tag && end + 2 < l->in.size ? l->in.data[end + 2] : 0;
    if (tag && sign == '-') {
        while (text.size && blank(text.data[text.size - 1])) text.size--;
    } else if (tag && kind != '{' && sign != '+') {
        size_t start = text.size;
        while (start && blank(text.data[start - 1]) && text.data[start - 1] != '\n') start--;
        if (start == 0 ? l->line_start : text.data[start - 1] == '\n') text.size = start;
    }
    if (text.size) SN_TRY(add(l, (sn_chat_token){.kind = SN_CHAT_DATA, .text = text}));
    if (end > l->at) l->line_start = false;
    advance(l, end - l->at);
    return SN_OK;
}

/* Past the end of a tag: "-" takes whitespace, a plain block end its line break. */
static void after_tag(lexer *l, char sign, bool trim) {
    l->line_start = false;
    if (sign == '-') {
        while (l->at < l->in.size && blank(l->in.data[l->at])) {
            l->line_start = l->in.data[l->at] == '\n';
            advance(l, 1);
        }
    } else if (trim && sign != '+' && l->at < l->in.size && l->in.data[l->at] == '\n') {
        advance(l, 1);
        l->line_start = true;
    }
}

static sn_status comment(lexer *l) {
    size_t i = l->at + 2;
    while (i + 1 < l->in.size && !(l->in.data[i] == '#' && l->in.data[i + 1] == '}')) i++;
    if (i + 1 >= l->in.size) return sn_chat_fail(SN_ERR_FORMAT, l->line, "a comment without its end");
    char sign = i > l->at + 2 ? l->in.data[i - 1] : 0;
    advance(l, i + 2 - l->at);
    after_tag(l, sign, true);
    return SN_OK;
}

/* ---- Inside a tag ---- */

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xHH, \uHHHH, \UHHHHHHHH into code; false where the digits are missing. */
static bool hex_escape(sn_text text, size_t *i, int digits, uint32_t *code) {
    *code = 0;
    if (text.size - *i < (size_t)digits) return false;
    for (int k = 0; k < digits; k++) {
        int value = hex(text.data[*i + (size_t)k]);
        if (value < 0) return false;
        *code = *code << 4 | (uint32_t)value;
    }
    *i += (size_t)digits;
    return *code <= 0x10FFFF && !(*code >= 0xD800 && *code <= 0xDFFF);
}

static sn_status quoted(lexer *l) {
    char quote = l->in.data[l->at];
    size_t end = l->at + 1;
    while (end < l->in.size && l->in.data[end] != quote) end += l->in.data[end] == '\\' ? 2 : 1;
    if (end >= l->in.size) return sn_chat_fail(SN_ERR_FORMAT, l->line, "a string without its end");
    sn_text raw = {l->in.data + l->at + 1, end - l->at - 1};
    char *text = sn_arena_alloc(l->arena, raw.size + 1);
    if (!text) return sn_fail_memory("chat template");
    size_t n = 0;
    for (size_t i = 0; i < raw.size;) {
        static const char from[] = "ntr\\'\"abfv", to[] = "\n\t\r\\'\"\a\b\f\v";
        char c = raw.data[i++];
        const char *known = c == '\\' && i < raw.size ? strchr(from, raw.data[i]) : 0;
        uint32_t code;
        if (c != '\\' || i >= raw.size) {
            text[n++] = c;
        } else if (known && *known) {
            text[n++] = to[known - from];
            i++;
        } else if (raw.data[i] == '\n') {
            i++;
        } else if (strchr("xuU", raw.data[i]) && raw.data[i]) {
            int digits = raw.data[i] == 'x' ? 2 : raw.data[i] == 'u' ? 4 : 8;
            i++;
            if (!hex_escape(raw, &i, digits, &code))
                return sn_chat_fail(SN_ERR_FORMAT, l->line, "a bad \\%c escape", raw.data[i - 1]);
            n += sn_utf8_encode(code, text + n);
        } else if (raw.data[i] >= '0' && raw.data[i] <= '7') {
            return sn_chat_fail(SN_ERR_UNSUPPORTED, l->line, "octal escapes are not supported");
        } else {
            text[n++] = c;
        }
    }
    SN_TRY(add(l, (sn_chat_token){.kind = SN_CHAT_QUOTED, .text = {text, n}}));
    advance(l, end + 1 - l->at);
    return SN_OK;
}

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool word_character(char c) {
    return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || (c & 0x80);
}

static sn_status number(lexer *l) {
    char text[64];
    size_t n = 0, i = l->at;
    bool real = false;
    for (; i < l->in.size && n + 1 < sizeof text; i++) {
        char c = l->in.data[i];
        bool fraction = c == '.' && !real && i + 1 < l->in.size && digit(l->in.data[i + 1]);
        if (!digit(c) && c != '_' && !fraction) break;
        real |= fraction;
        if (c != '_') text[n++] = c;
    }
    if (i < l->in.size && word_character(l->in.data[i]))
        return sn_chat_fail(SN_ERR_UNSUPPORTED, l->line, "this form of number is not supported");
    text[n] = 0;
    sn_chat_value v = real ? (sn_chat_value){.kind = SN_CHAT_FLOAT, .real = strtod(text, 0)}
                           : (sn_chat_value){.kind = SN_CHAT_INT, .integer = strtoll(text, 0, 10)};
    if (!real && n > 18) return sn_chat_fail(SN_ERR_UNSUPPORTED, l->line, "a number of %zu digits is not supported", n);
    SN_TRY(add(l, (sn_chat_token){.kind = SN_CHAT_NUMBER, .value = v}));
    advance(l, i - l->at);
    return SN_OK;
}

static sn_status operator_or_word(lexer *l) {
    static const char *const operators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
                                            "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", 0};
    size_t n = 0;
    while (l->at + n < l->in.size && word_character(l->in.data[l->at + n])) n++;
    sn_chat_token_kind kind = n ? SN_CHAT_WORD : SN_CHAT_OPERATOR;
    for (int i = 0; n == 0 && operators[i]; i++)
        if (starts(l, operators[i])) n = strlen(operators[i]);
    if (n == 0) return sn_chat_fail(SN_ERR_FORMAT, l->line, "unexpected \"%c\"", l->in.data[l->at]);
    SN_TRY(add(l, (sn_chat_token){.kind = kind, .text = {l->in.data + l->at, n}}));
    advance(l, n);
    return SN_OK;
}

/* From "{%" or "{{" to its end. Braces and brackets are counted, so that a dict may end in "}}". */
static sn_status tag(lexer *l) {
    bool block = l->in.data[l->at + 1] == '%';
    const char *close = block ? "%}" : "}}";
    int open = 0;
    SN_TRY(add(l, (sn_chat_token){.kind = block ? SN_CHAT_BLOCK_BEGIN : SN_CHAT_VARIABLE_BEGIN}));
    advance(l, 2);
    if (starts(l, "-") || (block && starts(l, "+"))) advance(l, 1);
    for (;;) {
        if (l->at >= l->in.size) return sn_chat_fail(SN_ERR_FORMAT, l->line, "a tag without its end");
        char c = l->in.data[l->at];
        bool sign = (c == '-' || (block && c == '+')) && l->in.size - l->at > 2 &&
                    memcmp(l->in.data + l->at + 1, close, 2) == 0;
        if (open == 0 && (sign || starts(l, close))) {
            SN_TRY(add(l, (sn_chat_token){.kind = block ? SN_CHAT_BLOCK_END : SN_CHAT_VARIABLE_END}));
            advance(l, sign ? 3 : 2);
            after_tag(l, sign ? c : 0, block);
            return SN_OK;
        }
        if (strchr("([{", c)) open++;
        if (strchr(")]}", c)) open--;
        if (blank(c))
            advance(l, 1);
        else if (c == '\'' || c == '"')
            SN_TRY(quoted(l));
        else
            SN_TRY(digit(c) ? number(l) : operator_or_word(l));
    }
}

/* Line ends become \n, one at the very end is dropped. */
static sn_status normalize_lines(sn_arena *arena, sn_text in, sn_text *out) {
    char *text = sn_arena_alloc(arena, in.size + 1);
    size_t n = 0;
    if (!text) return sn_fail_memory("chat template");
    for (size_t i = 0; i < in.size; i++) {
        if (in.data[i] == '\r' && i + 1 < in.size && in.data[i + 1] == '\n') continue;
        text[n++] = in.data[i] == '\r' ? '\n' : in.data[i];
    }
    if (n && text[n - 1] == '\n') n--;
    *out = (sn_text){text, n};
    return SN_OK;
}

sn_status sn_chat_lex(sn_arena *arena, sn_text source, sn_chat_token **out, int64_t *n) {
    if (source.size > SN_CHAT_MAX_TEMPLATE)
        return sn_fail(SN_ERR_LIMIT, "chat template: %zu bytes: the limit is %d", source.size, SN_CHAT_MAX_TEMPLATE);
    if (memchr(source.data, 0, source.size)) return sn_fail(SN_ERR_FORMAT, "chat template: a zero byte");
    lexer l = {.arena = arena, .line = 1, .line_start = true};
    SN_TRY(normalize_lines(arena, source, &l.in));
    while (l.at < l.in.size) {
        SN_TRY(data(&l, next_tag(&l)));
        if (l.at >= l.in.size) break;
        SN_TRY(l.in.data[l.at + 1] == '#' ? comment(&l) : tag(&l));
    }
    SN_TRY(add(&l, (sn_chat_token){.kind = SN_CHAT_END}));
    *out = l.tokens;
    *n = (int64_t)l.n;
    return SN_OK;
}
