/* The table of methods and their parameter values. */
#include "position/method.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

int sn_method_count(void) {
    int n = 0;
    while (sn_method_table[n]) n++;
    return n;
}

const sn_method_info *sn_method_get(int i) {
    return i >= 0 && i < sn_method_count() ? &sn_method_table[i]->info : NULL;
}

const sn_method_def *sn_method_find(const char *name, size_t size) {
    for (int i = 0; sn_method_table[i]; i++) {
        const char *known = sn_method_table[i]->info.name;
        if (strlen(known) == size && !memcmp(known, name, size)) return sn_method_table[i];
    }
    return NULL;
}

static int index_of(const sn_method_ctx *ctx, const char *param) {
    const sn_method_info *info = &ctx->def->info;
    int i = 0;
    while (i < info->n_params - 1 && strcmp(info->params[i].name, param) != 0) i++;
    return i;
}

double sn_method_value(const sn_method_ctx *ctx, const char *param) { return ctx->value[index_of(ctx, param)]; }

void sn_method_default(sn_method_ctx *ctx, const char *param, double value) {
    double *at = &ctx->value[index_of(ctx, param)];
    if (isnan(*at)) *at = value;
}

static sn_status need_window(const sn_method_ctx *ctx, const char *param) {
    if (ctx->trained > 0 || !isnan(sn_method_value(ctx, param))) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: the model does not say its trained window: give %s=", ctx->def->info.name,
                   param);
}

sn_status sn_method_default_share(sn_method_ctx *ctx, const char *param, double share_of_trained, double minimum) {
    SN_TRY(need_window(ctx, param));
    sn_method_default(ctx, param, fmax(minimum, floor(share_of_trained * ctx->trained)));
    return SN_OK;
}

sn_status sn_method_default_factor(sn_method_ctx *ctx) {
    SN_TRY(need_window(ctx, "factor"));
    sn_method_default(ctx, "factor", fmax(1, (double)ctx->length / ctx->trained));
    return SN_OK;
}
