"""quants.py OUT_DIR: goldens of the quantized types, made with the gguf package.

For each type one file OUT_DIR/<type>.bin: the bytes of 512 values in random blocks (every code occurs, scales are
finite, some negative, some subnormal), then the 512 values as little-endian f32.
"""
import os
import sys

import gguf
import numpy as np

VALUES = 512
# Byte offsets of the f16 fields of each block.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(20240607)
for name, halves in HALVES.items():
    kind = gguf.GGMLQuantizationType[name]
    block, size = gguf.GGML_QUANT_SIZES[kind]
    raw = rng.integers(0, 256, (VALUES // block, size), dtype=np.uint8)
    for at in halves:
        scale = (rng.standard_normal(len(raw)) * 10.0 ** rng.integers(-7, 2, len(raw))).astype("<f2")
        raw[:, at:at + 2] = scale.view(np.uint8).reshape(-1, 2)
    values = gguf.quants.dequantize(raw.reshape(-1), kind).astype("<f4")
    with open(os.path.join(out, name.lower() + ".bin"), "wb") as file:
        file.write(raw.tobytes() + values.tobytes())
