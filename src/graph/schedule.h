/* The order in which the nodes of a plan run. For src/graph only. */
#ifndef SN_GRAPH_SCHEDULE_H
#define SN_GRAPH_SCHEDULE_H

#include "graph/graph.h"

/* Fills order[] with the nodes that `wanted` marks (by node id), views left out, and gives their number. Nodes run in
 * the order they were made, but a state op runs as soon as its inputs are there and everything made before it that
 * reads or writes the memory it writes has run: so a gradient dies with the update it is for. What was made after
 * a state op sees its effect. */
sn_status sn_schedule(const sn_graph *g, const bool *wanted, const sn_node **order, int64_t *n);

#endif
