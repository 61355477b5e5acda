/* Phi-3 and Phi-4-mini: Llama with q, k, v and gate, up in one matrix each. */
#include "model/family.h"

static const sn_name_rule hf_rules[] = {
    {.id = SN_W_EMBED, .file = "model.embed_tokens.weight"},
    {.id = SN_W_NORM, .file = "model.norm.weight"},
    {.id = SN_W_HEAD, .file = "lm_head.weight"},
    {.id = SN_W_ATTN_NORM, .file = "model.layers.#.input_layernorm.weight"},
    {.id = SN_W_Q, .file = "model.layers.#.self_attn.qkv_proj.weight"},
    {.id = SN_W_K, .file = "model.layers.#.self_attn.qkv_proj.weight", .skip = {SN_DIM_Q}},
    {.id = SN_W_V, .file = "model.layers.#.self_attn.qkv_proj.weight", .skip = {SN_DIM_Q, SN_DIM_KV}},
    {.id = SN_W_O, .file = "model.layers.#.self_attn.o_proj.weight"},
    {.id = SN_W_FFN_NORM, .file = "model.layers.#.post_attention_layernorm.weight"},
    {.id = SN_W_GATE, .file = "model.layers.#.mlp.gate_up_proj.weight"},
    {.id = SN_W_UP, .file = "model.layers.#.mlp.gate_up_proj.weight", .skip = {SN_DIM_FF}},
    {.id = SN_W_DOWN, .file = "model.layers.#.mlp.down_proj.weight"},
    {.file = NULL},
};

static const sn_name_rule gguf_rules[] = {
    {.id = SN_W_EMBED, .file = "token_embd.weight"},
    {.id = SN_W_NORM, .file = "output_norm.weight"},
    {.id = SN_W_HEAD, .file = "output.weight"},
    {.id = SN_W_ATTN_NORM, .file = "blk.#.attn_norm.weight"},
    {.id = SN_W_Q, .file = "blk.#.attn_qkv.weight"},
    {.id = SN_W_K, .file = "blk.#.attn_qkv.weight", .skip = {SN_DIM_Q}},
    {.id = SN_W_V, .file = "blk.#.attn_qkv.weight", .skip = {SN_DIM_Q, SN_DIM_KV}},
    {.id = SN_W_O, .file = "blk.#.attn_output.weight"},
    {.id = SN_W_FFN_NORM, .file = "blk.#.ffn_norm.weight"},
    {.id = SN_W_GATE, .file = "blk.#.ffn_up.weight"},
    {.id = SN_W_UP, .file = "blk.#.ffn_up.weight", .skip = {SN_DIM_FF}},
    {.id = SN_W_DOWN, .file = "blk.#.ffn_down.weight"},
    {.file = NULL},
};

const sn_family sn_family_phi3 = {
    .name = "phi3",
    .hf_class = "Phi3ForCausalLM",
    .gguf_arch = "phi3",
    .gguf_layout = SN_PAIR_HALVES,
    .hf_rules = hf_rules,
    .gguf_rules = gguf_rules,
    .hf_names = &sn_hf_names_llama,
    .gguf_epsilon = "attention.layer_norm_rms_epsilon",
    .norm = SN_NORM_RMS,
    .ffn = SN_FFN_GATED,
    .activation = SN_ACT_SILU,
    .norm_epsilon = 1e-5,
    .rope_base = 10000.0,
    .partial_rotary = 1,
};
