/* The quantization model of scaling: closed forms. */
#include "suan/fit.h"

#include <math.h>

/* sum of k^-s over k >= n, by Euler and Maclaurin: the terms left out are below 1e-15 of the sum for n >= 20. */
static double far_tail(double s, double n) {
    double power = pow(n, -s), first = s * power / n, second = first * (s + 1) * (s + 2) / (n * n);
    double third = second * (s + 3) * (s + 4) / (n * n);
    return n * power / (s - 1) + power / 2 + first / 12 - second / 720 + third / 30240;
}

/* sum of k^-(gamma+1) over from <= k, up to the last task; small terms first. */
static double tail(const sn_quanta *q, int64_t from) {
    enum { DIRECT = 32 };
    double s = q->gamma + 1, sum = 0;
    if (q->tasks > 0 && from > q->tasks) return 0;
    if (from >= DIRECT) {
        double all = far_tail(s, (double)from);
        return q->tasks > 0 ? all - far_tail(s, (double)q->tasks + 1) : all;
    }
    int64_t to = q->tasks > 0 && q->tasks < DIRECT ? q->tasks + 1 : DIRECT;
    if (to == DIRECT) sum = tail(q, DIRECT);
    for (int64_t k = to - 1; k >= from; k--) sum += pow((double)k, -s);
    return sum;
}

double sn_quanta_normaliser(const sn_quanta *q) { return tail(q, 1); }

double sn_quanta_probability(const sn_quanta *q, int64_t k) {
    if (k < 1 || (q->tasks > 0 && k > q->tasks)) return 0;
    return pow((double)k, -(q->gamma + 1)) / sn_quanta_normaliser(q);
}

double sn_quanta_loss(const sn_quanta *q, int64_t learned) {
    double unknown = q->known == 0 && q->unknown == 0 ? 1 : q->unknown;
    double share = tail(q, (learned > 0 ? learned : 0) + 1) / sn_quanta_normaliser(q);
    return q->known + (unknown - q->known) * share;
}

double sn_quanta_slope(const sn_quanta *q, int64_t from, int64_t to) {
    return log(tail(q, from + 1) / tail(q, to + 1)) / log((double)to / (double)from);
}

double sn_quanta_learned(const sn_quanta *q, double examples, double each) {
    double n = pow(examples / (each * sn_quanta_normaliser(q)), 1 / (1 + q->gamma));
    return q->tasks > 0 ? fmin(n, (double)q->tasks) : n;
}

double sn_quanta_data_exponent(const sn_quanta *q) { return q->gamma / (1 + q->gamma); }
