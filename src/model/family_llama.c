/* Llama 1, 2 and 3, TinyLlama, SmolLM, Vicuna and everything else that says model_type "llama". */
#include "model/family.h"

const sn_family sn_family_llama = {
    .name = "llama",
    .hf_class = "LlamaForCausalLM",
    .gguf_arch = "llama",
    .gguf_layout = SN_PAIR_INTERLEAVED,
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
