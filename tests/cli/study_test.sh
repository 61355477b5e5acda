#!/bin/sh
# suan study sparsity and rank: tables, files, and what they refuse. Arrays are written by hand: a .npy file is a header
# and the numbers.
. "$(dirname "$0")/lib.sh"

# npy FILE TYPE SHAPE PRINTF-BYTES
npy() {
    head=$(printf "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" "$2" "$3")
    pad=$((118 - 1 - ${#head}))
    # shellcheck disable=SC2059
    { printf '\223NUMPY\001\000\166\000%s%*s\n' "$head" "$pad" ''; printf "$4"; } >"$1"
}
sparsity() { "$SUAN" study sparsity "$@"; }
rank() { "$SUAN" study rank "$@"; }

npy "$work/v.npy" '|u1' '4,' '\001\002\003\004'
npy "$work/m.npy" '|u1' '2, 2' '\001\002\002\004'
npy "$work/stack.npy" '|i1' '2, 1, 2, 2' '\001\000\000\001\000\002\003\000'
npy "$work/wide.npy" '>i2' '1, 3' '\000\001\000\002\000\003'
npy "$work/zero.npy" '|u1' '2, 2' '\000\000\000\000'
npy "$work/empty.npy" '|u1' '0, 3' ''
npy "$work/text.npy" '<U1' '1,' 'x\000\000\000'
npy "$work/nan.npy" '<f4' '2, 2' '\000\000\200\077\000\000\200\077\000\000\300\177\000\000\200\077'
npy "$work/short.npy" '<f8' '4,' 'abc'

status 0 sparsity "$work/v.npy"
prints "0.912871"
prints "0.625000"
prints "0.250000"
status 0 sparsity "$work/v.npy" --p 3 --json -
prints '"S*_1,3": 0.854987973'
prints '"S_0": 0.625'
status 0 sparsity "$work/m.npy" --rows --csv "$work/s.csv" --json "$work/s.json" --plot "$work/s.svg"
prints "least"
grep -q '^m.npy,4,S_0,0.75,0.75,0.75$' "$work/s.csv" || fail "a row of the CSV"
grep -q '"least": 0.75' "$work/s.json" || fail "the JSON of rows"
grep -q '</svg>' "$work/s.svg" || fail "the picture"
status 0 sparsity "$work/zero.npy"
prints " -"
status 0 sparsity --axioms --trials 300
prints "D4 cloning"
[ "$(grep -c 'no (' "$work/out")" -eq 2 ] || fail "two measures fail an axiom"
status 0 sparsity --attention
prints "0.60653066"
prints "0.95790032"
status 0 sparsity --attention --json -
prints '"relu2": 0.6127728'
prints '"linear_floor": 0.797884'
status 0 sparsity --attention --beta=-2 --gamma 1 --json -
prints '"linear": 0.902021'
status 0 sparsity --axioms --trials 300 --json -
prints '"D1": {"verdict": "fails"'
prints '"D1": {"verdict": "weakly"'
status 0 sparsity --values 1,2,3,4 --p 3 --json -
prints '"S*_1,3": 0.854987973'
status 1 sparsity --values 1,2,x
says "number 3 is none"
status 1 sparsity --values 1,nan
says "element 1 is NaN"
status 2 sparsity --values 1 --axioms
says "one of"
status 2 sparsity --beta 1 --gamma 1 --values 1
says "are for --attention"

npy "$work/c.npy" '>c8' '1, 2' '\100\100\000\000\000\000\000\000\000\000\000\000\100\200\000\000'
status 0 sparsity "$work/c.npy" --json -
prints '"type": "complex64"'
prints '"S_0": 0.875'

status 0 "$SUAN" info
if ! grep -q lapacke "$work/out"; then
    status 1 rank "$work/m.npy"
    says "need LAPACKE"
    echo "SKIP: the rest of $(basename "$0"): this build has no lapacke"
    exit 0
fi
status 0 rank "$work/m.npy"
prints "2 x 2           1"
prints "       -inf"
status 0 rank "$work/stack.npy" --json -
prints '"name": "stack.npy[1,0]"'
prints '"log_det": 1.79175946922805'
status 0 rank "$work/stack.npy" --csv "$work/r.csv" --plot "$work/r.svg"
[ "$(grep -c '^"stack.npy\[[01],0\]",[12],[0-9.]*$' "$work/r.csv")" -eq 4 ] || fail "the rows of the CSV"
status 0 rank --attention --n 40 --d 4
prints "40 x 40          4"
prints "(diagonal)"
status 0 rank --attention --n 40 --d 4 --json -
prints '"claimed_rank": 4'
prints '"claimed_log_det"'
status 0 rank "$work/m.npy" --json -
prints '"square": true'
prints '"singular_matrix": true'
prints '"log_det": null'
status 0 rank "$work/wide.npy" --json -
prints '"square": false'
prints '"singular_matrix": false'
prints '"log_det": null'
status 0 rank "$work/c.npy"
prints "1 x 2           1"
prints "5.0000e+00"

for tool in sparsity rank; do
    status 1 $tool "$work/nan.npy"
    says "NaN"
    says "nan.npy"
    status 1 $tool "$work/empty.npy"
    says "empty"
    status 1 $tool "$work/text.npy"
    says "type '<U1'"
    status 1 $tool "$work/short.npy"
    says "short.npy"
    status 1 $tool "$work/none.npy"
    says "none.npy"
    status 1 $tool "$0"
    says "neither npy nor npz nor safetensors nor GGUF"
    : >"$work/nothing"
    status 1 $tool "$work/nothing"
    says "the file is empty"
    status 1 $tool "$work/m.npy" --tensor other
    says 'there is no array "other": it has m.npy'
    status 1 $tool "$work/m.npy" --plot x.jpg
    says "x.jpg"
    status 2 $tool
    says "wants a FILE"
    status 2 $tool "$work/m.npy" --attention
    says "no file"
done
status 1 rank "$work/v.npy"
says "no array has two dimensions"
status 1 rank "$work/v.npy" --tensor v.npy
says "v.npy has 1 dimension: a matrix has two"
status 1 rank "$work/m.npy" --tail 3
says "the tail begins after 3 of 2"
status 1 sparsity "$work/zero.npy" --plot "$work/z.svg"
says "all values are 0"
status 2 sparsity "$work/v.npy" --q 2
says "--q wants a --p above it"
status 2 sparsity --axioms --csv x.csv
says "are for a file or"
echo "study: sparsity and rank measure, draw and refuse"
