#!/bin/sh
# suan math extremal: what it prints and writes, and how it refuses problems that make no sense.
. "$(dirname "$0")/lib.sh"
extremal() { "$SUAN" math extremal "$@"; }

status 0 extremal brachistochrone --params g=1
prints "time           1.8256821894"
prints "kind           minimum"
prints "The straight line takes 2."
status 0 extremal soap-film
prints "extremal 2 of 2"
prints "area           6.84565539431"
prints "in 1 direction"
prints "conjugate at   0.1529"
status 0 extremal soap-film --from -1,1 --to 1,1
prints "no extremal"
prints "two discs have 6.283185307"
status 0 extremal catenary --params length=2
prints "a = 0.2296402151"
status 0 extremal catenary --params length=1/2
prints "farther than the length"
status 0 extremal oscillator --to 4,1
prints "no minimum"
status 0 extremal layers --from 0,1 --to 1,-1 --index 1,1.5 --interfaces 0 --table -n 3
prints "optical length 2.78124536121"
prints "0.62319979"
status 0 extremal --lagrangian "sqrt(1+y'^2)/y" --from 0,1 --to "1,1"
prints "value          0.962423650119"
status 0 extremal --lagrangian "m*v'^2/2" --variable t --functions v --params m=2 --from 0,0 --to 1,free
prints "value          0"
status 0 extremal -l "y" --constraint "sqrt(1+y'^2)=1.2" --from 0,0 --to 1,0
prints "multiplier"

# Files.
status 0 extremal soap-film --json - -n 5
"${PYTHON:-python3}" -c 'import json, sys
e = json.load(open(sys.argv[1]))
assert [p["kind"] for p in e["extremals"]] == ["minimum", "saddle"], e
assert abs(e["extremals"][0]["value"] - 5.9917969758) < 1e-9
assert len(e["extremals"][1]["path"]) == 5 and e["columns"] == ["x", "r", "r'"'"'"]
assert e["convergence"][-1]["value_error"] < 1e-12' "$work/out" || fail "the JSON"
status 0 extremal soap-film -n 5 --csv "$work/a.csv" --json "$work/a.json" --plot "$work/a.svg"
[ "$(wc -l <"$work/a.csv")" -eq 11 ] || fail "10 rows and a header"
[ "$(head -1 "$work/a.csv")" = "extremal,x,r,r'" ] || fail "the header"
grep -q "<svg" "$work/a.svg" || fail "a picture"
status 1 extremal soap-film --from -1,1 --to 1,1 --plot "$work/b.svg"
says "no path to draw"
[ ! -e "$work/b.svg" ] || fail "a picture of nothing"

# refused TEXT ARGUMENT...: exit 1 with that text on standard error.
refused() {
    text=$1
    shift
    status 1 extremal "$@"
    says "$text"
}
refused "no problem \"chain\": known are" chain
refused "length=NUMBER" catenary
refused "must be more than 0" catenary --params length=-2
refused "no parameter \"h\"" catenary --params h=2
refused "cannot rise" brachistochrone --to 1,-1
refused "same point" brachistochrone --to 0,0
refused "--to has 1" brachistochrone --to 1
refused "unknown name \"nan\"" brachistochrone --to 1,nan
refused "not a finite number" brachistochrone --to 1,1/0
refused "radii" soap-film --from 0,0 --to 1,1
refused "must lie before" oscillator --from 1,0 --to 0,1
refused "index of refraction" fermat
refused "the index is 0 at --from" fermat --index y --from 0,0 --to 1,1
refused "1+*y" fermat --index "1+*y"
refused "at character 3" fermat --index "1+*y"
refused "need 1 heights" layers --index 1,2
refused "no metric \"klein\"" geodesic --metric klein
refused "for 2 coordinates" geodesic --coords u,v --metric "1"
refused "an entry is empty" geodesic --coords u,v --metric "1;;1"
refused "row 2, entry 1: unknown name \"w\"" geodesic --coords u,v --metric "1;w"
refused "takes no --metric" oscillator --metric sphere
refused "both ends" -l "y'^2"
refused "the expression ends where a value is expected (at character 7)" -l "y'^2 +" --from 0,0 --to 1,1
refused "unknown name \"z'\": did you mean" -l "z'^2+z" --functions y --from 0,0 --to 1,1
refused "unknown function \"sinn\": did you mean \"sin\"?" -l "sinn(y)" --from 0,0 --to 1,1
refused "in the domain" -l "y'^2+log(y)" --from 0,-1 --to 1,-2
refused "no stationary path was found" -l "y" --from 0,0 --to 1,1
refused "no stationary path was found" -l "y'^2*x" --from 0,0 --to 1,1
refused "lacks its number" -l "y'^2" --constraint y --from 0,0 --to 1,1
refused "4 functions" -l "a'" --functions a,b,c,d,e --from 0,0 --to 1,1
status 2 extremal
says "give the name of one problem, or --lagrangian"
status 2 extremal soap-film -l "y"
status 2 extremal soap-film -n 1
status 1 extremal soap-film --plot "$work/none/a.png"

refused "singular point of its coordinates (" geodesic --from 0.5,0 --to 0.7,pi
refused "slopes at an end the 0 that lead to the other" -l "y'^2*x" --from 0,0 --to 1,1
refused "must lie before" -l "y'^2" --from 1,0 --to 0,1
refused "must lie before" -l "y'^2" --from 1,0 --to 1,1
refused "unknown name \"nan\"" -l "y'^2" --from 0,nan --to 1,1
refused "too long" catenary --params length=1e6

# What a search did, and what is not sure, is in the JSON.
status 0 extremal -l "(y'^2-1)^2" --from 0,0 --to 1,0.5 --json -
"${PYTHON:-python3}" -c 'import json, sys
e = json.load(open(sys.argv[1]))
assert e["paths"] == 1 and e["extremals"][0]["kind"] == "maximum", e
assert e["extremals"][0]["settled"] and e["extremals"][0]["counted"], e
assert e["search"]["ended"] == "candidates did not last" and e["search"]["dropped"] > 0, e["search"]
assert e["search"]["slopes"] == 256 and e["search"]["starts"] > 10, e["search"]' "$work/out" || fail "the search in JSON"
status 0 extremal catenary --params length=2 --json - -n 2
"${PYTHON:-python3}" -c 'import json, sys
e = json.load(open(sys.argv[1]))
assert all(abs(p["value"] - p["closed_form"]) == p["error"] < 1e-12 for p in e["extremals"]), e' "$work/out" ||
    fail "the error in JSON"
status 0 extremal geodesic --coords t,x --metric "-1; 1" --from 0,0 --to 1,1
prints "null path"
prints "length         0"
status 0 extremal geodesic --from 0,0 --to 1,1
prints "phi has no meaning"
status 0 extremal fermat --index "sqrt(1+y)" --from 0,0 --to 0.1,0
prints "extremal 2 of 2"
prints "optical length 1.33458352879"

# Its least path is found as a graph alone, which has no steps and no errors to draw.
status 0 extremal fermat --index "1+1000*exp(-1000*(y-0.5)^2)" --from 0,0 --to 1,1 --plot "$work/graph.svg" --json "$work/graph.json"
grep -q "<svg" "$work/graph.svg" || fail "a picture of paths alone"

# A signal stops a search once it runs.
"$SUAN" math extremal --functions a,b,c,e --from 0,0,0,0,0 --to 3,1,1,1,1 \
    -l "a'^2+b'^2+c'^2+e'^2-10*a^2*b^2-5*c^2*e^2" >"$work/out" 2>"$work/err" &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(cut -d ' ' -f 14 /proc/$pid/stat)" -lt 10 ]; do sleep 0.02; done
kill -TERM $pid 2>/dev/null || true # a shell's background job ignores SIGINT
got=0
wait $pid || got=$?
[ "$got" -eq 130 ] || fail "stopped with $got"
says "stopped"
