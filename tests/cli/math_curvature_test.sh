#!/bin/sh
# suan math curvature: its outputs, its C code against its own values, and what it refuses.
. "$(dirname "$0")/lib.sh"

curvature() { "$SUAN" math curvature "$@"; }
if ! curvature sphere2 >/dev/null 2>"$work/err" && grep -q FLINT "$work/err"; then
    echo "SKIP: this build has no FLINT"
    exit 77
fi

schwarzschild="-(1-2*M/r); 1/(1-2*M/r); r^2; r^2*sin(theta)^2"
status 0 curvature --coords t,r,theta,phi --params M --metric "$schwarzschild" --at t=0,r=5,theta=1,phi=0,M=1 --json
prints '"ricci_scalar": "0"'
prints '"kretschmann": "48*M^2/r^6"'
prints '"kretschmann": 0.003072'
prints '"ricci_scalar": 0,'
prints '"einstein": ['
prints '"ricci": true'
prints '"weyl": false'
prints '"zeros_by_random_points": 0'
status 0 curvature --coords t,r,theta,phi --params M --metric "$schwarzschild"
prints "Ricci tensor: 0: the metric is Ricci-flat"
prints "Gamma^t_t,r = M/(r*(r-2*M))"
status 0 curvature kerr --latex
prints '\begin{align*}'
prints '\frac{'
status 0 curvature --count 4
prints "riemann      20 of 256"
status 0 curvature --count 7 --json
prints '"riemann":196'
status 0 curvature --catalogue
prints "reissner-nordstroem"

# The C code, compiled, gives the values that --at gives.
if command -v cc >/dev/null; then
    curvature kerr --c >"$work/kerr.c"
    cat >>"$work/kerr.c" <<'END'
#include <stdio.h>
int main(void) {
    const double x[] = {0, 5, 0.7, 0}, p[] = {1, 0.9};
    struct curvature c;
    curvature(x, p, 0, &c);
    printf("%.9g %.9g %.9g\n", c.kretschmann, c.riemann[2][1][0][3], c.christoffel[3][0][1]);
    return 0;
}
END
    cc -std=c99 -Wall -Wextra -Werror -o "$work/kerr" "$work/kerr.c" -lm
    "$work/kerr" >"$work/out"
    prints "0.00197914841 0.0509292208 0.00215155045"
    curvature flrw --c >"$work/flrw.c"
    cc -std=c99 -Wall -Wextra -Werror -c -o "$work/flrw.o" "$work/flrw.c"
    # Tensors that would take megabytes are computed from the derivatives of the metric.
    dense="cosh(v), sin(u)/3, 0; sin(u)/3, 2+cos(w), 1/5; 0, 1/5, 1+u^2*v^2"
    curvature --coords u,v,w --metric "$dense" --c >"$work/dense.c"
    [ "$(wc -c <"$work/dense.c")" -lt 100000 ] || fail "C code of $(wc -c <"$work/dense.c") bytes"
    cat >>"$work/dense.c" <<'END'
#include <stdio.h>
int main(void) {
    const double x[] = {0.7, 0.4, 1.1};
    struct curvature c;
    curvature(x, 0, 0, &c);
    printf("%.9g %.9g %.9g ", c.ricci_scalar, c.kretschmann, c.determinant);
    printf("%.9g %.9g %.9g\n", c.christoffel[0][1][2], c.riemann[2][0][1][0], c.einstein[1][2]);
    return 0;
}
END
    cc -std=c99 -Wall -Wextra -Werror -o "$work/dense" "$work/dense.c" -lm
    "$work/dense" >"$work/out"
    prints "-0.59386776 0.883567393 2.76750107 0.0403282063 0.0104212254 0.0633771285"
fi

status 0 curvature kerr --plot "$work/k.svg" --along r=0.1,3 --at theta=0.7,M=1,a=0.9
grep -q Kretschmann "$work/k.svg" || fail "no chart"
status 0 curvature flrw --plot "$work/f.svg" --along t=0.1,3 --at "r=0.5,theta=1,k=0,a(t)=t^(2/3)"
status 1 curvature kerr --plot "$work/k.svg" --along r=3,1 --at theta=0.7,M=1,a=0.9
says "two rising numbers"
status 1 curvature kerr --plot "$work/k.svg" --along x=1,3 --at theta=0.7,M=1,a=0.9
says '"x" is neither a coordinate nor a parameter'
status 1 curvature kerr --plot "$work/k.txt" --along r=1,3 --at theta=0.7,M=1,a=0.9
status 2 curvature kerr --plot "$work/k.svg"
says "belong together"

status 2 curvature
says "give --metric"
status 2 curvature kerr --metric kerr
says "given twice"
status 2 curvature kerr --json --latex
status 2 curvature kerr more
status 1 curvature --coords x,y --metric "1; 0"
says "singular"
status 1 curvature --coords x,y --metric "1, x; y, 1"
says "not symmetric"
status 1 curvature --coords x,y --metric "1; 2*(x+"
says "(at character 6):"
says "         ^"
status 1 curvature --coords x,theta --metric "1; sin(thetta)"
says 'did you mean "theta"?'
status 1 curvature kerrr
says 'did you mean "kerr"?'
status 1 curvature schwarzschild --at r=2,theta=1,M=1
says "not finite"
status 1 curvature --coords a,b,c,d --metric "sin(a*b*c)^200+exp(d), log(a), sqrt(b), a*d; log(a), tan(c)^199, d, e"
says "2 rows of 4 entries"
head -c 70000 /dev/zero | tr '\0' '(' >"$work/long"
status 1 curvature --coords x,y --metric "$(cat "$work/long")"
says "too long"
status 2 curvature --count 0

# Ctrl-C within a second or so, also where a single step takes longer.
"$SUAN" math curvature --coords x,y --metric "(x+y+1)^100; (x-y+2)^60" --json >"$work/out" 2>"$work/err" &
long=$!
sleep 1
begun=$(date +%s)
kill -TERM $long
got=0
wait $long || got=$?
[ "$got" -eq 130 ] || fail "exit status $got after SIGTERM, wanted 130"
[ $(($(date +%s) - begun)) -le 3 ] || fail "did not stop in time"
says "stopped"
echo "math curvature: fine"
