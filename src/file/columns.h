/* Tables of numbers from memory; for people see suan/array.h. */
#ifndef SN_FILE_COLUMNS_H
#define SN_FILE_COLUMNS_H

#include "suan/array.h"

#include <stddef.h>

/* `name` begins messages; the data is needed only during the call. */
sn_status sn_columns_open_memory(const char *name, const void *data, size_t size, sn_columns **out);

#endif
