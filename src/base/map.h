/* Read-only mapped files and safely written ones. */
#ifndef SN_BASE_MAP_H
#define SN_BASE_MAP_H

#include "suan/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sn_map {
    const unsigned char *data; /* size bytes; a valid pointer also for an empty file */
    size_t size;
} sn_map;

/* Maps a regular file read-only. Errors name the path. Release with sn_map_close. */
sn_status sn_map_open(const char *path, sn_map *out);
void sn_map_close(sn_map *map);
/* Tells the kernel that the whole map will be needed soon (read ahead). */
void sn_map_will_need(const sn_map *map);
/* Takes the pages that lie wholly in from..to out of this process's memory; they are read again when touched. */
void sn_map_release(const sn_map *map, size_t from, size_t to);

/* A file that appears under its name only when it is complete: written to a temporary name beside
 * it, synced, renamed. */
typedef struct sn_writer sn_writer;
sn_status sn_writer_open(const char *path, sn_writer **out);
sn_status sn_writer_put(sn_writer *w, const void *data, size_t size);
sn_status sn_writer_pad(sn_writer *w, size_t alignment); /* zeros up to the next multiple */
int64_t sn_writer_offset(const sn_writer *w);
/* Writes over bytes that were put before: a header whose counts are known only at the end. */
sn_status sn_writer_patch(sn_writer *w, int64_t offset, const void *data, size_t size);
/* Syncs and renames, then frees `w` on success and on failure alike. */
sn_status sn_writer_commit(sn_writer *w);
void sn_writer_abandon(sn_writer *w); /* removes the temporary file; NULL is fine */

/* The whole file in one call, safely. */
sn_status sn_file_write(const char *path, const void *data, size_t size);

#endif
