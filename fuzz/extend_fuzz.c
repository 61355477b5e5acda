/* Compositions of context methods: any text is read or refused, and what is read spells back to itself and
 * resolves or refuses for a small model. */
#include "suan/position.h"

#include <stdlib.h>
#include <string.h>

static void check(const sn_extend *e) {
    static const sn_rope_config model = {.d_head = 8, .n_rot = 8, .base = 10000, .train_length = 64};
    sn_extend *again = NULL;
    sn_position p;
    char note[64];
    if (sn_extend_parse(sn_extend_spec(e), &again) != SN_OK || strcmp(sn_extend_spec(again), sn_extend_spec(e)))
        abort();
    if (sn_extend_resolve(again, &model, 1000, &p, note, sizeof note) == SN_OK) {
        double q[8] = {1}, k[8] = {1};
        for (int64_t i = 0; i < 200; i += 37) (void)sn_position_logit(&p, q, k, 8, i, i / 2);
    }
    sn_extend_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    sn_extend **list = NULL;
    int n = 0;
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (sn_extend_parse_list(text, &list, &n) == SN_OK) {
        for (int i = 0; i < n; i++) check(list[i]);
        sn_extend_list_free(list, n);
    }
    free(text);
    return 0;
}
