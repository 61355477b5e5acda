/* dropout of contiguous f32 with several Philox blocks in a register, compiled once per instruction set. The four words
 * of a block lie side by side, so that the register's lanes are the draws of consecutive elements, and one 32-bit
 * multiplication of the even lanes makes both products of a round. */
#ifndef SN_KERNEL_DROPOUT_SIMD_H
#define SN_KERNEL_DROPOUT_SIMD_H

#include "base/size.h"
#include "kernel/attr.h"
#include "kernel/loops.h"
#include "kernel/simd.h"

#if defined(__AVX512F__)
typedef __m512i vi;
#define VI(op) _mm512_##op
static inline vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
static inline vi vi_xor3(vi a, vi b, vi c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }
static inline vi vi_reverse(vi a) { return _mm512_shuffle_epi32(a, _MM_PERM_ABCD); }
#else
typedef __m256i vi;
#define VI(op) _mm256_##op
static inline vi vi_load(const void *p) { return _mm256_loadu_si256(p); }
static inline vi vi_xor3(vi a, vi b, vi c) { return _mm256_xor_si256(_mm256_xor_si256(a, b), c); }
static inline vi vi_reverse(vi a) { return _mm256_shuffle_epi32(a, _MM_SHUFFLE(0, 1, 2, 3)); }
#endif

enum { rounds = 10, at_once = 4 }; /* registers in flight, to hide the multiplication's latency */

typedef struct dropout_job {
    const float *x;
    float *y;
    int64_t n;
    float rate, factor;
    uint64_t stream;
    vi keys[rounds], multipliers;
} dropout_job;

/* Four words for each block of a register. */
static vi repeat_words(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    uint32_t words[vf_lanes];
    for (int i = 0; i < vf_lanes; i += 4) words[i] = a, words[i + 1] = b, words[i + 2] = c, words[i + 3] = d;
    return vi_load(words);
}

static dropout_job job_of(const sn_call *c) {
    const sn_dropout_attr *attr = c->attr;
    dropout_job j = {.x = c->in[0].data,
                     .y = c->out[0].data,
                     .n = sn_tensor_count(&c->out[0]),
                     .rate = (float)attr->rate,
                     .factor = (float)(1 / (1 - attr->rate)),
                     .stream = sn_dropout_stream(attr, *(const int32_t *)c->in[1].data)};
    uint32_t key[2] = {(uint32_t)attr->seed, (uint32_t)(attr->seed >> 32)};
    for (int r = 0; r < rounds; r++) {
        j.keys[r] = repeat_words(key[0], 0, key[1], 0);
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    j.multipliers = repeat_words(0xD2511F53u, 0, 0xCD9E8D57u, 0);
    return j;
}

/* Counters of the blocks from `block` on: (block, stream) in 64-bit halves. */
static vi counters_from(const dropout_job *j, int64_t block) {
    uint64_t words[vf_lanes / 2];
    for (int i = 0; i < vf_lanes / 2; i += 2) {
        words[i] = (uint64_t)(block + i / 2);
        words[i + 1] = j->stream;
    }
    return vi_load(words);
}

static inline vi philox_round(vi c, vi multipliers, vi key) {
    return vi_xor3(vi_reverse(VI(mul_epu32)(c, multipliers)), VI(srli_epi64)(c, 32), key);
}

static inline vf draw_of(vi words) { return vf_mul(VI(cvtepi32_ps)(VI(srli_epi32)(words, 8)), vf_set(0x1p-24f)); }

/* Blocks of at_once registers. */
static void drop_strips(void *arg, int64_t from, int64_t to) {
    const dropout_job *j = arg;
    const vf rate = vf_set(j->rate), factor = vf_set(j->factor), zero = vf_set(0);
    const vi unit = repeat_words(vf_lanes / 4, 0, 0, 0);
    for (int64_t strip = from; strip < to; strip++) {
        int64_t begin = strip * at_once * vf_lanes;
        vi c[at_once];
        c[0] = counters_from(j, begin / 4);
        for (int k = 1; k < at_once; k++) c[k] = VI(add_epi64)(c[k - 1], unit);
        for (int r = 0; r < rounds; r++)
            for (int k = 0; k < at_once; k++) c[k] = philox_round(c[k], j->multipliers, j->keys[r]);
        for (int k = 0; k < at_once; k++) {
            int64_t at = begin + k * vf_lanes, left = j->n - at;
            if (left <= 0) break;
            vf x = left >= vf_lanes ? vf_load(j->x + at) : vf_load_part(j->x + at, left);
            vf y = vf_less(draw_of(c[k]), rate, zero, vf_mul(x, factor));
            if (left >= vf_lanes)
                vf_store(j->y + at, y);
            else
                vf_store_part(j->y + at, y, left);
        }
    }
}

static void run_dropout(const sn_call *c) {
    dropout_job j = job_of(c);
    enum { strip = at_once * vf_lanes };
    sn_parallel_ranges(c->team, drop_strips, &j, sn_ceil_div(j.n, strip), 2 * strip);
}

static bool applicable_dropout(const sn_call *c) {
    return c->in[0].dtype == SN_F32 && sn_tensor_is_contiguous(&c->in[0]);
}

#endif
