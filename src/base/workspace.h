/* A growable 64-byte aligned buffer that several plans share; its contents do not survive growth. */
#ifndef SN_BASE_WORKSPACE_H
#define SN_BASE_WORKSPACE_H

#include "suan/status.h"

#include <stdint.h>

typedef struct sn_workspace {
    char *data;
    int64_t size;
} sn_workspace;

/* A zero-initialised workspace is empty and ready. */
sn_status sn_workspace_reserve(sn_workspace *w, int64_t size);
void sn_workspace_free(sn_workspace *w);

#endif
