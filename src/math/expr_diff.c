/* Derivatives and values of expressions, by recursion over the tree (its height is bounded). */
#include "math/expr.h"

#include <math.h>

#define NUMBER(n) sn_expr_number(scope, n, 1)
#define ADD(a, b) sn_expr_binary(scope, SN_EXPR_ADD, a, b)
#define SUB(a, b) sn_expr_binary(scope, SN_EXPR_SUB, a, b)
#define MUL(a, b) sn_expr_binary(scope, SN_EXPR_MUL, a, b)
#define DIV(a, b) sn_expr_binary(scope, SN_EXPR_DIV, a, b)
#define POW(a, b) sn_expr_binary(scope, SN_EXPR_POW, a, b)
#define NEG(a) sn_expr_unary(scope, SN_EXPR_NEG, 0, a)
#define CALL(f, a) sn_expr_unary(scope, SN_EXPR_CALL, f, a)

/* f'(u), where e = f(u). */
static const sn_expr *derivative_of_function(sn_expr_scope *scope, const sn_expr *e) {
    const sn_expr *u = e->left;
    switch ((sn_expr_function)e->index) {
    case SN_EXPR_SQRT: return DIV(NUMBER(1), MUL(NUMBER(2), e));
    case SN_EXPR_EXP: return e;
    case SN_EXPR_LOG: return DIV(NUMBER(1), u);
    case SN_EXPR_SIN: return CALL(SN_EXPR_COS, u);
    case SN_EXPR_COS: return NEG(CALL(SN_EXPR_SIN, u));
    case SN_EXPR_TAN: return ADD(NUMBER(1), POW(e, NUMBER(2)));
    case SN_EXPR_SINH: return CALL(SN_EXPR_COSH, u);
    case SN_EXPR_COSH: return CALL(SN_EXPR_SINH, u);
    case SN_EXPR_TANH: return SUB(NUMBER(1), POW(e, NUMBER(2)));
    case SN_EXPR_ASIN: return DIV(NUMBER(1), CALL(SN_EXPR_SQRT, SUB(NUMBER(1), POW(u, NUMBER(2)))));
    case SN_EXPR_ACOS: return DIV(NUMBER(-1), CALL(SN_EXPR_SQRT, SUB(NUMBER(1), POW(u, NUMBER(2)))));
    case SN_EXPR_ATAN: return DIV(NUMBER(1), ADD(NUMBER(1), POW(u, NUMBER(2))));
    case SN_EXPR_N_FUNCTIONS: break;
    }
    return NULL;
}

static const sn_expr *derive_unknown(sn_expr_scope *scope, const sn_expr *e, int name) {
    const sn_expr_unknown *u = &scope->unknowns[e->index];
    for (int i = 0; i < u->n_arguments; i++) {
        if (u->argument[i] != name) continue;
        uint8_t order[SN_EXPR_MAX_ARGUMENTS];
        for (int k = 0; k < SN_EXPR_MAX_ARGUMENTS; k++) order[k] = e->order[k];
        order[i]++;
        return sn_expr_unknown_call(scope, e->index, order);
    }
    return NUMBER(0);
}

/* a^b: b a^(b-1) a' where b is constant, else a^b (b' log a + b a'/a). */
static const sn_expr *derive_power(sn_expr_scope *scope, const sn_expr *e, const sn_expr *da, const sn_expr *db) {
    const sn_expr *a = e->left, *b = e->right;
    if (!da || !db) return NULL;
    if (sn_expr_is_number(db, 0)) return MUL(MUL(b, POW(a, SUB(b, NUMBER(1)))), da);
    return MUL(e, ADD(MUL(db, CALL(SN_EXPR_LOG, a)), MUL(b, DIV(da, a))));
}

static const sn_expr *derive(sn_expr_scope *scope, const sn_expr *e, int name) {
    const sn_expr *a = e->left, *b = e->right, *da = NULL, *db = NULL;
    if (a && !(da = derive(scope, a, name))) return NULL;
    if (b && !(db = derive(scope, b, name))) return NULL;
    switch (e->kind) {
    case SN_EXPR_NUMBER:
    case SN_EXPR_PI: return NUMBER(0);
    case SN_EXPR_NAME: return NUMBER(e->index == name);
    case SN_EXPR_NEG: return NEG(da);
    case SN_EXPR_ADD: return ADD(da, db);
    case SN_EXPR_SUB: return SUB(da, db);
    case SN_EXPR_MUL: return ADD(MUL(da, b), MUL(a, db));
    case SN_EXPR_DIV:
        return sn_expr_is_number(db, 0) ? DIV(da, b) : DIV(SUB(MUL(da, b), MUL(a, db)), POW(b, NUMBER(2)));
    case SN_EXPR_POW: return derive_power(scope, e, da, db);
    case SN_EXPR_CALL: return sn_expr_is_number(da, 0) ? da : MUL(derivative_of_function(scope, e), da);
    case SN_EXPR_UNKNOWN: return derive_unknown(scope, e, name);
    }
    return NULL;
}

sn_status sn_expr_diff(sn_expr_scope *scope, const sn_expr *e, int name, const sn_expr **out) {
    const sn_expr *d = derive(scope, e, name);
    if (d) {
        *out = d;
        return SN_OK;
    }
    /* The builders leave a message of one of two kinds. */
    return sn_last_error()[0] == 'o' ? SN_ERR_MEMORY : SN_ERR_LIMIT;
}

static double call(int function, double x) {
    switch ((sn_expr_function)function) {
    case SN_EXPR_SQRT: return sqrt(x);
    case SN_EXPR_EXP: return exp(x);
    case SN_EXPR_LOG: return log(x);
    case SN_EXPR_SIN: return sin(x);
    case SN_EXPR_COS: return cos(x);
    case SN_EXPR_TAN: return tan(x);
    case SN_EXPR_SINH: return sinh(x);
    case SN_EXPR_COSH: return cosh(x);
    case SN_EXPR_TANH: return tanh(x);
    case SN_EXPR_ASIN: return asin(x);
    case SN_EXPR_ACOS: return acos(x);
    case SN_EXPR_ATAN: return atan(x);
    case SN_EXPR_N_FUNCTIONS: break;
    }
    return (double)NAN;
}

double sn_expr_eval(const sn_expr *e, const sn_expr_values *v) {
    double a = e->left ? sn_expr_eval(e->left, v) : 0, b = e->right ? sn_expr_eval(e->right, v) : 0;
    switch (e->kind) {
    case SN_EXPR_NUMBER: return (double)e->numerator / (double)e->denominator;
    case SN_EXPR_PI: return 3.14159265358979323846;
    case SN_EXPR_NAME: return v->names[e->index];
    case SN_EXPR_NEG: return -a;
    case SN_EXPR_ADD: return a + b;
    case SN_EXPR_SUB: return a - b;
    case SN_EXPR_MUL: return a * b;
    case SN_EXPR_DIV: return a / b;
    case SN_EXPR_POW: return pow(a, b);
    case SN_EXPR_CALL: return call(e->index, a);
    case SN_EXPR_UNKNOWN: return v->unknown ? v->unknown(v->user, e->index, e->order) : (double)NAN;
    }
    return (double)NAN;
}
