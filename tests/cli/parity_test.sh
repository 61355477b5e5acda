#!/bin/sh
# suan study parity: a small run, its files, and wrong usage.
. "$(dirname "$0")/lib.sh"

status 0 "$SUAN" study parity --tasks 3 --bits 6 --subset 2 --width 8,16 --batch 64 --steps 40 --marks 5 --test 32 -t 1 -q \
    --json "$work/p.json" --csv "$work/p.csv" --plot "$work/p.svg"
prints "learned at"
grep -q '"width": 16' "$work/p.json" || fail "the JSON lacks a width"
head -1 "$work/p.csv" | grep -q "width,step,loss,task_1,task_2,task_3" || fail "the CSV lacks tasks"
grep -q "<svg" "$work/p.svg" || fail "no picture"
status 2 "$SUAN" study parity --width 8,x
says "--width wants"
status 2 "$SUAN" study parity --bits 65
says "from 1 to 64"
status 1 "$SUAN" study parity --bits 4 --subset 5
says "among 4 bits"
status 2 "$SUAN" study parity table.csv
says "one argument too many"
echo "multitask sparse parity runs and refuses"
