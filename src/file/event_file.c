#include "file/event_file.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EVENT_SIZE = 1024, MOST_TAG = 64, MOST_SCALARS = 8 };

struct sn_event_file {
    int fd;
    char *path;
};

/* ---- CRC-32C ---- */

uint32_t sn_crc32c(const void *data, size_t size) {
    const unsigned char *p = data;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0); /* the polynomial, reflected */
    }
    return ~crc;
}

uint32_t sn_crc32c_masked(const void *data, size_t size) {
    uint32_t crc = sn_crc32c(data, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

/* ---- Protocol buffers: just what Event needs. Callers bound what they put, so that it fits ---- */

typedef struct message {
    unsigned char data[EVENT_SIZE];
    size_t size;
} message;

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static void put_varint(message *m, uint64_t v) {
    for (; v > 127; v >>= 7) m->data[m->size++] = (unsigned char)(v | 128);
    m->data[m->size++] = (unsigned char)v;
}

static void put_key(message *m, int field, int type) { put_varint(m, (uint64_t)(field << 3 | type)); }

static void put_integer(message *m, int field, int64_t v) {
    put_key(m, field, VARINT);
    put_varint(m, (uint64_t)v);
}

static void put_double(message *m, int field, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_key(m, field, FIXED64);
    sn_store_u64(m->data + m->size, bits);
    m->size += 8;
}

static void put_float(message *m, int field, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_key(m, field, FIXED32);
    sn_store_u32(m->data + m->size, bits);
    m->size += 4;
}

static void put_bytes(message *m, int field, const void *data, size_t size) {
    put_key(m, field, BYTES);
    put_varint(m, size);
    memcpy(m->data + m->size, data, size);
    m->size += size;
}

/* ---- Events ---- */

static sn_status write_all(const sn_event_file *f, const unsigned char *data, size_t size) {
    while (size > 0) {
        ssize_t n = write(f->fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", f->path, strerror(errno));
        data += n;
        size -= (size_t)n;
    }
    return SN_OK;
}

/* A frame: length, its checksum, the message, its checksum. */
static sn_status write_frame(const sn_event_file *f, const message *m) {
    unsigned char frame[EVENT_SIZE + 16];
    sn_store_u64(frame, m->size);
    sn_store_u32(frame + 8, sn_crc32c_masked(frame, 8));
    memcpy(frame + 12, m->data, m->size);
    sn_store_u32(frame + 12 + m->size, sn_crc32c_masked(m->data, m->size));
    return write_all(f, frame, m->size + 16);
}

static message event_begin(double wall_time, int64_t step) {
    message m = {.size = 0};
    put_double(&m, 1, wall_time);
    put_integer(&m, 2, step);
    return m;
}

static sn_status write_head(const sn_event_file *f, double wall_time, int64_t first_step) {
    static const char version[] = "brain.Event:2";
    message m = event_begin(wall_time, 0), log = {.size = 0};
    put_bytes(&m, 3, version, sizeof version - 1);
    SN_TRY(write_frame(f, &m));
    if (first_step == 0) return SN_OK;
    m = event_begin(wall_time, first_step);
    put_integer(&log, 1, 1); /* SessionLog.START */
    put_bytes(&m, 7, log.data, log.size);
    return write_frame(f, &m);
}

sn_status sn_event_file_open(const char *folder, double wall_time, int64_t first_step, sn_event_file **out) {
    size_t size = strlen(folder) + 64;
    sn_event_file *f = sn_calloc(1, sizeof *f);
    if (f) f->path = sn_alloc(size);
    if (!f || !f->path) {
        sn_free(f);
        return sn_fail_memory("an event file");
    }
    f->fd = -1;
    for (int64_t n = (int64_t)wall_time; f->fd < 0; n++) { /* two runs may begin within one second */
        snprintf(f->path, size, "%s/events.out.tfevents.%lld.suan", folder, (long long)n);
        f->fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd < 0 && errno != EEXIST) break;
    }
    sn_status status = f->fd >= 0 ? write_head(f, wall_time, first_step)
                                  : sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", f->path, strerror(errno));
    if (status == SN_OK)
        *out = f;
    else
        (void)sn_event_file_close(f);
    return status;
}

sn_status sn_event_file_put(sn_event_file *f, double wall_time, int64_t step, const sn_event_scalar *scalars, int n) {
    message m = event_begin(wall_time, step), summary = {.size = 0};
    if (n < 0 || n > MOST_SCALARS)
        return sn_fail(SN_ERR_ARGUMENT, "an event of %d scalars: at most %d", n, MOST_SCALARS);
    for (int i = 0; i < n; i++) {
        message value = {.size = 0};
        size_t length = strlen(scalars[i].tag);
        if (length > MOST_TAG) return sn_fail(SN_ERR_ARGUMENT, "a tag of %zu bytes: at most %d", length, MOST_TAG);
        put_bytes(&value, 1, scalars[i].tag, length);
        put_float(&value, 2, (float)scalars[i].value);
        put_bytes(&summary, 1, value.data, value.size);
    }
    put_bytes(&m, 5, summary.data, summary.size);
    return write_frame(f, &m);
}

sn_status sn_event_file_close(sn_event_file *f) {
    if (!f) return SN_OK;
    sn_status status = SN_OK;
    if (f->fd >= 0 && close(f->fd) != 0)
        status = sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", f->path, strerror(errno));
    sn_free(f->path);
    sn_free(f);
    return status;
}
