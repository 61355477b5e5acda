/* The tensors of a target file: which weights they hold, in which order of rows, and their bytes. */
#include "model/convert.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

#include <stdio.h>
#include <string.h>

/* ---- what there is to write ---- */

static sn_target *find_target(sn_converter *k, const char *name) {
    for (int64_t i = k->n_targets; i-- > 0 && i > k->n_targets - 8;)
        if (strcmp(k->targets[i].name, name) == 0) return &k->targets[i];
    return NULL;
}

static bool is_fused(const sn_name_rule *rules, const sn_name_rule *rule) {
    for (const sn_name_rule *r = rules; r->file; r++)
        if (r != rule && strcmp(r->file, rule->file) == 0) return true;
    return false;
}

static sn_dtype stored_type(const sn_tensor *t, bool float_only) {
    return float_only && sn_dtype_is_block(t->dtype) ? SN_F32 : t->dtype;
}

static sn_status choose_type(sn_converter *k, const sn_name_rule *rules, const sn_name_rule *rule, int64_t layer,
                             const sn_tensor *t, bool float_only, sn_target *out) {
    out->dtype = stored_type(t, float_only);
    if (!k->mixture) return SN_OK;
    bool fell_back;
    int64_t columns = t->n_dims == 2 ? t->shape[1] : 1;
    out->dtype =
        sn_mixture_type(k->mixture, &k->m->config, rule->id, layer, columns, is_fused(rules, rule), &fell_back);
    if (fell_back && k->n_fell_back++ == 0)
        snprintf(k->fell_back, sizeof k->fell_back, "%.95s with rows of %lld becomes %s", out->name, (long long)columns,
                 sn_dtype_name(out->dtype));
    return SN_OK;
}

static sn_status add_part(sn_converter *k, const sn_name_rule *rules, const sn_name_rule *rule, int64_t layer,
                          const char *prefix, bool float_only) {
    const sn_tensor *t = sn_weight_at(k->m, rule->id, layer);
    if (!t) return SN_OK;
    char name[96], full[sizeof name + 32];
    sn_name_expand(rule->file, layer, name, sizeof name);
    snprintf(full, sizeof full, "%s%s", prefix && rule->id != SN_W_HEAD ? prefix : "", name);
    sn_target *target = find_target(k, full);
    if (!target) {
        target = &k->targets[k->n_targets++];
        *target = (sn_target){.converter = k, .flags = rule->flags, .n_dims = t->n_dims};
        snprintf(target->name, sizeof target->name, "%.95s", full);
        target->columns = t->n_dims == 2 ? t->shape[1] : 1;
        SN_TRY(choose_type(k, rules, rule, layer, t, float_only, target));
    }
    if (t->n_dims == 1) target->flags &= ~(unsigned)SN_RULE_TRANSPOSED;
    target->parts[target->n_parts] = t;
    target->ids[target->n_parts++] = rule->id;
    target->rows += t->shape[0];
    return SN_OK;
}

static void finish_shapes(sn_converter *k) {
    for (int64_t i = 0; i < k->n_targets; i++) {
        sn_target *t = &k->targets[i];
        bool transposed = t->flags & SN_RULE_TRANSPOSED;
        t->shape[0] = transposed ? t->columns : t->rows;
        t->shape[1] = transposed ? t->rows : t->columns;
        k->total += t->rows * t->columns / sn_dtype_block(t->dtype) * sn_dtype_bytes(t->dtype);
    }
}

sn_status sn_targets_make(sn_converter *k, const sn_name_rule *rules, const char *prefix, bool float_only) {
    int64_t n = SN_N_WEIGHT_IDS * (k->m->config.n_layers + 1);
    k->targets = sn_arena_array(&k->arena, (size_t)n, sizeof *k->targets);
    if (!k->targets) return sn_fail_memory("a conversion");
    for (int64_t layer = 0; layer < k->m->config.n_layers; layer++)
        for (const sn_name_rule *rule = rules; rule->file; rule++)
            if (layer == 0 || rule->id >= SN_W_FIRST_OF_LAYER)
                SN_TRY(add_part(k, rules, rule, layer, prefix, float_only));
    if (k->n_fell_back > 0)
        sn_log_message(SN_LOG_WARN, "convert: %lld matrices have rows that do not fill the blocks of %s (%s)",
                       (long long)k->n_fell_back, sn_mixture_name(k->mixture), k->fell_back);
    finish_shapes(k);
    return SN_OK;
}

/* ---- its bytes ---- */

static bool is_rotated(sn_weight_id id) {
    static const sn_weight_id ids[] = {SN_W_Q, SN_W_K,      SN_W_Q_BIAS, SN_W_K_BIAS,   SN_W_Q_NORM, SN_W_K_NORM,
                                       SN_W_Z, SN_W_Z_BIAS, SN_W_Q_GAIN, SN_W_Q_OFFSET, SN_W_K_GAIN, SN_W_K_OFFSET};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (ids[i] == id) return true;
    return false;
}

int64_t sn_row_in_layout(const sn_model_config *c, sn_pair_layout layout, sn_weight_id id, int64_t r) {
    if (layout == c->rope.layout || !is_rotated(id)) return r;
    int64_t in_head = r % c->d_head, head = r - in_head, planes = c->rope.n_rot / 2;
    if (in_head >= 2 * planes) return r;
    if (layout == SN_PAIR_INTERLEAVED) return head + in_head / 2 + (in_head % 2) * planes;
    return head + (in_head < planes ? 2 * in_head : 2 * (in_head - planes) + 1);
}

/* The address of row r of the target. */
static const char *row_at(const sn_target *t, int64_t r, const sn_tensor **part) {
    int p = 0;
    if (t->flags & SN_RULE_PER_HEAD) {
        int64_t d = t->converter->m->config.d_head, in_head = r % (3 * d);
        p = (int)(in_head / d);
        r = r / (3 * d) * d + in_head % d;
    } else {
        while (r >= t->parts[p]->shape[0]) r -= t->parts[p++]->shape[0];
    }
    *part = t->parts[p];
    return (const char *)(*part)->data +
           sn_row_in_layout(&t->converter->m->config, t->converter->layout, t->ids[p], r) * (*part)->stride[0];
}

enum { BATCH_ELEMENTS = 2 << 20 };

typedef struct batch {
    const sn_target *target;
    int64_t first, n, row_bytes;
    char *out;
    float *scratch; /* one row for each row of the batch */
} batch;

static void convert_row(void *arg, int64_t i, int thread) {
    const batch *b = arg;
    (void)thread;
    const sn_target *t = b->target;
    const sn_tensor *part;
    const char *from = row_at(t, b->first + i, &part);
    char *to = b->out + i * b->row_bytes;
    if (part->dtype == t->dtype) {
        memcpy(to, from, (size_t)b->row_bytes);
        return;
    }
    float *row = b->scratch + i * t->columns;
    sn_to_f32(part->dtype, from, row, t->columns);
    sn_from_f32(t->dtype, row, to, t->columns);
}

static sn_status report(sn_converter *k, int64_t bytes) {
    if (k->options->cancel && *k->options->cancel) return sn_fail(SN_ERR_CANCELLED, "cancelled");
    k->done += bytes;
    if (k->options->progress) k->options->progress(k->options->user, k->done, k->total);
    return SN_OK;
}

static sn_status put_rows(sn_data_sink *sink, const sn_target *t) {
    int64_t row_bytes = t->columns / sn_dtype_block(t->dtype) * sn_dtype_bytes(t->dtype);
    batch b = {.target = t, .row_bytes = row_bytes};
    int64_t most = sn_max_i64(1, sn_min_i64(t->rows, BATCH_ELEMENTS / t->columns));
    b.out = sn_alloc((size_t)(most * row_bytes));
    b.scratch = sn_alloc((size_t)(most * t->columns) * sizeof(float));
    /* Small tensors are not worth waking the team. */
    sn_team *team = t->rows * t->columns >= 1 << 17 ? t->converter->team : NULL;
    sn_status status = b.out && b.scratch ? SN_OK : sn_fail_memory("a conversion");
    for (b.first = 0; b.first < t->rows && status == SN_OK; b.first += b.n) {
        b.n = sn_min_i64(most, t->rows - b.first);
        sn_parallel(team, convert_row, &b, b.n);
        status = sn_data_put(sink, b.out, (size_t)(b.n * row_bytes));
        if (status == SN_OK) status = report(t->converter, b.n * row_bytes);
    }
    sn_free(b.out);
    sn_free(b.scratch);
    return status;
}

/* [in, out]: line c holds component c of every row. Float types only. */
static sn_status put_lines(sn_data_sink *sink, const sn_target *t) {
    int64_t size = sn_dtype_bytes(t->dtype);
    char *line = sn_alloc((size_t)(t->rows * size));
    if (!line) return sn_fail_memory("a conversion");
    sn_status status = SN_OK;
    for (int64_t c = 0; c < t->columns && status == SN_OK; c++) {
        for (int64_t r = 0; r < t->rows; r++) {
            const sn_tensor *part;
            const char *from = row_at(t, r, &part) + c * sn_dtype_bytes(part->dtype);
            float value;
            sn_to_f32(part->dtype, from, &value, 1);
            sn_from_f32(t->dtype, &value, line + r * size, 1);
        }
        status = sn_data_put(sink, line, (size_t)(t->rows * size));
        if (status == SN_OK) status = report(t->converter, t->rows * size);
    }
    sn_free(line);
    return status;
}

static sn_status check_transposable(const sn_target *t) {
    for (int p = 0; p < t->n_parts; p++)
        if (sn_dtype_is_block(t->parts[p]->dtype))
            return sn_fail(SN_ERR_UNSUPPORTED, "convert: %s is quantized (%s) and would have to be transposed", t->name,
                           sn_dtype_name(t->parts[p]->dtype));
    return SN_OK;
}

sn_status sn_target_put(sn_data_sink *sink, void *user) {
    const sn_target *t = user;
    if (!(t->flags & SN_RULE_TRANSPOSED)) return put_rows(sink, t);
    SN_TRY(check_transposable(t));
    return put_lines(sink, t);
}
