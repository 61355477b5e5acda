#!/usr/bin/env python3
"""suan math curvature and SymPy on the same metrics, in turn, in one run: all values at a point compared, and the times.

    curvature_sympy.py SUAN [--metrics schwarzschild,flrw,kerr] [--rounds 5] [--by cancel,simplify] [--table FILE.md]

SymPy computes the same tensors (Christoffel, Riemann, Ricci, scalar, Weyl, Einstein, Kretschmann; only independent
components) and brings each component to a form in which zero is seen: with simplify(), as one would write it, or with
cancel(), the quickest way known for it: cos(theta)^2 is written 1 - sin(theta)^2 and all is a rational function then.
suan's time is that of the whole program, start, factoring and printing of JSON included."""
import argparse
import itertools
import json
import subprocess
import time

import sympy as sp

POINTS = {
    "schwarzschild": "t=0,r=5,theta=0.7,phi=0,M=1",
    "reissner-nordstroem": "t=0,r=5,theta=0.7,phi=0,M=1,Q=0.5",
    "flrw": "t=0.8,r=0.6,theta=0.7,phi=0,k=0.5,a(t)=exp(0.3*t)+t^2/5",
    "kerr": "t=0,r=5,theta=0.7,phi=0,M=1,a=0.9",
}


def metric(name):
    t, r, theta, phi = x = sp.symbols("t r theta phi", real=True)
    M, a, Q, k = sp.symbols("M a Q k", positive=True)
    s2 = sp.sin(theta) ** 2
    if name == "kerr":
        sigma, delta = r**2 + a**2 * sp.cos(theta) ** 2, r**2 - 2 * M * r + a**2
        g = sp.diag(-(1 - 2 * M * r / sigma), sigma / delta, sigma, (r**2 + a**2 + 2 * M * a**2 * r * s2 / sigma) * s2)
        g[0, 3] = g[3, 0] = -2 * M * a * r * s2 / sigma
        return x, g, {r: 5, theta: sp.Rational(7, 10), M: 1, a: sp.Rational(9, 10)}
    if name == "flrw":
        scale = sp.Function("a")(t)
        g = sp.diag(-1, scale**2 / (1 - k * r**2), scale**2 * r**2, scale**2 * r**2 * s2)
        real = sp.exp(sp.Rational(3, 10) * t) + t**2 / 5
        return x, g, {scale: real, t: sp.Rational(8, 10), r: sp.Rational(6, 10), theta: sp.Rational(7, 10), k: sp.Rational(1, 2)}
    f = 1 - 2 * M / r + (Q**2 / r**2 if name != "schwarzschild" else 0)
    return x, sp.diag(-f, 1 / f, r**2, r**2 * s2), {r: 5, theta: sp.Rational(7, 10), M: 1, Q: sp.Rational(1, 2)}


def by_cancel(e):
    """A rational function of sin and cos with cos^2 reduced, in lowest terms."""
    theta = sp.Symbol("theta", real=True)
    s, c = sp.symbols("s_ c_")
    num, den = sp.fraction(sp.together(e.subs({sp.sin(theta): s, sp.cos(theta): c, sp.tan(theta): s / c})))
    num, den = (sp.rem(sp.expand(p), c**2 - 1 + s**2, c) for p in (num, den))
    if den.has(c):
        other = den.subs(c, -c)
        num, den = (sp.rem(sp.expand(p * other), c**2 - 1 + s**2, c) for p in (num, den))
    return sp.cancel(num / den).subs({s: sp.sin(theta), c: sp.cos(theta)})


def tensors(x, g, tidy):
    n = len(x)
    all4 = list(itertools.product(range(n), repeat=4))
    inverse = g.inv().applyfunc(tidy)
    first = [[[sum((sp.diff(g[a, b], x[c]), sp.diff(g[a, c], x[b]), -sp.diff(g[b, c], x[a]))) / 2 for c in range(n)]
              for b in range(n)] for a in range(n)]
    gamma = [[[None] * n for _ in range(n)] for _ in range(n)]
    for a in range(n):
        for b in range(n):
            for c in range(b, n):
                gamma[a][b][c] = gamma[a][c][b] = tidy(sum(inverse[a, d] * first[d][b][c] for d in range(n)))
    pairs = list(itertools.combinations(range(n), 2))
    R = {}

    def component(a, b, c, d):
        second = (sp.diff(g[a, d], x[b], x[c]) + sp.diff(g[b, c], x[a], x[d]) - sp.diff(g[b, d], x[a], x[c])
                  - sp.diff(g[a, c], x[b], x[d])) / 2
        return tidy(second + sum(first[m][b][c] * gamma[m][a][d] - first[m][b][d] * gamma[m][a][c] for m in range(n)))

    for i, (a, b) in enumerate(pairs):
        for c, d in pairs[i:]:
            R[a, b, c, d] = component(a, b, c, d)

    def r4(T, a, b, c, d):
        if a == b or c == d:
            return sp.Integer(0)
        sign = (-1) ** ((a > b) + (c > d))
        p, q = sorted((tuple(sorted((a, b))), tuple(sorted((c, d)))))
        return sign * T[p + q]

    ricci = sp.zeros(n)
    for b in range(n):
        for d in range(b, n):
            ricci[b, d] = ricci[d, b] = tidy(sum(inverse[a, c] * r4(R, a, b, c, d) for a in range(n) for c in range(n)))
    scalar = tidy(sum(inverse[a, b] * ricci[a, b] for a in range(n) for b in range(n)))
    einstein = (ricci - g * scalar / 2).applyfunc(tidy)
    weyl = {}
    for a, b, c, d in R:
        weyl[a, b, c, d] = tidy(
            R[a, b, c, d] - (g[a, c] * ricci[b, d] - g[a, d] * ricci[b, c] - g[b, c] * ricci[a, d] + g[b, d] * ricci[a, c]) / (n - 2)
            + scalar * (g[a, c] * g[b, d] - g[a, d] * g[b, c]) / ((n - 1) * (n - 2)))
    m = len(pairs)
    mixed = sp.zeros(m)
    for i, (a, b) in enumerate(pairs):
        for k, (c, d) in enumerate(pairs):
            mixed[i, k] = tidy(sum((inverse[a, e] * inverse[b, f] - inverse[a, f] * inverse[b, e]) * r4(R, e, f, c, d)
                                   for e, f in pairs))
    kretschmann = tidy(4 * sum(mixed[i, k] * mixed[k, i] for i in range(m) for k in range(m)))
    full = {i: r4(R, *i) for i in all4}, {i: r4(weyl, *i) for i in all4}
    return {"inverse_metric": inverse, "christoffel": gamma, "riemann": full[0], "ricci": ricci, "ricci_scalar": scalar,
            "weyl": full[1], "einstein": einstein, "kretschmann": kretschmann}


def value(e, point):
    return float(sp.N(sp.sympify(e).subs(point).doit().subs(point), 30))


def same(what, mine, theirs):
    if abs(mine - theirs) > 1e-12 * (1e-3 + abs(theirs)):
        raise SystemExit(f"{what}: suan {mine!r}, SymPy {theirs!r}")


def compare(name, at, T, point):
    checked = 2
    same("R", at["ricci_scalar"], value(T["ricci_scalar"], point))
    same("K", at["kretschmann"], value(T["kretschmann"], point))
    for key in ("inverse_metric", "ricci", "einstein"):
        for i in range(4):
            for k in range(4):
                same(f"{name} {key} {i}{k}", at[key][i][k], value(T[key][i, k], point))
                checked += 1
    for i, j, k in itertools.product(range(4), repeat=3):
        same(f"{name} Gamma {i}{j}{k}", at["christoffel"][i][j][k], value(T["christoffel"][i][j][k], point))
        checked += 1
    for key in ("riemann", "weyl"):
        mine = {tuple(e["index"]): e["value"] for e in at[key]}
        for i, j, k, m in itertools.product(range(4), repeat=4):
            if i < j and k < m and (i, j) <= (k, m):
                same(f"{name} {key} {i}{j}{k}{m}", mine.get((i, j, k, m), 0), value(T[key][i, j, k, m], point))
                checked += 1
    return checked


def run_suan(program, name, rounds):
    command = [program, "math", "curvature", name, "--json"]
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    out = subprocess.run(command + ["--at", POINTS[name]], check=True, stdout=subprocess.PIPE).stdout
    return sorted(times)[rounds // 2], json.loads(out)["at"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("suan")
    p.add_argument("--metrics", default="schwarzschild,reissner-nordstroem,flrw,kerr")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--by", default="cancel,simplify")
    p.add_argument("--table")
    args = p.parse_args()
    ways = args.by.split(",")
    lines = ["| metric | suan | " + " | ".join(f"SymPy, {w}() | ratio" for w in ways) + " |", "|---|---|" + "---|---|" * len(ways)]
    for name in args.metrics.split(","):
        mine, at = run_suan(args.suan, name, args.rounds)
        cells = []
        for way in ways:
            x, g, point = metric(name)
            begin = time.perf_counter()
            T = tensors(x, g, by_cancel if way == "cancel" else sp.simplify)
            theirs = time.perf_counter() - begin
            checked = compare(name, at, T, point)
            cells += [f"{theirs:.2f} s", f"{theirs / mine:.0f}"]
            print(f"{name}: suan {mine * 1e3:.1f} ms, SymPy {way} {theirs:.2f} s, ratio {theirs / mine:.0f}; "
                  f"{checked} components agree", flush=True)
        lines.append(f"| {name} | {mine * 1e3:.1f} ms | " + " | ".join(cells) + " |")
    print("\n".join(lines))
    if args.table:
        open(args.table, "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
