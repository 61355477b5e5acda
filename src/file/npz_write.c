/* Writing .npz: a zip of stored .npy members, each behind its local header, then the directory of all of them. */
#include "file/npy.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/name_index.h"

enum { local_size = 30, entry_size = 46, end_size = 22, most_members = 65534, longest_name = 65000 };
enum { version = 20, utf8_names = 0x800, new_year_1980 = 0x21 };

typedef struct member {
    const char *name;
    const sn_tensor *tensor;
    unsigned char header[SN_NPY_HEADER];
    size_t header_size, data_size;
    uint32_t crc, offset;
} member;

static sn_status add_name(sn_name_index *names, const char *name) {
    int64_t item;
    bool found;
    size_t size = name ? strlen(name) : 0;
    if (size == 0 || size > longest_name)
        return sn_fail(SN_ERR_ARGUMENT, "npz: the name of an array has 1 to %d bytes, not %zu", longest_name, size);
    SN_TRY(sn_name_index_add(names, (sn_text){name, size}, &item, &found));
    return found ? sn_fail(SN_ERR_ARGUMENT, "npz: two arrays are called \"%.100s\"", name) : SN_OK;
}

/* Everything is known before a byte is written, so the local headers need no second visit. */
static sn_status prepare(member *m, const char *name, const sn_tensor *tensor, uint64_t *offset) {
    *m = (member){.name = name, .tensor = tensor, .data_size = (size_t)sn_tensor_bytes(tensor)};
    sn_status status = sn_npy_header(tensor, m->header, &m->header_size);
    if (status != SN_OK) return sn_fail_in(status, "npz: %.100s", name);
    m->offset = (uint32_t)*offset;
    *offset += local_size + strlen(name) + 4 + m->header_size + m->data_size;
    if (*offset > UINT32_MAX) return sn_fail(SN_ERR_LIMIT, "npz: more than 4 GiB: write several files, or .npy");
    m->crc = sn_crc32(sn_crc32(0, m->header, m->header_size), tensor->data, m->data_size);
    return SN_OK;
}

/* The fields that local header and directory entry share, from the version needed to the length of the name. */
static void put_common(unsigned char *p, const member *m) {
    uint32_t size = (uint32_t)(m->header_size + m->data_size);
    memset(p, 0, 26);
    sn_store_u16(p, version);
    sn_store_u16(p + 2, utf8_names);
    sn_store_u16(p + 8, new_year_1980);
    sn_store_u32(p + 10, m->crc);
    sn_store_u32(p + 14, size);
    sn_store_u32(p + 18, size);
    sn_store_u16(p + 22, (uint16_t)(strlen(m->name) + 4));
}

static sn_status put_name(sn_writer *w, const member *m) {
    SN_TRY(sn_writer_put(w, m->name, strlen(m->name)));
    return sn_writer_put(w, ".npy", 4);
}

static sn_status put_member(sn_writer *w, const member *m) {
    unsigned char local[local_size];
    sn_store_u32(local, 0x04034b50);
    put_common(local + 4, m);
    SN_TRY(sn_writer_put(w, local, sizeof local));
    SN_TRY(put_name(w, m));
    SN_TRY(sn_writer_put(w, m->header, m->header_size));
    return sn_writer_put(w, m->tensor->data, m->data_size);
}

static sn_status put_entry(sn_writer *w, const member *m) {
    unsigned char entry[entry_size] = {0};
    sn_store_u32(entry, 0x02014b50);
    sn_store_u16(entry + 4, version);
    put_common(entry + 6, m);
    sn_store_u32(entry + 42, m->offset);
    SN_TRY(sn_writer_put(w, entry, sizeof entry));
    return put_name(w, m);
}

static sn_status put_all(sn_writer *w, const member *members, int n) {
    unsigned char end[end_size] = {0};
    for (int i = 0; i < n; i++) SN_TRY(put_member(w, &members[i]));
    int64_t directory = sn_writer_offset(w);
    for (int i = 0; i < n; i++) SN_TRY(put_entry(w, &members[i]));
    sn_store_u32(end, 0x06054b50);
    sn_store_u16(end + 8, (uint16_t)n);
    sn_store_u16(end + 10, (uint16_t)n);
    sn_store_u32(end + 12, (uint32_t)(sn_writer_offset(w) - directory));
    sn_store_u32(end + 16, (uint32_t)directory);
    return sn_writer_put(w, end, sizeof end);
}

static sn_status write_file(const char *path, const member *members, int n) {
    sn_writer *w;
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = put_all(w, members, n);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}

sn_status sn_npz_write(const char *path, int n, const char *const *names, const sn_tensor *tensors) {
    if (!path || n < 0 || (n > 0 && (!names || !tensors)))
        return sn_fail(SN_ERR_ARGUMENT, "npz: a path and n >= 0 names and tensors are needed");
    if (n > most_members) return sn_fail(SN_ERR_LIMIT, "npz: %d arrays: at most %d are possible", n, most_members);
    member *members = sn_calloc((size_t)n, sizeof *members);
    if (!members) return sn_fail_memory("npz members");
    sn_name_index index = {0};
    uint64_t offset = 0;
    sn_status status = SN_OK;
    for (int i = 0; i < n && status == SN_OK; i++) {
        status = add_name(&index, names[i]);
        if (status == SN_OK) status = prepare(&members[i], names[i], &tensors[i], &offset);
    }
    if (status == SN_OK) status = write_file(path, members, n);
    sn_name_index_free(&index);
    sn_free(members);
    return status;
}
