#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q3_k = {SN_Q3_K, "q3_k", 256, 110, false, NULL, NULL};
