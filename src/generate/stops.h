/* Stop strings in a stream of text: text is held back as long as it may be the start of one. */
#ifndef SN_GENERATE_STOPS_H
#define SN_GENERATE_STOPS_H

#include "suan/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sn_stops {
    const char *const *strings; /* borrowed */
    int n;
    char *held; /* not yet emitted */
    size_t size, capacity;
} sn_stops;

/* Adds text. *emit: how many bytes of s->held are now certain and not part of a stop string; *hit: one was found
 * right after them. The caller emits them and calls sn_stops_drop. */
sn_status sn_stops_push(sn_stops *s, const char *text, size_t size, size_t *emit, bool *hit);
void sn_stops_drop(sn_stops *s, size_t n);
void sn_stops_free(sn_stops *s);

#endif
