/* See chain.h. The elimination is the unblocked one of Golub and Van Loan, Matrix Computations, section 4.4. */
#include "math/chain.h"

#include "base/alloc.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { WAIT = 8 }; /* unknowns that may wait for the next front */

sn_status sn_chain_new(int n_elements, int width, int stride, const int64_t *unknown, int64_t n, int border,
                       sn_chain *out) {
    size_t fronts = (size_t)n_elements + 1, room = (size_t)(width + border + WAIT), all = (size_t)(n + border + 1);
    *out = (sn_chain){.n_elements = n_elements,
                      .width = width,
                      .stride = stride,
                      .unknown = unknown,
                      .n = n,
                      .border = border,
                      .room = (int)room};
    out->block = sn_calloc((size_t)n_elements * (size_t)width * (size_t)width, sizeof(double));
    out->edge = sn_calloc(all, sizeof(double));
    out->front = sn_calloc(fronts * room * room, sizeof(double));
    out->below = sn_calloc(fronts * room, sizeof(double));
    out->order = sn_calloc(fronts * room, sizeof(int64_t));
    out->rows = sn_calloc(2 * fronts, sizeof(int));
    out->negative = sn_calloc(fronts, sizeof(int64_t));
    out->place = sn_calloc(all, sizeof(int));
    out->work = sn_calloc(room, sizeof(double));
    if (out->rows) out->done = out->rows + fronts;
    if (out->block && out->edge && out->front && out->below && out->order && out->rows && out->negative && out->place &&
        out->work)
        return SN_OK;
    sn_chain_free(out);
    return sn_fail_memory("a symmetric system");
}

void sn_chain_free(sn_chain *s) {
    sn_free(s->block);
    sn_free(s->edge);
    sn_free(s->front);
    sn_free(s->below);
    sn_free(s->order);
    sn_free(s->rows);
    sn_free(s->negative);
    sn_free(s->place);
    sn_free(s->work);
    *s = (sn_chain){0};
}

/* ---- One front ---- */

typedef struct front {
    double *a; /* [n][room], lower triangle */
    double *below, *work;
    int64_t *order;
    int room, n, free; /* rows; the first `free` may be eliminated */
    int64_t n_negative, n_nothing;
} front;

#define A(i, j) f->a[(i)*f->room + (j)]

static front front_at(sn_chain *s, int e) {
    int64_t room = s->room;
    return (front){.a = s->front + e * room * room,
                   .below = s->below + e * room,
                   .work = s->work,
                   .order = s->order + e * room,
                   .room = s->room};
}

static void swap(double *x, double *y) {
    double t = *x;
    *x = *y, *y = t;
}

/* Rows and columns i < j of the matrix that is left, and the rows of L so far. */
static void exchange(front *f, int i, int j) {
    if (i == j) return;
    for (int k = 0; k < i; k++) swap(&A(i, k), &A(j, k));
    for (int k = i + 1; k < j; k++) swap(&A(k, i), &A(j, k));
    for (int k = j + 1; k < f->n; k++) swap(&A(k, i), &A(k, j));
    swap(&A(i, i), &A(j, j));
    int64_t t = f->order[i];
    f->order[i] = f->order[j], f->order[j] = t;
}

/* The largest entries of row r of what is left from k on, off its diagonal: among rows that are free, and others. */
static int largest(const front *f, int k, int r, double *inside, double *outside) {
    int at = r;
    *inside = *outside = 0;
    for (int j = k; j < f->free; j++) {
        double x = j == r ? 0 : fabs(j < r ? A(r, j) : A(j, r));
        if (x > *inside) *inside = x, at = j;
    }
    for (int i = f->free; i < f->n; i++) *outside = fmax(*outside, fabs(A(i, r)));
    return at;
}

/* Chooses a pivot at k and brings it there; its size, 0 where every one would let rows that are not free grow by more
 * than `growth`. */
static int pivot(front *f, int k, double growth) {
    const double alpha = (1 + sqrt(17.0)) / 8;
    for (int c = k; c < f->free; c++) {
        double most, out, row, row_out, here = fabs(A(c, c));
        int r = largest(f, k, c, &most, &out);
        exchange(f, k, c);
        if (r == k) r = c;
        if (most == 0 && out == 0) return 1;
        bool safe = out <= growth * here;
        if (safe && here >= alpha * most) return 1;
        if (most == 0) continue;
        (void)largest(f, k, r, &row, &row_out);
        double b = A(r, k), other = A(r, r), det = A(k, k) * other - b * b;
        if (safe && here * row >= alpha * most * most) return 1;
        if (fabs(other) >= alpha * row && row_out <= growth * fabs(other)) {
            exchange(f, k, r);
            return 1;
        }
        double one = fabs(other) * out + fabs(b) * row_out, two = fabs(b) * out + here * row_out;
        if (det == 0 || fmax(one, two) > growth * fabs(det)) continue;
        exchange(f, k + 1, r);
        return 2;
    }
    return 0;
}

static void eliminate_one(front *f, int k) {
    double d = A(k, k);
    f->n_negative += d < 0;
    f->n_nothing += d == 0;
    for (int j = k + 1; j < f->n; j++) f->work[j] = A(j, k);
    for (int i = k + 1; i < f->n; i++) {
        double l = d == 0 ? 0 : A(i, k) / d;
        double *row = &A(i, 0);
        if (l != 0)
            for (int j = k + 1; j <= i; j++) row[j] -= l * f->work[j];
        row[k] = l;
    }
}

/* The pivot [a b; b c] is chosen where it has one eigenvalue of each sign, or where nothing else is left. */
static void eliminate_two(front *f, int k) {
    double a = A(k, k), b = A(k + 1, k), c = A(k + 1, k + 1), det = a * c - b * b;
    f->n_negative += det < 0 ? 1 : a < 0 ? 2 : 0;
    f->below[k] = b;
    for (int i = k + 2; i < f->n; i++) {
        double x = A(i, k), y = A(i, k + 1);
        f->work[i] = (c * x - b * y) / det; /* of L's column k; that of k + 1: */
        A(i, k + 1) = (a * y - b * x) / det;
        double *row = &A(i, 0);
        for (int j = k + 2; j <= i; j++) {
            double lx = f->work[j], ly = A(j, k + 1);
            row[j] -= lx * x + ly * y;
        }
    }
    for (int i = k + 2; i < f->n; i++) A(i, k) = f->work[i];
    A(k + 1, k) = 0;
}

/* Eliminates the rows that are free, but for at most WAIT without a safe pivot. Returns how many. */
static int eliminate(front *f, bool last) {
    int k = 0;
    memset(f->below, 0, (size_t)f->room * sizeof *f->below);
    while (k < f->free) {
        bool must = last || f->free - k > WAIT;
        int size = pivot(f, k, 100);
        if (size == 0 && must) size = pivot(f, k, 1e300);
        if (size == 0 && !must) break;
        if (size == 2)
            eliminate_two(f, k);
        else
            eliminate_one(f, k);
        k += size == 2 ? 2 : 1;
    }
    return k;
}

/* ---- The chain ---- */

/* The rows of front e: those left by the one before, then the element's own, those shared with the next one and the
 * border last. Sets f->n and f->free. */
static void list_rows(sn_chain *s, front *f, int e, bool last, bool cut, const front *before, int done) {
    int shared = s->width - s->stride, carried = before ? before->n - done - s->border : 0;
    const int64_t *unknown = s->unknown + (int64_t)e * s->stride;
    for (int i = 0; i < carried; i++) f->order[f->n++] = before->order[done + i];
    for (int x = before ? shared : 0; x < s->width - (cut ? shared : 0); x++) {
        if (x == s->stride && !last) f->free = f->n;
        if (unknown[x] >= 0) f->order[f->n++] = unknown[x];
    }
    if (s->border) f->order[f->n++] = s->n;
    if (last) f->free = f->n;
    for (int i = 0; i < f->n; i++) s->place[f->order[i]] = i;
}

/* Adds what the front before left, the element's block, and the border's entries of the rows that are new. */
static void add_entries(sn_chain *s, front *f, int e, const double *block, const front *before, int done, bool cut) {
    int shared = s->width - s->stride, size = s->width - (cut ? shared : 0);
    const int64_t *unknown = s->unknown + (int64_t)e * s->stride;
    for (int i = 0; i < f->n; i++) memset(&A(i, 0), 0, (size_t)f->n * sizeof(double));
    for (int i = done; before && i < before->n; i++)
        for (int j = done; j <= i; j++) {
            int x = s->place[before->order[i]], y = s->place[before->order[j]];
            A(x > y ? x : y, x > y ? y : x) += before->a[i * before->room + j];
        }
    for (int x = 0; x < size; x++)
        for (int y = 0; unknown[x] >= 0 && y <= x; y++)
            if (unknown[y] >= 0) A(s->place[unknown[x]], s->place[unknown[y]]) += block[x * s->width + y];
    for (int x = before ? shared : 0; s->border && x < size; x++)
        if (unknown[x] >= 0) A(f->n - 1, s->place[unknown[x]]) += s->edge[unknown[x]];
}

/* Front e into the storage of `to`. cut: the chain ends with it, the last unknowns fixed. */
static void make_front(sn_chain *s, int e, int to, const double *block, bool cut) {
    bool last = cut || e + 1 == s->n_elements;
    front f = front_at(s, to), before = {0};
    int done = 0;
    if (e > 0) before = front_at(s, e - 1), before.n = s->rows[e - 1], done = s->done[e - 1];
    list_rows(s, &f, e, last, cut, e > 0 ? &before : NULL, done);
    add_entries(s, &f, e, block, e > 0 ? &before : NULL, done, cut);
    s->done[to] = eliminate(&f, last);
    s->rows[to] = f.n;
    s->negative[to] = f.n_negative;
    s->n_nothing += f.n_nothing;
}

void sn_chain_factor(sn_chain *s) {
    int64_t size = (int64_t)s->width * s->width;
    s->n_negative = s->n_nothing = 0;
    for (int e = 0; e < s->n_elements; e++) {
        make_front(s, e, e, s->block + e * size, false);
        s->n_negative += s->negative[e];
    }
}

int64_t sn_chain_count_until(sn_chain *s, int e, const double *block) {
    int64_t n = 0, nothing = s->n_nothing;
    make_front(s, e, s->n_elements, block, true);
    s->n_nothing = nothing;
    for (int i = 0; i < e; i++) n += s->negative[i];
    return n + s->negative[s->n_elements];
}

static void divide(const front *f, int done, double *x) {
    for (int i = 0; i < done; i++) {
        double a = A(i, i), b = f->below[i], *u = &x[f->order[i]];
        if (b == 0) {
            *u = a == 0 ? 0 : *u / a;
            continue;
        }
        double c = A(i + 1, i + 1), det = a * c - b * b, *v = &x[f->order[i + 1]], y = *u;
        *u = (c * y - b * *v) / det;
        *v = (a * *v - b * y) / det;
        i++;
    }
}

void sn_chain_solve(const sn_chain *s, double *x) {
    for (int e = 0; e < s->n_elements; e++) {
        const front at = front_at((sn_chain *)s, e), *f = &at;
        for (int k = 0; k < s->done[e]; k++) {
            double y = x[f->order[k]];
            for (int i = k + 1; i < s->rows[e]; i++) x[f->order[i]] -= A(i, k) * y;
        }
        divide(f, s->done[e], x);
    }
    for (int e = s->n_elements - 1; e >= 0; e--) {
        const front at = front_at((sn_chain *)s, e), *f = &at;
        for (int k = s->done[e] - 1; k >= 0; k--)
            for (int i = k + 1; i < s->rows[e]; i++) x[f->order[k]] -= A(i, k) * x[f->order[i]];
    }
}
