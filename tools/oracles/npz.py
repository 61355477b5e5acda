#!/usr/bin/env python3
"""NumPy reads what sn_npz_write wrote: checks tests/golden/npz/arrays.npz, which tests/unit/npy_test.c compares byte for byte.

    npz.py tests/golden/npz/arrays.npz
"""
import sys
import zipfile

import numpy as np


def main():
    path = sys.argv[1]
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None, "a checksum is wrong"
        assert all(i.compress_type == zipfile.ZIP_STORED for i in z.infolist())
    wanted = {
        "a": np.arange(6, dtype="<f4").reshape(2, 3) / 4,
        "gewichte/\u00e4": np.arange(4, dtype="<i8") - 2,
        "one": np.array(0.1, dtype="<f8"),
        "none": np.zeros((0, 5), dtype="u1"),
    }
    with np.load(path, allow_pickle=False) as found:
        assert found.files == list(wanted), found.files
        for name, array in wanted.items():
            assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
            assert np.array_equal(found[name], array), name
    print(f"{path}: {len(wanted)} arrays as expected, numpy {np.__version__}")


main()
