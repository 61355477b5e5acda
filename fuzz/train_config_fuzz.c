/* Training configurations: whatever is taken can be written out again, key by key. */
#include "fuzz.h"

#include "train/config.h"

/* libconfig keeps the last string of a text that it refuses. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_train_config *c;
    char value[64];
    if (sn_train_config_parse("fuzz", (const char *)data, size, NULL, 0, &c) != SN_OK) return 0;
    for (int i = 0; i < sn_n_train_keys; i++) (void)sn_train_config_value(c, i, value, sizeof value);
    sn_train_config_free(c);
    return 0;
}
