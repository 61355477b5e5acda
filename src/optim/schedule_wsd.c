/* Warm-up, stable, decay (Hu et al. 2024, arXiv:2404.06395; the linear decay of Haegele et al. 2024,
 * arXiv:2405.18392): a run can be prolonged from any point before its decay. */
#include "optim/schedule.h"

static double at(const sn_schedule *s, int64_t step) {
    int64_t length = s->decay_steps > 0 ? s->decay_steps : (s->steps + 9) / 10;
    if (length > s->steps - s->warmup) length = s->steps - s->warmup;
    int64_t left = s->steps - step;
    if (left >= length) return s->peak;
    return s->floor + (s->peak - s->floor) * (double)left / (double)length;
}

const sn_schedule_def sn_schedule_wsd = {
    .info = {"wsd", "the peak until the last decay_steps (a tenth of the run), which fall evenly to the floor"},
    .at = at};
