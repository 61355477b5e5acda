/* FLINT ends the program where it has no memory or an exponent passes its bounds. Behind this guard it comes back
 * instead. */
#ifndef SN_MATH_FLINT_GUARD_H
#define SN_MATH_FLINT_GUARD_H

#include "base/error.h"

#include <stdbool.h>

/* The status of body(argument); where FLINT gave up, SN_ERR_LIMIT, and *lost is set: the memory that body had taken is
 * lost then, and what it was changing must neither be used nor freed. Within another guard it is the outer one that is
 * come back to. body must hold no locks.
 *
 * FLINT's abort function is the only state of the process that is changed: without a guard it aborts as before. GMP
 * has no such function and aborts where it has no memory: numbers are kept far below what it cannot hold. */
sn_status sn_flint_guard(sn_status (*body)(void *argument), void *argument, bool *lost);

#endif
