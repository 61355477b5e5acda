/* Mistral 7B: Llama with a sliding window in every layer. In GGUF files it is a "llama". */
#include "model/family.h"

const sn_family sn_family_mistral = {
    .name = "mistral",
    .hf_class = "MistralForCausalLM",
    .gguf_arch = "llama",
    .gguf_layout = SN_PAIR_INTERLEAVED,
    .gguf_note = "llama.cpp ignores the sliding window of this architecture",
    SN_FAMILY_LIKE_LLAMA,
    .rope_base = 10000.0,
};
