#!/bin/sh
# suan study parity: a small study, its files, going on after a stop, and wrong usage.
. "$(dirname "$0")/lib.sh"

small() { "$SUAN" study parity --tasks 3 --bits 6 --subset 2 --batch 64 --steps 40 --marks 5 --test 32 -q "$@"; }
status 0 small --width 8,16 --data 100,1000 -t 1 --json "$work/p.json" --csv "$work/p.csv" --plot "$work/p.svg"
prints "learned at"
prints "least loss"
grep -q '"width": 16' "$work/p.json" || fail "the JSON lacks a width"
grep -q '"examples": 1000' "$work/p.json" || fail "the JSON lacks a data set"
grep -q '"endless": 0.4' "$work/p.json" || fail "the JSON lacks the slopes"
head -1 "$work/p.csv" | grep -q "width,examples,step,loss,task_1,task_2,task_3" || fail "the CSV lacks tasks"
grep -q "<svg" "$work/p.svg" || fail "no picture"

status 0 small --width 16 --keep "$work/kept" -t 1
status 0 small --width 8,16 --data 100,1000 --keep "$work/kept" -t 2 --json "$work/q.json"
cmp "$work/p.json" "$work/q.json" || fail "kept networks or threads change the result"
[ "$(find "$work/kept" -type f | wc -l)" -eq 4 ] || fail "not every network was kept"
echo "1,2" >"$(find "$work/kept" -type f | head -n 1)"
status 1 small --width 8,16 --data 100,1000 --keep "$work/kept"
says "delete it"

"$SUAN" study parity --steps 100m --keep "$work/kept" -q >"$work/out" 2>"$work/err" &
pid=$!
sleep 1
kill -INT $pid
code=0
wait $pid || code=$?
[ "$code" -eq 130 ] || fail "exit status $code after a stop, wanted 130"
says "goes on with the rest"

status 0 small --precision bf16 --code 01 --width 8
status 2 "$SUAN" study parity --width 8,x
says "--width wants"
status 2 "$SUAN" study parity --data 0
says "--data"
status 2 "$SUAN" study parity --precision f16
says "f32 or bf16"
status 2 "$SUAN" study parity --bits 257
says "from 1 to 256"
status 1 "$SUAN" study parity --bits 4 --subset 5
says "among 4 bits"
status 2 "$SUAN" study parity table.csv
says "one argument too many"
echo "multitask sparse parity runs, goes on and refuses"
