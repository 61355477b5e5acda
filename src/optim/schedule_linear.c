#include "optim/schedule.h"

static double at(const sn_schedule *s, int64_t step) {
    return s->floor + (s->peak - s->floor) * (1 - sn_schedule_progress(s, step));
}

const sn_schedule_def sn_schedule_linear = {.info = {"linear", "falls evenly from the peak to the floor"}, .at = at};
