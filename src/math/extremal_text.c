/* The texts of a problem: ends, parameters, expressions, metrics. */
#include "math/curvature.h"
#include "math/extremal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sn_extremal_note(sn_extremal_job *j, const char *format, ...) {
    size_t used = strlen(j->out->note);
    va_list args;
    va_start(args, format);
    if (used > 0 && used + 2 < sizeof j->out->note) j->out->note[used++] = ' ';
    vsnprintf(j->out->note + used, sizeof j->out->note - used, format, args);
    va_end(args);
}

/* ---- Numbers and lists ---- */

sn_status sn_extremal_number(const char *what, const char *text, size_t size, double *out) {
    sn_expr_scope scope = {0};
    const sn_expr *e;
    sn_status status = sn_expr_parse(&scope, what, text, size, &e);
    if (status == SN_OK) {
        const sn_expr_values nothing = {0};
        *out = sn_expr_eval(e, &nothing);
        if (!isfinite(*out))
            status = sn_fail(SN_ERR_ARGUMENT, "%s: \"%.*s\" is not a finite number", what, (int)(size < 60 ? size : 60),
                             text);
    }
    sn_expr_scope_free(&scope);
    return status;
}

static void trim(const char **text, size_t *size) {
    while (*size > 0 && strchr(" \t\n", **text)) (*text)++, (*size)--;
    while (*size > 0 && strchr(" \t\n", (*text)[*size - 1])) (*size)--;
}

bool sn_extremal_piece(const char *text, char separator, size_t *at, const char **piece, size_t *size) {
    int depth = 0;
    if (*at > strlen(text)) return false;
    size_t end = *at;
    for (; text[end] && (depth > 0 || text[end] != separator); end++) depth += (text[end] == '(') - (text[end] == ')');
    *piece = text + *at;
    *size = end - *at;
    *at = end + 1;
    trim(piece, size);
    return true;
}

static sn_status parse_ends(const sn_extremal_job *j, const char *what, const char *text, double *out, int *n) {
    const char *piece, *names = j->entry ? j->entry->ends : "the variable and the functions";
    size_t at = 0, size;
    *n = 0;
    while (sn_extremal_piece(text, ',', &at, &piece, &size)) {
        if (*n == SN_EXTREMAL_MAX_ENDS)
            return sn_fail(SN_ERR_ARGUMENT, "%s: \"%s\" has more than %d numbers", what, text, SN_EXTREMAL_MAX_ENDS);
        if (size == 4 && memcmp(piece, "free", 4) == 0) {
            if (j->entry) return sn_fail(SN_ERR_ARGUMENT, "%s: \"free\" is for --lagrangian only", what);
            if (*n == 0) return sn_fail(SN_ERR_ARGUMENT, "%s: the variable cannot be free, only functions", what);
            out[(*n)++] = (double)NAN;
            continue;
        }
        if (size == 0) return sn_fail(SN_ERR_FORMAT, "%s: \"%s\" lacks a number: give %s", what, text, names);
        SN_TRY(sn_extremal_number(what, piece, size, &out[(*n)++]));
    }
    return SN_OK;
}

static sn_status take_ends(sn_extremal_job *j) {
    const sn_extremal_problem *p = j->problem;
    const char *from = p->from ? p->from : j->entry ? j->entry->info.from : NULL;
    const char *to = p->to ? p->to : j->entry ? j->entry->info.to : NULL;
    int n;
    if (!from || !to) return sn_fail(SN_ERR_ARGUMENT, "give both ends: --from and --to, as in --from 0,1 --to 1,1");
    SN_TRY(parse_ends(j, "--from", from, j->from, &j->n_ends));
    SN_TRY(parse_ends(j, "--to", to, j->to, &n));
    if (n != j->n_ends)
        return sn_fail(SN_ERR_ARGUMENT, "--from has %d numbers and --to has %d: give as many", j->n_ends, n);
    return SN_OK;
}

/* ---- Parameters ---- */

static int find_parameter(const sn_extremal_job *j, const char *name, size_t size) {
    for (int i = 0; i < j->n_parameters; i++)
        if (strlen(j->parameter[i]) == size && memcmp(j->parameter[i], name, size) == 0) return i;
    return -1;
}

double sn_extremal_parameter(const sn_extremal_job *j, const char *name) {
    int i = find_parameter(j, name, strlen(name));
    return i < 0 ? (double)NAN : j->number[i];
}

/* "g=9.81", or "length", which makes a parameter without a number. */
static sn_status take_parameter(sn_extremal_job *j, const char *what, const char *piece, size_t size, bool known) {
    const char *equals = memchr(piece, '=', size);
    size_t name = equals ? (size_t)(equals - piece) : size;
    while (name > 0 && piece[name - 1] == ' ') name--;
    int shown = (int)(size < 60 ? size : 60), i = find_parameter(j, piece, name);
    if (known && !equals)
        return sn_fail(SN_ERR_FORMAT, "%s: \"%.*s\" has no number: write name=number", what, shown, piece);
    if (known && j->entry && j->entry->density && i < 0)
        return sn_fail(SN_ERR_NOT_FOUND, "%s: %s has no parameter \"%.*s\": it has %s", what, j->entry->info.name,
                       (int)(name < 60 ? name : 60), piece,
                       j->entry->info.parameters[0] ? j->entry->info.parameters : "none");
    if (i < 0) {
        i = j->n_parameters;
        if (i == SN_EXTREMAL_MAX_PARAMETERS)
            return sn_fail(SN_ERR_LIMIT, "%s: more than %d parameters", what, SN_EXTREMAL_MAX_PARAMETERS);
        if (name == 0 || name >= SN_EXPR_MAX_WORD)
            return sn_fail(SN_ERR_FORMAT, "%s: \"%.*s\": write name=number", what, shown, piece);
        memcpy(j->parameter[i], piece, name);
        j->parameter[j->n_parameters++][name] = 0;
    }
    j->number[i] = (double)NAN;
    return equals ? sn_extremal_number(what, equals + 1, size - (size_t)(equals + 1 - piece), &j->number[i]) : SN_OK;
}

static sn_status take_parameters(sn_extremal_job *j, const char *what, const char *text, bool known) {
    const char *piece;
    size_t at = 0, size;
    while (text && text[0] && sn_extremal_piece(text, ',', &at, &piece, &size))
        SN_TRY(take_parameter(j, what, piece, size, known));
    return SN_OK;
}

sn_status sn_extremal_defaults(sn_extremal_job *j, const char *what, const char *parameters) {
    const char *piece;
    size_t at = 0, size;
    while (parameters[0] && sn_extremal_piece(parameters, ',', &at, &piece, &size)) {
        const char *equals = memchr(piece, '=', size);
        if (equals && find_parameter(j, piece, (size_t)(equals - piece)) < 0)
            SN_TRY(take_parameter(j, what, piece, size, false));
    }
    return SN_OK;
}

sn_status sn_extremal_take(sn_extremal_job *j) {
    if (j->entry) SN_TRY(take_parameters(j, j->entry->info.name, j->entry->info.parameters, false));
    SN_TRY(take_parameters(j, "--params", j->problem->params, true));
    for (int i = 0; i < j->n_parameters; i++)
        if (isnan(j->number[i]) && strcmp(j->parameter[i], "width") != 0)
            return sn_fail(SN_ERR_ARGUMENT, "%s: give --params %s=NUMBER", j->entry->info.name, j->parameter[i]);
    return take_ends(j);
}

/* ---- Names and expressions ---- */

sn_status sn_extremal_declare(sn_extremal_job *j, const char *variable, const char *functions) {
    const char *piece, *what = j->entry ? j->entry->info.name : "--functions";
    size_t at = 0, size;
    SN_TRY(sn_expr_declare(&j->scope, j->entry ? what : "--variable", variable, strlen(variable), false));
    while (sn_extremal_piece(functions, ',', &at, &piece, &size)) {
        if (j->v.l.d == SN_LAGRANGIAN_MAX_FUNCTIONS)
            return sn_fail(SN_ERR_LIMIT, "%s: more than %d functions", what, SN_LAGRANGIAN_MAX_FUNCTIONS);
        SN_TRY(sn_expr_declare(&j->scope, what, piece, size, false));
        j->v.l.d++;
    }
    for (int k = 1; k <= j->v.l.d; k++) {
        char name[SN_EXPR_MAX_WORD + 1];
        int length = snprintf(name, sizeof name, "%s'", j->scope.names[k]);
        SN_TRY(sn_expr_declare(&j->scope, what, name, (size_t)length, false));
    }
    return SN_OK;
}

sn_status sn_extremal_declare_parameters(sn_extremal_job *j) {
    for (int i = 0; i < j->n_parameters; i++) {
        SN_TRY(sn_expr_declare(&j->scope, "--params", j->parameter[i], strlen(j->parameter[i]), false));
        j->v.l.constants[j->scope.n_names - 1] = j->number[i];
    }
    return SN_OK;
}

sn_status sn_extremal_parse(sn_extremal_job *j, const char *what, const char *text, size_t size, const sn_expr **out) {
    SN_TRY(sn_expr_parse(&j->scope, what, text, size, out));
    if ((*out)->size > SN_LAGRANGIAN_MAX_SIZE)
        return sn_fail(SN_ERR_LIMIT, "%s: the expression has %d terms: %d are the most", what, (int)(*out)->size,
                       SN_LAGRANGIAN_MAX_SIZE);
    return SN_OK;
}

/* ---- Metrics ---- */

sn_status sn_extremal_metric(sn_extremal_job *j, const char *text, const sn_expr **out) {
    const sn_expr *g[SN_LAGRANGIAN_MAX_FUNCTIONS * SN_LAGRANGIAN_MAX_FUNCTIONS];
    sn_expr_scope *scope = &j->scope;
    int d = j->v.l.d;
    scope->n_coordinates = d; /* the functions are the metric's coordinates */
    sn_status status = sn_curvature_parse_metric(scope, text, g);
    scope->n_coordinates = 0;
    SN_TRY(status);
    *out = sn_expr_number(scope, 0, 1);
    for (int i = 0; *out && i < d * d; i++) {
        const sn_expr *a = sn_expr_name(scope, 1 + d + i / d), *b = sn_expr_name(scope, 1 + d + i % d);
        const sn_expr *speeds = sn_expr_binary(scope, SN_EXPR_MUL, a, b);
        *out = sn_expr_binary(scope, SN_EXPR_ADD, *out, sn_expr_binary(scope, SN_EXPR_MUL, g[i], speeds));
    }
    if (!*out) return SN_ERR_LIMIT;
    if ((*out)->size <= SN_LAGRANGIAN_MAX_SIZE) return SN_OK;
    return sn_fail(SN_ERR_LIMIT, "--metric: %d terms: %d are the most", (int)(*out)->size, SN_LAGRANGIAN_MAX_SIZE);
}
