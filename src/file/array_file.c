/* The arrays of a file whatever its format. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "file/npy.h"
#include "file/safetensors.h"

struct sn_array_file {
    char *name; /* of the file, without its folders */
    sn_npy npy; /* the only array, or the member read last */
    sn_npz *npz;
    sn_safetensors *safetensors;
};

static sn_status open_by_content(sn_array_file *f, const char *path) {
    sn_map map;
    SN_TRY(sn_map_open(path, &map));
    bool npy = map.size >= 6 && memcmp(map.data, "\x93NUMPY", 6) == 0;
    bool npz = map.size >= 4 && (memcmp(map.data, "PK\3\4", 4) == 0 || memcmp(map.data, "PK\5\6", 4) == 0);
    bool empty = map.size == 0;
    sn_map_close(&map);
    if (empty)
        return sn_fail(SN_ERR_FORMAT, "%s: the file is empty: an array is read from npy, npz or safetensors", path);
    if (npy) return sn_npy_open(path, &f->npy);
    if (npz) return sn_npz_open(path, NULL, &f->npz);
    sn_status status = sn_safetensors_open(path, NULL, &f->safetensors);
    if (status == SN_ERR_FORMAT)
        return sn_fail(status, "%s: neither npy nor npz nor safetensors (%s)", path, sn_last_error());
    return status;
}

sn_status sn_array_file_open(const char *path, sn_array_file **out) {
    sn_array_file *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a file of arrays");
    const char *slash = strrchr(path, '/');
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
    sn_free(f->name);
    sn_free(f);
}

int64_t sn_array_file_count(const sn_array_file *f) {
    return f->npz ? sn_npz_n_arrays(f->npz) : f->safetensors ? sn_safetensors_n_tensors(f->safetensors) : 1;
}

const char *sn_array_file_name(const sn_array_file *f, int64_t i) {
    if (f->npz) return sn_npz_name(f->npz, i);
    return f->safetensors ? sn_safetensors_tensor_name(f->safetensors, i) : f->name;
}

int64_t sn_array_file_find(const sn_array_file *f, const char *name) {
    for (int64_t i = 0; i < sn_array_file_count(f); i++)
        if (strcmp(sn_array_file_name(f, i), name) == 0) return i;
    return -1;
}

sn_status sn_array_file_get(sn_array_file *f, int64_t i, sn_tensor *out) {
    if (f->safetensors) return sn_safetensors_tensor_at(f->safetensors, i, out);
    if (f->npz) {
        sn_npy_close(&f->npy);
        SN_TRY(sn_npz_get(f->npz, sn_npz_name(f->npz, i), &f->npy));
    }
    *out = f->npy.tensor;
    return SN_OK;
}

/* ---- Elements as doubles ---- */

enum { chunk = 1024 };

/* The small types, exactly, by way of f32. */
static void by_f32(const sn_tensor *t, double *out, int64_t n) {
    float values[chunk];
    for (int64_t i = 0; i < n; i += chunk) {
        int64_t m = sn_min_i64(chunk, n - i);
        sn_to_f32(t->dtype, (const char *)t->data + i * sn_dtype_bytes(t->dtype), values, m);
        for (int64_t k = 0; k < m; k++) out[i + k] = values[k];
    }
}

sn_status sn_array_to_f64(const sn_tensor *t, double *out) {
    int64_t n = sn_tensor_count(t);
    const void *data = t->data;
    switch (t->dtype) {
    case SN_F64: memcpy(out, data, (size_t)n * sizeof *out); return SN_OK;
    case SN_I64:
        for (int64_t i = 0; i < n; i++) out[i] = (double)((const int64_t *)data)[i];
        return SN_OK;
    case SN_I32:
        for (int64_t i = 0; i < n; i++) out[i] = ((const int32_t *)data)[i];
        return SN_OK;
    case SN_U8:
        for (int64_t i = 0; i < n; i++) out[i] = ((const uint8_t *)data)[i];
        return SN_OK;
    default: break;
    }
    if (sn_dtype_is_block(t->dtype))
        return sn_fail(SN_ERR_UNSUPPORTED, "an array of %s has no plain elements: convert it first",
                       sn_dtype_name(t->dtype));
    by_f32(t, out, n);
    return SN_OK;
}
