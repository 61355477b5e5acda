/* What an op file provides, and what it may use. See docs/ARCHITECTURE.md, "Adding an op".
 *
 * An op file is compiled twice: with SN_REAL_F64 for the f64 reference alone, and without it for
 * everything else. It has, in order: the formula and its source; the attributes; `infer`; the reference
 * `forward` over `real`, closed by SN_OP_FORWARD(name); then under SN_OP_MAIN the vjp, the cost, the test
 * cases, the builder and the one exported sn_op_<name>. */
#ifndef SN_GRAPH_OP_H
#define SN_GRAPH_OP_H

#include "kernel/attr.h"
#include "kernel/kernel.h"
#include "suan/graph.h"

#ifdef SN_REAL_F64
typedef double real;
#define SN_REAL_DTYPE SN_F64
#define SN_OP_MAIN 0
#define SN_OP_FORWARD(name)                                                                                            \
    void sn_forward_f64_##name(const sn_call *c) { forward(c); }
#else
typedef float real;
#define SN_REAL_DTYPE SN_F32
#define SN_OP_MAIN 1
#define SN_OP_FORWARD(name)                                                                                            \
    void sn_forward_f64_##name(const sn_call *c);                                                                      \
    static void sn_forward_f32_##name(const sn_call *c) { forward(c); }
#endif

typedef struct sn_node sn_node;

typedef struct sn_cost {
    double flops, bytes;
} sn_cost;

enum {
    SN_OP_VIEW = 1,     /* out[0] is a view of in[0]: no kernel runs; infer sets strides, `view_offset` the start */
    SN_OP_STATE = 2,    /* writes into its first n_out inputs in place; out[k] is in[k] afterwards. No two of them
                           overlap, none is a view, and an optional one must not be absent */
    SN_OP_CUT = 8,      /* by definition no gradient flows through it: sn_grad takes its outputs as constants */
    SN_OP_INPLACE0 = 4, /* out[0] may overwrite in[0] when shapes and dtypes are equal */
    SN_OP_CHEAP = 16    /* computed again where a gradient reads its result, instead of keeping that: one pass over
                           inputs that its own gradient keeps anyway */
};

/* One test case: the inputs' shapes and values, the attribute. The driver (tests/op/op_table_test.c) runs each
 * as it stands and again with its inputs as transposed and sliced views. Keep a case below ~300 elements:
 * the gradient check evaluates the forward several times per element. */
typedef struct sn_op_case {
    int n_in;
    struct {
        int n_dims; /* -1: optional input left out */
        int64_t shape[SN_MAX_DIMS];
        sn_dtype dtype;       /* SN_F32 entries become f64 in the gradient check; block dtypes are quantized from f32 */
        double low, high;     /* uniform values; for i32 inputs, integers in [low, high) */
        const double *values; /* not NULL: these values in row-major order (index tables) instead of random ones */
    } in[SN_MAX_INPUTS];
    const void *attr; /* NULL where the op has no attributes */
} sn_op_case;

/* Entries of `in` above: SN_CASE_F32(-1, 1, 2, 3, 5) is a [3, 5] tensor uniform in [-1, 1]; a scalar is
 * SN_CASE_F32(-1, 1, 0, 0). */
#define SN_CASE_IN(dtype_, low_, high_, n_dims_, ...)                                                                  \
    { .n_dims = (n_dims_), .shape = {__VA_ARGS__}, .dtype = (dtype_), .low = (low_), .high = (high_) }
#define SN_CASE_F32(low_, high_, n_dims_, ...) SN_CASE_IN(SN_F32, low_, high_, n_dims_, __VA_ARGS__)
#define SN_CASE_I32(low_, high_, n_dims_, ...) SN_CASE_IN(SN_I32, low_, high_, n_dims_, __VA_ARGS__)
#define SN_CASE_ABSENT                                                                                                 \
    { .n_dims = -1 }
#define SN_COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

typedef struct sn_op_def {
    const char *name, *formula, *source; /* one line each; source "" where it is common knowledge */
    int min_in, max_in, n_out;
    size_t attr_size;
    unsigned flags;
    /* The only place where shapes are checked. in[] has data NULL; an absent input has n_dims -1. Sets dtype,
     * shape and contiguous strides of out[] (sn_infer_out). Errors are SN_ERR_SHAPE with a sentence. */
    sn_status (*infer)(const void *attr, const sn_tensor *in, int n_in, sn_tensor *out);
    int64_t (*view_offset)(const void *attr, const sn_tensor *in); /* bytes; NULL: 0 */
    sn_run_fn forward_f32, forward_f64;
    /* grad_out[i] is NULL where output i has no gradient. Sets grad_in[i] for inputs that have one. Uses builders. */
    void (*vjp)(sn_graph *g, const sn_node *n, sn_value *const *grad_out, sn_value **grad_in);
    /* Why there is no vjp; exactly one of the two is set. sn_grad fails with this reason where a gradient would have
     * to pass, unless SN_OP_CUT is set. A piecewise constant op has a vjp that sets nothing. */
    const char *no_gradient;
    sn_cost (*cost)(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out);
    const sn_op_case *cases;
    int n_cases;
    /* Inputs `infer` must refuse with SN_ERR_SHAPE. Optional where a wrong dtype or rank of a case is refused. */
    const sn_op_case *bad_cases;
    int n_bad_cases;
    /* A larger case of random ragged shape, the same for the same seed: every tuned kernel that applies to it is
     * compared with the reference. `out` comes zeroed; dtypes, ranges and an attribute that are left so are those of
     * the first case. NULL: kernels meet the cases only. */
    void (*random_case)(uint64_t seed, sn_op_case *out);
    /* Shapes that `suan bench ops` times, large enough to say something. None: the op is left out of the bench. */
    const sn_op_case *bench_cases;
    int n_bench_cases;
    double tolerance;   /* relative, of a tuned f32 kernel against the reference; 0: 1e-5 */
    unsigned grad_mask; /* inputs the gradient check may differentiate; 0: all of float dtype */
} sn_op_def;

/* All ops, made by the build from src/op/ *.c; sorted by name, ends with NULL. */
extern const sn_op_def *const sn_op_table[];

/* ---- for builders and vjp ---- */

/* Appends a node; NULL inputs (optional ones) are allowed where `optional` has their bit set. attr is copied.
 * Gives the first output, or NULL after recording the failure. */
sn_value *sn_node_append(sn_graph *g, const sn_op_def *op, sn_value *const *in, int n_in, unsigned optional,
                         const void *attr);
sn_value *sn_node_in(const sn_node *n, int i); /* NULL for an absent optional input */
sn_value *sn_node_out(const sn_node *n, int i);
int sn_node_n_in(const sn_node *n);
const void *sn_node_attr(const sn_node *n);
sn_node *sn_value_node(const sn_value *v); /* NULL for inputs and params */
/* A builder's own failure: recorded in the graph, gives NULL. */
sn_value *sn_graph_fail(sn_graph *g, sn_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Takes gradients while the backward pass is made: what it appends comes before the nodes of earlier layers, so that a
 * plan can run it, and let the gradient go, before the next one is there. */
typedef struct sn_grad_taker {
    /* Called for wrt[i], in the order of the backward pass: once, or where `parts` is set for each part of its gradient
     * (one for each node that reads wrt[i]; the gradient is their sum). first, last: of the parts of i. */
    void (*take)(void *user, int i, sn_value *gradient, bool first, bool last);
    void *user;
    bool parts;
} sn_grad_taker;
/* sn_grad for inputs and params, whose gradients are given to a taker. Failures of the taker are the graph's. */
sn_status sn_grad_each(sn_graph *g, sn_value *loss, sn_value *const *wrt, int n, const sn_grad_taker *taker);
/* A number unique in the graph: streams of random ops. */
int64_t sn_graph_next_id(sn_graph *g);

/* ---- for infer ---- */

sn_status sn_infer_out(sn_tensor *out, sn_dtype dtype, int n_dims, const int64_t *shape);
sn_status sn_infer_like(sn_tensor *out, const sn_tensor *like);
/* NumPy broadcasting of two shapes into out (dtype of a; both dtypes must be equal). */
sn_status sn_infer_broadcast(const char *op, const sn_tensor *a, const sn_tensor *b, sn_tensor *out);
/* "[2, 3, 4]" in a small rotating thread-local buffer, for messages. */
const char *sn_shape_text(const sn_tensor *t);
bool sn_same_shape(const sn_tensor *a, const sn_tensor *b);

/* ---- for reference kernels: strided access by flat row-major index ---- */

static inline int64_t sn_offset(const sn_tensor *t, int64_t flat) {
    int64_t offset = 0;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        offset += flat % t->shape[d] * t->stride[d];
        flat /= t->shape[d];
    }
    return offset;
}
/* Address of element `flat` of the broadcast of t to `shape` (n_dims dims). */
static inline const void *sn_broadcast_at(const sn_tensor *t, int n_dims, const int64_t *shape, int64_t flat) {
    int64_t offset = 0;
    for (int d = n_dims - 1, e = t->n_dims - 1; d >= 0; d--, e--) {
        int64_t index = flat % shape[d];
        flat /= shape[d];
        if (e >= 0 && t->shape[e] != 1) offset += index * t->stride[e];
    }
    return (const char *)t->data + offset;
}
static inline real *sn_real_at(const sn_tensor *t, int64_t flat) {
    return (real *)((char *)t->data + sn_offset(t, flat));
}
static inline int32_t sn_i32_at(const sn_tensor *t, int64_t flat) {
    return *(const int32_t *)((const char *)t->data + sn_offset(t, flat));
}

#endif
