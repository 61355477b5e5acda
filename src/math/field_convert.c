/* From trees to fractions: functions become generators, or are expressed by those that are there. */
#include "math/field.h"

#if SN_HAVE_FLINT
#include <flint/fmpq_mat.h>

enum { max_multiple = 60 }; /* of an angle, of an exponent */

/* ---- Arguments as rational combinations of earlier ones ---- */

enum { max_span = 40 };
typedef struct span {
    int gen[max_span]; /* generators whose arguments (pi: itself; log: itself) span */
    int n;
    int64_t numerator[max_span], denominator[max_span]; /* of the solution */
} span;

/* What the member contributes to the argument. */
static void member(sn_field *f, sn_frac *out, int gen) {
    if (f->gens[gen].kind == SN_GEN_PI || f->gens[gen].kind == SN_GEN_LOG)
        sn_frac_set_gen(f, out, gen);
    else
        sn_frac_set(f, out, &f->gens[gen].argument);
}

static span collect(const sn_field *f, sn_gen_kind kind, sn_gen_kind also) {
    span s = {0};
    for (int g = 0; g < f->n_gens; g++)
        if ((f->gens[g].kind == kind || f->gens[g].kind == also) && s.n < max_span) s.gen[s.n++] = g;
    return s;
}

/* The value at the point numbered `round` of the integers; false where the denominator is zero there. */
static bool value_at(sn_field *f, fmpq_t out, const sn_frac *a, int round) {
    fmpz values[SN_FIELD_MAX_GENS], *list[SN_FIELD_MAX_GENS];
    fmpz_t num, den;
    fmpz_init(num);
    fmpz_init(den);
    for (int i = 0; i < f->capacity; i++) {
        fmpz_init_set_si(&values[i], 3 + (17 * i + 5 * round + (i + 2) * round * round * 7 + 11 * i * round) % 1009);
        list[i] = &values[i];
    }
    bool ok = fmpz_mpoly_evaluate_all_fmpz(num, &a->num, list, f->ctx) &&
              fmpz_mpoly_evaluate_all_fmpz(den, &a->den, list, f->ctx) && !fmpz_is_zero(den);
    if (ok) fmpq_set_fmpz_frac(out, num, den);
    for (int i = 0; i < f->capacity; i++) fmpz_clear(&values[i]);
    fmpz_clear(num);
    fmpz_clear(den);
    return ok;
}

/* Reads the solution of the reduced system; false where there is none or its numbers are out of proportion. */
static bool read_solution(const fmpq_mat_t m, slong rank, span *s) {
    for (slong row = 0; row < rank; row++) {
        slong column = 0;
        while (column <= s->n && fmpq_is_zero(fmpq_mat_entry(m, row, column))) column++;
        if (column != row || column == s->n) return false;
        const fmpq *q = fmpq_mat_entry(m, row, s->n);
        if (fmpz_bits(fmpq_numref(q)) > 20 || fmpz_bits(fmpq_denref(q)) > 10) return false;
        s->numerator[row] = fmpz_get_si(fmpq_numref(q));
        s->denominator[row] = fmpz_get_si(fmpq_denref(q));
    }
    return rank == s->n;
}

/* Does u = the sum of the solution's multiples, exactly? */
static bool check_solution(sn_field *f, const sn_frac *u, const span *s) {
    sn_frac sum, part;
    sn_frac_init(f, &sum);
    sn_frac_init(f, &part);
    sn_frac_set(f, &sum, u);
    for (int i = 0; i < s->n; i++) {
        member(f, &part, s->gen[i]);
        sn_frac_scale(f, &part, &part, s->numerator[i], s->denominator[i]);
        sn_frac_sub(f, &sum, &sum, &part);
    }
    bool zero = sn_frac_is_null(&sum);
    sn_frac_clear(f, &sum);
    sn_frac_clear(f, &part);
    return zero;
}

/* u as a combination of the members, with rational coefficients. */
static bool solve(sn_field *f, const sn_frac *u, span *s) {
    fmpq_mat_t m;
    sn_frac part;
    int rows = 0;
    if (s->n == 0) return false;
    sn_frac_init(f, &part);
    fmpq_mat_init(m, s->n + 2, s->n + 1);
    for (int round = 0; rows < s->n + 2 && round < 8 * s->n + 40; round++) {
        bool ok = value_at(f, fmpq_mat_entry(m, rows, s->n), u, round);
        for (int i = 0; i < s->n && ok; i++) {
            member(f, &part, s->gen[i]);
            ok = value_at(f, fmpq_mat_entry(m, rows, i), &part, round);
        }
        rows += ok;
    }
    slong rank = rows == s->n + 2 ? fmpq_mat_rref(m, m) : -1;
    bool found = rank >= 0 && read_solution(m, rank, s) && check_solution(f, u, s);
    fmpq_mat_clear(m);
    sn_frac_clear(f, &part);
    return found;
}

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

/* Quarter turns. */
static void add_pi(sn_field *f, pair *sum, int64_t quarters) {
    pair quarter;
    init_pair(f, &quarter);
    sn_frac_set_ratio(f, &quarter.s, 1, 1);
    sn_frac_set_ratio(f, &quarter.c, 0, 1);
    add_multiple(f, sum, &quarter, ((quarters % 4) + 4) % 4, false);
    clear_pair(f, &quarter);
}

/* sum must be (0, 1). */
static void circular(sn_field *f, pair *sum, const sn_frac *u, bool hyperbolic) {
    sn_gen_kind kind = hyperbolic ? SN_GEN_SINH : SN_GEN_SIN;
    int *units = hyperbolic ? f->plan->hyperbolic : f->plan->trig;
    span s = collect(f, kind, hyperbolic ? kind : SN_GEN_PI);
    if (sn_frac_is_null(u)) return;
    if (!solve(f, u, &s)) {
        int position = 0;
        for (int g = 0; g < f->n_gens; g++) position += f->gens[g].kind == kind;
        int unit = units[position] ? units[position] : 1, g = new_pair(f, u, unit, hyperbolic);
        if (g >= 0) add_generator(f, sum, g, unit, hyperbolic);
        return;
    }
    for (int i = 0; i < s.n && !f->again; i++) {
        int g = s.gen[i];
        if (f->gens[g].kind == SN_GEN_PI) {
            if (2 % s.denominator[i])
                sn_field_fail(f, SN_ERR_UNSUPPORTED,
                              "sin or cos of a part of pi that is no multiple of pi/2: write its value, as sqrt(3)/2");
            else
                add_pi(f, sum, 2 / s.denominator[i] * s.numerator[i]);
        } else if (s.denominator[i] != 1) {
            sn_field_refine(f, &units[position_of(f, g)], s.denominator[i]);
        } else {
            add_generator(f, sum, g, s.numerator[i], hyperbolic);
        }
    }
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
    span s = collect(f, SN_GEN_EXP, SN_GEN_LOG);
    sn_frac base;
    sn_frac_set_ratio(f, out, 1, 1);
    if (sn_frac_is_null(u)) return;
    if (!solve(f, u, &s)) {
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
    sn_frac_set(f, &f->gens[g].argument, u);
    sn_frac_set_gen(f, out, g);
    sn_field_count_constant(f, u);
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
    case SN_EXPR_ACOS:
        sn_field_fail(f, SN_ERR_UNSUPPORTED, "asin and acos are not part of the exact functions: use atan");
        break;
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
        case SN_EXPR_PI:
            for (int g = 0; g < f->n_gens; g++)
                if (f->gens[g].kind == SN_GEN_PI) sn_frac_set_gen(f, out, g);
            break;
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
    sn_frac_clear(f, &a);
    sn_frac_clear(f, &b);
}

sn_status sn_field_convert(sn_field *f, const sn_expr *e, sn_frac *out) {
    convert(f, e, out);
    (void)sn_field_failed(f);
    return f->status;
}

#endif
