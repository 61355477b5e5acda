/* Commands of recipes as words. */
#include "base/error.h"
#include "study/figures.h"

#include <stdio.h>
#include <string.h>

enum { WORD_SIZE = 8192 };

typedef struct word {
    char text[WORD_SIZE];
    size_t n;
} word;

static sn_status put(word *w, const char *text, size_t n) {
    if (w->n + n >= WORD_SIZE) return sn_fail(SN_ERR_LIMIT, "a word of more than %d letters", WORD_SIZE - 1);
    memcpy(w->text + w->n, text, n);
    w->n += n;
    return SN_OK;
}

/* A quoted part: up to the same quote. */
static sn_status put_quoted(word *w, const char **at) {
    const char *begin = *at + 1, *end = strchr(begin, **at);
    if (!end) return sn_fail(SN_ERR_ARGUMENT, "a quote that does not end: %.40s", *at);
    *at = end + 1;
    return put(w, begin, (size_t)(end - begin));
}

/* "{name}": the path of a file of the recipe. */
static sn_status put_path(word *w, const char **at, const char *prefix) {
    const char *begin = *at + 1, *end = strchr(begin, '}');
    if (!end || strcspn(begin, " /\t\n") < (size_t)(end - begin))
        return sn_fail(SN_ERR_ARGUMENT, "{name} of a file is wanted at %.40s", *at);
    *at = end + 1;
    SN_TRY(put(w, prefix, strlen(prefix)));
    return put(w, begin, (size_t)(end - begin));
}

static sn_status read_word(word *w, const char **at, const char *prefix) {
    w->n = 0;
    while (**at && !strchr(" \t\n", **at)) {
        if (**at == '"' || **at == '\'')
            SN_TRY(put_quoted(w, at));
        else if (**at == '{')
            SN_TRY(put_path(w, at, prefix));
        else
            SN_TRY(put(w, (*at)++, 1));
    }
    return SN_OK;
}

sn_status sn_figures_split(sn_arena *arena, const char *command, const char *prefix, const char **words, int *n) {
    word w;
    *n = 0;
    for (const char *at = command; *(at += strspn(at, " \t\n"));) {
        SN_TRY(read_word(&w, &at, prefix));
        if (*n == SN_FIGURES_MOST_WORDS) return sn_fail(SN_ERR_LIMIT, "more than %d words", SN_FIGURES_MOST_WORDS);
        words[*n] = sn_arena_strndup(arena, w.text, w.n);
        if (!words[(*n)++]) return sn_fail_memory("a command");
    }
    return *n > 0 ? SN_OK : sn_fail(SN_ERR_ARGUMENT, "a command is wanted");
}
