/* What the rule files share. */
#ifndef SN_OPTIM_UPDATE_H
#define SN_OPTIM_UPDATE_H

#include "op/update.h"
#include "optim/rule.h"

/* Appends the op for a target. Gains and biases do not decay; attr's rate_factor is multiplied by the target's. */
sn_value *sn_rule_update(sn_graph *g, const sn_op_def *op, const sn_rule_target *t, sn_update_attr attr);

#define SN_WEIGHT_DECAY(fallback_)                                                                                     \
    { "weight_decay", "decoupled decay of matrices and embeddings, per unit of rate", 0, 10, fallback_ }

#endif
