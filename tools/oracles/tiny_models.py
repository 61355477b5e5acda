#!/usr/bin/env python3
"""Make tiny random Hugging Face models together with golden logits.

Usage:  make_tiny.py OUT_DIR [NAME ...]

For every case this writes OUT_DIR/<name>/ with

  config.json         as the installed transformers writes it (5.x: one `rope_parameters` dictionary)
  config_legacy.json  the same model as transformers 4.x spelled it (`rope_theta`, `rope_scaling`, ...)
  model.safetensors   float16 (the *-bf16-sharded case: bfloat16, several shards and an index file)
  golden.safetensors  for every length T: idsT [T], rowsT (positions) and logitsT [rows, V] of those positions
                      (float32 computation with the rounded weights, eager attention, one forward pass over
                      the whole sequence, no cache); greedy40: the 16 ids that greedy decoding appends to
                      ids40, each found by a fresh forward pass over the whole sequence

It prints for every case the spread of its logits and `noise`, the largest difference between the float32
logits and the same computation in float64 (RMSNorm, RoPE tables and softmax stay in float32 there, so it is
a lower bound of what rounding alone may do).

A dynamic RoPE ("dynamic", "longrope") is chosen by the length of that one forward pass; a cache
filled at shorter lengths holds keys turned by other frequencies and gives other logits. The lengths
of these cases lie on both sides of the original window of 64.

Everything is seeded: the same versions of torch and transformers give the same files. Weights are
drawn wide enough for a wrong rotation, mask, bias or norm to show up clearly in the logits; norm
weights and biases are random as well, for a loader that ignores them not to pass.
"""

import copy
import json
import math
import os
import sys
import zlib

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file
from transformers import (
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

VOCAB = 64
HIDDEN = 32
FFN = 64
LAYERS = 3
HEADS = 4
KV_HEADS = 2
HEAD_DIM = HIDDEN // HEADS
LENGTHS = (40, 100)
NEW_TOKENS = 16
MIN_MARGIN = 0.02

STD = 0.3  # linear layers and embeddings
STD_QK = 0.1  # query and key projections: keeps the attention soft enough for float32
STD_NORM = 0.1  # norm weights are 1 + N(0, STD_NORM)
STD_BIAS = 0.1


def common(**changes):
    """Fields that all Llama-like configurations share."""
    fields = dict(
        vocab_size=VOCAB,
        hidden_size=HIDDEN,
        intermediate_size=FFN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS,
        max_position_embeddings=128,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=None,
    )
    fields.update(changes)
    return fields


def rope(rope_type="default", theta=10000.0, **rest):
    return dict(rope_type=rope_type, rope_theta=theta, **rest)


def llama(rope_parameters=None, **changes):
    return LlamaConfig(rope_parameters=rope_parameters or rope(), **common(**changes))


def long_short_factors(count):
    """Two growing lists of LongRoPE factors."""
    short = [round(1.0 + 0.05 * i, 4) for i in range(count)]
    long = [round(1.0 + 0.6 * i, 4) for i in range(count)]
    return dict(short_factor=short, long_factor=long)


def cases():
    """Name -> (configuration, options)."""
    table = {}

    def case(name, config, **options):
        table[name] = (config, options)

    # Llama and what can be done to its RoPE
    case("llama", llama())
    case("llama-mha", llama(num_key_value_heads=HEADS))
    case("llama-tied", llama(tie_word_embeddings=True))
    case("llama-bias", llama(attention_bias=True, mlp_bias=True))
    case("llama-headdim", llama(head_dim=12))
    case("llama-bf16-sharded", llama(), dtype=torch.bfloat16, shard="30KB")
    case(
        "llama3",
        llama(
            rope(
                "llama3",
                theta=500000.0,
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=4.0,
                original_max_position_embeddings=64,
            ),
            max_position_embeddings=512,
        ),
    )
    case("llama-linear", llama(rope("linear", factor=4.0)))
    case("llama-dynamic", llama(rope("dynamic", factor=4.0), max_position_embeddings=64), lengths=(40, 64, 65, 100))
    case(
        "llama-yarn",
        llama(rope("yarn", factor=4.0, original_max_position_embeddings=32)),
    )
    case(
        "llama-yarn-mscale",
        llama(rope("yarn", factor=4.0, original_max_position_embeddings=32, mscale=1.0, mscale_all_dim=0.707)),
    )
    case(
        "llama-yarn-attnfactor",
        llama(
            rope(
                "yarn",
                factor=4.0,
                original_max_position_embeddings=32,
                attention_factor=1.3,
                beta_fast=4.0,
                beta_slow=0.25,
            )
        ),
    )
    case(
        "llama-yarn-notruncate",
        llama(
            rope("yarn", factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=0.25, truncate=False)
        ),
    )
    case(
        "llama-longrope",
        llama(
            rope("longrope", original_max_position_embeddings=64, factor=4.0, **long_short_factors(HEAD_DIM // 2)),
            max_position_embeddings=256,
        ),
        lengths=(40, 64, 65, 100),
    )
    # Phi-3 has fused qkv and gate/up projections; `original_max_position_embeddings` lies outside the RoPE dictionary
    case(
        "phi3",
        Phi3Config(
            rope_parameters=rope(),
            original_max_position_embeddings=128,
            sliding_window=None,
            **common(pad_token_id=0),
        ),
    )
    case(
        "phi3-longrope",
        Phi3Config(
            rope_parameters=rope("longrope", **long_short_factors(HEAD_DIM // 2)),
            original_max_position_embeddings=64,
            sliding_window=None,
            **common(max_position_embeddings=256, pad_token_id=0),
        ),
        lengths=(40, 64, 65, 100),
    )

    # Sliding windows, biases, norms of q and k, layers without RoPE
    case("mistral-swa", MistralConfig(rope_parameters=rope(), sliding_window=16, **common()))
    case("qwen2", Qwen2Config(rope_parameters=rope(theta=1e6), **common()))
    case(
        "qwen2-swa",
        Qwen2Config(
            rope_parameters=rope(theta=1e6), use_sliding_window=True, sliding_window=16, max_window_layers=1, **common()
        ),
    )
    case("qwen3", Qwen3Config(rope_parameters=rope(theta=1e6), head_dim=16, **common()))
    case(
        "smollm3",
        SmolLM3Config(
            rope_parameters=rope(), no_rope_layers=[1, 0, 1], **common(tie_word_embeddings=True, pad_token_id=0)
        ),
    )

    # LayerNorm families
    case(
        "gpt2",
        GPT2Config(
            vocab_size=VOCAB,
            n_positions=128,
            n_embd=HIDDEN,
            n_layer=LAYERS,
            n_head=HEADS,
            bos_token_id=0,
            eos_token_id=0,
        ),
    )
    for parallel in (True, False):
        case(
            "gpt_neox" if parallel else "gpt_neox-sequential",
            GPTNeoXConfig(
                vocab_size=VOCAB,
                hidden_size=HIDDEN,
                num_hidden_layers=LAYERS,
                num_attention_heads=HEADS,
                intermediate_size=4 * HIDDEN,
                max_position_embeddings=128,
                use_parallel_residual=parallel,
                rope_parameters=rope(partial_rotary_factor=0.25),
                tie_word_embeddings=False,
                bos_token_id=0,
                eos_token_id=0,
            ),
        )
    return table


def draw_weights(model, seed):
    generator = torch.Generator().manual_seed(seed)
    done = set()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.data_ptr() in done:
                continue
            done.add(value.data_ptr())
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("bias"):
                value.copy_(STD_BIAS * noise)
            elif value.dim() == 1:
                value.copy_(1.0 + STD_NORM * noise)
            else:
                value.copy_(STD * noise)
                scale_query_and_key(model.config, name, value)


def scale_query_and_key(config, name, value):
    """Bring the rows (GPT-2: columns) that make queries and keys down to STD_QK."""
    ratio = STD_QK / STD
    if name.endswith(("q_proj.weight", "k_proj.weight")):
        value.mul_(ratio)
    elif name.endswith("attn.c_attn.weight"):  # GPT-2: [in, 3 * out]
        value[:, : 2 * config.n_embd].mul_(ratio)
    elif name.endswith("query_key_value.weight"):  # GPT-NeoX: q, k, v of a head are neighbours
        per_head = value.view(config.num_attention_heads, 3, -1, value.shape[1])
        per_head[:, :2].mul_(ratio)
    elif name.endswith("qkv_proj.weight"):  # Phi-3: all q, all k, all v
        values = config.num_key_value_heads * (config.hidden_size // config.num_attention_heads)
        value[:-values].mul_(ratio)


def build(config, state=None, dtype=torch.float32):
    model = transformers.AutoModelForCausalLM.from_config(
        copy.deepcopy(config), attn_implementation="eager", dtype=torch.float32
    )
    if state is not None:
        model.load_state_dict(state)
    return model.to(dtype).eval()


def logits_of(config, state, ids, dtype=torch.float32):
    """One forward pass in a fresh model, for no state of a dynamic RoPE to leak between lengths."""
    with torch.no_grad():
        return build(config, state, dtype)(torch.from_numpy(ids), use_cache=False).logits.numpy()


def greedy(config, state, ids, count):
    margin = math.inf
    new = []
    for _ in range(count):
        last = np.sort(row := logits_of(config, state, ids)[0, -1])
        margin = min(margin, float(last[-1] - last[-2]))
        new.append(int(row.argmax()))
        ids = np.concatenate([ids, [[new[-1]]]], axis=1)
    return np.array([new], dtype=np.int64), margin


def legacy_config(config, folder):
    """The saved configuration in the fields of transformers 4.x."""
    with open(os.path.join(folder, "config.json")) as file:
        fields = json.load(file)
    for name in ("transformers_version", "layer_types"):
        fields.pop(name, None)
    fields["torch_dtype"] = fields.pop("dtype")
    parameters = fields.pop("rope_parameters", None)
    if parameters:
        theta = parameters.pop("rope_theta")
        partial = parameters.pop("partial_rotary_factor", None)
        kind = parameters.pop("rope_type", "default")
        if config.model_type == "gpt_neox":
            fields["rotary_emb_base"], fields["rotary_pct"] = theta, partial
        else:
            fields["rope_theta"] = theta
            if partial is not None:
                fields["partial_rotary_factor"] = partial
        if config.model_type == "phi3":
            parameters.pop("original_max_position_embeddings", None)
        fields["rope_scaling"] = None if kind == "default" else {"rope_type": kind, **parameters}
    return fields


def check_legacy(fields, model_type, state, ids, expected):
    """The legacy fields must describe the same model."""
    config = transformers.AutoConfig.for_model(model_type, **{k: v for k, v in fields.items() if k != "model_type"})
    found = logits_of(config, state, ids)
    assert np.array_equal(found, expected), f"legacy configuration differs by {np.abs(found - expected).max()}"


def make(name, config, out_dir, dtype=torch.float16, shard=None, lengths=LENGTHS):
    seed = zlib.crc32(name.encode())
    model = build(config)
    draw_weights(model, seed)
    model = model.to(dtype)
    folder = os.path.join(out_dir, name)
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    state = {key: value.float().clone() for key, value in model.state_dict().items()}

    legacy = legacy_config(model.config, folder)
    with open(os.path.join(folder, "config_legacy.json"), "w") as file:
        json.dump(legacy, file, indent=2, sort_keys=True)
        file.write("\n")

    for attempt in range(100):  # until no step of the greedy decoding is a close call
        tokens = np.random.default_rng([seed, attempt]).integers(3, VOCAB, size=(1, max(lengths)))
        new_ids, margin = greedy(config, state, tokens[:, :40], NEW_TOKENS)
        if margin >= MIN_MARGIN:
            break
    golden, noise = {}, 0.0
    for length in lengths:
        ids = tokens[:, :length]
        logits = logits_of(config, state, ids)
        exact = logits_of(config, state, ids, torch.float64)
        noise = max(noise, float(np.abs(logits - exact).max()))
        check_legacy(legacy, config.model_type, state, ids, logits)
        rows = np.array(sorted({0, 1, *range(5, length, 9), length - 2, length - 1}), dtype=np.int32)
        golden[f"ids{length}"] = ids[0].astype(np.int32)
        golden[f"rows{length}"] = rows
        golden[f"logits{length}"] = np.ascontiguousarray(logits[0, rows])
    golden["greedy40"] = new_ids[0].astype(np.int32)
    save_file(golden, os.path.join(folder, "golden.safetensors"))
    os.remove(os.path.join(folder, "generation_config.json"))

    print(f"{name:26s} std {float(golden['logits100'].std()):6.3f}  noise {noise:.2e}  greedy margin {margin:.3f}", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)  # one order of summation
    out_dir, wanted = sys.argv[1], sys.argv[2:]
    table = cases()
    unknown = set(wanted) - set(table)
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}; there are: {', '.join(table)}")
    for name in wanted or table:
        config, options = table[name]
        make(name, config, out_dir, **options)


if __name__ == "__main__":
    main()
