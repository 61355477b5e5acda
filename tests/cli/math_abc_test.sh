#!/bin/sh
# suan math abc: what it prints, and how it refuses what is no number.
. "$(dirname "$0")/lib.sh"
abc() { "$SUAN" math abc "$@"; }

status 0 abc 130
prints "130 = 10 * 13 + 0"
prints "sum    23"
status 0 abc 340282366920938463463374607431768211297 --json
one='{"n":"340282366920938463463374607431768211297","a":"18446744073709551603","b":"18446744073709551629","c":"10"'
grep -q "^$one,\"sum\":\"36893488147419103242\",\"steps\":[0-9]*}\$" "$work/out" || fail "not the fixed form of JSON"
status 0 abc --all --json 22
prints '"all":[{"a":"4","b":"5","c":"2"},{"a":"3","b":"7","c":"1"}]}'
status 0 abc 000
prints "0 = 0 * 0 + 0"

# A range: the number of lines, their order, the known total of the sums.
status 0 abc --range 1 10000
[ "$(wc -l <"$work/out")" -eq 10001 ] || fail "10000 lines and a header"
[ "$(head -1 "$work/out")" = "n,a,b,c,sum,steps" ] || fail "the header"
total=$(awk -F, 'NR > 1 {if ($1 != NR - 1 || $2 * $3 + $4 != $1 || $2 + $3 + $4 != $5) exit 1; s += $5} END {print s}' "$work/out")
[ "$total" = 1370430 ] || fail "the sums of 1 to 10000 make $total"
status 0 abc --threads 1 --range 7 7
[ "$(wc -l <"$work/out")" -eq 2 ] || fail "a range of one number"

for bad in -5 '' 12x 1.5 1e6 0x10 "1 2" ٣; do
    status 1 abc -- "$bad"
    says "abc: "
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "a failure takes one line"
done
status 1 abc -5
says '"-5" is negative'
status 1 abc ''
says "N is empty"
status 1 abc 12x
says '"12x" is no number at character 3'
status 1 abc 1000000000000000000000000000000000000000000000000000000000000
says "1.18e+10 steps are to be expected"
status 1 abc --range 9 8
says "the range is empty"
status 1 abc --range 1 -8
says "negative"
status 2 abc
says "wants one number"
status 2 abc 1 2
says "wants one number"
status 2 abc --range 4
says "--range wants LO HI"
status 2 abc --range 1 4 --json
says "--range stands alone"
status 2 abc 4 --plot a.png
says "--plot with --bench"
status 1 abc --bench --plot a.jpg
says "a.jpg"
echo "math abc: prints, streams, refuses"
