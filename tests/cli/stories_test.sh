#!/bin/sh
# The real 260K model: the same greedy text from the checkpoint, from GGUF and from safetensors.
. "$(dirname "$0")/lib.sh"
needs_data
llm=$SUAN_TEST_DATA/llm
# greedy MODEL [OPTION...]
greedy() {
    status 0 "$SUAN" run "$@" --temp 0 -n 200 -q
    cmp "$work/out" "$llm/stories260K_expected_greedy200.txt" || fail "$1: another text"
}

greedy "$llm/stories260K.bin" --tokenizer "$llm/tok512.bin"
status 0 "$SUAN" convert "$llm/stories260K.bin" "$work/s.gguf" --tokenizer "$llm/tok512.bin"
greedy "$work/s.gguf"
status 0 "$SUAN" convert "$llm/stories260K.bin" "$work/hf" --tokenizer "$llm/tok512.bin"
greedy "$work/hf" --tokenizer "$llm/tok512.bin"
status 0 "$SUAN" convert "$work/hf" "$work/back.gguf" --tokenizer "$llm/tok512.bin"
greedy "$work/back.gguf"

status 0 "$SUAN" info "$work/s.gguf" --json
prints '"train_length": 512'
prints '"format": "gguf"'
status 0 "$SUAN" quantize "$work/s.gguf" "$work/q8.gguf" --type q8_0
status 0 "$SUAN" run "$work/q8.gguf" --temp 0 -n 20 -q -p "Once upon a time"
[ -s "$work/out" ] || fail "no text from the q8_0 model"
status 2 "$SUAN" quantize "$work/s.gguf" "$work/x.gguf"
says "--type"
status 1 "$SUAN" quantize "$work/s.gguf" "$work/x.gguf" --type IQ4_XS
says "IQ4_XS is a known type, but suan does not write it"
status 1 "$SUAN" quantize "$work/s.gguf" "$work/x.gguf" --type Q9_Z
says 'no type is called "Q9_Z"'
[ ! -e "$work/x.gguf" ] || fail "a failed quantize left a file"

# The same seed gives the same text; a prompt that does not fit is refused.
status 0 "$SUAN" run "$work/s.gguf" --seed 7 -n 40 -q -p "Tom"
cp "$work/out" "$work/first"
status 0 "$SUAN" run "$work/s.gguf" --seed 7 -n 40 -q -p "Tom"
cmp -s "$work/out" "$work/first" || fail "the same seed gave another text"
status 1 "$SUAN" run "$work/s.gguf" -c 8 -n 4 -p "Once upon a time there was a little girl named Lily"
says "8"

# A context that fills up before the text has ended: all of the text, then an error or not.
status 1 "$SUAN" run "$work/s.gguf" -c 24 -p Tom --temp 0
says "the context of 24 tokens is full"
says "--context-full stop"
[ -s "$work/out" ] || fail "the text before the error is missing"
cp "$work/out" "$work/first"
status 0 "$SUAN" run "$work/s.gguf" -c 24 -p Tom --temp 0 --context-full stop
cmp -s "$work/out" "$work/first" || fail "another text under the other policy"
status 1 "$SUAN" run "$work/s.gguf" -c 24 -n 100 -p Tom --temp 0
[ ! -s "$work/out" ] || fail "a text that cannot fit was begun"
status 0 "$SUAN" run "$work/s.gguf" -c 24 -n 100 -p Tom --temp 0 --context-full stop
cmp -s "$work/out" "$work/first" || fail "another text with -n"
status 2 "$SUAN" run "$work/s.gguf" --context-full shift
says "error or stop"

# Two texts of ten tokens in a row are one of twenty.
status 0 "$SUAN" run "$work/s.gguf" -c 64 -n 20 -p Tom --temp 0
cp "$work/out" "$work/first"
printf '\n' | "$SUAN" run "$work/s.gguf" -c 64 -n 10 -i -p Tom --temp 0 >"$work/out" 2>"$work/err"
cmp -s "$work/out" "$work/first" || fail "--interactive loses or repeats a token"

status 1 "$SUAN" run "$work/s.gguf" --chat -p "Hello"
says "template"
status 0 "$SUAN" tokenize "$work/s.gguf" "Once upon a time" --ids
cp "$work/out" "$work/first"
status 0 "$SUAN" tokenize "$llm/tok512.bin" "Once upon a time" --ids
cmp -s "$work/out" "$work/first" || fail "the tokenizers differ"
status 0 "$SUAN" logits "$work/s.gguf" -p "Once upon" --npy "$work/l.npy"
[ "$(head -c 6 "$work/l.npy" | tail -c 5)" = "NUMPY" ] || fail "no .npy"
echo "stories: one text from four files"
