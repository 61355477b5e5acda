/* Fractions as text: factored, with cos in place of 1 - sin^2 where that is shorter. */
#include "math/field.h"

#if SN_HAVE_FLINT
#include "base/alloc.h"

#include <flint/fmpz_mpoly_factor.h>
#include <stdlib.h>
#include <string.h>

typedef struct printer {
    sn_field *f;
    sn_expr_style style;
    sn_text_out *out;
} printer;

static const char *times(const printer *p) { return p->style == SN_EXPR_LATEX ? " " : "*"; }

/* ---- Generators ---- */

static void print_polynomial(printer *p, const fmpz_mpoly_struct *a, bool negate);

static void function(printer *p, const char *name, const sn_frac *argument) {
    bool latex = p->style == SN_EXPR_LATEX;
    sn_text_addf(p->out, latex ? "\\%s\\left(" : "%s(", name);
    sn_frac_print(p->f, argument, p->style, p->out);
    sn_text_add(p->out, latex ? "\\right)" : ")");
}

static bool starts_negative(const fmpz_mpoly_struct *a) {
    return a->length > 0 && fmpz_sgn(&a->coeffs[a->length - 1]) < 0;
}

static void log_of(printer *p, const sn_frac *argument) {
    /* An irreducible polynomial stands for its magnitude: with the sign that reads better. */
    bool latex = p->style == SN_EXPR_LATEX,
         flip = fmpz_mpoly_is_one(&argument->den, p->f->ctx) && starts_negative(&argument->num);
    if (p->style == SN_EXPR_C)
        sn_text_add(p->out, "log(fabs(");
    else
        sn_text_add(p->out, latex ? "\\log\\left(" : "log(");
    if (flip)
        print_polynomial(p, &argument->num, true);
    else
        sn_frac_print(p->f, argument, p->style, p->out);
    sn_text_add(p->out, latex ? "\\right)" : p->style == SN_EXPR_C ? "))" : ")");
}

static void lowest_terms(slong *e, slong *q) {
    slong common = 1;
    for (slong k = 2; k <= *q; k++)
        if (*e % k == 0 && *q % k == 0) common = k;
    *e /= common, *q /= common;
}

/* The name whose generator is a root of it, to the power e of the generator. */
static void name_power(printer *p, const sn_gen *gen, slong e, bool *whole) {
    slong q = gen->degree;
    lowest_terms(&e, &q);
    *whole = true;
    sn_expr_print_name(p->f->scope->names[gen->index], p->style, p->out);
    if (e == 1 && q == 1) return;
    if (p->style == SN_EXPR_LATEX)
        sn_text_addf(p->out, q == 1 ? "^{%ld}" : "^{%ld/%ld}", e, q);
    else
        sn_text_addf(p->out, q == 1 ? "^%ld" : "^(%ld/%ld)", e, q);
}

static void define(printer *p, const sn_gen *gen) {
    switch (gen->kind) {
    case SN_GEN_NAME: sn_expr_print_name(p->f->scope->names[gen->index], p->style, p->out); return;
    case SN_GEN_PI:
        sn_text_add(p->out, p->style == SN_EXPR_LATEX ? "\\pi"
                            : p->style == SN_EXPR_C   ? "3.14159265358979323846"
                                                      : "pi");
        return;
    case SN_GEN_SIN: function(p, "sin", &gen->argument); return;
    case SN_GEN_COS: function(p, "cos", &gen->argument); return;
    case SN_GEN_SINH: function(p, "sinh", &gen->argument); return;
    case SN_GEN_COSH: function(p, "cosh", &gen->argument); return;
    case SN_GEN_EXP: function(p, "exp", &gen->argument); return;
    case SN_GEN_ATAN: function(p, p->style == SN_EXPR_LATEX ? "arctan" : "atan", &gen->argument); return;
    case SN_GEN_LOG: log_of(p, &gen->argument); return;
    case SN_GEN_UNKNOWN: sn_expr_print_unknown(p->f->scope, gen->index, gen->order, p->style, p->out); return;
    case SN_GEN_ROOT: break;
    }
    if (p->style == SN_EXPR_LATEX) {
        sn_text_addf(p->out, gen->degree == 2 ? "\\sqrt{" : "\\sqrt[%d]{", gen->degree);
        print_polynomial(p, &gen->argument.num, false);
        sn_text_add(p->out, "}");
    } else if (gen->degree == 2) {
        function(p, "sqrt", &gen->argument);
    } else {
        sn_text_add(p->out, p->style == SN_EXPR_C ? "pow(" : "(");
        print_polynomial(p, &gen->argument.num, false);
        sn_text_addf(p->out, p->style == SN_EXPR_C ? ", 1.0/%d)" : ")^(1/%d)", gen->degree);
    }
}

/* The generator's text is made once: long sums have it often. */
static void definition(printer *p, int gen) {
    char **kept = &p->f->gens[gen].text[p->style];
    if (!*kept) {
        sn_text_out text = {0};
        printer inner = {p->f, p->style, &text};
        define(&inner, &p->f->gens[gen]);
        if (sn_text_take(&text, kept) != SN_OK) {
            p->out->failed = true;
            return;
        }
    }
    sn_text_add(p->out, *kept);
}

/* In C a generator's argument refers to other generators, and names to the caller's arrays. */
void sn_gen_print(sn_field *f, int gen, sn_expr_style style, sn_text_out *out) {
    printer p = {f, style, out};
    const sn_gen *g = &f->gens[gen];
    if (style != SN_EXPR_C || (g->kind != SN_GEN_NAME && g->kind != SN_GEN_UNKNOWN)) {
        definition(&p, gen);
        return;
    }
    int n = f->scope->n_coordinates, unknowns = 0;
    for (int k = 0; k < gen; k++) unknowns += f->gens[k].kind == SN_GEN_UNKNOWN;
    if (g->kind == SN_GEN_UNKNOWN)
        sn_text_addf(out, "u[%d]", unknowns);
    else {
        if (g->degree > 1) sn_text_add(out, "pow(");
        sn_text_addf(out, g->index < n ? "x[%d]" : "p[%d]", g->index < n ? g->index : g->index - n);
        if (g->degree > 1) sn_text_addf(out, ", 1.0/%d)", g->degree);
    }
}

static void gen_power(printer *p, int gen, slong e) {
    const sn_gen *g = &p->f->gens[gen];
    bool whole = false;
    if (p->style == SN_EXPR_C) {
        sn_text_addf(p->out, e == 1 ? "g[%d]" : "ipow(g[%d], %ld)", gen, e);
        return;
    }
    if (g->kind == SN_GEN_NAME && g->degree > 1) {
        name_power(p, g, e, &whole);
        return;
    }
    /* (u)^(1/3)^2 would be read as (u)^(1/9). */
    if (g->kind == SN_GEN_ROOT && g->degree > 2 && p->style == SN_EXPR_TEXT) {
        slong q = g->degree;
        lowest_terms(&e, &q);
        sn_text_add(p->out, "(");
        print_polynomial(p, &g->argument.num, false);
        sn_text_addf(p->out, q == 1 ? ")^%ld" : ")^(%ld/%ld)", e, q);
        return;
    }
    /* exp(u)^2 is exp(2u) written back would need the argument: powers are clear enough. */
    bool wrap = p->style == SN_EXPR_LATEX && e > 1 && g->kind == SN_GEN_UNKNOWN;
    if (wrap) sn_text_add(p->out, "{");
    definition(p, gen);
    if (wrap) sn_text_add(p->out, "}");
    if (e > 1) sn_text_addf(p->out, p->style == SN_EXPR_LATEX ? "^{%ld}" : "^%ld", e);
}

/* ---- Polynomials ---- */

static void integer(printer *p, const fmpz_t c) {
    char *digits = fmpz_get_str(NULL, 10, c);
    sn_text_add(p->out, digits);
    if (p->style == SN_EXPR_C) sn_text_add(p->out, ".0");
    flint_free(digits);
}

/* Term i without its sign. */
static void print_term(printer *p, const fmpz_mpoly_struct *a, slong i) {
    ulong exponents[SN_FIELD_MAX_GENS];
    bool any = false;
    fmpz_t c;
    fmpz_init(c);
    fmpz_mpoly_get_term_coeff_fmpz(c, a, i, p->f->ctx);
    fmpz_mpoly_get_term_exp_ui(exponents, a, i, p->f->ctx);
    fmpz_abs(c, c);
    if (!fmpz_is_one(c)) integer(p, c), any = true;
    for (int g = 0; g < p->f->n_gens; g++) {
        ulong e = exponents[sn_field_variable(p->f, g)];
        if (e == 0) continue;
        if (any) sn_text_add(p->out, times(p));
        gen_power(p, g, (slong)e);
        any = true;
    }
    if (!any) integer(p, c);
    fmpz_clear(c);
}

/* Rising powers: what was declared first leads. */
static void print_polynomial(printer *p, const fmpz_mpoly_struct *a, bool negate) {
    if (a->length == 0) sn_text_add(p->out, "0");
    for (slong i = a->length - 1; i >= 0; i--) {
        bool minus = (fmpz_sgn(&a->coeffs[i]) < 0) != negate, latex = p->style == SN_EXPR_LATEX;
        if (i < a->length - 1)
            sn_text_add(p->out, minus ? (latex ? " - " : "-") : latex ? " + " : "+");
        else if (minus)
            sn_text_add(p->out, "-");
        print_term(p, a, i);
    }
}

/* Even powers of s written with c: s^2 = 1 - c^2 (sin), s^2 = c^2 - 1 (sinh). */
static void with_cosine(sn_field *f, fmpz_mpoly_struct *out, const fmpz_mpoly_struct *a, int s) {
    fmpz_mpoly_t coefficient, square, power;
    slong vs = sn_field_variable(f, s), vc = sn_field_variable(f, s + 1);
    slong degree = fmpz_mpoly_degree_si(a, vs, f->ctx);
    ulong e;
    fmpz_mpoly_init(coefficient, f->ctx);
    fmpz_mpoly_init(square, f->ctx);
    fmpz_mpoly_init(power, f->ctx);
    fmpz_mpoly_gen(square, vc, f->ctx);
    fmpz_mpoly_mul(square, square, square, f->ctx);
    if (f->gens[s].kind == SN_GEN_SIN) {
        fmpz_mpoly_neg(square, square, f->ctx);
        fmpz_mpoly_add_si(square, square, 1, f->ctx);
    } else {
        fmpz_mpoly_sub_si(square, square, 1, f->ctx);
    }
    fmpz_mpoly_zero(out, f->ctx);
    for (e = 0; e <= (ulong)degree; e++) {
        fmpz_mpoly_get_coeff_vars_ui(coefficient, a, &vs, &e, 1, f->ctx);
        if (coefficient->length == 0) continue;
        if (!fmpz_mpoly_pow_ui(power, square, e / 2, f->ctx)) continue;
        fmpz_mpoly_mul(coefficient, coefficient, power, f->ctx);
        if (e % 2) {
            fmpz_mpoly_gen(power, vs, f->ctx);
            fmpz_mpoly_mul(coefficient, coefficient, power, f->ctx);
        }
        fmpz_mpoly_add(out, out, coefficient, f->ctx);
    }
    fmpz_mpoly_clear(coefficient, f->ctx);
    fmpz_mpoly_clear(square, f->ctx);
    fmpz_mpoly_clear(power, f->ctx);
}

static void shorten(sn_field *f, fmpz_mpoly_struct *a) {
    fmpz_mpoly_t other;
    if (a->length > 2000) return;
    fmpz_mpoly_init(other, f->ctx);
    for (int s = 0; s < f->n_gens; s++) {
        if (f->gens[s].kind != SN_GEN_SIN && f->gens[s].kind != SN_GEN_SINH) continue;
        if (fmpz_mpoly_degree_si(a, sn_field_variable(f, s), f->ctx) < 2) continue;
        with_cosine(f, other, a, s);
        if (other->length < a->length) fmpz_mpoly_swap(a, other, f->ctx);
    }
    fmpz_mpoly_clear(other, f->ctx);
}

/* ---- Products ---- */

enum { max_factors = 64 };
typedef struct factored {
    fmpz_t constant;
    fmpz_mpoly_struct poly[max_factors];
    slong exponent[max_factors];
    int n;
} factored;

static void add_factor(sn_field *f, factored *out, const fmpz_mpoly_struct *p, slong e) {
    for (int i = 0; i < out->n; i++)
        if (fmpz_mpoly_equal(&out->poly[i], p, f->ctx)) {
            out->exponent[i] += e;
            return;
        }
    fmpz_mpoly_init(&out->poly[out->n], f->ctx);
    fmpz_mpoly_set(&out->poly[out->n], p, f->ctx);
    out->exponent[out->n++] = e;
}

/* (s-1)(s+1) is -c^2. */
static void join_cosines(sn_field *f, factored *a) {
    fmpz_mpoly_t t;
    fmpz_mpoly_init(t, f->ctx);
    for (int s = 0; s < f->n_gens; s++) {
        if (f->gens[s].kind != SN_GEN_SIN) continue;
        int minus = -1, plus = -1;
        fmpz_mpoly_gen(t, sn_field_variable(f, s), f->ctx);
        fmpz_mpoly_sub_si(t, t, 1, f->ctx);
        for (int i = 0; i < a->n; i++)
            if (fmpz_mpoly_equal(&a->poly[i], t, f->ctx)) minus = i;
        fmpz_mpoly_add_si(t, t, 2, f->ctx);
        for (int i = 0; i < a->n; i++)
            if (fmpz_mpoly_equal(&a->poly[i], t, f->ctx)) plus = i;
        if (minus < 0 || plus < 0) continue;
        slong both = a->exponent[minus] < a->exponent[plus] ? a->exponent[minus] : a->exponent[plus];
        a->exponent[minus] -= both;
        a->exponent[plus] -= both;
        if (both % 2) fmpz_neg(a->constant, a->constant);
        if (a->n == max_factors) continue;
        fmpz_mpoly_gen(t, sn_field_variable(f, s + 1), f->ctx);
        add_factor(f, a, t, 2 * both);
    }
    fmpz_mpoly_clear(t, f->ctx);
}

/* Factoring takes long where two degrees are high, however few the terms; square-free factors are found by greatest
 * common divisors alone. */
static bool find_factors(sn_field *f, fmpz_mpoly_factor_t out, const fmpz_mpoly_struct *p) {
    slong most = 0, second = 0;
    if (p->length > 3000) return false;
    for (int g = 0; g < f->n_gens; g++) {
        slong degree = fmpz_mpoly_degree_si(p, sn_field_variable(f, g), f->ctx);
        if (degree > most)
            second = most, most = degree;
        else if (degree > second)
            second = degree;
    }
    return most * second < 4000 ? fmpz_mpoly_factor(out, p, f->ctx) : fmpz_mpoly_factor_squarefree(out, p, f->ctx);
}

static void factor(sn_field *f, factored *out, const fmpz_mpoly_struct *p) {
    fmpz_mpoly_factor_t parts;
    fmpz_init_set_ui(out->constant, 1);
    out->n = 0;
    fmpz_mpoly_factor_init(parts, f->ctx);
    if (find_factors(f, parts, p) && parts->num < max_factors - 1) {
        fmpz_set(out->constant, parts->constant);
        for (slong i = 0; i < parts->num; i++) add_factor(f, out, &parts->poly[i], fmpz_get_si(&parts->exp[i]));
    } else {
        add_factor(f, out, p, 1);
    }
    fmpz_mpoly_factor_clear(parts, f->ctx);
    join_cosines(f, out);
    for (int i = 0; i < out->n; i++) {
        shorten(f, &out->poly[i]);
        if (!starts_negative(&out->poly[i])) continue;
        fmpz_mpoly_neg(&out->poly[i], &out->poly[i], f->ctx);
        if (out->exponent[i] % 2) fmpz_neg(out->constant, out->constant);
    }
}

static void clear_factored(sn_field *f, factored *a) {
    for (int i = 0; i < a->n; i++) fmpz_mpoly_clear(&a->poly[i], f->ctx);
    fmpz_clear(a->constant);
}

/* A generator, or a product of them with coefficient 1, can stand in a product as it is. */
static bool is_simple(sn_field *f, const fmpz_mpoly_struct *p) {
    for (int g = 0; g < f->n_gens; g++)
        if (fmpz_mpoly_is_gen(p, sn_field_variable(f, g), f->ctx)) return true;
    return false;
}

static void print_factor(printer *p, const fmpz_mpoly_struct *a, slong e, bool alone) {
    ulong exponents[SN_FIELD_MAX_GENS];
    bool latex = p->style == SN_EXPR_LATEX;
    if (is_simple(p->f, a) || (a->length == 1 && fmpz_is_one(a->coeffs))) {
        bool any = false;
        fmpz_mpoly_get_term_exp_ui(exponents, a, 0, p->f->ctx);
        for (int g = 0; g < p->f->n_gens; g++) {
            ulong k = exponents[sn_field_variable(p->f, g)];
            if (k == 0) continue;
            if (any) sn_text_add(p->out, times(p));
            gen_power(p, g, (slong)k * e);
            any = true;
        }
        return;
    }
    bool c_power = p->style == SN_EXPR_C && e > 1, bare = alone && e == 1;
    if (c_power) sn_text_add(p->out, "ipow(");
    if (!bare && !c_power) sn_text_add(p->out, latex ? "\\left(" : "(");
    print_polynomial(p, a, false);
    if (!bare && !c_power) sn_text_add(p->out, latex ? "\\right)" : ")");
    if (c_power)
        sn_text_addf(p->out, ", %ld)", e);
    else if (e > 1)
        sn_text_addf(p->out, latex ? "^{%ld}" : "^%ld", e);
}

/* The number of things multiplied, the constant's magnitude included where it is not 1. */
static int count_parts(const factored *a) {
    int n = !fmpz_is_pm1(a->constant);
    for (int i = 0; i < a->n; i++) n += a->exponent[i] > 0;
    return n;
}

/* Generators lead, in their order. */
static void order_factors(sn_field *f, factored *a) {
    int done = 0;
    for (int g = 0; g < f->n_gens; g++)
        for (int i = done; i < a->n; i++) {
            if (!fmpz_mpoly_is_gen(&a->poly[i], sn_field_variable(f, g), f->ctx)) continue;
            fmpz_mpoly_struct poly = a->poly[i];
            slong exponent = a->exponent[i];
            for (int k = i; k > done; k--) a->poly[k] = a->poly[k - 1], a->exponent[k] = a->exponent[k - 1];
            a->poly[done] = poly;
            a->exponent[done++] = exponent;
        }
}

static void print_product(printer *p, factored *a, bool alone) {
    int n = count_parts(a);
    bool any = false;
    fmpz_t c;
    fmpz_init(c);
    fmpz_abs(c, a->constant);
    if (!fmpz_is_one(c) || n == 0) integer(p, c), any = true;
    fmpz_clear(c);
    order_factors(p->f, a);
    for (int i = 0; i < a->n; i++) {
        if (a->exponent[i] == 0) continue;
        if (any) sn_text_add(p->out, times(p));
        print_factor(p, &a->poly[i], a->exponent[i], alone && n == 1);
        any = true;
    }
}

static bool is_one(const factored *a) { return fmpz_is_pm1(a->constant) && count_parts(a) == 0; }

static void print_quotient(printer *p, factored *num, factored *den) {
    if (is_one(den)) {
        /* A bare sum after the minus sign would read wrongly. */
        bool minus = fmpz_sgn(num->constant) * fmpz_sgn(den->constant) < 0;
        if (minus) sn_text_add(p->out, "-");
        print_product(p, num, !minus);
        return;
    }
    bool latex = p->style == SN_EXPR_LATEX, several = count_parts(den) > 1;
    if (fmpz_sgn(num->constant) * fmpz_sgn(den->constant) < 0) sn_text_add(p->out, "-");
    if (latex) sn_text_add(p->out, "\\frac{");
    print_product(p, num, latex);
    sn_text_add(p->out, latex ? "}{" : several ? "/(" : "/");
    print_product(p, den, latex);
    if (latex || several) sn_text_add(p->out, latex ? "}" : ")");
}

void sn_frac_print(sn_field *f, const sn_frac *a, sn_expr_style style, sn_text_out *out) {
    printer p = {f, style, out};
    if (sn_frac_is_null(a)) {
        sn_text_add(out, style == SN_EXPR_C ? "0.0" : "0");
        return;
    }
    factored *parts = sn_alloc(2 * sizeof *parts);
    if (!parts) {
        out->failed = true;
        return;
    }
    factor(f, &parts[0], &a->num);
    factor(f, &parts[1], &a->den);
    print_quotient(&p, &parts[0], &parts[1]);
    clear_factored(f, &parts[0]);
    clear_factored(f, &parts[1]);
    sn_free(parts);
}

#endif
