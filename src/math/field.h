/* Exact functions: fractions of integer polynomials over generators, in which zero can be decided.
 *
 * Generators are the names, pi, and for each function that occurs: sin and cos of one argument (cos^2 = 1 - sin^2),
 * sinh and cosh (cosh^2 = 1 + sinh^2), exp, log of an irreducible polynomial, atan, roots (w^q = radicand), unknown
 * functions and their derivatives. Arguments of sin, cos, exp, ... that depend linearly on earlier ones with rational
 * coefficients are expanded by the addition theorems, radicands that are squares times earlier ones are taken apart; by
 * the structure theorems of Risch and of Ax and Schanuel the generators left over satisfy no other relation, so that a
 * fraction is zero exactly if its numerator is the zero polynomial modulo the relations. Where the conditions of that
 * are not met (nested roots, several transcendental numbers) `doubt` says so, and zero is also tested at random points.
 */
#ifndef SN_MATH_FIELD_H
#define SN_MATH_FIELD_H

#include "math/expr.h"

enum { SN_FIELD_MAX_GENS = 96, SN_FIELD_MAX_COORDINATES = 10 };

#if SN_HAVE_FLINT
#include <flint/fmpz_mpoly.h>
#include <mpfr.h>

/* In canonical form: coprime, powers of algebraic generators reduced, no square roots (nor cos, cosh) in den, the
 * leading coefficient of den positive. */
typedef struct sn_frac {
    fmpz_mpoly_struct num, den;
} sn_frac;

typedef enum sn_gen_kind {
    SN_GEN_NAME, /* gen^degree is the name (degree > 1 where roots of it occur) */
    SN_GEN_PI,
    SN_GEN_SIN, /* the next generator is its cos */
    SN_GEN_COS,
    SN_GEN_SINH,
    SN_GEN_COSH,
    SN_GEN_EXP,
    SN_GEN_LOG,
    SN_GEN_ATAN,
    SN_GEN_ROOT, /* gen^degree is the argument, a polynomial */
    SN_GEN_UNKNOWN
} sn_gen_kind;

typedef struct sn_gen {
    sn_gen_kind kind;
    int index; /* NAME: of the name; UNKNOWN: of the function */
    int degree;
    uint8_t order[SN_EXPR_MAX_ARGUMENTS];
    sn_frac argument;           /* of all kinds but NAME, PI, UNKNOWN */
    bool algebraic;             /* relation: gen^degree - lower terms */
    fmpz_mpoly_struct relation; /* only where algebraic */
    bool derived[SN_FIELD_MAX_COORDINATES];
    sn_frac derivative[SN_FIELD_MAX_COORDINATES];
    char *text[3]; /* by style, once it has been printed; NULL before */
} sn_gen;

/* What is found out by trying, and kept when the construction starts again. */
typedef struct sn_field_plan {
    int root[SN_EXPR_MAX_NAMES]; /* the generator of a name is its root of this degree */
    int trig[SN_FIELD_MAX_GENS]; /* arguments, in the order they occur, are divided by this */
    int hyperbolic[SN_FIELD_MAX_GENS];
    int exponential[SN_FIELD_MAX_GENS];
    int radical[SN_FIELD_MAX_GENS]; /* roots, in the order they occur, are of a degree that is higher by this */
    int spare;                      /* generators beyond those counted */
    bool use_exp;                   /* sinh and cosh are written with exp */
} sn_field_plan;

typedef struct sn_field {
    const sn_expr_scope *scope;
    const volatile int *cancel; /* may be NULL */
    fmpz_mpoly_ctx_t ctx;
    int capacity, n_gens; /* generator g is the variable capacity - 1 - g, so that cos^2 leads its relation */
    sn_gen gens[SN_FIELD_MAX_GENS];
    int n_algebraic;
    bool has_exp; /* sinh and cosh are written with exp */
    sn_field_plan *plan;
    bool again;               /* the plan has changed: start again */
    int n_constants;          /* transcendental numbers among the generators */
    const char *doubt;        /* why zero may not be decided; NULL: it is */
    const char *assumption;   /* NULL, or what was taken for granted ("square roots ...") */
    int64_t tested_at_random; /* zeros that only random points showed */
    double work;              /* products of terms so far */
    sn_status status;         /* the first failure; all operations do nothing then */
    const sn_expr *culprit;   /* what could not be converted */
} sn_field;

/* Builds the field in which all n expressions live and converts them; out[i] is initialised. Coordinates of the scope
 * are the variables of derivatives. SN_ERR_ARGUMENT for what is not defined anywhere (1/0), SN_ERR_UNSUPPORTED for
 * sin(pi/7) and the like, SN_ERR_LIMIT, SN_ERR_CANCELLED; *failed is the expression's number then, -1: none, and the
 * message ends with the part of it that is meant. */
sn_status sn_field_open(const sn_expr_scope *scope, const sn_expr *const *expressions, int n,
                        const volatile int *cancel, sn_field **out, sn_frac *fractions, int *failed);
void sn_field_close(sn_field *f); /* NULL is fine; after all its fractions have been cleared */

/* ---- Arithmetic. Results may be arguments. Failures are kept in the field's status. ---- */
void sn_frac_init(sn_field *f, sn_frac *a); /* zero */
void sn_frac_clear(sn_field *f, sn_frac *a);
void sn_frac_set(sn_field *f, sn_frac *out, const sn_frac *a);
void sn_frac_set_ratio(sn_field *f, sn_frac *out, int64_t numerator, int64_t denominator);
void sn_frac_set_gen(sn_field *f, sn_frac *out, int gen);
void sn_frac_neg(sn_field *f, sn_frac *out, const sn_frac *a);
void sn_frac_add(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b);
void sn_frac_sub(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b);
void sn_frac_mul(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b);
void sn_frac_div(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b);
void sn_frac_scale(sn_field *f, sn_frac *out, const sn_frac *a, int64_t numerator, int64_t denominator);
void sn_frac_pow(sn_field *f, sn_frac *out, const sn_frac *a, int64_t exponent);
void sn_frac_add_product(sn_field *f, sn_frac *out, const sn_frac *a, const sn_frac *b); /* out += a b */
void sn_frac_derivative(sn_field *f, sn_frac *out, const sn_frac *a, int coordinate);
/* The zero polynomial; sn_frac_is_zero also looks at random points where there is doubt, and then clears *a. */
bool sn_frac_is_null(const sn_frac *a);
bool sn_frac_is_zero(sn_field *f, sn_frac *a);
bool sn_frac_equal(sn_field *f, const sn_frac *a, const sn_frac *b);

/* ---- For the parts of the field ---- */
static inline slong sn_field_variable(const sn_field *f, int gen) { return f->capacity - 1 - gen; }
int sn_field_new_gen(sn_field *f, sn_gen_kind kind); /* -1, and a restart with more, where there is no room */
int sn_field_find_unknown(sn_field *f, int index, const uint8_t *order); /* made where it is new; -1 as above */
/* gen^degree = radicand. */
void sn_field_relate(sn_field *f, int gen, int degree, const fmpz_mpoly_struct *radicand);
void sn_frac_normalise(sn_field *f, sn_frac *a);
/* In the next round the plan's unit is finer by the factor. */
void sn_field_refine(sn_field *f, int *unit, int64_t by);
/* A generator with the argument u has been made: a transcendental number where u is a number. */
void sn_field_count_constant(sn_field *f, const sn_frac *u);
void sn_field_root(sn_field *f, sn_frac *out, const sn_frac *u, int64_t p, int64_t q); /* u^(p/q), q > 1 */
void sn_field_log(sn_field *f, sn_frac *out, const sn_frac *u);
sn_status sn_field_convert(sn_field *f, const sn_expr *e, sn_frac *out);
bool sn_field_failed(sn_field *f); /* looks at the cancel flag as well */
void sn_field_fail(sn_field *f, sn_status status, const char *message);

/* ---- Numbers ---- */

/* Values as expressions without names, by name; unknown functions as expressions of names, NULL where not given. */
typedef struct sn_field_point {
    const sn_expr *const *names;
    const sn_expr *const *unknowns;
    sn_expr_scope *scope; /* of the expressions of unknown functions; takes their derivatives */
} sn_field_point;

typedef struct sn_field_values {
    mpfr_t gen[SN_FIELD_MAX_GENS];
    int n;
    mpfr_prec_t precision;
} sn_field_values;
/* SN_ERR_NUMERIC where a function is not real at the point; SN_ERR_ARGUMENT where a value is missing. */
sn_status sn_field_evaluate_gens(sn_field *f, const sn_field_point *point, mpfr_prec_t precision, sn_field_values *out);
void sn_field_values_free(sn_field_values *v);
/* Correct to the last digits of a double: more precision is taken until cancellation does not matter. NaN where the
 * denominator is zero. values[0], values[1] are of rising precision. */
double sn_frac_evaluate(sn_field *f, const sn_frac *a, const sn_field_values *values, int n_values);
/* The same in v's precision, without the check for cancellation: a sum of three doubles times 2 to what is returned. */
int sn_frac_evaluate_parts(sn_field *f, const sn_frac *a, const sn_field_values *v, double part[3]);
/* Values of all generators at the random point numbered `seed`, to be freed; false where one is not real. */
bool sn_field_random_point(sn_field *f, uint64_t seed, sn_field_values *v);
/* A tree at the point, rounded to double; NaN where it is not real or a value is missing. */
double sn_field_evaluate_tree(const sn_field_point *point, const sn_expr *e);
/* Of the value at the first random point where all generators are real; 0: none was found. */
int sn_frac_sign(sn_field *f, const sn_frac *a);
/* Is the fraction zero at random points? */
bool sn_frac_vanishes(sn_field *f, const sn_frac *a);

/* ---- Text ---- */
/* Factored; TEXT can be parsed again, C refers to generators as g[0], ... and needs ipow(x, n). */
void sn_frac_print(sn_field *f, const sn_frac *a, sn_expr_style style, sn_text_out *out);
/* A generator by its definition. In C: of coordinates x[i], parameters p[i], derivatives of unknown functions u[i]. */
void sn_gen_print(sn_field *f, int gen, sn_expr_style style, sn_text_out *out);

#endif
#endif
