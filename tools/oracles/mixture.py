"""Goldens for the EM of mixtures: scikit-learn on seeded points.   mixture.py OUT_FOLDER

Writes mixture.csv (600 points in two dimensions from four components) and mixture.txt: for each number of components
the best mean log density over 40 starts, in two dimensions and of the first column alone.
"""
import sys
import numpy as np
from sklearn.mixture import GaussianMixture


def main():
    folder = sys.argv[1]
    rng = np.random.default_rng(11)
    means = np.array([[0, 0], [4, 1], [-3, 3], [1, -5]])
    kind = rng.choice(4, 600, p=[.4, .3, .2, .1])
    factor = rng.standard_normal((4, 2, 2)) * 0.7
    x = means[kind] + np.einsum("nij,nj->ni", factor[kind], rng.standard_normal((600, 2)))
    np.savetxt(f"{folder}/mixture.csv", x, fmt="%.10g", delimiter=",", header="x,y", comments="")
    x = np.loadtxt(f"{folder}/mixture.csv", delimiter=",", skiprows=1)
    with open(f"{folder}/mixture.txt", "w") as f:
        for d in (1, 2):
            for n in (1, 2, 4):
                fit = GaussianMixture(n, n_init=40, reg_covar=1e-6, tol=1e-9, max_iter=2000, random_state=0)
                part = x[:, :d]
                f.write(f"{d} {n} {fit.fit(part).score(part):.8f}\n")


main()
