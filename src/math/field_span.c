/* Arguments as rational combinations of earlier ones. */
#include "math/field_span.h"

#if SN_HAVE_FLINT
#include <flint/fmpq_mat.h>

/* What the member contributes to the argument. */
static void member(sn_field *f, sn_frac *out, int gen) {
    if (f->gens[gen].kind == SN_GEN_PI || f->gens[gen].kind == SN_GEN_LOG || f->gens[gen].kind == SN_GEN_ATAN)
        sn_frac_set_gen(f, out, gen);
    else
        sn_frac_set(f, out, &f->gens[gen].argument);
}

sn_field_span sn_field_collect(const sn_field *f, unsigned kinds) {
    sn_field_span s = {0};
    for (int g = 0; g < f->n_gens; g++)
        if (kinds >> f->gens[g].kind & 1 && s.n < SN_FIELD_MAX_SPAN) s.gen[s.n++] = g;
    return s;
}

/* The value at the point numbered `round` of the integers; false where the denominator is zero there. */
static bool value_at(sn_field *f, fmpq_t out, const sn_frac *a, int round) {
    fmpz values[SN_FIELD_MAX_GENS], *list[SN_FIELD_MAX_GENS];
    fmpz_t num, den;
    fmpz_init(num);
    fmpz_init(den);
    for (int i = 0; i < f->capacity; i++) {
        fmpz_init_set_si(&values[i], 3 + (17 * i + 5 * round + (i + 2) * round * round * 7 + 11 * i * round) % 1009);
        list[i] = &values[i];
    }
    bool ok = fmpz_mpoly_evaluate_all_fmpz(num, &a->num, list, f->ctx) &&
              fmpz_mpoly_evaluate_all_fmpz(den, &a->den, list, f->ctx) && !fmpz_is_zero(den);
    if (ok) fmpq_set_fmpz_frac(out, num, den);
    for (int i = 0; i < f->capacity; i++) fmpz_clear(&values[i]);
    fmpz_clear(num);
    fmpz_clear(den);
    return ok;
}

/* Reads the solution of the reduced system; false where there is none or its numbers are out of proportion. */
static bool read_solution(const fmpq_mat_t m, slong rank, sn_field_span *s) {
    for (slong row = 0; row < rank; row++) {
        slong column = 0;
        while (column <= s->n && fmpq_is_zero(fmpq_mat_entry(m, row, column))) column++;
        if (column != row || column == s->n) return false;
        const fmpq *q = fmpq_mat_entry(m, row, s->n);
        if (fmpz_bits(fmpq_numref(q)) > 20 || fmpz_bits(fmpq_denref(q)) > 10) return false;
        s->numerator[row] = fmpz_get_si(fmpq_numref(q));
        s->denominator[row] = fmpz_get_si(fmpq_denref(q));
    }
    return rank == s->n;
}

/* Does u = the sum of the solution's multiples, exactly? */
static bool check_solution(sn_field *f, const sn_frac *u, const sn_field_span *s) {
    sn_frac sum, part;
    sn_frac_init(f, &sum);
    sn_frac_init(f, &part);
    sn_frac_set(f, &sum, u);
    for (int i = 0; i < s->n; i++) {
        member(f, &part, s->gen[i]);
        sn_frac_scale(f, &part, &part, s->numerator[i], s->denominator[i]);
        sn_frac_sub(f, &sum, &sum, &part);
    }
    bool zero = sn_frac_is_null(&sum);
    sn_frac_clear(f, &sum);
    sn_frac_clear(f, &part);
    return zero;
}

bool sn_field_solve(sn_field *f, const sn_frac *u, sn_field_span *s) {
    fmpq_mat_t m;
    sn_frac part;
    int rows = 0;
    if (s->n == 0) return false;
    sn_frac_init(f, &part);
    fmpq_mat_init(m, s->n + 2, s->n + 1);
    for (int round = 0; rows < s->n + 2 && round < 8 * s->n + 40; round++) {
        bool ok = value_at(f, fmpq_mat_entry(m, rows, s->n), u, round);
        for (int i = 0; i < s->n && ok; i++) {
            member(f, &part, s->gen[i]);
            ok = value_at(f, fmpq_mat_entry(m, rows, i), &part, round);
        }
        rows += ok;
    }
    slong rank = rows == s->n + 2 ? fmpq_mat_rref(m, m) : -1;
    bool found = rank >= 0 && read_solution(m, rank, s) && check_solution(f, u, s);
    fmpq_mat_clear(m);
    sn_frac_clear(f, &part);
    return found;
}

#endif
