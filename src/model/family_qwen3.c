/* Qwen3 (dense): Llama with an RMS norm on each head of q and k. */
#include "model/family.h"

const sn_family sn_family_qwen3 = {
    .name = "qwen3",
    .hf_class = "Qwen3ForCausalLM",
    .gguf_arch = "qwen3",
    .gguf_layout = SN_PAIR_HALVES,
    .qk_norm = true,
    .gguf_note = "llama.cpp ignores the sliding window of this architecture",
    .hf_rules = sn_rules_hf_llama,
    .gguf_rules = sn_rules_gguf_split,
    .hf_names = &sn_hf_names_llama,
    .gguf_epsilon = "attention.layer_norm_rms_epsilon",
    .norm = SN_NORM_RMS,
    .ffn = SN_FFN_GATED,
    .activation = SN_ACT_SILU,
    .norm_epsilon = 1e-6,
    .rope_base = 10000.0,
    .partial_rotary = 1,
};
