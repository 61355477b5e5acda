#include "tensor/dtype.h"

#include <stddef.h>

const sn_dtype_def sn_dtype_q5_0 = {SN_Q5_0, "q5_0", 32, 22, false, NULL, NULL};
