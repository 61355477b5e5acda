#include "graph/schedule.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdlib.h>

/* A node's slot is the id of the plain node it follows: its own for a plain node, an earlier one for a state op. */
typedef struct entry {
    const sn_node *node;
    int64_t slot;
} entry;

typedef struct scheduler {
    int64_t *slots;          /* by node id */
    int64_t *read, *written; /* by root's value id: the last slot that does so; -1: none */
    const sn_value **states; /* params that state ops write */
    int64_t n_states;
    entry *entries;
    int64_t n;
} scheduler;

static bool is_view(const sn_node *n) { return (n->op->flags & SN_OP_VIEW) != 0; }
static bool is_state(const sn_node *n) { return (n->op->flags & SN_OP_STATE) != 0; }

/* Two params may be views of the same memory. */
static bool overlap(const sn_value *a, const sn_value *b) {
    if (a == b || !a->is_param || !b->is_param) return a == b;
    uintptr_t from_a = (uintptr_t)a->tensor.data, from_b = (uintptr_t)b->tensor.data;
    return from_a < from_b + (uintptr_t)sn_tensor_bytes(&b->tensor) &&
           from_b < from_a + (uintptr_t)sn_tensor_bytes(&a->tensor);
}

typedef void (*touch_fn)(scheduler *s, int64_t id, int64_t *slot);

static void after_write(scheduler *s, int64_t id, int64_t *slot) { *slot = sn_max_i64(*slot, s->written[id]); }
static void after_all(scheduler *s, int64_t id, int64_t *slot) {
    *slot = sn_max_i64(*slot, sn_max_i64(s->written[id], s->read[id]));
}
static void note_read(scheduler *s, int64_t id, int64_t *slot) { s->read[id] = sn_max_i64(s->read[id], *slot); }
static void note_write(scheduler *s, int64_t id, int64_t *slot) { s->written[id] = sn_max_i64(s->written[id], *slot); }

/* Calls fn for everything that state ops write and root shares memory with. */
static void touch(scheduler *s, const sn_value *root, touch_fn fn, int64_t *slot) {
    if (!root->is_param) {
        fn(s, root->id, slot);
        return;
    }
    for (int64_t i = 0; i < s->n_states; i++)
        if (overlap(s->states[i], root)) fn(s, s->states[i]->id, slot);
}

/* The node that has to run before v can be read, or NULL. */
static const sn_node *producer(const sn_value *v) {
    while (v->node && is_view(v->node)) v = v->node->in[0];
    return v->node;
}

static int64_t slot_of_state(scheduler *s, const sn_node *n) {
    int64_t slot = -1;
    for (int k = 0; k < n->n_in; k++) {
        if (!n->in[k]) continue;
        const sn_node *before = producer(n->in[k]);
        if (before) slot = sn_max_i64(slot, s->slots[before->id]);
        touch(s, sn_value_root(n->in[k]), k < n->op->n_out ? after_all : after_write, &slot);
    }
    return slot;
}

static void add(scheduler *s, const sn_node *n) {
    int64_t slot = is_state(n) ? slot_of_state(s, n) : n->id;
    s->slots[n->id] = slot;
    for (int k = 0; k < n->n_in; k++)
        if (n->in[k])
            touch(s, sn_value_root(n->in[k]), is_state(n) && k < n->op->n_out ? note_write : note_read, &slot);
    s->entries[s->n++] = (entry){n, slot};
}

static int by_slot(const void *x, const void *y) {
    const entry *a = x, *b = y;
    if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
    bool a_state = is_state(a->node), b_state = is_state(b->node);
    if (a_state != b_state) return a_state ? 1 : -1;
    return a->node->id < b->node->id ? -1 : a->node->id > b->node->id;
}

static void find_states(scheduler *s, const sn_graph *g, const bool *wanted) {
    for (int64_t i = 0; i < g->n_nodes; i++) {
        const sn_node *n = g->nodes[i];
        if (!wanted[i] || !is_state(n)) continue;
        for (int k = 0; k < n->op->n_out; k++) {
            const sn_value *root = sn_value_root(&n->out[k]);
            bool known = !root->is_param;
            for (int64_t j = 0; j < s->n_states && !known; j++) known = s->states[j] == root;
            if (!known) s->states[s->n_states++] = root;
        }
    }
}

static sn_status allocate(scheduler *s, const sn_graph *g) {
    size_t n_nodes = (size_t)g->n_nodes, n_values = (size_t)g->n_values;
    s->slots = sn_calloc(n_nodes, sizeof *s->slots);
    s->read = sn_calloc(n_values, sizeof *s->read);
    s->written = sn_calloc(n_values, sizeof *s->written);
    s->states = sn_calloc(n_values, sizeof *s->states);
    s->entries = sn_calloc(n_nodes, sizeof *s->entries);
    if (!s->slots || !s->read || !s->written || !s->states || !s->entries) return sn_fail_memory("a plan");
    for (size_t i = 0; i < n_values; i++) s->read[i] = s->written[i] = -1;
    return SN_OK;
}

static void order_nodes(scheduler *s, const sn_graph *g, const bool *wanted) {
    find_states(s, g, wanted);
    for (int64_t i = 0; i < g->n_nodes; i++)
        if (wanted[i] && !is_view(g->nodes[i])) add(s, g->nodes[i]);
    qsort(s->entries, (size_t)s->n, sizeof *s->entries, by_slot);
}

sn_status sn_schedule(const sn_graph *g, const bool *wanted, const sn_node **order, int64_t *n) {
    scheduler s = {0};
    sn_status status = allocate(&s, g);
    if (status == SN_OK) {
        order_nodes(&s, g, wanted);
        for (int64_t i = 0; i < s.n; i++) order[i] = s.entries[i].node;
        *n = s.n;
    }
    sn_free(s.slots);
    sn_free(s.read);
    sn_free(s.written);
    sn_free(s.states);
    sn_free(s.entries);
    return status;
}
