/* Metrics by name. What is known of each is tested in tests/unit/curvature_test.c. */
#include "math/curvature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names are compared without case, spaces, "-", "_" and "^". */
static const sn_curvature_entry entries[] = {
    {"sphere", "unit sphere S^n, sphereN or SN (N = 1..10; without N: 2): constant curvature 1", NULL, "", NULL},
    {"hyperbolic", "hyperbolic space H^n, half-space coordinates, hyperbolicN or HN (without N: 2): curvature -1", NULL,
     "", NULL},
    {"minkowski", "flat space-time in spherical coordinates", "t,r,theta,phi", "", "-1; 1; r^2; r^2*sin(theta)^2"},
    {"schwarzschild", "black hole of mass M: Ricci-flat", "t,r,theta,phi", "M",
     "-(1-2*M/r); 1/(1-2*M/r); r^2; r^2*sin(theta)^2"},
    {"reissner-nordstroem", "black hole of mass M and charge Q: R = 0", "t,r,theta,phi", "M,Q",
     "-(1-2*M/r+Q^2/r^2); 1/(1-2*M/r+Q^2/r^2); r^2; r^2*sin(theta)^2"},
    {"kerr", "rotating black hole, Boyer-Lindquist coordinates: Ricci-flat", "t,r,theta,phi", "M,a",
     "-(1-2*M*r/(r^2+a^2*cos(theta)^2)), 0, 0, -2*M*a*r*sin(theta)^2/(r^2+a^2*cos(theta)^2);"
     "0, (r^2+a^2*cos(theta)^2)/(r^2-2*M*r+a^2), 0, 0;"
     "0, 0, r^2+a^2*cos(theta)^2, 0;"
     "-2*M*a*r*sin(theta)^2/(r^2+a^2*cos(theta)^2), 0, 0,"
     "(r^2+a^2+2*M*a^2*r*sin(theta)^2/(r^2+a^2*cos(theta)^2))*sin(theta)^2"},
    {"kerr-newman", "rotating and charged black hole: R = 0", "t,r,theta,phi", "M,a,Q",
     "-(1-(2*M*r-Q^2)/(r^2+a^2*cos(theta)^2)), 0, 0, -(2*M*r-Q^2)*a*sin(theta)^2/(r^2+a^2*cos(theta)^2);"
     "0, (r^2+a^2*cos(theta)^2)/(r^2-2*M*r+a^2+Q^2), 0, 0;"
     "0, 0, r^2+a^2*cos(theta)^2, 0;"
     "-(2*M*r-Q^2)*a*sin(theta)^2/(r^2+a^2*cos(theta)^2), 0, 0,"
     "(r^2+a^2+(2*M*r-Q^2)*a^2*sin(theta)^2/(r^2+a^2*cos(theta)^2))*sin(theta)^2"},
    {"flrw", "expanding space with any scale factor a(t), curvature k: conformally flat", "t,r,theta,phi", "k",
     "-1; a(t)^2/(1-k*r^2); a(t)^2*r^2; a(t)^2*r^2*sin(theta)^2"},
    {"de-sitter", "static coordinates, radius L: constant curvature 1/L^2", "t,r,theta,phi", "L",
     "-(1-r^2/L^2); 1/(1-r^2/L^2); r^2; r^2*sin(theta)^2"},
    {"anti-de-sitter", "static coordinates, radius L: constant curvature -1/L^2", "t,r,theta,phi", "L",
     "-(1+r^2/L^2); 1/(1+r^2/L^2); r^2; r^2*sin(theta)^2"},
    {"goedel", "rotating dust of vorticity w with closed time-like curves", "t,x,y,z", "w",
     "-1/(2*w^2), 0, -exp(x)/(2*w^2), 0; 0, 1/(2*w^2), 0, 0; -exp(x)/(2*w^2), 0, -exp(2*x)/(4*w^2), 0;"
     "0, 0, 0, 1/(2*w^2)"},
    {"btz", "rotating black hole in three dimensions, mass M, angular momentum J, radius L: curvature -1/L^2",
     "t,r,phi", "M,J,L", "M-r^2/L^2, 0, -J/2; 0, 1/(-M+r^2/L^2+J^2/(4*r^2)), 0; -J/2, 0, r^2"},
    {"tangherlini5", "black hole in five dimensions, horizon radius b: Ricci-flat", "t,r,chi,theta,phi", "b",
     "-(1-b^2/r^2); 1/(1-b^2/r^2); r^2; r^2*sin(chi)^2; r^2*sin(chi)^2*sin(theta)^2"},
};

static const struct {
    const char *alias, *name;
} aliases[] = {{"s", "sphere"},
               {"h", "hyperbolic"},
               {"flat", "minkowski"},
               {"rn", "reissner-nordstroem"},
               {"reissnernordstrom", "reissner-nordstroem"},
               {"kn", "kerr-newman"},
               {"frw", "flrw"},
               {"friedmann", "flrw"},
               {"ds", "de-sitter"},
               {"ads", "anti-de-sitter"},
               {"godel", "goedel"},
               {"tangherlini", "tangherlini5"},
               {"5d", "tangherlini5"}};

const sn_curvature_entry *sn_curvature_catalogue(int i) {
    return i >= 0 && i < (int)(sizeof entries / sizeof *entries) ? &entries[i] : NULL;
}

static void plain(const char *name, char out[64]) {
    size_t n = 0;
    for (; *name && n < 63; name++)
        if (!strchr(" -_^", *name)) out[n++] = (char)tolower((unsigned char)*name);
    out[n] = 0;
}

static void copy(char *out, size_t size, const char *text) { snprintf(out, size, "%s", text); }

/* Angles x1 .. x(n-1) and phi. */
static void sphere(int n, sn_curvature_named *out) {
    char *c = out->coordinates, *m = out->metric;
    size_t nc = 0, nm = 0;
    for (int i = 0; i < n; i++) {
        if (i == n - 1)
            nc += (size_t)snprintf(c + nc, sizeof out->coordinates - nc, i ? ",phi" : "phi");
        else if (i == n - 2)
            nc += (size_t)snprintf(c + nc, sizeof out->coordinates - nc, "%stheta", i ? "," : "");
        else
            nc += (size_t)snprintf(c + nc, sizeof out->coordinates - nc, "%schi%d", i ? "," : "", i + 1);
        nm += (size_t)snprintf(m + nm, sizeof out->metric - nm, i ? "; 1" : "1");
        for (int k = 0; k < i; k++) {
            if (k == n - 2)
                nm += (size_t)snprintf(m + nm, sizeof out->metric - nm, "*sin(theta)^2");
            else
                nm += (size_t)snprintf(m + nm, sizeof out->metric - nm, "*sin(chi%d)^2", k + 1);
        }
    }
}

static void half_space(int n, sn_curvature_named *out) {
    size_t nc = 0, nm = 0;
    for (int i = 1; i <= n; i++) {
        nc += (size_t)snprintf(out->coordinates + nc, sizeof out->coordinates - nc, i > 1 ? ",x%d" : "x%d", i);
        nm += (size_t)snprintf(out->metric + nm, sizeof out->metric - nm, "%s1/x%d^2", i > 1 ? "; " : "", n);
    }
}

bool sn_curvature_lookup(const char *name, sn_curvature_named *out) {
    char word[64], known[64];
    plain(name, word);
    *out = (sn_curvature_named){0};
    size_t stem = strlen(word);
    while (stem && isdigit((unsigned char)word[stem - 1])) stem--;
    for (int round = 0; round < 2; round++) { /* the whole word, then without a dimension */
        int n = round ? atoi(word + stem) : 2;
        if (round && (word[stem] == 0 || n < 1 || n > SN_CURVATURE_MAX_DIMENSION)) return false;
        if (round) word[stem] = 0;
        for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
            if (strcmp(word, aliases[i].alias) == 0) plain(aliases[i].name, word);
        for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
            plain(entries[i].name, known);
            if (strcmp(word, known) != 0 || (round && entries[i].metric)) continue;
            copy(out->parameters, sizeof out->parameters, entries[i].parameters);
            if (entries[i].metric) {
                copy(out->coordinates, sizeof out->coordinates, entries[i].coordinates);
                copy(out->metric, sizeof out->metric, entries[i].metric);
            } else if (word[0] == 's') {
                sphere(n, out);
            } else {
                half_space(n, out);
            }
            return true;
        }
    }
    return false;
}

const char *sn_curvature_nearest_name(const char *name) {
    const char *names[64];
    char word[64];
    int n = 0;
    plain(name, word);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) names[n++] = entries[i].name;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strlen(aliases[i].alias) > 3) names[n++] = aliases[i].alias;
    return sn_nearest(word, names, n);
}
