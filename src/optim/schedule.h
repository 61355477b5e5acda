/* Learning-rate schedules: one file each with one `const sn_schedule_def sn_schedule_<name>`. */
#ifndef SN_OPTIM_SCHEDULE_H
#define SN_OPTIM_SCHEDULE_H

#include "suan/optim.h"

typedef struct sn_schedule_def {
    sn_schedule_info info;
    /* The rate after warm-up, at `step` in warmup..steps - 1. */
    double (*at)(const sn_schedule *s, int64_t step);
} sn_schedule_def;

extern const sn_schedule_def *const sn_schedule_table[]; /* ends with NULL */

/* 0 at the first step after warm-up, 1 at the end of the run, between them in proportion. */
double sn_schedule_progress(const sn_schedule *s, int64_t step);

#endif
