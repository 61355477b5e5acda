#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q5_1 = {SN_Q5_1, "q5_1", 32, 24, false, NULL, NULL};
