#include "study/array_values.h"

#include "base/alloc.h"
#include "base/error.h"

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

sn_status sn_array_choice_info(const sn_array_choice *c, int64_t i, sn_array_info *out) {
    sn_status status = sn_array_file_info(c->file, number_of(c, i), out);
    return status == SN_OK ? status : sn_fail_in(status, "%s", sn_array_choice_name(c, i));
}

sn_status sn_array_choice_read(const sn_array_choice *c, int64_t i, int64_t from, int64_t n, double *out) {
    return sn_array_file_read(c->file, number_of(c, i), from, n, out);
}

sn_status sn_left_out_add(sn_left_out **list, int64_t *n, const char *name) {
    const char *why = sn_last_error();
    size_t length = strlen(name);
    if (strncmp(why, name, length) == 0 && strncmp(why + length, ": ", 2) == 0) why += length + 2;
    sn_left_out out = {sn_strdup(name), sn_strdup(why)};
    sn_left_out *longer = out.name && out.why ? sn_realloc(*list, (size_t)(*n + 1) * sizeof *longer) : NULL;
    if (!longer) {
        sn_free(out.name);
        sn_free(out.why);
        return sn_fail_memory("a list of arrays");
    }
    *list = longer;
    longer[(*n)++] = out;
    return SN_OK;
}

void sn_left_out_free(sn_left_out *list, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        sn_free(list[i].name);
        sn_free(list[i].why);
    }
    sn_free(list);
}

void sn_left_out_json(sn_json_out *w, const sn_left_out *list, int64_t n) {
    sn_json_begin_array(w, "left_out");
    for (int64_t i = 0; i < n; i++) {
        sn_json_begin_object(w, NULL);
        sn_json_put_string(w, "name", list[i].name);
        sn_json_put_string(w, "why", list[i].why);
        sn_json_end(w);
    }
    sn_json_end(w);
}

sn_status sn_array_fail_in(const char *path, sn_status status) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    bool is_named = strncmp(sn_last_error(), name, strlen(name)) == 0; /* the array of a .npy file has its name */
    return is_named ? status : sn_fail_in(status, "%s", path);
}
