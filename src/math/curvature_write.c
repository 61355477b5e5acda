/* A curvature as text, JSON and LaTeX; C code is in curvature_c.c. */
#include "math/curvature.h"

#include "base/alloc.h"
#include "file/json_write.h"
#include "math/flint_guard.h"

#include <string.h>

#if SN_HAVE_FLINT

static sn_frac *kept(sn_curvature *c, sn_curvature_tensor tensor, const int *index) {
    int sign;
    return &c->tensor[tensor][sn_curvature_find(c->n, tensor, index, &sign)];
}

/* The first kept component: (0, 1, 0, 1) where there are pairs. */
static bool begin(const sn_curvature *c, sn_curvature_tensor tensor, int *index) {
    memset(index, 0, 4 * sizeof *index);
    return sn_curvature_rank(tensor) < 4 || sn_curvature_next(c->n, tensor, index);
}

/* ---- JSON ---- */

typedef struct json_job {
    sn_curvature *c;
    sn_json_out out;
    sn_status status;
    bool numbers; /* values at the point, not text */
} json_job;

static void put(json_job *j, const char *key, sn_curvature_tensor tensor, const int *index) {
    char *text;
    if (j->numbers) {
        double x = sn_curvature_value(j->c, tensor, index);
        if (x == 0)
            sn_json_put_i64(&j->out, key, 0);
        else
            sn_json_put_f64(&j->out, key, x);
        return;
    }
    if (sn_curvature_is_too_large(j->c, tensor) && !sn_curvature_is_zero(j->c, tensor, index)) {
        sn_json_put_null(&j->out, key);
        return;
    }
    if (j->status == SN_OK) j->status = sn_curvature_text(j->c, tensor, index, &text);
    if (j->status != SN_OK) return;
    sn_json_put_string(&j->out, key, text);
    sn_free(text);
}

/* Nested arrays of all components. */
static void put_array(json_job *j, const char *key, sn_curvature_tensor tensor, int *index, int depth) {
    if (depth == 4 || depth == sn_curvature_rank(tensor)) {
        put(j, key, tensor, index);
        return;
    }
    sn_json_begin_array(&j->out, key);
    for (index[depth] = 0; index[depth] < j->c->n; index[depth]++) put_array(j, NULL, tensor, index, depth + 1);
    sn_json_end(&j->out);
}

/* Of the four-index tensors, the kept components that are not zero. */
static void put_list(json_job *j, const char *key, sn_curvature_tensor tensor) {
    int index[4];
    sn_json_begin_array(&j->out, key);
    if (begin(j->c, tensor, index)) do {
            if (sn_curvature_is_zero(j->c, tensor, index)) continue;
            sn_json_begin_object(&j->out, NULL);
            sn_json_begin_array(&j->out, "index");
            for (int i = 0; i < 4; i++) sn_json_put_i64(&j->out, NULL, index[i]);
            sn_json_end(&j->out);
            put(j, "value", tensor, index);
            sn_json_end(&j->out);
        } while (sn_curvature_next(j->c->n, tensor, index));
    sn_json_end(&j->out);
}

static void put_tensors(json_job *j) {
    int index[4] = {0};
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) {
        const char *key = sn_curvature_tensor_name((sn_curvature_tensor)t);
        if (sn_curvature_rank((sn_curvature_tensor)t) == 4)
            put_list(j, key, (sn_curvature_tensor)t);
        else
            put_array(j, key, (sn_curvature_tensor)t, index, 0);
    }
}

static void put_names(json_job *j, const char *key, int from, int to) {
    sn_json_begin_array(&j->out, key);
    for (int i = from; i < to; i++) sn_json_put_string(&j->out, NULL, j->c->scope.names[i]);
    sn_json_end(&j->out);
}

static void put_optional(json_job *j, const char *key, const char *text) {
    if (text)
        sn_json_put_string(&j->out, key, text);
    else
        sn_json_put_null(&j->out, key);
}

/* Of each tensor that may be zero: is it? */
static void put_vanishing(json_job *j) {
    sn_json_begin_object(&j->out, "vanishes");
    for (int t = SN_CURVATURE_CHRISTOFFEL; t < SN_CURVATURE_N_TENSORS; t++)
        sn_json_put_bool(&j->out, sn_curvature_tensor_name((sn_curvature_tensor)t),
                         sn_curvature_vanishes(j->c, (sn_curvature_tensor)t));
    sn_json_end(&j->out);
}

static sn_status json(sn_curvature *c, char **text) {
    json_job j = {.c = c, .out = {.lines = 2}};
    sn_text all;
    sn_json_begin_object(&j.out, NULL);
    sn_json_put_i64(&j.out, "dimension", c->n);
    put_names(&j, "coordinates", 0, c->n);
    put_names(&j, "parameters", c->n, c->scope.n_names);
    sn_json_put_string(&j.out, "zero_test", c->field->doubt ? "random points" : "exact");
    put_optional(&j, "zero_test_reason", c->field->doubt);
    sn_json_put_i64(&j.out, "zeros_by_random_points", c->field->tested_at_random);
    put_optional(&j, "assumption", c->field->assumption);
    put_vanishing(&j);
    put_tensors(&j);
    if (c->n_values) {
        j.numbers = true;
        sn_json_begin_object(&j.out, "at");
        put_tensors(&j);
        sn_json_end(&j.out);
    }
    sn_json_end(&j.out);
    sn_status status = sn_json_finish(&j.out, &all);
    if (j.status != SN_OK) status = j.status;
    if (status == SN_OK && !(*text = sn_strndup(all.data, all.size))) status = sn_fail_memory("JSON");
    sn_json_out_free(&j.out);
    return status;
}

/* ---- Text and LaTeX ---- */

static const struct {
    sn_curvature_tensor tensor;
    const char *title, *symbol, *latex;
    const char *zero; /* said in place of its components */
} sections[] = {
    {SN_CURVATURE_METRIC, "Metric", "g", "g", ""},
    {SN_CURVATURE_INVERSE, "Inverse metric", "g^", "g", ""},
    {SN_CURVATURE_DETERMINANT, "Determinant", "det g", "\\det g", ""},
    {SN_CURVATURE_CHRISTOFFEL, "Christoffel symbols", "Gamma", "\\Gamma", "all are 0"},
    {SN_CURVATURE_RIEMANN, "Riemann tensor", "R", "R", "0: the metric is flat"},
    {SN_CURVATURE_RICCI, "Ricci tensor", "R", "R", "0: the metric is Ricci-flat"},
    {SN_CURVATURE_SCALAR, "Ricci scalar", "R", "R", ""},
    {SN_CURVATURE_WEYL, "Weyl tensor", "C", "C", "0"},
    {SN_CURVATURE_EINSTEIN, "Einstein tensor", "G", "G", "0"},
    {SN_CURVATURE_KRETSCHMANN, "Kretschmann scalar", "R_abcd R^abcd", "R_{abcd} R^{abcd}", ""},
};

typedef struct text_job {
    sn_curvature *c;
    sn_text_out out;
    sn_expr_style style;
    bool commas; /* between indices: some name has more than one letter */
} text_job;

static void put_indices(text_job *j, sn_curvature_tensor tensor, const int *index) {
    const bool latex = j->style == SN_EXPR_LATEX;
    int rank = sn_curvature_rank(tensor),
        upper = tensor == SN_CURVATURE_INVERSE ? 2 : tensor == SN_CURVATURE_CHRISTOFFEL;
    if (rank == 0) return;
    if (!latex && tensor == SN_CURVATURE_CHRISTOFFEL) sn_text_add(&j->out, "^");
    if (!latex && !upper) sn_text_add(&j->out, "_");
    for (int i = 0; i < rank; i++) {
        if (latex && (i == 0 || i == upper)) sn_text_add(&j->out, i < upper ? "^{" : i ? "}_{" : "_{");
        if (!latex && i == 1 && tensor == SN_CURVATURE_CHRISTOFFEL) sn_text_add(&j->out, "_");
        bool follows = i > 0 && !(i == upper && upper);
        if (follows) sn_text_add(&j->out, latex ? " " : j->commas ? "," : "");
        sn_expr_print_name(j->c->scope.names[index[i]], j->style, &j->out);
    }
    if (latex) sn_text_add(&j->out, "}");
}

enum { max_read = 400 }; /* terms that a reader of text may want */

static void put_component(text_job *j, int section, const int *index) {
    sn_curvature_tensor tensor = sections[section].tensor;
    bool latex = j->style == SN_EXPR_LATEX;
    sn_text_add(&j->out, "  ");
    sn_text_add(&j->out, latex ? sections[section].latex : sections[section].symbol);
    put_indices(j, tensor, index);
    sn_text_add(&j->out, latex ? " &= " : " = ");
    const sn_frac *x = kept(j->c, tensor, index);
    if (sn_curvature_is_too_large(j->c, tensor) && !sn_curvature_is_zero(j->c, tensor, index))
        sn_text_add(&j->out, latex ? "\\text{(too large)}" : "(too large to be written out)");
    else if (!latex && x->num.length + x->den.length > max_read)
        sn_text_addf(&j->out, "(%ld terms over %ld: --json writes them out)", x->num.length, x->den.length);
    else
        sn_frac_print(j->c->field, x, j->style, &j->out);
    if (j->c->n_values && !latex) sn_text_addf(&j->out, "   [%.12g]", sn_curvature_value(j->c, tensor, index));
    sn_text_add(&j->out, latex ? " \\\\\n" : "\n");
}

static void put_section(text_job *j, int section) {
    sn_curvature_tensor tensor = sections[section].tensor;
    bool latex = j->style == SN_EXPR_LATEX, all = sections[section].zero[0] == 0;
    int index[4];
    if (sn_curvature_vanishes(j->c, tensor) && !all) {
        sn_text_addf(&j->out, latex ? "%% %s: %s\n" : "%s: %s\n", sections[section].title, sections[section].zero);
        return;
    }
    sn_text_addf(&j->out, latex ? "%% %s\n\\begin{align*}\n" : "%s\n", sections[section].title);
    if (begin(j->c, tensor, index)) do {
            if (sn_curvature_rank(tensor) == 0 || !sn_curvature_is_zero(j->c, tensor, index))
                put_component(j, section, index);
        } while (sn_curvature_next(j->c->n, tensor, index) && !sn_field_failed(j->c->field));
    if (latex) sn_text_add(&j->out, "\\end{align*}\n");
}

static void put_notes(text_job *j) {
    const char *start = j->style == SN_EXPR_LATEX ? "% " : "";
    const sn_field *f = j->c->field;
    if (f->doubt)
        sn_text_addf(&j->out, "%sZero was also looked for at random points (%s); %lld components found zero so.\n",
                     start, f->doubt, (long long)f->tested_at_random);
    if (f->assumption) sn_text_addf(&j->out, "%sAssumed: %s.\n", start, f->assumption);
}

static sn_status write_text(sn_curvature *c, sn_expr_style style, char **text) {
    text_job j = {.c = c, .style = style};
    for (int i = 0; i < c->n; i++) j.commas = j.commas || strlen(c->scope.names[i]) > 1;
    for (int s = 0; s < (int)(sizeof sections / sizeof *sections); s++) put_section(&j, s);
    put_notes(&j);
    return sn_text_take(&j.out, text);
}

static sn_status report(sn_curvature *c, char **text) { return write_text(c, SN_EXPR_TEXT, text); }
static sn_status latex(sn_curvature *c, char **text) { return write_text(c, SN_EXPR_LATEX, text); }

/* ---- Guarded, and stopped where that is asked for ---- */

typedef struct writing {
    sn_curvature *c;
    sn_status (*write)(sn_curvature *c, char **text);
    char **text;
} writing;

static sn_status write_it(void *p) {
    const writing *w = p;
    return w->write(w->c, w->text);
}

static sn_status guarded(sn_curvature *c, sn_status (*write)(sn_curvature *c, char **text), char **text) {
    bool lost;
    sn_status status = sn_flint_guard(write_it, &(writing){c, write, text}, &lost);
    if (status != SN_OK || !sn_field_failed(c->field)) return status;
    sn_free(*text);
    return c->field->status;
}

sn_status sn_curvature_json(sn_curvature *c, char **text) { return guarded(c, json, text); }
sn_status sn_curvature_report(sn_curvature *c, char **text) { return guarded(c, report, text); }
sn_status sn_curvature_latex(sn_curvature *c, char **text) { return guarded(c, latex, text); }
sn_status sn_curvature_c_code(sn_curvature *c, char **text) { return guarded(c, sn_curvature_write_c, text); }

#else

static sn_status no_flint(void) { return sn_fail(SN_ERR_UNSUPPORTED, "curvature: this build has no FLINT"); }
sn_status sn_curvature_json(sn_curvature *c, char **text) { return (void)c, (void)text, no_flint(); }
sn_status sn_curvature_report(sn_curvature *c, char **text) { return (void)c, (void)text, no_flint(); }
sn_status sn_curvature_latex(sn_curvature *c, char **text) { return (void)c, (void)text, no_flint(); }
sn_status sn_curvature_c_code(sn_curvature *c, char **text) { return (void)c, (void)text, no_flint(); }

#endif
