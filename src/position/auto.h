/* The decision table of `auto`. */
#ifndef SN_POSITION_AUTO_H
#define SN_POSITION_AUTO_H

#include "position/spec.h"

typedef struct sn_auto_case {
    const sn_rope_config *model;
    int64_t length;
    int64_t trained; /* the window the model handles, its own scaling included; 0: not known */
} sn_auto_case;

/* The first row that applies decides; the last one always does. */
typedef struct sn_auto_row {
    const char *name;
    bool (*applies)(const sn_auto_case *c);
    const char *spec, *reason;
} sn_auto_row;

extern const sn_auto_row sn_auto_rows[];

/* `extend` is one `auto`; *length becomes what its parameter says. *chosen is new and the caller's. */
sn_status sn_auto_choose(const sn_extend *extend, const sn_rope_config *model, int64_t *length, const sn_auto_row **row,
                         sn_extend **chosen);

#endif
