/* The landing place of FLINT's aborts. */
#include "math/flint_guard.h"

#if SN_HAVE_FLINT
#include <flint/flint.h>
#include <setjmp.h>
#include <stdlib.h>

static _Thread_local jmp_buf *landing;

FLINT_NORETURN static void land(void) {
    if (landing) longjmp(*landing, 1);
    abort();
}

sn_status sn_flint_guard(sn_status (*body)(void *argument), void *argument, bool *lost) {
    jmp_buf here;
    *lost = false;
    if (landing) return body(argument);
    flint_set_abort(land);
    if (setjmp(here)) {
        landing = NULL;
        *lost = true;
        return sn_fail(SN_ERR_LIMIT, "the components grow beyond memory or the bounds of FLINT: simplify the metric");
    }
    landing = &here;
    sn_status status = body(argument);
    landing = NULL;
    return status;
}

#endif
