#!/bin/sh
# Learning vocabularies from the command line, and using what was learnt.
. "$(dirname "$0")/lib.sh"

printf 'the cat sat on the mat. the dog sat on the log.\nthe cat and the dog sat.\n' >"$work/one.txt"
mkdir "$work/texts"
cp "$work/one.txt" "$work/texts/a.txt"
printf '{"body": "a dog and a cat"}\n{"body": "the log"}\n' >"$work/texts/b.jsonl"

for type in bpe spm-bpe unigram char byte; do
    set -- --vocab-size 290
    case $type in char | byte) set -- ;; esac
    for out in t.json t.gguf; do
        status 0 "$SUAN" tokenizer train "$work/texts" --field body --type $type --out "$work/$type-$out" "$@"
        says "wrote $work/$type-$out"
        status 0 "$SUAN" tokenize "$work/$type-$out" --file "$work/one.txt" --ids --no-special
        [ "$out" = t.json ] && cp "$work/out" "$work/ids"
    done
    cmp -s "$work/out" "$work/ids" || fail "$type: tokenizer.json and GGUF give different ids"
done
status 0 "$SUAN" tokenizer train "$work/one.txt" -t byte -o "$work/byte.json" -q
status 0 "$SUAN" tokenize "$work/byte.json" "Ab" --ids
[ "$(cat "$work/out")" = "65 98" ] || fail "bytes are not their own ids"

# What such a file is, is said by info: no model, not a broken one.
for file in bpe-t.json spm-bpe-t.json unigram-t.gguf byte.json; do
    status 0 "$SUAN" info "$work/$file"
    prints "a tokenizer, no model"
    status 0 "$SUAN" info --json "$work/$file"
    prints '"holds": "tokenizer"'
done
prints '"vocabulary": 256'
status 0 "$SUAN" info "$work/spm-bpe-t.json"
prints '       1  "<s>"'
mkdir "$work/alone"
cp "$work/bpe-t.json" "$work/alone/tokenizer.json"
status 0 "$SUAN" info "$work/alone"
prints "vocabulary                 275"
printf '{}' >"$work/alone/config.json"
status 1 "$SUAN" info "$work/alone"
says "model.safetensors"
printf 'some words, no model and no vocabulary' >"$work/words"
status 1 "$SUAN" info "$work/words"
says "no llama2.c checkpoint"

status 2 "$SUAN" tokenizer train
says "usage: suan tokenizer"
status 2 "$SUAN" tokenizer learn "$work/one.txt"
says "no verb"
status 2 "$SUAN" tokenizer train "$work/one.txt" --special a --no-special
says "not both"
status 1 "$SUAN" tokenizer train "$work/one.txt" --type words --out "$work/x"
says "there are bpe, spm-bpe, unigram, char and byte"
status 1 "$SUAN" tokenizer train "$work/one.txt" --vocab-size 100 --out "$work/x"
says "all bytes and the special tokens are 257"
status 1 "$SUAN" tokenizer train "$work/missing.txt" --out "$work/x"
says "missing.txt"
status 1 "$SUAN" tokenizer train "$work/one.txt" --type char --out "$work/no/such/folder.json"
says "cannot write"
printf 'abc\377' >"$work/bad.txt"
status 1 "$SUAN" tokenizer train "$work/bad.txt" --out "$work/x"
says 'bad.txt", byte 3'
[ -e "$work/x" ] && fail "a failed training left a file"
echo "tokenizer: vocabularies are learnt, written and read"
