/* The table of schedules, their checks, and warm-up. */
#include "optim/schedule.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int sn_schedule_count(void) {
    int n = 0;
    while (sn_schedule_table[n]) n++;
    return n;
}

const sn_schedule_info *sn_schedule_get(int i) {
    return i >= 0 && i < sn_schedule_count() ? &sn_schedule_table[i]->info : NULL;
}

static const sn_schedule_def *find(const char *name) {
    for (int i = 0; name && sn_schedule_table[i]; i++)
        if (strcmp(sn_schedule_table[i]->info.name, name) == 0) return sn_schedule_table[i];
    return NULL;
}

static sn_status unknown_name(const char *name) {
    enum { most = 32 };
    char known[256] = "";
    const char *names[most];
    size_t used = 0;
    int n_names = 0;
    for (int i = 0; sn_schedule_table[i] && i < most && used < sizeof known; i++) {
        names[n_names++] = sn_schedule_table[i]->info.name;
        int n = snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", names[i]);
        if (n > 0) used += (size_t)n;
    }
    const char *near = name ? sn_nearest(name, names, n_names) : NULL;
    if (near) return sn_fail(SN_ERR_NOT_FOUND, "there is no schedule \"%s\": did you mean %s?", name, near);
    return sn_fail(SN_ERR_NOT_FOUND, "there is no schedule \"%s\"; there are %s", name ? name : "", known);
}

sn_status sn_schedule_check(const sn_schedule *s) {
    if (!find(s->name)) return unknown_name(s->name);
    if (!(s->peak >= 0) || !isfinite(s->peak))
        return sn_fail(SN_ERR_ARGUMENT, "schedule: peak = %g: it must be a number, 0 or more", s->peak);
    if (!(s->floor >= 0 && s->floor <= s->peak))
        return sn_fail(SN_ERR_ARGUMENT, "schedule: floor = %g: it must be from 0 to the peak of %g", s->floor, s->peak);
    if (s->steps < 1)
        return sn_fail(SN_ERR_ARGUMENT, "schedule: steps = %lld: it must be 1 or more", (long long)s->steps);
    if (s->warmup < 0 || s->warmup > s->steps)
        return sn_fail(SN_ERR_ARGUMENT, "schedule: warmup = %lld: it must be from 0 to the %lld steps of the run",
                       (long long)s->warmup, (long long)s->steps);
    if (s->decay_steps < 0 || s->decay_steps > s->steps - s->warmup)
        return sn_fail(SN_ERR_ARGUMENT,
                       "schedule: decay_steps = %lld: it must be from 0 to the %lld steps after warm-up",
                       (long long)s->decay_steps, (long long)(s->steps - s->warmup));
    return SN_OK;
}

double sn_schedule_progress(const sn_schedule *s, int64_t step) {
    if (s->steps <= s->warmup) return 0;
    return fmin(1, (double)(step - s->warmup) / (double)(s->steps - s->warmup));
}

double sn_schedule_at(const sn_schedule *s, int64_t step) {
    const sn_schedule_def *def = find(s->name);
    if (!def) return 0;
    if (step < s->warmup) return s->peak * (double)(step + 1) / (double)s->warmup;
    return def->at(s, step < s->steps ? step : s->steps);
}
