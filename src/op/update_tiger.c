/* update_tiger: a step of Tiger, in place.
 *
 * m = keep m + add g; p -= rate s (sign(m) + decay p), where s is 1 or the root mean square of the parameter (of each
 * of its rows) before the step. A rate of 0 only takes the gradient into m. Where any element of g is NaN (infinities
 * do not count), m stays and p = centre + shrink (p - centre). The shapes of rows are those of the last dimension. */
#include "op/update.h"

#include <tgmath.h>

static bool has_nan(const sn_update *u) {
    for (int64_t i = 0; i < u->n; i++)
        if (isnan(*sn_real_at(u->grad, i))) return true;
    return false;
}

static real root_mean_square(const real *p, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)p[i] * (double)p[i];
    return (real)sqrt(sum / (double)n);
}

static void step_part(const sn_update *u, int64_t from, int64_t n) {
    const real decay = (real)u->attr->weight_decay;
    real rate = u->rate;
    if (rate != 0 && u->attr->rate_by != SN_RATE_PLAIN) rate *= root_mean_square(u->param + from, n);
    for (int64_t i = from; i < from + n; i++) {
        real m = u->keep * sn_update_state(u, 0, i) + u->add * sn_update_grad(u, i);
        sn_update_store(u, 0, i, m);
        if (u->rate != 0) u->param[i] -= rate * (sn_update_sign(m) + decay * u->param[i]);
    }
}

static void forward(const sn_call *c) {
    sn_update u;
    if (!sn_update_begin(c, &u) || u.n == 0) return;
    if (has_nan(&u)) {
        const real centre = (real)u.attr->shrink_centre, shrink = (real)u.attr->shrink;
        for (int64_t i = 0; i < u.n; i++) u.param[i] = (u.param[i] - centre) * shrink + centre;
        return;
    }
    bool by_row = u.attr->rate_by == SN_RATE_ROW_RMS && c->in[0].n_dims > 0;
    int64_t part = by_row ? sn_n_columns(&c->in[0]) : u.n;
    for (int64_t from = 0; from < u.n; from += part) step_part(&u, from, part);
}
SN_OP_FORWARD(update_tiger)

#if SN_OP_MAIN
/* Parameter and gradient are read twice: for the root mean square and NaN, and for the step. */
static sn_cost cost(const void *attr, const sn_tensor *in, int n_in, const sn_tensor *out) {
    sn_cost once = sn_cost_update(attr, in, n_in, out);
    double n = (double)sn_tensor_count(&in[0]);
    return (sn_cost){once.flops + 2 * n, once.bytes + 2 * (double)sn_tensor_bytes(&in[0])};
}

static const sn_update_attr matrix = {.rate_factor = 1, .weight_decay = 0.25, .rate_by = SN_RATE_RMS, .shrink = 0.75},
                            rows = {.rate_factor = 0.5, .rate_by = SN_RATE_ROW_RMS, .shrink = 0.75},
                            gain = {.rate_factor = 0.5, .shrink = 0.75, .shrink_centre = 1};
static const double one_nan[] = {0, -1, 0.5, NAN, 2, 3, 0.25}, one_infinite[] = {0, -1, 0.5, INFINITY, 2, 3, 0.25},
                    no_rate[SN_UPDATE_SCALARS] = {0, 1, 0.25};
/* Seven elements under the gradient and scalars given. */
#define SEVEN(gradient, numbers)                                                                                       \
    {                                                                                                                  \
        SN_CASE_F32(-1, 1, 1, 7), SN_CASE_F32(-1, 1, 1, 7),                                                            \
            {.n_dims = 1, .shape = {7}, .dtype = SN_F32, .values = (gradient)}, SN_CASE_ABSENT, {                      \
            .n_dims = 1, .shape = {SN_UPDATE_SCALARS}, .dtype = SN_F32, .values = (numbers)                            \
        }                                                                                                              \
    }
static const sn_op_case cases[] = {
    {5, SN_UPDATE_IN1(SN_F32, 2, 3, 5), &matrix},
    {5, SN_UPDATE_IN1(SN_F32, 2, 5, 37), &rows},
    {5, SN_UPDATE_IN1(SN_BF16, 2, 5, 37), &rows},
    {5, SN_UPDATE_IN1(SN_F32, 1, 21), &gain},
    {5, SN_UPDATE_IN1(SN_F32, 0, 0), &rows},
    {5, SN_UPDATE_IN1(SN_F32, 2, 3, 0), &matrix},
    {5, SEVEN(one_nan, sn_update_numbers), &matrix},
    {5, SEVEN(one_nan, no_rate), &gain},
    {5, SEVEN(one_infinite, sn_update_numbers), &matrix},
    {5, SEVEN(one_infinite, no_rate), &rows},
};
static const sn_op_case bad_cases[] = {
    {5, SN_UPDATE_IN1(SN_F16, 2, 3, 5), &matrix},
    {5, SN_UPDATE_IN1(SN_I32, 2, 3, 5), &matrix},
};
static const sn_op_case bench_cases[] = {
    {5, SN_UPDATE_IN1(SN_F32, 2, 4096, 4096), &matrix},
    {5, SN_UPDATE_IN1(SN_BF16, 2, 4096, 4096), &matrix},
    {5, SN_UPDATE_IN1(SN_F32, 2, 32768, 512), &rows},
};

const sn_op_def sn_op_update_tiger = {
    SN_UPDATE(update_tiger, 1),
    .formula = "m = keep m + add g; p -= rate rms(p) (sign(m) + decay p); NaN in g: p = c + shrink (p - c), in place",
    .source = "J. Su 2023, https://kexue.fm/archives/9512",
    .cost = cost,
};
#endif
