/* Arrays in files: npy and npz; tables of numbers: CSV, text, npy. */
#ifndef SUAN_ARRAY_H
#define SUAN_ARRAY_H

#include "suan/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a contiguous tensor as .npy; the file appears whole or not at all. SN_ERR_UNSUPPORTED for bf16 and the
 * block types, which NumPy has not. */
SN_API sn_status sn_npy_write(const char *path, const sn_tensor *tensor);
/* Writes n tensors under their names as .npz, stored and not compressed, as numpy.savez does. The same rules;
 * SN_ERR_ARGUMENT for an empty name or one that is there twice, SN_ERR_LIMIT beyond 65534 arrays or 4 GiB. */
SN_API sn_status sn_npz_write(const char *path, int n, const char *const *names, const sn_tensor *tensors);

/* Writes a text; the file appears whole or not at all. */
SN_API sn_status sn_text_write(const char *path, const char *text);

/* A table of numbers. Text: fields separated by commas, semicolons, tabs or blanks (by the first line), quotes around
 * fields, '#' begins a comment line, a first line without a number holds names. .npy: a vector, or the columns of a
 * matrix. */
typedef struct sn_columns sn_columns;

/* SN_ERR_FORMAT for an empty file and for lines of different length, with the line. */
SN_API sn_status sn_columns_open(const char *path, sn_columns **out);
SN_API void sn_columns_free(sn_columns *c); /* NULL is fine */
SN_API int64_t sn_columns_n_rows(const sn_columns *c);
SN_API int sn_columns_count(const sn_columns *c);
SN_API const char *sn_columns_name(const sn_columns *c, int column); /* NULL: it has none */
/* The column of that name, else the one of that number (from 1); -1 where there is none. */
SN_API int sn_columns_find(const sn_columns *c, const char *name);
/* Copies a column into out[0..n_rows). SN_ERR_NOT_FOUND names the columns there are; SN_ERR_FORMAT says where a field
 * of this column is no finite number. */
SN_API sn_status sn_columns_get(const sn_columns *c, const char *name, double *out);

/* ---- The arrays of a file: .npy, .npz, safetensors (also model.safetensors.index.json) or GGUF, by its content ----
 */

enum { SN_ARRAY_MAX_DIMS = 32 };

typedef struct sn_array_file sn_array_file;
SN_API sn_status sn_array_file_open(const char *path, sn_array_file **out);
SN_API void sn_array_file_close(sn_array_file *f); /* NULL is fine */
SN_API int64_t sn_array_file_count(const sn_array_file *f);
SN_API const char *sn_array_file_name(const sn_array_file *f, int64_t i);    /* of a .npy file: its own name */
SN_API int64_t sn_array_file_find(const sn_array_file *f, const char *name); /* its number, -1 when absent */

typedef struct sn_array_info {
    const char *type; /* "f32", "u16", "complex64", "q4_k" */
    int n_dims;
    int64_t shape[SN_ARRAY_MAX_DIMS], count; /* outermost first */
    bool is_complex;
} sn_array_info;

/* SN_ERR_UNSUPPORTED names a type that suan does not read: texts, records, long double, some quantized ones. */
SN_API sn_status sn_array_file_info(sn_array_file *f, int64_t i, sn_array_info *out);
/* Elements from..from+n of array i, in the order in which the last index runs fastest, as doubles (whole numbers of
 * more than 53 bits are rounded); of a complex array real and imaginary parts, 2n. The file is mapped and only what is
 * asked for is converted (a compressed member of an .npz is unpacked as a whole). Not from two threads at once. */
SN_API sn_status sn_array_file_read(sn_array_file *f, int64_t i, int64_t from, int64_t n, double *out);

#ifdef __cplusplus
}
#endif
#endif
