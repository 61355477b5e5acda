/* Shared by the tests of file formats: byte strings, deterministic damage, failing allocations, the data folder. */
#ifndef SN_TESTS_FILE_TEST_H
#define SN_TESTS_FILE_TEST_H

#include "base/alloc.h"
#include "base/error.h"
#include "base/map.h"
#include "base/philox.h"
#include "file/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    unsigned char *data;
    size_t size, capacity;
} bytes;

static inline void put(bytes *b, const void *data, size_t size) {
    if (b->size + size > b->capacity) {
        b->capacity = (b->size + size) * 2 + 64;
        b->data = sn_realloc(b->data, b->capacity);
        assert_non_null(b->data);
    }
    if (size) memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_u32(bytes *b, uint32_t v) {
    unsigned char p[4];
    sn_store_u32(p, v);
    put(b, p, sizeof p);
}

static inline void put_u64(bytes *b, uint64_t v) {
    unsigned char p[8];
    sn_store_u64(p, v);
    put(b, p, sizeof p);
}

static inline void put_f32(bytes *b, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_u32(b, bits);
}

static inline void bytes_free(bytes *b) {
    sn_free(b->data);
    *b = (bytes){0};
}

static inline void assert_message(const char *words) {
    if (!strstr(sn_last_error(), words)) fail_msg("\"%s\" is not in \"%s\"", words, sn_last_error());
}

/* Opens, uses and closes a file. Anything but a crash or an empty message is fine. */
typedef sn_status (*use_bytes)(const void *data, size_t size);

/* Each round damages a fresh copy in an exactly sized block, so that the sanitizer sees one byte too far. */
static inline void mutate(const unsigned char *data, size_t size, int rounds, use_bytes use) {
    for (int round = 0; round < rounds; round++) {
        uint32_t w[4];
        sn_philox(20, 7, (uint64_t)round, w);
        size_t n = round % 3 == 0 ? w[0] % (size + 1) : size;
        unsigned char *copy = sn_alloc(n);
        assert_non_null(copy);
        memcpy(copy, data, n);
        for (uint32_t k = 0; n > 0 && k < 1 + w[1] % 4; k++) {
            uint32_t v[4];
            sn_philox(21, k, (uint64_t)round, v);
            static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff};
            copy[v[0] % n] = v[1] % 2 ? values[v[2] % 5] : (unsigned char)v[2];
        }
        sn_status status = use(copy, n);
        if (status != SN_OK) assert_true(strlen(sn_last_error()) > 5);
        sn_free(copy);
    }
}

/* Every request for memory fails in turn, until the work succeeds. */
static inline void fail_each_allocation(const unsigned char *data, size_t size, use_bytes use) {
    for (int64_t n = 0;; n++) {
        assert_true(n < 100000);
        sn_alloc_fail_after(n);
        sn_status status = use(data, size);
        sn_alloc_fail_after(-1);
        if (status == SN_OK) return;
        assert_int_equal(status, SN_ERR_MEMORY);
    }
}

/* A folder of its own for a test program: group set-up, group tear-down, a path in it (the last two stay valid). */
static char test_folder_path[64];

static inline int test_folder_make(void **state) {
    (void)state;
    strcpy(test_folder_path, "/tmp/suan-test-XXXXXX");
    return mkdtemp(test_folder_path) ? 0 : -1;
}

static inline int test_folder_remove(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", test_folder_path);
    return system(command);
}

static inline const char *in_folder(const char *name) {
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", test_folder_path, name);
    return path[turn];
}

/* Where a test file is; says loudly when it is not there. */
static inline bool test_data(char *path, size_t size, const char *name) {
    const char *folder = getenv("SUAN_TEST_DATA");
    if (!folder || !*folder) {
        print_message("SKIP: SUAN_TEST_DATA is not set, %s is not tested\n", name);
        return false;
    }
    snprintf(path, size, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file) fclose(file);
    if (!file) print_message("SKIP: there is no %s\n", path);
    return file != NULL;
}

/* Damages a file of the data folder. Returns false where it is not there. */
static inline bool mutate_real(const char *name, int rounds, use_bytes use) {
    char path[512];
    sn_map map;
    if (!test_data(path, sizeof path, name)) return false;
    assert_int_equal(sn_map_open(path, &map), SN_OK);
    mutate(map.data, map.size, rounds, use);
    sn_map_close(&map);
    return true;
}

#endif
