/* SmolLM3: Llama where every fourth layer has no rotary positions (NoPE). */
#include "model/family.h"

const sn_family sn_family_smollm3 = {
    .name = "smollm3",
    .hf_class = "SmolLM3ForCausalLM",
    .gguf_arch = "smollm3",
    .gguf_layout = SN_PAIR_INTERLEAVED,
    .tied_head = true,
    .no_rope_interval = 4,
    .gguf_note =
        "llama.cpp takes every fourth layer of this architecture as one without rotation, whatever the file says",
    .hf_rules = sn_rules_hf_llama,
    .gguf_rules = sn_rules_gguf_split,
    .hf_names = &sn_hf_names_llama,
    .gguf_epsilon = "attention.layer_norm_rms_epsilon",
    .norm = SN_NORM_RMS,
    .ffn = SN_FFN_GATED,
    .activation = SN_ACT_SILU,
    .norm_epsilon = 1e-6,
    .rope_base = 2000000.0,
    .partial_rotary = 1,
};
