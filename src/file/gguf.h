/* GGUF v2/v3: metadata and tensors of one model, possibly split over several files. Data is mapped.
 * Writing is in gguf_write.h. */
#ifndef SN_FILE_GGUF_H
#define SN_FILE_GGUF_H

#include "file/reader.h"
#include "suan/tensor.h"

/* The file format's own value types; the numbers are the format's. */
typedef enum sn_gguf_type {
    SN_GGUF_U8,
    SN_GGUF_I8,
    SN_GGUF_U16,
    SN_GGUF_I16,
    SN_GGUF_U32,
    SN_GGUF_I32,
    SN_GGUF_F32,
    SN_GGUF_BOOL,
    SN_GGUF_STRING,
    SN_GGUF_ARRAY,
    SN_GGUF_U64,
    SN_GGUF_I64,
    SN_GGUF_F64
} sn_gguf_type;

/* One metadata value; arrays point into the map (packed, little-endian, maybe unaligned). */
typedef struct sn_gguf_value {
    sn_text key;
    sn_gguf_type type, element; /* element: of an array */
    int64_t count;              /* of an array, else 1 */
    const unsigned char *data;
    const sn_text *strings; /* of a string (1) or a string array (count) */
} sn_gguf_value;

typedef struct sn_gguf sn_gguf;

/* Opens a file, or all parts of a split one given its first part (name-00001-of-0000N.gguf). Every size is
 * checked against the bytes that exist. Tensor types suan does not have are refused by name when asked for. */
sn_status sn_gguf_open(const char *path, sn_gguf **out);
sn_status sn_gguf_open_limited(const char *path, const sn_read_limits *limits, sn_gguf **out);
/* The same over memory the caller keeps alive, 8-byte aligned (fuzzing, embedded models). `name` is for messages.
 * A split file is refused: it needs a path. */
sn_status sn_gguf_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                              sn_gguf **out);
void sn_gguf_close(sn_gguf *f);

int64_t sn_gguf_n_values(const sn_gguf *f);
const sn_gguf_value *sn_gguf_value_at(const sn_gguf *f, int64_t i);
const sn_gguf_value *sn_gguf_find(const sn_gguf *f, const char *key); /* NULL when absent */

/* Typed look-ups: any integer type converts when it fits. *found tells presence (may be NULL: then absence is
 * SN_ERR_NOT_FOUND). A present value of another type is SN_ERR_FORMAT naming the key. */
sn_status sn_gguf_get_i64(const sn_gguf *f, const char *key, int64_t *out, bool *found);
sn_status sn_gguf_get_f64(const sn_gguf *f, const char *key, double *out, bool *found);
sn_status sn_gguf_get_bool(const sn_gguf *f, const char *key, bool *out, bool *found);
sn_status sn_gguf_get_text(const sn_gguf *f, const char *key, sn_text *out, bool *found);
/* An array of `element`; *out is its value. Same rules for absence and for another type. */
sn_status sn_gguf_get_array(const sn_gguf *f, const char *key, sn_gguf_type element, const sn_gguf_value **out,
                            bool *found);
/* "u32", "array": for messages and listings. */
const char *sn_gguf_type_name(sn_gguf_type type);
/* Bytes of one value of a fixed-size type, else 0. */
size_t sn_gguf_type_size(sn_gguf_type type);
/* Element i of a numeric array value (or i = 0 of a scalar), converted. 0 for strings and for i out of range;
 * unsigned values above INT64_MAX and floats beyond the range are clamped by array_i64. */
double sn_gguf_array_f64(const sn_gguf_value *v, int64_t i);
int64_t sn_gguf_array_i64(const sn_gguf_value *v, int64_t i);

int64_t sn_gguf_n_tensors(const sn_gguf *f);
const char *sn_gguf_tensor_name(const sn_gguf *f, int64_t i);
int64_t sn_gguf_find_tensor(const sn_gguf *f, const char *name); /* its number, -1 when absent */
/* Dimensions, outermost first, into shape[4]; returns their number. Works for every type. */
int sn_gguf_tensor_shape(const sn_gguf *f, int64_t i, int64_t shape[4]);
/* Bytes in the file; 0 where the type is unknown. */
int64_t sn_gguf_tensor_bytes(const sn_gguf *f, int64_t i);
/* Bytes of all parts on disk. */
int64_t sn_gguf_file_bytes(const sn_gguf *f);
int sn_gguf_version(const sn_gguf *f);
const char *sn_gguf_name(const sn_gguf *f); /* "gguf: path", to begin messages with */
/* A view into the map, dims outermost first (reversed from the file). SN_ERR_UNSUPPORTED names the type;
 * SN_ERR_NOT_FOUND names the tensor. */
sn_status sn_gguf_tensor(const sn_gguf *f, const char *name, sn_tensor *out);
sn_status sn_gguf_tensor_at(const sn_gguf *f, int64_t i, sn_tensor *out);
/* "IQ4_XS", "Q4_K": the file's own type name, also of types suan cannot read; "unknown" for a
 * number no type has. */
const char *sn_gguf_tensor_type_name(const sn_gguf *f, int64_t i);

#endif
