#include "file/ggml_type.h"

#include <stddef.h>
#include <strings.h>

static const sn_ggml_type table[] = {
    [0] = {"F32", 1, 4, SN_F32},        [1] = {"F16", 1, 2, SN_F16},        [2] = {"Q4_0", 32, 18, SN_Q4_0},
    [3] = {"Q4_1", 32, 20, SN_Q4_1},    [4] = {"Q4_2", 0, 0, -1},           [5] = {"Q4_3", 0, 0, -1},
    [6] = {"Q5_0", 32, 22, SN_Q5_0},    [7] = {"Q5_1", 32, 24, SN_Q5_1},    [8] = {"Q8_0", 32, 34, SN_Q8_0},
    [9] = {"Q8_1", 32, 36, -1},         [10] = {"Q2_K", 256, 84, SN_Q2_K},  [11] = {"Q3_K", 256, 110, SN_Q3_K},
    [12] = {"Q4_K", 256, 144, SN_Q4_K}, [13] = {"Q5_K", 256, 176, SN_Q5_K}, [14] = {"Q6_K", 256, 210, SN_Q6_K},
    [15] = {"Q8_K", 256, 292, -1},      [16] = {"IQ2_XXS", 256, 66, -1},    [17] = {"IQ2_XS", 256, 74, -1},
    [18] = {"IQ3_XXS", 256, 98, -1},    [19] = {"IQ1_S", 256, 50, -1},      [20] = {"IQ4_NL", 32, 18, -1},
    [21] = {"IQ3_S", 256, 110, -1},     [22] = {"IQ2_S", 256, 82, -1},      [23] = {"IQ4_XS", 256, 136, -1},
    [24] = {"I8", 1, 1, SN_I8},         [25] = {"I16", 1, 2, -1},           [26] = {"I32", 1, 4, SN_I32},
    [27] = {"I64", 1, 8, SN_I64},       [28] = {"F64", 1, 8, SN_F64},       [29] = {"IQ1_M", 256, 56, -1},
    [30] = {"BF16", 1, 2, SN_BF16},     [31] = {"Q4_0_4_4", 0, 0, -1},      [32] = {"Q4_0_4_8", 0, 0, -1},
    [33] = {"Q4_0_8_8", 0, 0, -1},      [34] = {"TQ1_0", 256, 54, -1},      [35] = {"TQ2_0", 256, 66, -1},
    [36] = {"IQ4_NL_4_4", 0, 0, -1},    [37] = {"IQ4_NL_4_8", 0, 0, -1},    [38] = {"IQ4_NL_8_8", 0, 0, -1},
    [39] = {"MXFP4", 32, 17, -1},       [40] = {"NVFP4", 64, 36, -1},       [41] = {"Q1_0", 128, 18, -1},
    [42] = {"Q2_0", 64, 18, -1},
};

enum { n_types = sizeof table / sizeof *table };

const sn_ggml_type *sn_ggml_type_get(uint32_t id) { return id < n_types ? &table[id] : NULL; }

bool sn_ggml_type_is_known(const char *name) {
    for (int id = 0; id < n_types; id++)
        if (strcasecmp(table[id].name, name) == 0) return true;
    return false;
}

int sn_ggml_type_of(sn_dtype dtype) {
    for (int id = 0; id < n_types; id++)
        if (table[id].dtype == (int)dtype) return id;
    return -1;
}
