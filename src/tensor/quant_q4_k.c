#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q4_k = {SN_Q4_K, "q4_k", 256, 144, false, NULL, NULL};
