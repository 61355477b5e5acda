#include "math/abc_scan.h"

#include "base/error.h"

#include <math.h>

/* x < 2^126, right to 2^-52 of itself. The compiler makes a slow call of a conversion of 128 bits. */
static inline double to_double(sn_u128 x) {
    return (double)(int64_t)(x >> 63) * 0x1p63 + (double)(int64_t)((uint64_t)x & INT64_MAX);
}

/* u < 2^49 here (t <= 2 + sqrt(1 + 4 sqrt N)), so that the root in double is wrong by less than 1/4: truncated it is
 * never above u and at most 2 below. c is then below 2^52 in size: its 64 low bits are enough. */
static inline int64_t split_narrow(sn_u128 excess, int j, uint64_t *u) {
    double half = 0.5 * j;
    uint64_t root = (uint64_t)(int64_t)(sqrt(to_double(excess) + half * half) - half);
    int64_t c = (int64_t)(root * (root + (uint64_t)j) - (uint64_t)excess);
    for (; c < 0; root++) c += (int64_t)(2 * root + 1 + (uint64_t)j);
    *u = root;
    return c;
}

/* u < 2^64: the root in double may be off by 2^11, which one Newton step takes to less than 1. */
static inline sn_i128 split_wide(sn_u128 excess, int j, uint64_t *u) {
    uint64_t root = (uint64_t)sqrt(to_double(excess)), odd = (uint64_t)j;
    sn_i128 c = (sn_i128)((sn_u128)root * (root + odd) - excess);
    double rest = (double)(int64_t)(c >> 32) * 0x1p32 + (double)(uint32_t)c; /* all of it: root may be small */
    root -= (uint64_t)(int64_t)(rest / (2 * (double)root + 1));
    c = (sn_i128)((sn_u128)root * (root + odd) - excess);
    for (; c < 0; root++) c += (sn_i128)(2 * (sn_u128)root + 1 + odd);
    for (; root > 0 && c >= (sn_i128)(2 * (sn_u128)root - 1 + odd); root--) c -= (sn_i128)(2 * (sn_u128)root - 1 + odd);
    *u = root;
    return c;
}

static inline int64_t remainder_at(bool wide, sn_u128 excess, int j) {
    uint64_t u;
    if (!wide) return split_narrow(excess, j, &u);
    sn_i128 c = split_wide(excess, j, &u);
    return c > INT64_MAX ? INT64_MAX : (int64_t)c;
}

/* The lane after k steps. */
static sn_abc_lane advance(sn_abc_lane lane, int64_t k) {
    sn_u128 n = (sn_u128)k;
    return (sn_abc_lane){lane.excess + n * lane.step + n * (n - 1), lane.step + 2 * n};
}

/* t = 1 is the first of the parity other than p0's, t = 2 the first of p0's own. */
static sn_abc_lane lane_at(const sn_abc_start *s, int64_t t, int *j) {
    *j = (s->odd + (int)(t & 1)) & 1;
    return advance(s->lane[*j], (t - 1) / 2);
}

sn_abc_split sn_abc_at(const sn_abc_start *s, int64_t t) {
    sn_abc_split out;
    int j;
    sn_abc_lane lane = lane_at(s, t, &j);
    out.c = s->wide ? split_wide(lane.excess, j, &out.u) : split_narrow(lane.excess, j, &out.u);
    return out;
}

typedef struct found {
    int64_t best, t;
} found;

/* Looks at from <= t < to while t can still win. Both parities in turn, their lanes in registers. */
static inline int64_t scan_block(const sn_abc_start *s, bool wide, int64_t from, int64_t to, found *f) {
    int j, other;
    sn_abc_lane now = lane_at(s, from, &j), next = lane_at(s, from + 1, &other);
    int64_t t = from, best = f->best;
    for (; t < to && t < best; t++, j = 1 - j) {
        int64_t c = remainder_at(wide, now.excess, j);
        if (c < best - t) best = t + c, f->t = t;
        sn_abc_lane after = {now.excess + now.step, now.step + 2};
        now = next, next = after;
    }
    f->best = best;
    return t;
}

static sn_status check_block(const sn_abc_start *s, const volatile int *cancel, int64_t to) {
    int j;
    if (cancel && *cancel) return sn_fail(SN_ERR_CANCELLED, "abc: stopped");
    if (s->wide && lane_at(s, to, &j).excess >> 126)
        return sn_fail(SN_ERR_LIMIT, "abc: no end after %lld steps: N is too large for this search", (long long)to);
    return SN_OK;
}

enum { block = 1 << 20 };

sn_status sn_abc_scan(const sn_abc_start *s, const volatile int *cancel, int64_t *t_out, int64_t *steps) {
    found f = {.best = s->c0, .t = 0};
    int64_t t = 1;
    while (t < f.best) {
        int64_t to = t + block;
        SN_TRY(check_block(s, cancel, to));
        t = s->wide ? scan_block(s, true, t, to, &f) : scan_block(s, false, t, to, &f);
    }
    *t_out = f.t;
    *steps = t;
    return SN_OK;
}

sn_status sn_abc_next(const sn_abc_start *s, const volatile int *cancel, int64_t best, int64_t *t_out) {
    for (int64_t t = *t_out + 1; t <= best; t++) {
        if (t % block == 0) SN_TRY(check_block(s, cancel, t));
        if (sn_abc_at(s, t).c != best - t) continue;
        *t_out = t;
        return SN_OK;
    }
    *t_out = -1;
    return SN_OK;
}
