/* Arrays in files: npy. */
#ifndef SUAN_ARRAY_H
#define SUAN_ARRAY_H

#include "suan/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a contiguous tensor as .npy; the file appears whole or not at all. SN_ERR_UNSUPPORTED for bf16 and the
 * block types, which NumPy has not. */
SN_API sn_status sn_npy_write(const char *path, const sn_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
