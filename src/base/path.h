/* Names of files in folders. */
#ifndef SN_BASE_PATH_H
#define SN_BASE_PATH_H

#include "suan/status.h"

enum { SN_PATH_SIZE = 4096 };

/* "folder/name" into out (SN_PATH_SIZE bytes); SN_ERR_ARGUMENT where it is too long. */
sn_status sn_path_join(const char *folder, const char *name, char *out);
/* Makes the folder and those above it where they are missing. SN_ERR_IO where that cannot be, where something else
 * bears the name, or where the folder cannot be written into. */
sn_status sn_folder_make(const char *path);

#endif
