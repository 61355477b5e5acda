#include "study/array_values.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdio.h>
#include <string.h>

/* The names the file has, as many as fit a line. */
static sn_status unknown(const sn_array_file *f, const char *path, const char *name) {
    char list[400];
    size_t used = 0;
    int64_t n = sn_array_file_count(f), shown = 0;
    for (list[0] = 0; shown < n && used < 300; shown++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.80s", shown ? ", " : "",
                                 sn_array_file_name(f, shown));
    return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no array \"%.100s\": it has %s%s", path, name, n ? list : "none",
                   shown < n ? ", ..." : "");
}

sn_status sn_array_choice_open(const char *path, const char *const *names, int n_names, sn_array_choice *out) {
    sn_array_file *f;
    SN_TRY(sn_array_file_open(path, &f));
    sn_status status = SN_OK;
    for (int i = 0; i < n_names && status == SN_OK; i++)
        if (sn_array_file_find(f, names[i]) < 0) status = unknown(f, path, names[i]);
    if (status == SN_OK && sn_array_file_count(f) == 0) status = sn_fail(SN_ERR_SHAPE, "%s: it holds no array", path);
    if (status == SN_OK)
        *out = (sn_array_choice){f, names, n_names};
    else
        sn_array_file_close(f);
    return status;
}

void sn_array_choice_close(sn_array_choice *c) { sn_array_file_close(c->file); }

int64_t sn_array_choice_count(const sn_array_choice *c) {
    return c->n_names ? c->n_names : sn_array_file_count(c->file);
}

static int64_t number_of(const sn_array_choice *c, int64_t i) {
    return c->n_names ? sn_array_file_find(c->file, c->names[i]) : i;
}

const char *sn_array_choice_name(const sn_array_choice *c, int64_t i) {
    return sn_array_file_name(c->file, number_of(c, i));
}

sn_status sn_array_choice_shape(const sn_array_choice *c, int64_t i, sn_tensor *tensor) {
    sn_status status = sn_array_file_get(c->file, number_of(c, i), tensor);
    return status == SN_OK ? status : sn_fail_in(status, "%s", sn_array_choice_name(c, i));
}

sn_status sn_array_choice_values(const sn_array_choice *c, int64_t i, sn_tensor *tensor, double **out) {
    SN_TRY(sn_array_choice_shape(c, i, tensor));
    const char *name = sn_array_choice_name(c, i);
    int64_t n = sn_tensor_count(tensor);
    if (n == 0) return sn_fail(SN_ERR_SHAPE, "%s: the array is empty: there is nothing to measure", name);
    double *values = sn_calloc((size_t)n, 2 * sizeof *values);
    if (!values) return sn_fail_memory("the values of an array");
    sn_status status = sn_array_to_f64(tensor, values);
    if (status != SN_OK) {
        sn_free(values);
        return sn_fail_in(status, "%s", name);
    }
    *out = values;
    return SN_OK;
}

sn_status sn_array_fail_in(const char *path, sn_status status) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    bool is_named = strncmp(sn_last_error(), name, strlen(name)) == 0; /* the array of a .npy file has its name */
    return is_named ? status : sn_fail_in(status, "%s", path);
}
