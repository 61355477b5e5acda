/* Minimal a + b + c with N = ab + c (after Jianlin Su, kexue.fm/archives/9775): the scan over p = a + b with an end
 * that moves. Proof and running time: docs/abc.md. */
#include "math/abc.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- N below 2^128 ---- */

/* floor(sqrt n). */
static uint64_t root_of(sn_u128 n) {
    sn_u128 x;
    if (n < (sn_u128)1 << 52) {
        x = (sn_u128)sqrt((double)(int64_t)n);
    } else {
        x = (sn_u128)sqrt((double)n);
        x = (x + n / x) / 2;
    }
    if (x > UINT64_MAX) x = UINT64_MAX;
    while (x * x > n) x--;
    while (x < UINT64_MAX && (x + 1) * (x + 1) <= n) x++;
    return (uint64_t)x;
}

/* p0 = floor(2 sqrt n). */
static sn_u128 first_sum(sn_u128 n) {
    uint64_t r = root_of(n);
    return 2 * (sn_u128)r + (n - (sn_u128)r * r > r);
}

/* Arithmetic is modulo 2^128: the excess is small even where h (h + j) is not. */
static sn_abc_start start_of(sn_u128 n, sn_u128 p0) {
    sn_abc_start s = {.odd = (int)(p0 & 1)};
    sn_u128 c0 = n - (p0 / 2) * (p0 - p0 / 2);
    s.c0 = c0 > INT64_MAX ? INT64_MAX : (int64_t)c0;
    for (unsigned t = 1; t <= 2; t++) {
        unsigned j = ((unsigned)s.odd + t) & 1;
        sn_u128 h = (p0 + t - j) / 2;
        s.lane[j] = (sn_abc_lane){h * (h + j) - n, 2 * h + 1 + j};
    }
    return s;
}

static void set_solution(const sn_abc_start *s, sn_u128 p0, int64_t t, sn_abc_number *out) {
    sn_u128 p = p0 + (uint64_t)t;
    uint64_t u = t ? sn_abc_at(s, t).u : 0;
    out->a = p / 2 - u;
    out->b = p - out->a;
    out->c = out->n - out->a * out->b;
}

enum { smallest = 4 }; /* below, a = b = 0 is the only best */

sn_status sn_abc_solve_number(sn_u128 n, const volatile int *cancel, sn_abc_number *out) {
    *out = (sn_abc_number){.n = n, .c = n};
    if (n < smallest) return SN_OK;
    sn_u128 p0 = first_sum(n);
    sn_abc_start s = start_of(n, p0);
    int64_t t;
    SN_TRY(sn_abc_scan(&s, cancel, &t, &out->steps));
    set_solution(&s, p0, t, out);
    return SN_OK;
}

static sn_abc to_text(const sn_abc_number *x) {
    sn_abc out = {.steps = x->steps};
    sn_u128_format(x->n, out.n);
    sn_u128_format(x->a, out.a);
    sn_u128_format(x->b, out.b);
    sn_u128_format(x->c, out.c);
    sn_u128_format(x->a + x->b + x->c, out.sum);
    return out;
}

static sn_status all_of_number(sn_u128 n, const volatile int *cancel, sn_abc_fn each, void *user) {
    sn_abc_number x;
    SN_TRY(sn_abc_solve_number(n, cancel, &x));
    sn_abc text = to_text(&x);
    each(user, &text);
    if (n < smallest) return SN_OK;
    sn_u128 p0 = first_sum(n);
    sn_abc_start s = start_of(n, p0);
    int64_t t = (int64_t)(x.a + x.b - p0), best = t + (int64_t)x.c;
    if (n == 4 || n == 5) { /* the only ones where a = b = 0 is as good as the best other one */
        sn_abc_number zero = {.n = n, .c = n, .steps = x.steps};
        text = to_text(&zero);
        each(user, &text);
    }
    for (;;) {
        SN_TRY(sn_abc_next(&s, cancel, best, &t));
        if (t < 0) return SN_OK;
        set_solution(&s, p0, t, &x);
        text = to_text(&x);
        each(user, &text);
    }
}

/* ---- N as text ---- */

static sn_status check_digits(const char *text) {
    if (!*text) return sn_fail(SN_ERR_ARGUMENT, "abc: N is empty: give a whole number of 0 or more");
    if (text[0] == '-')
        return sn_fail(SN_ERR_ARGUMENT, "abc: \"%.80s\" is negative: N is a whole number of 0 or more", text);
    size_t digits = strspn(text, "0123456789");
    if (text[digits])
        return sn_fail(SN_ERR_ARGUMENT, "abc: \"%.80s\" is no number at character %zu: N is written in decimal digits",
                       text, digits + 1);
    return SN_OK;
}

/* log10 of a number of decimal digits without leading zeros. */
static double log10_of(const char *digits) {
    double head = 0;
    int n = 0;
    for (; n < 17 && digits[n]; n++) head = 10 * head + (digits[n] - '0');
    return head > 0 ? log10(head) + (double)(strlen(digits) - (size_t)n) : 0;
}

sn_status sn_abc_expect_steps(const char *text, double *log10_steps) {
    SN_TRY(check_digits(text));
    *log10_steps = log10(1.18) + log10_of(text + strspn(text, "0")) / 6;
    return SN_OK;
}

static sn_status check_size(const char *text) {
    double estimate = log10(1.18) + log10_of(text) / 6;
    if (estimate <= log10((double)SN_ABC_MAX_STEPS)) return SN_OK;
    double whole = floor(estimate);
    return sn_fail(
        SN_ERR_LIMIT,
        "abc: N has %zu digits: about %.2fe+%.0f steps are to be expected, and more than %.3g take too long: "
        "N may have up to 184 bits (55 digits)",
        strlen(text), pow(10, estimate - whole), whole, (double)SN_ABC_MAX_STEPS);
}

/* Digits without leading zeros, checked; *number where it has at most 128 bits. */
static sn_status read_n(const char **text, sn_u128 *number, bool *wide) {
    SN_TRY(check_digits(*text));
    *text += strspn(*text, "0");
    SN_TRY(check_size(*text));
    *wide = !sn_u128_parse(*text, strlen(*text), number);
    return SN_OK;
}

static void keep_first(void *user, const sn_abc *x) {
    sn_abc *first = user;
    *first = *x;
}

static sn_status solve_wide(const char *n, const volatile int *cancel, bool all, sn_abc_fn each, void *user) {
    sn_abc_start s;
    sn_abc x;
    int64_t t, steps;
    SN_TRY(sn_abc_wide_start(n, &s));
    SN_TRY(sn_abc_scan(&s, cancel, &t, &steps));
    int64_t best = t + (int64_t)(t ? sn_abc_at(&s, t).c : s.c0);
    while (t >= 0) {
        SN_TRY(sn_abc_wide_solution(n, &s, t, steps, &x));
        each(user, &x);
        if (!all) return SN_OK;
        SN_TRY(sn_abc_next(&s, cancel, best, &t));
    }
    return SN_OK;
}

sn_status sn_abc_solve(const char *n, const volatile int *cancel, sn_abc *out) {
    sn_u128 number;
    sn_abc_number x;
    bool wide;
    SN_TRY(read_n(&n, &number, &wide));
    if (wide) return solve_wide(n, cancel, false, keep_first, out);
    SN_TRY(sn_abc_solve_number(number, cancel, &x));
    *out = to_text(&x);
    return SN_OK;
}

sn_status sn_abc_all(const char *n, const volatile int *cancel, sn_abc_fn each, void *user) {
    sn_u128 number;
    bool wide;
    SN_TRY(read_n(&n, &number, &wide));
    return wide ? solve_wide(n, cancel, true, each, user) : all_of_number(number, cancel, each, user);
}
