#include "tensor/dtype.h"

#include "base/error.h"
#include "tensor/half.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void f32_copy(const void *from, float *to, int64_t n) { memcpy(to, from, (size_t)n * sizeof *to); }
static void f32_store(const float *from, void *to, int64_t n) { memcpy(to, from, (size_t)n * sizeof *from); }

#define SN_PLAIN_CONVERSIONS(name, type, load, store)                                                                  \
    static void name##_to_f32(const void *from, float *to, int64_t n) {                                                \
        const type *x = from;                                                                                          \
        for (int64_t i = 0; i < n; i++) to[i] = load(x[i]);                                                            \
    }                                                                                                                  \
    static void name##_from_f32(const float *from, void *to, int64_t n) {                                              \
        type *x = to;                                                                                                  \
        for (int64_t i = 0; i < n; i++) x[i] = store(from[i]);                                                         \
    }

SN_PLAIN_CONVERSIONS(f64, double, (float), (double))
SN_PLAIN_CONVERSIONS(f16, sn_f16, sn_f16_to_f32, sn_f32_to_f16)
SN_PLAIN_CONVERSIONS(bf16, sn_bf16, sn_bf16_to_f32, sn_f32_to_bf16)

/* Integers saturate; NaN becomes 0. The bounds are exact floats. */
static int32_t i32_rounded(float x) {
    if (isnan(x)) return 0;
    if (x >= 0x1p31f) return INT32_MAX;
    return x < -0x1p31f ? INT32_MIN : (int32_t)lrintf(x);
}
static int8_t i8_rounded(float x) { return isnan(x) ? 0 : (int8_t)lrintf(fmaxf(-128.0f, fminf(127.0f, x))); }

SN_PLAIN_CONVERSIONS(i32, int32_t, (float), i32_rounded)
SN_PLAIN_CONVERSIONS(i8, int8_t, (float), i8_rounded)

static const sn_dtype_def def_f32 = {SN_F32, "f32", 1, 4, true, f32_copy, f32_store};
static const sn_dtype_def def_f64 = {SN_F64, "f64", 1, 8, true, f64_to_f32, f64_from_f32};
static const sn_dtype_def def_f16 = {SN_F16, "f16", 1, 2, true, f16_to_f32, f16_from_f32};
static const sn_dtype_def def_bf16 = {SN_BF16, "bf16", 1, 2, true, bf16_to_f32, bf16_from_f32};
static const sn_dtype_def def_i32 = {SN_I32, "i32", 1, 4, false, i32_to_f32, i32_from_f32};
static const sn_dtype_def def_i8 = {SN_I8, "i8", 1, 1, false, i8_to_f32, i8_from_f32};
static const sn_dtype_def def_i64 = {SN_I64, "i64", 1, 8, false, NULL, NULL};
static const sn_dtype_def def_u8 = {SN_U8, "u8", 1, 1, false, NULL, NULL};

static const sn_dtype_def *const table[SN_N_DTYPES] = {
    &def_f32,       &def_f64,       &def_f16,       &def_bf16,      &def_i32,       &def_i8,
    &sn_dtype_q8_0, &sn_dtype_q4_0, &sn_dtype_q4_1, &sn_dtype_q5_0, &sn_dtype_q5_1, &sn_dtype_q2_k,
    &sn_dtype_q3_k, &sn_dtype_q4_k, &sn_dtype_q5_k, &sn_dtype_q6_k, &def_i64,       &def_u8};

const sn_dtype_def *sn_dtype_get(sn_dtype dtype) { return table[dtype]; }

const char *sn_dtype_name(sn_dtype dtype) { return table[dtype]->name; }
int64_t sn_dtype_block(sn_dtype dtype) { return table[dtype]->block; }
int64_t sn_dtype_bytes(sn_dtype dtype) { return table[dtype]->bytes; }
bool sn_dtype_is_float(sn_dtype dtype) { return table[dtype]->is_float; }
bool sn_dtype_is_block(sn_dtype dtype) { return table[dtype]->block > 1; }

static bool same_word(const char *a, const char *b) {
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) a++, b++;
    return !*a && !*b;
}

sn_status sn_dtype_parse(const char *name, sn_dtype *out) {
    char names[256] = "";
    for (int i = 0; i < SN_N_DTYPES; i++) {
        if (same_word(name, table[i]->name)) {
            *out = (sn_dtype)i;
            return SN_OK;
        }
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", table[i]->name);
    }
    return sn_fail(SN_ERR_NOT_FOUND, "there is no type \"%.40s\": use one of %s", name, names);
}

void sn_to_f32(sn_dtype dtype, const void *from, float *to, int64_t n) { table[dtype]->to_f32(from, to, n); }
void sn_from_f32(sn_dtype dtype, const float *from, void *to, int64_t n) { table[dtype]->from_f32(from, to, n); }
