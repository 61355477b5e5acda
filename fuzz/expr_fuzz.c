/* Expressions: what is parsed can be evaluated, differentiated, and printed so that it parses again to the same value.
 * The text may hold several expressions, separated by ";". */
#include "fuzz.h"

#include "base/alloc.h"
#include "math/expr.h"

#include <math.h>
#include <string.h>

static double unknown(void *user, int index, const uint8_t *order) {
    (void)user;
    return 0.7 + index + 0.25 * order[0] + 0.125 * order[1];
}

static void walk(sn_expr_scope *scope, const sn_expr *e) {
    const double names[SN_EXPR_MAX_NAMES] = {0.3, 0.8, 1.25, 2.5, 0.6};
    const sn_expr_values values = {names, unknown, NULL};
    const sn_expr *again;
    char *text;
    double x = sn_expr_eval(e, &values);
    if (sn_expr_diff(scope, e, 0, &again) == SN_OK) (void)sn_expr_eval(again, &values);
    for (int style = SN_EXPR_LATEX; style <= SN_EXPR_C; style++) {
        if (sn_expr_print(scope, e, (sn_expr_style)style, &text) != SN_OK) return;
        sn_free(text);
    }
    if (sn_expr_print(scope, e, SN_EXPR_TEXT, &text) != SN_OK) return;
    sn_status status = sn_expr_parse(scope, "again", text, strlen(text), &again);
    if (status == SN_OK) {
        double y = sn_expr_eval(again, &values);
        if (isfinite(x) && isfinite(y) && fabs(x - y) > 1e-6 * (1 + fabs(x))) abort();
    } else if (status != SN_ERR_LIMIT) { /* printing may add parentheses, and so depth */
        abort();
    }
    sn_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_expr_scope scope = {.guess_unknowns = true};
    const char *const names[] = {"t", "r", "theta", "M", "y'"};
    for (int i = 0; i < 5; i++)
        if (sn_expr_declare(&scope, "names", names[i], strlen(names[i]), i < 3) != SN_OK) abort();
    const char *text = (const char *)data, *end = text + size;
    for (int i = 0; i < 16 && text <= end; i++) {
        const char *stop = memchr(text, ';', (size_t)(end - text));
        size_t n = (size_t)((stop ? stop : end) - text);
        const sn_expr *e;
        if (sn_expr_parse(&scope, "fuzz", text, n, &e) == SN_OK) walk(&scope, e);
        if (!stop) break;
        text = stop + 1;
    }
    sn_expr_scope_free(&scope);
    return 0;
}
