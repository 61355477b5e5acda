/* safetensors: one file, or the shards of a model.safetensors.index.json. Data is mapped. Needs Jansson.
 * Writing is in safetensors_write.h. */
#ifndef SN_FILE_SAFETENSORS_H
#define SN_FILE_SAFETENSORS_H

#include "file/reader.h"
#include "file/stored.h"

typedef struct sn_safetensors sn_safetensors;

/* A file, or an index (a path that ends in .json), whose shards lie beside it. Offsets are checked against the bytes
 * that exist; overlaps and holes are refused, as the format asks. limits may be NULL. */
sn_status sn_safetensors_open(const char *path, const sn_read_limits *limits, sn_safetensors **out);
/* One file over memory that outlives it. */
sn_status sn_safetensors_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                                     sn_safetensors **out);
void sn_safetensors_close(sn_safetensors *f);

/* The members of __metadata__ (of the first shard), zero-terminated. */
int64_t sn_safetensors_n_metadata(const sn_safetensors *f);
void sn_safetensors_metadata_at(const sn_safetensors *f, int64_t i, sn_text *key, sn_text *value);
bool sn_safetensors_metadata(const sn_safetensors *f, const char *key, sn_text *value);

int64_t sn_safetensors_n_tensors(const sn_safetensors *f);
const char *sn_safetensors_tensor_name(const sn_safetensors *f, int64_t i);
int64_t sn_safetensors_find(const sn_safetensors *f, const char *name); /* its number, -1 when absent */
/* "BF16", "F8_E4M3": the file's own type name, also of types suan cannot read. */
const char *sn_safetensors_type_name(const sn_safetensors *f, int64_t i);
int sn_safetensors_shape(const sn_safetensors *f, int64_t i, int64_t shape[SN_ARRAY_MAX_DIMS]);
int64_t sn_safetensors_bytes(const sn_safetensors *f, int64_t i);
int64_t sn_safetensors_file_bytes(const sn_safetensors *f); /* of all shards */

/* A view into the map; BOOL is u8. Where an old file has not aligned the data to its type, the view is an aligned
 * copy, made at the first call and owned by `f`, which is why one file must not be asked from two threads at once.
 * SN_ERR_UNSUPPORTED names the type, SN_ERR_NOT_FOUND the tensor. */
sn_status sn_safetensors_tensor(sn_safetensors *f, const char *name, sn_tensor *out);
sn_status sn_safetensors_tensor_at(sn_safetensors *f, int64_t i, sn_tensor *out);
/* Any type of whole bytes, F8 and complex too, of up to 32 dimensions, as it lies in the map. */
sn_status sn_safetensors_stored_at(const sn_safetensors *f, int64_t i, sn_stored *out);

/* The name under which a dtype is stored; NULL for the block types. */
const char *sn_safetensors_type_of(sn_dtype dtype);

#endif
