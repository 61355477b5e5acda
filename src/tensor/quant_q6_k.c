#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q6_k = {SN_Q6_K, "q6_k", 256, 210, false, NULL, NULL};
