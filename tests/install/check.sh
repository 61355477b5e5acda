#!/bin/sh
# Installs into an empty prefix and builds the examples there by find_package, by pkg-config and by
# pkg-config --static, then runs them.   check.sh SOURCE_ROOT BUILD_DIR
set -eu
source=$1
build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$build" --prefix "$prefix" >"$work/install.log"
# The .pc file finds its prefix from where it lies.
PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig -type d)
export PKG_CONFIG_PATH
libdir=$(dirname "$(find "$prefix" -name libsuan.so)")
export LD_LIBRARY_PATH="$libdir"

cmake -S "$source/tests/install" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLES="$source/examples" \
    -DCMAKE_BUILD_TYPE=Release >"$work/configure.log"
cmake --build "$work/cmake" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

run() { # run PROGRAM-DIR NAME
    case $2 in
    generate)
        [ -n "${SUAN_TEST_DATA:-}" ] || { echo "SKIP: generate needs SUAN_TEST_DATA"; return 0; }
        "$1/$2" "$SUAN_TEST_DATA/llm/stories260K.bin" "Once upon a time" rerope:window=128 64 \
            "$SUAN_TEST_DATA/llm/tok512.bin" >"$work/out" ;;
    *) "$1/$2" >"$work/out" ;;
    esac
    [ -s "$work/out" ] || { echo "$2 printed nothing"; exit 1; }
}

for example in "$source"/examples/*.c; do
    name=$(basename "$example" .c)
    [ "$(wc -l <"$example")" -le 100 ] || { echo "$name.c has more than 100 lines"; exit 1; }
    run "$work/cmake" "$name"
    # shellcheck disable=SC2046
    cc -std=c17 -Wall -Wextra -Werror "$example" -o "$work/$name.shared" \
        $(pkg-config --cflags --libs suan) -lm
    ln -sf "$name.shared" "$work/$name"
    run "$work" "$name"
    # shellcheck disable=SC2046
    cc -std=c17 "$example" -o "$work/$name.static" \
        $(pkg-config --cflags suan) "$libdir/libsuan.a" \
        $(pkg-config --libs --static suan | sed 's/-lsuan\>//')
    ln -sf "$name.static" "$work/$name"
    run "$work" "$name"
    echo "install: $name works by find_package, pkg-config and pkg-config --static"
done
"$prefix/bin/suan" --version
