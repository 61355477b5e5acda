#!/bin/sh
# Stories, and the model that ships: a context method carries it past its window, and the probe sees it.
. "$(dirname "$0")/lib.sh"
model=$(cd "$(dirname "$0")/../.." && pwd)/models/stories.gguf

# The same stories on every machine.
status 0 "$SUAN" corpus --stories 2 --words 1500 --seed 7 --facts "$work/facts"
[ "$(cksum <"$work/out")" = "2065166227 15052" ] || fail "other stories than ever: $(cksum <"$work/out")"
cp "$work/out" "$work/text"
grep -q '"about": "home", "question": true' "$work/facts" || fail "no question about a home"
status 0 "$SUAN" corpus --stories 1 --from 1 --words 1500 --seed 7
tail -c "$(wc -c <"$work/out")" "$work/text" | cmp -s - "$work/out" || fail "the second story depends on the first"
status 2 "$SUAN" corpus --recalls 2
status 1 "$SUAN" corpus --facts "$work/no/such/file"
says "cannot write"

status 0 "$SUAN" compare "$model" --text "$work/text" --extend none,leaky:window=128,factor=8 --lengths 256,1024 \
    --windows 2 --score 128 --csv "$work/table"
awk -F, '/by_length,1024/ { loss[++n] = $(NF - 1) } END { exit !(n == 2 && loss[1] > loss[2] + 0.2) }' \
    "$work/table" || fail "at 4 times the window: $(grep 'by_length,1024' "$work/table")"

status 0 "$SUAN" probe "$model" --extend none,leaky:window=128,factor=8 --length 1024 --questions 20 \
    --json "$work/probe.json" --plot "$work/probe.svg"
prints "questions"
[ -s "$work/probe.svg" ] || fail "no picture"
# The last bucket of each method: 512 to 1024 tokens.
grep '"to": 1024' "$work/probe.json" | sed 's/.*"loss": *\([0-9.]*\).*/\1/' >"$work/losses"
awk '{ loss[NR] = $1 } END { exit !(NR == 2 && loss[1] > loss[2] + 0.5) }' "$work/losses" ||
    fail "answers far back: $(cat "$work/losses")"
status 1 "$SUAN" probe "$model" --plot "$work/probe.jpg"
status 1 "$SUAN" probe "$model" --extend nonsense
