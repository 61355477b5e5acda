"""Goldens for scaling fits: scipy on a small seeded data set.   scaling.py OUT_FOLDER

Writes scaling.csv (points of a planted law with noise) and scaling.txt (what scipy finds for them: for the form
"chinchilla" the least objective of L-BFGS-B and Nelder-Mead from many starts; for "power" and "offset" the same over N
alone at the largest D), to be compared by tests/unit/scaling_test.c.
"""
import sys
import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp


def huber(r, delta=1e-3):
    a = np.abs(r)
    return np.where(a <= delta, 0.5 * r * r, delta * (a - 0.5 * delta)).sum()


def chinchilla(q, n, d, loss):
    terms = np.stack([q[0] - q[1] * np.log(n), q[3] - q[4] * np.log(d), np.full(len(n), q[2])])
    return huber(logsumexp(terms, axis=0) - np.log(loss))


def offset(q, n, loss):
    return huber(np.logaddexp(q[0] - q[1] * np.log(n), q[2]) - np.log(loss))


def power(q, n, loss):
    return huber(q[0] - q[1] * np.log(n) - np.log(loss))


def least(f, starts, args):
    best = None
    for start in starts:
        r = minimize(f, start, args=args, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-15, "gtol": 1e-12})
        for _ in range(4):
            r = minimize(f, r.x, args=args, method="Nelder-Mead",
                         options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-11, "fatol": 1e-17})
        if best is None or r.fun < best.fun:
            best = r
    return best


def main():
    folder = sys.argv[1]
    rng = np.random.default_rng(5)
    n = np.repeat(np.geomspace(5e7, 2e10, 7), 6)
    d = np.tile(np.geomspace(5e8, 1e12, 6), 7)
    loss = (1.7 + 400 / n**0.34 + 410 / d**0.28) * np.exp(0.004 * rng.standard_normal(len(n)))
    loss[11] *= 1.08  # an outlier, which Huber's loss forgives
    with open(f"{folder}/scaling.csv", "w") as f:
        f.write("params,tokens,loss\n")
        for row in zip(n, d, loss):
            f.write(",".join(f"{x:.10g}" for x in row) + "\n")
    n, d, loss = np.loadtxt(f"{folder}/scaling.csv", delimiter=",", skiprows=1).T
    most = d == d.max()
    results = [
        ("chinchilla", least(chinchilla, [(6, .3, .5, 6, .3), (5, .35, .6, 8, .35), (10, .5, 0, 10, .5)], (n, d, loss))),
        ("offset", least(offset, [(6, .3, .5), (3, .2, .3), (10, .5, .7)], (n[most], loss[most]))),
        ("power", least(power, [(2, .05), (1, .03)], (n[most], loss[most]))),
    ]
    with open(f"{folder}/scaling.txt", "w") as f:
        for name, r in results:
            value = [np.exp(x) if k in (0, 2, 3) else x for k, x in enumerate(r.x)]
            f.write(f"{name} {r.fun:.10g} " + " ".join(f"{x:.8g}" for x in value) + "\n")


main()
