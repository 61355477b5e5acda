/* The architectures' definition in double precision: every layer by its formula, each logit from its pair alone. */
#ifndef SN_TEST_ARCH_COMMON_H
#define SN_TEST_ARCH_COMMON_H

#include "model_common.h"

/* How the pairs of a layer meet: distance r counts as e(r). */
typedef struct plain_pairs {
    int64_t window; /* keys seen, the query included; 0: all */
    bool rotary;
    double near_window, leak; /* e(r) = r below near_window, near_window + leak (r - near_window) above; 0: e(r) = r */
    double logit_scale, logn_base, logn_min;
} plain_pairs;

static inline plain_pairs plain_pairs_of(const sn_model_config *c, int64_t layer) {
    bool windowed = c->layer_windowed[layer];
    const sn_arch_config *a = &c->arch;
    double n = (double)c->train_length, scale = 1 / sqrt((double)c->d_head);
    if (a->qk != SN_QK_PLAIN) scale = 1;
    if (a->qk == SN_QK_COSA) scale = a->logn_base > 0 ? 4 * log(a->logn_base) : 4 * log(n / 2);
    if (a->logit_scale > 0) scale = a->logit_scale;
    plain_pairs p = {.window = windowed ? c->window : 0, .rotary = c->layer_rotary[layer], .logit_scale = scale};
    if (a->logn_base > 0 && (!windowed || a->logn_windowed)) {
        p.logn_base = a->logn_base;
        p.logn_min = a->logn_min > 0 ? a->logn_min : 1;
    }
    return p;
}

static inline double plain_length(const double *x, int64_t n, double epsilon) {
    double sum = epsilon;
    for (int64_t i = 0; i < n; i++) sum += x[i] * x[i];
    return sqrt(sum);
}

static inline double plain_dot(const sn_model_config *c, double e, bool rotary, const double *q, const double *k) {
    int64_t d = c->d_head, planes = rotary ? c->rope.n_rot / 2 : 0;
    bool halves = c->rope.layout == SN_PAIR_HALVES;
    double dot = 0;
    for (int64_t m = 0; m < planes; m++) {
        int64_t a = halves ? m : 2 * m, b = halves ? m + planes : 2 * m + 1;
        double angle = e * pow(c->rope.base, -2.0 * (double)m / (double)(2 * planes));
        dot += (q[a] * k[a] + q[b] * k[b]) * cos(angle) + (q[a] * k[b] - q[b] * k[a]) * sin(angle);
    }
    for (int64_t x = 2 * planes; x < d; x++) dot += q[x] * k[x];
    return dot;
}

static inline double plain_pair_logit(const sn_model_config *c, const plain_pairs *p, const double *q, const double *k,
                                      int64_t i, int64_t j) {
    double r = (double)(i - j), e = r, scale = p->logit_scale;
    double epsilon = c->arch.qk_epsilon > 0 ? c->arch.qk_epsilon : 1e-6;
    if (p->near_window > 0 && r >= p->near_window) e = p->near_window + p->leak * (r - p->near_window);
    sn_qk_kind qk = c->arch.qk;
    if (qk == SN_QK_KNA || qk == SN_QK_COSA) scale /= plain_length(k, c->d_head, epsilon);
    if (qk == SN_QK_QNA || qk == SN_QK_COSA) scale /= plain_length(q, c->d_head, epsilon);
    if (p->logn_base > 0) {
        double n = (double)(p->window > 0 && i + 1 > p->window ? p->window : i + 1);
        scale *= log(fmax(n, p->logn_min)) / log(p->logn_base);
    }
    return scale * plain_dot(c, e, p->rotary, q, k);
}

/* q [n, heads d], k [n, kv d], v [n, kv dv] to out [n, heads dv]. */
static inline void plain_attend(const sn_model_config *c, const plain_pairs *p, int64_t n, const double *q,
                                const double *k, const double *v, double *out) {
    int64_t d = c->d_head, dv = c->d_value, qn = c->n_heads * d, kn = c->n_kv_heads * d, vn = c->n_kv_heads * dv;
    double *logit = malloc((size_t)n * sizeof *logit);
    for (int64_t i = 0; i < n; i++)
        for (int64_t h = 0; h < c->n_heads; h++) {
            int64_t g = h / (c->n_heads / c->n_kv_heads),
                    first = p->window > 0 && i >= p->window ? i - p->window + 1 : 0;
            double max = -INFINITY, sum = 0, *y = out + i * c->n_heads * dv + h * dv;
            for (int64_t j = first; j <= i; j++) {
                logit[j] = plain_pair_logit(c, p, q + i * qn + h * d, k + j * kn + g * d, i, j);
                max = fmax(max, logit[j]);
            }
            memset(y, 0, (size_t)dv * sizeof *y);
            for (int64_t j = first; j <= i; j++) {
                double w = exp(logit[j] - max);
                sum += w;
                for (int64_t x = 0; x < dv; x++) y[x] += w * v[j * vn + g * dv + x];
            }
            for (int64_t x = 0; x < dv; x++) y[x] /= sum;
        }
    free(logit);
}

static inline double plain_activation(sn_activation a, double x) {
    if (a == SN_ACT_SILU) return x / (1 + exp(-x));
    if (a == SN_ACT_RELU) return fmax(x, 0);
    if (a == SN_ACT_GELU) return x * 0.5 * (1 + erf(x / sqrt(2)));
    return x * 0.5 * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

/* A weight by name, or NULL where the model has none. */
static inline double *plain_weight(const sn_model *m, const char *name, int64_t layer) {
    char full[96];
    sn_tensor t;
    sn_name_expand(name, layer, full, sizeof full);
    return sn_model_tensor(m, full, &t) == SN_OK ? doubles_of(m, name, layer) : NULL;
}

/* y = w x + b for rows of x [n, columns], with weight "layers.#.<name>.weight" and its bias where there is one. */
static inline double *plain_project(const sn_model *m, const char *part, int64_t layer, const double *x, int64_t n,
                                    int64_t rows, int64_t columns) {
    char name[64];
    snprintf(name, sizeof name, "layers.#.%s.weight", part);
    double *w = plain_weight(m, name, layer), *y = malloc((size_t)(n * rows) * sizeof *y);
    snprintf(name, sizeof name, "layers.#.%s.bias", part);
    double *b = plain_weight(m, name, layer);
    for (int64_t i = 0; i < n; i++) {
        plain_matvec(w, rows, columns, x + i * columns, y + i * rows);
        for (int64_t r = 0; b && r < rows; r++) y[i * rows + r] += b[r];
    }
    free(w), free(b);
    return y;
}

/* Norm of each row, with gain and bias where the model has them, as a new array. */
static inline double *plain_norm(const sn_model *m, const char *part, int64_t layer, const double *x, int64_t n) {
    const sn_model_config *c = &m->config;
    int64_t e = c->n_embd;
    char name[64];
    snprintf(name, sizeof name, "%s.weight", part);
    double *w = plain_weight(m, name, layer);
    snprintf(name, sizeof name, "%s.bias", part);
    double *b = plain_weight(m, name, layer), *y = malloc((size_t)(n * e) * sizeof *y);
    for (int64_t i = 0; i < n; i++) {
        double mean = 0, square = 0;
        for (int64_t j = 0; j < e && c->norm == SN_NORM_LAYER; j++) mean += x[i * e + j] / (double)e;
        for (int64_t j = 0; j < e; j++) square += (x[i * e + j] - mean) * (x[i * e + j] - mean) / (double)e;
        for (int64_t j = 0; j < e; j++) {
            double v = (x[i * e + j] - mean) / sqrt(square + c->norm_epsilon);
            y[i * e + j] = v * (w ? w[j] : 1) + (b ? b[j] : 0);
        }
    }
    free(w), free(b);
    return y;
}

static inline double *plain_self_attention(const sn_model *m, int64_t layer, const plain_pairs *p, const double *x,
                                           int64_t n) {
    const sn_model_config *c = &m->config;
    int64_t e = c->n_embd, mixed = c->n_heads * c->d_value;
    double *q = plain_project(m, "q", layer, x, n, c->n_heads * c->d_head, e);
    double *k = plain_project(m, "k", layer, x, n, c->n_kv_heads * c->d_head, e);
    double *v = plain_project(m, "v", layer, x, n, c->n_kv_heads * c->d_value, e);
    double *y = malloc((size_t)(n * mixed) * sizeof *y);
    plain_attend(c, p, n, q, k, v, y);
    double *out = plain_project(m, "o", layer, y, n, e, mixed);
    free(q), free(k), free(v), free(y);
    return out;
}

static inline double *plain_ffn(const sn_model *m, int64_t layer, const plain_pairs *p, const double *x, int64_t n) {
    const sn_model_config *c = &m->config;
    (void)p;
    double *up = plain_project(m, "up", layer, x, n, c->d_ff, c->n_embd);
    double *gate = c->ffn == SN_FFN_GATED ? plain_project(m, "gate", layer, x, n, c->d_ff, c->n_embd) : NULL;
    for (int64_t i = 0; i < n * c->d_ff; i++)
        up[i] = gate ? plain_activation(c->activation, gate[i]) * up[i] : plain_activation(c->activation, up[i]);
    double *out = plain_project(m, "down", layer, up, n, c->n_embd, c->d_ff);
    free(up), free(gate);
    return out;
}

static inline double *plain_gau(const sn_model *m, int64_t layer, const plain_pairs *p, const double *x, int64_t n) {
    const sn_model_config *c = &m->config;
    int64_t s = c->d_head, e = c->d_value;
    static const char *const parts[2][2] = {{"layers.#.q_gain.weight", "layers.#.q_gain.bias"},
                                            {"layers.#.k_gain.weight", "layers.#.k_gain.bias"}};
    double *z = plain_project(m, "z", layer, x, n, s, c->n_embd),
           *u = plain_project(m, "gate", layer, x, n, e, c->n_embd);
    double *v = plain_project(m, "v", layer, x, n, e, c->n_embd), *qk[2];
    for (int64_t i = 0; i < n * e; i++) v[i] = plain_activation(c->activation, v[i]);
    for (int side = 0; side < 2; side++) {
        double *gain = plain_weight(m, parts[side][0], layer), *offset = plain_weight(m, parts[side][1], layer);
        qk[side] = malloc((size_t)(n * s) * sizeof(double));
        for (int64_t i = 0; i < n * s; i++)
            qk[side][i] = plain_activation(c->activation, z[i]) * gain[i % s] + (offset ? offset[i % s] : 0);
        free(gain), free(offset);
    }
    double *y = malloc((size_t)(n * e) * sizeof *y);
    plain_attend(c, p, n, qk[0], qk[1], v, y);
    for (int64_t i = 0; i < n * e; i++) y[i] *= plain_activation(c->activation, u[i]);
    double *out = plain_project(m, "o", layer, y, n, c->n_embd, e);
    free(z), free(u), free(v), free(qk[0]), free(qk[1]), free(y);
    return out;
}

typedef double *(*plain_branch)(const sn_model *m, int64_t layer, const plain_pairs *p, const double *x, int64_t n);

static inline void plain_residual(const sn_model *m, int64_t layer, const plain_pairs *p, plain_branch branch,
                                  const char *norm, double *x, int64_t n) {
    const sn_model_config *c = &m->config;
    bool post = c->arch.placement == SN_NORM_POST;
    double alpha = c->arch.residual_scale > 0 ? c->arch.residual_scale : 1;
    double *in = post ? NULL : plain_norm(m, norm, layer, x, n), *y = branch(m, layer, p, post ? x : in, n);
    for (int64_t i = 0; i < n * c->n_embd; i++) x[i] = alpha * x[i] + y[i];
    if (post) {
        double *normed = plain_norm(m, norm, layer, x, n);
        memcpy(x, normed, (size_t)(n * c->n_embd) * sizeof *x);
        free(normed);
    }
    free(in), free(y);
}

/* Hidden states after `layers` layers, [n, n_embd], allocated. pairs: one a layer, or NULL: the model's own. */
static inline double *plain_hidden(const sn_model *m, const plain_pairs *pairs, const int32_t *tokens, int64_t n,
                                   int64_t layers) {
    const sn_model_config *c = &m->config;
    int64_t e = c->n_embd;
    double *embed = doubles_of(m, "embed.weight", 0), *where = plain_weight(m, "positions.weight", 0);
    double *x = malloc((size_t)(n * e) * sizeof *x);
    for (int64_t i = 0; i < n * e; i++) x[i] = embed[tokens[i / e] * e + i % e] + (where ? where[i] : 0);
    if (c->arch.embed_norm) {
        double *normed = plain_norm(m, "no such norm", 0, x, n);
        free(x);
        x = normed;
    }
    for (int64_t layer = 0; layer < layers; layer++) {
        plain_pairs own = plain_pairs_of(c, layer);
        const plain_pairs *p = pairs ? &pairs[layer] : &own;
        bool gau = c->arch.block == SN_BLOCK_GAU;
        plain_residual(m, layer, p, gau ? plain_gau : plain_self_attention, "layers.#.attn_norm", x, n);
        if (!gau) plain_residual(m, layer, p, plain_ffn, "layers.#.ffn_norm", x, n);
    }
    free(embed), free(where);
    return x;
}

/* Logits [n, n_vocab], allocated. */
static inline double *plain_arch_logits(const sn_model *m, const plain_pairs *pairs, const int32_t *tokens, int64_t n) {
    const sn_model_config *c = &m->config;
    double *x = plain_hidden(m, pairs, tokens, n, c->n_layers);
    double *head = doubles_of(m, c->tied_head ? "embed.weight" : "head.weight", 0);
    double *out = malloc((size_t)(n * c->n_vocab) * sizeof *out);
    double *h = c->arch.placement == SN_NORM_PRE ? plain_norm(m, "norm", 0, x, n) : x;
    for (int64_t i = 0; i < n; i++) plain_matvec(head, c->n_vocab, c->n_embd, h + i * c->n_embd, out + i * c->n_vocab);
    if (h != x) free(h);
    free(x), free(head);
    return out;
}

#endif
