/* Members of the parts of a tokenizer.json. */
#include "base/error.h"
#include "token/parts.h"

#include <string.h>

sn_status sn_parse_pattern(sn_tokenizer *t, const sn_json *o, sn_step *step) {
    const sn_json *pattern = sn_json_get(o, "pattern");
    sn_text regex;
    bool found = false;
    if (pattern && pattern->kind == SN_JSON_STRING) return sn_tokenizer_keep(t, pattern->text, &step->text);
    SN_TRY(sn_json_get_text(pattern, "Regex", &regex, &found));
    if (found) {
        SN_TRY(sn_tokenizer_keep(t, regex, &step->text)); /* kept for export; the finder looks at the regex first */
        return sn_regex_new(regex, &step->regex);
    }
    return sn_parse_text(t, pattern, "String", 0, &step->text);
}

sn_status sn_parse_text(sn_tokenizer *t, const sn_json *o, const char *key, const char *fallback, sn_text *out) {
    sn_text text = {0};
    bool found = false;
    SN_TRY(sn_json_get_text(o, key, &text, &found));
    if (!found && !fallback) return sn_fail(SN_ERR_FORMAT, "tokenizer: \"%s\" is missing", key);
    if (!found && fallback) text = sn_text_of(fallback);
    return sn_tokenizer_keep(t, text, out);
}

sn_status sn_parse_flag(const sn_json *o, const char *key, bool fallback, unsigned flag, sn_step *step) {
    bool value = fallback, found = false;
    SN_TRY(sn_json_get_bool(o, key, &value, &found));
    if (value)
        step->flags |= flag;
    else
        step->flags &= ~flag;
    return SN_OK;
}

sn_status sn_parse_choice(const sn_json *o, const char *key, const char *const *names, int fallback, int *out) {
    sn_text text = {0};
    bool found = false;
    SN_TRY(sn_json_get_text(o, key, &text, &found));
    *out = fallback;
    if (!found) return fallback >= 0 ? SN_OK : sn_fail(SN_ERR_FORMAT, "tokenizer: \"%s\" is missing", key);
    for (int i = 0; names[i]; i++) {
        if (!sn_text_is(text, names[i])) continue;
        *out = i;
        return SN_OK;
    }
    return sn_fail(SN_ERR_UNSUPPORTED, "tokenizer: %s \"%.*s\" is not supported", key, (int)text.size, text.data);
}
