/* The mixtures are those of llama.cpp's quantizer, so that a name means the same everywhere: the tensors that
 * suffer most (values, the down projection, the output) get more bits, in all layers or in the first, the last
 * and every third one. */
#include "model/mixture.h"

#include "base/error.h"
#include "file/ggml_type.h"

#include <string.h>
#include <strings.h>

typedef enum part { PART_V, PART_DOWN, PART_O, PART_QKV } part;
typedef enum which { ALL, GROUPED_4, FIRST_2, FIRST_4, FIRST_8TH, FIRST_16TH, EDGES_AND_THIRDS } which;

typedef struct rule {
    part part;
    which layers;
    sn_dtype dtype;
} rule;

enum { MAX_RULES = 8 };

struct sn_mixture {
    const char *name;
    sn_dtype base;
    uint32_t number;
    int n_rules;
    rule rules[MAX_RULES]; /* the first that applies counts */
};

static const sn_mixture mixtures[] = {
    {"f32", SN_F32, 0, 0, {{0}}},
    {"f16", SN_F16, 1, 0, {{0}}},
    {"bf16", SN_BF16, 32, 0, {{0}}},
    {"q8_0", SN_Q8_0, 7, 0, {{0}}},
    {"q4_0", SN_Q4_0, 2, 0, {{0}}},
    {"q4_1", SN_Q4_1, 3, 0, {{0}}},
    {"q5_0", SN_Q5_0, 8, 0, {{0}}},
    {"q5_1", SN_Q5_1, 9, 0, {{0}}},
    {"Q2_K",
     SN_Q2_K,
     10,
     4,
     {{PART_V, GROUPED_4, SN_Q4_K}, {PART_V, ALL, SN_Q3_K}, {PART_DOWN, ALL, SN_Q3_K}, {PART_O, ALL, SN_Q3_K}}},
    {"Q3_K_S", SN_Q3_K, 11, 0, {{0}}},
    {"Q3_K_M",
     SN_Q3_K,
     12,
     6,
     {{PART_V, FIRST_2, SN_Q5_K},
      {PART_V, ALL, SN_Q4_K},
      {PART_DOWN, FIRST_16TH, SN_Q5_K},
      {PART_DOWN, ALL, SN_Q4_K},
      {PART_O, ALL, SN_Q4_K},
      {PART_QKV, ALL, SN_Q4_K}}},
    {"Q3_K_L",
     SN_Q3_K,
     13,
     4,
     {{PART_V, ALL, SN_Q5_K}, {PART_DOWN, ALL, SN_Q5_K}, {PART_O, ALL, SN_Q5_K}, {PART_QKV, ALL, SN_Q4_K}}},
    {"Q4_K_S", SN_Q4_K, 14, 2, {{PART_V, FIRST_4, SN_Q5_K}, {PART_DOWN, FIRST_8TH, SN_Q5_K}}},
    {"Q4_K_M",
     SN_Q4_K,
     15,
     3,
     {{PART_V, EDGES_AND_THIRDS, SN_Q6_K}, {PART_DOWN, EDGES_AND_THIRDS, SN_Q6_K}, {PART_QKV, ALL, SN_Q5_K}}},
    {"Q5_K_S", SN_Q5_K, 16, 0, {{0}}},
    {"Q5_K_M",
     SN_Q5_K,
     17,
     3,
     {{PART_V, EDGES_AND_THIRDS, SN_Q6_K}, {PART_DOWN, EDGES_AND_THIRDS, SN_Q6_K}, {PART_QKV, ALL, SN_Q6_K}}},
    {"Q6_K", SN_Q6_K, 18, 0, {{0}}},
    {NULL, SN_F32, 0, 0, {{0}}},
};

typedef struct alias {
    const char *name, *means;
} alias;
static const alias aliases[] = {{"Q3_K", "Q3_K_M"}, {"Q4_K", "Q4_K_M"}, {"Q5_K", "Q5_K_M"}, {NULL, NULL}};

/* Mixtures of other quantizers that are no types themselves. */
static const char *const foreign[] = {"IQ2_M",  "IQ3_XS", "IQ3_M",  "Q2_K_S",    "Q2_K_L", "Q3_K_XL",
                                      "Q4_K_L", "Q5_K_L", "Q6_K_L", "MXFP4_MOE", NULL};

static bool is_foreign(const char *name) {
    for (const char *const *f = foreign; *f; f++)
        if (strcasecmp(*f, name) == 0) return true;
    return sn_ggml_type_is_known(name);
}

const char *sn_quantize_types(void) {
    return "f32,f16,bf16,q8_0,q4_0,q4_1,q5_0,q5_1,Q2_K,Q3_K_S,Q3_K_M,Q3_K_L,Q4_K_S,Q4_K_M,Q5_K_S,Q5_K_M,Q6_K";
}

sn_status sn_mixture_find(const char *name, const sn_mixture **out) {
    const char *wanted = name;
    for (const alias *a = aliases; a->name; a++)
        if (strcasecmp(a->name, name) == 0) wanted = a->means;
    for (*out = mixtures; (*out)->name; ++*out)
        if (strcasecmp((*out)->name, wanted) == 0) return SN_OK;
    if (is_foreign(name))
        return sn_fail(SN_ERR_UNSUPPORTED, "convert: %s is a known type, but suan does not write it: choose one of %s",
                       name, sn_quantize_types());
    return sn_fail(SN_ERR_NOT_FOUND, "convert: no type is called \"%s\": %s are", name, sn_quantize_types());
}

const char *sn_mixture_name(const sn_mixture *x) { return x->name; }
bool sn_mixture_is_float(const sn_mixture *x) { return !sn_dtype_is_block(x->base); }
sn_dtype sn_mixture_base(const sn_mixture *x) { return x->base; }
uint32_t sn_mixture_gguf_number(const sn_mixture *x) { return x->number; }

static bool applies(which layers, const sn_model_config *c, int64_t layer) {
    int64_t n = c->n_layers;
    switch (layers) {
    case ALL: return true;
    case GROUPED_4: return c->n_heads / c->n_kv_heads >= 4;
    case FIRST_2: return layer < 2;
    case FIRST_4: return layer < 4;
    case FIRST_8TH: return layer < n / 8;
    case FIRST_16TH: return layer < n / 16;
    case EDGES_AND_THIRDS: return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
    }
    return false;
}

static bool part_of(sn_weight_id id, bool fused, part *out) {
    switch (id) {
    case SN_W_Q:
    case SN_W_K: *out = PART_QKV; return fused;
    case SN_W_V: *out = fused ? PART_QKV : PART_V; return true;
    case SN_W_DOWN: *out = PART_DOWN; return true;
    case SN_W_O: *out = PART_O; return true;
    default: return false;
    }
}

/* The next type whose block divides the row. */
static sn_dtype fitting(sn_dtype dtype, int64_t columns) {
    static const sn_dtype smaller[SN_N_DTYPES] = {
        [SN_Q2_K] = SN_Q4_0, [SN_Q3_K] = SN_Q4_0, [SN_Q4_K] = SN_Q5_0, [SN_Q5_K] = SN_Q5_1, [SN_Q6_K] = SN_Q8_0};
    if (columns % sn_dtype_block(dtype) == 0) return dtype;
    dtype = smaller[dtype];
    return dtype != SN_F32 && columns % sn_dtype_block(dtype) == 0 ? dtype : SN_F16;
}

sn_dtype sn_mixture_type(const sn_mixture *x, const sn_model_config *c, sn_weight_id id, int64_t layer, int64_t columns,
                         bool fused, bool *fell_back) {
    *fell_back = false;
    if (sn_tensor_specs[id].columns == SN_DIM_NONE || id == SN_W_POSITIONS) return SN_F32;
    if (sn_mixture_is_float(x)) return x->base;
    sn_dtype dtype = x->base;
    part p;
    bool output = id == SN_W_HEAD || (id == SN_W_EMBED && c->tied_head);
    if (output && dtype != SN_Q8_0) dtype = SN_Q6_K;
    if (!output && part_of(id, fused, &p))
        for (int i = 0; i < x->n_rules; i++)
            if (x->rules[i].part == p && applies(x->rules[i].layers, c, layer)) {
                dtype = x->rules[i].dtype;
                break;
            }
    sn_dtype fits = fitting(dtype, columns);
    *fell_back = fits != dtype;
    return fits;
}
