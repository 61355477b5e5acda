/* The arrays of a file, one after another, as doubles. */
#ifndef SN_STUDY_ARRAY_VALUES_H
#define SN_STUDY_ARRAY_VALUES_H

#include "file/json_write.h"
#include "suan/measure.h"

/* Which arrays of the file are wanted. */
typedef struct sn_array_choice {
    sn_array_file *file;
    const char *const *names; /* n_names; none: all */
    int n_names;
} sn_array_choice;

/* Checks that the names are there; closes nothing on failure. */
sn_status sn_array_choice_open(const char *path, const char *const *names, int n_names, sn_array_choice *out);
void sn_array_choice_close(sn_array_choice *c);
int64_t sn_array_choice_count(const sn_array_choice *c);
const char *sn_array_choice_name(const sn_array_choice *c, int64_t i);
/* An error begins with the array's name. */
sn_status sn_array_choice_info(const sn_array_choice *c, int64_t i, sn_array_info *out);
/* Elements from..from+n as doubles (complex: two each), without the name. */
sn_status sn_array_choice_read(const sn_array_choice *c, int64_t i, int64_t from, int64_t n, double *out);

/* An array that cannot be measured goes to the list with sn_last_error() as the reason, without the name before it. */
sn_status sn_left_out_add(sn_left_out **list, int64_t *n, const char *name);
void sn_left_out_free(sn_left_out *list, int64_t n);
void sn_left_out_json(sn_json_out *w, const sn_left_out *list, int64_t n); /* "left_out": [{"name", "why"}] */

/* Puts the path before the message of a failure, unless it begins with the file's name already. */
sn_status sn_array_fail_in(const char *path, sn_status status);

#endif
