#!/bin/sh
# The main job on the real character model: who survives past its window of 256.
. "$(dirname "$0")/lib.sh"
needs_data
llm=$SUAN_TEST_DATA/llm
methods=none,rerope:window=128,leaky:window=128,factor=16,pi:factor=4,ntk:factor=4
status 0 "$SUAN" compare "$llm/babyllama_tok105.bin" --tokenizer "$llm/tok105.bin" \
    --text "$SUAN_TEST_DATA/text/tinystories_sample_2MiB.txt" --extend "$methods" \
    --lengths 256,512,1024 --windows 3 --json "$work/r.json" --csv "$work/r.csv" --plot "$work/r.svg"
prints "rerope:window=128"
grep -q '"unit" *: *"nats/token"' "$work/r.json" || fail "no unit in the JSON"
grep -q '<svg' "$work/r.svg" || fail "no picture"
[ -s "$work/r.csv" ] || fail "no CSV"

# Mean losses by position: method, from, loss. The objects are laid out one bucket a line.
awk -v wanted=5 '
{ line = line $0 }
END {
    n = split(line, method, "\"spec\"") - 1
    if (n != wanted) { print "methods: " n; exit 1 }
    for (m = 2; m <= n + 1; m++) {
        split(method[m], q, "\""); spec = q[2]
        sub(/.*"by_position"/, "", method[m])
        k = split(method[m], bucket, "{")
        for (b = 2; b <= k; b++) {
            if (bucket[b] !~ /"from"/) continue # the brace of the next method
            buckets++
            from = bucket[b]; sub(/.*"from" *: */, "", from); from += 0
            loss = bucket[b]; sub(/.*"loss" *: */, "", loss); loss += 0
            if (spec == "none" && from < 256 && loss > 1.0) bad = 1
            if (spec == "none" && from >= 384 && loss < 3.9) bad = 1
            if ((spec ~ /^rerope/ || spec ~ /^leaky/) && loss > 1.05) bad = 1
            if (spec ~ /^pi/ && loss < 3) bad = 1
            if (spec ~ /^ntk/ && from < 896 && loss > 1.6) bad = 1
            if (bad) { print spec, from, loss; exit 1 }
        }
    }
    if (buckets != 8 * wanted) { print "buckets: " buckets; exit 1 }
}' "$work/r.json" || fail "a loss is not what it must be"

# The converted file carries the tokenizer, and gives the same numbers.
status 0 "$SUAN" convert "$llm/babyllama_tok105.bin" "$work/m.gguf" --tokenizer "$llm/tok105.bin"
for converted in no yes; do
    if [ $converted = no ]; then
        set -- "$llm/babyllama_tok105.bin" --tokenizer "$llm/tok105.bin"
    else
        set -- "$work/m.gguf"
    fi
    status 0 "$SUAN" compare "$@" --text "$SUAN_TEST_DATA/text/tinystories_sample_2MiB.txt" \
        --extend rerope:window=128 --lengths 256,512 --windows 1 --quiet --json "$work/one.json"
    sed -n 's/.*"loss": *\([0-9.]*\).*/\1/p' "$work/one.json" | awk '{printf "%d %.4f\n", NR, $1}' >>"$work/losses"
done
[ "$(sort -u "$work/losses" | wc -l)" -eq 6 ] || fail "the GGUF gives other losses"
[ "$(wc -l <"$work/losses")" -eq 12 ] || fail "not twice six losses"

# The same method in other words counts once, and so does a length.
status 0 "$SUAN" compare "$work/m.gguf" --text "$SUAN_TEST_DATA/text/tinystories_sample_2MiB.txt" --windows 1 --quiet \
    --extend none,pi:factor=4,none,pi:factor=4.0 --lengths 64,32,64 --json "$work/one.json"
says "--extend has none twice"
says "--extend has pi:factor=4 twice"
[ "$(grep -c '"spec"' "$work/one.json")" -eq 2 ] || fail "a method was computed twice"
[ "$(grep -c '"length"' "$work/one.json")" -eq 4 ] || fail "a length was computed twice"

status 2 "$SUAN" compare "$llm/babyllama_tok105.bin" --tokenizer "$llm/tok105.bin"
says "--text"
status 1 "$SUAN" compare "$llm/babyllama_tok105.bin" --tokenizer "$llm/tok105.bin" \
    --text "$SUAN_TEST_DATA/text/names.txt" --extend rerope:windw=128 --lengths 256
says "window"
echo "compare: ReRoPE reads on where RoPE fails"
