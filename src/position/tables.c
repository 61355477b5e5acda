/* Plain RoPE as a position value, and the cos/sin tables that attention and the key cache read. */
#include "suan/position.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

sn_status sn_position_rope(int d_head, int n_rot, double base, sn_pair_layout layout, sn_position *out) {
    if (d_head < 1) return sn_fail(SN_ERR_ARGUMENT, "rope: head size %d: it is at least 1", d_head);
    if (n_rot < 0 || n_rot % 2 || n_rot > d_head || n_rot > 2 * SN_MAX_PLANES)
        return sn_fail(SN_ERR_ARGUMENT, "rope: %d rotated components: an even number up to the head size %d and %d",
                       n_rot, d_head, 2 * SN_MAX_PLANES);
    if (!(base > 0) || isinf(base)) return sn_fail(SN_ERR_ARGUMENT, "rope: base %g: it is positive and finite", base);
    const sn_pos_map plain = {.scale = 1, .clamp = INFINITY};
    *out = (sn_position){.layout = layout, .n_planes = n_rot / 2, .gain = 1, .n_pieces = 1};
    for (int m = 0; m < out->n_planes; m++) out->frequency[m] = pow(base, -2.0 * m / n_rot);
    out->piece[0] = (sn_piece){.r_min = 0, .r_max = SN_NO_LIMIT, .key_max = SN_NO_LIMIT, .query = plain, .key = plain};
    out->mask = (sn_mask){.causal = true, .window = SN_NO_LIMIT};
    out->scale = (sn_logit_scale){.constant = 1 / sqrt(d_head)};
    return SN_OK;
}

/* One row of cos/sin pairs to fill: a rotation by `position` times `gain`. */
typedef struct target {
    char *row;
    double position, gain;
} target;

enum { MAX_TARGETS = 2 * SN_MAX_PIECES + 1 };

static void put(sn_dtype dtype, char *row, int m, double cosine, double sine) {
    if (dtype == SN_F64)
        ((double *)(void *)row)[2 * m] = cosine, ((double *)(void *)row)[2 * m + 1] = sine;
    else
        ((float *)(void *)row)[2 * m] = (float)cosine, ((float *)(void *)row)[2 * m + 1] = (float)sine;
}

static void compute_row(const sn_position *p, sn_dtype dtype, const target *t) {
    if (t->position == 0) {
        for (int m = 0; m < p->n_planes; m++) put(dtype, t->row, m, t->gain, 0);
        return;
    }
    for (int m = 0; m < p->n_planes; m++) {
        double angle = t->position * p->frequency[m];
        put(dtype, t->row, m, t->gain * cos(angle), t->gain * sin(angle));
    }
}

/* The rows of position i, all tables together. */
static int targets_at(const sn_position *p, int64_t i, int64_t n_positions, size_t row_size, char *query, char *key,
                      char *canonical, target *out) {
    int n = 0;
    double held = sn_pos_map_at(&p->piece[p->n_pieces - 1].key, i);
    if (canonical) out[n++] = (target){canonical + (size_t)i * row_size, held, p->gain};
    for (int c = 0; c < p->n_pieces; c++) {
        size_t row = (size_t)(c * n_positions + i) * row_size;
        if (query) out[n++] = (target){query + row, sn_pos_map_at(&p->piece[c].query, i), p->gain};
        if (key) out[n++] = (target){key + row, sn_pos_map_at(&p->piece[c].key, i) - held, 1};
    }
    return n;
}

/* An equal row that is already there: of the same table one position earlier, or of a table before it. */
static const char *equal_row(const target *now, const target *before, int t) {
    if (before && before[t].position == now[t].position) return before[t].row;
    for (int s = 0; s < t; s++)
        if (now[s].position == now[t].position && now[s].gain == now[t].gain) return now[s].row;
    return NULL;
}

void sn_position_tables(const sn_position *p, sn_dtype dtype, int64_t n_positions, int64_t from, int64_t to,
                        void *query, void *key, void *canonical) {
    size_t row_size = (size_t)p->n_planes * 2 * (dtype == SN_F64 ? sizeof(double) : sizeof(float));
    target rows[2][MAX_TARGETS];
    for (int64_t i = from; i < to; i++) {
        target *now = rows[i & 1], *before = i > from ? rows[(i - 1) & 1] : NULL;
        int n = targets_at(p, i, n_positions, row_size, query, key, canonical, now);
        for (int t = 0; t < n; t++) {
            const char *same = equal_row(now, before, t);
            if (same)
                memcpy(now[t].row, same, row_size);
            else
                compute_row(p, dtype, &now[t]);
        }
    }
}
