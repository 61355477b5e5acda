/* NumPy arrays: .npy files (versions 1 to 3) and .npz archives. */
#ifndef SN_FILE_NPY_H
#define SN_FILE_NPY_H

#include "base/map.h"
#include "file/reader.h"
#include "file/stored.h"

typedef struct sn_npy {
    sn_stored array;
    sn_map map;   /* empty over memory */
    void *memory; /* owned, or NULL: an unpacked member */
} sn_npy;

/* Maps a file. Booleans, integers, floats and complex numbers of either byte order and in either order of dimensions;
 * other types are SN_ERR_UNSUPPORTED. *out is zero on failure. */
sn_status sn_npy_open(const char *path, sn_npy *out);
/* Over memory that outlives it, of any alignment. limits may be NULL. */
sn_status sn_npy_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_npy *out);
void sn_npy_close(sn_npy *npy);

enum { SN_NPY_HEADER = 256 }; /* the most a header takes */
/* The bytes before the data of a tensor that can be written as .npy; else the errors of sn_npy_write. */
sn_status sn_npy_header(const sn_tensor *t, unsigned char header[SN_NPY_HEADER], size_t *size);

/* CRC-32 as in zip, of the bytes after those that gave `crc` (0 at first). */
uint32_t sn_crc32(uint32_t crc, const void *data, size_t size);

/* The arrays of an .npz file: a zip of .npy members, stored or (with zlib) deflated. */
typedef struct sn_npz sn_npz;
sn_status sn_npz_open(const char *path, const sn_read_limits *limits, sn_npz **out);
sn_status sn_npz_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_npz **out);
void sn_npz_close(sn_npz *z);
int64_t sn_npz_n_arrays(const sn_npz *z);
const char *sn_npz_name(const sn_npz *z, int64_t i); /* without ".npy" */
/* One array, in memory of its own where it is compressed, else in that of the archive; its checksum is verified. */
sn_status sn_npz_get(const sn_npz *z, const char *name, sn_npy *out);

#endif
