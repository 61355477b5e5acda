#include "base/error.h"
#include "model/model.h"

sn_status sn_open_safetensors(sn_model *m) {
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: this build does not read safetensors", m->path);
}
