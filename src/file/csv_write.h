/* Rows of CSV. */
#ifndef SN_FILE_CSV_WRITE_H
#define SN_FILE_CSV_WRITE_H

#include "base/map.h"

/* A text (quoted where it must be), or a number where text is NULL: the shortest that reads back, nothing
 * for NaN. */
typedef struct sn_csv_field {
    const char *text;
    double number;
} sn_csv_field;

#define SN_CSV_TEXT(s)                                                                                                 \
    (sn_csv_field) { .text = (s) }
#define SN_CSV_NUMBER(x)                                                                                               \
    (sn_csv_field) { .number = (x) }

sn_status sn_csv_put(sn_writer *w, const sn_csv_field *fields, int n);

/* A whole file: `fill` puts the rows. */
sn_status sn_csv_write(const char *path, sn_status (*fill)(sn_writer *w, const void *user), const void *user);

#endif
