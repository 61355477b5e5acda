/* Expressions as text that can be parsed again, as LaTeX, as C. */
#include "math/expr.h"

#include <inttypes.h>
#include <string.h>

typedef struct printer {
    const sn_expr_scope *scope;
    sn_expr_style style;
    sn_text_out *out;
} printer;

/* ---- Names ---- */

static bool is_greek(const char *word, size_t size) {
    static const char *const letters[] = {
        "alpha", "beta",  "gamma", "delta",  "epsilon", "zeta", "eta",     "theta", "iota", "kappa", "lambda",
        "mu",    "nu",    "xi",    "rho",    "sigma",   "tau",  "upsilon", "phi",   "chi",  "psi",   "omega",
        "Gamma", "Delta", "Theta", "Lambda", "Xi",      "Pi",   "Sigma",   "Phi",   "Psi",  "Omega", "pi"};
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (strlen(letters[i]) == size && memcmp(letters[i], word, size) == 0) return true;
    return false;
}

void sn_expr_print_name(const char *name, sn_expr_style style, sn_text_out *out) {
    if (style != SN_EXPR_LATEX) {
        for (const char *c = name; *c; c++)
            if (*c == '\'' && style == SN_EXPR_C)
                sn_text_add(out, "_prime");
            else
                sn_text_addf(out, "%c", *c);
        return;
    }
    /* A word, then what is a subscript: after the first underscore, or digits at the end. */
    size_t size = strcspn(name, "'"), stem = strcspn(name, "_'");
    size_t from = stem + (name[stem] == '_');
    if (stem == size)
        while (stem > 1 && name[stem - 1] >= '0' && name[stem - 1] <= '9') from = --stem;
    if (stem == 0) stem = from = size;
    bool greek = is_greek(name, stem);
    sn_text_addf(out, greek ? "\\%.*s" : stem > 1 ? "\\mathrm{%.*s}" : "%.*s", (int)stem, name);
    sn_text_add(out, name + size);
    if (from < size) {
        sn_text_add(out, "_{");
        for (size_t i = from; i < size; i++) sn_text_addf(out, name[i] == '_' ? "\\_" : "%c", name[i]);
        sn_text_add(out, "}");
    }
}

static void arguments(const sn_expr_scope *scope, const sn_expr_unknown *u, sn_expr_style style, sn_text_out *out) {
    sn_text_add(out, "(");
    for (int i = 0; i < u->n_arguments; i++) {
        if (i) sn_text_add(out, style == SN_EXPR_TEXT ? "," : ", ");
        sn_expr_print_name(scope->names[u->argument[i]], style, out);
    }
    sn_text_add(out, ")");
}

void sn_expr_print_unknown(const sn_expr_scope *scope, int index, const uint8_t *order, sn_expr_style style,
                           sn_text_out *out) {
    const sn_expr_unknown *u = &scope->unknowns[index];
    int total = 0;
    for (int i = 0; i < u->n_arguments; i++) total += order[i];
    bool wrapped = style == SN_EXPR_TEXT && total > 0 && u->n_arguments > 1;
    if (wrapped) sn_text_add(out, "diff(");
    if (style == SN_EXPR_LATEX && total > 0 && u->n_arguments > 1) {
        sn_text_add(out, "\\partial_{");
        for (int i = 0; i < u->n_arguments; i++)
            for (int k = 0; k < order[i]; k++) {
                sn_expr_print_name(scope->names[u->argument[i]], style, out);
                sn_text_add(out, " ");
            }
        sn_text_add(out, "}");
    }
    sn_expr_print_name(u->name, style, out);
    if (style == SN_EXPR_C)
        for (int i = 0; i < u->n_arguments && total > 0; i++) sn_text_addf(out, "_%d", order[i]);
    else if (u->n_arguments == 1)
        for (int k = 0; k < total; k++) sn_text_add(out, "'");
    arguments(scope, u, style, out);
    if (!wrapped) return;
    for (int i = 0; i < u->n_arguments; i++)
        for (int k = 0; k < order[i]; k++) sn_text_addf(out, ",%s", scope->names[u->argument[i]]);
    sn_text_add(out, ")");
}

/* ---- Trees ---- */

enum { sum_level = 1, sign_level, product_level, power_level, atom_level };

static int level(const printer *p, const sn_expr *e) {
    switch (e->kind) {
    case SN_EXPR_NUMBER:
        if (e->numerator < 0) return sign_level;
        return e->denominator != 1 && p->style != SN_EXPR_LATEX ? product_level : atom_level;
    case SN_EXPR_ADD:
    case SN_EXPR_SUB: return sum_level;
    case SN_EXPR_MUL: return product_level;
    case SN_EXPR_DIV: return p->style == SN_EXPR_LATEX ? atom_level : product_level;
    case SN_EXPR_NEG: return sign_level;
    case SN_EXPR_POW: return p->style == SN_EXPR_C ? atom_level : power_level;
    default: return atom_level;
    }
}

static void print(printer *p, const sn_expr *e, int least);

static void print_number(printer *p, const sn_expr *e) {
    const char *point = p->style == SN_EXPR_C ? ".0" : "";
    if (p->style == SN_EXPR_LATEX && e->denominator != 1) {
        sn_text_addf(p->out, "%s\\frac{%" PRIu64 "}{%" PRId64 "}", e->numerator < 0 ? "-" : "",
                     e->numerator < 0 ? -(uint64_t)e->numerator : (uint64_t)e->numerator, e->denominator);
        return;
    }
    sn_text_addf(p->out, "%" PRId64 "%s", e->numerator, point);
    if (e->denominator != 1) sn_text_addf(p->out, "/%" PRId64 "%s", e->denominator, point);
}

static void infix(printer *p, const sn_expr *e, const char *operator, int left, int right) {
    print(p, e->left, left);
    sn_text_add(p->out, operator);
    print(p, e->right, right);
}

static void wrapped(printer *p, const char *before, const sn_expr *a, const char *between, const sn_expr *b,
                    const char *after) {
    sn_text_add(p->out, before);
    print(p, a, 0);
    sn_text_add(p->out, between);
    if (b) print(p, b, 0);
    sn_text_add(p->out, after);
}

static void print_power(printer *p, const sn_expr *e) {
    if (p->style == SN_EXPR_C) {
        wrapped(p, "pow(", e->left, ", ", e->right, ")");
    } else {
        print(p, e->left, atom_level);
        sn_text_add(p->out, p->style == SN_EXPR_LATEX ? "^{" : "^");
        print(p, e->right, p->style == SN_EXPR_LATEX ? 0 : power_level);
        if (p->style == SN_EXPR_LATEX) sn_text_add(p->out, "}");
    }
}

static void print_call(printer *p, const sn_expr *e) {
    const char *name = sn_expr_function_name(e->index);
    if (p->style != SN_EXPR_LATEX) {
        sn_text_add(p->out, name);
        wrapped(p, "(", e->left, ")", NULL, "");
    } else if (e->index == SN_EXPR_SQRT) {
        wrapped(p, "\\sqrt{", e->left, "}", NULL, "");
    } else {
        bool arc = e->index == SN_EXPR_ASIN || e->index == SN_EXPR_ACOS || e->index == SN_EXPR_ATAN;
        sn_text_addf(p->out, arc ? "\\arc%s" : "\\%s", name + arc);
        wrapped(p, "\\left(", e->left, "\\right)", NULL, "");
    }
}

static void print(printer *p, const sn_expr *e, int least) {
    bool latex = p->style == SN_EXPR_LATEX, parentheses = level(p, e) < least;
    if (parentheses) sn_text_add(p->out, latex ? "\\left(" : "(");
    switch (e->kind) {
    case SN_EXPR_NUMBER: print_number(p, e); break;
    case SN_EXPR_PI:
        sn_text_add(p->out, latex ? "\\pi" : p->style == SN_EXPR_C ? "3.14159265358979323846" : "pi");
        break;
    case SN_EXPR_NAME: sn_expr_print_name(p->scope->names[e->index], p->style, p->out); break;
    case SN_EXPR_NEG:
        sn_text_add(p->out, "-");
        print(p, e->left, product_level);
        break;
    case SN_EXPR_ADD: infix(p, e, latex ? " + " : "+", sum_level, product_level); break;
    case SN_EXPR_SUB: infix(p, e, latex ? " - " : "-", sum_level, product_level); break;
    case SN_EXPR_MUL: infix(p, e, latex ? " \\, " : "*", product_level, power_level); break;
    case SN_EXPR_DIV:
        if (latex)
            wrapped(p, "\\frac{", e->left, "}{", e->right, "}");
        else
            infix(p, e, "/", product_level, power_level);
        break;
    case SN_EXPR_POW: print_power(p, e); break;
    case SN_EXPR_CALL: print_call(p, e); break;
    case SN_EXPR_UNKNOWN: sn_expr_print_unknown(p->scope, e->index, e->order, p->style, p->out); break;
    }
    if (parentheses) sn_text_add(p->out, latex ? "\\right)" : ")");
}

sn_status sn_expr_print(const sn_expr_scope *scope, const sn_expr *e, sn_expr_style style, char **out) {
    sn_text_out text = {0};
    printer p = {scope, style, &text};
    print(&p, e, 0);
    return sn_text_take(&text, out);
}
