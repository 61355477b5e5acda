/* Reverse-mode differentiation: each node's vjp appends more nodes of the same graph. */
#include "graph/graph.h"

#include "base/alloc.h"
#include "base/error.h"

typedef struct backward {
    sn_graph *g;
    int64_t n_values;   /* of the graph before any gradient node */
    bool *needed;       /* by value id: depends on a wrt */
    sn_value **adjoint; /* by value id: gradient so far, or NULL */
    sn_node **copies;   /* by node id: its copy, for segments that are computed again */
    const sn_grad_taker *taker;
    int64_t *first_reader; /* by value id: with a taker, the first node that reads this wrt; -1: other values */
    int *wrt_at;           /* by value id: the wrt's index */
    bool *taken;           /* by wrt: a part of its gradient has been handed out */
} backward;

static bool any_needed(const backward *b, const sn_node *n) {
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] && b->needed[n->in[i]->id]) return true;
    return false;
}

static void mark_needed(backward *b, sn_value *const *wrt, int n_wrt, int64_t n_nodes) {
    for (int i = 0; i < n_wrt; i++) b->needed[wrt[i]->id] = true;
    for (int64_t i = 0; i < n_nodes; i++) {
        sn_node *n = b->g->nodes[i];
        if (n->op->flags & SN_OP_CUT || !any_needed(b, n)) continue;
        for (int k = 0; k < n->op->n_out; k++)
            if (sn_dtype_is_float(n->out[k].tensor.dtype)) b->needed[n->out[k].id] = true;
    }
}

static void accumulate(backward *b, sn_value *v, sn_value *gradient) {
    sn_value **slot = &b->adjoint[v->id];
    if (!sn_same_shape(&v->tensor, &gradient->tensor) || v->tensor.dtype != gradient->tensor.dtype) {
        sn_graph_fail(b->g, SN_ERR_INTERNAL, "the gradient of a %s %s came out as %s %s",
                      sn_dtype_name(v->tensor.dtype), sn_shape_text(&v->tensor), sn_dtype_name(gradient->tensor.dtype),
                      sn_shape_text(&gradient->tensor));
        return;
    }
    *slot = *slot ? sn_add(b->g, *slot, gradient) : gradient;
}

/* ---- Gradients handed out as they are made ---- */

/* Finds the node after whose turn nothing can be added to a wrt's gradient any more. */
static void find_first_readers(backward *b, sn_value *const *wrt, int n_wrt, int64_t n_nodes) {
    for (int64_t i = 0; i < b->n_values; i++) b->first_reader[i] = -1;
    for (int i = 0; i < n_wrt; i++) b->wrt_at[wrt[i]->id] = i + 1;
    for (int64_t i = n_nodes - 1; i >= 0; i--)
        for (int k = 0; k < b->g->nodes[i]->n_in; k++) {
            const sn_value *v = b->g->nodes[i]->in[k];
            if (v && b->wrt_at[v->id]) b->first_reader[v->id] = i;
        }
}

/* Hands out what there is of v's gradient. */
static void hand_out(backward *b, const sn_value *v, sn_value *part, bool last) {
    int at = b->wrt_at[v->id] - 1;
    if (b->g->status != SN_OK) return;
    if (!part) part = sn_fill(b->g, v->tensor.dtype, v->tensor.n_dims, v->tensor.shape, 0);
    b->taker->take(b->taker->user, at, part, !b->taken[at], last);
    b->taken[at] = true;
    b->adjoint[v->id] = NULL;
}

/* After the turn of node n: the wrts that it is the first reader of are complete; of the others, what it added is
 * handed out where parts are wanted. */
static void hand_out_inputs(backward *b, const sn_node *n) {
    for (int k = 0; k < n->n_in; k++) {
        const sn_value *v = n->in[k];
        bool again = false;
        for (int j = 0; j < k; j++) again |= n->in[j] == v;
        if (!v || again || !b->wrt_at[v->id]) continue;
        bool last = b->first_reader[v->id] == n->id;
        if (last || (b->taker->parts && b->adjoint[v->id])) hand_out(b, v, b->adjoint[v->id], last);
    }
}

/* The value that a copied node reads for v: the copy's, where v is made inside the segment. State ops are not run
 * twice. */
static sn_value *copied_value(const backward *b, sn_value *v, int64_t segment) {
    if (!v || !v->node || v->node->segment != segment) return v;
    const sn_node *copy = b->copies[v->node->id];
    return copy ? &copy->out[v - v->node->out] : v;
}

static void copy_node(backward *b, const sn_node *n) {
    sn_value *in[SN_MAX_INPUTS];
    if (n->op->flags & SN_OP_STATE) return;
    for (int i = 0; i < n->n_in; i++) in[i] = copied_value(b, n->in[i], n->segment);
    sn_value *out = sn_node_append(b->g, n->op, in, n->n_in, ~0u, n->attr);
    if (out) b->copies[n->id] = out->node;
}

/* The node whose values the gradient of n reads: n itself, or its copy. A segment is copied as a whole when the
 * backward pass comes to its last node; what nobody reads of it, no plan runs. */
static const sn_node *node_to_read(backward *b, const sn_node *n) {
    if (!n->segment || !(b->g->recompute || n->recompute)) return n;
    int64_t first = n->id, last = n->id;
    if (!b->copies[n->id]) {
        while (first > 0 && b->g->nodes[first - 1]->segment == n->segment) first--;
        for (; first <= last && b->g->status == SN_OK; first++) copy_node(b, b->g->nodes[first]);
    }
    return b->copies[n->id] ? b->copies[n->id] : n;
}

/* What the gradient of a node reads for its input v: a copy made now where v is cheap to compute again, so that v need
 * not be kept from the forward pass. */
static sn_value *value_to_read(backward *b, sn_value *v) {
    if (!v || !v->node || !(v->node->op->flags & SN_OP_CHEAP) || v->id >= b->n_values) return v;
    if (!b->copies[v->node->id]) {
        const sn_node *n = v->node;
        sn_value *out = sn_node_append(b->g, n->op, n->in, n->n_in, ~0u, n->attr);
        if (out) b->copies[n->id] = out->node;
    }
    const sn_node *copy = b->copies[v->node->id];
    return copy ? &copy->out[v - v->node->out] : v;
}

static void run_vjp(backward *b, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in) {
    sn_value *in[SN_MAX_INPUTS];
    sn_node read = *n;
    for (int i = 0; i < n->n_in; i++) in[i] = value_to_read(b, n->in[i]);
    read.in = in;
    if (b->g->status == SN_OK) n->op->vjp(b->g, &read, grad_out, grad_in);
}

static void differentiate_node(backward *b, const sn_node *n) {
    sn_value *grad_out[SN_MAX_OUTPUTS] = {0}, *grad_in[SN_MAX_INPUTS] = {0};
    bool reached = false;
    for (int k = 0; k < n->op->n_out; k++) {
        grad_out[k] = b->adjoint[n->out[k].id];
        reached |= grad_out[k] != NULL;
    }
    if (!reached || !any_needed(b, n)) return;
    if (!n->op->vjp) {
        sn_graph_fail(b->g, SN_ERR_UNSUPPORTED, "%s has no gradient: %s", n->op->name, n->op->no_gradient);
        return;
    }
    const sn_node *read = node_to_read(b, n);
    if (b->g->status != SN_OK) return;
    run_vjp(b, read, grad_out, grad_in);
    for (int i = 0; i < n->n_in; i++)
        if (grad_in[i] && n->in[i] && b->needed[n->in[i]->id]) accumulate(b, n->in[i], grad_in[i]);
}

static void run_backward(backward *b, sn_value *loss, sn_value *const *wrt, int n, sn_value **grads) {
    int64_t n_nodes = loss->node ? loss->node->id + 1 : 0;
    mark_needed(b, wrt, n, n_nodes);
    b->adjoint[loss->id] = sn_fill(b->g, loss->tensor.dtype, loss->tensor.n_dims, loss->tensor.shape, 1);
    if (b->taker) find_first_readers(b, wrt, n, n_nodes);
    for (int64_t i = n_nodes - 1; i >= 0 && b->g->status == SN_OK; i--) {
        differentiate_node(b, b->g->nodes[i]);
        if (b->taker) hand_out_inputs(b, b->g->nodes[i]);
    }
    for (int i = 0; b->taker && i < n; i++)
        if (!b->taken[i]) hand_out(b, wrt[i], b->adjoint[wrt[i]->id], true); /* no node reads it */
    for (int i = 0; !b->taker && i < n && b->g->status == SN_OK; i++) {
        const sn_tensor *t = &wrt[i]->tensor;
        sn_value *found = b->adjoint[wrt[i]->id];
        grads[i] = found ? found : sn_fill(b->g, t->dtype, t->n_dims, t->shape, 0);
    }
}

static sn_status check_arguments(sn_graph *g, const sn_value *loss, sn_value *const *wrt, int n) {
    SN_TRY(sn_graph_status(g));
    if (!loss || loss->graph != g) return sn_fail(SN_ERR_ARGUMENT, "grad: the loss is not a value of this graph");
    if (sn_tensor_count(&loss->tensor) != 1 || !sn_dtype_is_float(loss->tensor.dtype))
        return sn_fail(SN_ERR_SHAPE, "grad: the loss must be one float, it is %s %s: reduce it with sn_mean_all",
                       sn_dtype_name(loss->tensor.dtype), sn_shape_text(&loss->tensor));
    for (int i = 0; i < n; i++)
        if (!wrt[i] || wrt[i]->graph != g || !sn_dtype_is_float(wrt[i]->tensor.dtype))
            return sn_fail(SN_ERR_ARGUMENT, "grad: value %d to differentiate by is not a float value of this graph", i);
    return SN_OK;
}

static bool allocate(backward *b, int n_wrt) {
    size_t n_values = (size_t)b->n_values;
    b->needed = sn_calloc(n_values, sizeof *b->needed);
    b->adjoint = sn_calloc(n_values, sizeof *b->adjoint);
    b->copies = sn_calloc((size_t)b->g->n_nodes, sizeof *b->copies);
    if (!b->needed || !b->adjoint || !b->copies) return false;
    if (!b->taker) return true;
    b->first_reader = sn_calloc(n_values, sizeof *b->first_reader);
    b->wrt_at = sn_calloc(n_values, sizeof *b->wrt_at);
    b->taken = sn_calloc((size_t)n_wrt, sizeof *b->taken);
    return b->first_reader && b->wrt_at && b->taken;
}

static sn_status differentiate(sn_graph *g, sn_value *loss, sn_value *const *wrt, int n, sn_value **grads,
                               const sn_grad_taker *taker) {
    SN_TRY(check_arguments(g, loss, wrt, n));
    backward b = {.g = g, .n_values = g->n_values, .taker = taker};
    if (allocate(&b, n))
        run_backward(&b, loss, wrt, n, grads);
    else
        sn_graph_fail(g, SN_ERR_MEMORY, "out of memory for a gradient");
    sn_free(b.needed);
    sn_free(b.adjoint);
    sn_free(b.copies);
    sn_free(b.first_reader);
    sn_free(b.wrt_at);
    sn_free(b.taken);
    return sn_graph_status(g);
}

sn_status sn_grad(sn_graph *g, sn_value *loss, sn_value *const *wrt, int n, sn_value **grads) {
    return differentiate(g, loss, wrt, n, grads, NULL);
}

sn_status sn_grad_each(sn_graph *g, sn_value *loss, sn_value *const *wrt, int n, const sn_grad_taker *taker) {
    for (int i = 0; i < n; i++)
        if (wrt[i] && wrt[i]->node) return sn_fail(SN_ERR_ARGUMENT, "grad: value %d is not an input or a param", i);
    return differentiate(g, loss, wrt, n, NULL, taker);
}
