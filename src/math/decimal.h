/* Unsigned 128-bit numbers and their decimal texts. */
#ifndef SN_MATH_DECIMAL_H
#define SN_MATH_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 sn_u128;
__extension__ typedef __int128 sn_i128;

enum { SN_U128_DIGITS = 40 }; /* and the zero at the end */

/* `size` digits; false where the number is 2^128 or more. */
bool sn_u128_parse(const char *digits, size_t size, sn_u128 *out);
/* Writes the digits without a zero at the end and gives the place behind them. */
char *sn_u128_put(sn_u128 x, char *to);
/* The same with a zero at the end; gives `to`. */
const char *sn_u128_format(sn_u128 x, char to[static SN_U128_DIGITS]);

#endif
