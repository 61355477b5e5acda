/* Curvature: how a metric's text is cut and read, and points of an opened metric. The first byte is "m" for a metric's
 * text, else the rest is a point. */
#include "fuzz.h"

#include "base/alloc.h"
#include "math/curvature.h"

#include <string.h>

static void read_metric(const char *text) {
    static const sn_expr *entries[16];
    sn_expr_scope scope = {.guess_unknowns = true};
    const char *const names[] = {"t", "r", "theta", "M"};
    for (int i = 0; i < 4; i++)
        if (sn_expr_declare(&scope, "names", names[i], strlen(names[i]), i < 3) != SN_OK) abort();
    if (sn_curvature_parse_metric(&scope, text, entries) == SN_OK)
        for (int i = 0; i < 9; i++)
            if (!entries[i]) abort();
    sn_expr_scope_free(&scope);
}

static void set_point(const char *text) {
    sn_curvature *c;
    const sn_curvature_options o = {
        .coordinates = "t,r", .parameters = "M", .metric = "-a(t)*sin(r/M)^2; sqrt(1+t^2)*exp(r)"};
    if (sn_curvature_open(&o, &c) != SN_OK) return; /* a build without FLINT */
    if (sn_curvature_set_point(c, text) == SN_OK) {
        double x = sn_curvature_value(c, SN_CURVATURE_SCALAR, (const int[4]){0});
        fuzz_read(&x, sizeof x);
    }
    sn_curvature_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > 4096) return 0;
    char *text = sn_strndup((const char *)data + 1, size - 1);
    if (!text) return 0;
    if (data[0] == 'm')
        read_metric(text);
    else
        set_point(text);
    sn_free(text);
    return 0;
}
