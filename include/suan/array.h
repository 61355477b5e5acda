/* Arrays in files: npy. */
#ifndef SUAN_ARRAY_H
#define SUAN_ARRAY_H

#include "suan/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a contiguous plain tensor (no block types) as .npy, safely. */
SN_API sn_status sn_npy_save(const char *path, const sn_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
