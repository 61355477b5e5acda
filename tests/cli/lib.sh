#!/bin/sh
# Helpers of the CLI tests. $SUAN is the program; a scratch folder is made and removed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAILED: $1"
    [ -f "$work/out" ] && sed 's/^/  out: /' "$work/out" | head -20
    [ -f "$work/err" ] && sed 's/^/  err: /' "$work/err" | head -20
    exit 1
}

# status WANTED COMMAND...: runs with outputs in $work/out and $work/err.
status() {
    wanted=$1
    shift
    got=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" -eq "$wanted" ] || fail "exit status $got, wanted $wanted: $*"
}

# says TEXT: the last command said it on standard error.
says() { grep -q -F -e "$1" "$work/err" || fail "standard error lacks \"$1\""; }
prints() { grep -q -F -e "$1" "$work/out" || fail "standard output lacks \"$1\""; }

needs_data() {
    [ -n "${SUAN_TEST_DATA:-}" ] && return 0
    echo "SKIP: $(basename "$0") needs SUAN_TEST_DATA"
    exit 0
}
