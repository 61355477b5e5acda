#include "math/text_out.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static bool reserve(sn_text_out *out, size_t more) {
    if (out->failed) return false;
    if (out->size + more < out->capacity) return true;
    size_t capacity = 2 * (out->size + more) + 64;
    char *data = sn_realloc(out->data, capacity);
    if (!data) {
        out->failed = true;
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

void sn_text_add(sn_text_out *out, const char *text) {
    size_t n = strlen(text);
    if (!reserve(out, n)) return;
    memcpy(out->data + out->size, text, n + 1);
    out->size += n;
}

void sn_text_addf(sn_text_out *out, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        out->failed = true;
    else if (reserve(out, (size_t)n)) {
        vsnprintf(out->data + out->size, (size_t)n + 1, format, again);
        out->size += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

sn_status sn_text_take(sn_text_out *out, char **text) {
    sn_text_add(out, "");
    if (out->failed) {
        sn_text_drop(out);
        return sn_fail_memory("a text");
    }
    *text = out->data;
    *out = (sn_text_out){0};
    return SN_OK;
}

void sn_text_drop(sn_text_out *out) {
    sn_free(out->data);
    *out = (sn_text_out){0};
}
