/* JSON: every tree can be walked, every member is found by its key. */
#include "fuzz.h"

#include "file/json.h"

static void walk(const sn_json *v) {
    if (v->kind == SN_JSON_STRING) fuzz_read(v->text.data, v->text.size + 1);
    if (v->kind != SN_JSON_ARRAY && v->kind != SN_JSON_OBJECT) return;
    for (int64_t i = 0; i < v->count; i++) {
        walk(&v->items[i]);
        if (v->kind == SN_JSON_OBJECT && sn_json_find(v, v->keys[i]) != &v->items[i]) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    sn_json_doc *doc;
    if (sn_json_parse("fuzz", data, size, NULL, &doc) != SN_OK) return 0;
    walk(sn_json_root(doc));
    sn_json_free(doc);
    return 0;
}
