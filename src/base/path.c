#include "base/path.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

sn_status sn_path_join(const char *folder, const char *name, char *out) {
    if (snprintf(out, SN_PATH_SIZE, "%s/%s", folder, name) < SN_PATH_SIZE) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", folder);
}

static sn_status io_error(const char *what, const char *path) {
    return sn_fail(SN_ERR_IO, "cannot %s \"%s\": %s", what, path, strerror(errno));
}

sn_status sn_folder_make(const char *path) {
    char part[SN_PATH_SIZE];
    size_t n = strlen(path);
    if (n >= SN_PATH_SIZE) return sn_fail(SN_ERR_ARGUMENT, "%s: the path is too long", path);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i]) continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return io_error("make the folder", part);
    }
    struct stat info;
    if (stat(path, &info) != 0) return io_error("use", path);
    if (!S_ISDIR(info.st_mode)) return sn_fail(SN_ERR_IO, "\"%s\" is not a folder: give another out", path);
    if (access(path, W_OK) != 0) return io_error("write into", path);
    return SN_OK;
}
