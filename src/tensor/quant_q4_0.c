#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q4_0 = {SN_Q4_0, "q4_0", 32, 18, false, NULL, NULL};
