/* Layout: magic, version, length of the header, the header (a Python dict in plain text), the data. */
#include "file/npy.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdio.h>

/* A type as NumPy writes it after the byte order: kind and bytes. */
typedef struct descr_def {
    const char *name, *element;
} descr_def;

static const descr_def descrs[] = {
    {"f4", "f32"}, {"f8", "f64"},  {"f2", "f16"},       {"i1", "i8"},          {"i2", "i16"},
    {"i4", "i32"}, {"i8", "i64"},  {"u1", "u8"},        {"u2", "u16"},         {"u4", "u32"},
    {"u8", "u64"}, {"b1", "bool"}, {"c8", "complex64"}, {"c16", "complex128"},
};
enum { n_descrs = sizeof descrs / sizeof *descrs };

/* ---- the header's dict ---- */

static void skip_blanks(sn_reader *r) {
    while (sn_reader_left(r) && strchr(" \t\r\n", r->data[r->at]) && r->data[r->at]) r->at++;
}

static bool accept(sn_reader *r, char c) {
    skip_blanks(r);
    if (!sn_reader_left(r) || r->data[r->at] != (unsigned char)c) return false;
    r->at++;
    return true;
}

static sn_status expect(sn_reader *r, char c) {
    if (accept(r, c)) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: '%c' is missing at byte %zu of the header", r->name, c, r->at);
}

static sn_status read_quoted(sn_reader *r, sn_text *out) {
    char quote = accept(r, '\'') ? '\'' : '"';
    if (quote == '"') SN_TRY(expect(r, '"'));
    size_t start = r->at;
    while (sn_reader_left(r) && r->data[r->at] != (unsigned char)quote) r->at++;
    *out = (sn_text){(const char *)r->data + start, r->at - start};
    return expect(r, quote);
}

static sn_status read_size(sn_reader *r, int64_t *out) {
    size_t start = r->at;
    *out = 0;
    for (; sn_reader_left(r) && r->data[r->at] >= '0' && r->data[r->at] <= '9'; r->at++)
        if (!sn_mul_i64(*out, 10, out) || !sn_add_i64(*out, r->data[r->at] - '0', out))
            return sn_fail(SN_ERR_FORMAT, "%s: a dimension does not fit in 63 bits", r->name);
    if (r->at == start) return sn_fail(SN_ERR_FORMAT, "%s: the shape is no tuple of sizes", r->name);
    accept(r, 'L'); /* as Python 2 wrote long numbers */
    return SN_OK;
}

static sn_status read_shape(sn_reader *r, sn_stored *a) {
    SN_TRY(expect(r, '('));
    while (!accept(r, ')')) {
        if (a->n_dims == SN_ARRAY_MAX_DIMS)
            return sn_fail(SN_ERR_UNSUPPORTED, "%s: more than %d dimensions", r->name, SN_ARRAY_MAX_DIMS);
        skip_blanks(r);
        SN_TRY(read_size(r, &a->shape[a->n_dims++]));
        if (!accept(r, ',')) {
            SN_TRY(expect(r, ')'));
            break;
        }
    }
    return SN_OK;
}

static const sn_element *element_of(sn_text kind) {
    for (int i = 0; i < n_descrs; i++)
        if (sn_text_is(kind, descrs[i].name)) return sn_element_named(descrs[i].element);
    return NULL;
}

static bool is_big_endian_machine(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 0;
}

static sn_status read_descr(sn_reader *r, sn_stored *a) {
    sn_text descr;
    if (accept(r, '[')) return sn_fail(SN_ERR_UNSUPPORTED, "%s: a structured array: save one field of it", r->name);
    SN_TRY(read_quoted(r, &descr));
    char order = descr.size ? descr.data[0] : 0;
    if (order && strchr("<>=|", order)) {
        a->element = element_of((sn_text){descr.data + 1, descr.size - 1});
        a->swapped = order == (is_big_endian_machine() ? '<' : '>');
    }
    if (a->element) return SN_OK;
    return sn_fail(SN_ERR_UNSUPPORTED,
                   "%s: type '%.*s': suan reads b1, i1 to i8, u1 to u8, f2 to f8, c8 and c16: save it with "
                   ".astype('f8')",
                   r->name, (int)sn_min_i64((int64_t)descr.size, 20), descr.data);
}

static sn_status read_order(sn_reader *r, bool *fortran) {
    static const char words[][6] = {"False", "True"};
    for (int i = 0; i < 2; i++) {
        size_t size = strlen(words[i]);
        skip_blanks(r);
        if (sn_reader_left(r) < size || memcmp(r->data + r->at, words[i], size) != 0) continue;
        r->at += size;
        *fortran = i == 1;
        return SN_OK;
    }
    return sn_fail(SN_ERR_FORMAT, "%s: fortran_order is neither True nor False", r->name);
}

static sn_status read_dict(sn_reader *r, sn_stored *a) {
    bool descr = false, order = false, shape = false;
    SN_TRY(expect(r, '{'));
    while (!accept(r, '}')) {
        sn_text key;
        SN_TRY(read_quoted(r, &key));
        SN_TRY(expect(r, ':'));
        if (sn_text_is(key, "descr") && !descr) {
            descr = true;
            SN_TRY(read_descr(r, a));
        } else if (sn_text_is(key, "fortran_order") && !order) {
            order = true;
            SN_TRY(read_order(r, &a->fortran));
        } else if (sn_text_is(key, "shape") && !shape) {
            shape = true;
            SN_TRY(read_shape(r, a));
        } else
            return sn_fail(SN_ERR_FORMAT, "%s: an unexpected or repeated key in the header", r->name);
        if (!accept(r, ',')) {
            SN_TRY(expect(r, '}'));
            break;
        }
    }
    if (!descr || !order || !shape)
        return sn_fail(SN_ERR_FORMAT, "%s: the header lacks descr, fortran_order or shape", r->name);
    return SN_OK;
}

/* ---- the file ---- */

static sn_status read_header(sn_reader *r, sn_stored *a) {
    const unsigned char *magic = NULL;
    uint16_t short_length = 0;
    uint32_t length = 0;
    SN_TRY(sn_read_bytes(r, "the magic number", 8, &magic));
    if (memcmp(magic, "\x93NUMPY", 6) != 0) return sn_fail(SN_ERR_FORMAT, "%s: this is no .npy file", r->name);
    if (magic[6] < 1 || magic[6] > 3)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: version %d, suan reads 1 to 3", r->name, magic[6]);
    if (magic[6] == 1) {
        SN_TRY(sn_read_u16(r, "the length of the header", &short_length));
        length = short_length;
    } else
        SN_TRY(sn_read_u32(r, "the length of the header", &length));
    sn_reader header;
    SN_TRY(sn_read_slice(r, "the header", length, &header));
    return read_dict(&header, a);
}

static sn_status read_array(sn_reader *r, sn_npy *out) {
    int64_t bytes = 0;
    sn_stored a = {0};
    SN_TRY(read_header(r, &a));
    sn_status status = sn_stored_bytes(&a, &bytes);
    if (status != SN_OK) return sn_fail_in(status, "%s", r->name);
    SN_TRY(sn_read_bytes(r, "the array", (uint64_t)bytes, &a.data));
    if (sn_reader_left(r))
        return sn_fail(SN_ERR_FORMAT, "%s: %zu bytes are left after the array", r->name, sn_reader_left(r));
    out->array = a;
    return SN_OK;
}

sn_status sn_npy_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_npy *out) {
    char full[300];
    *out = (sn_npy){0};
    snprintf(full, sizeof full, "npy: %.280s", name);
    sn_reader r = sn_reader_make(full, data, size, limits);
    return read_array(&r, out);
}

sn_status sn_npy_open(const char *path, sn_npy *out) {
    sn_map map;
    *out = (sn_npy){0};
    SN_TRY(sn_map_open(path, &map));
    sn_status status = sn_npy_open_memory(path, map.data, map.size, NULL, out);
    if (status == SN_OK)
        out->map = map;
    else
        sn_map_close(&map);
    return status;
}

void sn_npy_close(sn_npy *npy) {
    sn_map_close(&npy->map);
    sn_free(npy->memory);
    *npy = (sn_npy){0};
}

/* ---- writing ---- */

static const char *descr_of(sn_dtype dtype) {
    static const struct {
        sn_dtype dtype;
        const char *descr;
    } written[] = {{SN_F32, "<f4"}, {SN_F64, "<f8"}, {SN_F16, "<f2"}, {SN_I32, "<i4"},
                   {SN_I64, "<i8"}, {SN_I8, "|i1"},  {SN_U8, "|u1"}};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (written[i].dtype == dtype) return written[i].descr;
    return NULL;
}

/* Header of version 1, filled with blanks so that the data begins at a multiple of 64. */
static size_t make_header(const sn_tensor *t, unsigned char header[SN_NPY_HEADER]) {
    char dict[192] = "", *end = dict + sizeof dict, *p = dict;
    p += snprintf(p, (size_t)(end - p), "{'descr': '%s', 'fortran_order': False, 'shape': (", descr_of(t->dtype));
    for (int d = 0; d < t->n_dims; d++)
        p += snprintf(p, (size_t)(end - p), "%lld%s", (long long)t->shape[d],
                      t->n_dims == 1      ? ","
                      : d + 1 < t->n_dims ? ", "
                                          : "");
    p += snprintf(p, (size_t)(end - p), "), }");
    size_t used = (size_t)(p - dict), total = (size_t)sn_round_up((int64_t)(10 + used + 1), 64);
    memset(header, ' ', total);
    memcpy(header, "\x93NUMPY\1\0", 8);
    sn_store_u16(header + 8, (uint16_t)(total - 10));
    memcpy(header + 10, dict, used);
    header[total - 1] = '\n';
    return total;
}

sn_status sn_npy_header(const sn_tensor *t, unsigned char header[SN_NPY_HEADER], size_t *size) {
    if (!descr_of(t->dtype))
        return sn_fail(SN_ERR_UNSUPPORTED, "npy: NumPy has no %s: convert to f32 first", sn_dtype_name(t->dtype));
    if (!sn_tensor_is_contiguous(t)) return sn_fail(SN_ERR_SHAPE, "npy: the tensor must be contiguous");
    *size = make_header(t, header);
    return SN_OK;
}

sn_status sn_npy_write(const char *path, const sn_tensor *t) {
    unsigned char header[SN_NPY_HEADER];
    size_t size;
    sn_writer *w;
    SN_TRY(sn_npy_header(t, header, &size));
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = sn_writer_put(w, header, size);
    if (status == SN_OK) status = sn_writer_put(w, t->data, (size_t)sn_tensor_bytes(t));
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}
