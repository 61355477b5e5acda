/* Seconds since some fixed moment, for durations. */
#ifndef SN_BASE_CLOCK_H
#define SN_BASE_CLOCK_H

#include <time.h>

static inline double sn_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
