#!/bin/sh
# Stories, and the model that ships: a context method carries it past its window, and the probe sees it.
. "$(dirname "$0")/lib.sh"
model=$(cd "$(dirname "$0")/../.." && pwd)/models/stories.gguf

# The same stories on every machine.
status 0 "$SUAN" corpus --stories 2 --words 1500 --seed 7 --facts "$work/facts"
[ "$(cksum <"$work/out")" = "1760188000 15102" ] || fail "other stories than ever: $(cksum <"$work/out")"
cp "$work/out" "$work/text"
grep -q '"about": "village", "question": true' "$work/facts" || fail "no question about a village"
status 0 "$SUAN" corpus --stories 1 --from 1 --words 1500 --seed 7
tail -c "$(wc -c <"$work/out")" "$work/text" | cmp -s - "$work/out" || fail "the second story depends on the first"
status 2 "$SUAN" corpus --recalls 2
status 1 "$SUAN" corpus --facts "$work/no/such/file"
says "cannot write"

# Sixteen times the window: plain RoPE has come apart, under Leaky ReRoPE the loss has fallen.
status 0 "$SUAN" corpus --stories 1 --seed 7
cp "$work/out" "$work/long"
status 0 "$SUAN" compare "$model" --text "$work/long" --extend none,leaky:window=64,factor=32 --lengths 256,1024,4096 \
    --windows 6 --score 128 --csv "$work/table"
grep by_length "$work/table" | awk -F, '{ loss[NR] = $(NF - 1) }
    END { exit !(NR == 6 && loss[3] > loss[6] + 0.2 && loss[6] < loss[4] - 0.03 && loss[5] < loss[4] - 0.03) }' ||
    fail "far beyond the window: $(grep by_length "$work/table")"

status 0 "$SUAN" probe "$model" --extend none,leaky:window=128,factor=8 --length 1024 --questions 20 \
    --json "$work/probe.json" --plot "$work/probe.svg"
prints "questions"
[ -s "$work/probe.svg" ] || fail "no picture"
# The last bucket of each method: 512 to 1024 tokens.
grep '"to": 1024' "$work/probe.json" | sed 's/.*"loss": *\([0-9.]*\).*/\1/' >"$work/losses"
awk '{ loss[NR] = $1 } END { exit !(NR == 2 && loss[1] > loss[2] + 0.5) }' "$work/losses" ||
    fail "answers far back: $(cat "$work/losses")"
grep '"to": 1024' "$work/probe.json" | sed 's/.*"accuracy": *\([0-9.]*\).*/\1/' >"$work/right"
awk '{ share[NR] = $1 } END { exit !(NR == 2 && share[1] < 0.5 && share[2] > 0.9) }' "$work/right" ||
    fail "right answers far back: $(cat "$work/right")"
status 1 "$SUAN" probe "$model" --plot "$work/probe.jpg"
status 1 "$SUAN" probe "$model" --extend nonsense
