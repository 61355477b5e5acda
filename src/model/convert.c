/* sn_model_convert: checks the request, then the writer of the target's format. */
#include "model/convert.h"

#include "base/error.h"

#include <string.h>

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static sn_status run(sn_converter *k) {
    const char *type = k->options->type;
    if (type && type[0]) SN_TRY(sn_mixture_find(type, &k->mixture));
    SN_TRY(sn_team_new(0, &k->team));
    if (ends_with(k->path, ".gguf")) return sn_convert_gguf(k);
    if (ends_with(k->path, ".safetensors") || ends_with(k->path, ".bin") || ends_with(k->path, ".json"))
        return sn_fail(SN_ERR_ARGUMENT, "convert: %s: the target is a .gguf file or a directory (for safetensors)",
                       k->path);
    return sn_convert_safetensors(k);
}

/* The model under another family, whose files then say all there is to say of it. */
static sn_status take_family(sn_model *m, const char *name, sn_model *out) {
    const sn_family *family = sn_family_by_name(name);
    if (!family)
        return sn_fail(SN_ERR_NOT_FOUND, "convert: the family \"%s\" is not known: %s are", name, sn_family_names());
    if (family == m->family) return SN_OK;
    const char *lacks = sn_family_lacks(family, &m->config);
    if (lacks) return sn_fail(SN_ERR_UNSUPPORTED, "convert: the family %s does not have %s", name, lacks);
    const sn_tokenizer *tokenizer;
    sn_status status = sn_model_tokenizer(m, &tokenizer); /* while it can be opened */
    if (status != SN_OK && status != SN_ERR_NOT_FOUND) return status;
    *out = *m;
    out->family = family;
    out->gguf = NULL;
    out->folder = NULL;
    out->tokenizer_tried = true;
    return SN_OK;
}

sn_status sn_model_convert(sn_model *m, const char *target, const sn_convert_options *options) {
    static const sn_convert_options defaults;
    if (!m || !target || !target[0]) return sn_fail(SN_ERR_ARGUMENT, "convert: a model and a target are needed");
    if (!options) options = &defaults;
    sn_model other;
    sn_converter k = {.m = m, .path = target, .options = options};
    if (options->family && options->family[0]) {
        other = *m;
        SN_TRY(take_family(m, options->family, &other));
        k.m = &other;
    }
    sn_status status = run(&k);
    sn_team_free(k.team);
    sn_arena_free(&k.arena);
    return status;
}

sn_status sn_convert_tokenizer(sn_converter *k, sn_tokenizer **owned, const sn_tokenizer **out) {
    *owned = NULL;
    *out = NULL;
    if (k->options->tokenizer_path) {
        SN_TRY(sn_tokenizer_open(k->options->tokenizer_path, owned));
        *out = *owned;
    } else {
        sn_status status = sn_model_tokenizer(k->m, out);
        if (status != SN_OK && status != SN_ERR_NOT_FOUND) return status;
    }
    if (!*out) return SN_OK;
    int64_t n = sn_tokenizer_n_tokens(*out);
    if (n <= k->m->config.n_vocab) return SN_OK;
    sn_tokenizer_free(*owned);
    *owned = NULL;
    return sn_fail(SN_ERR_ARGUMENT, "convert: the tokenizer has %lld tokens and the model %lld", (long long)n,
                   (long long)k->m->config.n_vocab);
}
