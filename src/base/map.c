#include "base/map.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char empty_file[1];

sn_status sn_map_open(const char *path, sn_map *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return sn_fail(SN_ERR_IO, "cannot open \"%s\": %s", path, strerror(errno));
    struct stat st;
    sn_status status = SN_OK;
    void *data = (void *)empty_file;
    if (fstat(fd, &st) != 0)
        status = sn_fail(SN_ERR_IO, "cannot read \"%s\": %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        status = sn_fail(SN_ERR_IO, "\"%s\" is not a regular file", path);
    else if (st.st_size > 0) {
        data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = sn_fail(SN_ERR_IO, "cannot map \"%s\": %s", path, strerror(errno));
        else
            sn_alloc_wish_huge(data, (size_t)st.st_size);
    }
    close(fd);
    if (status == SN_OK) *out = (sn_map){.data = data, .size = (size_t)st.st_size};
    return status;
}

void sn_map_close(sn_map *map) {
    if (map->size > 0) munmap((void *)map->data, map->size);
    *map = (sn_map){0};
}

void sn_map_will_need(const sn_map *map) {
    if (map->size > 0) madvise((void *)map->data, map->size, MADV_WILLNEED);
}

void sn_map_release(const sn_map *map, size_t from, size_t to) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), first = (from + page - 1) / page * page;
    if (to > map->size) to = map->size;
    to = to / page * page;
    if (first < to) madvise((char *)(uintptr_t)map->data + first, to - first, MADV_DONTNEED);
}

struct sn_writer {
    FILE *file;
    char *path, *temporary;
    int64_t offset;
};

static void writer_free(sn_writer *w) {
    if (w->file) fclose(w->file);
    sn_free(w->path);
    sn_free(w->temporary);
    sn_free(w);
}

static sn_status write_error(const sn_writer *w) {
    return sn_fail(SN_ERR_IO, "cannot write \"%s\": %s", w->path, strerror(errno));
}

static sn_status writer_create(sn_writer *w, const char *path) {
    size_t length = strlen(path) + 8;
    w->path = sn_strdup(path);
    w->temporary = sn_alloc(length);
    if (!w->path || !w->temporary) return sn_fail_memory("a file name");
    snprintf(w->temporary, length, "%s.XXXXXX", path);
    int fd = mkostemp(w->temporary, O_CLOEXEC);
    if (fd < 0) {
        w->temporary[0] = 0;
        return write_error(w);
    }
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    w->file = fdopen(fd, "wb");
    if (!w->file) {
        close(fd);
        unlink(w->temporary);
        return write_error(w);
    }
    return SN_OK;
}

sn_status sn_writer_open(const char *path, sn_writer **out) {
    sn_writer *w = sn_calloc(1, sizeof *w);
    if (!w) return sn_fail_memory("a file writer");
    sn_status status = writer_create(w, path);
    if (status != SN_OK)
        writer_free(w);
    else
        *out = w;
    return status;
}

sn_status sn_writer_put(sn_writer *w, const void *data, size_t size) {
    if (size && fwrite(data, 1, size, w->file) != size) return write_error(w);
    w->offset += (int64_t)size;
    return SN_OK;
}

sn_status sn_writer_pad(sn_writer *w, size_t alignment) {
    static const unsigned char zeros[64];
    size_t rest = (size_t)w->offset % alignment;
    size_t missing = rest ? alignment - rest : 0;
    while (missing > 0) {
        size_t n = missing < sizeof zeros ? missing : sizeof zeros;
        SN_TRY(sn_writer_put(w, zeros, n));
        missing -= n;
    }
    return SN_OK;
}

int64_t sn_writer_offset(const sn_writer *w) { return w->offset; }

sn_status sn_writer_patch(sn_writer *w, int64_t offset, const void *data, size_t size) {
    if (offset < 0 || offset > w->offset - (int64_t)size)
        return sn_fail(SN_ERR_ARGUMENT, "\"%s\": bytes %lld.. have not been written yet", w->path, (long long)offset);
    if (fseeko(w->file, offset, SEEK_SET) != 0 || fwrite(data, 1, size, w->file) != size ||
        fseeko(w->file, w->offset, SEEK_SET) != 0)
        return write_error(w);
    return SN_OK;
}

/* The directory entry itself must reach the disk, or a crash could lose the rename. */
static void sync_directory_of(const char *path) {
    char *copy = sn_strdup(path);
    if (!copy) return;
    char *slash = strrchr(copy, '/');
    if (slash) slash[slash == copy ? 1 : 0] = 0;
    int fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    sn_free(copy);
}

sn_status sn_writer_commit(sn_writer *w) {
    sn_status status = SN_OK;
    if (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0) status = write_error(w);
    if (fclose(w->file) != 0 && status == SN_OK) status = write_error(w);
    w->file = NULL;
    if (status == SN_OK && rename(w->temporary, w->path) != 0) status = write_error(w);
    if (status != SN_OK)
        unlink(w->temporary);
    else
        sync_directory_of(w->path);
    writer_free(w);
    return status;
}

void sn_writer_abandon(sn_writer *w) {
    if (!w) return;
    unlink(w->temporary);
    writer_free(w);
}

sn_status sn_file_write(const char *path, const void *data, size_t size) {
    sn_writer *w;
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = sn_writer_put(w, data, size);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}
