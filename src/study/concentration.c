/* How concentrated attention can be: E|f(z)| / sqrt(E f(z)^2) for z ~ N(beta, gamma^2) (Su, kexue.fm/archives/9889). */
#include "suan/measure.h"

#include <math.h>

static const double root_half = 0.70710678118654752440, root_two_pi = 2.50662827463100050242;

static double normal_density(double c) { return exp(-c * c / 2) / root_two_pi; }
static double normal_share(double c) { return erfc(-c * root_half) / 2; }

/* The integral of t^k exp(ct - t^2/2) over t > 0, for c < 0 far from cancelling to nothing. Simpson. */
static double tail_moment(int k, double c) {
    enum { steps = 4000 };
    double to = 40 / (1 - c), h = to / steps, total = 0;
    for (int i = 0; i <= steps; i++) {
        double t = h * i, weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
        total += weight * pow(t, k) * exp(c * t - t * t / 2);
    }
    return total * h / 3;
}

/* With c = beta / gamma: E relu(z)^2 = gamma^2 M_2 and E relu(z)^4 = gamma^4 M_4, M_k = E max(c + e, 0)^k. */
static double of_relu2(double c) {
    if (c < -2) return sqrt(normal_density(c)) * tail_moment(2, c) / sqrt(tail_moment(4, c));
    double share = normal_share(c), density = normal_density(c), c2 = c * c;
    double second = (c2 + 1) * share + c * density;
    double fourth = (c2 * c2 + 6 * c2 + 3) * share + c * (c2 + 5) * density;
    return second / sqrt(fourth);
}

static double of_linear(double c) { return (2 * normal_density(c) + c * erf(c * root_half)) / sqrt(c * c + 1); }

double sn_concentration_of(sn_concentration f, double beta, double gamma) {
    if (!(gamma > 0)) return NAN;
    if (f == SN_CONCENTRATION_EXP) return exp(-gamma * gamma / 2);
    return f == SN_CONCENTRATION_RELU2 ? of_relu2(beta / gamma) : of_linear(beta / gamma);
}

double sn_concentration_of_decay(double lambda, int64_t n) {
    if (!(lambda > 0 && lambda < 1) || n < 1) return NAN;
    double last = pow(lambda, (double)n);
    return sqrt((1 - last) / ((double)n * (1 - lambda)) * (1 + lambda) / (1 + last));
}

double sn_concentration_of_positive(double mean, double variance) { return 1 / sqrt(1 + variance / (mean * mean)); }
