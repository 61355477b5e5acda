#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q2_k = {SN_Q2_K, "q2_k", 256, 84, false, NULL, NULL};
