/* The weights of a model as a trainer sees them. */
#ifndef SN_MODEL_PARAMS_H
#define SN_MODEL_PARAMS_H

#include "model/model.h"

typedef struct sn_model_param {
    const char *name;   /* "layers.3.q.weight" */
    sn_param_kind kind; /* matrix, embedding, gain or bias */
    sn_weight_id id;
    int64_t layer;   /* 0 for weights of the whole model */
    sn_tensor value; /* borrowed: f32, contiguous */
} sn_model_param;

/* All weights in the order of their layers; list and names are allocated in the arena. SN_ERR_ARGUMENT for a model
 * whose weights cannot be written (see sn_model_thaw). */
sn_status sn_model_params(const sn_model *m, sn_arena *arena, sn_model_param **out, int64_t *n);
/* sn_model_thaw for measuring: the weights' memory stays untouched, and nothing may read it. */
sn_status sn_model_thaw_undrawn(sn_model *m);
/* The index in that list of a weight the model has; for decoder builders. */
int64_t sn_model_param_index(const sn_model_param *list, int64_t n, sn_weight_id id, int64_t layer);

#endif
