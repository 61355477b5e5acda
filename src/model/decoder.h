/* The decoder as a graph: one builder for inference with a cache, scoring without one, and training. */
#ifndef SN_MODEL_DECODER_H
#define SN_MODEL_DECODER_H

#include "layer/attention.h"
#include "model/model.h"

/* Kinds of layers that see positions differently: windowed or not, rotary or not. */
enum { SN_MAX_LAYER_KINDS = 4 };
int sn_layer_kind(const sn_model_config *config, int64_t layer); /* 0..3 */

/* How the layers of each kind see positions under a context method (NULL: the model's own way) in sessions, or
 * training, of `length` tokens: fills positions[kind] and sets used[kind] where the model has such layers. note (may be
 * NULL) as sn_extend_resolve. Methods that change frequencies or distances leave windowed layers beside full ones as
 * they are. */
sn_status sn_model_positions(const sn_model *m, const sn_extend *extend, int64_t length,
                             sn_position positions[SN_MAX_LAYER_KINDS], bool used[SN_MAX_LAYER_KINDS], char *note,
                             size_t note_size);

/* What the builder needs besides the model. */
typedef struct sn_decoder_io {
    int64_t n_rows;
    sn_value *tokens;                                 /* i32 [n_rows] */
    sn_value *positions;                              /* i32 [n_rows]; may be NULL without learned positions */
    sn_attention_positions kinds[SN_MAX_LAYER_KINDS]; /* of the kinds the model has */
    const sn_tensor *keys, *values; /* n_layers caches [n_slots, n_kv_heads, d_head and d_value]; or NULL: no cache */
    /* The weight as a value of the graph; NULL: sn_param of the model's own. Called once for each weight. */
    sn_value *(*weight)(void *user, sn_graph *g, sn_weight_id id, int64_t layer);
    void *user;
    double dropout; /* of the embedding and of what each branch adds; 0: none, then seed and step are not read */
    uint64_t seed;
    sn_value *step; /* i32 scalar */
    bool fused;     /* wider ops where there are some: see sn_swiglu, sn_linear3 */
} sn_decoder_io;

/* Hidden states [n_rows, n_embd] before the last norm. Each block is a segment (sn_segment_begin). */
sn_value *sn_decoder_build(sn_graph *g, const sn_model *m, const sn_decoder_io *io);
/* Last norm and head: hidden [n, n_embd] to logits [n, n_vocab]. Only `weight` and `user` of io are read. */
sn_value *sn_decoder_head(sn_graph *g, const sn_model *m, const sn_decoder_io *io, sn_value *hidden);

#endif
