/* Names of files in folders. */
#ifndef SN_BASE_PATH_H
#define SN_BASE_PATH_H

#include "suan/status.h"

enum { SN_PATH_SIZE = 4096 };

/* "folder/name" into out (SN_PATH_SIZE bytes); SN_ERR_ARGUMENT where it is too long. */
sn_status sn_path_join(const char *folder, const char *name, char *out);

#endif
