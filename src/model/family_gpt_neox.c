/* GPT-NeoX and Pythia: parallel blocks, LayerNorm, partial rotary positions, q, k, v interleaved by head. */
#include "model/family.h"

#define BY_HEAD .flags = SN_RULE_PER_HEAD

static const sn_name_rule hf_rules[] = {
    {.id = SN_W_EMBED, .file = "gpt_neox.embed_in.weight"},
    {.id = SN_W_NORM, .file = "gpt_neox.final_layer_norm.weight"},
    {.id = SN_W_NORM_BIAS, .file = "gpt_neox.final_layer_norm.bias"},
    {.id = SN_W_HEAD, .file = "embed_out.weight"},
    {.id = SN_W_ATTN_NORM, .file = "gpt_neox.layers.#.input_layernorm.weight"},
    {.id = SN_W_ATTN_NORM_BIAS, .file = "gpt_neox.layers.#.input_layernorm.bias"},
    {.id = SN_W_Q, .file = "gpt_neox.layers.#.attention.query_key_value.weight", BY_HEAD},
    {.id = SN_W_K, .file = "gpt_neox.layers.#.attention.query_key_value.weight", .skip = {SN_DIM_HEAD}, BY_HEAD},
    {.id = SN_W_V,
     .file = "gpt_neox.layers.#.attention.query_key_value.weight",
     .skip = {SN_DIM_HEAD, SN_DIM_HEAD},
     BY_HEAD},
    {.id = SN_W_Q_BIAS, .file = "gpt_neox.layers.#.attention.query_key_value.bias", BY_HEAD},
    {.id = SN_W_K_BIAS, .file = "gpt_neox.layers.#.attention.query_key_value.bias", .skip = {SN_DIM_HEAD}, BY_HEAD},
    {.id = SN_W_V_BIAS,
     .file = "gpt_neox.layers.#.attention.query_key_value.bias",
     .skip = {SN_DIM_HEAD, SN_DIM_HEAD},
     BY_HEAD},
    {.id = SN_W_O, .file = "gpt_neox.layers.#.attention.dense.weight"},
    {.id = SN_W_O_BIAS, .file = "gpt_neox.layers.#.attention.dense.bias"},
    {.id = SN_W_FFN_NORM, .file = "gpt_neox.layers.#.post_attention_layernorm.weight"},
    {.id = SN_W_FFN_NORM_BIAS, .file = "gpt_neox.layers.#.post_attention_layernorm.bias"},
    {.id = SN_W_UP, .file = "gpt_neox.layers.#.mlp.dense_h_to_4h.weight"},
    {.id = SN_W_UP_BIAS, .file = "gpt_neox.layers.#.mlp.dense_h_to_4h.bias"},
    {.id = SN_W_DOWN, .file = "gpt_neox.layers.#.mlp.dense_4h_to_h.weight"},
    {.id = SN_W_DOWN_BIAS, .file = "gpt_neox.layers.#.mlp.dense_4h_to_h.bias"},
    {.file = NULL},
};

static const sn_hf_names hf_names = {.width = "hidden_size",
                                     .layers = "num_hidden_layers",
                                     .heads = "num_attention_heads",
                                     .ffn = "intermediate_size",
                                     .length = "max_position_embeddings",
                                     .epsilon = "layer_norm_eps",
                                     .activation = "hidden_act"};

const sn_family sn_family_gpt_neox = {
    .name = "gpt_neox",
    .hf_class = "GPTNeoXForCausalLM",
    .gguf_arch = "gptneox",
    .gguf_layout = SN_PAIR_HALVES,
    .hf_rules = hf_rules,
    .gguf_rules = sn_rules_gguf_fused,
    .hf_names = &hf_names,
    .gguf_epsilon = "attention.layer_norm_epsilon",
    .norm = SN_NORM_LAYER,
    .ffn = SN_FFN_PLAIN,
    .activation = SN_ACT_GELU,
    .parallel_block = true,
    .norm_epsilon = 1e-5,
    .rope_base = 10000.0,
    .partial_rotary = 0.25,
};
