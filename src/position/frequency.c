#include "position/frequency.h"

#include <math.h>

static const double two_pi = 6.283185307179586476925286766559;

void sn_planes_divide(sn_position *p, double factor) {
    for (int m = 0; m < p->n_planes; m++) p->frequency[m] /= factor;
}

void sn_planes_divide_each(sn_position *p, const double *divisors) {
    for (int m = 0; m < p->n_planes; m++) p->frequency[m] /= divisors[m];
}

void sn_planes_ntk(sn_position *p, double factor) {
    for (int m = 1; m < p->n_planes; m++) p->frequency[m] *= pow(factor, -(double)m / (p->n_planes - 1));
}

void sn_planes_mixed(sn_position *p, double factor, double b) {
    double a = log(factor) / pow(p->n_planes, b);
    for (int m = 0; m < p->n_planes; m++) p->frequency[m] *= exp(-a * pow(m + 1, b));
}

/* share 1 keeps the plane bit for bit, 0 divides it by the factor as PI does. */
static void blend(double *frequency, double share, double factor) {
    if (share <= 0)
        *frequency /= factor;
    else if (share < 1)
        *frequency *= (1 - share) / factor + share;
}

/* The plane (a real number) that turns `rotations` times over the trained window. */
static double plane_of(const sn_yarn *y, int n_rot, double rotations) {
    return n_rot * log(y->trained / (rotations * two_pi)) / (2 * log(y->base));
}

void sn_planes_yarn(sn_position *p, const sn_yarn *y) {
    int n_rot = 2 * p->n_planes;
    double low = plane_of(y, n_rot, y->fast), high = plane_of(y, n_rot, y->slow);
    if (y->truncate) low = floor(low), high = ceil(high);
    low = fmax(low, 0), high = fmin(high, n_rot - 1); /* n_rot - 1, not n_planes - 1: as released */
    if (low == high) high += 0.001;
    for (int m = 0; m < p->n_planes; m++) {
        double ramp = fmin(fmax((m - low) / (high - low), 0), 1);
        blend(&p->frequency[m], 1 - ramp, y->factor);
    }
}

void sn_planes_by_parts(sn_position *p, const sn_by_parts *s) {
    for (int m = 0; m < p->n_planes; m++) {
        double rotations = s->trained * p->frequency[m] / two_pi;
        blend(&p->frequency[m], (rotations - s->slow) / (s->fast - s->slow), s->factor);
    }
}

double sn_yarn_gain(double factor, double weight) { return factor > 1 ? 0.1 * weight * log(factor) + 1 : 1; }

double sn_longrope_gain(double factor, double trained) {
    return factor > 1 && trained > 1 ? sqrt(1 + log(factor) / log(trained)) : 1;
}

double sn_dynamic_factor(double factor, double length, double trained) {
    return length > trained ? factor * length / trained - (factor - 1) : 1;
}
