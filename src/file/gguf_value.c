/* Typed access to GGUF metadata. */
#include "file/gguf.h"

#include "base/error.h"

#include <stdio.h>

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [SN_GGUF_U8] = {"u8", 1},       [SN_GGUF_I8] = {"i8", 1},     [SN_GGUF_U16] = {"u16", 2},
    [SN_GGUF_I16] = {"i16", 2},     [SN_GGUF_U32] = {"u32", 4},   [SN_GGUF_I32] = {"i32", 4},
    [SN_GGUF_F32] = {"f32", 4},     [SN_GGUF_BOOL] = {"bool", 1}, [SN_GGUF_U64] = {"u64", 8},
    [SN_GGUF_I64] = {"i64", 8},     [SN_GGUF_F64] = {"f64", 8},   [SN_GGUF_STRING] = {"string", 0},
    [SN_GGUF_ARRAY] = {"array", 0},
};

const char *sn_gguf_type_name(sn_gguf_type type) { return types[type].name; }
size_t sn_gguf_type_size(sn_gguf_type type) { return types[type].size; }

static bool is_integer(sn_gguf_type type) {
    return type != SN_GGUF_F32 && type != SN_GGUF_F64 && type != SN_GGUF_BOOL && types[type].size > 0;
}
static bool is_number(sn_gguf_type type) { return is_integer(type) || type == SN_GGUF_F32 || type == SN_GGUF_F64; }

static int64_t clamp_f64(double x) {
    if (x != x) return 0;
    if (x >= 0x1p63) return INT64_MAX;
    return x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

int64_t sn_gguf_array_i64(const sn_gguf_value *v, int64_t i) {
    if (i < 0 || i >= v->count) return 0;
    const unsigned char *p = v->data + (size_t)i * types[v->element].size;
    switch (v->element) {
    case SN_GGUF_U8:
    case SN_GGUF_BOOL: return p[0];
    case SN_GGUF_I8: return (int8_t)p[0];
    case SN_GGUF_U16: return sn_load_u16(p);
    case SN_GGUF_I16: return (int16_t)sn_load_u16(p);
    case SN_GGUF_U32: return sn_load_u32(p);
    case SN_GGUF_I32: return (int32_t)sn_load_u32(p);
    case SN_GGUF_U64: return sn_load_u64(p) > INT64_MAX ? INT64_MAX : (int64_t)sn_load_u64(p);
    case SN_GGUF_I64: return (int64_t)sn_load_u64(p);
    case SN_GGUF_F32: return clamp_f64((double)sn_load_f32(p));
    case SN_GGUF_F64: return clamp_f64(sn_load_f64(p));
    default: return 0;
    }
}

double sn_gguf_array_f64(const sn_gguf_value *v, int64_t i) {
    if (i < 0 || i >= v->count) return 0;
    const unsigned char *p = v->data + (size_t)i * types[v->element].size;
    if (v->element == SN_GGUF_F32) return (double)sn_load_f32(p);
    if (v->element == SN_GGUF_F64) return sn_load_f64(p);
    if (v->element == SN_GGUF_U64) return (double)sn_load_u64(p);
    return (double)sn_gguf_array_i64(v, i);
}

/* Absence: fine when the caller asks through *found, else an error. *v is NULL then. */
static sn_status look_up(const sn_gguf *f, const char *key, bool *found, const sn_gguf_value **v) {
    *v = sn_gguf_find(f, key);
    if (found) *found = *v != NULL;
    if (!*v && !found) return sn_fail(SN_ERR_NOT_FOUND, "%s: the key \"%s\" is missing", sn_gguf_name(f), key);
    return SN_OK;
}

static sn_status wrong_type(const sn_gguf *f, const sn_gguf_value *v, const char *key, const char *wanted) {
    bool array = v->type == SN_GGUF_ARRAY;
    return sn_fail(SN_ERR_FORMAT, "%s: the key \"%s\" is %s%s, not %s", sn_gguf_name(f), key,
                   array ? "an array of " : "a ", sn_gguf_type_name(v->element), wanted);
}

sn_status sn_gguf_get_i64(const sn_gguf *f, const char *key, int64_t *out, bool *found) {
    const sn_gguf_value *v;
    SN_TRY(look_up(f, key, found, &v));
    if (!v) return SN_OK;
    if (!is_integer(v->type)) return wrong_type(f, v, key, "a whole number");
    if (v->type == SN_GGUF_U64 && sn_load_u64(v->data) > INT64_MAX)
        return sn_fail(SN_ERR_FORMAT, "%s: the key \"%s\" is %llu, more than fits", sn_gguf_name(f), key,
                       (unsigned long long)sn_load_u64(v->data));
    *out = sn_gguf_array_i64(v, 0);
    return SN_OK;
}

sn_status sn_gguf_get_f64(const sn_gguf *f, const char *key, double *out, bool *found) {
    const sn_gguf_value *v;
    SN_TRY(look_up(f, key, found, &v));
    if (!v) return SN_OK;
    if (!is_number(v->type)) return wrong_type(f, v, key, "a number");
    *out = sn_gguf_array_f64(v, 0);
    return SN_OK;
}

sn_status sn_gguf_get_bool(const sn_gguf *f, const char *key, bool *out, bool *found) {
    const sn_gguf_value *v;
    SN_TRY(look_up(f, key, found, &v));
    if (!v) return SN_OK;
    if (v->type != SN_GGUF_BOOL) return wrong_type(f, v, key, "a truth value");
    *out = v->data[0] != 0;
    return SN_OK;
}

sn_status sn_gguf_get_text(const sn_gguf *f, const char *key, sn_text *out, bool *found) {
    const sn_gguf_value *v;
    SN_TRY(look_up(f, key, found, &v));
    if (!v) return SN_OK;
    if (v->type != SN_GGUF_STRING) return wrong_type(f, v, key, "a string");
    *out = v->strings[0];
    return SN_OK;
}

sn_status sn_gguf_get_array(const sn_gguf *f, const char *key, sn_gguf_type element, const sn_gguf_value **out,
                            bool *found) {
    const sn_gguf_value *v;
    SN_TRY(look_up(f, key, found, &v));
    if (!v) return SN_OK;
    if (v->type != SN_GGUF_ARRAY || v->element != element) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "an array of %s", sn_gguf_type_name(element));
        return wrong_type(f, v, key, wanted);
    }
    *out = v;
    return SN_OK;
}
