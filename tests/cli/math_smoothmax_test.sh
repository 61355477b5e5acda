#!/bin/sh
# suan math smoothmax: values, bounds, a picture, and what it refuses.
. "$(dirname "$0")/lib.sh"
smooth() { "$SUAN" math smoothmax "$@"; }

status 0 smooth
prints "0.6931472"
prints "(factors)"
status 0 smooth -k 10
prints "0.06931472"
status 0 smooth 1 2
prints "2.31326168751822"
[ "$(wc -l <"$work/out")" -eq 9 ] || fail "eight families"
status 0 smooth -k 2 -1 -3
[ "$(wc -l <"$work/out")" -eq 7 ] || fail "no powers of negative numbers"
status 0 smooth -f lse -d --json 1 1
prints '"gradient":[0.5,0.5],"hessian":[[0.25,-0.25],[-0.25,0.25]]'
status 0 smooth -f lse -.5 -.5
prints "0.1931471805599453"
status 0 smooth -f lse -d 1e308 -1e308
prints "gradient  1  0"
status 0 smooth -f power --json 1e308 1e308
prints '"value":null,"error":null,"low":0,"high":1e+308}'
status 0 smooth -f power --json 1e308 1e308 1
prints '"high":null}'
status 0 smooth -f erf 5
if grep -q "e+00.*-0.0" "$work/out"; then fail "-0 is printed"; fi
status 0 smooth -k 5 --plot "$work/a.svg"
grep -q '</svg>' "$work/a.svg" || fail "the picture"

awk 'BEGIN { for (i = 0; i < 100000; i++) print i % 7 }' >"$work/many.csv"
status 0 smooth -f lse --json --data "$work/many.csv"
prints '"value":16.'
prints '"high":11.5129254'
status 0 smooth --min -f lse -d --json 1 2
prints '"value":0.68673831248177'
prints '"low":-0.69314718055994529,"high":0,"gradient":[0.7310585786300'
prints '"hessian":[[-0.19661193324148'
status 2 smooth -d --data "$work/many.csv"
says "of 1 to 64 numbers"
status 2 smooth --data "$work/many.csv" 1
says "not both"
status 1 smooth --data "$work/many.csv" --column x
says 'no column "x"'
status 1 smooth --data "$work/none.csv"
says "none.csv"

status 1 smooth -f power -1 2
says "value 0, -1, is below 0"
status 1 smooth -f power -k 0.5 1 2
says "a power is 1 or more"
status 2 smooth -f lsa 1 2
says 'did you mean "lse"'
status 2 smooth 1 x
says '"x" is no finite number'
status 2 smooth 1 nan
says "no finite number"
status 2 smooth 1 ''
says "no finite number"
status 2 smooth -k 0
says "--sharpness wants a number from"
status 2 smooth -k -3
says "--sharpness wants a number from"
status 2 smooth -d
says "give some"
status 1 smooth --plot a.jpg
says "a.jpg"
echo "math smoothmax: prints, draws, refuses"
