/* The objective of language models: the mean negative log-likelihood of the next token. */
#ifndef SN_TRAIN_OBJECTIVE_LM_H
#define SN_TRAIN_OBJECTIVE_LM_H

#include "model/params.h"
#include "suan/position.h"
#include "train/step.h"

typedef struct sn_lm_options {
    int64_t batch, context;  /* rows and their length: no position reaches `context` */
    double dropout;          /* of the embedding and of what each branch adds to the residual stream */
    uint64_t seed;           /* of dropout */
    const sn_extend *extend; /* a context method to train under; NULL: the model's own way. Borrowed only by _new */
    int64_t logit_bytes;     /* the head and the loss take rows in parts of at most so many bytes of logits, computed
                                again in the backward pass; 0: 64 MiB */
    bool bf16;               /* products are taken in bf16: networks are built for that */
} sn_lm_options;

typedef struct sn_lm_objective sn_lm_objective;

/* The step's parameters must be those of sn_model_params(m), in that order; the batch's items tokens, targets,
 * sequences, positions as in train/source_tokens.h. m is borrowed; only its shape is read. SN_ERR_ARGUMENT where
 * `extend` does not fit the model. */
sn_status sn_lm_objective_new(const sn_model *m, const sn_lm_options *options, sn_lm_objective **out);
void sn_lm_objective_free(sn_lm_objective *lm);
const sn_objective *sn_lm_objective_get(const sn_lm_objective *lm);

#endif
