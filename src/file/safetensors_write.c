#include "file/safetensors_write.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/json_write.h"
#include "file/safetensors.h"

enum { alignment = 8, widest = 8 };

typedef struct pair {
    sn_text key, value;
    struct pair *next;
} pair;

struct sn_safetensors_out {
    sn_arena arena;
    pair *metadata; /* the latest first */
    sn_tensor_list tensors;
};

sn_status sn_safetensors_out_new(sn_safetensors_out **out) {
    sn_safetensors_out *o = sn_calloc(1, sizeof *o);
    if (!o) return sn_fail_memory("a safetensors writer");
    *out = o;
    return SN_OK;
}

void sn_safetensors_out_free(sn_safetensors_out *out) {
    if (!out) return;
    sn_arena_free(&out->arena);
    sn_tensor_list_free(&out->tensors);
    sn_free(out);
}

static pair *find(const sn_safetensors_out *out, sn_text key) {
    pair *p = out->metadata;
    while (p && !sn_text_equal(p->key, key)) p = p->next;
    return p;
}

sn_status sn_safetensors_set(sn_safetensors_out *out, const char *key, sn_text value) {
    pair *p = find(out, sn_text_of(key));
    char *name = sn_arena_strdup(&out->arena, key);
    char *copy = sn_arena_strndup(&out->arena, value.data, value.size);
    pair *added = p ? p : sn_arena_alloc(&out->arena, sizeof *added);
    if (!name || !copy || !added) return sn_fail_memory("safetensors metadata");
    if (!p) {
        *added = (pair){.key = sn_text_of(name), .next = out->metadata};
        out->metadata = added;
    }
    added->value = (sn_text){copy, value.size};
    return SN_OK;
}

sn_status sn_safetensors_add(sn_safetensors_out *out, const char *name, sn_dtype dtype, int n_dims,
                             const int64_t *shape, const void *data, sn_data_fn fn, void *user) {
    if (!sn_safetensors_type_of(dtype))
        return sn_fail(SN_ERR_UNSUPPORTED, "safetensors: tensor \"%s\": the format has no type for %s", name,
                       sn_dtype_name(dtype));
    if (strcmp(name, "__metadata__") == 0)
        return sn_fail(SN_ERR_ARGUMENT, "safetensors: __metadata__ is no name for a tensor");
    return sn_tensor_list_add(&out->tensors, name, dtype, n_dims, shape, data, fn, user);
}

static void put_entry(sn_json_out *w, const char *name, const sn_tensor_out *t, int64_t offset) {
    sn_json_begin_object(w, name);
    sn_json_put_string(w, "dtype", sn_safetensors_type_of(t->tensor.dtype));
    sn_json_begin_array(w, "shape");
    for (int d = 0; d < t->tensor.n_dims; d++) sn_json_put_i64(w, NULL, t->tensor.shape[d]);
    sn_json_end(w);
    sn_json_begin_array(w, "data_offsets");
    sn_json_put_i64(w, NULL, offset);
    sn_json_put_i64(w, NULL, offset + t->bytes);
    sn_json_end(w);
    sn_json_end(w);
}

static sn_status make_header(const sn_safetensors_out *out, sn_json_out *w, sn_text *text) {
    int64_t offset = 0;
    sn_json_begin_object(w, NULL);
    if (out->metadata) {
        sn_json_begin_object(w, "__metadata__");
        for (const pair *p = out->metadata; p; p = p->next) sn_json_put_text(w, p->key.data, p->value);
        sn_json_end(w);
    }
    for (int64_t size = widest; size > 0; size /= 2)
        for (int64_t i = 0; i < out->tensors.n; i++) {
            const sn_tensor_out *t = &out->tensors.items[i];
            if (sn_dtype_bytes(t->tensor.dtype) != size) continue;
            put_entry(w, out->tensors.names.names[i].data, t, offset);
            offset += t->bytes;
        }
    return sn_json_finish(w, text);
}

static sn_status put_all(const sn_safetensors_out *out, sn_text header, sn_writer *w) {
    static const char blanks[alignment] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    unsigned char length[8];
    size_t padding = (alignment - header.size % alignment) % alignment;
    sn_store_u64(length, header.size + padding);
    SN_TRY(sn_writer_put(w, length, sizeof length));
    SN_TRY(sn_writer_put(w, header.data, header.size));
    SN_TRY(sn_writer_put(w, blanks, padding));
    for (int64_t size = widest; size > 0; size /= 2)
        for (int64_t i = 0; i < out->tensors.n; i++)
            if (sn_dtype_bytes(out->tensors.items[i].tensor.dtype) == size)
                SN_TRY(sn_tensor_list_put(&out->tensors, i, w));
    return SN_OK;
}

sn_status sn_safetensors_out_write(sn_safetensors_out *out, const char *path) {
    sn_json_out header = {0};
    sn_text text;
    sn_writer *w;
    sn_status status = make_header(out, &header, &text);
    if (status == SN_OK) status = sn_writer_open(path, &w);
    if (status != SN_OK) {
        sn_json_out_free(&header);
        return status;
    }
    status = put_all(out, text, w);
    sn_json_out_free(&header);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}
