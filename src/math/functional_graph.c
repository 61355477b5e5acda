/* An expression as nodes of a graph. */
#include "math/functional_graph.h"

#include "base/error.h"

#include <math.h>

/* Numbers stay numbers as long as they can: x * 2 is then one op with an attribute. */
typedef struct term {
    sn_value *v; /* NULL: the number c */
    double c;
} term;

static sn_value *value_of(sn_graph *g, term a) { return a.v ? a.v : sn_fill(g, SN_F64, 0, NULL, a.c); }
static term number(double c) { return (term){NULL, c}; }
static term value(sn_value *v) { return (term){v, 0}; }

static term add(sn_graph *g, term a, term b, double sign) {
    if (!a.v && !b.v) return number(a.c + sign * b.c);
    if (!b.v) return value(sn_scale(g, a.v, 1, sign * b.c));
    if (!a.v) return value(sn_scale(g, b.v, sign, a.c));
    return value(sign > 0 ? sn_add(g, a.v, b.v) : sn_sub(g, a.v, b.v));
}

static term multiply(sn_graph *g, term a, term b) {
    if (!a.v && !b.v) return number(a.c * b.c);
    if (!b.v) return value(sn_scale(g, a.v, b.c, 0));
    if (!a.v) return value(sn_scale(g, b.v, a.c, 0));
    return value(a.v == b.v ? sn_square(g, a.v) : sn_mul(g, a.v, b.v));
}

static term divide(sn_graph *g, term a, term b) {
    if (!a.v && !b.v) return number(a.c / b.c);
    if (!b.v) return value(sn_scale(g, a.v, 1 / b.c, 0));
    return value(sn_div(g, value_of(g, a), b.v));
}

static term whole_power(sn_graph *g, term a, int n) {
    term result = number(1);
    for (term square = a; n > 0; n /= 2) {
        if (n % 2) result = result.v || result.c != 1 ? multiply(g, result, square) : square;
        if (n > 1) square = multiply(g, square, square);
    }
    return result;
}

/* Whole and half powers by products and roots: exact for negative bases, and fast. */
static term power(sn_graph *g, term a, term b) {
    if (!a.v && !b.v) return number(pow(a.c, b.c));
    double n = fabs(b.c), whole = floor(n);
    if (b.v || n > 64 || (n != whole && n != whole + 0.5)) return value(sn_pow(g, value_of(g, a), value_of(g, b)));
    term result = whole_power(g, a, (int)whole);
    if (n != whole) result = whole > 0 ? multiply(g, result, value(sn_sqrt(g, a.v))) : value(sn_sqrt(g, a.v));
    return b.c < 0 ? divide(g, number(1), result) : result;
}

static sn_value *half_sum(sn_graph *g, sn_value *x, double sign) { /* (e^x + sign e^-x) / 2 */
    sn_value *up = sn_exp(g, x), *down = sn_exp(g, sn_neg(g, x));
    return sn_scale(g, sign > 0 ? sn_add(g, up, down) : sn_sub(g, up, down), 0.5, 0);
}

static sn_value *inverse_sine(sn_graph *g, sn_value *x) { /* atan(x / sqrt(1 - x^2)) */
    return sn_atan(g, sn_div(g, x, sn_sqrt(g, sn_scale(g, sn_square(g, x), -1, 1))));
}

static sn_value *call(sn_graph *g, int function, sn_value *x) {
    switch ((sn_expr_function)function) {
    case SN_EXPR_SQRT: return sn_sqrt(g, x);
    case SN_EXPR_EXP: return sn_exp(g, x);
    case SN_EXPR_LOG: return sn_log(g, x);
    case SN_EXPR_SIN: return sn_sin(g, x);
    case SN_EXPR_COS: return sn_cos(g, x);
    case SN_EXPR_TAN: return sn_div(g, sn_sin(g, x), sn_cos(g, x));
    case SN_EXPR_SINH: return half_sum(g, x, -1);
    case SN_EXPR_COSH: return half_sum(g, x, 1);
    case SN_EXPR_TANH: return sn_tanh(g, x);
    case SN_EXPR_ASIN: return inverse_sine(g, x);
    case SN_EXPR_ACOS: return sn_scale(g, inverse_sine(g, x), -1, 1.57079632679489661923);
    case SN_EXPR_ATAN: return sn_atan(g, x);
    case SN_EXPR_N_FUNCTIONS: break;
    }
    return NULL;
}

static term build(sn_graph *g, const sn_expr *e, const sn_expr_graph_names *names) {
    term a = number(0), b = number(0);
    if (e->left) a = build(g, e->left, names);
    if (e->right) b = build(g, e->right, names);
    switch (e->kind) {
    case SN_EXPR_NUMBER: return number((double)e->numerator / (double)e->denominator);
    case SN_EXPR_PI: return number(3.14159265358979323846);
    case SN_EXPR_NAME:
        return e->index < names->n_values ? value(names->values[e->index]) : number(names->constants[e->index]);
    case SN_EXPR_NEG: return a.v ? value(sn_neg(g, a.v)) : number(-a.c);
    case SN_EXPR_ADD: return add(g, a, b, 1);
    case SN_EXPR_SUB: return add(g, a, b, -1);
    case SN_EXPR_MUL: return multiply(g, a, b);
    case SN_EXPR_DIV: return divide(g, a, b);
    case SN_EXPR_POW: return power(g, a, b);
    case SN_EXPR_CALL:
        if (a.v) return value(call(g, e->index, a.v));
        {
            /* A function of a number. */
            const sn_expr_values nothing = {names->constants, NULL, NULL};
            return number(sn_expr_eval(e, &nothing));
        }
    case SN_EXPR_UNKNOWN: break;
    }
    return value(NULL);
}

sn_value *sn_expr_graph(sn_graph *g, const sn_expr *e, const sn_expr_graph_names *names) {
    return value_of(g, build(g, e, names));
}
