/* The examples of multitask sparse parity: each depends on (seed, stream, index) only. */
#include "study/parity.h"

#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"
#include "suan/fit.h"

#include <string.h>

static void draw_mask(const sn_parity_options *o, uint64_t first, sn_parity_bits *mask) {
    int64_t n = 0;
    *mask = (sn_parity_bits){0};
    for (uint64_t i = first; n < o->subset; i++) {
        int64_t b = (int64_t)(sn_uniform_f64(o->seed, SN_PARITY_MASKS, i) * (double)o->bits);
        uint64_t *word = &mask->word[b / 64], bit = (uint64_t)1 << b % 64;
        n += !(*word & bit);
        *word |= bit;
    }
}

/* Tasks of the same bits would be one; where there are enough subsets, they are drawn until they differ. */
static void draw_masks(sn_parity_tasks *t) {
    enum { TRIES = 64 };
    for (int64_t k = 0, i; k < t->o->tasks; k++)
        for (uint64_t turn = 0; turn < TRIES; turn++) {
            draw_mask(t->o, (uint64_t)k << 40 | turn << 32, &t->mask[k]);
            for (i = 0; i < k && memcmp(&t->mask[i], &t->mask[k], sizeof *t->mask) != 0;) i++;
            if (i == k) break;
        }
}

static void make_guide(sn_parity_tasks *t) {
    int32_t k = 0;
    for (int i = 0; i < SN_PARITY_GUIDE; i++) {
        while (k < t->o->tasks - 1 && t->below[k] <= (double)i / SN_PARITY_GUIDE) k++;
        t->guide[i] = k;
    }
}

sn_status sn_parity_tasks_new(sn_arena *arena, const sn_parity_options *o, sn_parity_tasks *t) {
    const sn_quanta q = {.gamma = o->gamma, .tasks = o->tasks};
    t->o = o;
    t->mask = sn_arena_array(arena, (size_t)o->tasks, sizeof *t->mask);
    t->probability = sn_arena_array(arena, (size_t)o->tasks, 2 * sizeof *t->probability);
    if (!t->mask || !t->probability) return sn_fail_memory("tasks");
    t->below = t->probability + o->tasks;
    for (int64_t k = 0; k < o->tasks; k++) {
        t->probability[k] = sn_quanta_probability(&q, k + 1);
        t->below[k] = t->probability[k] + (k > 0 ? t->below[k - 1] : 0);
    }
    draw_masks(t);
    make_guide(t);
    return SN_OK;
}

sn_parity_example sn_parity_draw(const sn_parity_tasks *t, int64_t fixed, uint64_t stream, int64_t i) {
    const sn_parity_options *o = t->o;
    int64_t blocks = 1 + sn_ceil_div(sn_max_i64(0, o->bits - 64), 128); /* the first: the task and 64 bits */
    uint32_t word[4 * (1 + SN_PARITY_WORDS / 2)];
    sn_parity_example e = {.task = fixed};
    for (int64_t b = 0; b < blocks; b++) sn_philox(o->seed, stream, (uint64_t)(i * blocks + b), word + 4 * b);
    if (fixed < 0) {
        double u = (double)word[0] * 0x1p-32 + (double)(word[1] >> 11) * 0x1p-53;
        for (e.task = t->guide[(int)(u * SN_PARITY_GUIDE)]; e.task < o->tasks - 1 && u >= t->below[e.task];) e.task++;
    }
    const sn_parity_bits *mask = &t->mask[e.task];
    uint64_t odd = 0;
    for (int64_t w = 0; w * 64 < o->bits; w++) {
        uint64_t x = (uint64_t)word[2 * w + 3] << 32 | word[2 * w + 2];
        if (o->bits - w * 64 < 64) x &= ((uint64_t)1 << (o->bits - w * 64)) - 1;
        e.bits.word[w] = x;
        odd ^= x & mask->word[w];
    }
    e.answer = __builtin_parityll(odd);
    return e;
}

void sn_parity_codes_make(float zero, float one, sn_parity_codes *out) {
    for (int k = 0; k < 16; k++)
        for (int i = 0; i < 4; i++) out->four[k][i] = k >> i & 1 ? one : zero;
}

void sn_parity_spread(const sn_parity_codes *codes, const sn_parity_bits *bits, int64_t n, float *to) {
    int64_t b = 0;
    for (; b + 4 <= n; b += 4) memcpy(to + b, codes->four[bits->word[b / 64] >> b % 64 & 15], sizeof *codes->four);
    if (b < n) memcpy(to + b, codes->four[bits->word[b / 64] >> b % 64 & 15], (size_t)(n - b) * sizeof *to);
}
