/* Arithmetic of fractions of polynomials modulo the relations of the algebraic generators. */
#include "math/field.h"

#if SN_HAVE_FLINT

enum { max_terms = 60000, max_bits = 200000 };         /* of a polynomial, of a coefficient */
static const double max_size = 4e9;                    /* bits of all coefficients */
static const double max_product = 3e8, max_work = 4e9; /* terms times terms: of one product, of all */
static const double max_gcd = 4e6, gcd_work = 4;

bool sn_field_failed(sn_field *f) {
    if (f->status == SN_OK && f->cancel && *f->cancel) f->status = sn_fail(SN_ERR_CANCELLED, "stopped");
    return f->status != SN_OK || f->again;
}

void sn_field_fail(sn_field *f, sn_status status, const char *message) {
    if (f->status == SN_OK && !f->again) f->status = sn_fail(status, "%s", message);
}

void sn_frac_init(sn_field *f, sn_frac *a) {
    fmpz_mpoly_init(&a->num, f->ctx);
    fmpz_mpoly_init(&a->den, f->ctx);
    fmpz_mpoly_one(&a->den, f->ctx);
}

void sn_frac_clear(sn_field *f, sn_frac *a) {
    fmpz_mpoly_clear(&a->num, f->ctx);
    fmpz_mpoly_clear(&a->den, f->ctx);
}

void sn_frac_set(sn_field *f, sn_frac *out, const sn_frac *a) {
    fmpz_mpoly_set(&out->num, &a->num, f->ctx);
    fmpz_mpoly_set(&out->den, &a->den, f->ctx);
}

void sn_frac_set_ratio(sn_field *f, sn_frac *out, int64_t numerator, int64_t denominator) {
    fmpz_mpoly_set_si(&out->num, numerator, f->ctx);
    fmpz_mpoly_set_si(&out->den, denominator, f->ctx);
    sn_frac_normalise(f, out);
}

void sn_frac_set_gen(sn_field *f, sn_frac *out, int gen) {
    fmpz_mpoly_gen(&out->num, sn_field_variable(f, gen), f->ctx);
    fmpz_mpoly_one(&out->den, f->ctx);
}

bool sn_frac_is_null(const sn_frac *a) { return a->num.length == 0; }

bool sn_frac_equal(sn_field *f, const sn_frac *a, const sn_frac *b) {
    return fmpz_mpoly_equal(&a->num, &b->num, f->ctx) && fmpz_mpoly_equal(&a->den, &b->den, f->ctx);
}

bool sn_frac_is_zero(sn_field *f, sn_frac *a) {
    if (sn_frac_is_null(a)) return true;
    if (!f->doubt || !sn_frac_vanishes(f, a)) return false;
    f->tested_at_random++;
    sn_frac_set_ratio(f, a, 0, 1);
    return true;
}

/* ---- Canonical form ---- */

static bool too_large(sn_field *f, const fmpz_mpoly_struct *a, const fmpz_mpoly_struct *b) {
    double work = (double)a->length * (double)b->length;
    double bits = (double)FLINT_ABS(fmpz_mpoly_max_bits(a)) + (double)FLINT_ABS(fmpz_mpoly_max_bits(b));
    work *= 1 + bits * bits / 1e6; /* numbers of many limbs */
    f->work += work;
    bool few = a->length <= max_terms && b->length <= max_terms;
    bool short_numbers = bits <= max_bits && bits * (double)(a->length + b->length) <= max_size;
    if (work <= max_product && f->work <= max_work && few && short_numbers) return false;
    sn_field_fail(f, SN_ERR_LIMIT,
                  "the components grow too large: simplify the metric (fewer functions, roots or parameters, other "
                  "coordinates)");
    return true;
}

static void multiply(sn_field *f, fmpz_mpoly_struct *out, const fmpz_mpoly_struct *a, const fmpz_mpoly_struct *b) {
    if (!too_large(f, a, b)) fmpz_mpoly_mul(out, a, b, f->ctx);
}

/* Powers of algebraic generators are replaced by lower ones; true where something was. */
static bool reduce(sn_field *f, fmpz_mpoly_struct *a) {
    fmpz_mpoly_struct quotient[SN_FIELD_MAX_GENS], *quotients[SN_FIELD_MAX_GENS], *relations[SN_FIELD_MAX_GENS];
    int n = 0;
    bool needed = false;
    if (a->length == 0 || f->n_algebraic == 0) return false;
    for (int g = 0; g < f->n_gens; g++) {
        sn_gen *gen = &f->gens[g];
        if (!gen->algebraic) continue;
        relations[n] = &gen->relation;
        quotients[n] = &quotient[n];
        n++;
        needed = needed || fmpz_mpoly_degree_si(a, sn_field_variable(f, g), f->ctx) >= gen->degree;
    }
    if (!needed) return false;
    for (int i = 0; i < n; i++) fmpz_mpoly_init(&quotient[i], f->ctx);
    fmpz_mpoly_divrem_ideal(quotients, a, a, relations, n, f->ctx);
    for (int i = 0; i < n; i++) fmpz_mpoly_clear(&quotient[i], f->ctx);
    return true;
}

static bool reduce_both(sn_field *f, sn_frac *a) {
    bool num = reduce(f, &a->num), den = reduce(f, &a->den);
    return num || den;
}

/* out = a with the sign of the variable changed. */
static void conjugate(sn_field *f, fmpz_mpoly_struct *out, const fmpz_mpoly_struct *a, slong variable) {
    fmpz_t c;
    fmpz_init(c);
    fmpz_mpoly_set(out, a, f->ctx);
    for (slong i = 0; i < a->length; i++) {
        if (fmpz_mpoly_get_term_var_exp_ui(a, i, variable, f->ctx) % 2 == 0) continue;
        fmpz_mpoly_get_term_coeff_fmpz(c, a, i, f->ctx);
        fmpz_neg(c, c);
        fmpz_mpoly_set_term_coeff_fmpz(out, i, c, f->ctx);
    }
    fmpz_clear(c);
}

/* Square roots, cos and cosh leave the denominator: A + B w becomes A^2 - B^2 w^2. */
static void rationalise(sn_field *f, sn_frac *a) {
    fmpz_mpoly_t other;
    fmpz_mpoly_init(other, f->ctx);
    for (int g = f->n_gens - 1; g >= 0 && f->status == SN_OK; g--) {
        slong variable = sn_field_variable(f, g);
        if (!f->gens[g].algebraic || f->gens[g].degree != 2) continue;
        if (fmpz_mpoly_degree_si(&a->den, variable, f->ctx) <= 0) continue;
        conjugate(f, other, &a->den, variable);
        multiply(f, &a->num, &a->num, other);
        multiply(f, &a->den, &a->den, other);
        reduce(f, &a->num);
        reduce(f, &a->den);
    }
    fmpz_mpoly_clear(other, f->ctx);
}

/* Of very long polynomials common factors are left where they are: only the size suffers. */
static void cancel_common(sn_field *f, fmpz_mpoly_struct *a, fmpz_mpoly_struct *b) {
    fmpz_mpoly_t common;
    if (fmpz_mpoly_is_one(a, f->ctx) || fmpz_mpoly_is_one(b, f->ctx)) return;
    double work = (double)a->length * (double)b->length;
    if (work > max_gcd) return;
    f->work += gcd_work * work;
    fmpz_mpoly_init(common, f->ctx);
    if (!fmpz_mpoly_gcd_cofactors(common, a, b, a, b, f->ctx))
        sn_field_fail(f, SN_ERR_LIMIT, "a greatest common divisor is too large");
    fmpz_mpoly_clear(common, f->ctx);
}

static void make_positive(sn_field *f, sn_frac *a) {
    if (fmpz_sgn(a->den.coeffs) > 0) return;
    fmpz_mpoly_neg(&a->den, &a->den, f->ctx);
    fmpz_mpoly_neg(&a->num, &a->num, f->ctx);
}

static void reset(sn_field *f, sn_frac *a) {
    fmpz_mpoly_zero(&a->num, f->ctx);
    fmpz_mpoly_one(&a->den, f->ctx);
}

void sn_frac_normalise(sn_field *f, sn_frac *a) {
    if (f->status == SN_OK) {
        reduce(f, &a->num);
        reduce(f, &a->den);
        if (a->num.length && a->den.length) rationalise(f, a);
        if (a->den.length == 0) sn_field_fail(f, SN_ERR_ARGUMENT, "division by zero");
    }
    if (sn_field_failed(f) || a->num.length == 0) {
        reset(f, a);
        return;
    }
    cancel_common(f, &a->num, &a->den);
    make_positive(f, a);
}

/* ---- Operations ---- */

void sn_frac_neg(sn_field *f, sn_frac *out, const sn_frac *a) {
    fmpz_mpoly_neg(&out->num, &a->num, f->ctx);
    fmpz_mpoly_set(&out->den, &a->den, f->ctx);
}

/* With different denominators: over their least common multiple; only their common part can cancel again. */
static void add_unlike(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b, bool minus) {
    fmpz_mpoly_t common, ad, bd, left, right;
    fmpz_mpoly_struct *all[] = {common, ad, bd, left, right};
    for (int i = 0; i < 5; i++) fmpz_mpoly_init(all[i], f->ctx);
    if (!fmpz_mpoly_gcd_cofactors(common, ad, bd, &a->den, &b->den, f->ctx))
        sn_field_fail(f, SN_ERR_LIMIT, "a greatest common divisor is too large");
    multiply(f, left, &a->num, bd);
    multiply(f, right, &b->num, ad);
    if (minus)
        fmpz_mpoly_sub(left, left, right, f->ctx);
    else
        fmpz_mpoly_add(left, left, right, f->ctx);
    if (left->length) cancel_common(f, left, common);
    multiply(f, ad, ad, bd);
    multiply(f, &out->den, ad, common);
    fmpz_mpoly_swap(&out->num, left, f->ctx);
    for (int i = 0; i < 5; i++) fmpz_mpoly_clear(all[i], f->ctx);
}

static void add_or_sub(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b, bool minus) {
    if (sn_field_failed(f)) return;
    if (sn_frac_is_null(b)) {
        sn_frac_set(f, out, a);
        return;
    }
    if (fmpz_mpoly_equal(&a->den, &b->den, f->ctx)) {
        if (minus)
            fmpz_mpoly_sub(&out->num, &a->num, &b->num, f->ctx);
        else
            fmpz_mpoly_add(&out->num, &a->num, &b->num, f->ctx);
        fmpz_mpoly_set(&out->den, &a->den, f->ctx);
        if (out->num.length) cancel_common(f, &out->num, &out->den);
    } else {
        add_unlike(f, out, a, b, minus);
    }
    if (f->status != SN_OK || out->num.length == 0)
        reset(f, out);
    else if (reduce_both(f, out))
        sn_frac_normalise(f, out);
    else
        make_positive(f, out);
}

void sn_frac_add(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) { add_or_sub(f, out, a, b, false); }
void sn_frac_sub(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) { add_or_sub(f, out, a, b, true); }

/* an/ad * bn/bd, whose polynomials are used up. */
static void multiply_parts(sn_field *f, sn_frac *out, fmpz_mpoly_struct *an, fmpz_mpoly_struct *ad,
                           fmpz_mpoly_struct *bn, fmpz_mpoly_struct *bd) {
    cancel_common(f, an, bd);
    cancel_common(f, bn, ad);
    multiply(f, &out->num, an, bn);
    multiply(f, &out->den, ad, bd);
    if (f->status != SN_OK)
        reset(f, out);
    else if (reduce_both(f, out))
        sn_frac_normalise(f, out);
    else
        make_positive(f, out);
}

static void product(sn_field *f, sn_frac *out, const sn_frac *a, const fmpz_mpoly_struct *bn,
                    const fmpz_mpoly_struct *bd) {
    fmpz_mpoly_t part[4];
    const fmpz_mpoly_struct *const from[] = {&a->num, &a->den, bn, bd};
    for (int i = 0; i < 4; i++) {
        fmpz_mpoly_init(part[i], f->ctx);
        fmpz_mpoly_set(part[i], from[i], f->ctx);
    }
    multiply_parts(f, out, part[0], part[1], part[2], part[3]);
    for (int i = 0; i < 4; i++) fmpz_mpoly_clear(part[i], f->ctx);
}

void sn_frac_mul(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) {
    if (sn_field_failed(f) || sn_frac_is_null(a) || sn_frac_is_null(b))
        reset(f, out);
    else
        product(f, out, a, &b->num, &b->den);
}

void sn_frac_div(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) {
    if (sn_frac_is_null(b)) sn_field_fail(f, SN_ERR_ARGUMENT, "division by zero");
    if (sn_field_failed(f) || sn_frac_is_null(a)) {
        reset(f, out);
        return;
    }
    /* Roots must leave the new denominator. */
    product(f, out, a, &b->den, &b->num);
    if (f->n_algebraic) sn_frac_normalise(f, out);
}

void sn_frac_scale(sn_field *f, sn_frac *out, const sn_frac *a, int64_t numerator, int64_t denominator) {
    sn_frac factor;
    sn_frac_init(f, &factor);
    sn_frac_set_ratio(f, &factor, numerator, denominator);
    sn_frac_mul(f, out, a, &factor);
    sn_frac_clear(f, &factor);
}

void sn_frac_pow(sn_field *f, sn_frac *out, const sn_frac *a, int64_t exponent) {
    sn_frac base, result;
    if (exponent > 200 || exponent < -200) sn_field_fail(f, SN_ERR_LIMIT, "a power beyond 200");
    if (exponent <= 0 && sn_frac_is_null(a)) sn_field_fail(f, SN_ERR_ARGUMENT, "zero to a power that is not positive");
    if (sn_field_failed(f)) return;
    sn_frac_init(f, &base);
    sn_frac_init(f, &result);
    sn_frac_set(f, &base, a);
    sn_frac_set_ratio(f, &result, 1, 1);
    for (uint64_t n = (uint64_t)(exponent < 0 ? -exponent : exponent); n; n >>= 1) {
        if (n & 1) sn_frac_mul(f, &result, &result, &base);
        if (n > 1) sn_frac_mul(f, &base, &base, &base);
    }
    if (exponent < 0) {
        sn_frac_set_ratio(f, &base, 1, 1);
        sn_frac_div(f, &result, &base, &result);
    }
    sn_frac_set(f, out, &result);
    sn_frac_clear(f, &base);
    sn_frac_clear(f, &result);
}

void sn_frac_add_product(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b) {
    sn_frac t;
    if (sn_frac_is_null(a) || sn_frac_is_null(b)) return;
    sn_frac_init(f, &t);
    sn_frac_mul(f, &t, a, b);
    sn_frac_add(f, out, out, &t);
    sn_frac_clear(f, &t);
}

#endif
