/* Quantization types as users name them: which tensor gets which block type. */
#ifndef SN_MODEL_MIXTURE_H
#define SN_MODEL_MIXTURE_H

#include "model/model.h"

typedef struct sn_mixture sn_mixture;

/* Case-insensitive; SN_ERR_NOT_FOUND lists the names. */
sn_status sn_mixture_find(const char *name, const sn_mixture **out);
const char *sn_mixture_name(const sn_mixture *x);
bool sn_mixture_is_float(const sn_mixture *x); /* f32, f16, bf16: no blocks */
sn_dtype sn_mixture_base(const sn_mixture *x);
uint32_t sn_mixture_gguf_number(const sn_mixture *x); /* general.file_type */

/* The type of weight `id` of the layer; rows whose length is no multiple of the block get a type with smaller
 * blocks, *fell_back is true then. fused: q, k and v are one tensor. Vectors and positions are f32. */
sn_dtype sn_mixture_type(const sn_mixture *x, const sn_model_config *c, sn_weight_id id, int64_t layer, int64_t columns,
                         bool fused, bool *fell_back);

#endif
