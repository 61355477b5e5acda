/* Writes safetensors. Tensors lie by falling element size, so that each is aligned; their data may be streamed. */
#ifndef SN_FILE_SAFETENSORS_WRITE_H
#define SN_FILE_SAFETENSORS_WRITE_H

#include "file/tensor_list.h"

typedef struct sn_safetensors_out sn_safetensors_out;

sn_status sn_safetensors_out_new(sn_safetensors_out **out);
void sn_safetensors_out_free(sn_safetensors_out *out);
/* A member of __metadata__; set again, the later value counts. Copied. */
sn_status sn_safetensors_set(sn_safetensors_out *out, const char *key, sn_text value);
/* As sn_gguf_add_tensor. SN_ERR_UNSUPPORTED for the block types, which the format has not. */
sn_status sn_safetensors_add(sn_safetensors_out *out, const char *name, sn_dtype dtype, int n_dims,
                             const int64_t *shape, const void *data, sn_data_fn fn, void *user);
/* The file appears under its name only when it is complete. */
sn_status sn_safetensors_out_write(sn_safetensors_out *out, const char *path);

#endif
