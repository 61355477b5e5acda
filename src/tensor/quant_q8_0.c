#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q8_0 = {SN_Q8_0, "q8_0", 32, 34, false, NULL, NULL};
