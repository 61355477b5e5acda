/* The graph's own structures, for src/graph only. Everything lives in the graph's arena. */
#ifndef SN_GRAPH_GRAPH_H
#define SN_GRAPH_GRAPH_H

#include "base/arena.h"
#include "graph/op.h"

struct sn_value {
    sn_graph *graph;
    sn_node *node;    /* NULL: an input or a param (a leaf) */
    int64_t id;       /* index among all values of the graph */
    sn_tensor tensor; /* data set for a param only */
    const char *name;
    bool is_param;
};

struct sn_node {
    const sn_op_def *op;
    int64_t id;
    int n_in;
    sn_value **in; /* NULL entries: absent optional inputs */
    sn_value *out; /* op->n_out of them */
    const void *attr;
    int64_t segment; /* 0: none */
    bool recompute;  /* its segment is computed again in any case */
};

struct sn_graph {
    sn_arena arena;
    sn_node **nodes; /* in creation order, which is an order of execution */
    int64_t n_nodes, nodes_capacity;
    int64_t n_values, n_ids;
    int64_t n_segments;
    int segment_depth;
    bool segment_always, recompute;
    sn_status status; /* of the first failed builder */
    char message[512];
};

/* The value whose memory v lives in: v itself, or what it is a view or an updated state of. */
sn_value *sn_value_root(sn_value *v);
/* Byte offset of v in its root. */
int64_t sn_value_root_offset(const sn_value *v);

#endif
