/* The attention reference against the definition, pair by pair in double, and against itself in chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attention_fixture.h"
#include "graph/op.h"

#include <stdio.h>

void sn_forward_f64_attention(const sn_call *c);
extern const sn_op_def sn_op_attention;

static problem make(int kind, int d, int d_v, int planes, sn_pair_layout layout, int heads, int kv_heads) {
    problem t = {.type = SN_F64, .cache_type = SN_F64, .n_heads = heads, .n_kv_heads = kv_heads, .d = d, .d_v = d_v};
    t.attr.position = make_kind(kind, d, planes, layout, 7);
    return t;
}

static void every_kind_meets_the_definition(void **state) {
    (void)state;
    const int64_t ragged[][2] = {{1, 30}, {21, 0}, {9, 13}};
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int layout = 0; layout < 2; layout++) {
            problem t =
                make(kind, layout ? 20 : 8, layout ? 20 : 5, layout ? 7 : 4, (sn_pair_layout)layout, 4, layout ? 2 : 4);
            lay_out(&t, 3, ragged, layout);
            problem_fill(&t, (uint64_t)kind);
            sn_forward_f64_attention(&t.call);
            double error = problem_error(&t);
            if (!(error < 1e-12)) fail_msg("%s, layout %d: error %g", kind_names[kind], layout, error);
            problem_free(&t);
        }
}

static void f32_and_small_caches_meet_the_definition(void **state) {
    (void)state;
    const int64_t ragged[][2] = {{1, 30}, {21, 0}, {9, 13}};
    const sn_dtype types[] = {SN_F32, SN_F16, SN_BF16};
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int k = 0; k < 3; k++) {
            problem t = make(kind, 32, 32, 16, SN_PAIR_HALVES, 2, 1);
            t.type = SN_F32, t.cache_type = types[k];
            lay_out(&t, 3, ragged, 0);
            problem_fill(&t, (uint64_t)kind);
            sn_op_attention.forward_f32(&t.call);
            double error = problem_error(&t);
            if (!(error < 2e-6)) fail_msg("%s, %s cache: error %g", kind_names[kind], sn_dtype_name(types[k]), error);
            problem_free(&t);
        }
}

/* The same 40 tokens in chunks: each chunk sees the keys that are in the cache by then. */
static void chunks_do_not_matter(void **state) {
    (void)state;
    enum { n = 40 };
    for (int kind = 0; kind < N_KINDS; kind++) {
        if (kind == 9 || kind == 11) continue; /* not causal: a chunk sees other keys */
        problem t = make(kind, 8, 8, 4, SN_PAIR_HALVES, 2, 1);
        lay_out(&t, 1, (const int64_t[][2]){{n, 0}}, 0);
        problem_fill(&t, 5);
        sn_forward_f64_attention(&t.call);
        double whole[n * 2 * 8], *out = t.buffer[5];
        memcpy(whole, out, sizeof whole);
        const int chunk_sizes[] = {1, 7, 32};
        for (int c = 0; c < 3; c++) {
            int size = chunk_sizes[c];
            for (int from = 0; from < n; from += size) {
                int rows = from + size > n ? n - from : size;
                int64_t shape[] = {rows, 2, 8};
                problem part = t;
                part.sequences[0][1] = rows, part.sequences[0][2] = from;
                part.call.in[SN_ATTENTION_Q] = sn_tensor_make(SN_F64, 3, shape, (double *)t.buffer[0] + from * 16);
                part.call.in[SN_ATTENTION_SEQUENCES].data = part.sequences;
                part.call.out[0] = sn_tensor_make(SN_F64, 3, shape, t.buffer[5]);
                part.call.out[1] = sn_tensor_make(SN_F64, 2, shape, t.buffer[6]);
                sn_forward_f64_attention(&part.call);
                for (int i = 0; i < rows * 16; i++) assert_true(fabs(out[i] - whole[from * 16 + i]) < 1e-13);
            }
        }
        problem_free(&t);
    }
}

static void segments_cut_where_the_piece_changes(void **state) {
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int64_t i = 0; i < 60; i++) {
            sn_position p = make_kind(kind, 8, 4, SN_PAIR_HALVES, 7);
            sn_segment segments[SN_MAX_SEGMENTS];
            int n = sn_attention_segments(&p, i, 60, segments), at = 0;
            assert_in_range(n, 1, SN_MAX_SEGMENTS);
            assert_int_equal(segments[n - 1].to, 60);
            for (int64_t j = 0; j < 60; j++) {
                if (j == segments[at].to) {
                    at++;
                    assert_int_not_equal(segments[at - 1].piece, segments[at].piece);
                }
                assert_int_equal(segments[at].piece, sn_position_piece(&p, i, j));
            }
        }
}

/* A table that reaches outside the rows, slots or positions touches nothing. */
static void bad_sequences_give_zeros(void **state) {
    (void)state;
    const int32_t bad[][4] = {{-1, 2, 0, 0},
                              {0, 9, 0, 0},
                              {0, 0, 0, 0},
                              {0, 2, -1, 0},
                              {0, 2, 0, -1},
                              {0, 2, 7, 0},
                              {0, 2, 0, 7},
                              {7, 2, 0, 0},
                              {0, -2, 4, 0},
                              {0, 2, 0, INT32_MAX},
                              {0, INT32_MAX, INT32_MAX, 0}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        problem t = make(0, 4, 4, 2, SN_PAIR_HALVES, 1, 1);
        lay_out(&t, 1, (const int64_t[][2]){{8, 0}}, 0);
        problem_fill(&t, 1);
        memcpy(t.sequences[0], bad[k], sizeof bad[k]);
        sn_forward_f64_attention(&t.call);
        for (int i = 0; i < 8 * 4; i++) assert_true(((double *)t.buffer[5])[i] == 0);
        problem_free(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_meets_the_definition),
        cmocka_unit_test(f32_and_small_caches_meet_the_definition),
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(segments_cut_where_the_piece_changes),
        cmocka_unit_test(bad_sequences_give_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
