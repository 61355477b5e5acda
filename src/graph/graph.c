#include "graph/graph.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

sn_status sn_graph_new(sn_graph **out) {
    sn_graph *g = sn_calloc(1, sizeof *g);
    if (!g) return sn_fail_memory("a graph");
    *out = g;
    return SN_OK;
}

void sn_graph_free(sn_graph *g) {
    if (!g) return;
    sn_arena_free(&g->arena);
    sn_free(g->nodes);
    sn_free(g);
}

sn_status sn_graph_status(const sn_graph *g) {
    if (g->status != SN_OK) return sn_fail(g->status, "%s", g->message);
    return SN_OK;
}

int64_t sn_graph_size(const sn_graph *g) { return g->n_nodes; }
int64_t sn_graph_next_id(sn_graph *g) { return g->n_ids++; }

static sn_value *keep_failure(sn_graph *g, sn_status status) {
    if (g->status == SN_OK) {
        g->status = status;
        snprintf(g->message, sizeof g->message, "%s", sn_last_error());
    }
    return NULL;
}

sn_value *sn_graph_fail(sn_graph *g, sn_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    sn_vfail(status, format, args);
    va_end(args);
    return keep_failure(g, status);
}

static sn_value *leaf(sn_graph *g, const char *name, const sn_tensor *tensor, bool is_param) {
    if (g->status != SN_OK) return NULL;
    sn_value *v = sn_arena_alloc(&g->arena, sizeof *v);
    char *copy = v ? sn_arena_strdup(&g->arena, name ? name : "") : NULL;
    if (!copy) return sn_graph_fail(g, SN_ERR_MEMORY, "out of memory for graph input \"%s\"", name ? name : "");
    *v = (sn_value){.graph = g, .id = g->n_values++, .tensor = *tensor, .name = copy, .is_param = is_param};
    return v;
}

sn_value *sn_input(sn_graph *g, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape) {
    int64_t bytes;
    sn_status status = sn_shape_bytes(dtype, n_dims, shape, &bytes);
    if (status != SN_OK) return keep_failure(g, status);
    sn_tensor t = sn_tensor_make(dtype, n_dims, shape, NULL);
    return leaf(g, name, &t, false);
}

sn_value *sn_param(sn_graph *g, const char *name, const sn_tensor *tensor) {
    if (!tensor->data && sn_tensor_count(tensor) > 0)
        return sn_graph_fail(g, SN_ERR_ARGUMENT, "param \"%s\" has no data", name ? name : "");
    return leaf(g, name, tensor, true);
}

const sn_tensor *sn_value_tensor(const sn_value *v) { return &v->tensor; }
const char *sn_value_name(const sn_value *v) { return v->name; }
sn_node *sn_value_node(const sn_value *v) { return v->node; }
sn_value *sn_node_in(const sn_node *n, int i) { return i < n->n_in ? n->in[i] : NULL; }
sn_value *sn_node_out(const sn_node *n, int i) { return &n->out[i]; }
int sn_node_n_in(const sn_node *n) { return n->n_in; }
const void *sn_node_attr(const sn_node *n) { return n->attr; }

/* The input whose memory v is: of a view the first one, of output k of a state op input k. NULL: v has its own. */
static sn_value *aliased_input(const sn_value *v) {
    const sn_node *n = v->node;
    if (!n) return NULL;
    if (n->op->flags & SN_OP_STATE) return n->in[v - n->out];
    return n->op->flags & SN_OP_VIEW && v == &n->out[0] ? n->in[0] : NULL;
}

sn_value *sn_value_root(sn_value *v) {
    for (sn_value *in; (in = aliased_input(v));) v = in;
    return v;
}

int64_t sn_value_root_offset(const sn_value *v) {
    int64_t offset = 0;
    for (const sn_value *in; (in = aliased_input(v)); v = in) {
        const sn_op_def *op = v->node->op;
        if (op->view_offset) offset += op->view_offset(v->node->attr, &in->tensor);
    }
    return offset;
}

static sn_status reserve_node(sn_graph *g) {
    if (g->n_nodes < g->nodes_capacity) return SN_OK;
    int64_t capacity = g->nodes_capacity ? 2 * g->nodes_capacity : 64;
    sn_node **nodes = sn_realloc(g->nodes, (size_t)capacity * sizeof *nodes);
    if (!nodes) return sn_fail_memory("a graph");
    g->nodes = nodes;
    g->nodes_capacity = capacity;
    return SN_OK;
}

/* All allocations of a node, before anything is linked. */
static sn_status node_new(sn_graph *g, const sn_op_def *op, sn_value *const *in, int n_in, const void *attr,
                          sn_node **out) {
    SN_TRY(reserve_node(g));
    sn_node *n = sn_arena_alloc(&g->arena, sizeof *n);
    sn_value **inputs = sn_arena_array(&g->arena, (size_t)n_in, sizeof *inputs);
    sn_value *outputs = sn_arena_array(&g->arena, (size_t)op->n_out, sizeof *outputs);
    void *copy = op->attr_size ? sn_arena_copy(&g->arena, attr, op->attr_size) : NULL;
    if (!n || !inputs || !outputs || (op->attr_size && !copy)) return sn_fail_memory("a graph node");
    for (int i = 0; i < n_in; i++) inputs[i] = in[i];
    *n = (sn_node){.op = op, .n_in = n_in, .in = inputs, .out = outputs, .attr = copy};
    *out = n;
    return SN_OK;
}

/* Fills the descriptors of the inputs; false with the reason recorded when a builder before failed. */
static bool describe_inputs(sn_graph *g, const sn_op_def *op, sn_value *const *in, int n_in, unsigned optional,
                            sn_tensor *tensors) {
    if (g->status != SN_OK) return false;
    if (n_in < op->min_in || n_in > op->max_in) {
        sn_graph_fail(g, SN_ERR_ARGUMENT, "%s: %d inputs, %d to %d are possible", op->name, n_in, op->min_in,
                      op->max_in);
        return false;
    }
    for (int i = 0; i < n_in; i++) {
        if (in[i] && in[i]->graph != g) {
            sn_graph_fail(g, SN_ERR_ARGUMENT, "%s: input %d belongs to another graph", op->name, i);
            return false;
        }
        if (!in[i] && !(optional >> i & 1)) {
            sn_graph_fail(g, SN_ERR_ARGUMENT, "%s: input %d is missing", op->name, i);
            return false;
        }
        tensors[i] = in[i] ? in[i]->tensor : (sn_tensor){.n_dims = -1};
        tensors[i].data = NULL;
    }
    return true;
}

sn_value *sn_node_append(sn_graph *g, const sn_op_def *op, sn_value *const *in, int n_in, unsigned optional,
                         const void *attr) {
    sn_tensor inputs[SN_MAX_INPUTS], outputs[SN_MAX_OUTPUTS] = {0};
    if (!describe_inputs(g, op, in, n_in, optional, inputs)) return NULL;
    sn_status status = op->infer(attr, inputs, n_in, outputs);
    if (status != SN_OK && strncmp(sn_last_error(), op->name, strlen(op->name)) != 0)
        sn_fail_in(status, "%s", op->name);
    if (status != SN_OK) return keep_failure(g, status);
    sn_node *n = NULL;
    status = node_new(g, op, in, n_in, attr, &n);
    if (status != SN_OK) return keep_failure(g, status);
    n->id = g->n_nodes;
    n->segment = g->segment_depth > 0 ? g->n_segments : 0;
    n->recompute = n->segment && g->segment_always;
    for (int i = 0; i < op->n_out; i++)
        n->out[i] = (sn_value){.graph = g, .node = n, .id = g->n_values++, .tensor = outputs[i], .name = ""};
    g->nodes[g->n_nodes++] = n;
    return &n->out[0];
}

void sn_segment_begin(sn_graph *g, bool always) {
    if (g->segment_depth++ > 0) return;
    g->n_segments++;
    g->segment_always = always;
}

void sn_segment_end(sn_graph *g) {
    if (g->segment_depth == 0)
        sn_graph_fail(g, SN_ERR_ARGUMENT, "a segment ends that was not begun");
    else
        g->segment_depth--;
}

void sn_graph_recompute(sn_graph *g, bool on) { g->recompute = on; }

typedef struct printer {
    char *buffer;
    size_t size, used;
} printer;

static void print_text(printer *p, const char *format, ...) SN_PRINTF(2, 3);
static void print_text(printer *p, const char *format, ...) {
    size_t room = p->used < p->size ? p->size - p->used : 0;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room ? p->buffer + p->used : NULL, room, format, args);
    va_end(args);
    if (n > 0) p->used += (size_t)n;
}

static void print_value(printer *p, const sn_value *v) {
    if (!v)
        print_text(p, " -");
    else if (v->node)
        print_text(p, " %%%lld", (long long)v->id);
    else
        print_text(p, " @%s", v->name);
}

size_t sn_graph_print(const sn_graph *g, char *buffer, size_t size) {
    printer p = {buffer, size, 0};
    for (int64_t i = 0; i < g->n_nodes; i++) {
        const sn_node *n = g->nodes[i];
        print_text(&p, "%%%lld = %s", (long long)n->out[0].id, n->op->name);
        for (int k = 0; k < n->n_in; k++) print_value(&p, n->in[k]);
        print_text(&p, " : %s %s\n", sn_dtype_name(n->out[0].tensor.dtype), sn_shape_text(&n->out[0].tensor));
    }
    return p.used;
}
