#!/bin/sh
# suan study mad: loops, their closed forms, tables, and what is refused.
. "$(dirname "$0")/lib.sh"

status 0 "$SUAN" study mad --initial 20 --runs 50 --judge 0 -g 4 -q --json "$work/m.json" --csv "$work/m.csv" \
    --plot "$work/m.svg"
prints "gaussian trained on gaussian (1 dimensions), 50 runs"
prints "fresh, lambda 1"
grep -q '"w2_expected": 0.0761' "$work/m.json" || fail "no closed form of the first generation"
grep -A 1 '"limit"' "$work/m.json" | grep -q '"mean_square": 0.06637' || fail "no limit of the augmented loop"
grep -q '"frechet"' "$work/m.json" && fail "points were drawn to judge by, though the moments are known"
[ "$(wc -l <"$work/m.csv")" -eq 13 ] || fail "not one row a generation"
grep -q "squared W2" "$work/m.svg" || fail "no picture of the moments"
"$SUAN" info >"$work/info"
if grep -q lapacke "$work/info"; then
    status 0 "$SUAN" study mad -m mixture -s grid --size 9 --initial 60 --judge 40 -g 2 -l synthetic -q --plot "$work/g.svg"
    prints recall
    grep -q "precision" "$work/g.svg" || fail "no picture of precision"
else
    echo "SKIP: loops in many dimensions: this build has no lapacke"
fi
awk 'BEGIN { for (i = 1; i < 200; i++) print i "," i % 17 }' >"$work/t.csv"
status 0 "$SUAN" study mad "$work/t.csv" -c 2 -m fourier --size 4 --initial 50 --judge 30 -g 2 --lambda 1,0.5 -q --json -
prints '"lambda": 0.5'
prints '"loop": "fresh"'
if grep -q lapacke "$work/info"; then
    status 0 "$SUAN" study mad "$work/t.csv" --initial 50 --judge 30 -g 2 -q
    prints "(2 dimensions)"
fi

status 2 "$SUAN" study mad --lambda 1,0
says "--lambda wants"
status 2 "$SUAN" study mad --loop forever
says "--loop wants"
status 1 "$SUAN" study mad -m diffusion
says 'there is no "diffusion"'
status 1 "$SUAN" study mad -s cifar
says 'there is no source "cifar"'
status 1 "$SUAN" study mad -m fourier -s grid
says "2 dimensions"
status 1 "$SUAN" study mad --initial 30 --judge 4
says "more than neighbours"
status 1 "$SUAN" study mad "$work/absent.csv"
says absent.csv
status 1 "$SUAN" study mad "$work/t.csv" -c x
says 'no column "x"'
awk 'BEGIN { for (i = 1; i < 20; i++) print i "," 7 "," i "e200" }' >"$work/odd.csv"
status 1 "$SUAN" study mad "$work/odd.csv" -c 2
says "column 1 does not vary"
status 1 "$SUAN" study mad "$work/odd.csv" -c 1,3
says "1e+200 is too large"
status 0 "$SUAN" study mad "$work/odd.csv" -c 1 -g 2 -q --initial 30
says "judging by 19 points"
printf '1,2\n3,nan\n' >"$work/bad.csv"
status 1 "$SUAN" study mad "$work/bad.csv" -q
says 'line 2: column "2" has "nan"'
: >"$work/bad.csv"
status 1 "$SUAN" study mad "$work/bad.csv"
says "empty"
echo "self-consuming loops run and refuse"
