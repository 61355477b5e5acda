/* Half a cosine (Loshchilov & Hutter 2016, arXiv:1608.03983, without restarts). */
#include "optim/schedule.h"

#include <math.h>

static double at(const sn_schedule *s, int64_t step) {
    const double pi = 3.14159265358979323846;
    return s->floor + (s->peak - s->floor) * 0.5 * (1 + cos(pi * sn_schedule_progress(s, step)));
}

const sn_schedule_def sn_schedule_cosine = {.info = {"cosine", "falls from the peak to the floor as half a cosine"},
                                            .at = at};
