/* An array as it lies in a file: any type of number, either byte order, either order of the dimensions. */
#ifndef SN_FILE_STORED_H
#define SN_FILE_STORED_H

#include "suan/array.h"

/* How elements lie in a file. */
typedef struct sn_element {
    const char *name; /* "u16" */
    int block, bytes; /* elements of a block, and its bytes; 1 but for the quantized types */
    int parts;        /* doubles that an element becomes: 2 where it is complex */
    int word;         /* bytes that another byte order reverses */
    void (*to_f64)(const void *from, double *to, int64_t n); /* n blocks from aligned memory; NULL: by way of f32 */
    int dtype;                                               /* sn_dtype; -1: none */
} sn_element;

/* NULL for a name that no type has. */
const sn_element *sn_element_named(const char *name);
/* Of a dtype that is a float, an integer or a quantized type; never NULL. */
const sn_element *sn_element_of(sn_dtype dtype);

typedef struct sn_stored {
    const sn_element *element;
    bool swapped; /* the other byte order than this machine's */
    bool fortran; /* the first index runs fastest */
    int n_dims;
    int64_t shape[SN_ARRAY_MAX_DIMS];
    const unsigned char *data; /* borrowed, of any alignment */
} sn_stored;

/* Bytes that the array takes; SN_ERR_FORMAT where they do not fit in 63 bits. */
sn_status sn_stored_bytes(const sn_stored *a, int64_t *out);
int64_t sn_stored_count(const sn_stored *a);
/* Elements from..from+n in the order in which the last index runs fastest. `out` has room for n times the parts. */
void sn_stored_read(const sn_stored *a, int64_t from, int64_t n, double *out);

#endif
