#!/bin/sh
# suan train: a run from beginning to end, what it leaves, and what uses it.
. "$(dirname "$0")/train_lib.sh"

status 0 "$SUAN" train --explain
for key in data init extend out steps batch accumulate context seed save_every model.layers optimizer.lr; do
    prints "$key ("
done
prints "optimizer.beta2"
prints "tiger"

status 0 train "out=$work/run" --plan
prints "parameters"
prints "activations"
prints "peak"
[ ! -e "$work/run/last" ] || fail "a plan trained"

status 0 train "out=$work/run" sample_every=60 sample_prompt=The
says "wrote $work/run/step-000060"
prints "--- step 60"
[ "$(readlink "$work/run/last")" = step-000060 ] || fail "last does not point to the newest"
[ "$(find "$work/run" -maxdepth 1 -name "step-*" | wc -l)" -eq 2 ] || fail "keep = 2 kept something else"
for file in model.safetensors optimizer.safetensors state.json config.json; do
    [ -s "$work/run/last/$file" ] || fail "the checkpoint lacks $file"
done
[ -s "$work/run/loss.png" ] || [ -s "$work/run/loss.svg" ] || fail "no picture"
ls "$work/run"/events.out.tfevents.* >/dev/null || fail "no events"
grep -q '"step":60,' "$work/run/metrics.jsonl" || fail "no metrics of the last step"
[ "$(grep -c val_loss "$work/run/metrics.jsonl")" -eq 3 ] || fail "not three validations"
grep -q '^--- step 60' "$work/run/samples.txt" || fail "no sample"

# The loss falls: the last line's is well below ln 256.
tail -1 "$work/run/metrics.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/' | awk '{exit !($1 > 0 && $1 < 4.2)}' ||
    fail "the loss did not fall"

status 0 "$SUAN" info "$work/run/last"
status 0 "$SUAN" run "$work/run/last" --temp 0 -n 20 -q -p "The "
[ -s "$work/out" ] || fail "the trained model writes nothing"
status 0 "$SUAN" convert "$work/run/last" "$work/run.gguf"
status 0 "$SUAN" run "$work/run/last" --temp 0 -n 20 -q -p "The "
cp "$work/out" "$work/first"
status 0 "$SUAN" run "$work/run.gguf" --temp 0 -n 20 -q -p "The "
cmp -s "$work/out" "$work/first" || fail "the exported model writes another text"

# Fine-tuning goes on from the trained weights: its first loss is that of a trained model.
status 1 train "out=$work/tuned" "init=$work/run/last"
says "model.layers: with init"
cat >"$work/tune.conf" <<EOF
data = "$text"; steps = 5; batch = 4; context = 32; log_every = 1; optimizer = { lr = 1e-4; };
EOF
status 0 "$SUAN" train "$work/tune.conf" "init=$work/run.gguf" "out=$work/tuned2" -q
head -1 "$work/tuned2/metrics.jsonl" | sed 's/.*"loss":\([0-9.]*\).*/\1/' | awk '{exit !($1 > 0 && $1 < 4.2)}' ||
    fail "fine-tuning begins with another loss than training ended"
# Under a context method.
status 0 "$SUAN" train "$work/tune.conf" "init=$work/run.gguf" "out=$work/tuned3" extend=ntk:factor=4 -q
! grep -q "warning" "$work/err" || fail "a warning without a reason"
status 0 train "out=$work/stretched" steps=6 extend=leaky:window=8,factor=0.5 -q
! grep -q "warning" "$work/err" || fail "a warning that training under InvLeaky stretches distances"
# One that finds nothing to change says so.
status 0 train "out=$work/hwfa" steps=6 model.layout=hwfa extend=rerope:window=8 -q
says "suan: warning: extend: rerope:window=8 has no effect on the positions of this model"
echo "train: trains, exports, fine-tunes"
