/* Values of fractions in as much precision as cancellation needs, at given and at random points. */
#include "math/field.h"

#if SN_HAVE_FLINT
#include "base/alloc.h"

static const mpfr_rnd_t nearest = MPFR_RNDN;

/* ---- Trees ---- */

typedef struct evaluator {
    const sn_field_point *point;
    mpfr_prec_t precision;
    sn_status status;
} evaluator;

static void tree(evaluator *v, mpfr_t out, const sn_expr *e);

/* Angles whose reduction by 2 pi would take memory without bound. */
static bool is_far(const mpfr_t angle) { return mpfr_regular_p(angle) && mpfr_get_exp(angle) > 4096; }

static void tree_call(mpfr_t out, int function, const mpfr_t a) {
    if (is_far(a) && (function == SN_EXPR_SIN || function == SN_EXPR_COS || function == SN_EXPR_TAN)) {
        mpfr_set_nan(out);
        return;
    }
    static int (*const functions[SN_EXPR_N_FUNCTIONS])(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t) = {
        [SN_EXPR_SQRT] = mpfr_sqrt, [SN_EXPR_EXP] = mpfr_exp,   [SN_EXPR_LOG] = mpfr_log,   [SN_EXPR_SIN] = mpfr_sin,
        [SN_EXPR_COS] = mpfr_cos,   [SN_EXPR_TAN] = mpfr_tan,   [SN_EXPR_SINH] = mpfr_sinh, [SN_EXPR_COSH] = mpfr_cosh,
        [SN_EXPR_TANH] = mpfr_tanh, [SN_EXPR_ASIN] = mpfr_asin, [SN_EXPR_ACOS] = mpfr_acos, [SN_EXPR_ATAN] = mpfr_atan};
    functions[function](out, a, nearest);
}

static void tree_name(evaluator *v, mpfr_t out, int index) {
    const sn_expr *value = v->point->names[index];
    if (value)
        tree(v, out, value);
    else
        mpfr_set_nan(out);
}

static void tree_unknown(evaluator *v, mpfr_t out, int index, const uint8_t *order) {
    const sn_expr *e = v->point->unknowns ? v->point->unknowns[index] : NULL;
    const sn_expr_unknown *u = &v->point->scope->unknowns[index];
    mpfr_set_nan(out);
    for (int i = 0; i < u->n_arguments && e; i++)
        for (int k = 0; k < order[i] && e; k++)
            if (sn_expr_diff(v->point->scope, e, u->argument[i], &e) != SN_OK) {
                v->status = SN_ERR_LIMIT;
                e = NULL;
            }
    if (e) tree(v, out, e);
}

static void tree(evaluator *v, mpfr_t out, const sn_expr *e) {
    mpfr_t a, b;
    mpfr_init2(a, v->precision);
    mpfr_init2(b, v->precision);
    if (e->left) tree(v, a, e->left);
    if (e->right) tree(v, b, e->right);
    switch (e->kind) {
    case SN_EXPR_NUMBER:
        mpfr_set_sj(out, e->numerator, nearest);
        mpfr_set_sj(a, e->denominator, nearest);
        mpfr_div(out, out, a, nearest);
        break;
    case SN_EXPR_PI: mpfr_const_pi(out, nearest); break;
    case SN_EXPR_NAME: tree_name(v, out, e->index); break;
    case SN_EXPR_NEG: mpfr_neg(out, a, nearest); break;
    case SN_EXPR_ADD: mpfr_add(out, a, b, nearest); break;
    case SN_EXPR_SUB: mpfr_sub(out, a, b, nearest); break;
    case SN_EXPR_MUL: mpfr_mul(out, a, b, nearest); break;
    case SN_EXPR_DIV: mpfr_div(out, a, b, nearest); break;
    case SN_EXPR_POW: mpfr_pow(out, a, b, nearest); break;
    case SN_EXPR_CALL: tree_call(out, e->index, a); break;
    case SN_EXPR_UNKNOWN: tree_unknown(v, out, e->index, e->order); break;
    }
    mpfr_clear(a);
    mpfr_clear(b);
}

double sn_field_evaluate_tree(const sn_field_point *point, const sn_expr *e) {
    evaluator v = {point, 256, SN_OK};
    mpfr_t x;
    mpfr_init2(x, v.precision);
    tree(&v, x, e);
    double out = v.status == SN_OK ? mpfr_get_d(x, nearest) : __builtin_nan("");
    mpfr_clear(x);
    return out;
}

/* ---- Fractions ---- */

/* *sum = p, *size = the sum of the terms' magnitudes. */
static void polynomial(sn_field *f, mpfr_t sum, mpfr_t size, const fmpz_mpoly_struct *p, const sn_field_values *v) {
    ulong exponents[SN_FIELD_MAX_GENS];
    mpfr_t term, power;
    fmpz_t c;
    mpfr_init2(term, v->precision);
    mpfr_init2(power, v->precision);
    fmpz_init(c);
    mpfr_set_zero(sum, 1);
    mpfr_set_zero(size, 1);
    for (slong i = 0; i < p->length && (i % 256 || !sn_field_failed(f)); i++) {
        fmpz_mpoly_get_term_coeff_fmpz(c, p, i, f->ctx);
        fmpz_mpoly_get_term_exp_ui(exponents, p, i, f->ctx);
        fmpz_get_mpfr(term, c, nearest);
        for (int g = 0; g < v->n; g++) {
            ulong e = exponents[sn_field_variable(f, g)];
            if (e == 0) continue;
            mpfr_pow_ui(power, v->gen[g], e, nearest);
            mpfr_mul(term, term, power, nearest);
        }
        mpfr_add(sum, sum, term, nearest);
        mpfr_abs(term, term, nearest);
        mpfr_add(size, size, term, nearest);
    }
    mpfr_clear(term);
    mpfr_clear(power);
    fmpz_clear(c);
}

/* Less than what rounding could leave. */
static bool is_noise(const mpfr_t sum, mpfr_t size, mpfr_prec_t precision) {
    if (mpfr_zero_p(sum)) return true;
    mpfr_div_2si(size, size, precision - 40, nearest);
    return mpfr_cmpabs(sum, size) < 0;
}

enum { exact_value, needs_more, no_number };

static int fraction(sn_field *f, mpfr_t out, const sn_frac *a, const sn_field_values *v, bool last) {
    mpfr_t num, den, size;
    int result = exact_value;
    mpfr_inits2(v->precision, num, den, size, (mpfr_ptr)0);
    polynomial(f, den, size, &a->den, v);
    bool bad_den = is_noise(den, size, v->precision - 64);
    polynomial(f, num, size, &a->num, v);
    bool bad_num = is_noise(num, size, v->precision - 64);
    if ((bad_num && a->num.length) || bad_den) result = needs_more;
    if (bad_num && last) {
        mpfr_set_zero(num, 1);
        result = exact_value;
    }
    if (bad_den && last) result = no_number;
    mpfr_div(out, num, den, nearest);
    if (mpfr_nan_p(out)) result = no_number;
    mpfr_clears(num, den, size, (mpfr_ptr)0);
    return result;
}

int sn_frac_evaluate_parts(sn_field *f, const sn_frac *a, const sn_field_values *v, double part[3]) {
    mpfr_t x;
    int exponent = 0;
    mpfr_init2(x, v->precision);
    if (fraction(f, x, a, v, true) == no_number) mpfr_set_nan(x);
    if (mpfr_regular_p(x)) {
        mpfr_exp_t e = mpfr_get_exp(x);
        exponent = e > 40000 ? 40000 : e < -40000 ? -40000 : (int)e;
        mpfr_set_exp(x, 0);
    }
    for (int i = 0; i < 3; i++) {
        part[i] = mpfr_get_d(x, nearest);
        mpfr_sub_d(x, x, part[i], nearest);
    }
    mpfr_clear(x);
    return exponent;
}

double sn_frac_evaluate(sn_field *f, const sn_frac *a, const sn_field_values *values, int n_values) {
    mpfr_t x;
    int result = needs_more;
    double out = __builtin_nan("");
    if (sn_frac_is_null(a)) return 0;
    for (int i = 0; i < n_values && result == needs_more; i++) {
        mpfr_init2(x, values[i].precision);
        result = fraction(f, x, a, &values[i], i == n_values - 1);
        if (result == exact_value) out = mpfr_get_d(x, nearest);
        mpfr_clear(x);
    }
    return out;
}

/* ---- Generators ---- */

static void function_of(mpfr_t out, const sn_gen *gen, const mpfr_t u) {
    mpfr_t t;
    if (is_far(u) && (gen->kind == SN_GEN_SIN || gen->kind == SN_GEN_COS)) {
        mpfr_set_nan(out);
        return;
    }
    switch (gen->kind) {
    case SN_GEN_SIN: mpfr_sin(out, u, nearest); return;
    case SN_GEN_COS: mpfr_cos(out, u, nearest); return;
    case SN_GEN_SINH: mpfr_sinh(out, u, nearest); return;
    case SN_GEN_COSH: mpfr_cosh(out, u, nearest); return;
    case SN_GEN_EXP: mpfr_exp(out, u, nearest); return;
    case SN_GEN_ATAN: mpfr_atan(out, u, nearest); return;
    case SN_GEN_LOG:
        mpfr_init2(t, mpfr_get_prec(u));
        mpfr_abs(t, u, nearest);
        mpfr_log(out, t, nearest);
        mpfr_clear(t);
        return;
    default: mpfr_rootn_ui(out, u, (unsigned long)gen->degree, nearest);
    }
}

/* Generator g, whose argument has only earlier ones. given: of a name, an unknown function. */
static void evaluate_gen(sn_field *f, int g, const mpfr_t given, sn_field_values *v) {
    const sn_gen *gen = &f->gens[g];
    mpfr_t u;
    v->n = g;
    mpfr_init2(u, v->precision);
    switch (gen->kind) {
    case SN_GEN_NAME: mpfr_rootn_ui(v->gen[g], given, (unsigned long)gen->degree, nearest); break;
    case SN_GEN_UNKNOWN: mpfr_set(v->gen[g], given, nearest); break;
    case SN_GEN_PI: mpfr_const_pi(v->gen[g], nearest); break;
    default:
        if (fraction(f, u, &gen->argument, v, true) == no_number) mpfr_set_nan(u);
        function_of(v->gen[g], gen, u);
    }
    v->n = g + 1;
    mpfr_clear(u);
}

static void init_values(sn_field *f, mpfr_prec_t precision, sn_field_values *v) {
    v->precision = precision;
    v->n = 0;
    for (int g = 0; g < SN_FIELD_MAX_GENS; g++) mpfr_init2(v->gen[g], g < f->n_gens ? precision : MPFR_PREC_MIN);
}

void sn_field_values_free(sn_field_values *v) {
    for (int g = 0; g < SN_FIELD_MAX_GENS; g++) mpfr_clear(v->gen[g]);
}

static sn_status not_real(sn_field *f, int g) {
    sn_text_out text = {0};
    sn_gen_print(f, g, SN_EXPR_TEXT, &text);
    sn_status status = sn_fail(SN_ERR_NUMERIC, "%.200s has no real value at this point", text.data ? text.data : "?");
    sn_text_drop(&text);
    return status;
}

static sn_status missing(sn_field *f, int g) {
    sn_text_out text = {0};
    if (f->gens[g].kind == SN_GEN_NAME)
        sn_text_add(&text, f->scope->names[f->gens[g].index]);
    else
        sn_expr_print_unknown(f->scope, f->gens[g].index, (const uint8_t[SN_EXPR_MAX_ARGUMENTS]){0}, SN_EXPR_TEXT,
                              &text);
    sn_status status = sn_fail(SN_ERR_ARGUMENT, "the point lacks a value of %.60s: add %.60s=...",
                               text.data ? text.data : "?", text.data ? text.data : "?");
    sn_text_drop(&text);
    return status;
}

static sn_status evaluate_one(sn_field *f, int g, const sn_field_point *point, sn_field_values *out) {
    const sn_gen *gen = &f->gens[g];
    evaluator v = {point, out->precision, SN_OK};
    mpfr_t given;
    bool known = gen->kind == SN_GEN_NAME      ? point->names[gen->index] != NULL
                 : gen->kind == SN_GEN_UNKNOWN ? point->unknowns && point->unknowns[gen->index]
                                               : true;
    if (!known) return missing(f, g);
    mpfr_init2(given, out->precision);
    if (gen->kind == SN_GEN_NAME) tree(&v, given, point->names[gen->index]);
    if (gen->kind == SN_GEN_UNKNOWN) tree_unknown(&v, given, gen->index, gen->order);
    evaluate_gen(f, g, given, out);
    mpfr_clear(given);
    if (v.status != SN_OK) return v.status;
    return mpfr_number_p(out->gen[g]) ? SN_OK : not_real(f, g);
}

sn_status sn_field_evaluate_gens(sn_field *f, const sn_field_point *point, mpfr_prec_t precision,
                                 sn_field_values *out) {
    sn_status status = SN_OK;
    init_values(f, precision, out);
    for (int g = 0; g < f->n_gens && status == SN_OK; g++) status = evaluate_one(f, g, point, out);
    if (status != SN_OK) sn_field_values_free(out);
    return status;
}

/* ---- Random points ---- */

/* Names and unknown functions get fractions between 1/16 and 3; false where a function is not real there. */
bool sn_field_random_point(sn_field *f, uint64_t seed, sn_field_values *v) {
    mpfr_t given;
    uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;
    bool real = true;
    init_values(f, 320, v);
    mpfr_init2(given, v->precision);
    for (int g = 0; g < f->n_gens && real; g++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        mpfr_set_uj(given, 66 + x % 2937, nearest);
        mpfr_div_ui(given, given, 1024, nearest);
        evaluate_gen(f, g, given, v);
        real = mpfr_number_p(v->gen[g]);
    }
    mpfr_clear(given);
    return real;
}

int sn_frac_sign(sn_field *f, const sn_frac *a) {
    int sign = 0;
    for (uint64_t seed = 1; seed < 400 && sign == 0; seed++) {
        sn_field_values v;
        if (sn_field_random_point(f, seed, &v)) {
            mpfr_t x;
            mpfr_init2(x, v.precision);
            if (fraction(f, x, a, &v, false) == exact_value) sign = mpfr_sgn(x);
            mpfr_clear(x);
        }
        sn_field_values_free(&v);
    }
    return sign;
}

bool sn_frac_vanishes(sn_field *f, const sn_frac *a) {
    int tried = 0;
    bool zero = true;
    for (uint64_t seed = 1; seed < 200 && tried < 4 && zero; seed++) {
        sn_field_values v;
        if (sn_field_random_point(f, seed, &v)) {
            mpfr_t sum, size;
            mpfr_inits2(v.precision, sum, size, (mpfr_ptr)0);
            polynomial(f, sum, size, &a->num, &v);
            zero = is_noise(sum, size, v.precision - 64);
            tried++;
            mpfr_clears(sum, size, (mpfr_ptr)0);
        }
        sn_field_values_free(&v);
    }
    return zero && tried > 0;
}

#endif
