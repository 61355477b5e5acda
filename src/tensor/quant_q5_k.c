#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q5_k = {SN_Q5_K, "q5_k", 256, 176, false, NULL, NULL};
