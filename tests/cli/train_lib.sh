#!/bin/sh
# Shared by the tests of suan train: a small text, a small configuration.
. "$(dirname "$0")/lib.sh"

text=$work/text.txt
cat "$SN_SOURCE/README.md" "$SN_SOURCE"/docs/*.md | LC_ALL=C tr -cd '\11\12\40-\176' >"$text"
cat >"$work/small.conf" <<EOF
# for tests
data = "$text";
tokenizer = "byte";
steps = 60; batch = 4; context = 32; save_every = 10; keep = 2; log_every = 5;
val_every = 20; val_batches = 3; sample_every = 0; dropout = 0.1;
model = { layers = 2; heads = 2; width = 32; };
optimizer = { rule = "adamw"; lr = 3e-3; };
schedule = { kind = "cosine"; warmup = 5; };
EOF
status 0 "$SUAN" info
grep -q libconfig "$work/out" || {
    echo "SKIP: $(basename "$0"): this build has no libconfig"
    exit 0
}

train() { "$SUAN" train "$work/small.conf" "$@"; }
# same A B: the newest checkpoints of two runs hold the same bytes.
same() {
    for file in model.safetensors optimizer.safetensors config.json; do
        cmp "$work/$1/last/$file" "$work/$2/last/$file" || fail "$2: another $file than $1"
    done
}
