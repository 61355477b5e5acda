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

awk 'BEGIN { print "tokens,loss"; for (n = 1; n < 300; n *= 2) print n "," 3 / n^0.25 }' >"$work/one.csv"
status 0 "$SUAN" fit scaling "$work/one.csv" -q --bootstrap 0
prints "alpha  0.25000" # a single size, whatever its name
awk 'BEGIN { print "size,compute,loss"
    for (n = 1; n < 300; n *= 2) for (d = 1; d < 300; d *= 3) print n "," 6 * n * d "," 1 + 3 / n^0.5 + 2 / d^0.25 }' >"$work/c.csv"
status 0 "$SUAN" fit scaling "$work/c.csv" -q --bootstrap 0
prints "beta   0.2500"

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
    printf '%b' "$1" >"$work/bad.csv"
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
refused 'loss\n1\n2\n3\n' 'one column'
refused 'n,loss\n5,1\n5,2\n5,3\n5,2\n' 'N is 5 in all rows'
refused 'n,d,loss\n5,7,1\n6,7,2\n8,7,3\n9,7,2\n3,7,1\n4,7,1\n' 'D is 7 in all rows'
printf 'n,d,loss\n1,4,3\n2,5,2\n3,6,1\n4,9,1\n' >"$work/bad.csv"
for twice in '--loss n' '--n loss' '--d loss' '--n d --d d'; do
    # shellcheck disable=SC2086
    status 1 "$SUAN" fit scaling "$work/bad.csv" -q $twice
    says "is taken twice"
done

refused '"n";"loss"\n"1,5";"2,5"\n"2,5";"2"\n' 'decimals are written with a point'
refused 'n,loss\n1,2\n2,-1\n3,1\n4,1\n' 'row 2: the loss is -1'
refused 'n,loss\n5,2\n' '1 points are too few'

# what should not be read off a fit
awk 'BEGIN { print "Number of parameters\tTraining tokens\tfinal loss"
    for (n = 1; n < 300; n *= 2) for (d = 1; d < 300; d *= 3) print n "\t" d "\t" 1 + 3 / n^0.5 }' >"$work/t.tsv"
status 0 "$SUAN" fit scaling "$work/t.tsv" -q --bootstrap 0 --json "$work/t.json"
prints 'N: column "Number of parameters", D: column "Training tokens", loss: column "final loss"'
says "do not tell"
says "beta"
grep -q '"told": false' "$work/t.json" || fail "the JSON does not say what is not told"
grep -q '"rising": false' "$work/t.json" || fail "the JSON does not say whether the law rises"
awk 'BEGIN { for (n = 1; n < 300; n *= 2) print n, 3 * n^0.1 }' >"$work/rise.txt"
status 0 "$SUAN" fit scaling "$work/rise.txt" -q --bootstrap 0 -f power
says "the loss rises with size (alpha below 0)"

density_refused() { # TEXT, what is said
    printf '%b' "$1" >"$work/bad.txt"
    status 1 "$SUAN" fit density "$work/bad.txt" -q
    says "$2"
}
density_refused '1e200\n2\n3\n4\n5\n' 'numbers up to 1e150 are taken'
density_refused '1e-200\n2e-200\n3e-200\n4e-200\n' '1e-150 is the least'
density_refused '1\n2\n3\n' '5 are the least'

# densities: two bumps of 400 numbers each
awk 'BEGIN { for (i = 1; i < 400; i++) { u = i / 400; x = log(u / (1 - u)); print x; print 8 + x / 2 } }' >"$work/y.txt"
status 0 "$SUAN" fit density "$work/y.txt" -q --quantiles 0.25,0.75 --step 0.01 --json "$work/d.json" \
    --csv "$work/d.csv" --plot "$work/d.svg" --samples "$work/s.txt" --n-samples 50
prints "599 numbers fitted, 199 held out"
for method in fourier mixture histogram kde; do
    grep -q "\"method\": \"$method\"" "$work/d.json" || fail "the JSON lacks $method"
    awk -v m="$method" '$1 == m && NF == 8 { found = $5 < -1.8 && $5 > -2.6 && $7 < 0.15 } END { exit !found }' \
        "$work/out" || fail "the score of $method"
done
[ "$(wc -l <"$work/d.csv")" -eq 1001 ] || fail "the CSV has not 1000 points"
[ "$(wc -l <"$work/s.txt")" -eq 50 ] || fail "not 50 samples"
status 0 "$SUAN" fit density "$work/y.txt" -q -m fourier -i -10,20 --coefficients 9 --holdout 0 --json -
prints '"size": 9'
prints '"test": null'
status 0 "$SUAN" fit density "$golden" -c loss -q -m kde,mixture --components 2
status 0 "$SUAN" fit density --source gaussians:seed=2,samples=4000 -q -m fourier,mixture --coefficients 6,14 \
    --components 10 --json "$work/d.json" --csv "$work/d.csv" --plot "$work/d.svg"
prints "drawn from gaussians:seed=2,samples=4000"
grep -q '"kl": 0.00' "$work/d.json" || fail "no small divergence"
head -1 "$work/d.csv" | grep -q "fourier-14_cdf,mixture," || fail "the columns do not tell sizes apart"
grep -q truth "$work/d.svg" || fail "the truth is not drawn"
status 2 "$SUAN" fit density --source gaussians "$work/y.txt"
says "two sources"
status 2 "$SUAN" fit density
says "a TABLE is wanted"
status 1 "$SUAN" fit density --source gausians
says 'did you mean "gaussians"'
status 2 "$SUAN" fit density "$work/y.txt" --coefficients 3,x
says "--coefficients wants"
status 2 "$SUAN" fit density "$work/y.txt" -i 3,3
says "--interval wants LOW,HIGH"
status 2 "$SUAN" fit density "$work/y.txt" -m spline
says 'no method "spline"'
status 2 "$SUAN" fit density "$work/y.txt" --quantiles 0.5,2
says "--quantiles wants"
status 1 "$SUAN" fit density "$work/y.txt" -q -i -1,1
says "lies outside of the interval"
status 1 "$SUAN" fit density "$golden" -c weight
says 'no column "weight"'
printf '1\n1\n1\n' >"$work/bad.csv"
status 1 "$SUAN" fit density "$work/bad.csv" -q
says "do not differ"
printf '1\nnan\n1\n' >"$work/bad.csv"
status 1 "$SUAN" fit density "$work/bad.csv" -q
says 'line 2: column "1" has "nan"'
echo "fits run and refuse"
