"""Arrays of four kinds for docs/sparsity.md.   sparse_arrays.py arrays.npz"""
import sys

import numpy as np

random = np.random.default_rng(9595)
normal = random.standard_normal(65536)
np.savez(
    sys.argv[1],
    equal=np.sign(normal),
    normal=normal.astype(np.float32),
    lognormal=np.exp(1.5 * normal).astype(np.float16),
    one_in_ten=(normal * (random.random(65536) < 0.1)).astype(np.float32),
)
