/* Paths into JSON: "paths[0].kind", "rows[-1].loss" (from the end), "models[name=fourier,free=30].loss" (the first item
 * whose members are that), "rows[]" (their number). */
#ifndef SN_FILE_JSON_PATH_H
#define SN_FILE_JSON_PATH_H

#include "file/json.h"

/* Whether it can be a path at all. */
sn_status sn_json_path_check(const char *path);
/* SN_ERR_NOT_FOUND says which part is not there. Where the path asks for a number of items, *out is NULL and *count
 * that number. */
sn_status sn_json_path_find(const sn_json *root, const char *path, const sn_json **out, int64_t *count);

#endif
