/* The layout is the one of the GGUF specification (ggml, docs/gguf.md): magic, version, counts, metadata, tensor
 * infos, padding, data. All little-endian. */
#include "file/gguf.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/size.h"
#include "file/ggml_type.h"
#include "file/name_index.h"

#include <stdio.h>

enum { max_dims = 4, default_alignment = 32, smallest_value = 8 + 4 + 1, smallest_tensor = 8 + 4 + 4 + 8 };

typedef struct gguf_tensor {
    const char *name;
    uint32_t type;
    int n_dims;
    int64_t shape[max_dims]; /* outermost first */
    int64_t offset, bytes;   /* within the part's data section */
    const unsigned char *data;
} gguf_tensor;

struct sn_gguf {
    char *name; /* "gguf: path" */
    sn_read_limits limits;
    sn_map *maps; /* of the parts; none over memory */
    int n_maps, version;
    int64_t file_bytes;
    sn_arena arena;
    sn_gguf_value *values; /* of the first part */
    int64_t n_values;
    sn_name_index keys, names; /* names: of tensors, over all parts */
    gguf_tensor *tensors;
    int64_t n_tensors, tensor_capacity;
};

/* What the header of one part says. */
typedef struct part {
    uint64_t n_tensors, n_values;
    int64_t alignment, number, count, total_tensors; /* the last three from split.*; a lone file is part 0 of 1 */
    int64_t first_tensor;
} part;

/* ---- metadata ---- */

static sn_status read_strings(sn_gguf *f, sn_reader *r, sn_gguf_value *v) {
    sn_text *strings = sn_arena_array(&f->arena, (size_t)v->count, sizeof *strings);
    if (!strings) return sn_fail_memory("gguf strings");
    for (int64_t i = 0; i < v->count; i++) {
        uint64_t size;
        SN_TRY(sn_read_u64(r, "the length of a string", &size));
        SN_TRY(sn_read_text(r, "a string", size, &strings[i]));
    }
    v->strings = strings;
    return SN_OK;
}

static sn_status check_bools(const sn_reader *r, const sn_gguf_value *v) {
    for (int64_t i = 0; i < v->count; i++)
        if (v->data[i] > 1)
            return sn_fail(SN_ERR_FORMAT, "%s: a truth value is %d, neither 0 nor 1", r->name, v->data[i]);
    return SN_OK;
}

static sn_status read_array_head(sn_reader *r, sn_gguf_value *v) {
    uint32_t element;
    uint64_t count;
    SN_TRY(sn_read_u32(r, "the element type of an array", &element));
    if (element == SN_GGUF_ARRAY)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: an array of arrays: suan does not read these", r->name);
    if (element > SN_GGUF_F64) return sn_fail(SN_ERR_FORMAT, "%s: element type %u does not exist", r->name, element);
    SN_TRY(sn_read_u64(r, "the length of an array", &count));
    v->element = (sn_gguf_type)element;
    size_t size = sn_gguf_type_size(v->element);
    SN_TRY(sn_read_check_count(r, "array elements", count, size ? size : 8, INT64_MAX));
    v->count = (int64_t)count;
    return SN_OK;
}

/* Everything after the key. */
static sn_status read_value(sn_gguf *f, sn_reader *r, sn_gguf_value *v) {
    uint32_t type;
    SN_TRY(sn_read_u32(r, "a value type", &type));
    if (type > SN_GGUF_F64) return sn_fail(SN_ERR_FORMAT, "%s: value type %u does not exist", r->name, type);
    v->type = v->element = (sn_gguf_type)type;
    v->count = 1;
    if (v->type == SN_GGUF_ARRAY) SN_TRY(read_array_head(r, v));
    v->data = r->data + r->at;
    if (v->element == SN_GGUF_STRING) return read_strings(f, r, v);
    SN_TRY(sn_read_bytes(r, "a value", (uint64_t)v->count * sn_gguf_type_size(v->element), &v->data));
    return v->element == SN_GGUF_BOOL ? check_bools(r, v) : SN_OK;
}

static sn_status read_key(sn_reader *r, const char *what, sn_text *out) {
    uint64_t size;
    SN_TRY(sn_read_u64(r, what, &size));
    if (size > (uint64_t)r->limits->name_bytes)
        return sn_fail(SN_ERR_LIMIT, "%s: %s of %llu bytes, more than the limit of %lld", r->name, what,
                       (unsigned long long)size, (long long)r->limits->name_bytes);
    SN_TRY(sn_read_text(r, what, size, out));
    if (out->size && memchr(out->data, 0, out->size))
        return sn_fail(SN_ERR_FORMAT, "%s: %s holds a zero byte", r->name, what);
    return SN_OK;
}

/* Reads a part's metadata into `values` and the index `keys`. */
static sn_status read_values(sn_gguf *f, sn_reader *r, int64_t n, sn_gguf_value *values, sn_name_index *keys) {
    for (int64_t i = 0; i < n; i++) {
        int64_t item;
        bool found;
        SN_TRY(read_key(r, "a key", &values[i].key));
        const sn_text key = values[i].key;
        sn_status status = read_value(f, r, &values[i]);
        if (status != SN_OK)
            return sn_fail_in(status, "key \"%.*s\"", (int)sn_min_i64((int64_t)key.size, 100), key.data);
        SN_TRY(sn_name_index_add(keys, key, &item, &found));
        if (found)
            return sn_fail(SN_ERR_FORMAT, "%s: key \"%.*s\" appears twice", r->name,
                           (int)sn_min_i64((int64_t)key.size, 100), key.data);
    }
    return SN_OK;
}

static const sn_gguf_value *find(const sn_gguf_value *values, const sn_name_index *keys, const char *key) {
    int64_t i = sn_name_index_find(keys, sn_text_of(key));
    return i < 0 ? NULL : &values[i];
}

static sn_status whole_number(const sn_reader *r, const sn_gguf_value *v, const char *key, int64_t low, int64_t high,
                              int64_t *out) {
    if (!v) return SN_OK;
    int64_t n = sn_gguf_array_i64(v, 0);
    if (v->type == SN_GGUF_ARRAY || v->type == SN_GGUF_STRING || n < low || n > high)
        return sn_fail(SN_ERR_FORMAT, "%s: %s is a %s of value %lld, it must be a number from %lld to %lld", r->name,
                       key, sn_gguf_type_name(v->type), (long long)n, (long long)low, (long long)high);
    *out = n;
    return SN_OK;
}

static sn_status read_part_keys(const sn_gguf *f, const sn_reader *r, const sn_gguf_value *values,
                                const sn_name_index *keys, part *p) {
    p->alignment = default_alignment;
    p->number = 0, p->count = 1, p->total_tensors = -1;
    SN_TRY(whole_number(r, find(values, keys, "general.alignment"), "general.alignment", 8, 1 << 30, &p->alignment));
    if (p->alignment & (p->alignment - 1))
        return sn_fail(SN_ERR_FORMAT, "%s: general.alignment %lld is not a power of two", r->name,
                       (long long)p->alignment);
    const sn_gguf_value *count = find(values, keys, "split.count");
    SN_TRY(whole_number(r, count, "split.count", 0, f->limits.parts, &p->count));
    if (p->count < 1) p->count = 1;
    SN_TRY(whole_number(r, find(values, keys, "split.no"), "split.no", 0, p->count - 1, &p->number));
    return whole_number(r, find(values, keys, "split.tensors.count"), "split.tensors.count", 0, INT64_MAX,
                        &p->total_tensors);
}

/* ---- tensors ---- */

static sn_status read_dims(sn_reader *r, gguf_tensor *t) {
    uint32_t n_dims;
    SN_TRY(sn_read_u32(r, "a number of dimensions", &n_dims));
    if (n_dims > max_dims)
        return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" has %u dimensions, more than %d", r->name, t->name, n_dims,
                       max_dims);
    t->n_dims = (int)n_dims;
    for (int d = t->n_dims - 1; d >= 0; d--) {
        uint64_t size;
        SN_TRY(sn_read_u64(r, "a dimension", &size));
        if (size > INT64_MAX)
            return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" has a dimension of %llu", r->name, t->name,
                           (unsigned long long)size);
        t->shape[d] = (int64_t)size;
    }
    return SN_OK;
}

/* Types without a known size keep bytes = 0: they are refused when asked for. */
static sn_status measure(const sn_reader *r, gguf_tensor *t) {
    const sn_ggml_type *type = sn_ggml_type_get(t->type);
    int64_t count, extent;
    if (!sn_product_i64(t->shape, t->n_dims, &count) || !sn_extent_i64(t->shape, t->n_dims, &extent))
        return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" has more elements than fit in 63 bits", r->name, t->name);
    if (!type || !type->block) return SN_OK;
    int64_t row = t->n_dims ? t->shape[t->n_dims - 1] : 1;
    if (row % type->block)
        return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" is %s, but its rows of %lld are no multiple of %d",
                       r->name, t->name, type->name, (long long)row, type->block);
    if (!sn_mul_i64(extent / type->block, type->bytes, &extent))
        return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" has more bytes than fit in 63 bits", r->name, t->name);
    t->bytes = count / type->block * type->bytes; /* not above the extent */
    return SN_OK;
}

static sn_status read_tensor_info(sn_gguf *f, sn_reader *r, const part *p, gguf_tensor *t) {
    sn_text name;
    uint64_t offset;
    int64_t item;
    bool found;
    SN_TRY(read_key(r, "a tensor name", &name));
    t->name = sn_arena_strndup(&f->arena, name.data, name.size);
    if (!t->name) return sn_fail_memory("a tensor name");
    SN_TRY(read_dims(r, t));
    SN_TRY(sn_read_u32(r, "a tensor type", &t->type));
    SN_TRY(sn_read_u64(r, "a tensor offset", &offset));
    if (offset > INT64_MAX || offset % (uint64_t)p->alignment)
        return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" is at offset %llu, no multiple of the alignment %lld",
                       r->name, t->name, (unsigned long long)offset, (long long)p->alignment);
    t->offset = (int64_t)offset;
    SN_TRY(measure(r, t));
    SN_TRY(sn_name_index_add(&f->names, (sn_text){t->name, name.size}, &item, &found));
    if (found) return sn_fail(SN_ERR_FORMAT, "%s: tensor \"%.100s\" appears twice", r->name, t->name);
    return SN_OK;
}

static sn_status reserve_tensors(sn_gguf *f, int64_t more) {
    int64_t need = f->n_tensors + more;
    if (need <= f->tensor_capacity) return SN_OK;
    gguf_tensor *tensors = sn_realloc(f->tensors, (size_t)need * sizeof *tensors);
    if (!tensors) return sn_fail_memory("gguf tensors");
    f->tensors = tensors;
    f->tensor_capacity = need;
    return SN_OK;
}

/* The data of every tensor must exist. Together they must not be larger than the data either, or a small file
 * could name the same bytes a million times. */
static sn_status place_tensors(sn_gguf *f, sn_reader *r, const part *p) {
    if (p->n_tensors) sn_read_align(r, (size_t)p->alignment);
    int64_t size = (int64_t)sn_reader_left(r), total = 0;
    for (int64_t i = p->first_tensor; i < f->n_tensors; i++) {
        gguf_tensor *t = &f->tensors[i];
        if (t->offset > size || t->bytes > size - t->offset)
            return sn_fail(SN_ERR_FORMAT,
                           "%s: tensor \"%.100s\" has %lld bytes at offset %lld of %lld: the file is cut short",
                           r->name, t->name, (long long)t->bytes, (long long)t->offset, (long long)size);
        if (t->bytes > size - total)
            return sn_fail(SN_ERR_FORMAT, "%s: tensors overlap (seen at \"%.100s\")", r->name, t->name);
        total += t->bytes;
        t->data = t->bytes ? r->data + r->at + t->offset : r->data; /* a file may end unaligned after an empty one */
    }
    return SN_OK;
}

/* ---- a part, a file, all parts ---- */

static sn_status read_header(sn_reader *r, int *version, part *p) {
    const unsigned char *magic;
    uint32_t number;
    SN_TRY(sn_read_bytes(r, "the magic number", 4, &magic));
    if (memcmp(magic, "GGUF", 4) != 0) return sn_fail(SN_ERR_FORMAT, "%s: this is not a GGUF file", r->name);
    SN_TRY(sn_read_u32(r, "the version", &number));
    if (number && !(number & 0xffff))
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: a big-endian file: convert it to little-endian", r->name);
    if (number != 2 && number != 3)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: version %u, suan reads 2 and 3", r->name, number);
    *version = (int)number;
    SN_TRY(sn_read_u64(r, "the number of tensors", &p->n_tensors));
    SN_TRY(sn_read_u64(r, "the number of keys", &p->n_values));
    SN_TRY(sn_read_check_count(r, "keys", p->n_values, smallest_value, r->limits->items));
    return sn_read_check_count(r, "tensors", p->n_tensors, smallest_tensor, r->limits->items);
}

/* Reads one part. The caller gives the place for the metadata: the file's own for the first part. */
static sn_status read_part(sn_gguf *f, sn_reader *r, part *p, sn_gguf_value **values, sn_name_index *keys) {
    int version;
    SN_TRY(read_header(r, &version, p));
    if (!f->version) f->version = version;
    *values = sn_arena_array(&f->arena, (size_t)p->n_values, sizeof **values);
    if (!*values) return sn_fail_memory("gguf metadata");
    SN_TRY(read_values(f, r, (int64_t)p->n_values, *values, keys));
    SN_TRY(read_part_keys(f, r, *values, keys, p));
    SN_TRY(sn_read_check_count(r, "tensors", p->n_tensors, smallest_tensor, r->limits->items));
    SN_TRY(reserve_tensors(f, (int64_t)p->n_tensors));
    p->first_tensor = f->n_tensors;
    for (uint64_t i = 0; i < p->n_tensors; i++) {
        f->tensors[f->n_tensors] = (gguf_tensor){0};
        SN_TRY(read_tensor_info(f, r, p, &f->tensors[f->n_tensors]));
        f->n_tensors++;
    }
    f->file_bytes += (int64_t)r->size;
    return place_tensors(f, r, p);
}

static sn_status read_first_part(sn_gguf *f, const void *data, size_t size, part *p) {
    sn_reader r = sn_reader_make(f->name, data, size, &f->limits);
    SN_TRY(read_part(f, &r, p, &f->values, &f->keys));
    f->n_values = (int64_t)p->n_values;
    if (p->number != 0)
        return sn_fail(SN_ERR_ARGUMENT, "%s: this is part %lld of %lld: give the first part", f->name,
                       (long long)p->number + 1, (long long)p->count);
    return SN_OK;
}

/* Keys and tensor names of later parts live in their maps, their metadata is only checked. */
static sn_status read_later_part(sn_gguf *f, const char *path, int64_t number, int64_t count) {
    sn_map *map = &f->maps[f->n_maps];
    SN_TRY(sn_map_open(path, map));
    f->n_maps++;
    char *name = sn_arena_alloc(&f->arena, strlen(path) + 8);
    if (!name) return sn_fail_memory("a file name");
    snprintf(name, strlen(path) + 8, "gguf: %s", path);
    sn_reader r = sn_reader_make(name, map->data, map->size, &f->limits);
    part p;
    sn_gguf_value *values;
    sn_name_index keys = {0};
    sn_status status = read_part(f, &r, &p, &values, &keys);
    sn_name_index_free(&keys);
    SN_TRY(status);
    if (p.number != number || p.count != count)
        return sn_fail(SN_ERR_FORMAT, "%s: this is part %lld of %lld where part %lld of %lld was expected", name,
                       (long long)p.number + 1, (long long)p.count, (long long)number + 1, (long long)count);
    return SN_OK;
}

static sn_status read_later_parts(sn_gguf *f, const char *path, const part *first) {
    char ending[64];
    int n = snprintf(ending, sizeof ending, "-00001-of-%05lld.gguf", (long long)first->count);
    size_t length = strlen(path), stem = length - (size_t)n;
    if (length < (size_t)n || strcmp(path + stem, ending) != 0)
        return sn_fail(SN_ERR_ARGUMENT, "%s: the first of %lld parts: its name must end in %s to find the others",
                       f->name, (long long)first->count, ending);
    sn_map *maps = sn_realloc(f->maps, (size_t)first->count * sizeof *maps);
    if (!maps) return sn_fail_memory("gguf parts");
    f->maps = maps;
    for (int64_t i = 1; i < first->count; i++) {
        char *other = sn_arena_alloc(&f->arena, length + 32);
        if (!other) return sn_fail_memory("a file name");
        snprintf(other, length + 32, "%.*s-%05lld-of-%05lld.gguf", (int)stem, path, (long long)i + 1,
                 (long long)first->count);
        SN_TRY(read_later_part(f, other, i, first->count));
    }
    if (first->total_tensors >= 0 && first->total_tensors != f->n_tensors)
        return sn_fail(SN_ERR_FORMAT, "%s: the parts hold %lld tensors, split.tensors.count says %lld", f->name,
                       (long long)f->n_tensors, (long long)first->total_tensors);
    return SN_OK;
}

static sn_status gguf_new(const char *name, const sn_read_limits *limits, sn_gguf **out) {
    sn_gguf *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a gguf file");
    f->limits = limits ? *limits : sn_read_limits_default;
    f->maps = sn_calloc(1, sizeof *f->maps);
    f->name = sn_alloc(strlen(name) + 8);
    if (!f->name || !f->maps) {
        sn_gguf_close(f);
        return sn_fail_memory("a gguf file");
    }
    snprintf(f->name, strlen(name) + 8, "gguf: %s", name);
    *out = f;
    return SN_OK;
}

static sn_status open_parts(sn_gguf *f, const char *path) {
    part first;
    SN_TRY(sn_map_open(path, f->maps));
    f->n_maps = 1;
    SN_TRY(read_first_part(f, f->maps[0].data, f->maps[0].size, &first));
    return first.count > 1 ? read_later_parts(f, path, &first) : SN_OK;
}

static sn_status finish(sn_status status, sn_gguf *f, sn_gguf **out) {
    if (status == SN_OK)
        *out = f;
    else
        sn_gguf_close(f);
    return status;
}

sn_status sn_gguf_open_limited(const char *path, const sn_read_limits *limits, sn_gguf **out) {
    sn_gguf *f;
    SN_TRY(gguf_new(path, limits, &f));
    return finish(open_parts(f, path), f, out);
}

sn_status sn_gguf_open(const char *path, sn_gguf **out) { return sn_gguf_open_limited(path, NULL, out); }

sn_status sn_gguf_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                              sn_gguf **out) {
    sn_gguf *f;
    part first;
    if ((uintptr_t)data % 8) return sn_fail(SN_ERR_ARGUMENT, "gguf: %s: the memory must be 8-byte aligned", name);
    SN_TRY(gguf_new(name, limits, &f));
    sn_status status = read_first_part(f, data, size, &first);
    if (status == SN_OK && first.count > 1)
        status = sn_fail(SN_ERR_UNSUPPORTED, "%s: one of %lld parts: a split file must be opened by its path", f->name,
                         (long long)first.count);
    return finish(status, f, out);
}

void sn_gguf_close(sn_gguf *f) {
    if (!f) return;
    for (int i = 0; i < f->n_maps; i++) sn_map_close(&f->maps[i]);
    sn_free(f->maps);
    sn_free(f->name);
    sn_free(f->tensors);
    sn_name_index_free(&f->keys);
    sn_name_index_free(&f->names);
    sn_arena_free(&f->arena);
    sn_free(f);
}

/* ---- access ---- */

int sn_gguf_version(const sn_gguf *f) { return f->version; }
int64_t sn_gguf_file_bytes(const sn_gguf *f) { return f->file_bytes; }
int64_t sn_gguf_n_values(const sn_gguf *f) { return f->n_values; }
const sn_gguf_value *sn_gguf_value_at(const sn_gguf *f, int64_t i) { return &f->values[i]; }
const sn_gguf_value *sn_gguf_find(const sn_gguf *f, const char *key) { return find(f->values, &f->keys, key); }
const char *sn_gguf_name(const sn_gguf *f) { return f->name; }

int64_t sn_gguf_n_tensors(const sn_gguf *f) { return f->n_tensors; }
const char *sn_gguf_tensor_name(const sn_gguf *f, int64_t i) { return f->tensors[i].name; }
int64_t sn_gguf_find_tensor(const sn_gguf *f, const char *name) {
    return sn_name_index_find(&f->names, sn_text_of(name));
}
int64_t sn_gguf_tensor_bytes(const sn_gguf *f, int64_t i) { return f->tensors[i].bytes; }

int sn_gguf_tensor_shape(const sn_gguf *f, int64_t i, int64_t shape[4]) {
    memcpy(shape, f->tensors[i].shape, sizeof f->tensors[i].shape);
    return f->tensors[i].n_dims;
}

const char *sn_gguf_tensor_type_name(const sn_gguf *f, int64_t i) {
    const sn_ggml_type *type = sn_ggml_type_get(f->tensors[i].type);
    return type ? type->name : "unknown";
}

sn_status sn_gguf_tensor_at(const sn_gguf *f, int64_t i, sn_tensor *out) {
    const gguf_tensor *t = &f->tensors[i];
    const sn_ggml_type *type = sn_ggml_type_get(t->type);
    if (!type || type->dtype < 0)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: tensor \"%.100s\" is stored as %s (type %u), which suan cannot read",
                       f->name, t->name, sn_gguf_tensor_type_name(f, i), t->type);
    *out = sn_tensor_make((sn_dtype)type->dtype, t->n_dims, t->shape, t->data);
    return SN_OK;
}

sn_status sn_gguf_tensor(const sn_gguf *f, const char *name, sn_tensor *out) {
    int64_t i = sn_gguf_find_tensor(f, name);
    if (i < 0) return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no tensor \"%.100s\"", f->name, name);
    return sn_gguf_tensor_at(f, i, out);
}
