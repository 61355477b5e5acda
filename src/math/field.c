/* The field: its generators, their relations and derivatives. */
#include "math/field.h"

#if SN_HAVE_FLINT
#include "base/alloc.h"

#include <string.h>

/* ---- Generators ---- */

int sn_field_new_gen(sn_field *f, sn_gen_kind kind) {
    if (f->n_gens == f->capacity) {
        if (f->plan)
            f->plan->spare += 8, f->again = true;
        else
            sn_field_fail(f, SN_ERR_LIMIT, "the derivatives need too many functions");
        return -1;
    }
    int g = f->n_gens++;
    f->gens[g] = (sn_gen){.kind = kind, .degree = 1};
    sn_frac_init(f, &f->gens[g].argument);
    fmpz_mpoly_init(&f->gens[g].relation, f->ctx);
    return g;
}

int sn_field_find_unknown(sn_field *f, int index, const uint8_t *order) {
    for (int g = 0; g < f->n_gens; g++)
        if (f->gens[g].kind == SN_GEN_UNKNOWN && f->gens[g].index == index &&
            memcmp(f->gens[g].order, order, SN_EXPR_MAX_ARGUMENTS) == 0)
            return g;
    int g = sn_field_new_gen(f, SN_GEN_UNKNOWN);
    if (g < 0) return -1;
    f->gens[g].index = index;
    memcpy(f->gens[g].order, order, SN_EXPR_MAX_ARGUMENTS);
    return g;
}

void sn_field_relate(sn_field *f, int gen, int degree, const fmpz_mpoly_struct *radicand) {
    sn_gen *g = &f->gens[gen];
    fmpz_mpoly_gen(&g->relation, sn_field_variable(f, gen), f->ctx);
    if (!fmpz_mpoly_pow_ui(&g->relation, &g->relation, (ulong)degree, f->ctx))
        sn_field_fail(f, SN_ERR_LIMIT, "a power is too large");
    fmpz_mpoly_sub(&g->relation, &g->relation, radicand, f->ctx);
    g->degree = degree;
    g->algebraic = true;
    f->n_algebraic++;
}

/* ---- Derivatives ---- */

/* out = (sign) * generator other * (derivative of gen's argument) */
static void chain(sn_field *f, sn_frac *out, int gen, int other, int sign, int coordinate) {
    sn_frac factor;
    sn_frac_init(f, &factor);
    sn_frac_set_gen(f, &factor, other);
    sn_frac_derivative(f, out, &f->gens[gen].argument, coordinate);
    sn_frac_mul(f, out, out, &factor);
    if (sign < 0) sn_frac_neg(f, out, out);
    sn_frac_clear(f, &factor);
}

/* gen^degree = x: gen' = x' gen / (degree x). */
static void derive_root(sn_field *f, sn_frac *out, int gen, const sn_frac *x, int coordinate) {
    sn_frac t;
    sn_frac_init(f, &t);
    sn_frac_derivative(f, &t, x, coordinate);
    sn_frac_div(f, &t, &t, x);
    sn_frac_set_gen(f, out, gen);
    sn_frac_mul(f, out, out, &t);
    sn_frac_scale(f, out, out, 1, f->gens[gen].degree);
    sn_frac_clear(f, &t);
}

/* w^q = name: w' = w / (q w^q). */
static void derive_name(sn_field *f, sn_frac *out, int gen) {
    sn_frac_set_gen(f, out, gen);
    sn_frac_pow(f, out, out, 1 - f->gens[gen].degree);
    sn_frac_scale(f, out, out, 1, f->gens[gen].degree);
}

static void derive_unknown(sn_field *f, sn_frac *out, int gen, int coordinate) {
    const sn_expr_unknown *u = &f->scope->unknowns[f->gens[gen].index];
    uint8_t order[SN_EXPR_MAX_ARGUMENTS];
    memcpy(order, f->gens[gen].order, sizeof order);
    for (int i = 0; i < u->n_arguments; i++) {
        if (u->argument[i] != coordinate) continue;
        order[i]++;
        int g = sn_field_find_unknown(f, f->gens[gen].index, order);
        if (g >= 0) sn_frac_set_gen(f, out, g);
        return;
    }
}

/* x'/x of log, x'/(1 + x^2) of atan. */
static void derive_quotient(sn_field *f, sn_frac *out, int gen, int coordinate) {
    sn_frac below, one;
    sn_frac_init(f, &below);
    sn_frac_init(f, &one);
    sn_frac_set(f, &below, &f->gens[gen].argument);
    if (f->gens[gen].kind == SN_GEN_ATAN) {
        sn_frac_set_ratio(f, &one, 1, 1);
        sn_frac_mul(f, &below, &below, &below);
        sn_frac_add(f, &below, &below, &one);
    }
    sn_frac_derivative(f, out, &f->gens[gen].argument, coordinate);
    sn_frac_div(f, out, out, &below);
    sn_frac_clear(f, &below);
    sn_frac_clear(f, &one);
}

static void derive_gen(sn_field *f, sn_frac *out, int g, int coordinate) {
    const sn_gen *gen = &f->gens[g];
    switch (gen->kind) {
    case SN_GEN_NAME:
        if (gen->index == coordinate) derive_name(f, out, g);
        return;
    case SN_GEN_PI: return;
    case SN_GEN_SIN: chain(f, out, g, g + 1, 1, coordinate); return;
    case SN_GEN_COS: chain(f, out, g, g - 1, -1, coordinate); return;
    case SN_GEN_SINH: chain(f, out, g, g + 1, 1, coordinate); return;
    case SN_GEN_COSH: chain(f, out, g, g - 1, 1, coordinate); return;
    case SN_GEN_EXP: chain(f, out, g, g, 1, coordinate); return;
    case SN_GEN_LOG:
    case SN_GEN_ATAN: derive_quotient(f, out, g, coordinate); return;
    case SN_GEN_ROOT: derive_root(f, out, g, &gen->argument, coordinate); return;
    case SN_GEN_UNKNOWN: derive_unknown(f, out, g, coordinate); return;
    }
}

static const sn_frac *gen_derivative(sn_field *f, int g, int coordinate) {
    if (!f->gens[g].derived[coordinate]) {
        sn_frac d;
        sn_frac_init(f, &d);
        derive_gen(f, &d, g, coordinate);
        f->gens[g].derivative[coordinate] = d;
        f->gens[g].derived[coordinate] = true;
    }
    return &f->gens[g].derivative[coordinate];
}

/* out = the sum over generators of d p / d gen times its derivative. */
static void derive_polynomial(sn_field *f, sn_frac *out, const fmpz_mpoly_struct *p, int coordinate) {
    int used[SN_FIELD_MAX_GENS];
    sn_frac part;
    sn_frac_init(f, &part);
    fmpz_mpoly_used_vars(used, p, f->ctx);
    sn_frac_set_ratio(f, out, 0, 1);
    for (int g = f->n_gens - 1; g >= 0 && !sn_field_failed(f); g--) {
        if (!used[sn_field_variable(f, g)]) continue;
        const sn_frac *d = gen_derivative(f, g, coordinate);
        if (sn_frac_is_null(d)) continue;
        fmpz_mpoly_derivative(&part.num, p, sn_field_variable(f, g), f->ctx);
        fmpz_mpoly_one(&part.den, f->ctx);
        sn_frac_add_product(f, out, &part, d);
    }
    sn_frac_clear(f, &part);
}

/* (num' - a den') / den. */
void sn_frac_derivative(sn_field *f, sn_frac *out, const sn_frac *a, int coordinate) {
    sn_frac above, below, t;
    if (sn_field_failed(f)) return;
    sn_frac_init(f, &above);
    sn_frac_init(f, &below);
    sn_frac_init(f, &t);
    derive_polynomial(f, &above, &a->num, coordinate);
    if (!fmpz_mpoly_is_fmpz(&a->den, f->ctx)) {
        derive_polynomial(f, &below, &a->den, coordinate);
        sn_frac_mul(f, &t, a, &below);
        sn_frac_sub(f, &above, &above, &t);
    }
    fmpz_mpoly_set(&t.num, &a->den, f->ctx);
    fmpz_mpoly_one(&t.den, f->ctx);
    sn_frac_div(f, out, &above, &t);
    sn_frac_clear(f, &above);
    sn_frac_clear(f, &below);
    sn_frac_clear(f, &t);
}

/* ---- Opening ---- */

/* How many generators the expressions can need at most; what only occurs as an unknown function's argument is not one.
 */
typedef struct counts {
    const sn_expr_scope *scope;
    bool name[SN_EXPR_MAX_NAMES];
    int highest[SN_EXPR_MAX_UNKNOWNS]; /* order of derivatives, -1: does not occur */
    const sn_expr *call[SN_FIELD_MAX_GENS];
    int n_calls, gens;
    bool has_exp, has_pi, too_many;
} counts;

static bool same(const sn_expr *a, const sn_expr *b) {
    if (a == b) return true;
    if (!a || !b || a->kind != b->kind || a->index != b->index || a->size != b->size) return false;
    return a->numerator == b->numerator && a->denominator == b->denominator &&
           memcmp(a->order, b->order, sizeof a->order) == 0 && same(a->left, b->left) && same(a->right, b->right);
}

static int family(const sn_expr *e) {
    if (e->kind == SN_EXPR_POW) return -1;
    switch (e->index) {
    case SN_EXPR_SIN:
    case SN_EXPR_COS:
    case SN_EXPR_TAN: return SN_EXPR_SIN;
    case SN_EXPR_SINH:
    case SN_EXPR_COSH:
    case SN_EXPR_TANH: return SN_EXPR_SINH;
    default: return e->index;
    }
}

static void count_call(counts *c, const sn_expr *e) {
    for (int i = 0; i < c->n_calls; i++)
        if (family(c->call[i]) == family(e) && same(c->call[i]->left, e->left) && same(c->call[i]->right, e->right))
            return;
    if (c->n_calls == SN_FIELD_MAX_GENS) {
        c->too_many = true;
        return;
    }
    c->call[c->n_calls++] = e;
    c->gens += 2;
}

static void count(counts *c, const sn_expr *e) {
    if (!e || c->too_many) return;
    bool is_power = e->kind == SN_EXPR_POW && !(e->right->kind == SN_EXPR_NUMBER && e->right->denominator == 1);
    if (e->kind == SN_EXPR_NAME) c->name[e->index] = true;
    if (e->kind == SN_EXPR_PI || (e->kind == SN_EXPR_CALL && e->index == SN_EXPR_ACOS)) c->has_pi = true;
    if (e->kind == SN_EXPR_CALL || is_power) count_call(c, e);
    if ((e->kind == SN_EXPR_CALL && e->index == SN_EXPR_EXP) || (is_power && e->right->kind != SN_EXPR_NUMBER))
        c->has_exp = true;
    if (e->kind == SN_EXPR_UNKNOWN) {
        int total = 0;
        for (int i = 0; i < SN_EXPR_MAX_ARGUMENTS; i++) total += e->order[i];
        if (total > c->highest[e->index]) c->highest[e->index] = total;
    }
    count(c, e->left);
    count(c, e->right);
}

/* Derivatives up to two orders beyond those that occur: C(arguments + order, arguments) of them. */
static int count_unknowns(const counts *c) {
    int sum = 0;
    for (int i = 0; i < c->scope->n_unknowns; i++) {
        if (c->highest[i] < 0) continue;
        int n = c->scope->unknowns[i].n_arguments, ways = 1;
        for (int k = 1; k <= n && ways < 1000; k++) ways = ways * (c->highest[i] + 2 + k) / k;
        sum += ways;
    }
    return sum;
}

static void count_all(counts *c, const sn_expr_scope *scope, const sn_expr *const *expressions, int n) {
    *c = (counts){.scope = scope};
    for (int i = 0; i < scope->n_unknowns; i++) c->highest[i] = -1;
    for (int i = 0; i < n; i++) count(c, expressions[i]);
    for (int i = 0; i < scope->n_names; i++) c->gens += c->name[i];
    c->gens += count_unknowns(c) + c->has_pi;
}

static sn_status too_many_functions(void) {
    return sn_fail(SN_ERR_LIMIT, "more than %d functions, derivatives, names: too many", SN_FIELD_MAX_GENS);
}

static sn_status start(sn_field *f, const counts *c) {
    f->capacity = c->gens + f->plan->spare;
    if (c->too_many || f->capacity > SN_FIELD_MAX_GENS) return too_many_functions();
    if (f->capacity == 0) f->capacity = 1;
    fmpz_mpoly_ctx_init(f->ctx, f->capacity, ORD_LEX);
    f->has_exp = c->has_exp || f->plan->use_exp;
    for (int i = 0; i < f->scope->n_names; i++) {
        if (!c->name[i]) continue;
        int g = sn_field_new_gen(f, SN_GEN_NAME);
        f->gens[g].index = i;
        f->gens[g].degree = f->plan->root[i] ? f->plan->root[i] : 1;
    }
    if (c->has_pi) (void)sn_field_new_gen(f, SN_GEN_PI);
    f->n_constants = c->has_pi;
    return SN_OK;
}

static sn_field *new_field(const sn_expr_scope *scope, const volatile int *cancel, sn_field_plan *plan) {
    sn_field *f = sn_calloc(1, sizeof *f);
    if (f) f->scope = scope, f->cancel = cancel, f->plan = plan;
    return f;
}

static void clear_all(sn_field *f, sn_frac *fractions, int n) {
    for (int i = 0; i < n; i++) sn_frac_clear(f, &fractions[i]);
}

/* The failure's message with the part of the expression where it happened. */
static sn_status say_where(const sn_field *f) {
    char *text, *message;
    if (!f->culprit || sn_expr_print(f->scope, f->culprit, SN_EXPR_TEXT, &text) != SN_OK) return f->status;
    message = sn_strndup(sn_last_error(), strlen(sn_last_error()));
    if (message) (void)sn_fail(f->status, "%s: in %.300s%s", message, text, strlen(text) > 300 ? "..." : "");
    sn_free(message);
    sn_free(text);
    return f->status;
}

static sn_status convert_all(sn_field *f, const sn_expr *const *expressions, int n, sn_frac *fractions, int *failed) {
    for (int i = 0; i < n; i++) sn_frac_init(f, &fractions[i]);
    sn_status status = SN_OK;
    for (int i = 0; i < n && status == SN_OK && !f->again; i++) {
        status = sn_field_convert(f, expressions[i], &fractions[i]);
        if (status == SN_OK || status == SN_ERR_CANCELLED) continue;
        status = say_where(f);
        *failed = i;
    }
    if (status != SN_OK || f->again) clear_all(f, fractions, n);
    return status;
}

sn_status sn_field_open(const sn_expr_scope *scope, const sn_expr *const *expressions, int n,
                        const volatile int *cancel, sn_field **out, sn_frac *fractions, int *failed) {
    sn_field_plan plan = {0};
    counts c;
    *failed = -1;
    count_all(&c, scope, expressions, n);
    for (int round = 0; round < 40; round++) {
        sn_field *f = new_field(scope, cancel, &plan);
        if (!f) return sn_fail_memory("a field");
        sn_status status = start(f, &c);
        if (status != SN_OK) {
            sn_free(f);
            return status;
        }
        status = convert_all(f, expressions, n, fractions, failed);
        if (status == SN_OK && !f->again) {
            f->plan = NULL;
            *out = f;
            return SN_OK;
        }
        sn_field_close(f);
        if (status != SN_OK) return status;
    }
    return too_many_functions();
}

void sn_field_close(sn_field *f) {
    if (!f) return;
    for (int g = 0; g < f->n_gens; g++) {
        sn_frac_clear(f, &f->gens[g].argument);
        fmpz_mpoly_clear(&f->gens[g].relation, f->ctx);
        for (int style = 0; style < 3; style++) sn_free(f->gens[g].text[style]);
        for (int k = 0; k < SN_FIELD_MAX_COORDINATES; k++)
            if (f->gens[g].derived[k]) sn_frac_clear(f, &f->gens[g].derivative[k]);
    }
    fmpz_mpoly_ctx_clear(f->ctx);
    sn_free(f);
}

#endif
