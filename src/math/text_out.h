/* Text that grows. The first failure is kept; what follows it is dropped. */
#ifndef SN_MATH_TEXT_OUT_H
#define SN_MATH_TEXT_OUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct sn_text_out {
    char *data; /* NULL or zero-terminated */
    size_t size, capacity;
    bool failed;
} sn_text_out;

void sn_text_add(sn_text_out *out, const char *text);
void sn_text_addf(sn_text_out *out, const char *format, ...) SN_PRINTF(2, 3);
/* Moves the text (never NULL) to *text, for sn_free, and leaves *out empty; SN_ERR_MEMORY where something failed. */
sn_status sn_text_take(sn_text_out *out, char **text);
void sn_text_drop(sn_text_out *out);

#endif
