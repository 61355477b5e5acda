"""Rotary frequencies and gains of transformers for each kind of scaling.

    python rope_frequencies.py OUT.txt

One line per case: name, attention factor, number of planes, frequencies. The cases are repeated, as suan's
configurations, in tests/unit/position_own_test.c.
"""
import sys

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS


def factors(planes, start, step):
    return [start + step * m for m in range(planes)]


LONG = {"short_factor": factors(32, 1.0, 0.0625), "long_factor": factors(32, 1.0, 0.75)}
CASES = [
    ("linear", 64, 1.0, 2048, None, {"rope_type": "linear", "factor": 4.0}),
    ("dynamic-short", 64, 1.0, 2048, 2000, {"rope_type": "dynamic", "factor": 2.0}),
    ("dynamic-long", 64, 1.0, 2048, 8192, {"rope_type": "dynamic", "factor": 2.0}),
    ("yarn", 128, 1.0, 16384, None,
     {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}),
    ("yarn-partial", 128, 0.5, 16384, None,
     {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 2048, "partial_rotary_factor": 0.5}),
    ("yarn-whole", 64, 1.0, 131072, None,
     {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096, "truncate": False,
      "beta_fast": 32.0, "beta_slow": 1.0}),
    ("yarn-mscale", 64, 1.0, 163840, None,
     {"rope_type": "yarn", "factor": 40.0, "original_max_position_embeddings": 4096, "mscale": 1.0,
      "mscale_all_dim": 0.707, "beta_fast": 32, "beta_slow": 1}),
    ("yarn-attention", 64, 1.0, 16384, None,
     {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096, "attention_factor": 1.25,
      "beta_fast": 16, "beta_slow": 2}),
    ("llama3", 128, 1.0, 131072, None,
     {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192}),
    ("longrope-short", 64, 1.0, 131072, 4096,
     {"rope_type": "longrope", "original_max_position_embeddings": 4096, **LONG}),
    ("longrope-long", 64, 1.0, 131072, 4097,
     {"rope_type": "longrope", "original_max_position_embeddings": 4096, **LONG}),
]
THETA = {"llama3": 500000.0}

with open(sys.argv[1], "w") as out:
    for name, d_head, share, window, length, scaling in CASES:
        theta = THETA.get(name, 10000.0)
        config = LlamaConfig(hidden_size=4 * d_head, num_attention_heads=4, head_dim=d_head,
                             max_position_embeddings=window, rope_parameters={"rope_theta": theta, **scaling})
        function = ROPE_INIT_FUNCTIONS[scaling["rope_type"]]
        inverse, gain = function(config, "cpu", seq_len=length)
        values = " ".join(f"{x:.9g}" for x in inverse.double().tolist())
        out.write(f"{name} {gain:.12g} {len(inverse)} {values}\n")
