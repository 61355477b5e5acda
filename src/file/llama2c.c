#include "file/llama2c.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdio.h>

enum { n_numbers = 7, header_bytes = 4 * n_numbers };

/* The arrays in the order of the file. Sizes are named by letters: V vocabulary, D dim, K kv heads * head size,
 * H hidden, R rows of a RoPE table. */
typedef struct array_def {
    const char *name; /* with %d: once per layer; NULL: not used */
    char rows, columns;
} array_def;

static const array_def arrays[] = {
    {"token_embd.weight", 'V', 'D'},
    {"blk.%d.attn_norm.weight", 0, 'D'},
    {"blk.%d.attn_q.weight", 'D', 'D'},
    {"blk.%d.attn_k.weight", 'K', 'D'},
    {"blk.%d.attn_v.weight", 'K', 'D'},
    {"blk.%d.attn_output.weight", 'D', 'D'},
    {"blk.%d.ffn_norm.weight", 0, 'D'},
    {"blk.%d.ffn_gate.weight", 'H', 'D'},
    {"blk.%d.ffn_down.weight", 'D', 'H'},
    {"blk.%d.ffn_up.weight", 'H', 'D'},
    {"output_norm.weight", 0, 'D'},
    {NULL, 'S', 'R'}, /* cosines and sines of the RoPE angles: computed, not read */
    {NULL, 'S', 'R'},
    {"output.weight", 'V', 'D'}, /* absent when tied */
};
enum { n_arrays = sizeof arrays / sizeof *arrays };

static int64_t size_of(const sn_llama2c *f, char letter) {
    switch (letter) {
    case 'V': return f->vocab_size;
    case 'D': return f->dim;
    case 'K': return f->dim / f->n_heads * f->n_kv_heads;
    case 'H': return f->hidden_dim;
    case 'S': return f->seq_len;
    case 'R': return f->dim / f->n_heads / 2;
    default: return 1;
    }
}

static bool per_layer(const array_def *a) { return a->name && strchr(a->name, '%'); }

static sn_status check_range(const char *name, const char *what, int64_t value, int64_t high) {
    if (value >= 1 && value <= high) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: %s is %lld, not in 1 to %lld: this is no llama2.c checkpoint", name, what,
                   (long long)value, (long long)high);
}

static sn_status read_numbers(sn_reader *r, sn_llama2c *f) {
    int32_t v[n_numbers];
    for (int i = 0; i < n_numbers; i++) SN_TRY(sn_read_i32(r, "the header", &v[i]));
    if (v[0] == 0x616b3432)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: a llama2.c export of version %d, suan reads the legacy one (version 0)",
                       r->name, v[1]);
    f->tied = v[5] > 0;
    f->dim = v[0], f->hidden_dim = v[1], f->n_layers = v[2], f->n_heads = v[3], f->n_kv_heads = v[4];
    f->vocab_size = f->tied ? v[5] : -(int64_t)v[5];
    f->seq_len = v[6];
    SN_TRY(check_range(r->name, "dim", f->dim, 1 << 20));
    SN_TRY(check_range(r->name, "hidden_dim", f->hidden_dim, 1 << 22));
    SN_TRY(check_range(r->name, "n_layers", f->n_layers, 1 << 12));
    SN_TRY(check_range(r->name, "n_heads", f->n_heads, 1 << 14));
    SN_TRY(check_range(r->name, "n_kv_heads", f->n_kv_heads, f->n_heads));
    SN_TRY(check_range(r->name, "vocab_size", f->vocab_size, 1 << 24));
    SN_TRY(check_range(r->name, "seq_len", f->seq_len, 1 << 26));
    if (f->dim % (2 * f->n_heads) || f->n_heads % f->n_kv_heads)
        return sn_fail(SN_ERR_FORMAT, "%s: dim %lld, %lld heads and %lld kv heads do not fit together", r->name,
                       (long long)f->dim, (long long)f->n_heads, (long long)f->n_kv_heads);
    return SN_OK;
}

/* Sum of all arrays; the ranges above keep each product below 2^63, the sum is checked. */
static sn_status check_size(const sn_reader *r, const sn_llama2c *f, int n) {
    int64_t total = header_bytes;
    for (int i = 0; i < n; i++) {
        int64_t dims[] = {4, per_layer(&arrays[i]) ? f->n_layers : 1, size_of(f, arrays[i].rows),
                          size_of(f, arrays[i].columns)};
        int64_t bytes;
        if (!sn_product_i64(dims, 4, &bytes) || !sn_add_i64(total, bytes, &total))
            return sn_fail(SN_ERR_FORMAT, "%s: the header asks for more bytes than fit in 63 bits", r->name);
    }
    if ((uint64_t)total != r->size)
        return sn_fail(SN_ERR_FORMAT,
                       "%s: the header asks for %lld bytes, the file has %zu: it is cut short or of another format",
                       r->name, (long long)total, r->size);
    return SN_OK;
}

/* One array, in one tensor per layer. */
static sn_status add_array(sn_reader *r, sn_llama2c *f, const array_def *a) {
    int64_t shape[] = {size_of(f, a->rows), size_of(f, a->columns)};
    bool vector = a->rows == 0;
    uint64_t bytes = (uint64_t)(shape[0] * shape[1]) * 4;
    int64_t n = per_layer(a) ? f->n_layers : 1;
    for (int64_t layer = 0; layer < n; layer++) {
        const unsigned char *data = NULL;
        SN_TRY(sn_read_bytes(r, "weights", bytes, &data));
        if (!a->name) continue;
        sn_llama2c_tensor *t = &f->tensors[f->n_tensors++];
        const char *number = strchr(a->name, '%');
        if (number)
            snprintf(t->name, sizeof t->name, "blk.%d%s", (int)layer, number + 2);
        else
            snprintf(t->name, sizeof t->name, "%s", a->name);
        t->tensor = sn_tensor_make(SN_F32, vector ? 1 : 2, vector ? &shape[1] : shape, data);
    }
    return SN_OK;
}

static sn_status read_all(sn_reader *r, sn_llama2c *f) {
    SN_TRY(read_numbers(r, f));
    int n = f->tied ? n_arrays - 1 : n_arrays;
    SN_TRY(check_size(r, f, n));
    f->tensors = sn_calloc((size_t)f->n_layers * 9 + 3, sizeof *f->tensors);
    if (!f->tensors) return sn_fail_memory("llama2.c tensors");
    for (int i = 0; i < n; i++) SN_TRY(add_array(r, f, &arrays[i]));
    return SN_OK;
}

static sn_status read_memory(const char *path, const void *data, size_t size, sn_llama2c *f) {
    char name[300];
    snprintf(name, sizeof name, "llama2.c: %.280s", path);
    if ((uintptr_t)data % 4) return sn_fail(SN_ERR_ARGUMENT, "%s: the memory must be 4-byte aligned", name);
    sn_reader r = sn_reader_make(name, data, size, NULL);
    return read_all(&r, f);
}

static sn_status finish(sn_status status, sn_llama2c *f, sn_llama2c **out) {
    if (status == SN_OK)
        *out = f;
    else
        sn_llama2c_close(f);
    return status;
}

sn_status sn_llama2c_open_memory(const char *name, const void *data, size_t size, sn_llama2c **out) {
    sn_llama2c *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a llama2.c checkpoint");
    return finish(read_memory(name, data, size, f), f, out);
}

sn_status sn_llama2c_open(const char *path, sn_llama2c **out) {
    sn_llama2c *f = sn_calloc(1, sizeof *f);
    if (!f) return sn_fail_memory("a llama2.c checkpoint");
    sn_status status = sn_map_open(path, &f->map);
    if (status == SN_OK) status = read_memory(path, f->map.data, f->map.size, f);
    return finish(status, f, out);
}

void sn_llama2c_close(sn_llama2c *f) {
    if (!f) return;
    sn_map_close(&f->map);
    sn_free(f->tensors);
    sn_free(f);
}

sn_status sn_llama2c_tensor_get(const sn_llama2c *f, const char *name, sn_tensor *out) {
    for (int64_t i = 0; i < f->n_tensors; i++) {
        if (strcmp(f->tensors[i].name, name) != 0) continue;
        *out = f->tensors[i].tensor;
        return SN_OK;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "llama2.c: there is no tensor \"%.60s\"", name);
}

bool sn_llama2c_is(const void *data, size_t size) {
    sn_llama2c f = {0};
    sn_reader r = sn_reader_make("llama2.c", data, size, NULL);
    return read_numbers(&r, &f) == SN_OK && check_size(&r, &f, f.tied ? n_arrays - 1 : n_arrays) == SN_OK;
}
