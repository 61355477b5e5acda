/* The arrays of a file, one after another, as doubles. */
#ifndef SN_STUDY_ARRAY_VALUES_H
#define SN_STUDY_ARRAY_VALUES_H

#include "suan/array.h"

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
/* The shape only is of use in *tensor: the data goes with the next call. */
sn_status sn_array_choice_shape(const sn_array_choice *c, int64_t i, sn_tensor *tensor);
/* The elements in the first half of *values, which has room for two of each; freed with sn_free. SN_ERR_SHAPE where
 * there are none. Errors begin with the array's name. */
sn_status sn_array_choice_values(const sn_array_choice *c, int64_t i, sn_tensor *tensor, double **values);
/* Puts the path before the message of a failure, unless it begins with the file's name already. */
sn_status sn_array_fail_in(const char *path, sn_status status);

#endif
