/* TensorBoard event files: scalars over steps, as TFRecord frames of Event messages (event.proto, summary.proto). They
 * grow while a run goes on, so that a viewer can follow it; every call leaves whole frames behind. */
#ifndef SN_FILE_EVENT_FILE_H
#define SN_FILE_EVENT_FILE_H

#include "suan/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sn_event_file sn_event_file;

typedef struct sn_event_scalar {
    const char *tag; /* "train/loss" */
    double value;
} sn_event_scalar;

/* Makes FOLDER/events.out.tfevents.<wall_time>.suan and, for a first step above 0, tells viewers to forget what other
 * files of the folder say from that step on. wall_time: seconds since 1970. */
sn_status sn_event_file_open(const char *folder, double wall_time, int64_t first_step, sn_event_file **out);
sn_status sn_event_file_put(sn_event_file *f, double wall_time, int64_t step, const sn_event_scalar *scalars, int n);
sn_status sn_event_file_close(sn_event_file *f); /* NULL is fine */

/* CRC-32C (Castagnoli), and the form TFRecord stores. */
uint32_t sn_crc32c(const void *data, size_t size);
uint32_t sn_crc32c_masked(const void *data, size_t size);

#endif
