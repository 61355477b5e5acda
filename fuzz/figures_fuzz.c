/* Recipes of figures, whole and in miniature: what is taken is split into words, and every path is sought in a JSON. */
#include "fuzz.h"

#include "file/json_path.h"
#include "study/figures.h"

/* libconfig keeps the last string of a text that it refuses. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libconfig"; }

static void use(const sn_figures *f, const sn_json *root) {
    const char *words[SN_FIGURES_MOST_WORDS];
    sn_arena arena = {0};
    const sn_json *found;
    int64_t count;
    int n;
    for (int i = 0; i < f->n_runs; i++) (void)sn_figures_split(&arena, f->runs[i].command, "dir/name-", words, &n);
    for (int i = 0; root && i < f->n_cells; i++)
        if (f->cells[i].path) (void)sn_json_path_find(root, f->cells[i].path, &found, &count);
    sn_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char object[] = "{\"a\": {\"b\": [1, 2.5, \"x\", null]}, \"rows\": [{\"n\": 1}, {\"n\": \"y\"}]}";
    sn_json_doc *doc = NULL;
    if (sn_json_parse("object", object, sizeof object - 1, NULL, &doc) != SN_OK) doc = NULL;
    for (int mini = 0; mini < 2; mini++) {
        sn_figures *f;
        if (sn_figures_parse("fuzz.figures", (const char *)data, size, mini != 0, &f) != SN_OK) continue;
        use(f, doc ? sn_json_root(doc) : NULL);
        sn_figures_free(f);
    }
    sn_json_free(doc);
    return 0;
}
