#!/bin/sh
# suan recipe with recipes of figures: all in miniature, where every figure holds; what is kept; what is refused.
. "$(dirname "$0")/lib.sh"
status 0 "$SUAN" info
cp "$work/out" "$work/info"
for library in libconfig jansson; do
    grep -qi $library "$work/out" || {
        echo "SKIP: $(basename "$0"): this build has no $library"
        exit 0
    }
done
cd "$SN_SOURCE"

# ---- All in miniature ----
status 0 "$SUAN" recipe
for file in recipes/*.figures; do
    name=$(basename "$file" .figures)
    prints "$name "
done
for file in recipes/*.figures; do
    name=$(basename "$file" .figures)
    if [ -n "${SUAN_TEST_FAST:-}" ]; then # sanitizers are slow
        case $name in density | mad | parity) continue ;; esac
    fi
    case $name in
    curvature) needs=flint ;;
    rank | mad) needs=lapacke ;;
    *) needs=jansson ;;
    esac
    if ! grep -q $needs "$work/info"; then
        echo "SKIP: recipe $name: this build has no $needs"
        continue
    fi
    status 0 "$SUAN" recipe "$name" --mini -o "$work/runs" --json "$work/$name.json" -q
    status 0 "$SUAN" recipe "$name" --mini -o "$work/runs" -q
    ! grep '^NO' "$work/out" || fail "$name: a figure does not hold"
    grep -q '"mini": true' "$work/$name.json" || fail "$name: no miniature"
    ! grep -q '"kept": true' "$work/$name.json" || fail "$name: something was there already"
done

# ---- A recipe of our own ----
cat >"$work/own.figures" <<'EOF'
title = "own"; source = "nowhere"; plot = "family";
runs = { family = "math smoothmax --json"; five = "math abc 5 --json"; };
figures = { five = { claim = "five:sum = 5"; reached = "5"; }; never = { claim = "five:steps < 0"; note = "why not"; };
            fast = { claim = "five@seconds < 60"; }; };
EOF
status 0 "$SUAN" recipe "$work/own.figures" -o "$work/own" --csv "$work/own.csv" --plot "$work/own.svg"
prints "yes  five    five:sum = 5"
prints "NO   never"
prints "why not"
prints "2 of 3 figures held"
says "family: suan math smoothmax --json"
[ "$(head -1 "$work/own.csv")" = "figure,claim,here,held" ] || fail "another CSV"
grep -q "<svg" "$work/own.svg" || fail "no picture"
status 0 "$SUAN" recipe "$work/own.figures" -o "$work/own" --json -
says "five: kept: suan math abc 5 --json"
prints '"held": 2,'

# ---- Stopped, it passes the signal on and leaves no half result ----
sed 's/five = "math abc 5 --json"/five = "math abc --range 1 100000000000"/' "$work/own.figures" >"$work/long.figures"
"$SUAN" recipe "$work/long.figures" -o "$work/long" >"$work/out" 2>"$work/err" &
pid=$!
until ls "$work"/long/long-five-*.part >/dev/null 2>&1; do
    kill -0 $pid 2>/dev/null || fail "it ended before it ran"
    sleep 0.05
done
kill -TERM $pid
got=0
wait $pid || got=$?
[ $got -eq 143 ] || fail "exit status $got after SIGTERM"
says "goes on from here"
! ls "$work"/long/long-five-* >/dev/null 2>&1 || fail "a stopped run left something"

# ---- Refused ----
status 1 "$SUAN" recipe "$work/own.figures" -o "$work/none" --data "$work/own.csv"
says "are for recipes that train"
sed 's/five:sum/fife:sum/' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/none"
says "bad.figures:3: figure five: there is no run \"fife\": did you mean five"
sed 's/five:sum/five:som/' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/own"
says "there is no \"som\": did you mean sum"
sed 's/math abc 5/math abc five/' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/none"
says "of the recipe failed (exit status"
sed 's/math abc 5/mathe abc 5/' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/none"
says "which is no verb"
sed 's/math abc 5 --json/recipe abc/' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/none"
says "a recipe cannot run a recipe"
sed 's/plot = "family";//' "$work/own.figures" >"$work/bad.figures"
status 1 "$SUAN" recipe "$work/bad.figures" -o "$work/none" --plot "$work/x.svg"
says "draws nothing"
status 1 "$SUAN" recipe ab
says "did you mean abc"
echo "recipe of figures: run, kept, judged, stopped, refused"
