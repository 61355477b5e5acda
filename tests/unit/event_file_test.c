/* TensorBoard event files: the checksum's published values, and a file parsed back by a reader of its own. */
#include "base/map.h"
#include "file/event_file.h"
#include "file/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 3720, appendix B.4. */
static void test_crc(void **state) {
    (void)state;
    unsigned char bytes[32] = {0};
    assert_int_equal(sn_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(sn_crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(sn_crc32c(bytes, 32), 0x46dd794e);
    assert_int_equal(sn_crc32c("123456789", 9), 0xe3069283);
}

static uint64_t varint(const unsigned char **p) {
    uint64_t v = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = *(*p)++;
        v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return v;
    }
}

/* Adds "tag=value" of a Summary to text. */
static void read_summary(const unsigned char *p, const unsigned char *end, char *text) {
    while (p < end) {
        assert_int_equal(varint(&p), 1 << 3 | 2);
        uint64_t size = varint(&p);
        const unsigned char *stop = p + size;
        assert_int_equal(varint(&p), 1 << 3 | 2);
        uint64_t length = varint(&p);
        sprintf(text + strlen(text), " %.*s", (int)length, (const char *)p);
        p += length;
        assert_int_equal(varint(&p), 2 << 3 | 5);
        sprintf(text + strlen(text), "=%g", (double)sn_load_f32(p));
        assert_ptr_equal(p + 4, stop);
        p = stop;
    }
}

static void read_event(const unsigned char *p, const unsigned char *end, char *text) {
    while (p < end) {
        uint64_t key = varint(&p);
        if (key == (1 << 3 | 1)) {
            sprintf(text + strlen(text), "[%g", sn_load_f64(p));
            p += 8;
        } else if (key == (2 << 3 | 0)) {
            sprintf(text + strlen(text), " step %d", (int)varint(&p));
        } else {
            uint64_t size = varint(&p);
            if (key == (3 << 3 | 2)) sprintf(text + strlen(text), " version %.*s", (int)size, (const char *)p);
            if (key == (7 << 3 | 2)) sprintf(text + strlen(text), " log %d:%d", p[0], p[1]);
            if (key == (5 << 3 | 2)) read_summary(p, p + size, text);
            p += size;
        }
    }
    strcat(text, "]");
}

static void test_file(void **state) {
    (void)state;
    char folder[] = "/tmp/suan_event_XXXXXX", path[256], text[1024] = "";
    assert_non_null(mkdtemp(folder));
    sn_event_file *f, *second;
    const sn_event_scalar scalars[] = {{"train/loss", 2.5}, {"train/rate", 0.001}};
    assert_int_equal(sn_event_file_open(folder, 1000.5, 300, &f), SN_OK);
    assert_int_equal(sn_event_file_put(f, 1001, 310, scalars, 2), SN_OK);
    assert_int_equal(sn_event_file_open(folder, 1000.5, 0, &second), SN_OK); /* another name in the same second */
    assert_int_equal(sn_event_file_close(second), SN_OK);
    assert_int_equal(sn_event_file_close(f), SN_OK);
    snprintf(path, sizeof path, "%s/events.out.tfevents.1001.suan", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/events.out.tfevents.1000.suan", folder);
    sn_map map;
    assert_int_equal(sn_map_open(path, &map), SN_OK);
    size_t at = 0;
    while (at < map.size) {
        uint64_t size = sn_load_u64(map.data + at);
        assert_int_equal(sn_load_u32(map.data + at + 8), sn_crc32c_masked(map.data + at, 8));
        assert_true(size <= map.size - at - 16);
        read_event(map.data + at + 12, map.data + at + 12 + size, text);
        assert_int_equal(sn_load_u32(map.data + at + 12 + size), sn_crc32c_masked(map.data + at + 12, size));
        at += size + 16;
    }
    assert_string_equal(text, "[1000.5 step 0 version brain.Event:2][1000.5 step 300 log 8:1]"
                              "[1001 step 310 train/loss=2.5 train/rate=0.001]");
    sn_map_close(&map);
    unlink(path);
    rmdir(folder);
    assert_int_equal(sn_event_file_open("/nonexistent", 1, 0, &f), SN_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_crc), cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
