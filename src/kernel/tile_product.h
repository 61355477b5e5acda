/* Products of f32 operands in bf16 through AMX, for files compiled with it: operands are rounded and packed in tiles as
 * the unit wants them, whichever way they lie; sums stay in f32.
 *
 * A tile of the left operand holds 16 rows of 32 terms; one of the right holds 16 pairs of terms of 16 columns. Each is
 * the other's transpose by pairs, so an operand that lies the wrong way round is turned in registers. Tiles of the same
 * 16 rows or columns, term after term, are a strip; products take strips in pairs. */
#ifndef SN_KERNEL_TILE_PRODUCT_H
#define SN_KERNEL_TILE_PRODUCT_H

#include "base/size.h"
#include "kernel/tile.h"

#include <stdbool.h>

enum { strip_pair = 2 * tile_edge };

typedef struct tile_operand {
    const float *data;
    int64_t size, step, term_step; /* rows or columns, and floats to the next of them, to the next term */
    bool left;
} tile_operand;

static inline bool by_terms(const tile_operand *o) { return o->term_step == 1; }
static inline int64_t n_strips(int64_t size) { return sn_round_up(size, strip_pair) / tile_edge; }
static inline int64_t n_steps(int64_t n_terms) { return sn_ceil_div(n_terms, tile_k); }

/* One line of a tile: of neighbouring terms, or of pairs of terms. whole: nothing is missing. */
static inline __m512i tile_line(const tile_operand *o, const float *from, int t, int64_t size, int64_t terms,
                                bool whole) {
    if (by_terms(o)) {
        from += t * o->step;
        if (whole) return to_bf16(_mm512_loadu_ps(from), _mm512_loadu_ps(from + 16));
        return t < size ? load_bf16(from, terms) : _mm512_setzero_si512();
    }
    from += 2 * t * o->term_step;
    if (whole) return pair_up(_mm512_loadu_ps(from), _mm512_loadu_ps(from + o->term_step));
    return load_bf16_pairs(from, o->term_step, size, terms - 2 * t);
}

/* The tile of rows or columns from i on and terms [l, end), zeros where there are fewer. later: it is not read soon,
 * and written past the caches. */
static inline void pack_tile_for(const tile_operand *o, int64_t i, int64_t l, int64_t end, bool later, uint8_t *to) {
    __m512i v[tile_edge];
    const float *from = o->data + i * o->step + l * o->term_step;
    int64_t size = o->size - i, terms = end - l;
    if (size >= tile_edge && terms >= tile_k)
        for (int t = 0; t < tile_edge; t++) v[t] = tile_line(o, from, t, size, terms, true);
    else
        for (int t = 0; t < tile_edge; t++) v[t] = tile_line(o, from, t, size, terms, false);
    if (by_terms(o) != o->left) transpose16(v);
    if (later)
        for (int t = 0; t < tile_edge; t++) _mm512_stream_si512((void *)(to + 64 * t), v[t]);
    else
        for (int t = 0; t < tile_edge; t++) _mm512_store_si512((void *)(to + 64 * t), v[t]);
}

static inline void pack_tile(const tile_operand *o, int64_t i, int64_t l, int64_t end, uint8_t *to) {
    pack_tile_for(o, i, l, end, false, to);
}

/* Tasks of packing follow the lines of memory: strips where terms are neighbours, steps of terms otherwise. */
static inline int64_t pack_tasks(const tile_operand *o, int64_t n_terms) {
    return by_terms(o) ? n_strips(o->size) : n_steps(n_terms);
}

/* One of them, of terms [from, end); strips lie strip_tiles tiles apart. */
static inline void pack_part(const tile_operand *o, int64_t task, int64_t from, int64_t end, int64_t strip_tiles,
                             uint8_t *to) {
    int64_t strip = task, step = 0, strip_end = task + 1, step_end = n_steps(end - from);
    if (!by_terms(o)) strip = 0, step = task, strip_end = n_strips(o->size), step_end = task + 1;
    for (int64_t s = strip; s < strip_end; s++)
        for (int64_t l = step; l < step_end; l++)
            pack_tile(o, s * tile_edge, from + l * tile_k, end, to + (s * strip_tiles + l) * tile_bytes);
}

/* Terms [from, end) of an operand and where its tiles go. */
typedef struct packing {
    tile_operand operand;
    int64_t from, end, strip_tiles;
    uint8_t *to;
} packing;

static inline int64_t packing_tasks(const packing *list, int n) {
    int64_t tasks = 0;
    for (int i = 0; i < n; i++) tasks += pack_tasks(&list[i].operand, list[i].end - list[i].from);
    return tasks;
}

/* Task `index` of those of a list; nothing behind its end. */
static inline void packing_task(const packing *list, int n, int64_t index) {
    for (const packing *p = list; p < list + n; p++) {
        int64_t tasks = pack_tasks(&p->operand, p->end - p->from);
        if (index < tasks) {
            pack_part(&p->operand, index, p->from, p->end, p->strip_tiles, p->to);
            return;
        }
        index -= tasks;
    }
}

/* Other work to do while the unit multiplies: items [from, to), each by one call. The unit runs beside the vector units
 * of the processor as long as its next instructions are near enough. */
typedef struct tile_work {
    void (*item)(void *arg, int64_t index);
    void *arg;
    int64_t from, to;
} tile_work;

/* to[32][row] (+)= two strips by two strips of `tiles` tiles; the second ones lie next_a and next_b tiles further. */
static inline __attribute__((always_inline)) void multiply_beside(const uint8_t *a, int64_t next_a, const uint8_t *b,
                                                                  int64_t next_b, int64_t tiles, float *to, int64_t row,
                                                                  bool add, tile_work work) {
    int64_t row_bytes = row * (int64_t)sizeof(float), end = tiles * tile_bytes;
    const uint8_t *a_next = a + next_a * tile_bytes, *b_next = b + next_b * tile_bytes;
    __asm__ volatile("" ::: "memory"); /* gcc's tile loads do not say that they read memory */
    if (add) {
        _tile_loadd(0, to, row_bytes);
        _tile_loadd(1, to + tile_edge, row_bytes);
        _tile_loadd(2, to + tile_edge * row, row_bytes);
        _tile_loadd(3, to + tile_edge * row + tile_edge, row_bytes);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    int64_t item = work.from, n_items = work.to - work.from, share = (n_items + tiles - 1) / tiles;
    for (int64_t at = 0; at < end; at += tile_bytes) {
        _tile_loadd(4, a + at, 64);
        _tile_loadd(6, b + at, 64);
        _tile_loadd(5, a_next + at, 64);
        _tile_loadd(7, b_next + at, 64);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
        for (int64_t u = 0; n_items > 0 && u < share && item < work.to; u++, item++) work.item(work.arg, item);
    }
    _tile_stored(0, to, row_bytes);
    _tile_stored(1, to + tile_edge, row_bytes);
    _tile_stored(2, to + tile_edge * row, row_bytes);
    _tile_stored(3, to + tile_edge * row + tile_edge, row_bytes);
}

static inline void multiply_pairs(const uint8_t *a, int64_t next_a, const uint8_t *b, int64_t next_b, int64_t tiles,
                                  float *to, int64_t row, bool add) {
    multiply_beside(a, next_a, b, next_b, tiles, to, row, add, (tile_work){0});
}

/* A matrix in memory that products are written or added to. */
typedef struct tile_result {
    float *data;
    int64_t m, n; /* n floats to the next row */
} tile_result;

/* The same into rows from i and columns from j on of a matrix, as far as it reaches. */
static inline void multiply_into(const uint8_t *a, int64_t next_a, const uint8_t *b, int64_t next_b, int64_t tiles,
                                 const tile_result *r, int64_t i, int64_t j, bool add) {
    _Alignas(64) float sums[strip_pair * strip_pair];
    float *to = r->data + i * r->n + j;
    int64_t rows = sn_min_i64(strip_pair, r->m - i), columns = sn_min_i64(strip_pair, r->n - j);
    if (rows == strip_pair && columns == strip_pair) {
        multiply_pairs(a, next_a, b, next_b, tiles, to, r->n, add);
        return;
    }
    multiply_pairs(a, next_a, b, next_b, tiles, sums, strip_pair, false);
    for (int64_t u = 0; u < rows; u++)
        for (int64_t v = 0; v < columns; v++)
            to[u * r->n + v] = sums[u * strip_pair + v] + (add ? to[u * r->n + v] : 0);
}

/* Pairs of strips a [a_strips] against those of b [b_strips], strips a_tiles and b_tiles apart, over `tiles` terms,
 * into rows from i0 and columns from j0 on. Stretches of a pair of a stay in the first cache while those of b pass by.
 */
static inline void multiply_strips(const uint8_t *a, int64_t a_tiles, int64_t a_strips, const uint8_t *b,
                                   int64_t b_tiles, int64_t b_strips, int64_t tiles, const tile_result *r, int64_t i0,
                                   int64_t j0, bool add) {
    const int64_t stretch_tiles = 16;
    for (int64_t t = 0; t < tiles; t += stretch_tiles)
        for (int64_t i = 0; i < a_strips; i += 2)
            for (int64_t j = 0; j < b_strips; j += 2)
                multiply_into(a + (i * a_tiles + t) * tile_bytes, a_tiles, b + (j * b_tiles + t) * tile_bytes, b_tiles,
                              sn_min_i64(stretch_tiles, tiles - t), r, i0 + i * tile_edge, j0 + j * tile_edge,
                              add || t > 0);
}

#endif
