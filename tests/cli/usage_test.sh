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
verbs=$(sed -n '/^verbs:/,/^$/p' "$work/out" | awk -F '  +' 'NF > 2 {print $2}' | tr ' ' _)
[ "$(echo "$verbs" | wc -l)" -ge 9 ] || fail "fewer than nine verbs"
for verb in $verbs; do
    words=$(echo "$verb" | tr _ ' ')
    # shellcheck disable=SC2086 # one or two words
    set -- $words
    status 0 "$SUAN" help "$@"
    prints "usage: suan $words"
    prints "examples:"
    awk 'length > 104 {exit 1}' "$work/out" || fail "help of $verb has lines of more than 104 columns"
    cp "$work/out" "$work/help"
    status 0 "$SUAN" "$@" --help
    cmp -s "$work/out" "$work/help" || fail "help $words and $words --help differ"
    status 2 "$SUAN" "$@" --no-such-option
    says "has no option --no-such-option"
    status 0 "$SUAN" man "$@"
    prints ".SH OPTIONS"
done

# A group of verbs: the word alone lists them.
status 2 "$SUAN" tokenizer
says "usage: suan tokenizer VERB"
says "tokenizer train"
status 0 "$SUAN" tokenizer --help
prints "tokenizer train"
status 0 "$SUAN" help tokenizer
prints "tokenizer train"
status 2 "$SUAN" tokenizer trian
says 'did you mean "tokenizer train"'
status 0 "$SUAN" man
prints ".SH VERBS"

# Quotes, carets and backslashes stand in the page as they are to be typed.
status 0 "$SUAN" man math curvature
prints '\(dq1+y\(ha2, x*y; x*y, 1+x\(ha2\(dq'

status 0 "$SUAN" completion
if command -v bash >/dev/null; then
    cp "$work/out" "$work/completion"
    bash -n "$work/completion" || fail "the completion is not bash"
    bash -c ". $work/completion; COMP_WORDS=(suan comp); COMP_CWORD=1; _suan; echo \${COMPREPLY[@]}" >"$work/out"
    prints compare
    bash -c ". $work/completion; COMP_WORDS=(suan tokenizer tr); COMP_CWORD=2; _suan; echo \${COMPREPLY[@]}" >"$work/out"
    prints train
    bash -c ". $work/completion; COMP_WORDS=(suan tokenizer train --vo); COMP_CWORD=3; _suan; echo \${COMPREPLY[@]}" >"$work/out"
    prints --vocab-size
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
for list in "32," ,32 32,,64 '' ","; do
    status 2 "$SUAN" compare m --text t --lengths "$list"
    says "--lengths"
    says empty
    for option in prompt generate depth; do
        status 2 "$SUAN" bench m "--$option" "$list"
        says "--$option"
        says empty
    done
done
status 2 "$SUAN" compare m --text t --lengths 32,x
says "--lengths wants up to 64 whole numbers from 2 to"
status 2 "$SUAN" compare m --text t --lengths 1
says "whole numbers from 2 to"
status 2 "$SUAN" bench m --json "$work/none.json" -p 4,-1
says "--prompt wants up to 16 whole numbers from 0 to"
[ ! -e "$work/none.json" ] || fail "a wrong option left a file"
for list in "none," ,none none,,pi:factor=2 "none,pi:factor=2,"; do
    status 1 "$SUAN" compare m --text t --extend "$list"
    says "a method"
done
status 2 "$SUAN" compare m --text t --extend ''
says "--extend wants"
status 2 "$SUAN" run m --stop ''
says "--stop wants"
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
