/* Numbers as text, whatever the process's locale says a decimal point is. */
#ifndef SN_BASE_NUMBER_H
#define SN_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum { SN_NUMBER_SIZE = 32 };

/* Reads all `size` bytes as one decimal number ("12", "-0.5", "1e-3"); false on anything else, infinities and NaN
 * included. */
bool sn_number_parse(const char *text, size_t size, double *out);
/* Writes the shortest decimal text that reads back as x into out (SN_NUMBER_SIZE bytes) and gives out. */
const char *sn_number_format(double x, char *out);

#endif
