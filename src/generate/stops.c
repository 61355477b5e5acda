#include "generate/stops.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

static bool is_stop(const sn_stops *s, size_t at, const char *stop, bool whole) {
    size_t n = strlen(stop), left = s->size - at;
    if (n == 0 || (left >= n) != whole) return false;
    return memcmp(s->held + at, stop, whole ? n : left) == 0;
}

/* The first place where a stop string lies, or with `whole` false where the text may be the start of one. */
static bool find(const sn_stops *s, bool whole, size_t *at) {
    for (*at = 0; *at < s->size; ++*at)
        for (int i = 0; i < s->n; i++)
            if (is_stop(s, *at, s->strings[i], whole)) return true;
    return false;
}

sn_status sn_stops_push(sn_stops *s, const char *text, size_t size, size_t *emit, bool *hit) {
    if (s->size + size > s->capacity) {
        size_t capacity = 2 * (s->size + size) + 64;
        char *grown = sn_realloc(s->held, capacity);
        if (!grown) return sn_fail_memory("generated text");
        s->held = grown;
        s->capacity = capacity;
    }
    if (size > 0) memcpy(s->held + s->size, text, size);
    s->size += size;
    *hit = find(s, true, emit);
    if (!*hit && !find(s, false, emit)) *emit = s->size;
    return SN_OK;
}

void sn_stops_drop(sn_stops *s, size_t n) {
    memmove(s->held, s->held + n, s->size - n);
    s->size -= n;
}

void sn_stops_free(sn_stops *s) {
    sn_free(s->held);
    *s = (sn_stops){0};
}
