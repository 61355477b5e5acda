#!/usr/bin/env python3
"""suan math curvature on random metrics: Ricci and Kretschmann scalar at a random point against differences in 40 digits.

    curvature_random.py SUAN [--seed 1] [--count 100] [--dimensions 2,3,4] [--limit 120]

Metrics have random expressions on the diagonal and up to two off-diagonal entries. Prints what differs, crashes or runs out of
time, then how often each outcome was met; the exit status is 1 if anything was wrong."""
import argparse
import collections
import json
import random
import re
import subprocess
import sys

import mpmath
from mpmath import matrix, mpf

mpmath.mp.dps = 40
FUNCTIONS = ["sqrt", "sin", "cos", "tan", "sinh", "cosh", "exp", "log", "tanh", "atan", "asin", "acos"]
POWERS = ["2", "3", "(1/2)", "(-1)", "(2/3)", "M", "(-3/2)"]


def expression(rng, names, depth):
    k = rng.random()
    if depth == 0 or k > 0.95:
        return rng.choice(names + ["M", "2", "3", "0.5", "1/7"])
    one = expression(rng, names, depth - 1)
    if k < 0.62:
        return f"({one}{rng.choice('+++**-/')}{expression(rng, names, depth - 1)})"
    return f"({one}^{rng.choice(POWERS)})" if k < 0.7 else f"{rng.choice(FUNCTIONS)}({one})"


def random_metric(rng, names):
    n = len(names)
    g = [["0"] * n for _ in range(n)]
    for a in range(n):
        g[a][a] = expression(rng, names, rng.choice([1, 2, 2, 3]))
    for _ in range(rng.choice([0, 0, 1, 2])):
        a, b = rng.sample(range(n), 2)
        g[a][b] = g[b][a] = expression(rng, names, rng.choice([1, 2]))
    return g


def as_function(text, names):
    """The entry as a function of a point; numbers become 40-digit ones, so that 1/7 is what it says."""
    code = compile(re.sub(r"(?<![\w.])(\d+\.?\d*)", r'mpf("\1")', text.replace("^", "**")), text, "eval")
    scope = {name: getattr(mpmath, name) for name in FUNCTIONS} | {"mpf": mpf, "M": mpf(7) / 10}
    return lambda x: eval(code, scope, dict(zip(names, x)))


def scalars(entries, x):
    """R and R_abcd R^abcd from first and second differences of the metric."""
    n, h = len(x), mpf(10) ** -10
    R = range(n)

    def at(*steps):
        y = list(x)
        for i, s in steps:
            y[i] += s * h
        return matrix([[entries[a][b](y) for b in R] for a in R])

    g = at()
    d1 = [(at((c, 1)) - at((c, -1))) / (2 * h) for c in R]
    d2 = [[(at((c, 1)) - 2 * g + at((c, -1))) / h**2 if c == d else
           (at((c, 1), (d, 1)) - at((c, 1), (d, -1)) - at((c, -1), (d, 1)) + at((c, -1), (d, -1))) / (4 * h**2)
           for d in R] for c in R]
    inverse = g**-1
    low = [[[(d1[c][a, b] + d1[b][a, c] - d1[a][b, c]) / 2 for c in R] for b in R] for a in R]
    up = [[[sum(inverse[a, d] * low[d][b][c] for d in R) for c in R] for b in R] for a in R]
    riemann = [[[[(d2[b][c][a, d] + d2[a][d][b, c] - d2[a][c][b, d] - d2[b][d][a, c]) / 2
                  + sum(low[m][b][c] * up[m][a][d] - low[m][b][d] * up[m][a][c] for m in R)
                  for d in R] for c in R] for b in R] for a in R]
    mixed = [[[[sum(inverse[a, e] * inverse[b, f] * riemann[e][f][c][d] for e in R for f in R) for d in R] for c in R]
              for b in R] for a in R]
    ricci = sum(mixed[a][b][a][b] for a in R for b in R)
    return ricci, sum(mixed[a][b][c][d] * mixed[c][d][a][b] for a in R for b in R for c in R for d in R)


def outcome(args, names, g, point):
    """What happened, and whether it was wrong."""
    text = ";".join(",".join(row) for row in g)
    at = ",".join(f"{name}={value}" for name, value in zip(names, point)) + ",M=0.7"
    command = [args.suan, "math", "curvature", "--coords", ",".join(names), "--params", "M", "--metric", text, "--at", at, "--json"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=args.limit)
    except subprocess.TimeoutExpired:
        return f"no answer in {args.limit} s", True
    if run.returncode == 1:
        return "refused: " + run.stderr.strip()[6:60], False
    if run.returncode != 0:
        return f"exit status {run.returncode}", True
    result = json.loads(run.stdout)
    R, K = scalars([[as_function(e, names) for e in row] for row in g], [mpf(p) for p in point])
    for key, want in (("ricci_scalar", R), ("kretschmann", K)):
        got = result["at"][key]
        if got is None or abs(got - want) > 1e-7 * (abs(want) + 1e-4 * (1 + abs(K))):
            return f"{key} {got}, should be {mpmath.nstr(want, 12)}", True
    return "agrees" + (f" ({result['zero_test_reason']})" if result["zero_test_reason"] else ""), False


def main():
    p = argparse.ArgumentParser()
    p.add_argument("suan")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=100)
    p.add_argument("--dimensions", default="2,3,4")
    p.add_argument("--limit", type=float, default=120)
    args = p.parse_args()
    rng, seen, bad = random.Random(args.seed), collections.Counter(), 0
    for _ in range(args.count):
        names = ["x", "y", "z", "w", "u", "v"][:int(rng.choice(args.dimensions.split(",")))]
        g = random_metric(rng, names)
        point = [f"{rng.randint(3, 20) / 10}" for _ in names]
        what, wrong = outcome(args, names, g, point)
        if wrong:
            bad += 1
            print("WRONG:", what, "\n  ", ";".join(",".join(row) for row in g), point, flush=True)
        seen["WRONG" if wrong else what] += 1
    for what, n in seen.most_common():
        print(n, what)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
