/* Size arithmetic that cannot overflow unseen. Used wherever a number comes from a file or a request. */
#ifndef SN_BASE_SIZE_H
#define SN_BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* true when the result is exact and stored; false on overflow (then *out is unspecified). */
static inline bool sn_mul_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_mul_overflow(a, b, out); }
static inline bool sn_add_i64(int64_t a, int64_t b, int64_t *out) { return !__builtin_add_overflow(a, b, out); }

/* Product of n non-negative dimensions; false on overflow or a negative dimension. The empty product is 1. */
static inline bool sn_product_i64(const int64_t *dims, int n, int64_t *out) {
    int64_t product = 1;
    for (int i = 0; i < n; i++)
        if (dims[i] < 0 || !sn_mul_i64(product, dims[i], &product)) return false;
    *out = product;
    return true;
}

/* The same with zeros counted as ones: what the strides of an empty tensor must still be able to hold. */
static inline bool sn_extent_i64(const int64_t *dims, int n, int64_t *out) {
    int64_t product = 1;
    for (int i = 0; i < n; i++)
        if (dims[i] < 0 || !sn_mul_i64(product, dims[i] ? dims[i] : 1, &product)) return false;
    *out = product;
    return true;
}

static inline int64_t sn_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t sn_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t sn_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t sn_round_up(int64_t a, int64_t unit) { return sn_ceil_div(a, unit) * unit; }

#endif
