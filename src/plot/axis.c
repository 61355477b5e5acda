#include "plot/axis.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double forward(sn_axis_scale scale, double x) {
    return scale == SN_AXIS_LINEAR ? x : scale == SN_AXIS_LOG2 ? log2(x) : log10(x);
}

static double backward(sn_axis_scale scale, double x) {
    return scale == SN_AXIS_LINEAR ? x : scale == SN_AXIS_LOG2 ? exp2(x) : pow(10, x);
}

double sn_axis_at(const sn_axis *a, double value) {
    double low = forward(a->scale, a->from), high = forward(a->scale, a->to);
    return a->start + (forward(a->scale, value) - low) / (high - low) * (a->end - a->start);
}

/* The smallest of 1, 2, 5 times a power of ten that is at least x. */
static double nice_step(double x) {
    double power = pow(10, floor(log10(x)));
    static const double steps[] = {1, 2, 5};
    for (int i = 0; i < 3; i++)
        if (x <= steps[i] * power * (1 + 1e-9)) return steps[i] * power;
    return 10 * power;
}

/* ---- Labels ---- */

/* The minus sign and the superscripts that typesetters use. */
static void set_label(sn_tick *t, const char *text) {
    bool negative = *text == '-';
    snprintf(t->label, sizeof t->label, "%s%s", negative ? "\xe2\x88\x92" : "", text + negative);
}

static void label_linear(sn_tick *t, double step) {
    char text[SN_NUMBER_SIZE];
    double size = fmax(fabs(t->value), step);
    if (size >= 1e6 || step < 1e-5) {
        set_label(t, sn_number_format(round(t->value / step) * step, text));
        return;
    }
    int decimals = 0;
    for (double x = step; decimals < 6 && fabs(x - round(x)) > 1e-6 * x; x *= 10) decimals++;
    snprintf(text, sizeof text, "%.*f", decimals, t->value);
    char *comma = strchr(text, ',');
    if (comma) *comma = '.';
    set_label(t, text);
}

static void label_log2(sn_tick *t) {
    char text[SN_NUMBER_SIZE];
    double v = t->value;
    const char *unit = v >= 0x1p20 ? "M" : v >= 16384 ? "k" : "";
    sn_number_format(v >= 0x1p20 ? v / 0x1p20 : v >= 16384 ? v / 1024 : v, text);
    snprintf(t->label, sizeof t->label, "%s%s", text, unit);
}

static void label_log10(sn_tick *t) {
    static const char *const superscript[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                              "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                              "\xe2\x81\xb8", "\xe2\x81\xb9"};
    double exponent = round(log10(t->value));
    bool is_power = fabs(pow(10, exponent) / t->value - 1) < 1e-9;
    char text[SN_NUMBER_SIZE];
    if (!is_power || fabs(exponent) < 4 || fabs(exponent) > 99) {
        set_label(t, sn_number_format(t->value, text));
        return;
    }
    int digits = (int)fabs(exponent);
    snprintf(t->label, sizeof t->label, "10%s%s%s", exponent < 0 ? "\xe2\x81\xbb" : "",
             digits >= 10 ? superscript[digits / 10] : "", superscript[digits % 10]);
}

/* ---- Ticks ---- */

static sn_tick *add(sn_axis *a, double value) {
    double slack = 1e-9 * (forward(a->scale, a->to) - forward(a->scale, a->from));
    double x = forward(a->scale, value);
    bool inside = x >= forward(a->scale, a->from) - slack && x <= forward(a->scale, a->to) + slack;
    if (!inside || a->n_ticks == SN_MAX_TICKS) return NULL;
    a->tick[a->n_ticks].value = value;
    return &a->tick[a->n_ticks++];
}

static void ticks_linear(sn_axis *a, double step) {
    double first = ceil(a->from / step - 1e-9);
    for (int i = 0; i < SN_MAX_TICKS; i++) {
        double value = (first + i) * step;
        sn_tick *t = add(a, fabs(value) < step / 2 ? 0 : value);
        if (!t) return;
        label_linear(t, step);
    }
}

/* Every `step`-th power, and with `fine` the 2 and 5 of each decade. */
static void ticks_log(sn_axis *a, int wanted) {
    double low = ceil(forward(a->scale, a->from) - 1e-9), high = floor(forward(a->scale, a->to) + 1e-9);
    double step = fmax(1, ceil((high - low + 1) / (wanted + 3)));
    bool fine = a->scale == SN_AXIS_LOG10 && high - low < 2;
    static const double parts[] = {1, 2, 5};
    double first = fine ? low - 1 : low;
    int n = (int)floor((high - first) / step) + 1;
    for (int i = 0; i < n; i++)
        for (int part = 0; part < (fine ? 3 : 1); part++) {
            sn_tick *t = add(a, backward(a->scale, first + i * step) * parts[part]);
            if (t && a->scale == SN_AXIS_LOG2) label_log2(t);
            if (t && a->scale == SN_AXIS_LOG10) label_log10(t);
        }
    if (a->n_ticks >= 2) return;
    a->n_ticks = 0; /* too narrow for powers */
    sn_axis_scale scale = a->scale;
    a->scale = SN_AXIS_LINEAR;
    ticks_linear(a, nice_step((a->to - a->from) / wanted));
    a->scale = scale;
}

static void widen(sn_axis *a, double step, bool to_ticks) {
    if (a->scale == SN_AXIS_LINEAR && to_ticks) {
        a->from = floor(a->from / step + 1e-9) * step;
        a->to = ceil(a->to / step - 1e-9) * step;
        return;
    }
    double low = forward(a->scale, a->from), high = forward(a->scale, a->to), margin = 0.03 * (high - low);
    a->from = backward(a->scale, low - margin);
    a->to = backward(a->scale, high + margin);
}

void sn_axis_fit(sn_axis *a, const sn_plot_axis *wish, double low, double high, int wanted, bool to_ticks) {
    *a = (sn_axis){.scale = wish->scale, .from = low, .to = high};
    bool fixed = wish->from != wish->to;
    if (fixed) a->from = wish->from, a->to = wish->to;
    if (!fixed && !(high - low > 1e-12 * fmax(fabs(high), fabs(low)))) { /* one value: some room around it */
        double room = high == 0 ? 1 : fabs(high) / 10;
        a->from = low - room, a->to = high + room;
    }
    bool usable = wish->step > 0 && (a->to - a->from) / wish->step < SN_MAX_TICKS;
    double step = usable ? wish->step : nice_step((a->to - a->from) / wanted);
    if (!fixed) widen(a, step, to_ticks);
    if (a->scale == SN_AXIS_LINEAR)
        ticks_linear(a, step);
    else
        ticks_log(a, wanted);
}
