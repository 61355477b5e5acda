/* N of more than 128 bits: GMP finds where the scan starts and what its end means; the scan itself needs 128 bits. */
#include "math/abc.h"

#include "base/error.h"

#ifdef SN_HAVE_GMP
#include <gmp.h>

#include <string.h>

/* The low 128 bits. */
static sn_u128 low_bits(const mpz_t x) {
    uint64_t word[2] = {0, 0};
    mpz_t low;
    mpz_init(low);
    mpz_fdiv_r_2exp(low, x, 128);
    mpz_export(word, NULL, -1, sizeof *word, 0, 0, low);
    mpz_clear(low);
    return (sn_u128)word[1] << 64 | word[0];
}

static void set_u128(mpz_t x, sn_u128 value) {
    uint64_t word[2] = {(uint64_t)value, (uint64_t)(value >> 64)};
    mpz_import(x, 2, -1, sizeof *word, 0, 0, word);
}

/* p0 = floor(2 sqrt n) = floor(sqrt(4n)). */
static void set_first_sum(mpz_t p0, const mpz_t n) {
    mpz_mul_2exp(p0, n, 2);
    mpz_sqrt(p0, p0);
}

/* c0 = n - floor(p0/2) ceil(p0/2). */
static void set_first_rest(mpz_t c0, const mpz_t n, const mpz_t p0) {
    mpz_t half;
    mpz_init(half);
    mpz_fdiv_q_2exp(half, p0, 1);
    mpz_sub(c0, p0, half);
    mpz_mul(c0, c0, half);
    mpz_sub(c0, n, c0);
    mpz_clear(half);
}

/* The first p above p0 that is p0 + t: excess h (h + j) - n and step 2h + 1 + j. */
static sn_abc_lane lane_of(const mpz_t n, const mpz_t p0, int t, int j) {
    sn_abc_lane lane;
    mpz_t h, x;
    mpz_inits(h, x, NULL);
    mpz_add_ui(h, p0, (unsigned long)t);
    mpz_fdiv_q_2exp(h, h, 1);
    mpz_add_ui(x, h, (unsigned long)j);
    mpz_mul(x, x, h);
    mpz_sub(x, x, n);
    lane.excess = low_bits(x);
    lane.step = 2 * low_bits(h) + 1 + (unsigned)j;
    mpz_clears(h, x, NULL);
    return lane;
}

sn_status sn_abc_wide_start(const char *text, sn_abc_start *out) {
    mpz_t n, p0, c0;
    mpz_init_set_str(n, text, 10);
    mpz_inits(p0, c0, NULL);
    set_first_sum(p0, n);
    set_first_rest(c0, n, p0);
    *out = (sn_abc_start){.odd = mpz_odd_p(p0) ? 1 : 0, .wide = true};
    out->c0 = mpz_sizeinbase(c0, 2) > 63 ? INT64_MAX : (int64_t)(uint64_t)low_bits(c0);
    for (int t = 1; t <= 2; t++) {
        int j = (out->odd + t) & 1;
        out->lane[j] = lane_of(n, p0, t, j);
    }
    mpz_clears(n, p0, c0, NULL);
    return SN_OK;
}

static void put(char text[static SN_ABC_DIGITS], const mpz_t x) {
    if (mpz_sizeinbase(x, 10) < SN_ABC_DIGITS - 1) mpz_get_str(text, 10, x);
}

sn_status sn_abc_wide_solution(const char *text, const sn_abc_start *s, int64_t t, int64_t steps, sn_abc *out) {
    mpz_t n, p, a, b, c, u;
    mpz_init_set_str(n, text, 10);
    mpz_inits(p, a, b, c, u, NULL);
    set_first_sum(p, n);
    mpz_add_ui(p, p, (unsigned long)t);
    mpz_fdiv_q_2exp(a, p, 1);
    if (t) set_u128(u, sn_abc_at(s, t).u);
    mpz_sub(a, a, u);
    mpz_sub(b, p, a);
    mpz_mul(c, a, b);
    mpz_sub(c, n, c);
    *out = (sn_abc){.steps = steps};
    put(out->n, n), put(out->a, a), put(out->b, b), put(out->c, c);
    mpz_add(p, p, c);
    put(out->sum, p);
    mpz_clears(n, p, a, b, c, u, NULL);
    return SN_OK;
}
#else
static sn_status no_gmp(void) {
    return sn_fail(SN_ERR_UNSUPPORTED, "abc: N has more than 128 bits: build suan with GMP (SN_GMP=ON)");
}

sn_status sn_abc_wide_start(const char *n, sn_abc_start *out) {
    (void)n, (void)out;
    return no_gmp();
}

sn_status sn_abc_wide_solution(const char *n, const sn_abc_start *s, int64_t t, int64_t steps, sn_abc *out) {
    (void)n, (void)s, (void)t, (void)steps, (void)out;
    return no_gmp();
}
#endif
