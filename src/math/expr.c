/* Names, and the nodes of expressions with what can be folded at once. */
#include "math/expr.h"

#include "base/size.h"

#include <string.h>

static const char *const function_names[SN_EXPR_N_FUNCTIONS] = {"sqrt", "exp",  "log",  "sin",  "cos",  "tan",
                                                                "sinh", "cosh", "tanh", "asin", "acos", "atan"};

const char *sn_expr_function_name(int function) { return function_names[function]; }

/* ---- Names ---- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool is_word(const char *name, size_t size) {
    size_t primes = 0;
    if (size == 0 || size >= SN_EXPR_MAX_WORD || !is_letter(name[0])) return false;
    for (size_t i = 1; i < size; i++) {
        bool fits = is_letter(name[i]) || (name[i] >= '0' && name[i] <= '9');
        if (name[i] == '\'') primes++;
        if (name[i] != '\'' && (!fits || primes)) return false;
    }
    return true;
}

int sn_expr_find_name(const sn_expr_scope *scope, const char *name, size_t size) {
    for (int i = 0; i < scope->n_names; i++)
        if (strlen(scope->names[i]) == size && memcmp(scope->names[i], name, size) == 0) return i;
    return -1;
}

static sn_status check_new(const sn_expr_scope *scope, const char *what, const char *name, size_t size) {
    int shown = size < 60 ? (int)size : 60;
    if (!is_word(name, size))
        return sn_fail(SN_ERR_FORMAT, "%s: \"%.*s\" is no name: letters, digits and _, at most %d, a letter first",
                       what, shown, name, SN_EXPR_MAX_WORD - 1);
    for (int i = 0; i < SN_EXPR_N_FUNCTIONS; i++)
        if (strlen(function_names[i]) == size && memcmp(function_names[i], name, size) == 0)
            return sn_fail(SN_ERR_ARGUMENT, "%s: \"%s\" is a function: choose another name", what, function_names[i]);
    if ((size == 4 && memcmp(name, "diff", 4) == 0) || (size == 2 && memcmp(name, "ln", 2) == 0))
        return sn_fail(SN_ERR_ARGUMENT, "%s: \"%.*s\" is a function: choose another name", what, shown, name);
    bool taken = sn_expr_find_name(scope, name, size) >= 0;
    for (int i = 0; i < scope->n_unknowns; i++)
        taken = taken || (strlen(scope->unknowns[i].name) == size && memcmp(scope->unknowns[i].name, name, size) == 0);
    if (taken) return sn_fail(SN_ERR_ARGUMENT, "%s: the name \"%.*s\" is given twice", what, shown, name);
    return SN_OK;
}

sn_status sn_expr_declare(sn_expr_scope *scope, const char *what, const char *name, size_t size, bool is_coordinate) {
    SN_TRY(check_new(scope, what, name, size));
    if (scope->n_names == SN_EXPR_MAX_NAMES)
        return sn_fail(SN_ERR_LIMIT, "%s: more than %d names", what, SN_EXPR_MAX_NAMES);
    if (is_coordinate && scope->n_coordinates != scope->n_names)
        return sn_fail(SN_ERR_INTERNAL, "%s: coordinates are declared first", what);
    memcpy(scope->names[scope->n_names], name, size);
    scope->names[scope->n_names++][size] = 0;
    if (is_coordinate) scope->n_coordinates++;
    return SN_OK;
}

sn_status sn_expr_declare_unknown(sn_expr_scope *scope, const char *what, const char *name, size_t size) {
    SN_TRY(check_new(scope, what, name, size));
    if (memchr(name, '\'', size)) return sn_fail(SN_ERR_FORMAT, "%s: a function's name has no primes", what);
    if (scope->n_unknowns == SN_EXPR_MAX_UNKNOWNS)
        return sn_fail(SN_ERR_LIMIT, "%s: more than %d unknown functions", what, SN_EXPR_MAX_UNKNOWNS);
    sn_expr_unknown *u = &scope->unknowns[scope->n_unknowns++];
    *u = (sn_expr_unknown){0};
    memcpy(u->name, name, size);
    return SN_OK;
}

void sn_expr_scope_free(sn_expr_scope *scope) { sn_arena_free(&scope->arena); }

/* ---- Nodes ---- */

static sn_expr *new_node(sn_expr_scope *scope, sn_expr_kind kind, const sn_expr *a, const sn_expr *b) {
    int32_t height = 1, size = 1;
    if (a) height = a->height + 1, size += a->size;
    if (b) height = b->height >= height ? b->height + 1 : height, size += b->size;
    if (height > SN_EXPR_MAX_HEIGHT || size > SN_EXPR_MAX_SIZE) {
        (void)sn_fail(SN_ERR_LIMIT, "the expression is too large (more than %d terms deep or %d in all)",
                      SN_EXPR_MAX_HEIGHT, SN_EXPR_MAX_SIZE);
        return NULL;
    }
    sn_expr *e = sn_arena_alloc(&scope->arena, sizeof *e);
    if (!e) {
        (void)sn_fail_memory("an expression");
        return NULL;
    }
    *e = (sn_expr){.kind = kind, .height = height, .size = size, .left = a, .right = b};
    return e;
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t r = a % b;
        a = b, b = r;
    }
    return a < 0 ? -a : a;
}

const sn_expr *sn_expr_number(sn_expr_scope *scope, int64_t numerator, int64_t denominator) {
    if (denominator == 0 || numerator == INT64_MIN || denominator == INT64_MIN) {
        (void)sn_fail(SN_ERR_ARGUMENT, "division by zero");
        return NULL;
    }
    sn_expr *e = new_node(scope, SN_EXPR_NUMBER, NULL, NULL);
    if (!e) return NULL;
    int64_t common = gcd(numerator, denominator) * (denominator < 0 ? -1 : 1);
    e->numerator = numerator / common;
    e->denominator = denominator / common;
    return e;
}

bool sn_expr_is_number(const sn_expr *e, int64_t value) {
    return e->kind == SN_EXPR_NUMBER && e->denominator == 1 && e->numerator == value;
}

const sn_expr *sn_expr_pi(sn_expr_scope *scope) { return new_node(scope, SN_EXPR_PI, NULL, NULL); }

const sn_expr *sn_expr_name(sn_expr_scope *scope, int index) {
    sn_expr *e = new_node(scope, SN_EXPR_NAME, NULL, NULL);
    if (e) e->index = index;
    return e;
}

const sn_expr *sn_expr_unknown_call(sn_expr_scope *scope, int index, const uint8_t order[SN_EXPR_MAX_ARGUMENTS]) {
    int total = 0;
    for (int i = 0; i < SN_EXPR_MAX_ARGUMENTS; i++) total += order[i];
    if (total > SN_EXPR_MAX_ORDER) {
        (void)sn_fail(SN_ERR_LIMIT, "%s is differentiated more than %d times", scope->unknowns[index].name,
                      SN_EXPR_MAX_ORDER);
        return NULL;
    }
    sn_expr *e = new_node(scope, SN_EXPR_UNKNOWN, NULL, NULL);
    if (!e) return NULL;
    e->index = index;
    memcpy(e->order, order, SN_EXPR_MAX_ARGUMENTS);
    return e;
}

const sn_expr *sn_expr_unary(sn_expr_scope *scope, sn_expr_kind kind, int index, const sn_expr *a) {
    if (!a) return NULL;
    if (kind == SN_EXPR_NEG) {
        if (a->kind == SN_EXPR_NUMBER) return sn_expr_number(scope, -a->numerator, a->denominator);
        if (a->kind == SN_EXPR_NEG) return a->left;
    }
    sn_expr *e = new_node(scope, kind, a, NULL);
    if (e) e->index = index;
    return e;
}

/* The rational result where it fits 64 bits. */
static bool fold(sn_expr_kind kind, const sn_expr *a, const sn_expr *b, int64_t *n, int64_t *d) {
    int64_t x, y;
    switch (kind) {
    case SN_EXPR_ADD:
    case SN_EXPR_SUB:
        return sn_mul_i64(a->numerator, b->denominator, &x) && sn_mul_i64(b->numerator, a->denominator, &y) &&
               !(kind == SN_EXPR_ADD ? __builtin_add_overflow(x, y, n) : __builtin_sub_overflow(x, y, n)) &&
               sn_mul_i64(a->denominator, b->denominator, d);
    case SN_EXPR_MUL: return sn_mul_i64(a->numerator, b->numerator, n) && sn_mul_i64(a->denominator, b->denominator, d);
    case SN_EXPR_DIV:
        return b->numerator != 0 && sn_mul_i64(a->numerator, b->denominator, n) &&
               sn_mul_i64(a->denominator, b->numerator, d);
    default: break;
    }
    if (b->denominator != 1 || b->numerator > 64 || b->numerator < -64 || (a->numerator == 0 && b->numerator <= 0))
        return false;
    *n = *d = 1;
    for (int64_t i = 0; i < (b->numerator < 0 ? -b->numerator : b->numerator); i++)
        if (!sn_mul_i64(*n, a->numerator, n) || !sn_mul_i64(*d, a->denominator, d)) return false;
    if (b->numerator < 0) x = *n, *n = *d, *d = x;
    return true;
}

static const sn_expr *neutral(sn_expr_scope *scope, sn_expr_kind kind, const sn_expr *a, const sn_expr *b) {
    bool a0 = sn_expr_is_number(a, 0), b0 = sn_expr_is_number(b, 0);
    bool a1 = sn_expr_is_number(a, 1), b1 = sn_expr_is_number(b, 1);
    switch (kind) {
    case SN_EXPR_ADD: return a0 ? b : b0 ? a : NULL;
    case SN_EXPR_SUB: return b0 ? a : a0 ? sn_expr_unary(scope, SN_EXPR_NEG, 0, b) : NULL;
    case SN_EXPR_MUL: return a0 || b1 ? a : b0 || a1 ? b : NULL;
    case SN_EXPR_DIV: return b1 || (a0 && b->kind != SN_EXPR_NUMBER) ? a : NULL;
    case SN_EXPR_POW: return b1 ? a : NULL;
    default: return NULL;
    }
}

const sn_expr *sn_expr_binary(sn_expr_scope *scope, sn_expr_kind kind, const sn_expr *a, const sn_expr *b) {
    if (!a || !b) return NULL;
    int64_t n = 0, d = 1;
    if (a->kind == SN_EXPR_NUMBER && b->kind == SN_EXPR_NUMBER && fold(kind, a, b, &n, &d) && n != INT64_MIN &&
        d != INT64_MIN)
        return sn_expr_number(scope, n, d);
    const sn_expr *same = neutral(scope, kind, a, b);
    return same ? same : new_node(scope, kind, a, b);
}
