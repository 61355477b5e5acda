/* Elements of any type, order and alignment as doubles. */
#include "file/stored.h"

#include "base/error.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

/* ---- Types ---- */

#define FROM(name, type)                                                                                               \
    static void name##_to_f64(const void *from, double *to, int64_t n) {                                               \
        const type *x = from;                                                                                          \
        for (int64_t i = 0; i < n; i++) to[i] = (double)x[i];                                                          \
    }

FROM(f64, double)
FROM(f32, float)
FROM(i8, int8_t)
FROM(i16, int16_t)
FROM(i32, int32_t)
FROM(i64, int64_t)
FROM(u8, uint8_t)
FROM(u16, uint16_t)
FROM(u32, uint32_t)
FROM(u64, uint64_t)

static void bool_to_f64(const void *from, double *to, int64_t n) {
    const uint8_t *x = from;
    for (int64_t i = 0; i < n; i++) to[i] = x[i] != 0;
}

static void c64_to_f64(const void *from, double *to, int64_t n) { f32_to_f64(from, to, 2 * n); }
static void c128_to_f64(const void *from, double *to, int64_t n) { f64_to_f64(from, to, 2 * n); }

/* The 8-bit floats of the Open Compute Project: E4M3 has no infinity and one NaN, E5M2 is as IEEE has it. */
static double e4m3(unsigned bits) {
    int exponent = bits >> 3 & 15, mantissa = bits & 7;
    if ((bits & 127) == 127) return (double)NAN;
    double x = exponent ? ldexp(8 + mantissa, exponent - 10) : ldexp(mantissa, -9);
    return bits & 128 ? -x : x;
}

static double e5m2(unsigned bits) {
    int exponent = bits >> 2 & 31, mantissa = bits & 3;
    double x = exponent ? ldexp(4 + mantissa, exponent - 17) : ldexp(mantissa, -16);
    if (exponent == 31) x = mantissa ? (double)NAN : (double)INFINITY;
    return bits & 128 ? -x : x;
}

static double e8m0(unsigned bits) { return bits == 255 ? (double)NAN : ldexp(1, (int)bits - 127); }

static void by_byte(double (*f)(unsigned), const void *from, double *to, int64_t n) {
    const uint8_t *x = from;
    for (int64_t i = 0; i < n; i++) to[i] = f(x[i]);
}
static void e4m3_to_f64(const void *from, double *to, int64_t n) { by_byte(e4m3, from, to, n); }
static void e5m2_to_f64(const void *from, double *to, int64_t n) { by_byte(e5m2, from, to, n); }
static void e8m0_to_f64(const void *from, double *to, int64_t n) { by_byte(e8m0, from, to, n); }

static const sn_element elements[] = {
    {"f32", 1, 4, 1, 4, f32_to_f64, SN_F32},
    {"f64", 1, 8, 1, 8, f64_to_f64, SN_F64},
    {"f16", 1, 2, 1, 2, NULL, SN_F16},
    {"bf16", 1, 2, 1, 2, NULL, SN_BF16},
    {"i8", 1, 1, 1, 1, i8_to_f64, SN_I8},
    {"i16", 1, 2, 1, 2, i16_to_f64, -1},
    {"i32", 1, 4, 1, 4, i32_to_f64, SN_I32},
    {"i64", 1, 8, 1, 8, i64_to_f64, SN_I64},
    {"u8", 1, 1, 1, 1, u8_to_f64, SN_U8},
    {"u16", 1, 2, 1, 2, u16_to_f64, -1},
    {"u32", 1, 4, 1, 4, u32_to_f64, -1},
    {"u64", 1, 8, 1, 8, u64_to_f64, -1},
    {"bool", 1, 1, 1, 1, bool_to_f64, -1},
    {"complex64", 1, 8, 2, 4, c64_to_f64, -1},
    {"complex128", 1, 16, 2, 8, c128_to_f64, -1},
    {"f8_e4m3", 1, 1, 1, 1, e4m3_to_f64, -1},
    {"f8_e5m2", 1, 1, 1, 1, e5m2_to_f64, -1},
    {"f8_e8m0", 1, 1, 1, 1, e8m0_to_f64, -1},
    {"q8_0", 32, 34, 1, 1, NULL, SN_Q8_0},
    {"q4_0", 32, 18, 1, 1, NULL, SN_Q4_0},
    {"q4_1", 32, 20, 1, 1, NULL, SN_Q4_1},
    {"q5_0", 32, 22, 1, 1, NULL, SN_Q5_0},
    {"q5_1", 32, 24, 1, 1, NULL, SN_Q5_1},
    {"q2_k", 256, 84, 1, 1, NULL, SN_Q2_K},
    {"q3_k", 256, 110, 1, 1, NULL, SN_Q3_K},
    {"q4_k", 256, 144, 1, 1, NULL, SN_Q4_K},
    {"q5_k", 256, 176, 1, 1, NULL, SN_Q5_K},
    {"q6_k", 256, 210, 1, 1, NULL, SN_Q6_K},
};
enum { n_elements = sizeof elements / sizeof *elements };

const sn_element *sn_element_named(const char *name) {
    for (int i = 0; i < n_elements; i++)
        if (strcmp(name, elements[i].name) == 0) return &elements[i];
    return NULL;
}

const sn_element *sn_element_of(sn_dtype dtype) {
    int i = 0;
    while (elements[i].dtype != (int)dtype) i++;
    return &elements[i];
}

/* ---- Sizes ---- */

sn_status sn_stored_bytes(const sn_stored *a, int64_t *out) {
    int64_t extent, count, unit = sn_max_i64(a->element->bytes, 2 * (int64_t)sizeof(double));
    /* The doubles that the elements become must be countable too. */
    if (!sn_extent_i64(a->shape, a->n_dims, &extent) || !sn_mul_i64(extent, unit, &extent) ||
        !sn_product_i64(a->shape, a->n_dims, &count))
        return sn_fail(SN_ERR_FORMAT, "an array of more bytes than fit in 63 bits");
    *out = count / a->element->block * a->element->bytes;
    return SN_OK;
}

int64_t sn_stored_count(const sn_stored *a) {
    int64_t count = 1;
    for (int d = 0; d < a->n_dims; d++) count *= a->shape[d];
    return count;
}

/* ---- Reading ---- */

enum { buffer_bytes = 8192 };

static void swap(unsigned char *p, int64_t bytes, int word) {
    for (unsigned char *end = p + bytes; p < end; p += word)
        for (int i = 0; i < word / 2; i++) {
            unsigned char c = p[i];
            p[i] = p[word - 1 - i];
            p[word - 1 - i] = c;
        }
}

/* n blocks of `a`, gathered in the buffer, as doubles. */
static void convert(const sn_stored *a, unsigned char *buffer, int64_t n, double *out) {
    const sn_element *e = a->element;
    float values[buffer_bytes / 2];
    if (a->swapped) swap(buffer, n * e->bytes, e->word);
    if (e->to_f64) {
        e->to_f64(buffer, out, n);
        return;
    }
    sn_to_f32((sn_dtype)e->dtype, buffer, values, n * e->block);
    for (int64_t i = 0; i < n * e->block; i++) out[i] = (double)values[i];
}

/* Where in a Fortran array the element stands that is number i of the other order. */
static void gather(const sn_stored *a, int64_t i, int64_t n, unsigned char *to) {
    int64_t index[SN_ARRAY_MAX_DIMS], step[SN_ARRAY_MAX_DIMS], offset = 0;
    const int64_t size = a->element->bytes;
    for (int d = 0; d < a->n_dims; d++) step[d] = d ? step[d - 1] * a->shape[d - 1] : size;
    for (int d = a->n_dims - 1; d >= 0; d--) {
        index[d] = i % a->shape[d], i /= a->shape[d];
        offset += index[d] * step[d];
    }
    for (int64_t k = 0; k < n; k++, to += size) {
        memcpy(to, a->data + offset, (size_t)size);
        for (int d = a->n_dims - 1; d >= 0; d--) {
            offset += step[d];
            if (++index[d] < a->shape[d]) break;
            offset -= step[d] * a->shape[d];
            index[d] = 0;
        }
    }
}

/* Of a block only some elements are wanted: those from `skip` on, `n` of them. */
static void read_part(const sn_stored *a, int64_t block, int64_t skip, int64_t n, double *out) {
    _Alignas(16) unsigned char buffer[buffer_bytes];
    double values[256];
    memcpy(buffer, a->data + block * a->element->bytes, (size_t)a->element->bytes);
    convert(a, buffer, 1, values);
    memcpy(out, values + skip, (size_t)n * sizeof *out);
}

void sn_stored_read(const sn_stored *a, int64_t from, int64_t n, double *out) {
    _Alignas(16) unsigned char buffer[buffer_bytes];
    const sn_element *e = a->element;
    int64_t most = e->block > 1 ? 8 : buffer_bytes / e->bytes / 2; /* blocks at once */
    for (int64_t i = from; i < from + n;) {
        int64_t skip = i % e->block, left = from + n - i;
        if (skip || left < e->block) {
            int64_t part = sn_min_i64(left, e->block - skip);
            read_part(a, i / e->block, skip, part, out + (i - from));
            i += part;
            continue;
        }
        int64_t blocks = sn_min_i64(most, left / e->block);
        if (a->fortran && a->n_dims > 1)
            gather(a, i, blocks, buffer);
        else
            memcpy(buffer, a->data + i / e->block * e->bytes, (size_t)(blocks * e->bytes));
        convert(a, buffer, blocks, out + (i - from) * e->parts);
        i += blocks * e->block;
    }
}
