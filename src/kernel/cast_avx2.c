/* cast between unbroken float types, and from quantized ones, a stretch per task. */
#include "base/size.h"
#include "kernel/kernel.h"
#include "kernel/quant_rows.h"

enum { stretch = 8192, chunk = 256 };

static void store_f16(const float *from, uint8_t *to, int64_t count) {
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(from + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(void *)(to + 2 * i), halves);
    }
    sn_from_f32(SN_F16, from + i, to + 2 * i, count - i);
}

/* Rounds to nearest even by adding half a unit and the last kept bit; NaN is kept quiet. */
static void store_bf16(const float *from, uint8_t *to, int64_t count) {
    const __m256i half = _mm256_set1_epi32(0x7fff), one = _mm256_set1_epi32(1), quiet = _mm256_set1_epi32(0x40);
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 v = _mm256_loadu_ps(from + i);
        __m256i bits = _mm256_castps_si256(v), top = _mm256_srli_epi32(bits, 16);
        __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(half, _mm256_and_si256(top, one)));
        __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
        __m256i words = _mm256_blendv_epi8(_mm256_srli_epi32(rounded, 16), _mm256_or_si256(top, quiet), nan);
        __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((__m128i *)(void *)(to + 2 * i), packed);
    }
    sn_from_f32(SN_BF16, from + i, to + 2 * i, count - i);
}

static void cast_task(void *arg, int64_t task, int thread) {
    const sn_call *c = arg;
    const sn_tensor *x = &c->in[0], *out = &c->out[0];
    int64_t from = task * stretch, to = sn_min_i64(sn_tensor_count(x), from + stretch);
    (void)thread;
    for (int64_t i = from; i < to; i += chunk) {
        int64_t count = sn_min_i64(chunk, to - i);
        const uint8_t *at = (const uint8_t *)x->data + i / sn_dtype_block(x->dtype) * sn_dtype_bytes(x->dtype);
        uint8_t *result = (uint8_t *)out->data + i * sn_dtype_bytes(out->dtype);
        float values[chunk];
        row_to_f32(x->dtype, at, values, count);
        if (out->dtype == SN_F32)
            memcpy(result, values, (size_t)count * sizeof *values);
        else if (out->dtype == SN_F16)
            store_f16(values, result, count);
        else
            store_bf16(values, result, count);
    }
}

static bool applicable(const sn_call *c) {
    const sn_tensor *x = &c->in[0], *out = &c->out[0];
    bool to_small = out->dtype == SN_F32 || out->dtype == SN_F16 || out->dtype == SN_BF16;
    return to_small && rows_to_f32[x->dtype] && sn_tensor_is_contiguous(x);
}

static void run(const sn_call *c) {
    sn_call copy = *c;
    sn_parallel(c->team, cast_task, &copy, sn_ceil_div(sn_tensor_count(&c->in[0]), stretch));
}

const sn_kernel sn_kernel_cast_avx2 = {
    .op = "cast",
    .name = "avx2",
    .isa = SN_ISA_AVX2,
    .rank = 1,
    .applicable = applicable,
    .run = run,
};
