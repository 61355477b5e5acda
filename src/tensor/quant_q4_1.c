#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q4_1 = {SN_Q4_1, "q4_1", 32, 20, false, NULL, NULL};
