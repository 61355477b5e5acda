/* What the tests of curvature share. */
#ifndef SN_TESTS_CURVATURE_FIXTURE_H
#define SN_TESTS_CURVATURE_FIXTURE_H

#include "suan/curvature.h"
#include "suan/tokenizer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline sn_curvature *open_metric(const char *coordinates, const char *parameters, const char *metric) {
    sn_curvature *c = NULL;
    sn_curvature_options o = {.coordinates = coordinates, .parameters = parameters, .metric = metric};
    if (sn_curvature_open(&o, &c) != SN_OK) fail_msg("%s: %s", metric, sn_last_error());
    return c;
}

static inline sn_curvature *catalogue(const char *name) { return open_metric(NULL, NULL, name); }

static inline void set_point(sn_curvature *c, const char *point) {
    if (sn_curvature_set_point(c, point) != SN_OK) fail_msg("%s: %s", point, sn_last_error());
}

static inline double scalar(sn_curvature *c, sn_curvature_tensor tensor) {
    return sn_curvature_value(c, tensor, (const int[4]){0});
}

static inline void close_to(const char *what, double got, double wanted, double tolerance) {
    if (!(fabs(got - wanted) <= tolerance * fabs(wanted) + tolerance * 1e-3))
        fail_msg("%s: %.17g, should be %.17g", what, got, wanted);
}

static inline void has_text(sn_curvature *c, sn_curvature_tensor tensor, const char *wanted) {
    char *text;
    assert_int_equal(sn_curvature_text(c, tensor, (const int[4]){0}, &text), SN_OK);
    assert_string_equal(text, wanted);
    sn_text_free(text);
}

/* A build without FLINT says so. */
static inline bool has_flint(void) {
    sn_curvature *c = NULL;
    sn_curvature_options o = {.metric = "sphere2"};
    sn_status status = sn_curvature_open(&o, &c);
    sn_curvature_close(c);
    if (status != SN_ERR_UNSUPPORTED) return true;
    print_message("SKIP: curvature: %s\n", sn_last_error());
    return false;
}

#endif
