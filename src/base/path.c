#include "base/path.h"

#include "base/error.h"

#include <stdio.h>

sn_status sn_path_join(const char *folder, const char *name, char *out) {
    if (snprintf(out, SN_PATH_SIZE, "%s/%s", folder, name) < SN_PATH_SIZE) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", folder);
}
