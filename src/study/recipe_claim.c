/* Claims of recipes that train: what "row@test" and "row@test.loss" stand for. */
#include "base/error.h"
#include "study/recipe.h"

#include <stdio.h>
#include <string.h>

static const char *const test_names[SN_RECIPE_TESTS] = {"in", "repeated", "long"};

const char *sn_recipe_test_name(sn_recipe_test t) { return test_names[t]; }

/* Cells of a row: accuracy in each test, then loss in each. */
enum { CELLS = 2 * SN_RECIPE_TESTS };

int sn_recipe_cell_row(int cell) { return cell < 0 ? -1 : cell / CELLS; }
int sn_recipe_cell_moved(int cell, int row) { return row * CELLS + cell % CELLS; }

typedef struct rows {
    const char *const *names;
    int n;
} rows;

static sn_status find_row(const rows *r, const char *name, size_t n, int *row) {
    char word[64];
    for (*row = 0; *row < r->n; ++*row)
        if (strlen(r->names[*row]) == n && memcmp(r->names[*row], name, n) == 0) return SN_OK;
    snprintf(word, sizeof word, "%.*s", (int)n, name);
    const char *near = sn_nearest(word, r->names, r->n);
    return sn_fail(SN_ERR_NOT_FOUND, "there is no row \"%s\"%s%s", word, near ? ": did you mean " : "",
                   near ? near : "");
}

static sn_status find_cell(void *user, const char *word, int *cell) {
    const char *at = strchr(word, '@');
    if (!at) return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no row@test", word);
    const char *test = at + 1, *dot = strchr(test, '.');
    bool loss = dot && strcmp(dot, ".loss") == 0;
    size_t n = loss ? (size_t)(dot - test) : strlen(test);
    int row;
    SN_TRY(find_row(user, word, (size_t)(at - word), &row));
    for (int i = 0; i < SN_RECIPE_TESTS; i++)
        if (strlen(test_names[i]) == n && memcmp(test_names[i], test, n) == 0) {
            *cell = row * CELLS + loss * SN_RECIPE_TESTS + i;
            return SN_OK;
        }
    return sn_fail(SN_ERR_ARGUMENT, "\"%s\" is no test: in, repeated and long are, and in.loss and so on", test);
}

sn_status sn_recipe_claim_parse(const char *text, const char *const *names, int n_names, sn_claim *out) {
    rows r = {names, n_names};
    return sn_claim_parse(text, find_cell, &r, out);
}

bool sn_recipe_claim_holds(const sn_claim *c, const sn_recipe_score *scores) {
    sn_claim_value values[SN_RECIPE_MOST * CELLS];
    for (int i = 0; i < c->n_terms; i++) {
        int cell = c->terms[i].cell;
        if (cell < 0) continue;
        const sn_recipe_score *s = &scores[cell / CELLS * SN_RECIPE_TESTS + cell % SN_RECIPE_TESTS];
        values[cell] = (sn_claim_value){cell % CELLS < SN_RECIPE_TESTS ? s->accuracy : s->loss, NULL};
    }
    return sn_claim_holds(c, values);
}
