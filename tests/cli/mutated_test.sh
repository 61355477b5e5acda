#!/bin/sh
# Damaged files of every format through the program: a clear error or a result, never a signal, a hang or a
# large allocation. The damage is pseudo-random and the same in every run.
. "$(dirname "$0")/lib.sh"
needs_data
stories=$SUAN_TEST_DATA/llm/stories260K.bin
pieces=$SUAN_TEST_DATA/llm/tok512.bin
letters=$SUAN_TEST_DATA/llm/tok105.model

status 0 "$SUAN" convert "$stories" "$work/s.gguf" --tokenizer "$pieces" --type q8_0
status 0 "$SUAN" convert "$stories" "$work/hf" --tokenizer "$pieces" --type f16
[ -f "$work/hf/tokenizer.json" ] || fail "the converted model has no tokenizer.json"
head -c 3000 "$SUAN_TEST_DATA/text/tinystories_sample_2MiB.txt" >"$work/text"
mkdir "$work/shards"
cp "$work/hf/config.json" "$work/hf/tokenizer.json" "$work/shards"
cp "$work/hf/model.safetensors" "$work/shards/part.safetensors"
LC_ALL=C grep -a -o '"model\.[a-z0-9_.]*\.weight"' "$work/hf/model.safetensors" |
    awk 'BEGIN {printf "{\"metadata\":{},\"weight_map\":{"} {printf "%s%s:\"part.safetensors\"", (NR > 1 ? "," : ""), $0}
         END {print "}}"}' >"$work/shards/model.safetensors.index.json"
status 0 "$SUAN" info "$work/shards"

# plan SIZE HEAD SEED COUNT: one damage a line, "cut AT" or "put AT OCTAL COUNT", mostly in the first HEAD bytes.
plan() {
    awk -v size="$1" -v head="$2" -v seed="$3" -v count="$4" '
        function below(n) { state = (state * 16807) % 2147483647; return state % n }
        BEGIN {
            state = seed
            split("000 377 177 200 001 042 173 055", byte, " ")
            for (i = 0; i < count; i++) {
                if (i % 4 == 0) print "cut", below(i % 8 ? head : size)
                else print "put", below(i % 8 == 7 ? size : head), byte[1 + below(8)], 1 + below(4)
            }
        }'
}

# damage FROM TO KIND AT [OCTAL COUNT]
damage() {
    if [ "$3" = cut ]; then
        head -c "$4" "$1" >"$2"
        return
    fi
    cp "$1" "$2"
    # shellcheck disable=SC2059
    for _ in $(seq "$6"); do printf "\\$5"; done | dd of="$2" bs=1 seek="$4" conv=notrunc 2>/dev/null
}

# limited BYTES COMMAND...: in so much address space. Sanitized programs cannot run in any, and get no limit. A minute
# is a hang also on a machine that does much else.
limited() {
    limit=$1
    shift
    if [ "$limits" = yes ]; then
        prlimit --as="$limit" timeout 60 "$@"
    else
        timeout 60 "$@"
    fi
}
limits=yes
prlimit --as=1000000000 "$SUAN" --version >"$work/out" 2>&1 || limits=no

# survives COMMAND...: ends by itself within a minute and 1 GB of address space, and says why it failed.
survives() {
    got=0
    limited 1000000000 "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" -le 1 ] || fail "status $got with $(echo "$what" | tr '\n' ' '): $*"
    [ "$got" -eq 0 ] || [ -s "$work/err" ] || fail "an error without a word: $*"
    [ "$got" -eq 0 ] || refused=$((refused + 1))
    runs=$((runs + 1))
}

# try NAME FILE HEAD COUNT VERBS MODEL [OPTION...]: damages FILE in place and reads MODEL with each verb.
# "use" takes MODEL as the tokenizer of a sound model. After 40 s and 8 damages the rest is left out, so that a slow
# machine ends in time.
try() {
    name=$1 file=$2 head=$3 count=$4 verbs=$5 model=$6
    shift 6
    runs=0 refused=0 damages=0
    begun=$(date +%s)
    [ -z "${SUAN_TEST_FAST:-}" ] || count=8
    cp "$file" "$work/sound"
    size=$(wc -c <"$file")
    [ "$head" -le "$size" ] || head=$size
    plan "$size" "$head" 20231 "$count" >"$work/plan"
    while read -r what; do
        [ "$damages" -lt 8 ] || [ $(($(date +%s) - begun)) -lt 40 ] || break
        damages=$((damages + 1))
        # shellcheck disable=SC2086
        damage "$work/sound" "$file" $what
        for verb in $verbs; do
            case $verb in
            info) survives "$SUAN" info "$model" ;;
            tokenize) survives "$SUAN" tokenize "$model" "Once upon a time" ;;
            use) survives "$SUAN" run "$stories" --tokenizer "$model" -p Once -n 4 -t 1 ;;
            run) survives "$SUAN" run "$model" "$@" -p Once -n 4 -t 1 ;;
            compare)
                survives "$SUAN" compare "$model" "$@" --text "$work/text" --extend none --lengths 16 --windows 2 -t 1
                ;;
            esac
        done
    done <"$work/plan"
    cp "$work/sound" "$file"
    [ "$refused" -gt 0 ] || fail "$name: no damage was noticed in $runs runs"
    echo "mutated: $name: $damages of $count damages, $runs runs, $refused refused"
}

cp "$stories" "$work/s.bin"
cp "$pieces" "$work/pieces.bin"
cp "$letters" "$work/letters.model"
cp "$SUAN_TEST_DATA/tokenizers/gpt2.tiktoken" "$work/gpt2.tiktoken"
chmod u+w "$work"/*
status 0 "$SUAN" tokenize "$work/gpt2.tiktoken" Once
status 0 "$SUAN" run "$work/shards" -p Once -n 4
try gguf "$work/s.gguf" 16000 40 "info tokenize run compare" "$work/s.gguf"
try llama2.c "$work/s.bin" 64 40 "info run compare" "$work/s.bin" --tokenizer "$pieces"
try "llama2.c tokenizer" "$work/pieces.bin" 6000 40 "tokenize use" "$work/pieces.bin"
try sentencepiece "$work/letters.model" 1100 40 tokenize "$work/letters.model"
try tiktoken "$work/gpt2.tiktoken" 800000 12 tokenize "$work/gpt2.tiktoken"
try safetensors "$work/hf/model.safetensors" 4000 40 "info run compare" "$work/hf"
try config.json "$work/hf/config.json" 1000 40 "info run" "$work/hf"
try tokenizer.json "$work/hf/tokenizer.json" 40000 40 "tokenize run" "$work/hf"
try "shard index" "$work/shards/model.safetensors.index.json" 4000 40 "info run" "$work/shards"

# 1 KB that claims 4 GB: refused in 200 MB of address space.
status 0 "$SUAN" info "$work/s.gguf"
head -c 24 "$work/s.gguf" >"$work/claim.gguf"
printf '\377\377\377\377\000\000\000\000' | dd of="$work/claim.gguf" bs=1 seek=8 conv=notrunc 2>/dev/null
head -c 1000 /dev/zero >>"$work/claim.gguf"
printf '\370\377\377\377\000\000\000\000{' >"$work/claim.safetensors"
head -c 1000 /dev/zero >>"$work/claim.safetensors"
cp "$work/hf/config.json" "$work"
for claim in "$work/claim.gguf" "$work/claim.safetensors"; do
    got=0
    limited 200000000 "$SUAN" info "$claim" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" -eq 1 ] || fail "a claim of 4 GB: status $got for $claim"
done
echo "mutated: claims of 4 GB are refused"
