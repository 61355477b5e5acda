/* Expressions typed by a user: rational numbers, + - * / ^, names, the usual functions, unknown functions of
 * coordinates. Parsed into an immutable tree with a bound on text, depth and size; evaluated, differentiated, printed.
 *
 *   sum      = product { ("+" | "-") product }
 *   product  = signed { ("*" | "/") signed }
 *   signed   = { "-" | "+" } power
 *   power    = atom [ ("^" | "**") signed ]            so -x^2 is -(x^2), 2^-3 is 1/8, 2^3^2 is 2^9
 *   atom     = number | name | call | "(" sum ")"
 *   call     = function "(" sum ")" | unknown { "'" } "(" coordinate { "," coordinate } ")"
 *            | "diff" "(" sum { "," coordinate } ")"
 *
 * Numbers are exact: 0.25 is 1/4, 1e-3 is 1/1000. A declared name may end in primes (y'). "pi" is a number unless it
 * is declared as a name. */
#ifndef SN_MATH_EXPR_H
#define SN_MATH_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "math/text_out.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    SN_EXPR_MAX_TEXT = 65536,   /* bytes of one text */
    SN_EXPR_MAX_DEPTH = 100,    /* nested parentheses, powers, signs */
    SN_EXPR_MAX_HEIGHT = 4000,  /* of a tree: a sum of n terms is n high */
    SN_EXPR_MAX_SIZE = 1 << 20, /* nodes, each counted as often as it is reached */
    SN_EXPR_MAX_NAMES = 64,
    SN_EXPR_MAX_UNKNOWNS = 32,
    SN_EXPR_MAX_ARGUMENTS = 6, /* coordinates of an unknown function */
    SN_EXPR_MAX_ORDER = 12,    /* of a derivative of an unknown function, all coordinates together */
    SN_EXPR_MAX_WORD = 32
};

typedef enum sn_expr_kind {
    SN_EXPR_NUMBER, /* numerator / denominator in lowest terms, denominator > 0 */
    SN_EXPR_PI,     /* 3.14159... */
    SN_EXPR_NAME,   /* index: of the scope's names */
    SN_EXPR_NEG,    /* -left */
    SN_EXPR_ADD,    /* left + right, and so on */
    SN_EXPR_SUB,
    SN_EXPR_MUL,
    SN_EXPR_DIV,
    SN_EXPR_POW,
    SN_EXPR_CALL,    /* index: an sn_expr_function of left */
    SN_EXPR_UNKNOWN, /* index: of the scope's unknown functions, with the orders of its derivative */
} sn_expr_kind;

typedef enum sn_expr_function {
    SN_EXPR_SQRT,
    SN_EXPR_EXP,
    SN_EXPR_LOG,
    SN_EXPR_SIN,
    SN_EXPR_COS,
    SN_EXPR_TAN,
    SN_EXPR_SINH,
    SN_EXPR_COSH,
    SN_EXPR_TANH,
    SN_EXPR_ASIN,
    SN_EXPR_ACOS,
    SN_EXPR_ATAN,
    SN_EXPR_N_FUNCTIONS
} sn_expr_function;
const char *sn_expr_function_name(int function);

typedef struct sn_expr sn_expr;
struct sn_expr {
    sn_expr_kind kind;
    int index;
    int32_t height, size;                 /* of the tree below and with this node */
    int64_t numerator, denominator;       /* NUMBER */
    uint8_t order[SN_EXPR_MAX_ARGUMENTS]; /* UNKNOWN: of the derivative by each of its coordinates */
    const sn_expr *left, *right;
};

/* A function that is only known to depend on some names. */
typedef struct sn_expr_unknown {
    char name[SN_EXPR_MAX_WORD];
    int n_arguments;                     /* 0: declared, its coordinates not seen yet */
    int argument[SN_EXPR_MAX_ARGUMENTS]; /* names */
} sn_expr_unknown;

/* What names mean, and the memory of the expressions. The first n_coordinates names are coordinates: only they can be
 * arguments of unknown functions and variables of diff(). */
typedef struct sn_expr_scope {
    sn_arena arena;
    char names[SN_EXPR_MAX_NAMES][SN_EXPR_MAX_WORD];
    int n_names, n_coordinates;
    bool guess_unknowns; /* an undeclared f(t) is an unknown function, unless it looks like a mistyped one */
    sn_expr_unknown unknowns[SN_EXPR_MAX_UNKNOWNS];
    int n_unknowns;
} sn_expr_scope;

/* A zero-initialised scope is ready. Coordinates first. Refuses what is no name, a function's name, and a name given
 * twice; `what` begins messages ("--coords"). */
sn_status sn_expr_declare(sn_expr_scope *scope, const char *what, const char *name, size_t size, bool is_coordinate);
sn_status sn_expr_declare_unknown(sn_expr_scope *scope, const char *what, const char *name, size_t size);
int sn_expr_find_name(const sn_expr_scope *scope, const char *name, size_t size); /* -1: none */
void sn_expr_scope_free(sn_expr_scope *scope);                                    /* and all its expressions */

/* Malformed text is SN_ERR_FORMAT, with the place marked on a line of its own; unknown names SN_ERR_NOT_FOUND with the
 * nearest known one; a bound that is passed SN_ERR_LIMIT. `what` begins the message. The text may hold any bytes. */
sn_status sn_expr_parse(sn_expr_scope *scope, const char *what, const char *text, size_t size, const sn_expr **out);
/* Fails with `status`, the message and the text's line that holds byte `at`, marked; for callers that split texts. */
sn_status sn_expr_fail_at(sn_status status, const char *what, const char *text, size_t size, size_t at,
                          const char *message);

/* ---- Building: constants are folded where they fit 64 bits, 0 and 1 are dropped. NULL, with the error set, without
 * memory, past the bounds, or where an argument is NULL, so that calls can be nested. ---- */
const sn_expr *sn_expr_number(sn_expr_scope *scope, int64_t numerator, int64_t denominator);
const sn_expr *sn_expr_pi(sn_expr_scope *scope);
const sn_expr *sn_expr_name(sn_expr_scope *scope, int index);
const sn_expr *sn_expr_unary(sn_expr_scope *scope, sn_expr_kind kind, int index, const sn_expr *a); /* NEG, CALL */
const sn_expr *sn_expr_binary(sn_expr_scope *scope, sn_expr_kind kind, const sn_expr *a, const sn_expr *b);
const sn_expr *sn_expr_unknown_call(sn_expr_scope *scope, int index, const uint8_t order[SN_EXPR_MAX_ARGUMENTS]);
bool sn_expr_is_number(const sn_expr *e, int64_t value);

/* d e / d name; the status of what sn_expr_binary and the others refuse. */
sn_status sn_expr_diff(sn_expr_scope *scope, const sn_expr *e, int name, const sn_expr **out);

/* Values of names by index; of unknown functions by a callback (NULL: NaN). Real arithmetic: NaN outside a function's
 * domain. */
typedef struct sn_expr_values {
    const double *names;
    double (*unknown)(void *user, int index, const uint8_t *order);
    void *user;
} sn_expr_values;
double sn_expr_eval(const sn_expr *e, const sn_expr_values *values);

typedef enum sn_expr_style { SN_EXPR_TEXT, SN_EXPR_LATEX, SN_EXPR_C } sn_expr_style;
/* TEXT can be parsed again. In C, numbers are doubles, and derivatives of unknown functions are called with their
 * orders: a(t), a_1(t), f_1_0(t, r). Freed by sn_free; SN_ERR_MEMORY only. */
sn_status sn_expr_print(const sn_expr_scope *scope, const sn_expr *e, sn_expr_style style, char **out);
/* The parts of it: a name (theta_1 is \\theta_{1} in LaTeX), an unknown function with its coordinates. */
void sn_expr_print_name(const char *name, sn_expr_style style, sn_text_out *out);
void sn_expr_print_unknown(const sn_expr_scope *scope, int index, const uint8_t *order, sn_expr_style style,
                           sn_text_out *out);

#endif
