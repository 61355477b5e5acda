/* Which recipes there are in a folder. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/path.h"
#include "suan/recipe.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool ends_in(const char *name, const char *ending) {
    size_t n = strlen(name), m = strlen(ending);
    return n > m && name[0] != '.' && strcmp(name + n - m, ending) == 0;
}

static int is_recipe(const struct dirent *e) { return ends_in(e->d_name, ".recipe") || ends_in(e->d_name, ".figures"); }

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static sn_status take_names(const char *folder, struct dirent **entries, int n, char **paths) {
    char path[SN_PATH_SIZE];
    for (int i = 0; i < n; i++) {
        SN_TRY(sn_path_join(folder, entries[i]->d_name, path));
        if (!(paths[i] = sn_strdup(path))) return sn_fail_memory("a list of recipes");
    }
    return SN_OK;
}

sn_status sn_recipe_list(const char *folder, char ***paths, int *n) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_recipe, by_name);
    if (count < 0) return sn_fail(SN_ERR_IO, "cannot read the folder \"%s\": %s", folder, strerror(errno));
    char **list = sn_calloc((size_t)count + 1, sizeof *list);
    sn_status status = list ? take_names(folder, entries, count, list) : sn_fail_memory("a list of recipes");
    for (int i = 0; i < count; i++) free(entries[i]); /* from scandir */
    free(entries);
    if (status == SN_OK) {
        *paths = list;
        *n = count;
    } else {
        sn_recipe_list_free(list, count);
    }
    return status;
}

void sn_recipe_list_free(char **paths, int n) {
    for (int i = 0; paths && i < n; i++) sn_free(paths[i]);
    sn_free(paths);
}
