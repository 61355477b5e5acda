/* Roots and logarithms, taken apart by the factors of what is under them. */
#include "math/field.h"

#if SN_HAVE_FLINT
#include <flint/fmpz_factor.h>
#include <flint/fmpz_mpoly_factor.h>

static bool has_algebraic(sn_field *f, const fmpz_mpoly_struct *p) {
    for (int g = 0; g < f->n_gens; g++)
        if (f->gens[g].algebraic && fmpz_mpoly_degree_si(p, sn_field_variable(f, g), f->ctx) > 0) return true;
    return false;
}

/* The generator that p is, or -1. */
static int as_gen(sn_field *f, const fmpz_mpoly_struct *p) {
    for (int g = 0; g < f->n_gens; g++)
        if (fmpz_mpoly_is_gen(p, sn_field_variable(f, g), f->ctx)) return g;
    return -1;
}

static bool factor(sn_field *f, fmpz_mpoly_factor_t out, const fmpz_mpoly_struct *p) {
    if (p->length < 3000 && fmpz_mpoly_factor(out, p, f->ctx)) return true;
    sn_field_fail(f, SN_ERR_LIMIT, "what is under a root or log is too large");
    return false;
}

static void set_polynomial(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *p) {
    fmpz_mpoly_set(&out->num, p, f->ctx);
    fmpz_mpoly_one(&out->den, f->ctx);
}

static void multiply_by(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *p, int64_t exponent) {
    sn_frac t;
    if (exponent == 0) return;
    sn_frac_init(f, &t);
    set_polynomial(f, &t, p);
    sn_frac_pow(f, &t, &t, exponent);
    sn_frac_mul(f, out, out, &t);
    sn_frac_clear(f, &t);
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t r = a % b;
        a = b, b = r;
    }
    return a;
}

/* ---- Roots ---- */

/* A product under a root of degree q: the integer's primes and the polynomial's irreducible factors. */
typedef struct radicand {
    fmpz_factor_t primes;
    fmpz_mpoly_factor_t factors;
    int64_t q;
} radicand;

/* Names and exponentials alone under a root get finer generators. */
static bool refine_names(sn_field *f, const radicand *r) {
    bool names = true, refined = false;
    for (slong i = 0; i < r->factors->num; i++) {
        int g = as_gen(f, &r->factors->poly[i]);
        bool left = fmpz_get_si(&r->factors->exp[i]) % r->q != 0;
        if (left && (g < 0 || (f->gens[g].kind != SN_GEN_NAME && f->gens[g].kind != SN_GEN_EXP))) names = false;
    }
    for (slong i = 0, position = 0; i < r->factors->num; i++) {
        int g = as_gen(f, &r->factors->poly[i]);
        int64_t e = fmpz_get_si(&r->factors->exp[i]), by = r->q / gcd(r->q, e);
        if (by == 1 || g < 0) continue;
        if (f->gens[g].kind == SN_GEN_EXP) {
            position = 0;
            for (int k = 0; k < g; k++) position += f->gens[k].kind == SN_GEN_EXP;
            sn_field_refine(f, &f->plan->exponential[position], by);
            refined = true;
        } else if (f->gens[g].kind == SN_GEN_NAME && names) {
            sn_field_refine(f, &f->plan->root[f->gens[g].index], by);
            refined = true;
        }
    }
    return refined;
}

/* out *= the part that is a power of q; *rest: what stays under the root, whose degree may become smaller. */
static void extract(sn_field *f, sn_frac *out, radicand *r, fmpz_mpoly_struct *rest) {
    int64_t common = r->q;
    fmpz_mpoly_t t;
    fmpz_t prime;
    for (slong i = 0; i < r->factors->num; i++) common = gcd(common, fmpz_get_si(&r->factors->exp[i]) % r->q);
    for (slong i = 0; i < r->primes->num; i++) common = gcd(common, (int64_t)r->primes->exp[i] % r->q);
    if (r->primes->sign < 0 && r->q % 2 == 0) common = 1;
    fmpz_mpoly_init(t, f->ctx);
    fmpz_init(prime);
    fmpz_mpoly_set_si(rest, r->primes->sign < 0 && r->q % 2 == 0 ? -1 : 1, f->ctx);
    if (r->primes->sign < 0 && r->q % 2) sn_frac_neg(f, out, out);
    for (slong i = 0; i < r->factors->num + r->primes->num; i++) {
        slong k = i - r->factors->num;
        int64_t e = k < 0 ? fmpz_get_si(&r->factors->exp[i]) : (int64_t)r->primes->exp[k];
        if (k < 0) {
            fmpz_mpoly_set(t, &r->factors->poly[i], f->ctx);
            if (e >= r->q) f->assumption = "what is taken out of roots is positive: sqrt(x^2) is x";
        } else {
            fmpz_mpoly_set_fmpz(t, &r->primes->p[k], f->ctx);
        }
        multiply_by(f, out, t, e / r->q);
        if (e % r->q && !fmpz_mpoly_pow_ui(t, t, (ulong)(e % r->q / common), f->ctx))
            sn_field_fail(f, SN_ERR_LIMIT, "a power under a root is too large");
        if (e % r->q) fmpz_mpoly_mul(rest, rest, t, f->ctx);
    }
    r->q /= common;
    fmpz_clear(prime);
    fmpz_mpoly_clear(t, f->ctx);
}

/* gen^degree. */
static void radicand_of(sn_field *f, fmpz_mpoly_struct *out, int gen) {
    fmpz_mpoly_gen(out, sn_field_variable(f, gen), f->ctx);
    if (!fmpz_mpoly_pow_ui(out, out, (ulong)f->gens[gen].degree, f->ctx)) sn_field_fail(f, SN_ERR_LIMIT, "too large");
    fmpz_mpoly_sub(out, out, &f->gens[gen].relation, f->ctx);
}

enum { max_square_roots = 8 };

/* The square roots (cos, cosh, powers of finer roots too) whose product with sqrt(rest) is a rational function: found
 * by trying all sets. */
static bool by_others(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *rest) {
    int list[max_square_roots], n = 0;
    bool found = false;
    fmpz_mpoly_t product, one, root;
    fmpz_mpoly_init(product, f->ctx);
    fmpz_mpoly_init(one, f->ctx);
    fmpz_mpoly_init(root, f->ctx);
    for (int g = 0; g < f->n_gens; g++) {
        if (!f->gens[g].algebraic || f->gens[g].degree % 2) continue;
        radicand_of(f, one, g);
        if (has_algebraic(f, one)) continue;
        if (n == max_square_roots) f->doubt = "many square roots";
        if (n < max_square_roots) list[n++] = g;
    }
    for (int set = 1; set < 1 << n && !found && !sn_field_failed(f); set++) {
        fmpz_mpoly_set(product, rest, f->ctx);
        for (int i = 0; i < n; i++) {
            if (!(set >> i & 1)) continue;
            radicand_of(f, one, list[i]);
            fmpz_mpoly_mul(product, product, one, f->ctx);
        }
        if (!fmpz_mpoly_sqrt(root, product, f->ctx)) continue;
        found = true;
        multiply_by(f, out, root, 1);
        for (int i = 0; i < n; i++) {
            if (!(set >> i & 1)) continue;
            fmpz_mpoly_gen(one, sn_field_variable(f, list[i]), f->ctx);
            multiply_by(f, out, one, -f->gens[list[i]].degree / 2);
        }
        f->assumption = "square roots and cos, whose squares are the same, are taken as the same";
    }
    fmpz_mpoly_clear(product, f->ctx);
    fmpz_mpoly_clear(one, f->ctx);
    fmpz_mpoly_clear(root, f->ctx);
    return found;
}

/* May w^q = rest have a factor over the roots that are there? For real roots it has one exactly if for a prime p of q
 * the root of degree p is a product of theirs (Mordell); that is looked for where p is 2. */
static const char *doubt_of_root(sn_field *f, const fmpz_mpoly_struct *rest, int64_t q) {
    sn_frac unused;
    if (has_algebraic(f, rest)) return "a root of an expression with roots, cos or cosh";
    for (int64_t p = 3; p <= q; p++) {
        bool prime = q % p == 0;
        for (int64_t k = 2; k < p; k++) prime = prime && p % k;
        for (int g = 0; g < f->n_gens && prime; g++)
            if (f->gens[g].algebraic && f->gens[g].degree % p == 0) return "several roots";
    }
    if (q % 2 || q == 2) return NULL;
    const char *assumption = f->assumption;
    sn_frac_init(f, &unused);
    bool related = by_others(f, &unused, rest);
    sn_frac_clear(f, &unused);
    f->assumption = assumption;
    return related ? "several roots" : NULL;
}

/* The place among the roots of generator g, or of the next one. */
static int root_position(const sn_field *f, int g) {
    int position = 0;
    for (int k = 0; k < g; k++) position += f->gens[k].kind == SN_GEN_ROOT;
    return position;
}

static int new_root(sn_field *f, const fmpz_mpoly_struct *rest, int64_t q) {
    const char *doubt = doubt_of_root(f, rest, q);
    if (doubt) f->doubt = doubt;
    int unit = f->plan->radical[root_position(f, f->n_gens)], g = sn_field_new_gen(f, SN_GEN_ROOT);
    if (g < 0) return g;
    set_polynomial(f, &f->gens[g].argument, rest);
    sn_field_relate(f, g, (int)q * (unit ? unit : 1), rest);
    return g;
}

/* out *= rest^(1/q) */
static void multiply_root(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *rest, int64_t q) {
    fmpz_mpoly_t t;
    int g = 0;
    while (g < f->n_gens &&
           !(f->gens[g].kind == SN_GEN_ROOT && fmpz_mpoly_equal(&f->gens[g].argument.num, rest, f->ctx)))
        g++;
    if (g == f->n_gens) {
        if (q == 2 && !has_algebraic(f, rest) && by_others(f, out, rest)) return;
        g = new_root(f, rest, q);
        if (g < 0) return;
    }
    int64_t degree = f->gens[g].degree;
    if (degree % q) {
        sn_field_refine(f, &f->plan->radical[root_position(f, g)], q / gcd(q, degree));
        return;
    }
    fmpz_mpoly_init(t, f->ctx);
    fmpz_mpoly_gen(t, sn_field_variable(f, g), f->ctx);
    multiply_by(f, out, t, degree / q);
    fmpz_mpoly_clear(t, f->ctx);
}

/* out = p^(1/q) for a polynomial. */
static void root_of_polynomial(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *p, int64_t q) {
    radicand r = {.q = q};
    fmpz_mpoly_t rest;
    fmpz_factor_init(r.primes);
    fmpz_mpoly_factor_init(r.factors, f->ctx);
    fmpz_mpoly_init(rest, f->ctx);
    sn_frac_set_ratio(f, out, 1, 1);
    if (has_algebraic(f, p)) {
        multiply_root(f, out, p, q);
    } else if (factor(f, r.factors, p)) {
        if (fmpz_bits(r.factors->constant) > 62)
            sn_field_fail(f, SN_ERR_LIMIT, "a number under a root is too large");
        else if (!refine_names(f, &r)) {
            fmpz_factor(r.primes, r.factors->constant);
            extract(f, out, &r, rest);
            if (!fmpz_mpoly_is_one(rest, f->ctx)) multiply_root(f, out, rest, r.q);
        }
    }
    fmpz_mpoly_clear(rest, f->ctx);
    fmpz_mpoly_factor_clear(r.factors, f->ctx);
    fmpz_factor_clear(r.primes);
}

void sn_field_root(sn_field *f, sn_frac *out, const sn_frac *u, int64_t p, int64_t q) {
    sn_frac below, inside;
    if (q > 60) sn_field_fail(f, SN_ERR_LIMIT, "a root of a degree beyond 60");
    if (sn_frac_is_null(u)) {
        if (p < 0) sn_field_fail(f, SN_ERR_ARGUMENT, "zero to a negative power");
        sn_frac_set_ratio(f, out, 0, 1);
        return;
    }
    if (sn_field_failed(f)) return;
    /* (n/d)^(1/q) = (n d^(q-1))^(1/q) / d */
    sn_frac_init(f, &below);
    sn_frac_init(f, &inside);
    set_polynomial(f, &below, &u->den);
    sn_frac_pow(f, &inside, &below, q - 1);
    fmpz_mpoly_mul(&inside.num, &inside.num, &u->num, f->ctx);
    if (!fmpz_mpoly_is_fmpz(&u->den, f->ctx)) f->assumption = "what is taken out of roots is positive: sqrt(x^2) is x";
    if (!sn_field_failed(f)) root_of_polynomial(f, out, &inside.num, q);
    if (!sn_field_failed(f)) {
        sn_frac_div(f, out, out, &below);
        /* What was taken out of the root has a sign of its own; at most points the root must come out positive. */
        if (q % 2 == 0 && !sn_field_failed(f) && sn_frac_sign(f, out) < 0) sn_frac_neg(f, out, out);
        sn_frac_pow(f, out, out, p);
    }
    sn_frac_clear(f, &below);
    sn_frac_clear(f, &inside);
}

/* ---- Logarithms ---- */

/* out += times * log|p| of an irreducible p */
static void add_log(sn_field *f, sn_frac *out, const sn_frac *p, int64_t times) {
    sn_frac t, whole;
    int g = as_gen(f, &p->num), found = -1, degree = 1;
    sn_frac_init(f, &t);
    sn_frac_init(f, &whole);
    sn_frac_set(f, &whole, p);
    /* Where a generator is the root of a name, the name's log. */
    if (g >= 0 && f->gens[g].kind == SN_GEN_NAME && fmpz_mpoly_is_one(&p->den, f->ctx)) degree = f->gens[g].degree;
    if (degree > 1) sn_frac_pow(f, &whole, p, degree);
    if (g >= 0 && fmpz_mpoly_is_one(&p->den, f->ctx) && f->gens[g].kind == SN_GEN_EXP) {
        sn_frac_set(f, &t, &f->gens[g].argument);
    } else {
        for (int k = 0; k < f->n_gens && found < 0; k++)
            if (f->gens[k].kind == SN_GEN_LOG && sn_frac_equal(f, &f->gens[k].argument, &whole)) found = k;
        if (found < 0 && (found = sn_field_new_gen(f, SN_GEN_LOG)) >= 0) {
            sn_frac_set(f, &f->gens[found].argument, &whole);
            sn_field_count_constant(f, &whole);
        }
        if (found >= 0) sn_frac_set_gen(f, &t, found);
    }
    sn_frac_scale(f, &t, &t, times, degree);
    sn_frac_add(f, out, out, &t);
    sn_frac_clear(f, &t);
    sn_frac_clear(f, &whole);
}

static void add_log_of_number(sn_field *f, sn_frac *out, const fmpz_t number, int64_t sign) {
    fmpz_factor_t primes;
    sn_frac p;
    if (fmpz_bits(number) > 62) {
        sn_field_fail(f, SN_ERR_LIMIT, "a number in a log is too large");
        return;
    }
    fmpz_factor_init(primes);
    fmpz_factor(primes, number);
    sn_frac_init(f, &p);
    for (slong i = 0; i < primes->num && !sn_field_failed(f); i++) {
        fmpz_mpoly_set_fmpz(&p.num, &primes->p[i], f->ctx);
        add_log(f, out, &p, sign * (int64_t)primes->exp[i]);
    }
    sn_frac_clear(f, &p);
    fmpz_factor_clear(primes);
}

static void add_log_of_polynomial(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *p, int64_t sign) {
    fmpz_mpoly_factor_t factors;
    sn_frac t;
    fmpz_mpoly_factor_init(factors, f->ctx);
    sn_frac_init(f, &t);
    if (factor(f, factors, p)) {
        add_log_of_number(f, out, factors->constant, sign);
        for (slong i = 0; i < factors->num && !sn_field_failed(f); i++) {
            set_polynomial(f, &t, &factors->poly[i]);
            add_log(f, out, &t, sign * fmpz_get_si(&factors->exp[i]));
        }
    }
    sn_frac_clear(f, &t);
    fmpz_mpoly_factor_clear(factors, f->ctx);
}

void sn_field_log(sn_field *f, sn_frac *out, const sn_frac *u) {
    sn_frac_set_ratio(f, out, 0, 1);
    if (sn_frac_is_null(u)) sn_field_fail(f, SN_ERR_ARGUMENT, "log of zero");
    if (sn_field_failed(f)) return;
    if (has_algebraic(f, &u->num)) {
        f->doubt = "a log of an expression with roots, cos or cosh";
        add_log(f, out, u, 1);
    } else {
        add_log_of_polynomial(f, out, &u->num, 1);
        add_log_of_polynomial(f, out, &u->den, -1);
    }
}

#endif
