/* The tensors that a file is to hold: described first, so that a header can be written, their data given later, in
 * memory or streamed. Shared by the writers of GGUF and safetensors. */
#ifndef SN_FILE_TENSOR_LIST_H
#define SN_FILE_TENSOR_LIST_H

#include "base/arena.h"
#include "base/map.h"
#include "file/name_index.h"
#include "suan/tensor.h"

/* Where the bytes of one tensor go, while its file is written. */
typedef struct sn_data_sink {
    sn_writer *writer;
    int64_t left; /* bytes that are still missing */
} sn_data_sink;

/* Puts the tensor's bytes with sn_data_put, in as many pieces as it likes. */
typedef sn_status (*sn_data_fn)(sn_data_sink *sink, void *user);
/* More bytes than the tensor has are SN_ERR_ARGUMENT, as are fewer at the end. */
sn_status sn_data_put(sn_data_sink *sink, const void *data, size_t size);

typedef struct sn_tensor_out {
    sn_tensor tensor; /* contiguous; data (borrowed until written), or NULL: then fn gives the bytes */
    int64_t bytes;
    sn_data_fn fn;
    void *user;
} sn_tensor_out;

typedef struct sn_tensor_list {
    sn_arena arena; /* of the names */
    sn_name_index names;
    sn_tensor_out *items;
    int64_t n, capacity;
} sn_tensor_list;

/* A zero-initialised list is ready. Outermost dimension first. A name that is there already is SN_ERR_ARGUMENT. */
sn_status sn_tensor_list_add(sn_tensor_list *list, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape,
                             const void *data, sn_data_fn fn, void *user);
sn_status sn_tensor_list_put(const sn_tensor_list *list, int64_t i, sn_writer *writer);
void sn_tensor_list_free(sn_tensor_list *list);

#endif
