/* Compositions as objects: copies, spelling, release. */
#include "position/spec.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Longest spelling: all parameters of all methods with full numbers. */
enum { MAX_SPELLING = 2048 };

typedef struct text {
    char data[MAX_SPELLING];
    size_t size;
} text;

static void add(text *t, const char *s, size_t size) {
    if (size > sizeof t->data - 1 - t->size) size = sizeof t->data - 1 - t->size;
    memcpy(t->data + t->size, s, size);
    t->size += size;
    t->data[t->size] = 0;
}

static void add_text(text *t, const char *s) { add(t, s, strlen(s)); }

static void add_word(text *t, const char *words, int index) {
    for (; index > 0 && strchr(words, ','); index--) words = strchr(words, ',') + 1;
    add(t, words, strcspn(words, ","));
}

static void add_item(text *t, const sn_method_def *def, const double *value) {
    add_text(t, def->info.name);
    const char *separator = ":";
    for (int i = 0; i < def->info.n_params; i++) {
        const sn_method_param *param = &def->info.params[i];
        char number[SN_NUMBER_SIZE];
        if (isnan(value[i])) continue;
        add_text(t, separator);
        add_text(t, param->name);
        add_text(t, "=");
        if (param->type == SN_PARAM_WORD)
            add_word(t, param->words, (int)value[i]);
        else
            add_text(t, sn_number_format(value[i], number));
        separator = ",";
    }
}

sn_status sn_extend_respell(sn_extend *e) {
    text t = {.size = 0};
    for (int i = 0; i < e->n; i++) {
        if (i > 0) add_text(&t, "+");
        add_item(&t, e->item[i].def, e->item[i].value);
    }
    char *spec = sn_strdup(t.data);
    if (!spec) return sn_fail_memory("a context method's spelling");
    sn_free(e->spec);
    e->spec = spec;
    return SN_OK;
}

const char *sn_extend_spec(const sn_extend *e) { return e->spec; }

sn_status sn_extend_copy(const sn_extend *e, sn_extend **out) {
    sn_extend *copy = sn_alloc(sizeof *copy);
    if (!copy) return sn_fail_memory("a context method");
    *copy = *e;
    copy->spec = sn_strdup(e->spec);
    if (!copy->spec) {
        sn_free(copy);
        return sn_fail_memory("a context method's spelling");
    }
    *out = copy;
    return SN_OK;
}

void sn_extend_free(sn_extend *e) {
    if (!e) return;
    sn_free(e->spec);
    sn_free(e);
}

void sn_extend_list_free(sn_extend **list, int n) {
    for (int i = 0; i < n; i++) sn_extend_free(list[i]);
    sn_free(list);
}
