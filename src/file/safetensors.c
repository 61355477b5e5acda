/* Layout: the length of the header as u64, the header as a JSON object, the data. */
#include "file/safetensors.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "base/size.h"
#include "file/json.h"
#include "file/name_index.h"

#include <stdio.h>
#include <stdlib.h>

/* Bits of one element. A type that is not here has an unknown size and is refused when asked for. */
typedef struct type_def {
    const char *name;
    int bits, dtype;     /* dtype -1: suan has none to compute with */
    const char *element; /* NULL: nor can its elements be read */
} type_def;

static const type_def types[] = {
    {"F64", 64, SN_F64, "f64"},    {"F32", 32, SN_F32, "f32"},    {"F16", 16, SN_F16, "f16"},
    {"BF16", 16, SN_BF16, "bf16"}, {"I64", 64, SN_I64, "i64"},    {"I32", 32, SN_I32, "i32"},
    {"I8", 8, SN_I8, "i8"},        {"U8", 8, SN_U8, "u8"},        {"BOOL", 8, SN_U8, "bool"},
    {"I16", 16, -1, "i16"},        {"U16", 16, -1, "u16"},        {"U32", 32, -1, "u32"},
    {"U64", 64, -1, "u64"},        {"C64", 64, -1, "complex64"},  {"F8_E4M3", 8, -1, "f8_e4m3"},
    {"F8_E5M2", 8, -1, "f8_e5m2"}, {"F8_E8M0", 8, -1, "f8_e8m0"}, {"F6_E2M3", 6, -1, NULL},
    {"F6_E3M2", 6, -1, NULL},      {"F4", 4, -1, NULL},
};
enum { n_types = sizeof types / sizeof *types };

typedef struct entry {
    const char *type_name;
    const type_def *type; /* NULL: unknown */
    int n_dims;
    int64_t shape[SN_ARRAY_MAX_DIMS], begin, end;
    const unsigned char *data;
    void *copy; /* aligned; NULL where the map is */
} entry;

struct sn_safetensors {
    char *name;
    sn_read_limits limits;
    sn_arena arena;
    sn_map *maps;
    int64_t n_maps, file_bytes;
    sn_name_index names, keys;
    sn_text *values; /* of the metadata, by key */
    entry *entries;
    int64_t capacity;
};

const char *sn_safetensors_type_of(sn_dtype dtype) {
    for (int i = 0; i < n_types; i++)
        if (types[i].dtype == (int)dtype) return types[i].name;
    return NULL;
}

static const type_def *find_type(sn_text name) {
    for (int i = 0; i < n_types; i++)
        if (sn_text_is(name, types[i].name)) return &types[i];
    return NULL;
}

/* ---- one tensor ---- */

static sn_status read_shape(const char *name, const sn_json *shape, entry *e, int64_t *count) {
    if (shape->count > SN_ARRAY_MAX_DIMS)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: %lld dimensions, at most %d are possible", name,
                       (long long)shape->count, SN_ARRAY_MAX_DIMS);
    e->n_dims = (int)shape->count;
    for (int d = 0; d < e->n_dims; d++) {
        const sn_json *size = &shape->items[d];
        if (size->kind != SN_JSON_INTEGER || size->integer < 0)
            return sn_fail(SN_ERR_FORMAT, "%s: a dimension is %s, not a size", name, sn_json_kind_name(size->kind));
        e->shape[d] = size->integer;
    }
    int64_t extent;
    if (!sn_product_i64(e->shape, e->n_dims, count) || !sn_extent_i64(e->shape, e->n_dims, &extent) ||
        !sn_mul_i64(extent, 64, &extent))
        return sn_fail(SN_ERR_FORMAT, "%s: more bytes than fit in 63 bits", name);
    return SN_OK;
}

static sn_status read_offsets(const char *name, const sn_json *offsets, int64_t size, entry *e) {
    if (offsets->count != 2 || offsets->items[0].kind != SN_JSON_INTEGER || offsets->items[1].kind != SN_JSON_INTEGER)
        return sn_fail(SN_ERR_FORMAT, "%s: data_offsets must be two whole numbers", name);
    e->begin = offsets->items[0].integer;
    e->end = offsets->items[1].integer;
    if (e->begin < 0 || e->end < e->begin || e->end > size)
        return sn_fail(SN_ERR_FORMAT, "%s: bytes %lld to %lld of %lld: the file is cut short or damaged", name,
                       (long long)e->begin, (long long)e->end, (long long)size);
    return SN_OK;
}

static sn_status read_entry(sn_safetensors *f, const char *name, const sn_json *from, int64_t size, entry *e) {
    sn_text type;
    const sn_json *shape, *offsets;
    int64_t count = 0, bits;
    if (from->kind != SN_JSON_OBJECT)
        return sn_fail(SN_ERR_FORMAT, "%s: must be an object, it is %s", name, sn_json_kind_name(from->kind));
    sn_status status = sn_json_get_text(from, "dtype", &type, NULL);
    if (status == SN_OK) status = sn_json_get_array(from, "shape", &shape, NULL);
    if (status == SN_OK) status = sn_json_get_array(from, "data_offsets", &offsets, NULL);
    if (status != SN_OK) return sn_fail_in(status == SN_ERR_NOT_FOUND ? SN_ERR_FORMAT : status, "%s", name);
    e->type = find_type(type);
    e->type_name = sn_arena_strndup(&f->arena, type.data, type.size);
    if (!e->type_name) return sn_fail_memory("a tensor type");
    SN_TRY(read_offsets(name, offsets, size, e));
    SN_TRY(read_shape(name, shape, e, &count));
    if (!e->type) return SN_OK;
    if (!sn_mul_i64(count, e->type->bits, &bits) || bits % 8 || bits / 8 != e->end - e->begin)
        return sn_fail(SN_ERR_FORMAT, "%s: %lld elements of %s are not the %lld bytes it has", name, (long long)count,
                       e->type_name, (long long)(e->end - e->begin));
    return SN_OK;
}

/* ---- one file ---- */

static sn_status reserve(sn_safetensors *f, int64_t more) {
    int64_t need = f->names.n + more;
    if (need <= f->capacity) return SN_OK;
    entry *entries = sn_realloc(f->entries, (size_t)need * sizeof *entries);
    if (!entries) return sn_fail_memory("safetensors entries");
    f->entries = entries;
    f->capacity = need;
    return SN_OK;
}

static sn_status copy_text(sn_safetensors *f, sn_text from, sn_text *out) {
    char *copy = sn_arena_strndup(&f->arena, from.data, from.size);
    if (!copy) return sn_fail_memory("a safetensors name");
    *out = (sn_text){copy, from.size};
    return SN_OK;
}

static sn_status read_metadata(sn_safetensors *f, const char *name, const sn_json *from) {
    if (from->kind != SN_JSON_OBJECT)
        return sn_fail(SN_ERR_FORMAT, "%s: __metadata__ must be an object of strings", name);
    f->values = sn_arena_array(&f->arena, (size_t)from->count, sizeof *f->values);
    if (!f->values) return sn_fail_memory("safetensors metadata");
    for (int64_t i = 0; i < from->count; i++) {
        sn_text key;
        int64_t item;
        bool found;
        if (from->items[i].kind != SN_JSON_STRING)
            return sn_fail(SN_ERR_FORMAT, "%s: __metadata__ must be an object of strings", name);
        SN_TRY(copy_text(f, from->keys[i], &key));
        SN_TRY(copy_text(f, from->items[i].text, &f->values[i]));
        SN_TRY(sn_name_index_add(&f->keys, key, &item, &found));
    }
    return SN_OK;
}

static int by_place(const void *a, const void *b) {
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
    int begin = (x->begin > y->begin) - (x->begin < y->begin);
    return begin ? begin : (x->end > y->end) - (x->end < y->end);
}

/* The tensors, in the order of their bytes, must fill the data without a gap or an overlap. */
static sn_status check_places(const sn_safetensors *f, const char *name, int64_t first, int64_t size) {
    int64_t n = f->names.n - first, at = 0;
    const entry **order = sn_calloc((size_t)n, sizeof *order);
    if (!order) return sn_fail_memory("safetensors offsets");
    for (int64_t i = 0; i < n; i++) order[i] = &f->entries[first + i];
    qsort(order, (size_t)n, sizeof *order, by_place);
    int64_t i = 0;
    for (; i < n && order[i]->begin == at; i++) at = order[i]->end;
    int64_t begin = i < n ? order[i]->begin : size;
    sn_free(order);
    if (begin == at) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: tensors %s at byte %lld of the data", name,
                   begin < at ? "overlap" : "leave a hole", (long long)at);
}

static sn_status read_header(sn_safetensors *f, const char *name, const sn_json *header, const unsigned char *data,
                             int64_t size) {
    int64_t first = f->names.n;
    if (header->kind != SN_JSON_OBJECT) return sn_fail(SN_ERR_FORMAT, "%s: the header is no JSON object", name);
    SN_TRY(reserve(f, header->count));
    for (int64_t i = 0; i < header->count; i++) {
        sn_text tensor;
        int64_t item;
        bool found;
        if (sn_text_is(header->keys[i], "__metadata__")) {
            if (!f->values) SN_TRY(read_metadata(f, name, &header->items[i]));
            continue;
        }
        SN_TRY(copy_text(f, header->keys[i], &tensor));
        if (memchr(tensor.data, 0, tensor.size))
            return sn_fail(SN_ERR_FORMAT, "%s: a tensor name holds a zero byte", name);
        char where[512];
        snprintf(where, sizeof where, "%.300s: tensor \"%.150s\"", name, tensor.data);
        entry e = {0};
        SN_TRY(read_entry(f, where, &header->items[i], size, &e));
        e.data = data + e.begin;
        SN_TRY(sn_name_index_add(&f->names, tensor, &item, &found));
        if (found) return sn_fail(SN_ERR_FORMAT, "%s: it is in two shards", where);
        f->entries[item] = e;
    }
    return check_places(f, name, first, size);
}

static sn_status read_file(sn_safetensors *f, const char *path, const void *data, size_t size) {
    char name[400];
    uint64_t length;
    const unsigned char *text = NULL;
    snprintf(name, sizeof name, "safetensors: %.380s", path);
    sn_reader r = sn_reader_make(name, data, size, &f->limits);
    SN_TRY(sn_read_u64(&r, "the length of the header", &length));
    if (length > sn_reader_left(&r))
        return sn_fail(SN_ERR_FORMAT,
                       "%s: a header of %llu bytes in a file of %zu: it is cut short or no safetensors file", name,
                       (unsigned long long)length, size);
    SN_TRY(sn_read_bytes(&r, "the header", length, &text));
    if (length == 0 || text[0] != '{') return sn_fail(SN_ERR_FORMAT, "%s: the header is no JSON object", name);
    sn_json_doc *doc;
    SN_TRY(sn_json_parse(name, text, (size_t)length, &f->limits, &doc));
    sn_status status = read_header(f, name, sn_json_root(doc), r.data + r.at, (int64_t)sn_reader_left(&r));
    sn_json_free(doc);
    f->file_bytes += (int64_t)size;
    return status;
}

/* ---- shards ---- */

static sn_status open_shard(sn_safetensors *f, const char *index_path, sn_text file) {
    const char *slash = strrchr(index_path, '/');
    int folder = slash ? (int)(slash - index_path) + 1 : 0;
    if (file.size == 0 || memchr(file.data, '/', file.size) || memchr(file.data, 0, file.size))
        return sn_fail(SN_ERR_FORMAT, "%s: a shard must be a file beside the index", f->name);
    size_t size = (size_t)folder + file.size + 1;
    char *path = sn_arena_alloc(&f->arena, size);
    if (!path) return sn_fail_memory("a file name");
    snprintf(path, size, "%.*s%s", folder, index_path, file.data);
    sn_map *map = &f->maps[f->n_maps];
    SN_TRY(sn_map_open(path, map));
    f->n_maps++;
    return read_file(f, path, map->data, map->size);
}

/* Opens each file that the map names once, then checks that every tensor of the map was found. */
static sn_status open_shards(sn_safetensors *f, const char *path, const sn_json *weight_map) {
    sn_name_index files = {0};
    sn_status status = SN_OK;
    for (int64_t i = 0; i < weight_map->count && status == SN_OK; i++) {
        int64_t item;
        bool found = false;
        if (weight_map->items[i].kind != SN_JSON_STRING)
            status = sn_fail(SN_ERR_FORMAT, "%s: weight_map must be an object of strings", f->name);
        if (status == SN_OK) status = sn_name_index_add(&files, weight_map->items[i].text, &item, &found);
        if (status == SN_OK && files.n > f->limits.parts)
            status = sn_fail(SN_ERR_LIMIT, "%s: more than %lld shards", f->name, (long long)f->limits.parts);
    }
    if (status == SN_OK) {
        f->maps = sn_calloc((size_t)files.n, sizeof *f->maps);
        if (!f->maps) status = sn_fail_memory("safetensors shards");
    }
    for (int64_t i = 0; i < files.n && status == SN_OK; i++) status = open_shard(f, path, files.names[i]);
    sn_name_index_free(&files);
    for (int64_t i = 0; i < weight_map->count && status == SN_OK; i++)
        if (sn_name_index_find(&f->names, weight_map->keys[i]) < 0)
            status =
                sn_fail(SN_ERR_FORMAT, "%s: no shard has the tensor \"%.100s\"", f->name, weight_map->keys[i].data);
    return status;
}

static sn_status open_index(sn_safetensors *f, const char *path) {
    sn_json_doc *doc;
    const sn_json *weight_map;
    SN_TRY(sn_json_open(path, &f->limits, &doc));
    sn_status status = sn_json_get_object(sn_json_root(doc), "weight_map", &weight_map, NULL);
    status = status == SN_OK ? open_shards(f, path, weight_map) : sn_fail_in(SN_ERR_FORMAT, "%s", f->name);
    sn_json_free(doc);
    return status;
}

static sn_status open_single(sn_safetensors *f, const char *path) {
    f->maps = sn_calloc(1, sizeof *f->maps);
    if (!f->maps) return sn_fail_memory("a safetensors file");
    SN_TRY(sn_map_open(path, f->maps));
    f->n_maps = 1;
    return read_file(f, path, f->maps->data, f->maps->size);
}

static sn_status file_new(const char *name, const sn_read_limits *limits, sn_safetensors **out) {
    size_t size = strlen(name) + 16;
    sn_safetensors *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a safetensors file");
    f->limits = limits ? *limits : sn_read_limits_default;
    f->name = sn_arena_alloc(&f->arena, size);
    if (!f->name) {
        sn_free(f);
        return sn_fail_memory("a safetensors file");
    }
    snprintf(f->name, size, "safetensors: %s", name);
    *out = f;
    return SN_OK;
}

static sn_status finish(sn_status status, sn_safetensors *f, sn_safetensors **out) {
    if (status == SN_OK)
        *out = f;
    else
        sn_safetensors_close(f);
    return status;
}

sn_status sn_safetensors_open(const char *path, const sn_read_limits *limits, sn_safetensors **out) {
    sn_safetensors *f;
    size_t length = strlen(path);
    bool index = length > 5 && strcmp(path + length - 5, ".json") == 0;
    SN_TRY(file_new(path, limits, &f));
    return finish(index ? open_index(f, path) : open_single(f, path), f, out);
}

sn_status sn_safetensors_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                                     sn_safetensors **out) {
    sn_safetensors *f;
    SN_TRY(file_new(name, limits, &f));
    return finish(read_file(f, name, data, size), f, out);
}

void sn_safetensors_close(sn_safetensors *f) {
    if (!f) return;
    for (int64_t i = 0; i < f->names.n; i++) sn_free(f->entries[i].copy);
    for (int64_t i = 0; i < f->n_maps; i++) sn_map_close(&f->maps[i]);
    sn_free(f->maps);
    sn_free(f->entries);
    sn_name_index_free(&f->names);
    sn_name_index_free(&f->keys);
    sn_arena_free(&f->arena);
    sn_free(f);
}

/* ---- access ---- */

int64_t sn_safetensors_n_metadata(const sn_safetensors *f) { return f->keys.n; }

void sn_safetensors_metadata_at(const sn_safetensors *f, int64_t i, sn_text *key, sn_text *value) {
    *key = f->keys.names[i];
    *value = f->values[i];
}

bool sn_safetensors_metadata(const sn_safetensors *f, const char *key, sn_text *value) {
    int64_t i = sn_name_index_find(&f->keys, sn_text_of(key));
    if (i >= 0) *value = f->values[i];
    return i >= 0;
}

int64_t sn_safetensors_n_tensors(const sn_safetensors *f) { return f->names.n; }
const char *sn_safetensors_tensor_name(const sn_safetensors *f, int64_t i) { return f->names.names[i].data; }
int64_t sn_safetensors_find(const sn_safetensors *f, const char *name) {
    return sn_name_index_find(&f->names, sn_text_of(name));
}
const char *sn_safetensors_type_name(const sn_safetensors *f, int64_t i) { return f->entries[i].type_name; }
int64_t sn_safetensors_bytes(const sn_safetensors *f, int64_t i) { return f->entries[i].end - f->entries[i].begin; }
int64_t sn_safetensors_file_bytes(const sn_safetensors *f) { return f->file_bytes; }

int sn_safetensors_shape(const sn_safetensors *f, int64_t i, int64_t shape[SN_ARRAY_MAX_DIMS]) {
    memcpy(shape, f->entries[i].shape, sizeof f->entries[i].shape);
    return f->entries[i].n_dims;
}

static sn_status unreadable(const sn_safetensors *f, int64_t i) {
    return sn_fail(SN_ERR_UNSUPPORTED, "%s: tensor \"%.100s\" is stored as %.40s, which suan cannot read", f->name,
                   sn_safetensors_tensor_name(f, i), f->entries[i].type_name);
}

sn_status sn_safetensors_stored_at(const sn_safetensors *f, int64_t i, sn_stored *out) {
    const entry *e = &f->entries[i];
    if (!e->type || !e->type->element) return unreadable(f, i);
    *out = (sn_stored){.element = sn_element_named(e->type->element), .n_dims = e->n_dims, .data = e->data};
    memcpy(out->shape, e->shape, sizeof out->shape);
    return SN_OK;
}

sn_status sn_safetensors_tensor_at(sn_safetensors *f, int64_t i, sn_tensor *out) {
    entry *e = &f->entries[i];
    if (!e->type || e->type->dtype < 0) return unreadable(f, i);
    if (e->n_dims > SN_MAX_DIMS)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: tensor \"%.100s\" has %d dimensions, at most %d are possible", f->name,
                       sn_safetensors_tensor_name(f, i), e->n_dims, SN_MAX_DIMS);
    sn_dtype dtype = (sn_dtype)e->type->dtype;
    bool aligned = (uintptr_t)e->data % (uintptr_t)sn_dtype_bytes(dtype) == 0;
    if (!aligned && !e->copy) {
        size_t size = (size_t)(e->end - e->begin);
        e->copy = sn_alloc(size);
        if (!e->copy) return sn_fail_memory("an aligned copy of a tensor");
        memcpy(e->copy, e->data, size);
    }
    *out = sn_tensor_make(dtype, e->n_dims, e->shape, aligned ? (const void *)e->data : e->copy);
    return SN_OK;
}

sn_status sn_safetensors_tensor(sn_safetensors *f, const char *name, sn_tensor *out) {
    int64_t i = sn_safetensors_find(f, name);
    if (i < 0) return sn_fail(SN_ERR_NOT_FOUND, "%s: there is no tensor \"%.100s\"", f->name, name);
    return sn_safetensors_tensor_at(f, i, out);
}
