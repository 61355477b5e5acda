/* The model as its configuration says, its own scaling included. */
#include "position/method.h"

static sn_status apply(const sn_method_ctx *ctx, sn_position *p) {
    (void)ctx, (void)p;
    return SN_OK;
}

const sn_method_def sn_method_none = {
    .info = {.name = "none", .summary = "the model as it is, with its own scaling if it has one", .source = ""},
    .changes = SN_CHANGES_ALONE,
    .apply = apply,
};
