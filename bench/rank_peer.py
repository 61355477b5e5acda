"""Singular values and log |det| of random square matrices by NumPy (LAPACK's gesdd and getrf), beside bench/rank_bench.

rank_peer.py [--threads T] [N ...]
"""
import argparse
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("sizes", nargs="*", type=int, default=[512, 1024, 2048])
parser.add_argument("--threads", default="1")
arguments = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = arguments.threads
import numpy as np  # noqa: E402  (after the number of threads is set)

for n in arguments.sizes:
    a = np.random.default_rng(1).standard_normal((n, n))
    best = 1e30
    for _ in range(5):
        begin = time.perf_counter()
        np.linalg.svd(a, compute_uv=False)
        np.linalg.slogdet(a)
        best = min(best, time.perf_counter() - begin)
    print(f"{n:6d} {best:10.3f} s")
