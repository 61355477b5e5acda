/* How new weights are drawn. */
#ifndef SN_MODEL_INIT_H
#define SN_MODEL_INIT_H

#include "model/model.h"

typedef struct sn_init_scheme sn_init_scheme;

/* NULL: the default one. SN_ERR_NOT_FOUND lists the names. */
sn_status sn_init_find(const char *name, const sn_init_scheme **out);
/* What the scheme wants of the configuration: DeepNorm's residual scale where none is given. */
void sn_init_configure(const sn_init_scheme *scheme, sn_model_config *config);
/* Fills f32 t, weight `id` of a model of configuration c; `name` chooses the random stream. `std` of sn_model_init. */
void sn_init_fill(const sn_init_scheme *scheme, double std, const sn_model_config *c, sn_weight_id id, const char *name,
                  uint64_t seed, sn_tensor *t);

#endif
