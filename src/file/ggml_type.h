/* The element types that GGUF files name, with the sizes of their blocks, so that the bytes of a tensor can be
 * checked also where suan cannot compute with its type. */
#ifndef SN_FILE_GGML_TYPE_H
#define SN_FILE_GGML_TYPE_H

#include "suan/tensor.h"

#include <stdbool.h>

typedef struct sn_ggml_type {
    const char *name;
    int block, bytes; /* elements and bytes of a block; block 0: a type that was removed, its size is not known */
    int dtype;        /* sn_dtype, or -1 where suan has none */
} sn_ggml_type;

/* NULL for a number that no type has. */
const sn_ggml_type *sn_ggml_type_get(uint32_t id);
/* Is there a type of that name, in capitals or not? */
bool sn_ggml_type_is_known(const char *name);
/* The number under which a dtype is stored; -1 for u8, which GGUF cannot hold. */
int sn_ggml_type_of(sn_dtype dtype);

#endif
