/* Which keys of a tile the queries of a block see, and in which piece. Queries are lanes: lane = position in
 * the block * group + head in the group. Plain C, shared by the tiled kernels. */
#ifndef SN_KERNEL_ATTENTION_TILE_H
#define SN_KERNEL_ATTENTION_TILE_H

#include "kernel/attention.h"

#include <string.h>

/* A block of neighbouring query positions, each with its segments and the first that is not left of the tile. */
typedef struct block_cuts {
    int64_t n, group;
    sn_segment *segments; /* [n][SN_MAX_SEGMENTS] */
    int32_t *cursor;      /* [n] */
    double *scale;        /* [n]: of the logits */
    int64_t first, last;  /* keys outside [first, last) are seen by none */
    unsigned pieces;      /* bit n: piece n is used */
} block_cuts;

static inline void block_cuts_make(block_cuts *b, const sn_position *p, int64_t i, int64_t n_keys) {
    b->first = n_keys, b->last = 0, b->pieces = 0;
    for (int64_t r = 0; r < b->n; r++) {
        sn_segment *s = b->segments + r * SN_MAX_SEGMENTS;
        int n = sn_attention_segments(p, i + r, n_keys, s);
        b->cursor[r] = 0;
        b->scale[r] = sn_position_scale(p, i + r);
        for (int64_t k = 0, from = 0; k < n; from = s[k++].to) {
            if (s[k].piece < 0) continue;
            b->pieces |= 1u << s[k].piece;
            if (from < b->first) b->first = from;
            if (s[k].to > b->last) b->last = s[k].to;
        }
    }
}

/* What a strip of lanes sees of the keys [j, j + n): keys [from, to) of the tile, in `pieces`. whole: all of
 * these lanes see all of [from, to), in one piece. */
typedef struct tile_cut {
    unsigned pieces;
    int from, to;
    bool whole;
} tile_cut;

static inline int64_t lane_position(const block_cuts *b, int64_t lane) {
    int64_t r = lane / b->group;
    return r < b->n ? r : b->n - 1;
}

/* Tiles must be visited from left to right. */
static inline tile_cut tile_cut_make(const block_cuts *b, int64_t lane, int n_lanes, int64_t j, int n) {
    tile_cut cut = {0, n, 0, true};
    int64_t last = lane_position(b, lane + n_lanes - 1);
    for (int64_t r = lane_position(b, lane); r <= last; r++) {
        const sn_segment *s = b->segments + r * SN_MAX_SEGMENTS;
        int32_t k = b->cursor[r];
        while (s[k].to <= j) k++;
        b->cursor[r] = k;
        for (int at = 0; at < n; k++) {
            int end = s[k].to - j < n ? (int)(s[k].to - j) : n;
            if (at > 0 || end < n || s[k].piece < 0) cut.whole = false;
            if (s[k].piece >= 0) {
                cut.pieces |= 1u << s[k].piece;
                if (at < cut.from) cut.from = at;
                if (end > cut.to) cut.to = end;
            }
            at = end;
        }
    }
    if (cut.pieces & (cut.pieces - 1)) cut.whole = false;
    return cut;
}

/* Per lane the stretches [from[k * n_lanes + l], to[...]) of the tile that meet in `piece`; empty ones fill up.
 * Gives how many k there are. */
static inline int tile_spans(const block_cuts *b, int64_t lane, int n_lanes, int64_t j, int n, int piece, int32_t *from,
                             int32_t *to) {
    int n_spans = 0;
    for (int l = 0; l < n_lanes; l++) {
        int64_t r = lane_position(b, lane + l);
        const sn_segment *s = b->segments + r * SN_MAX_SEGMENTS;
        int n_own = 0;
        for (int k = b->cursor[r], at = 0; at < n; k++) {
            int end = s[k].to - j < n ? (int)(s[k].to - j) : n;
            if (s[k].piece == piece) {
                for (; n_spans <= n_own; n_spans++) {
                    memset(from + n_spans * n_lanes, 0, (size_t)n_lanes * sizeof *from);
                    memset(to + n_spans * n_lanes, 0, (size_t)n_lanes * sizeof *to);
                }
                from[n_own * n_lanes + l] = at;
                to[n_own * n_lanes + l] = end;
                n_own++;
            }
            at = end;
        }
    }
    return n_spans;
}

#endif
