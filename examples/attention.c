/* The attention kernel on plain arrays, with positions handled by ReRoPE, checked against the definition.
 *   cc attention.c $(pkg-config --cflags --libs suan) -lm && ./a.out [METHOD] */
#include <suan/suan.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { n = 200, n_heads = 4, n_kv_heads = 2, d = 32, planes = d / 2 };

static float q[n][n_heads][d], k[n][n_kv_heads][d], v[n][n_kv_heads][d];

static void check(sn_status status) {
    if (status == SN_OK) return;
    fprintf(stderr, "%s\n", sn_last_error());
    exit(1);
}

static void fill(float *x, int count, unsigned seed) {
    for (int i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

/* Component c of the output of query i, head h, by the definition: softmax over the logits of all pairs. */
static double direct(const sn_position *p, int i, int h, int c) {
    double query[d], key[d], sum = 0, out = 0;
    for (int x = 0; x < d; x++) query[x] = q[i][h][x];
    for (int j = 0; j < n; j++) {
        for (int x = 0; x < d; x++) key[x] = k[j][h / 2][x];
        double weight = exp(sn_position_logit(p, query, key, d, i, j));
        sum += weight;
        out += weight * v[j][h / 2][c];
    }
    return out / sum;
}

int main(int argc, char **argv) {
    /* A model trained on 128 positions, and a method to use it on 200. */
    sn_rope_config model = {.d_head = d, .n_rot = d, .layout = SN_PAIR_HALVES, .base = 10000, .train_length = 128};
    sn_extend *method;
    sn_position position;
    char note[256];
    check(sn_extend_parse(argc > 1 ? argv[1] : "rerope:window=64", &method));
    check(sn_extend_resolve(method, &model, n, &position, note, sizeof note));
    printf("%s: %s\n", sn_extend_spec(method), note);

    fill(&q[0][0][0], n * n_heads * d, 1);
    fill(&k[0][0][0], n * n_kv_heads * d, 2);
    fill(&v[0][0][0], n * n_kv_heads * d, 3);

    /* Tables that turn queries and keys into the form of each piece; keys first into the canonical form. */
    static float query_table[SN_MAX_PIECES][n][planes][2], key_table[SN_MAX_PIECES][n][planes][2];
    static float canonical[n][planes][2];
    sn_position_tables(&position, SN_F32, n, 0, n, query_table, key_table, canonical);

    sn_graph *g;
    check(sn_graph_new(&g));
    int64_t table_shape[] = {position.n_pieces, n, planes, 2};
    sn_value *queries = sn_input(g, "q", SN_F32, 3, (int64_t[]){n, n_heads, d});
    sn_value *keys = sn_input(g, "k", SN_F32, 3, (int64_t[]){n, n_kv_heads, d});
    sn_value *values = sn_input(g, "v", SN_F32, 3, (int64_t[]){n, n_kv_heads, d});
    sn_value *angles = sn_input(g, "canonical", SN_F32, 3, (int64_t[]){n, planes, 2});
    sn_value *sequences = sn_input(g, "sequences", SN_I32, 2, (int64_t[]){1, 4});
    sn_value *query_angles = sn_input(g, "query table", SN_F32, 4, table_shape);
    sn_value *key_angles = sn_input(g, "key table", SN_F32, 4, table_shape);
    sn_value *turned = sn_rope(g, keys, angles, position.layout);
    sn_value *out = sn_attention(g, queries, turned, values, sequences, query_angles, key_angles, &position, NULL);

    sn_plan *plan;
    check(sn_plan_new(g, &out, 1, NULL, &plan));
    int32_t sequence[4] = {0, n, 0, 0}; /* first row, rows, position of the first row, first key slot */
    check(sn_plan_bind(plan, queries, q));
    check(sn_plan_bind(plan, keys, k));
    check(sn_plan_bind(plan, values, v));
    check(sn_plan_bind(plan, angles, canonical));
    check(sn_plan_bind(plan, sequences, sequence));
    check(sn_plan_bind(plan, query_angles, query_table));
    check(sn_plan_bind(plan, key_angles, key_table));
    check(sn_plan_run(plan));

    sn_tensor result;
    check(sn_plan_output(plan, 0, &result));
    const float *y = result.data;
    double worst = 0;
    for (int i = 0; i < n; i += 7)
        for (int h = 0; h < n_heads; h++)
            for (int c = 0; c < d; c++)
                worst = fmax(worst, fabs(y[(i * n_heads + h) * d + c] - direct(&position, i, h, c)));
    printf("largest difference from the definition: %.2g\n", worst);
    sn_plan_free(plan);
    sn_graph_free(g);
    sn_extend_free(method);
    return worst < 1e-5 ? 0 : 1;
}
