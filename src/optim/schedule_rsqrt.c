/* Vaswani et al. 2017, arXiv:1706.03762, section 5.3. */
#include "optim/schedule.h"

#include <math.h>

static double at(const sn_schedule *s, int64_t step) {
    double warmup = s->warmup > 0 ? (double)s->warmup : 1;
    return fmax(s->floor, s->peak * sqrt(warmup / (warmup + (double)(step - s->warmup))));
}

const sn_schedule_def sn_schedule_rsqrt = {
    .info = {"rsqrt", "falls as the root of the warm-up over the step, not below the floor"}, .at = at};
