/* The fused step of multitask sparse parity. Matrix products are those of the graph; what lies between them is done
 * row by row while the block is in the cache. Each example has one task, so the one-hot part of the first layer is a
 * row to add, and the bias's gradient is the sum of those rows' gradients. */
#include "study/parity_net.h"

#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

/* A register of every x86-64, anywhere in memory. */
enum { LANES = 4 };
typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t masks __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* ---- Parameters ---- */

/* The tasks' rows come first. */
static float *bit_weights(const sn_parity_net *n, float *all) { return all + n->tasks * n->width; }
static float *hidden_bias(const sn_parity_net *n, float *all) { return bit_weights(n, all) + n->width * n->bits; }
static float *out_weights(const sn_parity_net *n, float *all) { return hidden_bias(n, all) + n->width; }
static float *out_bias(const sn_parity_net *n, float *all) { return out_weights(n, all) + 2 * n->width; }

static void draw(float *to, int64_t n, double reach, uint64_t seed, uint64_t stream) {
    for (int64_t k = 0; k < n; k++) to[k] = (float)(reach * (2 * sn_uniform_f64(seed, stream, (uint64_t)k) - 1));
}

int64_t sn_parity_net_count(int64_t tasks, int64_t bits, int64_t width) { return (tasks + bits + 3) * width + 2; }

static sn_status make_parameters(sn_arena *arena, sn_parity_net *n, uint64_t seed, uint64_t stream) {
    n->n_parameters = sn_parity_net_count(n->tasks, n->bits, n->width);
    int64_t size = sn_round_up(n->n_parameters, LANES);
    float *all = sn_arena_array(arena, (size_t)size, 4 * sizeof *all);
    n->head = sn_arena_array(arena, (size_t)n->width, 2 * sizeof *n->head);
    if (!all || !n->head) return sn_fail_memory("a network");
    n->weight = all, n->gradient = all + size;
    n->mean = n->gradient + size, n->square = n->mean + size;
    n->head_slope = n->head + n->width;
    double first = 1 / sqrt((double)(n->tasks + n->bits)), second = 1 / sqrt((double)n->width);
    draw(all, (n->tasks + n->bits + 1) * n->width, first, seed, stream);
    draw(out_weights(n, all), 2 * n->width + 2, second, seed, stream + 1);
    return SN_OK;
}

static sn_status make_block(sn_arena *arena, sn_parity_net *n, int64_t rows) {
    sn_parity_block *b = &n->block;
    b->rows = rows;
    b->bits = sn_arena_array(arena, (size_t)(rows * n->bits), sizeof *b->bits);
    b->task = sn_arena_array(arena, (size_t)rows, sizeof *b->task);
    b->answer = sn_arena_array(arena, (size_t)rows, sizeof *b->answer);
    n->margin = sn_arena_array(arena, (size_t)rows, sizeof *n->margin);
    if (!b->bits || !b->task || !b->answer || !n->margin) return sn_fail_memory("examples");
    return SN_OK;
}

/* ---- Products ---- */

static sn_status plan_product(sn_parity_net *n, int i, sn_value *out, sn_precision precision) {
    const sn_plan_options options = {.n_threads = 1, .precision = precision};
    SN_TRY(sn_graph_status(n->graph[i]));
    return sn_plan_new(n->graph[i], &out, 1, &options, &n->plan[i]);
}

static sn_status make_plans(sn_parity_net *n, sn_precision precision) {
    int64_t block[2] = {n->block.rows, n->bits}, hidden[2] = {n->block.rows, n->width}, bits[2] = {n->width, n->bits};
    sn_tensor t;
    const sn_tensor w = sn_tensor_make(SN_F32, 2, bits, bit_weights(n, n->weight));
    const sn_tensor bias = sn_tensor_make(SN_F32, 1, &n->width, hidden_bias(n, n->weight));
    for (int i = 0; i < 2; i++) SN_TRY(sn_graph_new(&n->graph[i]));
    sn_graph *g = n->graph[0];
    sn_value *x = sn_input(g, "bits", SN_F32, 2, block);
    SN_TRY(plan_product(n, 0, sn_linear(g, x, sn_param(g, "weight", &w), sn_param(g, "bias", &bias)), precision));
    SN_TRY(sn_plan_bind(n->plan[0], x, n->block.bits));
    g = n->graph[1];
    sn_value *dy = sn_input(g, "hidden", SN_F32, 2, hidden);
    x = sn_input(g, "bits", SN_F32, 2, block);
    SN_TRY(plan_product(n, 1, sn_matmul_t(g, dy, x, true, false), precision));
    SN_TRY(sn_plan_bind(n->plan[1], x, n->block.bits));
    SN_TRY(sn_plan_run(n->plan[0])); /* the output's place is known from the first run on */
    SN_TRY(sn_plan_output(n->plan[0], 0, &t));
    n->hidden = t.data;
    return sn_plan_bind(n->plan[1], dy, n->hidden);
}

sn_status sn_parity_net_new(sn_arena *arena, int64_t tasks, int64_t bits, int64_t width, int64_t rows,
                            sn_precision precision, uint64_t seed, uint64_t stream, sn_parity_net *n) {
    *n = (sn_parity_net){.tasks = tasks, .bits = bits, .width = width};
    sn_status status = make_parameters(arena, n, seed, stream);
    if (status == SN_OK) status = make_block(arena, n, rows);
    if (status == SN_OK) status = make_plans(n, precision);
    if (status != SN_OK) sn_parity_net_free(n);
    return status;
}

void sn_parity_net_free(sn_parity_net *n) {
    for (int i = 0; i < 2; i++) {
        sn_plan_free(n->plan[i]);
        sn_graph_free(n->graph[i]);
        n->plan[i] = NULL, n->graph[i] = NULL;
    }
}

/* ---- Forward ---- */

/* The hidden row becomes its positive part, with the task's row added; what the head makes of it comes back. */
static float read_row(float *h, const float *task, const float *head, int64_t width) {
    const lanes zero = {0};
    lanes sum[4] = {zero, zero, zero, zero};
    int64_t j = 0;
    for (; j + 4 * LANES <= width; j += 4 * LANES)
        for (int k = 0; k < 4; k++) {
            float *at = h + j + k * LANES;
            lanes x = *(lanes *)at + *(const lanes *)(task + j + k * LANES);
            x = (lanes)((masks)x & (x > zero));
            *(lanes *)at = x;
            sum[k] += x * *(const lanes *)(head + j + k * LANES);
        }
    float rest = 0;
    for (; j < width; j++) {
        h[j] = fmaxf(h[j] + task[j], 0);
        rest += h[j] * head[j];
    }
    sum[0] += sum[1] + (sum[2] + sum[3]);
    for (int k = 0; k < LANES; k++) rest += sum[0][k];
    return rest;
}

sn_status sn_parity_net_forward(sn_parity_net *n) {
    const float *out = out_weights(n, n->weight), *bias = out_bias(n, n->weight);
    for (int64_t j = 0; j < n->width; j++) n->head[j] = out[n->width + j] - out[j];
    SN_TRY(sn_plan_run(n->plan[0]));
    for (int64_t i = 0; i < n->block.n; i++) {
        const float *task = n->weight + n->block.task[i] * n->width;
        n->margin[i] = read_row(n->hidden + i * n->width, task, n->head, n->width) + (bias[1] - bias[0]);
    }
    return SN_OK;
}

double sn_parity_loss(double margin, int answer) {
    double wrong = answer ? -margin : margin;
    return fmax(wrong, 0) + log1p(exp(-fabs(wrong)));
}

/* ---- Backward ---- */

/* The hidden row becomes its gradient, slope times the head where the unit is on. */
static void turn_row(float *h, float slope, const float *head, float *head_slope, float *task_slope, int64_t width) {
    const lanes zero = {0}, s = zero + slope;
    int64_t j = 0;
    for (; j + LANES <= width; j += LANES) {
        lanes x = *(lanes *)(h + j), d = s * *(const lanes *)(head + j);
        d = (lanes)((masks)d & (x > zero));
        *(lanes *)(head_slope + j) += s * x;
        *(lanes *)(task_slope + j) += d;
        *(lanes *)(h + j) = d;
    }
    for (; j < width; j++) {
        float d = h[j] > 0 ? slope * head[j] : 0;
        head_slope[j] += slope * h[j];
        task_slope[j] += d;
        h[j] = d;
    }
}

void sn_parity_net_begin(sn_parity_net *n) {
    memset(n->gradient, 0, (size_t)n->n_parameters * sizeof *n->gradient);
    memset(n->head_slope, 0, (size_t)n->width * sizeof *n->head_slope);
}

sn_status sn_parity_net_add(sn_parity_net *n, double weight, double *loss) {
    float *bias = out_bias(n, n->gradient), *to = bit_weights(n, n->gradient);
    sn_tensor t;
    SN_TRY(sn_parity_net_forward(n));
    for (int64_t i = 0; i < n->block.n; i++) {
        double margin = n->margin[i];
        float slope = (float)(weight * (1 / (1 + exp(-margin)) - n->block.answer[i]));
        *loss += sn_parity_loss(margin, n->block.answer[i]);
        turn_row(n->hidden + i * n->width, slope, n->head, n->head_slope, n->gradient + n->block.task[i] * n->width,
                 n->width);
        bias[1] += slope;
    }
    memset(n->hidden + n->block.n * n->width, 0, (size_t)((n->block.rows - n->block.n) * n->width) * sizeof *n->hidden);
    SN_TRY(sn_plan_run(n->plan[1]));
    SN_TRY(sn_plan_output(n->plan[1], 0, &t));
    const float *part = t.data;
    for (int64_t k = 0; k < n->width * n->bits; k++) to[k] += part[k];
    return SN_OK;
}

void sn_parity_net_finish(sn_parity_net *n) {
    float *bias = hidden_bias(n, n->gradient), *out = out_weights(n, n->gradient);
    for (int64_t k = 0; k < n->tasks; k++) {
        const float *row = n->gradient + k * n->width;
        for (int64_t j = 0; j < n->width; j++) bias[j] += row[j];
    }
    for (int64_t j = 0; j < n->width; j++) out[j] = -n->head_slope[j], out[n->width + j] = n->head_slope[j];
    out_bias(n, n->gradient)[0] = -out_bias(n, n->gradient)[1];
}

/* ---- AdamW ---- */

/* Numbers that are nothing beside epsilon, in bits. In squares or after many steps they would become denormal, which
 * processors take a hundred times as long for. */
enum { SIGN = INT32_MIN, DUST = 0x23000000, SQUARE_DUST = 0x07000000 }; /* 7e-18, 1e-34 */

static inline __attribute__((always_inline)) lanes without_dust(lanes x, int32_t dust) {
    masks bits = (masks)x;
    return (lanes)(bits & ((bits & ~SIGN) > dust));
}

/* n is a multiple of LANES. */
static void follow_gradient(const float *gradient, float *mean, float *square, float add1, float add2, int64_t n) {
    for (int64_t k = 0; k < n; k += LANES) {
        lanes *m = (lanes *)(mean + k), *v = (lanes *)(square + k);
        lanes g = without_dust(*(const lanes *)(gradient + k), DUST);
        *m = without_dust(*m + add1 * (g - *m), DUST);
        *v = without_dust(*v + add2 * (g * g - *v), SQUARE_DUST);
    }
}

static void move(float *restrict w, const float *restrict m, const float *restrict v, float step, float root,
                 int64_t n) {
    const float epsilon = 1e-8F;
    for (int64_t k = 0; k < n; k++) w[k] -= step * m[k] / (sqrtf(v[k]) * root + epsilon);
}

void sn_parity_net_update(sn_parity_net *n, double rate) {
    enum { PART = 2048 };
    const double beta1 = 0.9, beta2 = 0.999;
    double t = (double)++n->steps;
    float step = (float)(rate / (1 - pow(beta1, t))), root = (float)(1 / sqrt(1 - pow(beta2, t)));
    for (int64_t k = 0; k < n->n_parameters; k += PART) {
        int64_t count = sn_min_i64(PART, n->n_parameters - k);
        follow_gradient(n->gradient + k, n->mean + k, n->square + k, (float)(1 - beta1), (float)(1 - beta2),
                        sn_round_up(count, LANES));
        move(n->weight + k, n->mean + k, n->square + k, step, root, count);
    }
}
