#!/bin/sh
# Fails on an #include that points to a higher layer, to a sibling that may not be seen, or to a
# third-party header outside the one folder that may include it.   check.sh SOURCE_ROOT
set -eu
cd "$1"
find src include -name '*.[ch]' | sort | xargs grep -n '^ *# *include' | awk -F: '
BEGIN {
    split("base 0 tensor 1 kernel 2 file 2 token 2 plot 2 graph 3 op 4 layer 5 optim 5 position 5 model 6 study 7 train 7 generate 7 math 7 fit 7 serve 8 cli 9", t, " ")
    for (i = 1; i in t; i += 2) level[t[i]] = t[i + 1]
    # sibling folders that may be included all the same
    allowed["token", "file"] = 1
    allowed["study", "generate"] = 1
    allowed["study", "train"] = 1
    allowed["train", "generate"] = 1
    allowed["study", "fit"] = 1
    allowed["layer", "position"] = 1
    only["dnnl"] = "src/kernel/onednn/"; only["jansson.h"] = "src/file/"; only["pcre2.h"] = "src/token/"
    only["utf8proc.h"] = "src/token/"; only["png.h"] = "src/file/"; only["cairo"] = "src/plot/"; only["zlib.h"] = "src/file/"; only["libconfig.h"] = "src/file/"
    only["gmp.h"] = "src/math/"; only["lapacke.h"] = "src/study/"
    only["flint/"] = "src/math/"; only["mpfr.h"] = "src/math/"
}
{
    file = $1; line = $2; what = $3
    sub(/^[^"<]*["<]/, "", what); sub(/[">].*$/, "", what)
    split(file, part, "/")
    for (name in only)
        if (index(what, name) == 1 && index(file, only[name]) != 1) {
            print file ":" line ": " what " may only be included in " only[name]; bad = 1
        }
    if (part[1] == "include") {
        if (what ~ /\// && what !~ /^suan\//) { print file ":" line ": a public header includes " what; bad = 1 }
        next
    }
    from = part[2]
    if (!(from in level)) { print file ": folder " from " has no layer"; bad = 1; next }
    if (what ~ /^suan\//) next
    if (split(what, w, "/") < 2) next
    to = w[1]
    if (!(to in level) || to == from) next
    if (level[to] > level[from] || (level[to] == level[from] && !((from, to) in allowed))) {
        print file ":" line ": " from " (layer " level[from] ") includes " to " (layer " level[to] ")"; bad = 1
    }
    if (from == "cli") { print file ":" line ": a verb uses only the public headers, not " what; bad = 1 }
}
END { exit bad }'
echo "layers: every include points down"
