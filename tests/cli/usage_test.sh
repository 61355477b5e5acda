#!/bin/sh
# Help, man pages, completion and wrong usage of every verb.
. "$(dirname "$0")/lib.sh"

status 2 "$SUAN"
says "usage: suan VERB"
status 0 "$SUAN" --version
prints "suan "
status 2 "$SUAN" comprae
says 'did you mean "compare"'
status 0 "$SUAN" info
prints "instruction set"

status 0 "$SUAN" help
verbs=$(sed -n '/^verbs:/,/^$/p' "$work/out" | awk 'NF > 1 {print $1}')
[ "$(echo "$verbs" | wc -l)" -ge 9 ] || fail "fewer than nine verbs"
for verb in $verbs; do
    status 0 "$SUAN" help "$verb"
    prints "usage: suan $verb"
    prints "examples:"
    awk 'length > 104 {exit 1}' "$work/out" || fail "help of $verb has lines of more than 104 columns"
    cp "$work/out" "$work/help"
    status 0 "$SUAN" "$verb" --help
    cmp -s "$work/out" "$work/help" || fail "help $verb and $verb --help differ"
    status 2 "$SUAN" "$verb" --no-such-option
    says "has no option --no-such-option"
    status 0 "$SUAN" man "$verb"
    prints ".SH OPTIONS"
done
status 0 "$SUAN" man
prints ".SH VERBS"

status 0 "$SUAN" completion
if command -v bash >/dev/null; then
    cp "$work/out" "$work/completion"
    bash -n "$work/completion" || fail "the completion is not bash"
    bash -c ". $work/completion; COMP_WORDS=(suan comp); COMP_CWORD=1; _suan; echo \${COMPREPLY[@]}" >"$work/out"
    prints compare
fi

status 2 "$SUAN" run
says "usage: suan run MODEL"
status 2 "$SUAN" run a b
says "one argument too many"
status 2 "$SUAN" run m --temp hot
says "--temp wants a number"
status 2 "$SUAN" run m --temp -1
says "from 0 to 100"
status 2 "$SUAN" run m -n
says "--n needs a value"
status 2 "$SUAN" run m --tmep 0
says "did you mean --temp"
status 2 "$SUAN" run m --system "be short"
says "--system is for --chat"
status 1 "$SUAN" compare m --text t --csv -
says "want the name of a file"
status 2 "$SUAN" logits m -p t --npy -
says "wants the name of a file"
status 1 "$SUAN" perplexity m -f /
says "cannot read"
[ "$(wc -l <"$work/err")" -eq 1 ] || fail "a failure takes one line"
status 1 "$SUAN" run "$work/missing.gguf"
says "missing.gguf"
status 1 "$SUAN" info "$work"
echo "usage: all verbs explain themselves"
