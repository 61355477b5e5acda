/* Recipe files, whole and in miniature, and behind a line of two equals signs their base: whatever is taken gives
 * configurations for all of its models. */
#include "fuzz.h"

#include "study/recipe.h"

#include <string.h>

/* libconfig keeps the last string of a text that it refuses. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char mark[] = "\n==\n";
    static const sn_recipe_place place = {"text", "tokenizer", "out", 2, 1};
    const uint8_t *end = size ? memmem(data, size, mark, sizeof mark - 1) : NULL;
    const char *base = end ? (const char *)end + sizeof mark - 1 : NULL;
    size_t base_size = end ? size - (size_t)(end - data) - (sizeof mark - 1) : 0;
    if (end) size = (size_t)(end - data);
    for (int mini = 0; mini < 2; mini++) {
        sn_recipe *r;
        if (sn_recipe_parse("fuzz.recipe", (const char *)data, size, base, base_size, mini != 0, &r) != SN_OK) continue;
        for (int m = 0; m < r->n_models; m++) {
            sn_train_config *c;
            if (sn_recipe_config(r, m, &place, &c) == SN_OK) sn_train_config_free(c);
        }
        sn_recipe_free(r);
    }
    return 0;
}
