/* See functional.h. */
#include "math/functional.h"

#include "base/alloc.h"
#include "math/functional_graph.h"

#include <string.h>

enum { D = SN_LAGRANGIAN_MAX_FUNCTIONS, MAX_OUTPUTS = 8 + 4 * D };

struct sn_functional {
    const sn_lagrangian *l;
    sn_mesh mesh; /* its arrays are the caller's */
    sn_graph *graph;
    sn_plan *value_plan, *slopes_plan, *terms_plan;
    sn_value *u, *multiplier, *point[3]; /* point: t, q, p where they are given */
    int first;                           /* output: of the terms */
    double multiplier_now;
    int32_t *index;       /* [n_elements (degree + 1)]: nodes of elements */
    double *step, *layer; /* n_elements: 2 / length; the layer's number */
    double *packed;       /* the terms, by point */
    sn_value *outputs[MAX_OUTPUTS];
    int n_outputs;
};

void sn_functional_free(sn_functional *f) {
    if (!f) return;
    sn_plan_free(f->value_plan);
    sn_plan_free(f->slopes_plan);
    sn_plan_free(f->terms_plan);
    sn_graph_free(f->graph);
    sn_free(f->index);
    sn_free(f->step);
    sn_free(f->layer);
    sn_free(f->packed);
    sn_free(f);
}

static sn_value *param(sn_functional *f, const char *name, int n_dims, const int64_t *shape, const void *data,
                       sn_dtype dtype) {
    sn_tensor t = sn_tensor_make(dtype, n_dims, shape, data);
    return sn_param(f->graph, name, &t);
}

typedef struct pieces {
    sn_value *t, *weight, *q, *p; /* [elements, points, 1] twice, [elements, points, d] twice */
    sn_value *layer;              /* [elements, 1, 1] or NULL */
} pieces;

static pieces interpolate(sn_functional *f) {
    sn_graph *g = f->graph;
    const sn_mesh *m = &f->mesh;
    int64_t e = m->n_elements, n = m->degree + 1, points = m->n_gauss, d = f->l->d;
    f->u = sn_input(g, "path", SN_F64, 2, (int64_t[]){m->n_nodes, d});
    f->multiplier = sn_input(g, "multiplier", SN_F64, 0, NULL);
    sn_value *index = param(f, "nodes", 1, (int64_t[]){e * n}, f->index, SN_I32);
    sn_value *value = param(f, "values", 2, (int64_t[]){points, n}, m->value, SN_F64);
    sn_value *slope = param(f, "slopes", 2, (int64_t[]){points, n}, m->slope, SN_F64);
    sn_value *step = param(f, "steps", 3, (int64_t[]){e, 1, 1}, f->step, SN_F64);
    sn_value *nodal = sn_reshape(g, sn_gather(g, f->u, index), 3, (int64_t[]){e, n, d});
    return (pieces){.t = param(f, "t", 3, (int64_t[]){e, points, 1}, m->t, SN_F64),
                    .weight = param(f, "weights", 3, (int64_t[]){e, points, 1}, m->weight, SN_F64),
                    .q = sn_matmul(g, value, nodal),
                    .p = sn_mul(g, sn_matmul(g, slope, nodal), step),
                    .layer = f->layer ? param(f, "layers", 3, (int64_t[]){e, 1, 1}, f->layer, SN_F64) : NULL};
}

static sn_value *density(sn_functional *f, const pieces *x, const sn_expr *e) {
    sn_graph *g = f->graph;
    int d = f->l->d, n = 1;
    sn_value *names[2 * D + 2] = {f->l->mirrored ? sn_neg(g, x->t) : x->t};
    for (int k = 0; k < d; k++) names[n++] = sn_slice(g, x->q, 2, k, k + 1);
    for (int k = 0; k < d; k++) names[n++] = sn_slice(g, x->p, 2, k, k + 1);
    if (x->layer) names[n++] = x->layer;
    return sn_expr_graph(g, e, &(sn_expr_graph_names){names, n, f->l->constants});
}

static void output(sn_functional *f, sn_value *v) { f->outputs[f->n_outputs++] = v; }

/* The second derivatives of `sum`, the unweighted sum of A over all points, by the points' own variables. */
static sn_status second_derivatives(sn_functional *f, const pieces *x, sn_value *sum) {
    sn_graph *g = f->graph;
    sn_value *first[2], *by[3] = {x->q, x->p, x->t}, *second[3];
    SN_TRY(sn_grad(g, sum, (sn_value *[]){x->q, x->p}, 2, first));
    output(f, first[0]);
    output(f, first[1]);
    for (int k = 0; k < f->l->d; k++) {
        SN_TRY(sn_grad(g, sn_sum_all(g, sn_slice(g, first[0], 2, k, k + 1)), by, 2, second));
        output(f, second[0]);
        output(f, second[1]);
        SN_TRY(sn_grad(g, sn_sum_all(g, sn_slice(g, first[1], 2, k, k + 1)), by, 3, second));
        output(f, second[1]);
        output(f, second[2]);
    }
    return SN_OK;
}

/* Outputs: J, K, dJ/du, dK/du, A_q, A_p, then for each k A_{q_k q}, A_{q_k p}, A_{p_k p}, A_{p_k t}. */
static sn_status build(sn_functional *f, const volatile int *cancel) {
    sn_graph *g = f->graph;
    pieces x = interpolate(f);
    const int64_t shape[3] = {f->mesh.n_elements, f->mesh.n_gauss, 1};
    bool bound = f->l->constraint != NULL;
    /* A number, or what depends on the layer alone, is one for all points. */
    sn_value *l = sn_broadcast(g, density(f, &x, f->l->density), 3, shape);
    sn_value *k = bound ? sn_broadcast(g, density(f, &x, f->l->constraint), 3, shape) : NULL;
    sn_value *a = bound ? sn_add(g, l, sn_mul(g, k, f->multiplier)) : l;
    output(f, sn_sum_all(g, sn_mul(g, x.weight, l)));
    output(f, bound ? sn_sum_all(g, sn_mul(g, x.weight, k)) : f->outputs[0]);
    SN_TRY(sn_graph_status(g));
    sn_value *gradient[2];
    for (int i = 0; i < 2; i++) {
        SN_TRY(sn_grad(g, f->outputs[i], &f->u, 1, &gradient[i]));
        output(f, gradient[i]);
    }
    SN_TRY(second_derivatives(f, &x, sn_sum_all(g, a)));
    SN_TRY(sn_graph_status(g));
    const sn_plan_options options = {.n_threads = 1, .cancel = cancel};
    SN_TRY(sn_plan_new(g, f->outputs, 2, &options, &f->value_plan));
    SN_TRY(sn_plan_new(g, f->outputs, 4, &options, &f->slopes_plan));
    return sn_plan_new(g, f->outputs, f->n_outputs, &options, &f->terms_plan);
}

static sn_status build_points(sn_functional *f, const volatile int *cancel) {
    sn_graph *g = f->graph;
    const int64_t n = f->mesh.n_points, d = f->l->d, one[3] = {1, n, 1}, all[3] = {1, n, d};
    f->point[0] = sn_input(g, "t", SN_F64, 3, one);
    f->point[1] = sn_input(g, "q", SN_F64, 3, all);
    f->point[2] = sn_input(g, "p", SN_F64, 3, all);
    const pieces x = {.t = f->point[0], .q = f->point[1], .p = f->point[2]};
    sn_value *l = sn_broadcast(g, density(f, &x, f->l->density), 3, one);
    SN_TRY(sn_graph_status(g));
    SN_TRY(second_derivatives(f, &x, sn_sum_all(g, l)));
    SN_TRY(sn_graph_status(g));
    const sn_plan_options options = {.n_threads = 1, .cancel = cancel};
    return sn_plan_new(g, f->outputs, f->n_outputs, &options, &f->terms_plan);
}

static sn_status reserve(sn_functional *f, const int *element_layer) {
    const sn_mesh *m = &f->mesh;
    size_t e = (size_t)m->n_elements, n = (size_t)m->degree + 1, d = (size_t)f->l->d;
    f->index = sn_alloc(e * n * sizeof *f->index);
    f->step = sn_alloc(e * sizeof *f->step);
    f->packed = sn_alloc((size_t)m->n_points * (3 * d + 3 * d * d) * sizeof *f->packed);
    if (f->l->layer) f->layer = sn_alloc(e * sizeof *f->layer);
    if (!f->index || !f->step || !f->packed || (f->l->layer && !f->layer)) return sn_fail_memory("a functional");
    for (size_t i = 0; i < e; i++) {
        for (size_t j = 0; j < n; j++) f->index[i * n + j] = (int32_t)(i * (n - 1) + j);
        f->step[i] = 2 / (m->cut[i + 1] - m->cut[i]);
        if (f->layer) f->layer[i] = f->l->layer[element_layer[i]];
    }
    return SN_OK;
}

sn_status sn_functional_new(const sn_lagrangian *l, const sn_mesh *mesh, const int *element_layer,
                            const volatile int *cancel, sn_functional **out) {
    sn_functional *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a functional");
    f->l = l, f->mesh = *mesh, f->first = 4;
    sn_status status = reserve(f, element_layer);
    if (status == SN_OK) status = sn_graph_new(&f->graph);
    if (status == SN_OK) status = build(f, cancel);
    if (status == SN_OK) {
        *out = f;
        return SN_OK;
    }
    sn_functional_free(f);
    return status;
}

sn_status sn_functional_points_new(const sn_lagrangian *l, int64_t n, const volatile int *cancel, sn_functional **out) {
    sn_functional *f = sn_calloc(1, sizeof *f);
    size_t d = (size_t)l->d;
    if (!f) return sn_fail_memory("a functional");
    f->l = l, f->mesh.n_points = n;
    f->packed = sn_alloc((size_t)n * (3 * d + 3 * d * d) * sizeof *f->packed);
    sn_status status = f->packed ? sn_graph_new(&f->graph) : sn_fail_memory("a functional");
    if (status == SN_OK) status = build_points(f, cancel);
    if (status == SN_OK) {
        *out = f;
        return SN_OK;
    }
    sn_functional_free(f);
    return status;
}

int64_t sn_lagrangian_work(const sn_lagrangian *l, int64_t n) {
    int64_t size = l->density->size + (l->constraint ? l->constraint->size : 0);
    return (n + 60) * (1 + 2 * l->d) * (size + 8 + 4 * l->d * l->d); /* 60: what an op costs by itself */
}

static sn_status run(sn_functional *f, sn_plan *plan, const double *u, double multiplier) {
    f->multiplier_now = multiplier;
    SN_TRY(sn_plan_bind(plan, f->u, u));
    SN_TRY(sn_plan_bind(plan, f->multiplier, &f->multiplier_now));
    return sn_plan_run(plan);
}

static sn_status fetch(const sn_plan *plan, int i, const double **out) {
    sn_tensor t;
    SN_TRY(sn_plan_output(plan, i, &t));
    *out = t.data;
    return sn_tensor_is_contiguous(&t) ? SN_OK : sn_fail(SN_ERR_INTERNAL, "an output has gaps");
}

sn_status sn_functional_value(sn_functional *f, const double *u, double *j, double *k) {
    const double *a, *b;
    SN_TRY(run(f, f->value_plan, u, 0));
    SN_TRY(fetch(f->value_plan, 0, &a));
    SN_TRY(fetch(f->value_plan, 1, &b));
    *j = *a, *k = *b;
    return SN_OK;
}

/* Second derivatives come out as [k][points][d] and are wanted as [points][k][d]. */
static sn_status pack(sn_functional *f, int first, int stride, int width, double *to) {
    int d = f->l->d;
    for (int k = 0; k < d; k++) {
        const double *from;
        SN_TRY(fetch(f->terms_plan, first + k * stride, &from));
        for (int64_t i = 0; i < f->mesh.n_points; i++)
            memcpy(to + (i * d + k) * width, from + i * width, (size_t)width * sizeof *to);
    }
    return SN_OK;
}

/* The first four outputs of a plan. */
static sn_status fetch_slopes(const sn_functional *f, const sn_plan *plan, sn_functional_terms *out) {
    const double *j, *k;
    SN_TRY(fetch(plan, 0, &j));
    SN_TRY(fetch(plan, 1, &k));
    SN_TRY(fetch(plan, 2, &out->gradient_j));
    SN_TRY(fetch(plan, 3, &out->gradient_k));
    if (!f->l->constraint) out->gradient_k = NULL;
    out->j = *j, out->k = *k;
    return SN_OK;
}

sn_status sn_functional_slopes_at(sn_functional *f, const double *u, sn_functional_terms *out) {
    *out = (sn_functional_terms){0};
    SN_TRY(run(f, f->slopes_plan, u, 0));
    return fetch_slopes(f, f->slopes_plan, out);
}

static sn_status fetch_terms(sn_functional *f, sn_functional_terms *out) {
    int d = f->l->d, first = f->first;
    int64_t n = f->mesh.n_points;
    double *qq = f->packed, *qp = qq + n * d * d, *pp = qp + n * d * d, *pt = pp + n * d * d;
    out->a_qq = qq, out->a_qp = qp, out->a_pp = pp, out->a_pt = pt;
    SN_TRY(fetch(f->terms_plan, first, &out->a_q));
    SN_TRY(fetch(f->terms_plan, first + 1, &out->a_p));
    SN_TRY(pack(f, first + 2, 4, d, qq));
    SN_TRY(pack(f, first + 3, 4, d, qp));
    SN_TRY(pack(f, first + 4, 4, d, pp));
    return pack(f, first + 5, 4, 1, pt);
}

sn_status sn_functional_terms_at(sn_functional *f, const double *u, double multiplier, sn_functional_terms *out) {
    *out = (sn_functional_terms){0};
    SN_TRY(run(f, f->terms_plan, u, multiplier));
    SN_TRY(fetch_slopes(f, f->terms_plan, out));
    return fetch_terms(f, out);
}

sn_status sn_functional_points_at(sn_functional *f, const double *t, const double *q, const double *p,
                                  sn_functional_terms *out) {
    const double *const given[3] = {t, q, p};
    *out = (sn_functional_terms){0};
    for (int i = 0; i < 3; i++) SN_TRY(sn_plan_bind(f->terms_plan, f->point[i], given[i]));
    SN_TRY(sn_plan_run(f->terms_plan));
    return fetch_terms(f, out);
}
