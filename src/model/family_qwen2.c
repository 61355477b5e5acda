/* Qwen2 and Qwen2.5: Llama with biases on q, k and v; the later layers may have a sliding window. */
#include "model/family.h"

const sn_family sn_family_qwen2 = {
    .name = "qwen2",
    .hf_class = "Qwen2ForCausalLM",
    .gguf_arch = "qwen2",
    .gguf_layout = SN_PAIR_HALVES,
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
