/* Qwen2 and Qwen2.5: Llama with biases on q, k and v; the later layers may have a sliding window. */
#include "model/family.h"

const sn_family sn_family_qwen2 = {
    .name = "qwen2",
    .hf_class = "Qwen2ForCausalLM",
    .gguf_arch = "qwen2",
    .gguf_layout = SN_PAIR_HALVES,
    .gguf_note = "llama.cpp ignores the sliding window of this architecture",
    SN_FAMILY_LIKE_LLAMA,
    .rope_base = 10000.0,
};
