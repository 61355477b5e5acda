/* Short caches for windowed layers. */
#include "generate/session.h"

#include "base/error.h"
#include "base/size.h"
#include "kernel/attention.h"

#include <string.h>

void sn_near_configure(sn_session *s) {
    int64_t window = 0;
    for (int kind = 1; kind < SN_MAX_LAYER_KINDS; kind += 2) {
        const sn_mask *mask = &s->kinds[kind].position.mask;
        if (!s->kinds[kind].used) continue;
        if (mask->sinks > 0 || mask->window >= s->capacity) return;
        window = sn_max_i64(window, mask->window);
    }
    if (window == 0) return;
    /* At least a quarter of the window between two moves, so that they cost little. */
    int64_t room = sn_max_i64(s->chunk, window / 4);
    int64_t capacity = sn_round_up(window + SN_ATTENTION_ALIGN + room, SN_ATTENTION_ALIGN);
    if (capacity >= s->capacity) return;
    s->near.window = window;
    s->near.capacity = capacity;
}

sn_status sn_near_allocate(sn_session *s) {
    sn_session_near *n = &s->near;
    size_t rows = (size_t)s->max_rows, sequences = (size_t)s->n_sequences;
    n->slots = sn_arena_array(&s->arena, rows, sizeof *n->slots);
    n->sequences = sn_arena_array(&s->arena, sequences, 4 * sizeof *n->sequences);
    n->origins = sn_arena_array(&s->arena, sequences, sizeof *n->origins);
    if (!n->slots || !n->sequences || !n->origins) return sn_fail_memory("a session");
    if (n->window == 0) return SN_OK;
    n->history = sn_arena_array(&s->arena, sequences * (size_t)s->capacity, sizeof *n->history);
    return n->history ? SN_OK : sn_fail_memory("a session");
}

static int64_t first_key(const sn_session *s, int64_t position) {
    const sn_position p = {.mask = {.causal = true, .window = s->near.window}};
    return sn_attention_first_key(&p, position);
}

static void move_rows(const sn_tensor *cache, int64_t to, int64_t from, int64_t n) {
    char *data = cache->data;
    memmove(data + to * cache->stride[0], data + from * cache->stride[0], (size_t)(n * cache->stride[0]));
}

void sn_near_slide(sn_session *s, int seq, int64_t rows) {
    sn_session_near *n = &s->near;
    int64_t length = s->lengths[seq], origin = n->origins[seq];
    if (n->window == 0 || length + rows - origin <= n->capacity) return;
    int64_t first = first_key(s, length), base = seq * n->capacity;
    for (int64_t layer = 0; layer < s->model->config.n_layers; layer++) {
        if (!s->model->config.layer_windowed[layer]) continue;
        move_rows(&s->keys[layer], base, base + first - origin, length - first);
        move_rows(&s->values[layer], base, base + first - origin, length - first);
    }
    n->origins[seq] = first;
}

void sn_near_place_row(sn_session *s, int64_t row, int seq, int64_t position, int32_t token) {
    sn_session_near *n = &s->near;
    if (n->window == 0) return;
    n->slots[row] = (int32_t)(seq * n->capacity + position - n->origins[seq]);
    n->history[seq * s->capacity + position] = token;
}

void sn_near_place_sequence(sn_session *s, int entry, int seq) {
    int32_t *e = s->near.sequences + 4 * entry;
    if (s->near.window == 0) return;
    memcpy(e, s->sequences + 4 * entry, 3 * sizeof *e);
    e[3] = (int32_t)(seq * s->near.capacity - s->near.origins[seq]);
}

bool sn_near_holds(const sn_session *s, int seq, int64_t length) {
    return s->near.window == 0 || first_key(s, length) >= s->near.origins[seq];
}
