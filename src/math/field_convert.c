/* From trees to fractions: functions become generators, or are expressed by those that are there. */
#include "math/field_span.h"

#if SN_HAVE_FLINT
enum { max_multiple = 60 }; /* of an angle, of an exponent */

/* Asks for an argument finer by the factor in the next round. */
void sn_field_refine(sn_field *f, int *unit, int64_t by) {
    int64_t finer = (*unit ? *unit : 1) * by;
    if (by > max_multiple || finer > max_multiple) {
        sn_field_fail(f, SN_ERR_LIMIT, "arguments or exponents differ by a fraction that is too fine");
        return;
    }
    *unit = (int)finer;
    f->again = true;
}

void sn_field_count_constant(sn_field *f, const sn_frac *u) {
    if (!fmpz_mpoly_is_fmpz(&u->num, f->ctx) || !fmpz_mpoly_is_fmpz(&u->den, f->ctx)) return;
    if (++f->n_constants > 1) f->doubt = "several transcendental numbers, which may be related";
}

static int position_of(const sn_field *f, int gen) {
    int position = 0;
    for (int g = 0; g < gen; g++) position += f->gens[g].kind == f->gens[gen].kind;
    return position;
}

/* ---- sin and cos, sinh and cosh ---- */

typedef struct pair {
    sn_frac s, c;
} pair;

static void init_pair(sn_field *f, pair *p) {
    sn_frac_init(f, &p->s);
    sn_frac_init(f, &p->c);
    sn_frac_set_ratio(f, &p->c, 1, 1);
}

static void clear_pair(sn_field *f, pair *p) {
    sn_frac_clear(f, &p->s);
    sn_frac_clear(f, &p->c);
}

/* The sum of the arguments of a and b: (c + i s)(c' + i s'), without the i for the hyperbolic functions. */
static void add_arguments(sn_field *f, pair *a, const pair *b, bool hyperbolic) {
    sn_frac c, s;
    sn_frac_init(f, &c);
    sn_frac_init(f, &s);
    sn_frac_mul(f, &c, &a->s, &b->s);
    if (!hyperbolic) sn_frac_neg(f, &c, &c);
    sn_frac_add_product(f, &c, &a->c, &b->c);
    sn_frac_mul(f, &s, &a->s, &b->c);
    sn_frac_add_product(f, &s, &a->c, &b->s);
    sn_frac_set(f, &a->c, &c);
    sn_frac_set(f, &a->s, &s);
    sn_frac_clear(f, &c);
    sn_frac_clear(f, &s);
}

static void add_multiple(sn_field *f, pair *sum, const pair *one, int64_t times, bool hyperbolic) {
    pair step;
    if (times > max_multiple || times < -max_multiple) {
        sn_field_fail(f, SN_ERR_LIMIT, "a multiple of an angle beyond 60");
        return;
    }
    init_pair(f, &step);
    sn_frac_set(f, &step.c, &one->c);
    sn_frac_set(f, &step.s, &one->s);
    if (times < 0) sn_frac_neg(f, &step.s, &step.s);
    for (int64_t i = 0; i < (times < 0 ? -times : times); i++) add_arguments(f, sum, &step, hyperbolic);
    clear_pair(f, &step);
}

/* A new generator s of the argument u / unit with c = sqrt(1 - s^2), hyperbolic sqrt(1 + s^2). */
static int new_pair(sn_field *f, const sn_frac *u, int unit, bool hyperbolic) {
    fmpz_mpoly_t square;
    int s = sn_field_new_gen(f, hyperbolic ? SN_GEN_SINH : SN_GEN_SIN);
    int c = sn_field_new_gen(f, hyperbolic ? SN_GEN_COSH : SN_GEN_COS);
    if (s < 0 || c < 0) return -1;
    sn_frac_scale(f, &f->gens[s].argument, u, 1, unit);
    sn_frac_set(f, &f->gens[c].argument, &f->gens[s].argument);
    fmpz_mpoly_init(square, f->ctx);
    fmpz_mpoly_gen(square, sn_field_variable(f, s), f->ctx);
    fmpz_mpoly_mul(square, square, square, f->ctx);
    if (!hyperbolic) fmpz_mpoly_neg(square, square, f->ctx);
    fmpz_mpoly_add_si(square, square, 1, f->ctx);
    sn_field_relate(f, c, 2, square);
    fmpz_mpoly_clear(square, f->ctx);
    sn_field_count_constant(f, u);
    return s;
}

static void add_generator(sn_field *f, pair *sum, int s, int64_t times, bool hyperbolic) {
    pair one;
    init_pair(f, &one);
    sn_frac_set_gen(f, &one.s, s);
    sn_frac_set_gen(f, &one.c, s + 1);
    add_multiple(f, sum, &one, times, hyperbolic);
    clear_pair(f, &one);
}

/* out = sqrt(number) / 2 */
static void half_root(sn_field *f, sn_frac *out, int64_t number) {
    sn_frac t;
    sn_frac_init(f, &t);
    sn_frac_set_ratio(f, &t, number, 1);
    sn_field_root(f, out, &t, 1, 2);
    sn_frac_scale(f, out, out, 1, 2);
    sn_frac_clear(f, &t);
}

/* times pi / part, where part is 2, 4 or 6: sin and cos are 0, 1, 1/2 and halves of roots. */
static void add_part_of_pi(sn_field *f, pair *sum, int64_t times, int64_t part) {
    pair one;
    init_pair(f, &one);
    sn_frac_set_ratio(f, &one.s, 1, part == 6 ? 2 : 1);
    sn_frac_set_ratio(f, &one.c, 0, 1);
    if (part == 4) half_root(f, &one.s, 2);
    if (part == 4) sn_frac_set(f, &one.c, &one.s);
    if (part == 6) half_root(f, &one.c, 3);
    add_multiple(f, sum, &one, (times % (2 * part) + 2 * part) % (2 * part), false);
    clear_pair(f, &one);
}

/* numerator/denominator times pi; pi/12 is pi/4 - pi/6. */
static void add_pi(sn_field *f, pair *sum, int64_t numerator, int64_t denominator) {
    if (12 % denominator) {
        sn_field_fail(f, SN_ERR_UNSUPPORTED,
                      "sin or cos of a part of pi that is no multiple of pi/12: write its value by roots");
    } else if (2 % denominator == 0) {
        add_part_of_pi(f, sum, 2 / denominator * numerator, 2);
    } else if (4 % denominator == 0) {
        add_part_of_pi(f, sum, 4 / denominator * numerator, 4);
    } else if (6 % denominator == 0) {
        add_part_of_pi(f, sum, 6 / denominator * numerator, 6);
    } else {
        add_part_of_pi(f, sum, numerator, 4);
        add_part_of_pi(f, sum, -numerator, 6);
    }
}

/* A multiple of atan(u), whose sin is u / w and cos 1 / w with w = sqrt(1 + u^2). */
static void add_arctangent(sn_field *f, pair *sum, int gen, int64_t times) {
    pair one;
    init_pair(f, &one);
    sn_frac_set(f, &one.s, &f->gens[gen].argument);
    sn_frac_mul(f, &one.s, &one.s, &one.s);
    sn_frac_add(f, &one.s, &one.s, &one.c);
    sn_field_root(f, &one.c, &one.s, -1, 2);
    sn_frac_mul(f, &one.s, &one.c, &f->gens[gen].argument);
    add_multiple(f, sum, &one, times, false);
    clear_pair(f, &one);
}

/* sum must be (0, 1). */
static void new_argument(sn_field *f, pair *sum, const sn_frac *u, bool hyperbolic) {
    sn_gen_kind kind = hyperbolic ? SN_GEN_SINH : SN_GEN_SIN;
    int position = 0, *units = hyperbolic ? f->plan->hyperbolic : f->plan->trig;
    for (int g = 0; g < f->n_gens; g++) position += f->gens[g].kind == kind;
    int unit = units[position] ? units[position] : 1, g = new_pair(f, u, unit, hyperbolic);
    if (g >= 0) add_generator(f, sum, g, unit, hyperbolic);
}

/* One member of the solution; false where it cannot be expanded. */
static bool add_member(sn_field *f, pair *sum, const sn_field_span *s, int i, bool hyperbolic) {
    int g = s->gen[i], *units = hyperbolic ? f->plan->hyperbolic : f->plan->trig;
    int64_t numerator = s->numerator[i], denominator = s->denominator[i];
    if (numerator == 0) return true;
    switch (f->gens[g].kind) {
    case SN_GEN_PI: add_pi(f, sum, numerator, denominator); return true;
    case SN_GEN_ATAN:
        if (denominator == 1) add_arctangent(f, sum, g, numerator);
        return denominator == 1;
    case SN_GEN_LOG: /* sinh(log x) is a fraction: with exp it comes out */
        f->plan->use_exp = f->again = true;
        return true;
    default:
        if (denominator != 1)
            sn_field_refine(f, &units[position_of(f, g)], denominator);
        else
            add_generator(f, sum, g, numerator, hyperbolic);
        return true;
    }
}

/* sum must be (0, 1). */
static void circular(sn_field *f, pair *sum, const sn_frac *u, bool hyperbolic) {
    sn_field_span s = sn_field_collect(f, hyperbolic ? 1u << SN_GEN_SINH | 1u << SN_GEN_LOG
                                                     : 1u << SN_GEN_SIN | 1u << SN_GEN_PI | 1u << SN_GEN_ATAN);
    bool expanded = true;
    if (sn_frac_is_null(u)) return;
    if (!sn_field_solve(f, u, &s)) {
        new_argument(f, sum, u, hyperbolic);
        return;
    }
    for (int i = 0; i < s.n && expanded && !f->again; i++) expanded = add_member(f, sum, &s, i, hyperbolic);
    if (expanded || f->again) return;
    f->doubt = "sin or cos of a part of atan";
    sn_frac_set_ratio(f, &sum->s, 0, 1);
    sn_frac_set_ratio(f, &sum->c, 1, 1);
    new_argument(f, sum, u, hyperbolic);
}

/* ---- exp ---- */

static void multiply_power(sn_field *f, sn_frac *out, const sn_frac *base, int64_t p, int64_t q) {
    sn_frac t;
    if (p == 0) return;
    sn_frac_init(f, &t);
    if (q == 1)
        sn_frac_pow(f, &t, base, p);
    else
        sn_field_root(f, &t, base, p, q);
    sn_frac_mul(f, out, out, &t);
    sn_frac_clear(f, &t);
}

static void new_exponential(sn_field *f, sn_frac *out, const sn_frac *u) {
    int position = 0;
    for (int g = 0; g < f->n_gens; g++) position += f->gens[g].kind == SN_GEN_EXP;
    int unit = f->plan->exponential[position] ? f->plan->exponential[position] : 1;
    int g = sn_field_new_gen(f, SN_GEN_EXP);
    if (g < 0) return;
    sn_frac_scale(f, &f->gens[g].argument, u, 1, unit);
    sn_frac_set_gen(f, out, g);
    sn_frac_pow(f, out, out, unit);
    sn_field_count_constant(f, u);
}

static void exponential(sn_field *f, sn_frac *out, const sn_frac *u) {
    sn_field_span s = sn_field_collect(f, 1u << SN_GEN_EXP | 1u << SN_GEN_LOG);
    sn_frac base;
    sn_frac_set_ratio(f, out, 1, 1);
    if (sn_frac_is_null(u)) return;
    if (!sn_field_solve(f, u, &s)) {
        new_exponential(f, out, u);
        return;
    }
    sn_frac_init(f, &base);
    for (int i = 0; i < s.n && !sn_field_failed(f); i++) {
        int g = s.gen[i];
        if (f->gens[g].kind == SN_GEN_LOG) {
            multiply_power(f, out, &f->gens[g].argument, s.numerator[i], s.denominator[i]);
        } else if (s.denominator[i] != 1) {
            sn_field_refine(f, &f->plan->exponential[position_of(f, g)], s.denominator[i]);
        } else {
            sn_frac_set_gen(f, &base, g);
            multiply_power(f, out, &base, s.numerator[i], 1);
        }
    }
    sn_frac_clear(f, &base);
}

/* (e^u +- e^-u) / 2. */
static void hyperbolic_by_exp(sn_field *f, pair *p, const sn_frac *u) {
    sn_frac plus, minus;
    sn_frac_init(f, &plus);
    sn_frac_init(f, &minus);
    exponential(f, &plus, u);
    if (!sn_field_failed(f)) sn_frac_pow(f, &minus, &plus, -1);
    sn_frac_add(f, &p->c, &plus, &minus);
    sn_frac_sub(f, &p->s, &plus, &minus);
    sn_frac_scale(f, &p->c, &p->c, 1, 2);
    sn_frac_scale(f, &p->s, &p->s, 1, 2);
    sn_frac_clear(f, &plus);
    sn_frac_clear(f, &minus);
}

/* ---- Trees ---- */

static void set_pi(sn_field *f, sn_frac *out) {
    for (int g = 0; g < f->n_gens; g++)
        if (f->gens[g].kind == SN_GEN_PI) sn_frac_set_gen(f, out, g);
}

static bool has_sine(sn_field *f, const sn_frac *u) {
    for (int g = 0; g < f->n_gens; g++) {
        slong v = sn_field_variable(f, g);
        if (f->gens[g].kind != SN_GEN_SIN && f->gens[g].kind != SN_GEN_COS) continue;
        if (fmpz_mpoly_degree_si(&u->num, v, f->ctx) > 0 || fmpz_mpoly_degree_si(&u->den, v, f->ctx) > 0) return true;
    }
    return false;
}

static void arctangent(sn_field *f, sn_frac *out, const sn_frac *u) {
    bool another = false;
    for (int g = 0; g < f->n_gens; g++) {
        if (f->gens[g].kind != SN_GEN_ATAN) continue;
        if (sn_frac_equal(f, &f->gens[g].argument, u)) {
            sn_frac_set_gen(f, out, g);
            return;
        }
        another = true;
    }
    if (sn_frac_is_null(u)) {
        sn_frac_set_ratio(f, out, 0, 1);
        return;
    }
    int g = sn_field_new_gen(f, SN_GEN_ATAN);
    if (g < 0) return;
    if (another) f->doubt = "several atan";
    if (has_sine(f, u)) f->doubt = "atan of an expression with sin or cos";
    sn_frac_set(f, &f->gens[g].argument, u);
    sn_frac_set_gen(f, out, g);
    sn_field_count_constant(f, u);
}

/* asin u = atan(u / sqrt(1 - u^2)), acos u = pi/2 - asin u. */
static void arcsine(sn_field *f, sn_frac *out, const sn_frac *u, bool cosine) {
    sn_frac root, t;
    sn_frac_init(f, &root);
    sn_frac_init(f, &t);
    sn_frac_set_ratio(f, &root, 1, 1);
    sn_frac_mul(f, &t, u, u);
    sn_frac_sub(f, &root, &root, &t);
    if (sn_frac_is_null(&root))
        sn_field_fail(f, SN_ERR_UNSUPPORTED, "asin or acos of 1 or -1: write its value, as pi/2");
    else
        sn_field_root(f, &root, &root, -1, 2);
    sn_frac_mul(f, &t, u, &root);
    if (!sn_field_failed(f)) arctangent(f, out, &t);
    if (cosine) {
        set_pi(f, &t);
        sn_frac_scale(f, &t, &t, 1, 2);
        sn_frac_sub(f, out, &t, out);
    }
    sn_frac_clear(f, &root);
    sn_frac_clear(f, &t);
}

static void call(sn_field *f, sn_frac *out, int function, const sn_frac *u) {
    pair p;
    init_pair(f, &p);
    bool hyperbolic = function == SN_EXPR_SINH || function == SN_EXPR_COSH || function == SN_EXPR_TANH;
    switch ((sn_expr_function)function) {
    case SN_EXPR_SQRT: sn_field_root(f, out, u, 1, 2); break;
    case SN_EXPR_EXP: exponential(f, out, u); break;
    case SN_EXPR_LOG: sn_field_log(f, out, u); break;
    case SN_EXPR_ATAN: arctangent(f, out, u); break;
    case SN_EXPR_ASIN:
    case SN_EXPR_ACOS: arcsine(f, out, u, function == SN_EXPR_ACOS); break;
    default:
        if (hyperbolic && f->has_exp)
            hyperbolic_by_exp(f, &p, u);
        else
            circular(f, &p, u, hyperbolic);
        if (function == SN_EXPR_SIN || function == SN_EXPR_SINH)
            sn_frac_set(f, out, &p.s);
        else if (function == SN_EXPR_COS || function == SN_EXPR_COSH)
            sn_frac_set(f, out, &p.c);
        else
            sn_frac_div(f, out, &p.s, &p.c);
    }
    clear_pair(f, &p);
}

/* A rational number of reasonable size. */
static bool as_ratio(sn_field *f, const sn_frac *a, int64_t *p, int64_t *q) {
    if (!fmpz_mpoly_is_fmpz(&a->num, f->ctx) || !fmpz_mpoly_is_fmpz(&a->den, f->ctx)) return false;
    if (!fmpz_fits_si(a->den.coeffs) || (a->num.length && !fmpz_fits_si(a->num.coeffs))) return false;
    *p = a->num.length ? fmpz_get_si(a->num.coeffs) : 0;
    *q = fmpz_get_si(a->den.coeffs);
    return true;
}

/* a^b: a root where b is a number, else exp(b log a). */
static void power(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) {
    int64_t p, q;
    sn_frac t;
    if (as_ratio(f, b, &p, &q)) {
        if (q == 1)
            sn_frac_pow(f, out, a, p);
        else
            sn_field_root(f, out, a, p, q);
        return;
    }
    sn_frac_init(f, &t);
    sn_field_log(f, &t, a);
    sn_frac_mul(f, &t, &t, b);
    if (!sn_field_failed(f)) exponential(f, out, &t);
    sn_frac_clear(f, &t);
}

static void name(sn_field *f, sn_frac *out, int index) {
    for (int g = 0; g < f->n_gens; g++)
        if (f->gens[g].kind == SN_GEN_NAME && f->gens[g].index == index) {
            sn_frac_set_gen(f, out, g);
            sn_frac_pow(f, out, out, f->gens[g].degree);
        }
}

static void set_gen(sn_field *f, sn_frac *out, int gen) {
    if (gen >= 0) sn_frac_set_gen(f, out, gen);
}

static void convert(sn_field *f, const sn_expr *e, sn_frac *out) {
    sn_frac a, b;
    sn_frac_init(f, &a);
    sn_frac_init(f, &b);
    if (e->left) convert(f, e->left, &a);
    if (e->right) convert(f, e->right, &b);
    if (!sn_field_failed(f)) switch (e->kind) {
        case SN_EXPR_NUMBER: sn_frac_set_ratio(f, out, e->numerator, e->denominator); break;
        case SN_EXPR_PI: set_pi(f, out); break;
        case SN_EXPR_NAME: name(f, out, e->index); break;
        case SN_EXPR_NEG: sn_frac_neg(f, out, &a); break;
        case SN_EXPR_ADD: sn_frac_add(f, out, &a, &b); break;
        case SN_EXPR_SUB: sn_frac_sub(f, out, &a, &b); break;
        case SN_EXPR_MUL: sn_frac_mul(f, out, &a, &b); break;
        case SN_EXPR_DIV: sn_frac_div(f, out, &a, &b); break;
        case SN_EXPR_POW: power(f, out, &a, &b); break;
        case SN_EXPR_CALL: call(f, out, e->index, &a); break;
        case SN_EXPR_UNKNOWN: set_gen(f, out, sn_field_find_unknown(f, e->index, e->order)); break;
        }
    if (f->status != SN_OK && !f->culprit) f->culprit = e;
    sn_frac_clear(f, &a);
    sn_frac_clear(f, &b);
}

sn_status sn_field_convert(sn_field *f, const sn_expr *e, sn_frac *out) {
    convert(f, e, out);
    (void)sn_field_failed(f);
    return f->status;
}

#endif
