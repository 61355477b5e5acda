#include "base/number.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char decimal_point(void) { return localeconv()->decimal_point[0]; }

bool sn_number_parse(const char *text, size_t size, double *out) {
    char copy[64];
    if (size == 0 || size >= sizeof copy) return false;
    for (size_t c = 0; c < size; c++) {
        if (!isdigit((unsigned char)text[c]) && !strchr(".eE+-", text[c])) return false;
        copy[c] = text[c];
        if (copy[c] == '.') copy[c] = decimal_point();
    }
    copy[size] = 0;
    char *end;
    double x = strtod(copy, &end);
    if (end != copy + size || !isfinite(x)) return false;
    *out = x;
    return true;
}

static void strip_exponent(char *text) { /* 1e+06 -> 1e6 */
    char *e = strchr(text, 'e');
    if (!e) return;
    char *to = e + 1, *from = e + 1;
    if (*from == '-') *to++ = *from;
    while (*from == '+' || *from == '-' || (*from == '0' && from[1])) from++;
    memmove(to, from, strlen(from) + 1);
}

const char *sn_number_format(double x, char *out) {
    if (x == floor(x) && fabs(x) < 1e15) {
        snprintf(out, SN_NUMBER_SIZE, "%.0f", x);
        return out;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, SN_NUMBER_SIZE, "%.*g", digits, x);
        if (strtod(out, NULL) == x) break;
    }
    char *point = strchr(out, decimal_point());
    if (point) *point = '.';
    strip_exponent(out);
    return out;
}
