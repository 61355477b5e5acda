#!/bin/sh
# suan fit: tables in, laws and densities out, mistakes named.
. "$(dirname "$0")/lib.sh"
golden=$SN_SOURCE/tests/golden/scaling.csv

status 0 "$SUAN" fit scaling "$golden" --bootstrap 20 -q --compute 1e20 --json "$work/s.json" --csv "$work/s.csv" \
    --plot "$work/s.svg"
prints "alpha  0.340039"
prints "N grows as C^0.44"
grep -q '"objective": 0.0001545490' "$work/s.json" || fail "the objective is not that of scipy"
[ "$(wc -l <"$work/s.csv")" -eq 43 ] || fail "the CSV has not one row a point"
grep -q "<svg" "$work/s.svg" || fail "no picture"
status 0 "$SUAN" fit scaling "$golden" -f power -q --bootstrap 0 --json -
prints '"form": "power"'
awk 'BEGIN { for (n = 1; n < 3000; n *= 2) print n, 2 + 5 / n^0.5 }' >"$work/plain.txt"
status 0 "$SUAN" fit scaling "$work/plain.txt" -q --bootstrap 0
prints "E + A / N^alpha"
prints "E      2.00000"

status 1 "$SUAN" fit scaling "$work/absent.csv"
says absent.csv
status 1 "$SUAN" fit scaling "$golden" --loss perplexity
says 'no column "perplexity": it has params, tokens, loss'
status 1 "$SUAN" fit scaling "$golden" -f cubic
says 'there is no "cubic"'
status 1 "$SUAN" fit scaling "$work/plain.txt" -f chinchilla
says "has two sizes"
status 1 "$SUAN" fit scaling "$work/plain.txt" -q --bootstrap 0 --compute 1e9
says "has no compute optimum"
status 2 "$SUAN" fit scaling "$golden" --compute 1e20,x
says "--compute wants"
refused() { # TEXT of a table, what is said
    printf "$1" >"$work/bad.csv"
    status 1 "$SUAN" fit scaling "$work/bad.csv" -q
    says "$2"
}
refused '' 'the file is empty'
refused 'n,loss\n' 'only a line of names'
refused 'n,loss\n1,2\n3\n' 'line 3'
refused 'n,loss\n1,2\n2,nan\n' 'line 3: column "loss" has "nan"'
refused 'n,loss\n1,2\n2,\n' 'line 3: column "loss" has ""'
refused 'n,loss\n1,2\n2,0\n3,1\n4,1\n' 'row 2: the loss is 0'
refused '1 2\n2 1\n' '2 points are too few'
refused 'a\0b' 'neither text nor'
