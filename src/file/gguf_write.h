/* Writes GGUF v3. First the metadata and the descriptions of all tensors, then their data in the same order, so
 * that no model needs to be in memory. */
#ifndef SN_FILE_GGUF_WRITE_H
#define SN_FILE_GGUF_WRITE_H

#include "file/gguf.h"
#include "file/tensor_list.h"

typedef struct sn_gguf_out sn_gguf_out;

sn_status sn_gguf_out_new(sn_gguf_out **out);
void sn_gguf_out_free(sn_gguf_out *out);

/* Metadata. A key that is set again is replaced in its place. Everything is copied. */
sn_status sn_gguf_set_u32(sn_gguf_out *out, const char *key, uint32_t v);
sn_status sn_gguf_set_i32(sn_gguf_out *out, const char *key, int32_t v);
sn_status sn_gguf_set_u64(sn_gguf_out *out, const char *key, uint64_t v);
sn_status sn_gguf_set_f32(sn_gguf_out *out, const char *key, float v);
sn_status sn_gguf_set_bool(sn_gguf_out *out, const char *key, bool v);
sn_status sn_gguf_set_text(sn_gguf_out *out, const char *key, sn_text v);
sn_status sn_gguf_set_string(sn_gguf_out *out, const char *key, const char *v);
/* n values in this machine's order of bytes, of a type of fixed size. */
sn_status sn_gguf_set_array(sn_gguf_out *out, const char *key, sn_gguf_type element, const void *values, int64_t n);
sn_status sn_gguf_set_texts(sn_gguf_out *out, const char *key, const sn_text *values, int64_t n);
/* A value of another file, as it is; split.*, which describes that file's parts, is left out. */
sn_status sn_gguf_set_value(sn_gguf_out *out, const sn_gguf_value *v);

/* A tensor of at most 4 dimensions, outermost first. Its bytes come from `data` (borrowed until written), or, where
 * that is NULL, from `fn(sink, user)` when the file is written. SN_ERR_UNSUPPORTED for u8, which GGUF has not. */
sn_status sn_gguf_add_tensor(sn_gguf_out *out, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape,
                             const void *data, sn_data_fn fn, void *user);

/* Writes the file; it appears under its name only when it is complete. Aligned to 32 bytes. */
sn_status sn_gguf_out_write(sn_gguf_out *out, const char *path);

#endif
