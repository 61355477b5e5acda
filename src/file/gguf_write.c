#include "file/gguf_write.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/size.h"
#include "file/ggml_type.h"

enum { alignment = 32, max_dims = 4 };

/* Type and value as they are in the file. */
typedef struct out_value {
    unsigned char *data;
    size_t size;
} out_value;

struct sn_gguf_out {
    sn_arena arena;
    sn_name_index keys; /* numbers `values` */
    out_value *values;
    int64_t value_capacity;
    sn_tensor_list tensors;
};

sn_status sn_gguf_out_new(sn_gguf_out **out) {
    sn_gguf_out *o = sn_calloc(1, sizeof *o);
    if (!o) return sn_fail_memory("a gguf writer");
    *out = o;
    return SN_OK;
}

void sn_gguf_out_free(sn_gguf_out *out) {
    if (!out) return;
    sn_name_index_free(&out->keys);
    sn_free(out->values);
    sn_tensor_list_free(&out->tensors);
    sn_arena_free(&out->arena);
    sn_free(out);
}

/* ---- metadata ---- */

static sn_status reserve_value(sn_gguf_out *out) {
    if (out->keys.n < out->value_capacity) return SN_OK;
    int64_t capacity = out->value_capacity ? out->value_capacity * 2 : 32;
    out_value *values = sn_realloc(out->values, (size_t)capacity * sizeof *values);
    if (!values) return sn_fail_memory("gguf values");
    out->values = values;
    out->value_capacity = capacity;
    return SN_OK;
}

/* The place for a value of `size` bytes after its type word. */
static sn_status new_value(sn_gguf_out *out, sn_text key, sn_gguf_type type, size_t size, unsigned char **to) {
    int64_t item;
    bool found;
    char *name = sn_arena_strndup(&out->arena, key.data, key.size);
    unsigned char *data = sn_arena_alloc(&out->arena, size + 4);
    if (!name || !data) return sn_fail_memory("a gguf value");
    SN_TRY(reserve_value(out));
    SN_TRY(sn_name_index_add(&out->keys, (sn_text){name, key.size}, &item, &found));
    out->values[item] = (out_value){data, size + 4};
    sn_store_u32(data, (uint32_t)type);
    *to = data + 4;
    return SN_OK;
}

static void store(unsigned char *to, uint64_t bits, size_t size) {
    for (size_t i = 0; i < size; i++) to[i] = (unsigned char)(bits >> 8 * i);
}

static sn_status set_number(sn_gguf_out *out, const char *key, sn_gguf_type type, uint64_t bits) {
    unsigned char *to;
    SN_TRY(new_value(out, sn_text_of(key), type, sn_gguf_type_size(type), &to));
    store(to, bits, sn_gguf_type_size(type));
    return SN_OK;
}

sn_status sn_gguf_set_u32(sn_gguf_out *out, const char *key, uint32_t v) {
    return set_number(out, key, SN_GGUF_U32, v);
}
sn_status sn_gguf_set_i32(sn_gguf_out *out, const char *key, int32_t v) {
    return set_number(out, key, SN_GGUF_I32, (uint32_t)v);
}
sn_status sn_gguf_set_u64(sn_gguf_out *out, const char *key, uint64_t v) {
    return set_number(out, key, SN_GGUF_U64, v);
}
sn_status sn_gguf_set_bool(sn_gguf_out *out, const char *key, bool v) { return set_number(out, key, SN_GGUF_BOOL, v); }
sn_status sn_gguf_set_f32(sn_gguf_out *out, const char *key, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return set_number(out, key, SN_GGUF_F32, bits);
}

static unsigned char *store_text(unsigned char *to, sn_text text) {
    sn_store_u64(to, text.size);
    if (text.size) memcpy(to + 8, text.data, text.size);
    return to + 8 + text.size;
}

sn_status sn_gguf_set_text(sn_gguf_out *out, const char *key, sn_text v) {
    unsigned char *to;
    SN_TRY(new_value(out, sn_text_of(key), SN_GGUF_STRING, 8 + v.size, &to));
    store_text(to, v);
    return SN_OK;
}

sn_status sn_gguf_set_string(sn_gguf_out *out, const char *key, const char *v) {
    return sn_gguf_set_text(out, key, sn_text_of(v));
}

static sn_status new_array(sn_gguf_out *out, sn_text key, sn_gguf_type element, int64_t n, size_t size,
                           unsigned char **to) {
    SN_TRY(new_value(out, key, SN_GGUF_ARRAY, 12 + size, to));
    sn_store_u32(*to, (uint32_t)element);
    sn_store_u64(*to + 4, (uint64_t)n);
    *to += 12;
    return SN_OK;
}

sn_status sn_gguf_set_array(sn_gguf_out *out, const char *key, sn_gguf_type element, const void *values, int64_t n) {
    size_t size = sn_gguf_type_size(element);
    unsigned char *to;
    if (!size || n < 0)
        return sn_fail(SN_ERR_ARGUMENT, "gguf: \"%s\": an array of %s", key, sn_gguf_type_name(element));
    SN_TRY(new_array(out, sn_text_of(key), element, n, (size_t)n * size, &to));
    const unsigned char *from = values;
    for (int64_t i = 0; i < n; i++, from += size, to += size) {
        uint16_t half;
        uint32_t word;
        uint64_t bits = *from;
        if (size == 2) memcpy(&half, from, 2), bits = half;
        if (size == 4) memcpy(&word, from, 4), bits = word;
        if (size == 8) memcpy(&bits, from, 8);
        store(to, bits, size);
    }
    return SN_OK;
}

static sn_status set_texts(sn_gguf_out *out, sn_text key, const sn_text *values, int64_t n) {
    size_t size = 0;
    unsigned char *to;
    for (int64_t i = 0; i < n; i++) size += 8 + values[i].size;
    SN_TRY(new_array(out, key, SN_GGUF_STRING, n, size, &to));
    for (int64_t i = 0; i < n; i++) to = store_text(to, values[i]);
    return SN_OK;
}

sn_status sn_gguf_set_texts(sn_gguf_out *out, const char *key, const sn_text *values, int64_t n) {
    return set_texts(out, sn_text_of(key), values, n);
}

sn_status sn_gguf_set_value(sn_gguf_out *out, const sn_gguf_value *v) {
    unsigned char *to;
    size_t size = (size_t)v->count * sn_gguf_type_size(v->element);
    if (v->key.size >= 6 && memcmp(v->key.data, "split.", 6) == 0) return SN_OK;
    if (v->type == SN_GGUF_ARRAY && v->element == SN_GGUF_STRING) return set_texts(out, v->key, v->strings, v->count);
    if (v->type == SN_GGUF_STRING) {
        SN_TRY(new_value(out, v->key, SN_GGUF_STRING, 8 + v->strings->size, &to));
        store_text(to, *v->strings);
        return SN_OK;
    }
    if (v->type == SN_GGUF_ARRAY)
        SN_TRY(new_array(out, v->key, v->element, v->count, size, &to));
    else
        SN_TRY(new_value(out, v->key, v->type, size, &to));
    if (size) memcpy(to, v->data, size); /* both are little-endian */
    return SN_OK;
}

/* ---- tensors ---- */

sn_status sn_gguf_add_tensor(sn_gguf_out *out, const char *name, sn_dtype dtype, int n_dims, const int64_t *shape,
                             const void *data, sn_data_fn fn, void *user) {
    if (sn_ggml_type_of(dtype) < 0)
        return sn_fail(SN_ERR_UNSUPPORTED, "gguf: tensor \"%s\": GGUF has no type for %s", name, sn_dtype_name(dtype));
    if (n_dims > max_dims)
        return sn_fail(SN_ERR_UNSUPPORTED, "gguf: tensor \"%s\" has %d dimensions, GGUF holds at most %d", name, n_dims,
                       max_dims);
    return sn_tensor_list_add(&out->tensors, name, dtype, n_dims, shape, data, fn, user);
}

/* ---- the file ---- */

static sn_status put_u32(sn_writer *w, uint32_t v) {
    unsigned char p[4];
    sn_store_u32(p, v);
    return sn_writer_put(w, p, sizeof p);
}

static sn_status put_u64(sn_writer *w, uint64_t v) {
    unsigned char p[8];
    sn_store_u64(p, v);
    return sn_writer_put(w, p, sizeof p);
}

static sn_status put_text(sn_writer *w, sn_text text) {
    SN_TRY(put_u64(w, text.size));
    return sn_writer_put(w, text.data, text.size);
}

static sn_status put_tensor_info(sn_writer *w, sn_text name, const sn_tensor *t, int64_t offset) {
    SN_TRY(put_text(w, name));
    SN_TRY(put_u32(w, (uint32_t)t->n_dims));
    for (int d = t->n_dims - 1; d >= 0; d--) SN_TRY(put_u64(w, (uint64_t)t->shape[d]));
    SN_TRY(put_u32(w, (uint32_t)sn_ggml_type_of(t->dtype)));
    return put_u64(w, (uint64_t)offset);
}

static sn_status put_header(const sn_gguf_out *out, sn_writer *w) {
    SN_TRY(sn_writer_put(w, "GGUF", 4));
    SN_TRY(put_u32(w, 3));
    SN_TRY(put_u64(w, (uint64_t)out->tensors.n));
    SN_TRY(put_u64(w, (uint64_t)out->keys.n));
    for (int64_t i = 0; i < out->keys.n; i++) {
        SN_TRY(put_text(w, out->keys.names[i]));
        SN_TRY(sn_writer_put(w, out->values[i].data, out->values[i].size));
    }
    int64_t offset = 0;
    for (int64_t i = 0; i < out->tensors.n; i++) {
        const sn_tensor_out *t = &out->tensors.items[i];
        SN_TRY(put_tensor_info(w, out->tensors.names.names[i], &t->tensor, offset));
        offset += sn_round_up(t->bytes, alignment);
    }
    return sn_writer_pad(w, alignment);
}

static sn_status put_all(const sn_gguf_out *out, sn_writer *w) {
    SN_TRY(put_header(out, w));
    for (int64_t i = 0; i < out->tensors.n; i++) {
        SN_TRY(sn_tensor_list_put(&out->tensors, i, w));
        SN_TRY(sn_writer_pad(w, alignment));
    }
    return SN_OK;
}

sn_status sn_gguf_out_write(sn_gguf_out *out, const char *path) {
    sn_writer *w;
    SN_TRY(sn_gguf_set_u32(out, "general.alignment", alignment));
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = put_all(out, w);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}
