#include "model/family.h"

#include <string.h>

const sn_family *const sn_families[] = {
    &sn_family_gpt2,  &sn_family_gpt_neox, &sn_family_llama,   &sn_family_mistral, &sn_family_phi3,
    &sn_family_qwen2, &sn_family_qwen3,    &sn_family_smollm3, &sn_family_suan,    NULL};

const char *sn_family_names(void) { return "gpt2, gpt_neox, llama, mistral, phi3, qwen2, qwen3, smollm3, suan"; }

const sn_family *sn_family_by_name(const char *name) {
    for (int i = 0; sn_families[i]; i++)
        if (strcmp(sn_families[i]->name, name) == 0) return sn_families[i];
    return NULL;
}

/* Mistral files carry the architecture "llama": the first family with an arch owns it. */
const sn_family *sn_family_by_arch(const char *gguf_arch) {
    for (int i = 0; sn_families[i]; i++)
        if (strcmp(sn_families[i]->gguf_arch, gguf_arch) == 0) return sn_families[i];
    return NULL;
}

const sn_tensor_spec sn_tensor_specs[SN_N_WEIGHT_IDS] = {
    [SN_W_EMBED] = {"embed.weight", SN_DIM_VOCAB, SN_DIM_EMBD},
    [SN_W_POSITIONS] = {"positions.weight", SN_DIM_LENGTH, SN_DIM_EMBD},
    [SN_W_NORM] = {"norm.weight", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_NORM_BIAS] = {"norm.bias", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_HEAD] = {"head.weight", SN_DIM_VOCAB, SN_DIM_EMBD},
    [SN_W_HEAD_BIAS] = {"head.bias", SN_DIM_VOCAB, SN_DIM_NONE},
    [SN_W_ATTN_NORM] = {"layers.#.attn_norm.weight", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_ATTN_NORM_BIAS] = {"layers.#.attn_norm.bias", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_Q] = {"layers.#.q.weight", SN_DIM_Q, SN_DIM_EMBD},
    [SN_W_Q_BIAS] = {"layers.#.q.bias", SN_DIM_Q, SN_DIM_NONE},
    [SN_W_K] = {"layers.#.k.weight", SN_DIM_KV, SN_DIM_EMBD},
    [SN_W_K_BIAS] = {"layers.#.k.bias", SN_DIM_KV, SN_DIM_NONE},
    [SN_W_V] = {"layers.#.v.weight", SN_DIM_V, SN_DIM_EMBD},
    [SN_W_V_BIAS] = {"layers.#.v.bias", SN_DIM_V, SN_DIM_NONE},
    [SN_W_O] = {"layers.#.o.weight", SN_DIM_EMBD, SN_DIM_MIXED},
    [SN_W_O_BIAS] = {"layers.#.o.bias", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_Q_NORM] = {"layers.#.q_norm.weight", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_K_NORM] = {"layers.#.k_norm.weight", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_Z] = {"layers.#.z.weight", SN_DIM_HEAD, SN_DIM_EMBD},
    [SN_W_Z_BIAS] = {"layers.#.z.bias", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_Q_GAIN] = {"layers.#.q_gain.weight", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_Q_OFFSET] = {"layers.#.q_gain.bias", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_K_GAIN] = {"layers.#.k_gain.weight", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_K_OFFSET] = {"layers.#.k_gain.bias", SN_DIM_HEAD, SN_DIM_NONE},
    [SN_W_FFN_NORM] = {"layers.#.ffn_norm.weight", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_FFN_NORM_BIAS] = {"layers.#.ffn_norm.bias", SN_DIM_EMBD, SN_DIM_NONE},
    [SN_W_GATE] = {"layers.#.gate.weight", SN_DIM_FF, SN_DIM_EMBD},
    [SN_W_GATE_BIAS] = {"layers.#.gate.bias", SN_DIM_FF, SN_DIM_NONE},
    [SN_W_UP] = {"layers.#.up.weight", SN_DIM_FF, SN_DIM_EMBD},
    [SN_W_UP_BIAS] = {"layers.#.up.bias", SN_DIM_FF, SN_DIM_NONE},
    [SN_W_DOWN] = {"layers.#.down.weight", SN_DIM_EMBD, SN_DIM_FF},
    [SN_W_DOWN_BIAS] = {"layers.#.down.bias", SN_DIM_EMBD, SN_DIM_NONE},
};

int64_t sn_dim_size(const sn_model_config *c, sn_dim dim) {
    switch (dim) {
    case SN_DIM_EMBD: return c->n_embd;
    case SN_DIM_Q: return c->n_heads * c->d_head;
    case SN_DIM_KV: return c->n_kv_heads * c->d_head;
    case SN_DIM_V: return c->n_kv_heads * c->d_value;
    case SN_DIM_MIXED: return c->n_heads * c->d_value;
    case SN_DIM_FF: return c->d_ff;
    case SN_DIM_HEAD: return c->d_head;
    case SN_DIM_VOCAB: return c->n_vocab;
    case SN_DIM_LENGTH: return c->train_length;
    case SN_DIM_NONE: break;
    }
    return 0;
}

static bool is_norm_bias(sn_weight_id id) {
    return id == SN_W_NORM_BIAS || id == SN_W_ATTN_NORM_BIAS || id == SN_W_FFN_NORM_BIAS;
}

bool sn_weight_allowed(const sn_model_config *c, sn_weight_id id) {
    bool gau = c->arch.block == SN_BLOCK_GAU;
    if (is_norm_bias(id) && c->norm != SN_NORM_LAYER) return false;
    switch (id) {
    case SN_W_POSITIONS: return c->learned_positions;
    case SN_W_HEAD: return !c->tied_head;
    case SN_W_NORM:
    case SN_W_NORM_BIAS: return !c->arch.norm_plain && c->arch.placement == SN_NORM_PRE;
    case SN_W_ATTN_NORM:
    case SN_W_ATTN_NORM_BIAS: return !c->arch.norm_plain;
    case SN_W_FFN_NORM:
    case SN_W_FFN_NORM_BIAS: return !c->arch.norm_plain && !gau;
    case SN_W_GATE:
    case SN_W_GATE_BIAS: return gau || c->ffn == SN_FFN_GATED;
    case SN_W_Q_NORM:
    case SN_W_K_NORM: return c->qk_norm;
    case SN_W_Q:
    case SN_W_Q_BIAS:
    case SN_W_K:
    case SN_W_K_BIAS:
    case SN_W_UP:
    case SN_W_UP_BIAS:
    case SN_W_DOWN:
    case SN_W_DOWN_BIAS: return !gau;
    case SN_W_Z:
    case SN_W_Z_BIAS:
    case SN_W_Q_GAIN:
    case SN_W_Q_OFFSET:
    case SN_W_K_GAIN:
    case SN_W_K_OFFSET: return gau;
    default: return true;
    }
}

bool sn_weight_required(const sn_model_config *c, sn_weight_id id) {
    switch (id) {
    case SN_W_HEAD_BIAS:
    case SN_W_Q_BIAS:
    case SN_W_K_BIAS:
    case SN_W_V_BIAS:
    case SN_W_O_BIAS:
    case SN_W_GATE_BIAS:
    case SN_W_UP_BIAS:
    case SN_W_Z_BIAS:
    case SN_W_Q_OFFSET:
    case SN_W_K_OFFSET:
    case SN_W_DOWN_BIAS: return false;
    default: return sn_weight_allowed(c, id);
    }
}

const sn_name_rule sn_rules_hf_llama[] = {
    {.id = SN_W_EMBED, .file = "model.embed_tokens.weight"},
    {.id = SN_W_NORM, .file = "model.norm.weight"},
    {.id = SN_W_HEAD, .file = "lm_head.weight"},
    {.id = SN_W_ATTN_NORM, .file = "model.layers.#.input_layernorm.weight"},
    {.id = SN_W_Q, .file = "model.layers.#.self_attn.q_proj.weight"},
    {.id = SN_W_Q_BIAS, .file = "model.layers.#.self_attn.q_proj.bias"},
    {.id = SN_W_K, .file = "model.layers.#.self_attn.k_proj.weight"},
    {.id = SN_W_K_BIAS, .file = "model.layers.#.self_attn.k_proj.bias"},
    {.id = SN_W_V, .file = "model.layers.#.self_attn.v_proj.weight"},
    {.id = SN_W_V_BIAS, .file = "model.layers.#.self_attn.v_proj.bias"},
    {.id = SN_W_O, .file = "model.layers.#.self_attn.o_proj.weight"},
    {.id = SN_W_O_BIAS, .file = "model.layers.#.self_attn.o_proj.bias"},
    {.id = SN_W_Q_NORM, .file = "model.layers.#.self_attn.q_norm.weight"},
    {.id = SN_W_K_NORM, .file = "model.layers.#.self_attn.k_norm.weight"},
    {.id = SN_W_FFN_NORM, .file = "model.layers.#.post_attention_layernorm.weight"},
    {.id = SN_W_GATE, .file = "model.layers.#.mlp.gate_proj.weight"},
    {.id = SN_W_GATE_BIAS, .file = "model.layers.#.mlp.gate_proj.bias"},
    {.id = SN_W_UP, .file = "model.layers.#.mlp.up_proj.weight"},
    {.id = SN_W_UP_BIAS, .file = "model.layers.#.mlp.up_proj.bias"},
    {.id = SN_W_DOWN, .file = "model.layers.#.mlp.down_proj.weight"},
    {.id = SN_W_DOWN_BIAS, .file = "model.layers.#.mlp.down_proj.bias"},
    {.file = NULL},
};

const sn_hf_names sn_hf_names_llama = {.width = "hidden_size",
                                       .layers = "num_hidden_layers",
                                       .heads = "num_attention_heads",
                                       .kv_heads = "num_key_value_heads",
                                       .ffn = "intermediate_size",
                                       .length = "max_position_embeddings",
                                       .epsilon = "rms_norm_eps",
                                       .activation = "hidden_act"};

const sn_name_rule sn_rules_gguf_split[] = {
    {.id = SN_W_EMBED, .file = "token_embd.weight"},
    {.id = SN_W_NORM, .file = "output_norm.weight"},
    {.id = SN_W_HEAD, .file = "output.weight"},
    {.id = SN_W_HEAD_BIAS, .file = "output.bias"},
    {.id = SN_W_ATTN_NORM, .file = "blk.#.attn_norm.weight"},
    {.id = SN_W_Q, .file = "blk.#.attn_q.weight"},
    {.id = SN_W_Q_BIAS, .file = "blk.#.attn_q.bias"},
    {.id = SN_W_K, .file = "blk.#.attn_k.weight"},
    {.id = SN_W_K_BIAS, .file = "blk.#.attn_k.bias"},
    {.id = SN_W_V, .file = "blk.#.attn_v.weight"},
    {.id = SN_W_V_BIAS, .file = "blk.#.attn_v.bias"},
    {.id = SN_W_O, .file = "blk.#.attn_output.weight"},
    {.id = SN_W_O_BIAS, .file = "blk.#.attn_output.bias"},
    {.id = SN_W_Q_NORM, .file = "blk.#.attn_q_norm.weight"},
    {.id = SN_W_K_NORM, .file = "blk.#.attn_k_norm.weight"},
    {.id = SN_W_FFN_NORM, .file = "blk.#.ffn_norm.weight"},
    {.id = SN_W_GATE, .file = "blk.#.ffn_gate.weight"},
    {.id = SN_W_GATE_BIAS, .file = "blk.#.ffn_gate.bias"},
    {.id = SN_W_UP, .file = "blk.#.ffn_up.weight"},
    {.id = SN_W_UP_BIAS, .file = "blk.#.ffn_up.bias"},
    {.id = SN_W_DOWN, .file = "blk.#.ffn_down.weight"},
    {.id = SN_W_DOWN_BIAS, .file = "blk.#.ffn_down.bias"},
    {.file = NULL},
};

const sn_name_rule sn_rules_gguf_fused[] = {
    {.id = SN_W_EMBED, .file = "token_embd.weight"},
    {.id = SN_W_POSITIONS, .file = "position_embd.weight"},
    {.id = SN_W_NORM, .file = "output_norm.weight"},
    {.id = SN_W_NORM_BIAS, .file = "output_norm.bias"},
    {.id = SN_W_HEAD, .file = "output.weight"},
    {.id = SN_W_ATTN_NORM, .file = "blk.#.attn_norm.weight"},
    {.id = SN_W_ATTN_NORM_BIAS, .file = "blk.#.attn_norm.bias"},
    {.id = SN_W_Q, .file = "blk.#.attn_qkv.weight"},
    {.id = SN_W_K, .file = "blk.#.attn_qkv.weight", .skip = {SN_DIM_Q}},
    {.id = SN_W_V, .file = "blk.#.attn_qkv.weight", .skip = {SN_DIM_Q, SN_DIM_KV}},
    {.id = SN_W_Q_BIAS, .file = "blk.#.attn_qkv.bias"},
    {.id = SN_W_K_BIAS, .file = "blk.#.attn_qkv.bias", .skip = {SN_DIM_Q}},
    {.id = SN_W_V_BIAS, .file = "blk.#.attn_qkv.bias", .skip = {SN_DIM_Q, SN_DIM_KV}},
    {.id = SN_W_O, .file = "blk.#.attn_output.weight"},
    {.id = SN_W_O_BIAS, .file = "blk.#.attn_output.bias"},
    {.id = SN_W_FFN_NORM, .file = "blk.#.ffn_norm.weight"},
    {.id = SN_W_FFN_NORM_BIAS, .file = "blk.#.ffn_norm.bias"},
    {.id = SN_W_UP, .file = "blk.#.ffn_up.weight"},
    {.id = SN_W_UP_BIAS, .file = "blk.#.ffn_up.bias"},
    {.id = SN_W_DOWN, .file = "blk.#.ffn_down.weight"},
    {.id = SN_W_DOWN_BIAS, .file = "blk.#.ffn_down.bias"},
    {.file = NULL},
};
