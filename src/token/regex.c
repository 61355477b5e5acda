#include "token/regex.h"

#include "base/alloc.h"
#include "base/error.h"

#ifdef SN_HAVE_PCRE2

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of one match attempt, and heap in KiB. Real patterns on a mebibyte of one letter stay far below. */
enum {
    MATCH_LIMIT = 50000000,
    DEPTH_LIMIT = 50000000,
    HEAP_KIB = 512 * 1024,
    JIT_STACK = 1 << 20,
    PATTERN_MAX = 1 << 16
};

struct sn_regex {
    pcre2_code *code;
};

static void *take(size_t size, void *user) {
    (void)user;
    return sn_alloc(size);
}
static void give(void *p, void *user) {
    (void)user;
    sn_free(p);
}

static sn_status compile(sn_text pattern, sn_text shown, pcre2_code **out) {
    pcre2_general_context *general = pcre2_general_context_create(take, give, 0);
    pcre2_compile_context *context = general ? pcre2_compile_context_create(general) : 0;
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_SIZE where = 0;
    *out = 0;
    if (context) {
        pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        pcre2_set_parens_nest_limit(context, 100);
        *out =
            pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size,
                          PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                          &error, &where, context);
    }
    pcre2_compile_context_free(context);
    pcre2_general_context_free(general);
    if (*out) return SN_OK;
    if (error == PCRE2_ERROR_NOMEMORY || error == PCRE2_ERROR_HEAP_FAILED) return sn_fail_memory("regular expression");
    PCRE2_UCHAR text[128] = "";
    pcre2_get_error_message(error, text, sizeof text);
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: pattern \"%.*s\": %s at %zu",
                   (int)(shown.size < 200 ? shown.size : 200), shown.data, (const char *)text, (size_t)where);
}

sn_status sn_regex_new(sn_text pattern, sn_regex **out) {
    if (pattern.size > PATTERN_MAX)
        return sn_fail(SN_ERR_LIMIT, "tokenizer: a pattern of %zu bytes: the limit is %d", pattern.size, PATTERN_MAX);
    sn_buf translated = {0};
    sn_regex *r = 0;
    sn_status status = sn_regex_translate(pattern, &translated);
    if (status == SN_OK && !(r = sn_calloc(1, sizeof *r))) status = sn_fail_memory("regular expression");
    if (status == SN_OK) status = compile((sn_text){translated.data, translated.size}, pattern, &r->code);
    sn_buf_free(&translated);
    if (status != SN_OK) {
        sn_free(r);
        return status;
    }
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it the interpreter runs: slower, the same result */
    *out = r;
    return SN_OK;
}

void sn_regex_free(sn_regex *r) {
    if (!r) return;
    pcre2_code_free(r->code);
    sn_free(r);
}

void sn_regex_scratch_free(sn_regex_scratch *s) {
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    *s = (sn_regex_scratch){0};
}

static sn_status scratch_ready(sn_regex_scratch *s) {
    if (s->data && s->context) return SN_OK;
    pcre2_general_context *general = pcre2_general_context_create(take, give, 0);
    if (general) {
        if (!s->data) s->data = pcre2_match_data_create(1, general);
        if (!s->context) s->context = pcre2_match_context_create(general);
        if (!s->stack) s->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK, general);
    }
    pcre2_general_context_free(general);
    if (!s->data || !s->context || !s->stack) return sn_fail_memory("regular expression matching");
    pcre2_set_match_limit(s->context, MATCH_LIMIT);
    pcre2_set_depth_limit(s->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(s->context, HEAP_KIB);
    pcre2_jit_stack_assign(s->context, 0, s->stack);
    return SN_OK;
}

sn_status sn_regex_find(const sn_regex *r, sn_regex_scratch *s, sn_text text, size_t from, size_t *start, size_t *end,
                        bool *found) {
    SN_TRY(scratch_ready(s));
    PCRE2_SPTR subject = (PCRE2_SPTR)text.data;
    int rc = pcre2_match(r->code, subject, text.size, from, 0, s->data, s->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, subject, text.size, from, PCRE2_NO_JIT, s->data, s->context);
    *found = rc >= 0;
    if (rc >= 0) {
        const PCRE2_SIZE *span = pcre2_get_ovector_pointer(s->data);
        if (span[0] > span[1])
            return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: a pattern's match ends before it starts (\\K)");
        *start = span[0], *end = span[1];
        return SN_OK;
    }
    if (rc == PCRE2_ERROR_NOMATCH) return SN_OK;
    if (rc == PCRE2_ERROR_NOMEMORY) return sn_fail_memory("regular expression matching");
    return sn_fail(SN_ERR_LIMIT, "tokenizer: matching the pre-tokenizer's pattern exceeds its limit (PCRE2 error %d)",
                   rc);
}

#else

sn_status sn_regex_new(sn_text pattern, sn_regex **out) {
    (void)pattern, (void)out;
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: this build has no PCRE2, which pre-tokenizer patterns need");
}
void sn_regex_free(sn_regex *r) { (void)r; }
void sn_regex_scratch_free(sn_regex_scratch *s) { *s = (sn_regex_scratch){0}; }
sn_status sn_regex_find(const sn_regex *r, sn_regex_scratch *s, sn_text text, size_t from, size_t *start, size_t *end,
                        bool *found) {
    (void)r, (void)s, (void)text, (void)from, (void)start, (void)end, (void)found;
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: this build has no PCRE2");
}

#endif
