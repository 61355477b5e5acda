/* Qwen3 (dense): Llama with an RMS norm on each head of q and k. */
#include "model/family.h"

const sn_family sn_family_qwen3 = {
    .name = "qwen3",
    .hf_class = "Qwen3ForCausalLM",
    .gguf_arch = "qwen3",
    .gguf_layout = SN_PAIR_HALVES,
    .qk_norm = true,
    .gguf_note = "llama.cpp ignores the sliding window of this architecture",
    SN_FAMILY_LIKE_LLAMA,
    .rope_base = 10000.0,
};
