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
    SN_FAMILY_LIKE_LLAMA,
    .rope_base = 2000000.0,
};
