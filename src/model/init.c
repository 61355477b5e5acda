/* Schemes of initial weights: the standard deviation of each matrix. Gains begin at 1, biases and offsets at 0. */
#include "model/init.h"

#include "base/error.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

/* What the deviation of one matrix may depend on. */
typedef struct matrix {
    sn_weight_id id;
    double rows, columns, layers;
    double branches; /* additions to the residual stream: two a layer, one in GAU */
    double std;      /* the caller's, 0: not given */
} matrix;

struct sn_init_scheme {
    const char *name;
    bool truncated; /* normal cut at two deviations */
    double (*deviation)(const matrix *m);
};

static bool is_embedding(sn_weight_id id) { return id == SN_W_EMBED || id == SN_W_POSITIONS; }
static bool is_residual(sn_weight_id id) { return id == SN_W_O || id == SN_W_DOWN; }

static double gpt2(const matrix *m) {
    double std = m->std > 0 ? m->std : 0.02;
    return is_residual(m->id) ? std / sqrt(m->branches) : std;
}

/* Xavier's deviation; beta on all but queries and keys. For N layers of two branches alpha is (2N)^(1/4) and beta
 * (8N)^(-1/4). (Wang et al. 2022, arXiv:2203.00555, table for decoders) */
static double deepnorm(const matrix *m) {
    if (is_embedding(m->id) || m->id == SN_W_HEAD) return 1 / sqrt(m->columns);
    bool plain = m->id == SN_W_Q || m->id == SN_W_K || m->id == SN_W_Z;
    double beta = plain ? 1 : pow(4 * m->branches, -0.25);
    return beta * sqrt(2 / (m->rows + m->columns));
}

/* Keras shapes are [in, out] but for embeddings. 1.1368 makes up for the variance the cut takes.
 * (github.com/ZhuiyiTechnology/GAU-alpha) */
static double gau_alpha(const matrix *m) {
    double first = is_embedding(m->id) ? m->rows : m->columns, second = is_embedding(m->id) ? m->columns : m->rows;
    double fan = first > 10000 || first < 10 ? second : first;
    return 1.13684723 / sqrt(fan) * pow(m->layers, -1.0 / 3);
}

static double fan_in(const matrix *m) { return 1 / sqrt(m->columns); }

static const sn_init_scheme schemes[] = {
    {"gpt2", false, gpt2}, {"deepnorm", false, deepnorm}, {"gau-alpha", true, gau_alpha}, {"fan_in", false, fan_in}};
enum { N_SCHEMES = sizeof schemes / sizeof schemes[0] };

const char *sn_model_init_schemes(void) { return "gpt2, deepnorm, gau-alpha, fan_in"; }

sn_status sn_init_find(const char *name, const sn_init_scheme **out) {
    *out = &schemes[0];
    for (int i = 0; name && i < N_SCHEMES; i++) {
        *out = &schemes[i];
        if (strcmp(name, schemes[i].name) == 0) return SN_OK;
    }
    if (!name) return SN_OK;
    return sn_fail(SN_ERR_NOT_FOUND, "model: no scheme of initial weights is called \"%s\": %s are", name,
                   sn_model_init_schemes());
}

static double branches_of(const sn_model_config *c) {
    return (double)c->n_layers * (c->arch.block == SN_BLOCK_GAU ? 1 : 2);
}

void sn_init_configure(const sn_init_scheme *scheme, sn_model_config *c) {
    if (scheme->deviation != deepnorm || c->arch.placement != SN_NORM_POST || c->arch.residual_scale != 0) return;
    c->arch.residual_scale = pow(branches_of(c), 0.25);
}

/* FNV-1a of the name: the stream does not depend on the order of weights. */
static uint64_t stream_of(const char *name) {
    uint64_t hash = 14695981039346656037u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash;
}

static double draw(bool truncated, uint64_t seed, uint64_t stream, uint64_t index) {
    double z = sn_normal_f64(seed, stream, index);
    for (uint64_t again = 1; truncated && fabs(z) > 2; again++) z = sn_normal_f64(seed, stream, index + (again << 40));
    return z;
}

void sn_init_fill(const sn_init_scheme *scheme, double std, const sn_model_config *c, sn_weight_id id, const char *name,
                  uint64_t seed, sn_tensor *t) {
    float *to = t->data;
    int64_t n = sn_tensor_count(t);
    if (t->n_dims == 1) {
        float value = sn_weight_kind(id) == SN_KIND_GAIN ? 1.0f : 0.0f;
        for (int64_t i = 0; i < n; i++) to[i] = value;
        return;
    }
    const matrix m = {.id = id,
                      .rows = (double)t->shape[0],
                      .columns = (double)t->shape[1],
                      .layers = (double)c->n_layers,
                      .branches = branches_of(c),
                      .std = std};
    double deviation = scheme->deviation(&m);
    uint64_t stream = stream_of(name);
    for (int64_t i = 0; i < n; i++) to[i] = (float)(deviation * draw(scheme->truncated, seed, stream, (uint64_t)i));
}
