/* Measured losses beside an ideal learner of the same list of quanta. */
#include "base/error.h"
#include "suan/fit.h"

#include <math.h>

static double clamp(double x, double low, double high) { return fmax(low, fmin(high, x)); }

double sn_quanta_loss_at(const sn_quanta *q, double learned) {
    double most = q->tasks > 0 ? (double)q->tasks : 0x1p52, n = clamp(learned, 0, most);
    int64_t whole = (int64_t)n;
    double loss = sn_quanta_loss(q, whole), share = n - (double)whole;
    return share > 0 ? loss + share * (sn_quanta_loss(q, whole + 1) - loss) : loss;
}

/* ln of what is left to learn; where nothing is left, that of a number too small to matter. */
static double log_rest(const sn_quanta *q, double loss) { return log(fmax(loss - q->known, 1e-300)); }

/* -d ln(loss - known) / d ln x by least squares. */
static double slope(const sn_quanta *q, const double *x, const double *loss, int64_t n) {
    double u = 0, v = 0, uu = 0, uv = 0;
    for (int64_t i = 0; i < n; i++) u += log(x[i]) / (double)n, v += log_rest(q, loss[i]) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double d = log(x[i]) - u;
        uu += d * d, uv += d * (log_rest(q, loss[i]) - v);
    }
    return uu > 0 ? -uv / uu : NAN;
}

/* The ideal learner's losses, and the mean of their logarithms. */
static double follow(const sn_quanta *q, double power, double scale, const double *x, int64_t n, double *ideal) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        ideal[i] = sn_quanta_loss_at(q, pow(scale * x[i], power));
        sum += log_rest(q, ideal[i]);
    }
    return sum / (double)n;
}

sn_status sn_quanta_compare(const sn_quanta *q, double power, const double *x, const double *loss, int64_t n,
                            double *ideal, sn_quanta_comparison *out) {
    double mean = 0, low = -600, high = 600;
    for (int64_t i = 0; i < n; i++) {
        if (!(x[i] > 0) || !isfinite(x[i]) || !(loss[i] > q->known) || !isfinite(loss[i]))
            return sn_fail(SN_ERR_ARGUMENT, "quanta: point %lld: size %g, loss %g: out of range", (long long)i + 1,
                           x[i], loss[i]);
        mean += log_rest(q, loss[i]) / (double)n;
    }
    *out =
        (sn_quanta_comparison){.points = n, .measured = NAN, .ideal = NAN, .endless = q->gamma * power, .scale = NAN};
    if (n < 2) return SN_OK;
    for (int k = 0; k < 100; k++) { /* the more is learned, the less is the loss */
        double middle = (low + high) / 2;
        if (follow(q, power, exp(middle), x, n, ideal) > mean)
            low = middle;
        else
            high = middle;
    }
    out->scale = exp(high);
    follow(q, power, out->scale, x, n, ideal);
    out->ideal = slope(q, x, ideal, n);
    out->measured = slope(q, x, loss, n);
    return SN_OK;
}
