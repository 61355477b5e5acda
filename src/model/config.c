#include "model/config.h"

#include "base/error.h"
#include "base/size.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const sn_scaling_name sn_scaling_names[] = {
    {"default", SN_ROPE_PLAIN},     {"none", SN_ROPE_PLAIN},  {"linear", SN_ROPE_LINEAR},
    {"dynamic", SN_ROPE_DYNAMIC},   {"yarn", SN_ROPE_YARN},   {"llama3", SN_ROPE_LLAMA3},
    {"longrope", SN_ROPE_LONGROPE}, {"su", SN_ROPE_LONGROPE}, {NULL, SN_ROPE_PLAIN}};

sn_config_draft sn_config_draft_of(const sn_family *family, const char *where, sn_arena *arena) {
    return (sn_config_draft){.family = family,
                             .where = where,
                             .arena = arena,
                             .norm = family->norm,
                             .ffn = family->ffn,
                             .activation = family->activation,
                             .qk_norm = family->qk_norm,
                             .learned_positions = family->learned_positions,
                             .tied_head = family->tied_head,
                             .parallel_block = family->parallel_block,
                             .norm_epsilon = family->norm_epsilon,
                             .rope_base = family->rope_base,
                             .partial_rotary = family->partial_rotary};
}

typedef struct range {
    const char *what;
    int64_t value, minimum, maximum;
} range;

static sn_status check_ranges(const sn_config_draft *d) {
    const range ranges[] = {{"layers", d->n_layers, 1, 4096},
                            {"width", d->n_embd, 1, 1 << 20},
                            {"heads", d->n_heads, 1, 8192},
                            {"key heads", d->n_kv_heads, 1, 8192},
                            {"head size", d->d_head, 1, 4096},
                            {"value size", d->d_value, 1, 1 << 20},
                            {"feed-forward width", d->d_ff, 1, 1 << 24},
                            {"vocabulary", d->n_vocab, 1, 1 << 26},
                            {"trained length", d->max_length, 1, INT32_MAX},
                            {"original length", d->original_length, 0, INT32_MAX},
                            {"sliding window", d->window, 0, INT32_MAX},
                            {"rotated components", d->n_rot, 0, 2 * SN_MAX_PLANES}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (ranges[i].value < ranges[i].minimum || ranges[i].value > ranges[i].maximum)
            return sn_fail(SN_ERR_FORMAT, "%s: %s is %lld: it must be %lld to %lld", d->where, ranges[i].what,
                           (long long)ranges[i].value, (long long)ranges[i].minimum, (long long)ranges[i].maximum);
    if (d->n_heads % d->n_kv_heads != 0)
        return sn_fail(SN_ERR_FORMAT, "%s: %lld heads cannot share %lld key heads evenly", d->where,
                       (long long)d->n_heads, (long long)d->n_kv_heads);
    if (d->n_rot % 2 != 0 || d->n_rot > d->d_head)
        return sn_fail(SN_ERR_FORMAT, "%s: %lld rotated components do not fit heads of %lld", d->where,
                       (long long)d->n_rot, (long long)d->d_head);
    if (!(d->norm_epsilon >= 0 && d->norm_epsilon < 1))
        return sn_fail(SN_ERR_FORMAT, "%s: the norm's epsilon is %g: it must be 0 to 1", d->where, d->norm_epsilon);
    return SN_OK;
}

static sn_status derive_sizes(sn_config_draft *d) {
    if (d->n_kv_heads == 0) d->n_kv_heads = d->n_heads;
    if (d->d_head == 0 && d->n_heads > 0) {
        if (d->n_embd % d->n_heads != 0)
            return sn_fail(SN_ERR_FORMAT, "%s: a width of %lld cannot be split over %lld heads", d->where,
                           (long long)d->n_embd, (long long)d->n_heads);
        d->d_head = d->n_embd / d->n_heads;
    }
    if (d->d_value == 0) d->d_value = d->d_head;
    if (d->d_ff == 0 && d->n_embd <= 1 << 20) d->d_ff = 4 * d->n_embd;
    if (d->learned_positions) return SN_OK;
    if (!(d->partial_rotary > 0 && d->partial_rotary <= 1))
        return sn_fail(SN_ERR_FORMAT, "%s: the rotated share of a head is %g: it must be in (0, 1]", d->where,
                       d->partial_rotary);
    if (d->n_rot == 0) d->n_rot = (int64_t)((double)d->d_head * d->partial_rotary + 1e-6);
    return SN_OK;
}

static sn_status check_number(const sn_config_draft *d, const char *what, double value, double low, double high) {
    if (value == 0 || (value >= low && value <= high)) return SN_OK;
    return sn_fail(SN_ERR_FORMAT, "%s: rope %s is %g: it must be %g to %g", d->where, what, value, low, high);
}

static sn_status check_rope_numbers(const sn_config_draft *d, const sn_rope_config *r) {
    if (d->learned_positions) return SN_OK;
    if (!(r->base > 0) || isinf(r->base))
        return sn_fail(SN_ERR_FORMAT, "%s: the rope base is %g: it must be positive", d->where, r->base);
    SN_TRY(check_number(d, "factor", r->factor, 1e-3, 1e6));
    SN_TRY(check_number(d, "attention_factor", r->attention_factor, 1e-3, 1e3));
    SN_TRY(check_number(d, "beta_fast", r->beta_fast, 1e-6, 1e6));
    SN_TRY(check_number(d, "beta_slow", r->beta_slow, 1e-6, 1e6));
    SN_TRY(check_number(d, "mscale", r->mscale, 1e-3, 1e3));
    SN_TRY(check_number(d, "mscale_all_dim", r->mscale_all_dim, 1e-3, 1e3));
    SN_TRY(check_number(d, "low_freq_factor", r->low_freq_factor, 1e-6, 1e6));
    SN_TRY(check_number(d, "high_freq_factor", r->high_freq_factor, 1e-6, 1e6));
    for (int i = 0; i < r->n_factors; i++)
        if (!(r->short_factor[i] > 0 && r->long_factor[i] > 0) || isinf(r->short_factor[i]) || isinf(r->long_factor[i]))
            return sn_fail(SN_ERR_FORMAT, "%s: rope factor %d is not positive", d->where, i);
    return SN_OK;
}

sn_status sn_config_fail_factor(const char *where, sn_rope_scaling scaling) {
    const sn_scaling_name *n = sn_scaling_names;
    while (n->scaling != scaling) n++;
    return sn_fail(SN_ERR_FORMAT, "%s: rope scaling of type %s needs a \"factor\" and has none", where, n->name);
}

/* Which numbers a kind of scaling cannot do without. */
static sn_status check_scaling(const sn_config_draft *d, const sn_rope_config *r) {
    bool scaled = r->scaling == SN_ROPE_LINEAR || r->scaling == SN_ROPE_DYNAMIC || r->scaling == SN_ROPE_YARN ||
                  r->scaling == SN_ROPE_LLAMA3;
    if (scaled && r->factor == 0) return sn_config_fail_factor(d->where, r->scaling);
    if (r->scaling == SN_ROPE_LLAMA3 && (r->low_freq_factor == 0 || r->high_freq_factor <= r->low_freq_factor))
        return sn_fail(SN_ERR_FORMAT, "%s: llama3 rope scaling needs low_freq_factor < high_freq_factor", d->where);
    if (r->scaling == SN_ROPE_LONGROPE && r->n_factors != d->n_rot / 2)
        return sn_fail(SN_ERR_FORMAT, "%s: longrope has %d factors for %lld rotated planes", d->where, r->n_factors,
                       (long long)(d->n_rot / 2));
    return SN_OK;
}

static sn_status finish_rope(const sn_config_draft *d, sn_pair_layout layout, sn_rope_config *r) {
    r->learned = d->learned_positions;
    r->d_head = (int)d->d_head;
    r->n_rot = (int)d->n_rot;
    r->layout = layout;
    if (r->base == 0) r->base = d->rope_base;
    int64_t original = r->train_length ? r->train_length : d->original_length;
    bool own_original = r->scaling == SN_ROPE_YARN || r->scaling == SN_ROPE_LLAMA3 || r->scaling == SN_ROPE_LONGROPE;
    r->train_length = own_original && original > 0 ? original : d->max_length;
    if (r->train_length > INT32_MAX || r->train_length < 1)
        return sn_fail(SN_ERR_FORMAT, "%s: the original length is %lld", d->where, (long long)r->train_length);
    double grown = (double)d->max_length / (double)r->train_length;
    bool by_ratio = r->scaling == SN_ROPE_LONGROPE || (r->scaling == SN_ROPE_YARN && original > 0);
    if (r->factor == 0 && by_ratio) r->factor = fmax(grown, 1);
    r->max_length = d->max_length;
    if (r->scaling == SN_ROPE_YARN || r->scaling == SN_ROPE_DYNAMIC) {
        /* The factor is checked below: until then it may be any number. */
        double reach = fmin(fmax((double)r->train_length * r->factor, 0), (double)INT32_MAX);
        r->max_length = sn_max_i64(r->max_length, (int64_t)reach);
    }
    SN_TRY(check_rope_numbers(d, r));
    return check_scaling(d, r);
}

static sn_status finish_flags(const sn_config_draft *d, sn_model_config *out) {
    size_t n = (size_t)d->n_layers;
    out->layer_windowed = sn_arena_alloc(d->arena, n);
    out->layer_rotary = sn_arena_alloc(d->arena, n);
    if (!out->layer_windowed || !out->layer_rotary) return sn_fail_memory("model");
    for (size_t i = 0; i < n; i++) {
        out->layer_windowed[i] = d->window > 0 && d->layer_windowed && d->layer_windowed[i];
        out->layer_rotary[i] = !d->layer_rotary || d->layer_rotary[i];
    }
    return SN_OK;
}

/* Scale and log-n of the logits, and whether windowed layers stand beside full ones. */
static void finish_logits(const sn_model_config *out, sn_config_draft *d) {
    const sn_arch_config *a = &d->arch;
    double scale = a->logit_scale;
    if (scale == 0 && (a->qk == SN_QK_KNA || a->qk == SN_QK_QNA)) scale = 1;
    if (scale == 0 && a->qk == SN_QK_COSA)
        scale = 4 * log(a->logn_base > 0 ? a->logn_base : fmax((double)d->max_length / 2, 2));
    if (scale > 0) d->rope.logit_scale = d->rope_local.logit_scale = scale;
    if (a->logn_base > 0) {
        d->rope.log_base = a->logn_base, d->rope.log_min = a->logn_min;
        if (a->logn_windowed) d->rope_local.log_base = a->logn_base, d->rope_local.log_min = a->logn_min;
    }
    for (int64_t i = 0; i < d->n_layers && out->window > 0; i++) d->rope_local.beside_full |= !out->layer_windowed[i];
}

static sn_status check_arch(const sn_config_draft *d) {
    const sn_arch_config *a = &d->arch;
    const struct {
        const char *what;
        double value, low, high;
    } numbers[] = {{"residual scale", a->residual_scale, 1e-3, 1e3},
                   {"epsilon of queries and keys", a->qk_epsilon, 1e-30, 1},
                   {"logit scale", a->logit_scale, 1e-6, 1e6},
                   {"log-n base", a->logn_base, 1.5, 1e12},
                   {"log-n minimum", a->logn_min, 1, 1e12}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (numbers[i].value != 0 && !(numbers[i].value >= numbers[i].low && numbers[i].value <= numbers[i].high))
            return sn_fail(SN_ERR_FORMAT, "%s: the %s is %g: it must be %g to %g", d->where, numbers[i].what,
                           numbers[i].value, numbers[i].low, numbers[i].high);
    if (a->residual_scale != 0 && a->placement != SN_NORM_POST)
        return sn_fail(SN_ERR_FORMAT, "%s: a residual scale belongs to norms after the residual", d->where);
    if (a->placement == SN_NORM_POST && d->parallel_block)
        return sn_fail(SN_ERR_UNSUPPORTED, "%s: a parallel block with norms after the residual", d->where);
    if (a->block == SN_BLOCK_GAU &&
        (d->n_heads != 1 || d->n_kv_heads != 1 || d->d_value != d->d_ff || d->qk_norm || d->parallel_block))
        return sn_fail(SN_ERR_FORMAT, "%s: a GAU block has one head, and values of its expanded width", d->where);
    return SN_OK;
}

sn_status sn_config_finish(sn_config_draft *d, sn_pair_layout layout, sn_model_config *out) {
    SN_TRY(derive_sizes(d));
    SN_TRY(check_ranges(d));
    SN_TRY(check_arch(d));
    *out = (sn_model_config){.n_layers = d->n_layers,
                             .n_embd = d->n_embd,
                             .n_heads = d->n_heads,
                             .n_kv_heads = d->n_kv_heads,
                             .d_head = d->d_head,
                             .d_ff = d->d_ff,
                             .n_vocab = d->n_vocab,
                             .d_value = d->d_value,
                             .norm = d->norm,
                             .norm_epsilon = d->norm_epsilon,
                             .ffn = d->ffn,
                             .activation = d->activation,
                             .tied_head = d->tied_head,
                             .parallel_block = d->parallel_block,
                             .qk_norm = d->qk_norm,
                             .learned_positions = d->learned_positions,
                             .arch = d->arch};
    snprintf(out->family, sizeof out->family, "%s", d->family->name);
    if (!d->has_local) d->rope_local = d->rope;
    SN_TRY(finish_rope(d, layout, &d->rope));
    SN_TRY(finish_rope(d, layout, &d->rope_local));
    SN_TRY(finish_flags(d, out));
    bool any = false;
    for (int64_t i = 0; i < d->n_layers; i++) any |= out->layer_windowed[i] != 0;
    out->window = any ? d->window : 0;
    d->rope_local.window = out->window;
    finish_logits(out, d);
    out->rope = d->rope;
    out->rope_local = d->rope_local;
    /* What the finished model was made for: with its scaling, but for the dynamic kind, which came later. */
    out->train_length = d->rope.scaling == SN_ROPE_DYNAMIC ? d->rope.train_length : d->rope.max_length;
    return SN_OK;
}
