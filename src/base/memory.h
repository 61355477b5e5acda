/* How much memory this process may still take. */
#ifndef SN_BASE_MEMORY_H
#define SN_BASE_MEMORY_H

#include <stdint.h>

/* Bytes that can be had without swapping: the system's figure, lowered by the limit of the control group. INT64_MAX
 * where the system does not say. */
int64_t sn_memory_available(void);

#endif
