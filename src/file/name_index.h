/* Finds an item by its name among many: open addressing over names that somebody else owns. */
#ifndef SN_FILE_NAME_INDEX_H
#define SN_FILE_NAME_INDEX_H

#include "file/reader.h"

typedef struct sn_name_index {
    int64_t *slots; /* item + 1; 0 is empty */
    sn_text *names; /* by item */
    int64_t n, capacity, n_slots;
    uint64_t seed; /* of the hash, so that no file can be made of names that collide */
} sn_name_index;

/* A zero-initialised index is ready and empty. Item numbers are given in order: 0, 1, ... Returns SN_OK with the
 * new item's number in *item, or with the number of an earlier item of that name and *found true. */
sn_status sn_name_index_add(sn_name_index *index, sn_text name, int64_t *item, bool *found);
int64_t sn_name_index_find(const sn_name_index *index, sn_text name); /* -1 when absent */
void sn_name_index_free(sn_name_index *index);

#endif
