/* Arrays in files: npy and npz. */
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

#ifdef __cplusplus
}
#endif
#endif
