/* GPT-2: learned positions, LayerNorm, matrices stored [in, out]. */
#include "model/family.h"

#define CONV1D .flags = SN_RULE_TRANSPOSED

static const sn_name_rule hf_rules[] = {
    {.id = SN_W_EMBED, .file = "wte.weight"},
    {.id = SN_W_POSITIONS, .file = "wpe.weight"},
    {.id = SN_W_NORM, .file = "ln_f.weight"},
    {.id = SN_W_NORM_BIAS, .file = "ln_f.bias"},
    {.id = SN_W_HEAD, .file = "lm_head.weight"},
    {.id = SN_W_ATTN_NORM, .file = "h.#.ln_1.weight"},
    {.id = SN_W_ATTN_NORM_BIAS, .file = "h.#.ln_1.bias"},
    {.id = SN_W_Q, .file = "h.#.attn.c_attn.weight", CONV1D},
    {.id = SN_W_K, .file = "h.#.attn.c_attn.weight", .skip = {SN_DIM_Q}, CONV1D},
    {.id = SN_W_V, .file = "h.#.attn.c_attn.weight", .skip = {SN_DIM_Q, SN_DIM_KV}, CONV1D},
    {.id = SN_W_Q_BIAS, .file = "h.#.attn.c_attn.bias"},
    {.id = SN_W_K_BIAS, .file = "h.#.attn.c_attn.bias", .skip = {SN_DIM_Q}},
    {.id = SN_W_V_BIAS, .file = "h.#.attn.c_attn.bias", .skip = {SN_DIM_Q, SN_DIM_KV}},
    {.id = SN_W_O, .file = "h.#.attn.c_proj.weight", CONV1D},
    {.id = SN_W_O_BIAS, .file = "h.#.attn.c_proj.bias"},
    {.id = SN_W_FFN_NORM, .file = "h.#.ln_2.weight"},
    {.id = SN_W_FFN_NORM_BIAS, .file = "h.#.ln_2.bias"},
    {.id = SN_W_UP, .file = "h.#.mlp.c_fc.weight", CONV1D},
    {.id = SN_W_UP_BIAS, .file = "h.#.mlp.c_fc.bias"},
    {.id = SN_W_DOWN, .file = "h.#.mlp.c_proj.weight", CONV1D},
    {.id = SN_W_DOWN_BIAS, .file = "h.#.mlp.c_proj.bias"},
    {.file = NULL},
};

static const sn_hf_names hf_names = {.width = "n_embd",
                                     .layers = "n_layer",
                                     .heads = "n_head",
                                     .ffn = "n_inner",
                                     .length = "n_positions",
                                     .epsilon = "layer_norm_epsilon",
                                     .activation = "activation_function"};

const sn_family sn_family_gpt2 = {
    .name = "gpt2",
    .hf_class = "GPT2LMHeadModel",
    .gguf_arch = "gpt2",
    .gguf_layout = SN_PAIR_HALVES,
    .hf_prefix = "transformer.",
    .hf_rules = hf_rules,
    .gguf_rules = sn_rules_gguf_fused,
    .hf_names = &hf_names,
    .gguf_epsilon = "attention.layer_norm_epsilon",
    .norm = SN_NORM_LAYER,
    .ffn = SN_FFN_PLAIN,
    .activation = SN_ACT_GELU_TANH,
    .tied_head = true,
    .learned_positions = true,
    .norm_epsilon = 1e-5,
};
