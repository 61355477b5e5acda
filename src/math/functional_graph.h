/* Expressions as nodes of a graph, in f64. */
#ifndef SN_MATH_FUNCTIONAL_GRAPH_H
#define SN_MATH_FUNCTIONAL_GRAPH_H

#include "math/expr.h"
#include "suan/graph.h"

/* The first n_values names are values of the graph that broadcast, the others numbers (by name's index). */
typedef struct sn_expr_graph_names {
    sn_value *const *values;
    int n_values;
    const double *constants;
} sn_expr_graph_names;

/* Appends the expression, which has no unknown functions. A number becomes a scalar. NULL after the graph's failure. */
sn_value *sn_expr_graph(sn_graph *g, const sn_expr *e, const sn_expr_graph_names *names);

#endif
