/* Mistral 7B: Llama with a sliding window in every layer. In GGUF files it is a "llama". */
#include "model/family.h"

const sn_family sn_family_mistral = {
    .name = "mistral",
    .hf_class = "MistralForCausalLM",
    .gguf_arch = "llama",
    .gguf_layout = SN_PAIR_INTERLEAVED,
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
