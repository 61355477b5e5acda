/* Context methods: what one file of this folder gives, and what it is given. */
#ifndef SN_POSITION_METHOD_H
#define SN_POSITION_METHOD_H

#include "suan/position.h"

enum { SN_METHOD_MAX_PARAMS = 8, SN_EXTEND_MAX_METHODS = 8 };

/* What a method changes. Two methods of a composition never change the same. */
enum {
    SN_CHANGES_FREQUENCY = 1,
    SN_CHANGES_PIECES = 2,
    SN_CHANGES_MASK = 4,
    SN_CHANGES_SCALE = 8,
    SN_CHANGES_ALONE = 16 /* stands alone */
};

typedef struct sn_method_def sn_method_def;

typedef struct sn_method_ctx {
    const sn_method_def *def;
    const sn_rope_config *model;
    int64_t length;                     /* declared for the session, at least 1 */
    double trained;                     /* the window the planes below this method are good for; 0: not known */
    double value[SN_METHOD_MAX_PARAMS]; /* by the order of the parameter table; NAN until derived */
} sn_method_ctx;

struct sn_method_def {
    sn_method_info info;
    unsigned changes;
    bool replaces_own; /* the model's own scaling is what it chooses from: never on top of it */
    /* Fills parameters that were not given and depend on the model. May be NULL. */
    sn_status (*derive)(sn_method_ctx *ctx);
    sn_status (*apply)(const sn_method_ctx *ctx, sn_position *p);
};

extern const sn_method_def *const sn_method_table[];
extern const sn_method_def sn_method_auto, sn_method_none;

const sn_method_def *sn_method_find(const char *name, size_t size); /* NULL: there is none */

/* Parameter values by name; the name must be in the method's table. A word's value is its index. */
double sn_method_value(const sn_method_ctx *ctx, const char *param);
void sn_method_default(sn_method_ctx *ctx, const char *param, double value); /* sets it where it was not given */
/* The trained window as a default: SN_ERR_ARGUMENT where it is not known and the parameter was not given. */
sn_status sn_method_default_share(sn_method_ctx *ctx, const char *param, double share_of_trained, double minimum);
/* factor = session length / trained window, at least 1, where it was not given. */
sn_status sn_method_default_factor(sn_method_ctx *ctx);

#define SN_FACTOR_PARAM                                                                                                \
    {                                                                                                                  \
        .name = "factor",                                                                                              \
        .help = "how many times the trained window (default: session length / trained window, at least 1)",            \
        .type = SN_PARAM_REAL, .minimum = 1, .maximum = 1e6, .fallback = NAN                                           \
    }
#define SN_TRAIN_PARAM                                                                                                 \
    {                                                                                                                  \
        .name = "train", .help = "the trained window (default: what the model says)", .type = SN_PARAM_INT,            \
        .minimum = 1, .maximum = 1e12, .fallback = NAN                                                                 \
    }
#define SN_LENGTH_PARAM                                                                                                \
    {                                                                                                                  \
        .name = "length", .help = "tokens to be ready for (default: the session's length)", .type = SN_PARAM_INT,      \
        .minimum = 1, .maximum = 1e12, .fallback = NAN                                                                 \
    }
#define SN_OVER_PARAM                                                                                                  \
    {                                                                                                                  \
        .name = "over", .help = "own: on top of the scaling the model was trained with; plain: instead of it",         \
        .type = SN_PARAM_WORD, .words = "own,plain"                                                                    \
    }
#define SN_WINDOW_PARAM(least, text)                                                                                   \
    { .name = "window", .help = text, .type = SN_PARAM_INT, .minimum = least, .maximum = 1e12, .fallback = NAN }

#define SN_COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

#endif
