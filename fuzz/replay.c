/* Runs each file of the given folders once through a fuzz target, for builds without libFuzzer. An empty or missing
 * folder is a failure: a target without seeds would seem tested. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t size = 0, capacity = 1 << 20;
    unsigned char *all = malloc(capacity), *data = NULL;
    if (all) size = fread(all, 1, capacity, file);
    fclose(file);
    if (all) data = malloc(size ? size : 1); /* exactly sized: one byte too far shows */
    if (data) {
        memcpy(data, all, size);
        LLVMFuzzerTestOneInput(data, size);
    }
    free(data);
    free(all);
    return data != NULL;
}

static int replay_folder(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        n += replay(path);
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv) {
    int status = argc > 1 ? 0 : 1;
    for (int i = 1; i < argc; i++) {
        int n = replay_folder(argv[i]);
        printf("%s: %d seeds\n", argv[i], n);
        if (n == 0) status = 1;
    }
    return status;
}
