/* Checkpoints of llama2.c (legacy .bin): seven numbers and float32 arrays without names. Data is mapped. */
#ifndef SN_FILE_LLAMA2C_H
#define SN_FILE_LLAMA2C_H

#include "base/map.h"
#include "file/reader.h"
#include "suan/tensor.h"

/* Named as in GGUF ("blk.0.attn_q.weight"), whose llama layout these weights have: the rotated pairs are
 * neighbours (2m, 2m+1). */
typedef struct sn_llama2c_tensor {
    char name[40];
    sn_tensor tensor; /* f32, matrices [out, in] */
} sn_llama2c_tensor;

typedef struct sn_llama2c {
    int64_t dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len;
    bool tied; /* the output matrix is the embedding: there is no "output.weight" */
    int64_t n_tensors;
    sn_llama2c_tensor *tensors;
    sn_map map; /* empty over memory */
} sn_llama2c;

/* The file must have exactly the size that its header asks for. */
sn_status sn_llama2c_open(const char *path, sn_llama2c **out);
/* Over memory that outlives it, 4-byte aligned. */
sn_status sn_llama2c_open_memory(const char *name, const void *data, size_t size, sn_llama2c **out);
void sn_llama2c_close(sn_llama2c *f);
/* SN_ERR_NOT_FOUND names the tensor. */
sn_status sn_llama2c_tensor_get(const sn_llama2c *f, const char *name, sn_tensor *out);
/* Whether a file of these first bytes and this size is such a checkpoint; reports no error. */
bool sn_llama2c_is(const void *data, size_t size);

#endif
