/* The arrays of a file whatever its format. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "file/gguf.h"
#include "file/npy.h"
#include "file/safetensors.h"

struct sn_array_file {
    char *name;     /* of the file, without its folders */
    sn_npy npy;     /* the only array, or the member read last */
    int64_t member; /* its number */
    sn_npz *npz;
    sn_gguf *gguf;
    sn_safetensors *safetensors;
};

static sn_status open_by_content(sn_array_file *f, const char *path) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    bool npy = map.size >= 6 && memcmp(map.data, "\x93NUMPY", 6) == 0;
    bool npz = map.size >= 4 && (memcmp(map.data, "PK\3\4", 4) == 0 || memcmp(map.data, "PK\5\6", 4) == 0);
    bool gguf = map.size >= 4 && memcmp(map.data, "GGUF", 4) == 0;
    bool empty = map.size == 0;
    sn_map_close(&map);
    if (empty)
        return sn_fail(SN_ERR_FORMAT, "%s: the file is empty: an array is read from npy, npz, safetensors or GGUF",
                       path);
    if (npy) return sn_npy_open(path, &f->npy);
    if (npz) return sn_npz_open(path, NULL, &f->npz);
    if (gguf) return sn_gguf_open(path, &f->gguf);
    sn_status status = sn_safetensors_open(path, NULL, &f->safetensors);
    if (status == SN_ERR_FORMAT)
        return sn_fail(status, "%s: neither npy nor npz nor safetensors nor GGUF (%s)", path, sn_last_error());
    return status;
}

sn_status sn_array_file_open(const char *path, sn_array_file **out) {
    sn_array_file *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a file of arrays");
    const char *slash = strrchr(path, '/');
    f->member = -1;
    f->name = sn_strdup(slash ? slash + 1 : path);
    sn_status status = f->name ? open_by_content(f, path) : sn_fail_memory("a file of arrays");
    if (status == SN_OK)
        *out = f;
    else
        sn_array_file_close(f);
    return status;
}

void sn_array_file_close(sn_array_file *f) {
    if (!f) return;
    sn_npy_close(&f->npy);
    sn_npz_close(f->npz);
    sn_safetensors_close(f->safetensors);
    sn_gguf_close(f->gguf);
    sn_free(f->name);
    sn_free(f);
}

int64_t sn_array_file_count(const sn_array_file *f) {
    if (f->npz) return sn_npz_n_arrays(f->npz);
    if (f->gguf) return sn_gguf_n_tensors(f->gguf);
    return f->safetensors ? sn_safetensors_n_tensors(f->safetensors) : 1;
}

const char *sn_array_file_name(const sn_array_file *f, int64_t i) {
    if (f->npz) return sn_npz_name(f->npz, i);
    if (f->gguf) return sn_gguf_tensor_name(f->gguf, i);
    return f->safetensors ? sn_safetensors_tensor_name(f->safetensors, i) : f->name;
}

int64_t sn_array_file_find(const sn_array_file *f, const char *name) {
    if (f->gguf) return sn_gguf_find_tensor(f->gguf, name);
    if (f->safetensors) return sn_safetensors_find(f->safetensors, name);
    for (int64_t i = 0; i < sn_array_file_count(f); i++)
        if (strcmp(sn_array_file_name(f, i), name) == 0) return i;
    return -1;
}

static sn_status of_gguf(const sn_gguf *f, int64_t i, sn_stored *out) {
    sn_tensor t;
    SN_TRY(sn_gguf_tensor_at(f, i, &t));
    *out = (sn_stored){.element = sn_element_of(t.dtype), .n_dims = t.n_dims, .data = t.data};
    memcpy(out->shape, t.shape, sizeof t.shape);
    return SN_OK;
}

static sn_status get(sn_array_file *f, int64_t i, sn_stored *out) {
    if (f->safetensors) return sn_safetensors_stored_at(f->safetensors, i, out);
    if (f->gguf) return of_gguf(f->gguf, i, out);
    if (f->npz && f->member != i) {
        sn_npy_close(&f->npy);
        f->member = -1;
        SN_TRY(sn_npz_get(f->npz, sn_npz_name(f->npz, i), &f->npy));
        f->member = i;
    }
    *out = f->npy.array;
    return SN_OK;
}

sn_status sn_array_file_info(sn_array_file *f, int64_t i, sn_array_info *out) {
    sn_stored a;
    SN_TRY(get(f, i, &a));
    *out = (sn_array_info){
        .type = a.element->name, .n_dims = a.n_dims, .count = sn_stored_count(&a), .is_complex = a.element->parts == 2};
    memcpy(out->shape, a.shape, sizeof out->shape);
    return SN_OK;
}

sn_status sn_array_file_read(sn_array_file *f, int64_t i, int64_t from, int64_t n, double *out) {
    sn_stored a;
    SN_TRY(get(f, i, &a));
    if (from < 0 || n < 0 || n > sn_stored_count(&a) - from)
        return sn_fail(SN_ERR_ARGUMENT, "elements %lld to %lld of %lld", (long long)from, (long long)(from + n),
                       (long long)sn_stored_count(&a));
    sn_stored_read(&a, from, n, out);
    return SN_OK;
}
