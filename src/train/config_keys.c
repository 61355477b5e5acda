/* The table of keys. */
#include "train/config.h"

#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(sn_train_config, field)
#define TEXT(name, field, fallback, help)                                                                              \
    { {name, SN_KEY_TEXT, fallback, 0, 0, NULL, false, help}, AT(field) }
#define INT(name, field, fallback, low, high, help)                                                                    \
    { {name, SN_KEY_INT, fallback, low, high, NULL, false, help}, AT(field) }
#define REAL(name, field, fallback, low, high, help)                                                                   \
    { {name, SN_KEY_REAL, fallback, low, high, NULL, false, help}, AT(field) }
#define FLAG(name, field, fallback, help)                                                                              \
    { {name, SN_KEY_FLAG, fallback, 0, 0, NULL, false, help}, AT(field) }
#define WORD(name, field, fallback, words, help)                                                                       \
    { {name, SN_KEY_WORD, fallback, 0, 0, words, false, help}, AT(field) }
/* The same for keys that may change when a run is resumed. */
#define FREE_TEXT(name, field, fallback, help)                                                                         \
    { {name, SN_KEY_TEXT, fallback, 0, 0, NULL, true, help}, AT(field) }
#define FREE_INT(name, field, fallback, low, high, help)                                                               \
    { {name, SN_KEY_INT, fallback, low, high, NULL, true, help}, AT(field) }
#define FREE_REAL(name, field, fallback, low, high, help)                                                              \
    { {name, SN_KEY_REAL, fallback, low, high, NULL, true, help}, AT(field) }

const sn_train_key_def sn_train_keys[] = {
    TEXT("data", data, "", "A text file, a .jsonl file or a folder of them. Required."),
    TEXT("init", init, "", "A model to fine-tune, in any format suan opens; its sizes and vocabulary are taken over."),
    TEXT("extend", extend, "",
         "A context method to train under, as for --extend of the other verbs. The exported model keeps plain "
         "positions: give the method again when it is used."),
    FREE_TEXT("out", out, "run", "The folder of the run."),
    FREE_INT("steps", steps, "1000", 1, 1e12, "Updates of the whole run. A resumed run may have more, not fewer."),
    INT("batch", batch, "16", 1, 65536, "Sequences of a micro-batch."),
    INT("accumulate", accumulate, "1", 1, 65536, "Micro-batches of an update."),
    INT("context", context, "256", 2, 1048576, "Tokens of a sequence: the trained window."),
    INT("seed", seed, "1", 0, 9007199254740992., "Of weights, order and dropout: the same seed gives the same run."),
    FREE_INT("save_every", save_every, "500", 0, 1e12, "Steps between checkpoints; 0: only at the end."),
    FREE_INT("keep", keep, "3", 1, 1e6, "Checkpoints that are kept."),
    FREE_INT("log_every", log_every, "10", 1, 1e9, "Steps between lines of metrics.jsonl."),
    FREE_INT("threads", threads, "0", 0, 1024, "0: one per core. Resumed runs repeat bit by bit with the same number."),

    TEXT("tokenizer", tokenizer, "",
         "\"byte\", \"char\" (the characters of the data), a tokenizer's file, or \"train:bpe:1024\" (also unigram) "
         "for a "
         "vocabulary learned from the data. Without it the tokenizer of init, else byte."),
    TEXT("separator", separator, "<|endoftext|>", "What divides documents in a text file; \"\": every file is one."),
    WORD("packing", packing, "cross", "cross|separate",
         "Whether a sequence may attend across documents, or each document only to itself."),
    WORD("order", order, "shuffle", "shuffle|random|text",
         "Of sequences: each once an epoch in a random order, drawn anywhere each time, or as the text has them."),
    REAL("val_share", val_share, "0.1", 0, 0.5,
         "Share kept for validation: the last documents, or the end of a single one. 0: none."),
    FREE_INT("val_every", val_every, "250", 0, 1e12, "Steps between validations; 0: only at the end."),
    FREE_INT("val_batches", val_batches, "20", 1, 1e9, "Batches of a validation, the same every time."),
    FREE_INT("sample_every", sample_every, "500", 0, 1e12, "Steps between samples of text; 0: none."),
    FREE_INT("sample_tokens", sample_tokens, "200", 1, 1e6, "Tokens of a sample."),
    FREE_TEXT("sample_prompt", sample_prompt, "", "What a sample continues; without it the start token or a new line."),
    FREE_REAL("sample_temperature", sample_temperature, "0.8", 0, 100, "0: the likeliest token always."),

    WORD("precision", precision, "f32", "f32|bf16", "Of matrix products and attention; weights and sums stay f32."),
    FLAG("bf16_momentum", bf16_momentum, "false", "Keep the first state of the rule in bf16."),
    FLAG("recompute", recompute, "false", "Compute each block again in the backward pass: less memory, more time."),
    REAL("average", average, "0", 0, 0.999999999,
         "Decay of a moving average of the weights, kept beside them; 0: none."),
    REAL("dropout", dropout, "0", 0, 0.95, "Share of activations dropped in training."),
    REAL("clip", clip, "1", 0, 1e30,
         "Largest global norm of the gradient; 0: not clipped, as with rules that cannot be (tiger)."),

    TEXT("optimizer.rule", rule_name, "adamw", "The update rule; its own settings follow below."),
    REAL("optimizer.lr", rate, "0.001", 0, 1e38, "The learning rate at its peak."),
    REAL("optimizer.floor", floor, "0", 0, 1e38, "The learning rate at the end of a decay."),
    TEXT("schedule.kind", schedule_name, "cosine", "How the learning rate changes over the run."),
    INT("schedule.warmup", warmup, "0", 0, 1e12, "Steps of linear rise before that."),
    INT("schedule.decay_steps", decay_steps, "0", 0, 1e12, "wsd: steps of the last part; 0: a tenth of the run."),

    TEXT("model.family", model.family, "",
         "A family whose format others read (llama, gpt2, gpt_neox, qwen3), which must hold the other keys, or suan. "
         "Without it the first that fits."),
    TEXT("model.name", model.name, "", "The model's name."),
    INT("model.layers", model.layers, "4", 1, 1024, "Blocks."),
    INT("model.heads", model.heads, "4", 1, 1024, "Query heads."),
    INT("model.kv_heads", model.kv_heads, "0", 0, 1024, "Key and value heads; 0: as many as query heads."),
    INT("model.width", model.width, "128", 1, 65536, "Components of the residual stream."),
    INT("model.head_width", model.head_width, "0", 0, 4096, "Components of a head; 0: width / heads."),
    INT("model.ffn", model.ffn, "0", 0, 1048576, "Components inside the feed-forward part; 0: by its kind."),
    INT("model.value_width", model.value_width, "0", 0, 1048576, "Components of a value head; 0: by the block."),
    WORD("model.block", model.block, "attention", "attention|gau",
         "Attention and feed-forward, or gated attention units."),
    WORD("model.norm", model.norm, "rms", "rms|layer", "Kind of norm."),
    WORD("model.norm_place", model.norm_place, "pre", "pre|post", "Norm before a part, or after its residual sum."),
    FLAG("model.norm_gain", model.norm_gain, "true", "Norms of the residual stream have gains."),
    REAL("model.norm_epsilon", model.norm_epsilon, "0", 0, 1, "0: 1e-5."),
    FLAG("model.embed_norm", model.embed_norm, "false", "A norm after the embedding."),
    REAL("model.residual_scale", model.residual_scale, "0", 0, 1e6,
         "With post norms: factor of the residual stream; 0: 1, or DeepNorm's with init deepnorm."),
    WORD("model.ffn_kind", model.ffn_kind, "gated", "gated|plain", "Feed-forward part with a gate, or without."),
    WORD("model.activation", model.activation, "silu", "silu|gelu|gelu_tanh|relu", "Of the feed-forward part."),
    FLAG("model.biases", model.biases, "false", "Projections have biases."),
    FLAG("model.tied", model.tied, "true", "The embedding is the output matrix too."),
    FLAG("model.parallel", model.parallel, "false", "Attention and feed-forward side by side."),
    FLAG("model.qk_norm", model.qk_norm, "false", "RMS norm of each head's queries and keys."),
    WORD("model.qk", model.qk, "plain", "plain|kna|qna|cosa",
         "Keys (kna), queries (qna) or both (cosa) divided by their length."),
    REAL("model.qk_epsilon", model.qk_epsilon, "0", 0, 1, "Added to squared lengths; 0: 1e-6."),
    REAL("model.logit_scale", model.logit_scale, "0", 0, 1e6, "Of attention; 0: 1/sqrt(head width), or by qk."),
    REAL("model.logn_base", model.logn_base, "0", 0, 1e9,
         "Attention logits times ln n / ln base for n visible keys; 0: not."),
    REAL("model.logn_min", model.logn_min, "0", 0, 1e9, "Smaller n count as this; 0: 1."),
    FLAG("model.logn_windowed", model.logn_windowed, "false", "In windowed layers too."),
    WORD("model.positions", model.positions, "rotary", "rotary|none|learned", "How layers know positions."),
    REAL("model.rope_base", model.rope_base, "10000", 1, 1e12, "Base of the rotation frequencies."),
    INT("model.rotary_width", model.rotary_width, "0", 0, 4096, "Components of a head that are rotated; 0: all."),
    WORD("model.layout", model.layout, "full", "full|window|hwfa|hwfa2",
         "Which layers see all keys: all; none; the last, without positions (hwfa); full_layers of them (hwfa2)."),
    INT("model.window", model.window, "0", 0, 1048576, "Keys that a windowed layer sees; hwfa: 0 chooses it."),
    REAL("model.window_share", model.window_share, "0.75", 0.01, 1,
         "hwfa without window: share of the context that the windows together reach."),
    INT("model.full_layers", model.full_layers, "1", 1, 1024, "hwfa2: layers that see all keys."),
    TEXT("model.init", model.init, "", "How weights are drawn: gpt2, deepnorm, gau-alpha, fan_in. Without it gpt2."),
    REAL("model.init_std", model.init_std, "0", 0, 10, "Of gpt2: standard deviation; 0: 0.02."),
};
const int sn_n_train_keys = sizeof sn_train_keys / sizeof *sn_train_keys;
_Static_assert(sizeof sn_train_keys / sizeof *sn_train_keys <= SN_TRAIN_MAX_KEYS, "one place for each key");

int sn_train_key_count(void) { return sn_n_train_keys; }

const sn_train_key *sn_train_key_get(int i) { return i >= 0 && i < sn_n_train_keys ? &sn_train_keys[i].key : NULL; }

int sn_train_key_find(const char *name) {
    for (int i = 0; i < sn_n_train_keys; i++)
        if (strcmp(sn_train_keys[i].key.name, name) == 0) return i;
    return -1;
}
