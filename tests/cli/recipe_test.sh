#!/bin/sh
# suan recipe: all recipes in miniature, what they report, that they repeat and go on, and what is refused.
. "$(dirname "$0")/lib.sh"
status 0 "$SUAN" info
grep -q libconfig "$work/out" || {
    echo "SKIP: $(basename "$0"): this build has no libconfig"
    exit 0
}
cd "$SN_SOURCE"
recipe() { "$SUAN" recipe -t 1 "$@"; } # models as small as these gain nothing from more

status 0 recipe
all="interpolation rerope hwfa norms invleaky"
for name in $all; do prints "$name "; done

# ---- All in miniature. Orderings marked as robust hold; trainings are shared. ----
[ -z "${SUAN_TEST_FAST:-}" ] || all=rerope # sanitizers are slow
for name in $all; do
    status 0 recipe "$name" --mini -o "$work/runs" --json "$work/$name.json"
    prints "orderings, and in how many"
    grep -q '"mini": true' "$work/$name.json" || fail "$name: no miniature"
    rows=$(grep -c '"in": {"published"' "$work/$name.json") || true
    wanted=$(awk '/^rows = /{on = 1} /^};/{on = 0} on && /^    [a-z]/{n++} END{print n}' "recipes/$name.recipe")
    [ "$rows" -eq "$wanted" ] || fail "$name: $rows rows in the result, $wanted in the recipe"
    grep -q '"mean": {"accuracy": [0-9.]*, "loss": [0-9.]*}' "$work/$name.json" || fail "$name: no figures"
    ! grep -q '"accuracy": null' "$work/$name.json" || fail "$name: figures are missing"
    awk '/"held"/ {held = $0} /"robust": true/ {n++; if (held ~ /false/) bad = 1}
        END {exit bad}' "$work/$name.json" || fail "$name: a robust ordering did not hold"
done
[ "$(find "$work/runs" -maxdepth 1 -name 'baseline-1-*' | wc -l)" -eq 1 ] || fail "the baseline was trained twice"
status 0 recipe rerope --mini -o "$work/runs" --csv "$work/r.csv" --plot "$work/r.svg"
says "baseline, seed 1: kept"
[ "$(head -1 "$work/r.csv")" = "row,model,extend,test,seed,accuracy,loss" ] || fail "another CSV"
grep -q "<svg" "$work/r.svg" || fail "no picture"

# In-length accuracy belongs to the model: two rows of one model share it. ReRoPE with a window as long as the text and
# plain RoPE are the same thing, interpolation is not.
figure() { awk -F, -v row="$1" -v test="$2" '$1 == row && $(NF - 3) == test {print $(NF - 1)}' "$3"; }
[ "$(figure none in "$work/r.csv")" = "$(figure rerope-64 in "$work/r.csv")" ] || fail "in depends on the method"

# ---- A recipe of our own: another folder gives the same figures; stopped by Ctrl-C it goes on. ----
cat >"$work/small.recipe" <<EOF
title = "small";
seeds = 2;
corpus = { bytes = 100000; words = 500; };
train = {
    tokenizer = "train:bpe:300"; context = 32; batch = 8; steps = 400; val_share = 0.02; val_batches = 1; sample_every = 0;
    model = { layers = 1; heads = 1; width = 16; }; optimizer = { lr = 1e-2; };
};
rows = { none = { published = "1 2 -"; }; full = { extend = "rerope:window=128"; }; pi = { extend = "pi:factor=4"; }; };
orderings = { same = { claim = "full@long <= none@long <= full@long"; }; never = { claim = "none@in > 100"; note = "why"; }; };
test = { factor = 4; windows = 4; buckets = 4; };
EOF
status 0 recipe "$work/small.recipe" -o "$work/one" --json - -q
sed 's/"path": .*//' "$work/out" >"$work/one.json"
grep -A 2 '"name": "same"' "$work/one.json" | grep -q '"held": \[true, true\]' || fail "ReRoPE with a long window is not RoPE"
status 0 recipe "$work/small.recipe" -o "$work/one"
prints "2/2  same"
prints "0/2  never"
prints "why"
prints "1 of 2 orderings held"

"$SUAN" recipe "$work/small.recipe" -t 1 -o "$work/two" -q >"$work/out" 2>"$work/err" &
pid=$!
until ls -d "$work"/two/baseline-1-*/metrics.jsonl >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || fail "it ended before it trained"
    sleep 0.05
done
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 143 ] || fail "exit status $got after SIGTERM"
says "goes on from here"
status 0 recipe "$work/small.recipe" -o "$work/two" --json - -q
sed 's/"path": .*//' "$work/out" | cmp - "$work/one.json" || fail "a stopped recipe came to other figures"

# ---- Another text ----
cat README.md docs/*.md >"$work/text.txt"
sed 's/"train:bpe:300"/"byte"/; s/steps = 400/steps = 20/' "$work/small.recipe" >"$work/byte.recipe"
status 0 recipe "$work/byte.recipe" -o "$work/three" --data "$work/text.txt" --seeds 1
prints "data: $work/text.txt"
printf 'too short\n' >"$work/short.txt"
status 1 recipe "$work/byte.recipe" -o "$work/four" --data "$work/short.txt"
says "take a longer text"

# ---- Refused before any work ----
status 1 recipe rerop
says "did you mean rerope"
status 1 recipe "$work/missing.recipe"
sed 's/seeds = 2/seads = 2/' "$work/small.recipe" >"$work/bad.recipe"
status 1 recipe "$work/bad.recipe" -o "$work/none"
says "bad.recipe:2: there is no key \"seads\" here: did you mean seeds"
sed 's/never = .*claim = "none@in/never = { claim = "nome@in/' "$work/small.recipe" >"$work/bad.recipe"
status 1 recipe "$work/bad.recipe" -o "$work/none"
says "did you mean none"
status 1 recipe "$work/small.recipe" -o "$work/none" --plot "$work/no/such.svg"
[ ! -e "$work/none" ] || fail "a refused recipe left something"
touch "$work/file"
status 1 recipe "$work/small.recipe" -o "$work/file"
says "cannot make the folder"
echo "recipe: lists, trains, measures, repeats, goes on"
