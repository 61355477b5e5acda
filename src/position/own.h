/* The scaling a model carries in its own configuration, by the same functions as the methods. */
#ifndef SN_POSITION_OWN_H
#define SN_POSITION_OWN_H

#include "suan/position.h"

/* Fails where the configuration contradicts itself; all other functions expect a checked one. */
sn_status sn_own_check(const sn_rope_config *model);
const char *sn_own_name(const sn_rope_config *model); /* "yarn"; NULL for plain RoPE */
/* The model was not trained with it: a guess at longer texts that gives way to a context method. */
bool sn_own_is_guess(const sn_rope_config *model);
/* The window the model handles with it; 0: not known. */
int64_t sn_own_window(const sn_rope_config *model);
/* Scales plain planes for sessions of `length` tokens. */
void sn_own_apply(const sn_rope_config *model, int64_t length, sn_position *p);
double sn_own_longrope_gain(const sn_rope_config *model);

#endif
