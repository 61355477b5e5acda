/* The minimal a + b + c of a range, as lines of CSV in order, on all cores. */
#include "math/abc.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/threads.h"

#include <math.h>
#include <string.h>

enum {
    line_size = 5 * SN_U128_DIGITS + 24,
    most_per_task = 4096,
    tasks_per_thread = 4,
    steps_per_task = 1 << 20 /* so that the first lines of large numbers come soon */
};

typedef struct range {
    sn_u128 from, to; /* of this round, both inclusive */
    sn_u128 per_task;
    char *text; /* per_task * line_size for each task */
    size_t *size;
    bool *stopped;
    const volatile int *cancel;
} range;

static char *put_line(const sn_abc_number *x, char *to) {
    const sn_u128 fields[] = {x->n, x->a, x->b, x->c, x->a + x->b + x->c, (sn_u128)x->steps};
    for (int i = 0; i < 6; i++) {
        to = sn_u128_put(fields[i], to);
        *to++ = i < 5 ? ',' : '\n';
    }
    return to;
}

static void run_task(void *arg, int64_t task, int thread) {
    range *r = arg;
    (void)thread;
    sn_u128 first = r->from + (sn_u128)task * r->per_task;
    char *begin = r->text + (size_t)task * (size_t)r->per_task * line_size, *end = begin;
    for (sn_u128 i = 0; i < r->per_task && first + i <= r->to && first + i >= first; i++) {
        sn_abc_number x;
        if (sn_abc_solve_number(first + i, r->cancel, &x) != SN_OK) {
            r->stopped[task] = true;
            break;
        }
        end = put_line(&x, end);
    }
    r->size[task] = (size_t)(end - begin);
}

static sn_status put_tasks(const range *r, int64_t n_tasks, sn_abc_put_fn put, void *user) {
    for (int64_t i = 0; i < n_tasks; i++) {
        SN_TRY(put(user, r->text + (size_t)i * (size_t)r->per_task * line_size, r->size[i]));
        if (r->stopped[i]) return sn_fail(SN_ERR_CANCELLED, "abc: stopped");
    }
    return SN_OK;
}

static sn_status run_rounds(range *r, sn_u128 hi, sn_team *team, int64_t n_tasks, sn_abc_put_fn put, void *user) {
    static const char head[] = "n,a,b,c,sum,steps\n";
    SN_TRY(put(user, head, sizeof head - 1));
    for (;;) {
        sn_u128 round = (sn_u128)n_tasks * r->per_task, left = hi - r->from;
        r->to = left < round ? hi : r->from + (round - 1);
        int64_t tasks = (int64_t)((r->to - r->from) / r->per_task) + 1;
        sn_parallel(team, run_task, r, tasks);
        SN_TRY(put_tasks(r, tasks, put, user));
        if (r->to == hi) return SN_OK;
        if (r->cancel && *r->cancel) return sn_fail(SN_ERR_CANCELLED, "abc: stopped");
        r->from = r->to + 1;
    }
}

static sn_status read_end(const char *text, const char *which, sn_u128 *out) {
    double unused;
    sn_status status = sn_abc_expect_steps(text, &unused);
    if (status != SN_OK) return sn_fail_in(status, "the range's %s end", which);
    text += strspn(text, "0");
    if (!sn_u128_parse(text, strlen(text), out))
        return sn_fail(SN_ERR_LIMIT, "abc: the range's %s end is above 2^128 - 1, the most that ranges go to", which);
    return SN_OK;
}

sn_status sn_abc_range(const char *lo, const char *hi, int threads, const volatile int *cancel, sn_abc_put_fn put,
                       void *user) {
    range r = {.cancel = cancel};
    sn_u128 last;
    sn_team *team;
    SN_TRY(read_end(lo, "lower", &r.from));
    SN_TRY(read_end(hi, "upper", &last));
    if (r.from > last) return sn_fail(SN_ERR_ARGUMENT, "abc: the range is empty: %.50s is more than %.50s", lo, hi);
    double many = steps_per_task / (32 + 1.18 * pow((double)last, 1.0 / 6));
    r.per_task = many < 1 ? 1 : many > most_per_task ? most_per_task : (sn_u128)many;
    SN_TRY(sn_team_new(threads, &team));
    size_t n_tasks = tasks_per_thread * (size_t)sn_team_size(team);
    r.text = sn_calloc(n_tasks * (size_t)r.per_task, line_size);
    r.size = sn_calloc(n_tasks, sizeof *r.size);
    r.stopped = sn_calloc(n_tasks, sizeof *r.stopped);
    sn_status status = r.text && r.size && r.stopped ? SN_OK : sn_fail_memory("the lines of a range");
    if (status == SN_OK) status = run_rounds(&r, last, team, (int64_t)n_tasks, put, user);
    sn_free(r.text);
    sn_free(r.size);
    sn_free(r.stopped);
    sn_team_free(team);
    return status;
}
