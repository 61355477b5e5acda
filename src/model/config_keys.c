/* The keys of configurations that may be left unread. A key that is in no list is refused: it may change
 * the mathematics. To accept a new one, first make sure that it cannot. */
#include "model/config.h"

#include "base/error.h"

#include <string.h>

static const char *const harmless[] = {
    "architectures", "model_type", "torch_dtype", "dtype", "transformers_version", "auto_map", "use_cache",
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id", "cls_token_id",
    "decoder_start_token_id", "initializer_range", "attention_dropout", "hidden_dropout", "hidden_dropout_prob",
    "attn_pdrop", "resid_pdrop", "embd_pdrop", "classifier_dropout", "summary_activation", "summary_first_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "task_specific_params", "id2label", "label2id",
    "num_labels", "problem_type", "tokenizer_class", "prefix", "pretraining_tp", "output_attentions",
    "output_hidden_states", "output_past", "return_dict", "gradient_checkpointing", "attn_implementation",
    "torchscript", "reorder_and_upcast_attn", "n_ctx", "max_sequence_length", "tie_encoder_decoder",
    "chunk_size_feed_forward", "cache_implementation", "is_decoder", "is_llama_config", "finetuning_task",
    "name_or_path", "use_flash_attention_2", "transformers.js_config", "vocab_file", "model_max_length",
    "rms_norm_upcast",
    /* which biases there are is seen from the tensors */
    "attention_bias", "mlp_bias", "qkv_bias", "use_bias", NULL};

typedef struct fixed_key {
    const char *key;
    bool value;
} fixed_key;

static const fixed_key fixed[] = {{"add_cross_attention", false},
                                  {"is_encoder_decoder", false},
                                  {"scale_attn_weights", true},
                                  {"scale_attn_by_inverse_layer_idx", false},
                                  {"rope_interleaved", false},
                                  {"use_mrope", false},
                                  {"use_bidirectional_attention", false},
                                  {"alibi", false},
                                  {NULL, false}};

sn_status sn_config_check_key(const char *where, const char *key, const sn_json *value, bool *known) {
    *known = true;
    if (key[0] == '_') return SN_OK;
    for (int i = 0; harmless[i]; i++)
        if (strcmp(harmless[i], key) == 0) return SN_OK;
    for (int i = 0; fixed[i].key; i++) {
        if (strcmp(fixed[i].key, key) != 0) continue;
        if (value->kind == SN_JSON_NULL || (value->kind == SN_JSON_BOOL && value->boolean == fixed[i].value))
            return SN_OK;
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: \"%s\" is only supported as %s", where, key,
                       fixed[i].value ? "true" : "false");
    }
    *known = false;
    return SN_OK;
}

static const char *const gguf_keys[] = {"block_count",
                                        "embedding_length",
                                        "feed_forward_length",
                                        "context_length",
                                        "vocab_size",
                                        "attention.head_count",
                                        "attention.head_count_kv",
                                        "attention.key_length",
                                        "attention.value_length",
                                        "attention.layer_norm_rms_epsilon",
                                        "attention.layer_norm_epsilon",
                                        "attention.sliding_window",
                                        "attention.sliding_window_pattern",
                                        "attention.causal",
                                        "attention.rope_pattern",
                                        "rope.dimension_count",
                                        "rope.freq_base",
                                        "rope.scale_linear",
                                        "rope.scaling.type",
                                        "rope.scaling.factor",
                                        "rope.scaling.attn_factor",
                                        "rope.scaling.original_context_length",
                                        "rope.scaling.finetuned",
                                        "rope.scaling.yarn_log_multiplier",
                                        "rope.scaling.yarn_ext_factor",
                                        "rope.scaling.yarn_attn_factor",
                                        "rope.scaling.yarn_beta_fast",
                                        "rope.scaling.yarn_beta_slow",
                                        "use_parallel_residual",
                                        "tensor_data_layout",
                                        "expert_count",
                                        "expert_used_count",
                                        NULL};

bool sn_config_gguf_key_known(const char *key) {
    for (int i = 0; gguf_keys[i]; i++)
        if (strcmp(gguf_keys[i], key) == 0) return true;
    return false;
}
