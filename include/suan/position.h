/* Positions: the plain value that says how a decoder treats them, and the context methods that fill it.
 *
 * A query at position i and a key at position j meet in the first piece whose selector holds; their
 * logit is
 *
 *   scale(i) * < turn(q_i, piece.query(i)), turn(k_j, piece.key(j)) >
 *
 * where turn(x, p) rotates plane m by p * frequency[m] and multiplies the rotated components by `gain`.
 * A pair outside the mask or without a piece is not seen. Positions are 0-based in the sequence and
 * r = i - j is the distance. */
#ifndef SUAN_POSITION_H
#define SUAN_POSITION_H

#include "suan/status.h"
#include "suan/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SN_MAX_PIECES = 4, SN_MAX_PLANES = 256 };

#define SN_NO_LIMIT INT64_MAX

/* pos(x) = min(clamp, offset + (floors ? floor(x * scale) : x * scale)). */
typedef struct sn_pos_map {
    double scale, offset, clamp; /* clamp: INFINITY for none */
    bool floors;
} sn_pos_map;

/* Selected where r_min <= r < r_max and j < key_max. */
typedef struct sn_piece {
    int64_t r_min, r_max, key_max;
    sn_pos_map query, key;
} sn_piece;

/* A key is visible where (!causal or j <= i) and (r < window or j < sinks). */
typedef struct sn_mask {
    bool causal;
    int64_t window; /* counts the query itself; SN_NO_LIMIT: all */
    int64_t sinks;
} sn_mask;

typedef enum sn_pair_layout {
    SN_PAIR_INTERLEAVED, /* plane m = components (2m, 2m+1): GPT-J, llama2.c, GGUF "llama" */
    SN_PAIR_HALVES       /* plane m = components (m, m + n_planes): NeoX, Hugging Face */
} sn_pair_layout;

/* scale(i) = constant * (log_base > 0 ? max(log_floor, ln(max(n, log_min)) / ln(log_base)) : 1), n the
 * number of keys query i sees. log_floor 1 is the post-hoc form, 0 the form for training. */
typedef struct sn_logit_scale {
    double constant; /* includes 1/sqrt(d_head) */
    double log_base, log_min, log_floor;
} sn_logit_scale;

/* Plain data without pointers: copy it freely. */
typedef struct sn_position {
    sn_pair_layout layout;
    int n_planes;                    /* rotated planes = n_rot / 2; 0: nothing is rotated */
    double frequency[SN_MAX_PLANES]; /* radians per position */
    double gain;                     /* on rotated components of queries and keys alike; 1 but for YaRN, LongRoPE */
    int n_pieces;                    /* at least 1; the LAST is canonical: its key form is what a cache holds */
    sn_piece piece[SN_MAX_PIECES];
    sn_mask mask;
    sn_logit_scale scale;
} sn_position;

/* Plain causal RoPE: one piece, frequencies base^(-2m/n_rot), scale 1/sqrt(d_head). SN_ERR_ARGUMENT on an
 * odd or too large n_rot or a base <= 0. */
SN_API sn_status sn_position_rope(int d_head, int n_rot, double base, sn_pair_layout layout, sn_position *out);

SN_API double sn_pos_map_at(const sn_pos_map *map, int64_t x);
/* Index of the pair's piece, or -1 where the key is not seen. */
SN_API int sn_position_piece(const sn_position *p, int64_t i, int64_t j);
/* The number of keys among 0..i that query i sees. */
SN_API int64_t sn_position_count(const sn_position *p, int64_t i);
SN_API double sn_position_scale(const sn_position *p, int64_t i);
/* The logit of one pair by the definition above, in double: the oracle of all attention code. q and k have
 * d_head components. -INFINITY for an unseen pair. */
SN_API double sn_position_logit(const sn_position *p, const double *q, const double *k, int d_head, int64_t i,
                                int64_t j);

/* cos/sin tables for sn_attention and sn_cache_write, entries (cos, sin) in f32 or f64, angles in double.
 * query [n_pieces, n_positions, n_planes, 2]: turns a query at position i into the form of each piece, gain
 * included. key, same shape: turns a canonical key at j into the form of each piece (identity for the last).
 * canonical [n_positions, n_planes, 2]: turns a plain key into the canonical form, gain included.
 * Rows [from, to) are filled; any of the three may be NULL. */
SN_API void sn_position_tables(const sn_position *p, sn_dtype dtype, int64_t n_positions, int64_t from, int64_t to,
                               void *query, void *key, void *canonical);

/* ---- What a model says of its own positions ---- */

typedef enum sn_rope_scaling {
    SN_ROPE_PLAIN,
    SN_ROPE_LINEAR,
    SN_ROPE_DYNAMIC, /* dynamic NTK */
    SN_ROPE_YARN,
    SN_ROPE_LLAMA3,
    SN_ROPE_LONGROPE
} sn_rope_scaling;

/* Everything resolved from GGUF metadata or config.json; zero means "not given" where a default exists. */
typedef struct sn_rope_config {
    int d_head, n_rot; /* n_rot 0: no rotary positions (learned ones) */
    sn_pair_layout layout;
    double base;
    int64_t train_length;    /* the window the model was trained for (before its own scaling is applied: original) */
    int64_t max_length;      /* what the model claims to handle with its own scaling */
    double logit_scale;      /* 0: 1/sqrt(d_head) */
    int64_t window;          /* sliding window of this layer; 0: none */
    bool beside_full;        /* a windowed layer of a model that has full ones too: it never sees an untrained distance,
                                and methods that change frequencies or distances leave it as it is */
    double log_base;         /* trained with logits times ln n / ln base (not cut at 1); 0: no */
    double log_min;          /* there smaller n count as this; 0: 1 */
    sn_rope_scaling scaling; /* the model's own */
    double factor, attention_factor, beta_fast, beta_slow, mscale, mscale_all_dim, low_freq_factor, high_freq_factor;
    bool learned;          /* positions are added embeddings: train_length of them, no more */
    bool yarn_no_truncate; /* do not round the boundary planes */
    int n_factors; /* LongRoPE: divisors per plane; with SN_ROPE_PLAIN or _LLAMA3 (GGUF rope_freqs) short_factor alone
                    */
    double short_factor[SN_MAX_PLANES], long_factor[SN_MAX_PLANES];
} sn_rope_config;

/* ---- Context methods ---- */

typedef enum sn_param_type { SN_PARAM_INT, SN_PARAM_REAL, SN_PARAM_WORD } sn_param_type;

typedef struct sn_method_param {
    const char *name, *help;
    sn_param_type type;
    double minimum, maximum, fallback; /* fallback NAN: no default, derived or required as `help` says */
    const char *words;                 /* SN_PARAM_WORD: the allowed words, comma-separated, first is the default */
} sn_method_param;

/* Read-only table entry, for help texts and tests. */
typedef struct sn_method_info {
    const char *name, *summary, *source;
    const sn_method_param *params; /* n_params of them */
    int n_params;
} sn_method_info;

SN_API int sn_method_count(void);
SN_API const sn_method_info *sn_method_get(int i); /* NULL out of range */

/* A composition of methods: "rerope:window=128", "ntk:factor=4+logn", "none". */
typedef struct sn_extend sn_extend;

/* Parses one composition. Errors name the method, the parameter and what is allowed. */
SN_API sn_status sn_extend_parse(const char *spec, sn_extend **out);
/* Parses a list: "none,leaky:window=128,factor=16,rerope:window=128" is three. Frees nothing of `out` on error. */
SN_API sn_status sn_extend_parse_list(const char *specs, sn_extend ***out, int *n_out);
SN_API void sn_extend_list_free(sn_extend **list, int n);
SN_API sn_status sn_extend_copy(const sn_extend *e, sn_extend **out);
SN_API void sn_extend_free(sn_extend *e);
/* Canonical spelling: methods in order, given parameters in table order, shortest numbers. Lives as long as e. */
SN_API const char *sn_extend_spec(const sn_extend *e);

/* The position value for a layer of the model under the methods, for sessions of `length` tokens in all
 * (length-dependent methods freeze for it; 0: the model's train_length). `extend` NULL: the model's own
 * scaling alone. SN_ERR_ARGUMENT where a method does not apply to the model, saying why.
 * note (may be NULL, note_size bytes) gets what was chosen and why, one line, for people. */
SN_API sn_status sn_extend_resolve(const sn_extend *extend, const sn_rope_config *model, int64_t length,
                                   sn_position *out, char *note, size_t note_size);

#ifdef __cplusplus
}
#endif
#endif
