#!/bin/sh
# What goes wrong is said, and the last good checkpoint stays as it was.
. "$(dirname "$0")/train_lib.sh"

status 2 "$SUAN" train
says "usage: suan train CONFIG"
status 1 "$SUAN" train "$work/missing.conf"
says "missing.conf"
status 1 train bacth=3
says "did you mean batch?"
printf 'steps = 5;\nmodel = { layer = 3; };\n' >"$work/bad.conf"
status 1 "$SUAN" train "$work/bad.conf"
says 'bad.conf:2: there is no key "model.layer": did you mean model.layers?'
printf 'steps = 5\nbatch == 3\n' >"$work/bad.conf"
status 1 "$SUAN" train "$work/bad.conf"
says "bad.conf:2: syntax error"
status 1 train "out=$work/a" "data=$work/none.txt"
says "none.txt"
status 1 train "out=$work/a" context=1m
says "token"
status 1 train "out=$text/run"
says "$text"
status 1 train "out=$work/a" init=/nonexistent.gguf
mkdir "$work/b"
echo "my own notes" >"$work/b/tokens.bin"
status 1 train "out=$work/b"
says "tokens.bin: tokens are to be written here, but it is a file of another kind"
[ "$(cat "$work/b/tokens.bin")" = "my own notes" ] || fail "a foreign file was overwritten"

# A run in the folder.
status 0 train "out=$work/run" -q steps=20 schedule.kind=constant
status 1 train "out=$work/run" -q
says "holds a run already: go on with --resume"
cp -r "$work/run/step-000020" "$work/good"
intact() {
    [ "$(readlink "$work/run/last")" = step-000020 ] || fail "$1: last points elsewhere"
    diff -r "$work/run/step-000020" "$work/good" >/dev/null || fail "$1: the last good checkpoint changed"
    for name in "$work/run"/.step-*; do [ ! -e "$name" ] || fail "$1: left behind: $name"; done
}

# A full disk: files may grow to 64 KiB, a checkpoint is larger. The thread sanitizer maps a larger file of its own at
# the start and would die of a SIGBUS where the limit cuts that short; without a TMPDIR it does without.
full() {
    (
        trap '' XFSZ
        ulimit -f 128
        TMPDIR=/nonexistent exec "$SUAN" train "$work/small.conf" "out=$work/run" -q steps=40 \
            schedule.kind=constant --resume
    )
}
status 1 full
says "the checkpoint of step 30 could not be written (the last good one is"
says "cannot write"
intact "full disk"

# A folder that cannot be written into (root can: then there is nothing to see).
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w "$work/run"
    status 1 train "out=$work/run" -q steps=40 schedule.kind=constant --resume
    says "cannot write"
    chmod u+w "$work/run"
    intact "unwritable folder"
fi

# Numbers that overflow.
status 1 train "out=$work/nan" -q save_every=1 optimizer.lr=1e30 schedule.warmup=0 clip=0
says "is not finite"
says "step "
if [ -e "$work/nan/last" ]; then
    says "init=$work/nan/"
    status 0 "$SUAN" info "$work/nan/last"
fi

# A damaged checkpoint.
for file in model.safetensors optimizer.safetensors state.json config.json; do
    printf 'XYZ' | dd of="$work/run/step-000020/$file" bs=1 seek=20 conv=notrunc 2>/dev/null
    status 1 train "out=$work/run" -q steps=40 schedule.kind=constant --resume
    says "last"
    cp "$work/good/$file" "$work/run/step-000020/$file"
    size=$(wc -c <"$work/good/$file")
    head -c $((size / 2)) "$work/good/$file" >"$work/run/step-000020/$file"
    status 1 train "out=$work/run" -q steps=40 schedule.kind=constant --resume
    says "last"
    cp "$work/good/$file" "$work/run/step-000020/$file"
done
intact "damage"
status 0 train "out=$work/run" -q steps=40 schedule.kind=constant --resume
[ "$(readlink "$work/run/last")" = step-000040 ] || fail "the run did not go on"
echo "train_failure: every failure says what it is"
