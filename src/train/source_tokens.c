#include "train/source_tokens.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/philox.h"
#include "base/size.h"
#include "train/packing.h"

#include <string.h>

enum { STREAM_ORDER = 0x6f726472, STREAM_OFFSET = 0x6f666673, STREAM_START = 0x73746172 }; /* any different numbers */

struct sn_token_batches {
    sn_source source;
    sn_batch batch;
    sn_token_range range;
    sn_token_source_options options;
    sn_packed packed;  /* SN_PACK_DOCUMENTS */
    int64_t n_windows; /* of an epoch: windows, or packed rows */
    int64_t n_offsets; /* where the first window of an epoch may start: 0..n_offsets-1 */
    int64_t n_sequences;
    int32_t *tokens, *targets, *sequences, *positions;
};

/* ---- Windows of the stream ---- */

static sn_status count_windows(sn_token_batches *s) {
    int64_t n = s->range.to - s->range.from, T = s->options.context;
    if (n < T + 1)
        return sn_fail(SN_ERR_ARGUMENT,
                       "data: %lld tokens are too few for a context of %lld: one more than it are needed", (long long)n,
                       (long long)T);
    if (s->options.order == SN_ORDER_RANDOM) {
        s->n_windows = (n - 1) / T;
        s->n_offsets = n - T;
    } else {
        /* One window fewer than fit, so that each epoch may start at any of T offsets. */
        bool room = s->options.order == SN_ORDER_SHUFFLE && n >= 2 * T;
        s->n_windows = room ? (n - T) / T : (n - 1) / T;
        s->n_offsets = s->options.order == SN_ORDER_SEQUENTIAL ? 1 : sn_min_i64(T, n - s->n_windows * T);
    }
    return SN_OK;
}

/* First token of window `number` of the run. */
static int64_t window_start(const sn_token_batches *s, int64_t number) {
    const sn_token_source_options *o = &s->options;
    int64_t epoch = number / s->n_windows, within = number % s->n_windows, offset = 0;
    if (o->order == SN_ORDER_RANDOM)
        return s->range.from +
               (int64_t)(sn_uniform_f64(o->seed, STREAM_START, (uint64_t)number) * (double)s->n_offsets);
    if (o->order == SN_ORDER_SHUFFLE) {
        offset = (int64_t)(sn_uniform_f64(o->seed, STREAM_OFFSET, (uint64_t)epoch) * (double)s->n_offsets);
        within = sn_shuffled(o->seed, STREAM_ORDER + ((uint64_t)epoch << 40), within, s->n_windows);
    }
    return s->range.from + offset + within * o->context;
}

static sn_status fill_cross(void *user, int64_t index) {
    sn_token_batches *s = user;
    int64_t B = s->options.batch, T = s->options.context;
    for (int64_t b = 0; b < B; b++) {
        int64_t start = window_start(s, index * B + b);
        SN_TRY(sn_token_file_read(s->range.file, start, T, s->tokens + b * T));
        memcpy(s->targets + b * T, s->tokens + b * T + 1, (size_t)(T - 1) * sizeof *s->targets);
        SN_TRY(sn_token_file_read(s->range.file, start + T, 1, s->targets + b * T + T - 1));
    }
    return SN_OK;
}

/* What is the same in every batch. */
static void fill_rows(sn_token_batches *s) {
    int64_t T = s->options.context;
    for (int64_t b = 0; b < s->options.batch; b++) {
        int32_t sequence[] = {(int32_t)(b * T), (int32_t)T, 0, (int32_t)(b * T)};
        memcpy(s->sequences + 4 * b, sequence, sizeof sequence);
        for (int64_t i = 0; i < T; i++) s->positions[b * T + i] = (int32_t)i;
    }
}

/* ---- Packed documents ---- */

static sn_status fill_piece(sn_token_batches *s, const sn_piece *p, int64_t row, int64_t sequence) {
    const sn_token_file *f = s->range.file;
    int32_t *targets = s->targets + row, entry[] = {(int32_t)row, p->size, 0, (int32_t)row};
    SN_TRY(sn_token_file_read(f, p->start, p->size, s->tokens + row));
    memcpy(targets, s->tokens + row + 1, (size_t)(p->size - 1) * sizeof *targets);
    if (p->ends)
        targets[p->size - 1] = f->end_target;
    else
        SN_TRY(sn_token_file_read(f, p->start + p->size, 1, &targets[p->size - 1]));
    memcpy(s->sequences + 4 * sequence, entry, sizeof entry);
    for (int32_t i = 0; i < p->size; i++) s->positions[row + i] = i;
    return SN_OK;
}

static sn_status fill_documents(void *user, int64_t index) {
    sn_token_batches *s = user;
    int64_t B = s->options.batch, T = s->options.context, n = s->n_windows, used = 0;
    memset(s->tokens, 0, (size_t)(B * T) * sizeof *s->tokens);
    memset(s->targets, 0xFF, (size_t)(B * T) * sizeof *s->targets);
    memset(s->positions, 0, (size_t)(B * T) * sizeof *s->positions);
    memset(s->sequences, 0, (size_t)(4 * s->n_sequences) * sizeof *s->sequences);
    for (int64_t b = 0; b < B; b++) {
        int64_t epoch = (index * B + b) / n, r = (index * B + b) % n, row = b * T;
        if (s->options.order == SN_ORDER_SHUFFLE)
            r = sn_shuffled(s->options.seed, STREAM_ORDER + ((uint64_t)epoch << 40), r, n);
        for (int64_t i = s->packed.rows[r]; i < s->packed.rows[r + 1]; i++) {
            SN_TRY(fill_piece(s, &s->packed.pieces[i], row, used++));
            row += s->packed.pieces[i].size;
        }
    }
    return SN_OK;
}

/* ---- Making one ---- */

static sn_status allocate(sn_token_batches *s) {
    int64_t rows = s->options.batch * s->options.context;
    s->tokens = sn_calloc((size_t)rows, sizeof(int32_t));
    s->targets = sn_calloc((size_t)rows, sizeof(int32_t));
    s->positions = sn_calloc((size_t)rows, sizeof(int32_t));
    s->sequences = sn_calloc((size_t)s->n_sequences, 4 * sizeof(int32_t));
    if (!s->tokens || !s->targets || !s->positions || !s->sequences) return sn_fail_memory("a batch of tokens");
    int64_t table[] = {s->n_sequences, 4};
    s->batch.n = 4;
    s->batch.item[0].name = "tokens";
    s->batch.item[0].tensor = sn_tensor_make(SN_I32, 1, &rows, s->tokens);
    s->batch.item[1].name = "targets";
    s->batch.item[1].tensor = sn_tensor_make(SN_I32, 1, &rows, s->targets);
    s->batch.item[2].name = "sequences";
    s->batch.item[2].tensor = sn_tensor_make(SN_I32, 2, table, s->sequences);
    s->batch.item[3].name = "positions";
    s->batch.item[3].tensor = sn_tensor_make(SN_I32, 1, &rows, s->positions);
    return SN_OK;
}

static sn_status make(sn_token_batches *s) {
    const sn_token_source_options *o = &s->options;
    int64_t rows;
    if (o->batch < 1 || o->context < 1 || !sn_mul_i64(o->batch, o->context, &rows) || rows > INT32_MAX / 8)
        return sn_fail(SN_ERR_ARGUMENT, "data: a batch of %lld rows of %lld tokens", (long long)o->batch,
                       (long long)o->context);
    bool documents = o->packing == SN_PACK_DOCUMENTS;
    if (documents && o->order == SN_ORDER_RANDOM)
        return sn_fail(SN_ERR_ARGUMENT,
                       "data: random windows run over documents: they do not go with packing by document");
    SN_TRY(documents ? sn_pack_documents(&s->range, o->context, &s->packed) : count_windows(s));
    if (documents) s->n_windows = s->packed.n_rows;
    s->n_sequences = documents ? o->batch * s->packed.max_pieces : o->batch;
    if (s->n_sequences < o->n_sequences) s->n_sequences = o->n_sequences;
    SN_TRY(allocate(s));
    if (!documents) fill_rows(s);
    s->source = (sn_source){.name = documents ? "documents" : "windows",
                            .user = s,
                            .batch = &s->batch,
                            .n_items = rows,
                            .fill = documents ? fill_documents : fill_cross};
    return SN_OK;
}

sn_status sn_token_batches_new(const sn_token_range *range, const sn_token_source_options *options,
                               sn_token_batches **out) {
    sn_token_batches *s = sn_calloc(1, sizeof *s);
    if (!s) return sn_fail_memory("a source of tokens");
    s->range = *range;
    s->options = *options;
    sn_status status = make(s);
    if (status == SN_OK)
        *out = s;
    else
        sn_token_batches_free(s);
    return status;
}

void sn_token_batches_free(sn_token_batches *s) {
    if (!s) return;
    sn_packed_free(&s->packed);
    sn_free(s->tokens);
    sn_free(s->targets);
    sn_free(s->sequences);
    sn_free(s->positions);
    sn_free(s);
}

const sn_source *sn_token_batches_source(const sn_token_batches *s) { return &s->source; }

int64_t sn_token_batches_count(const sn_token_batches *s) { return sn_max_i64(1, s->n_windows / s->options.batch); }

double sn_token_batches_fill(const sn_token_batches *s) {
    if (s->options.packing == SN_PACK_CROSS) return 1;
    return (double)s->packed.n_tokens / ((double)s->packed.n_rows * (double)s->options.context);
}
