/* Llama 1, 2 and 3, TinyLlama, SmolLM, Vicuna and everything else that says model_type "llama". */
#include "model/family.h"

const sn_family sn_family_llama = {
    .name = "llama",
    .hf_class = "LlamaForCausalLM",
    .gguf_arch = "llama",
    .gguf_layout = SN_PAIR_INTERLEAVED,
    SN_FAMILY_LIKE_LLAMA,
    .rope_base = 10000.0,
};
