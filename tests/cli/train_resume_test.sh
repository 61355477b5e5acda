#!/bin/sh
# N steps are the same bytes as k steps, kill -9 at a random moment, and --resume; the same after SIGTERM.
. "$(dirname "$0")/train_lib.sh"

status 0 train "out=$work/whole" -q

# At a random moment: some before the first checkpoint, some while one is written.
seed=$(date +%s)
for round in 1 2 3; do
    rm -rf "$work/cut"
    delay=$(awk -v seed=$((seed % 100000 * 4 + round)) 'BEGIN {srand(seed); rand(); printf "%.2f", 0.05 + 1.5 * rand()}')
    "$SUAN" train "$work/small.conf" "out=$work/cut" -q save_every=2 >/dev/null 2>&1 &
    pid=$!
    sleep "$delay"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    at=$(readlink "$work/cut/last" 2>/dev/null || echo nothing)
    status 0 train "out=$work/cut" -q --resume save_every=2
    same whole cut
    echo "train_resume: killed after $delay s at $at: the same bytes"
done
for name in "$work/cut"/.step-*; do
    [ ! -e "$name" ] || fail "left behind: $name"
done

# Two at once in one folder.
"$SUAN" train "$work/small.conf" "out=$work/cut2" steps=1000000 -q >/dev/null 2>&1 &
pid=$!
tries=0
until [ -s "$work/cut2/metrics.jsonl" ] || [ "$tries" -ge 900 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
status 1 train "out=$work/cut2" steps=1000000 -q --resume
says "another process trains in"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true

# SIGTERM and SIGINT: the step is finished, a checkpoint written, the status says which signal.
for signal in TERM INT; do
    rm -rf "$work/cut"
    "$SUAN" train "$work/small.conf" "out=$work/cut" steps=1000000 save_every=0 >"$work/out" 2>"$work/err" &
    pid=$!
    tries=0
    until [ -s "$work/cut/metrics.jsonl" ] || [ "$tries" -ge 900 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -s "$signal" "$pid" 2>/dev/null || true
    code=0
    wait "$pid" || code=$?
    # A shell starts what runs in the background without Ctrl-C.
    if [ "$signal" = INT ] && [ "$code" -ne 130 ]; then
        kill -TERM "$pid" 2>/dev/null || true
        continue
    fi
    [ "$code" -eq 143 ] || [ "$signal" = INT ] || fail "SIGTERM: status $code"
    grep -q -e "--resume" "$work/err" || fail "$signal: nothing said on how to go on"
    [ -s "$work/cut/last/model.safetensors" ] || fail "$signal: no checkpoint"
done
step=$(readlink "$work/cut/last" | tr -cd 0-9 | sed 's/^0*//')
[ "$step" -ge 5 ] || fail "stopped at step $step"

# More steps are fine; other changes are refused by name.
status 0 train "out=$work/short" -q schedule.kind=constant steps=20
status 0 train "out=$work/short" -q schedule.kind=constant steps=30 --resume
[ "$(readlink "$work/short/last")" = step-000030 ] || fail "steps could not be raised"
status 1 train "out=$work/short" -q schedule.kind=constant steps=10 --resume
says "steps"
status 1 train "out=$work/short" -q schedule.kind=constant steps=30 batch=8 --resume
says "command line: batch: \"8\" now, but the run was begun with \"4\""
status 1 train "out=$work/short" -q schedule.kind=constant steps=30 optimizer.beta1=0.8 --resume
says "optimizer.beta1"
echo "more" >>"$text"
status 1 train "out=$work/short" -q schedule.kind=constant steps=40 --resume
says "data: these are not the texts"
echo "train_resume: interrupted runs end in the same bytes"
