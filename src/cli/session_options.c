#include "session_options.h"

/* Full precision for models stored in full precision, half for all others. */
static sn_dtype default_cache(const sn_model *m) {
    return sn_model_bytes(m) > 3 * sn_model_n_params(m) ? SN_F32 : SN_F16;
}

static sn_status cache_type(const char *name, const char *option, sn_dtype *out) {
    bool known = sn_dtype_parse(name, out) == SN_OK;
    if (known && (*out == SN_F32 || *out == SN_F16 || *out == SN_BF16 || *out == SN_Q8_0)) return SN_OK;
    return cli_refuse(SN_ERR_ARGUMENT, "--%s cannot be %s: use f32, f16, bf16 or q8_0", option, name);
}

sn_status cli_session_options(const cli_session_settings *s, const sn_model *m, sn_session_options *out,
                              sn_extend **extend) {
    *out = sn_session_defaults();
    *extend = NULL;
    out->capacity = s->context;
    out->n_threads = (int)s->threads;
    out->chunk = s->chunk;
    out->exact_f32 = s->exact;
    out->cancel = &cli_cancelled;
    out->key_type = out->value_type = default_cache(m);
    sn_status status = s->key_type ? cache_type(s->key_type, "cache-type-k", &out->key_type) : SN_OK;
    if (status == SN_OK && s->value_type) status = cache_type(s->value_type, "cache-type-v", &out->value_type);
    if (status == SN_OK && s->extend) status = sn_extend_parse(s->extend, extend);
    out->extend = *extend;
    return status;
}
