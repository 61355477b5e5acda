/* Compositions of methods as values, and their spelling. */
#ifndef SN_POSITION_SPEC_H
#define SN_POSITION_SPEC_H

#include "position/method.h"

typedef struct sn_extend_item {
    const sn_method_def *def;
    double value[SN_METHOD_MAX_PARAMS]; /* NAN: not given */
} sn_extend_item;

struct sn_extend {
    int n;
    sn_extend_item item[SN_EXTEND_MAX_METHODS];
    char *spec;
};

/* Sets e->spec to the canonical spelling; unset parameters (NAN) are left out. */
sn_status sn_extend_respell(sn_extend *e);

#endif
