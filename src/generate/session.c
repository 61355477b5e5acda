/* Running a session: chunks of rows through the decoder, rows of logits out of the head. */
#include "generate/session.h"

#include "base/error.h"
#include "base/size.h"

#include <string.h>

sn_session_memory sn_session_memory_get(const sn_session *s) { return s->memory; }
const char *sn_session_note(const sn_session *s) { return s->note; }
const sn_model *sn_session_model(const sn_session *s) { return s->model; }
int64_t sn_session_capacity(const sn_session *s) { return s->capacity; }

static bool is_sequence(const sn_session *s, int seq) { return seq >= 0 && seq < s->n_sequences; }

int64_t sn_session_length(const sn_session *s, int seq) { return is_sequence(s, seq) ? s->lengths[seq] : 0; }

const float *sn_session_logits(const sn_session *s, int seq) {
    return is_sequence(s, seq) && s->has_logits[seq] ? s->logits + seq * s->vocab : NULL;
}

static sn_status check_sequence(const sn_session *s, int seq) {
    if (is_sequence(s, seq)) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "session: sequence %d: there are 0 to %d", seq, s->n_sequences - 1);
}

static sn_status check_room(const sn_session *s, int seq, int64_t n) {
    if (n <= s->capacity - s->lengths[seq]) return SN_OK;
    return sn_fail(SN_ERR_LIMIT, "session: %lld more tokens do not fit: %lld of %lld are taken; nothing is cut",
                   (long long)n, (long long)s->lengths[seq], (long long)s->capacity);
}

static sn_status check_tokens(const sn_session *s, const int32_t *tokens, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= s->vocab)
            return sn_fail(SN_ERR_ARGUMENT, "session: token %lld is %d: the model has ids 0 to %lld", (long long)i,
                           (int)tokens[i], (long long)(s->vocab - 1));
    return SN_OK;
}

/* Row `row` of the next run becomes the next token of sequence seq. */
static void place_row(sn_session *s, int64_t row, int seq, int64_t position, int32_t token) {
    s->tokens[row] = token;
    s->positions[row] = (int32_t)position;
    s->slots[row] = (int32_t)(seq * s->capacity + position);
    sn_near_place_row(s, row, seq, position, token);
}

static void clear_sequences(sn_session *s) {
    size_t size = (size_t)s->n_sequences * 4 * sizeof *s->sequences;
    memset(s->sequences, 0, size);
    memset(s->near.sequences, 0, size);
}

static void place_sequence(sn_session *s, int entry, int64_t first_row, int64_t n_rows, int seq) {
    int32_t *e = s->sequences + 4 * entry;
    e[0] = (int32_t)first_row;
    e[1] = (int32_t)n_rows;
    e[2] = (int32_t)s->lengths[seq];
    e[3] = (int32_t)(seq * s->capacity);
    sn_near_place_sequence(s, entry, seq);
}

static sn_status run(sn_plan *plan, sn_tensor *out) {
    SN_TRY(sn_plan_run(plan));
    return sn_plan_output(plan, 0, out);
}

/* Hidden states of the placed rows; s->hidden gets those from row `keep_from` on. */
static sn_status run_body(sn_session *s, int64_t rows, int64_t keep_from) {
    sn_plan *plan;
    sn_tensor out;
    SN_TRY(sn_session_body(s, rows, &plan));
    SN_TRY(run(plan, &out));
    int64_t width = s->model->config.n_embd;
    memcpy(s->hidden, (const float *)out.data + keep_from * width,
           (size_t)((rows - keep_from) * width) * sizeof(float));
    return SN_OK;
}

/* Logits of the first `rows` rows of s->hidden. */
static sn_status run_head(sn_session *s, int64_t rows, const float **logits) {
    sn_plan *plan;
    sn_tensor out;
    SN_TRY(sn_session_head(s, rows, &plan));
    SN_TRY(run(plan, &out));
    *logits = out.data;
    return SN_OK;
}

static void keep_logits(sn_session *s, int seq, const float *row) {
    memcpy(s->logits + seq * s->vocab, row, (size_t)s->vocab * sizeof(float));
    s->has_logits[seq] = true;
}

/* Logits of all `rows` rows of the chunk that begins with token `first` of the call, block by block. */
static sn_status all_logits(sn_session *s, int seq, int64_t first, int64_t rows, sn_logits_fn sink, void *user) {
    int64_t width = s->model->config.n_embd;
    const float *logits = NULL;
    for (int64_t done = 0; done < rows;) {
        int64_t n = sn_min_i64(rows - done, s->head_rows);
        SN_TRY(run_head(s, n, &logits));
        for (int64_t i = 0; i < n && sink; i++) SN_TRY(sink(user, first + done + i, logits + i * s->vocab, s->vocab));
        done += n;
        if (done == rows) keep_logits(s, seq, logits + (n - 1) * s->vocab);
        memmove(s->hidden, s->hidden + n * width, (size_t)((rows - done) * width) * sizeof(float));
    }
    return SN_OK;
}

static sn_status append_chunk(sn_session *s, int seq, const int32_t *tokens, int64_t rows, bool all, bool last) {
    clear_sequences(s);
    sn_near_slide(s, seq, rows);
    place_sequence(s, 0, 0, rows, seq);
    for (int64_t i = 0; i < rows; i++) place_row(s, i, seq, s->lengths[seq] + i, tokens[i]);
    SN_TRY(run_body(s, rows, all ? 0 : rows - 1));
    s->lengths[seq] += rows;
    if (all || !last) return SN_OK;
    const float *logits;
    SN_TRY(run_head(s, 1, &logits));
    keep_logits(s, seq, logits);
    return SN_OK;
}

sn_status sn_session_append(sn_session *s, int seq, const int32_t *tokens, int64_t n, int want_logits,
                            sn_logits_fn sink, void *user) {
    SN_TRY(check_sequence(s, seq));
    if (n < 0 || (n > 0 && !tokens) || want_logits < 0 || want_logits > 2)
        return sn_fail(SN_ERR_ARGUMENT, "session: append takes n >= 0 tokens and wants logits of 0, 1 or 2");
    SN_TRY(check_tokens(s, tokens, n));
    SN_TRY(check_room(s, seq, n));
    if (n > 0) s->has_logits[seq] = false;
    for (int64_t done = 0; done < n;) {
        if (s->cancel && *s->cancel) return sn_fail(SN_ERR_CANCELLED, "cancelled");
        int64_t rows = sn_min_i64(s->chunk, n - done);
        bool last = done + rows == n;
        SN_TRY(append_chunk(s, seq, tokens + done, rows, want_logits == 2, want_logits == 1 && last));
        if (want_logits == 2) SN_TRY(all_logits(s, seq, done, rows, sink, user));
        done += rows;
        if (want_logits == 1 && last && sink) SN_TRY(sink(user, n - 1, sn_session_logits(s, seq), s->vocab));
    }
    return SN_OK;
}

sn_status sn_session_step(sn_session *s, const int *seqs, const int32_t *tokens, int n) {
    if (n < 1 || n > s->n_sequences || !seqs || !tokens)
        return sn_fail(SN_ERR_ARGUMENT, "session: a step takes tokens of 1 to %d sequences", s->n_sequences);
    SN_TRY(check_tokens(s, tokens, n));
    for (int i = 0; i < n; i++) {
        SN_TRY(check_sequence(s, seqs[i]));
        SN_TRY(check_room(s, seqs[i], 1));
        for (int k = 0; k < i; k++)
            if (seqs[k] == seqs[i])
                return sn_fail(SN_ERR_ARGUMENT, "session: sequence %d is in the step twice", seqs[i]);
    }
    clear_sequences(s);
    for (int i = 0; i < n; i++) {
        sn_near_slide(s, seqs[i], 1);
        place_sequence(s, i, i, 1, seqs[i]);
        place_row(s, i, seqs[i], s->lengths[seqs[i]], tokens[i]);
    }
    SN_TRY(run_body(s, n, 0));
    for (int done = 0; done < n;) {
        int rows = (int)sn_min_i64(n - done, s->head_rows);
        const float *logits;
        SN_TRY(run_head(s, rows, &logits));
        for (int i = 0; i < rows; i++) keep_logits(s, seqs[done + i], logits + i * s->vocab);
        done += rows;
        int64_t width = s->model->config.n_embd;
        memmove(s->hidden, s->hidden + rows * width, (size_t)((n - done) * width) * sizeof(float));
    }
    for (int i = 0; i < n; i++) s->lengths[seqs[i]]++;
    return SN_OK;
}

/* Where windowed layers have dropped the keys that the next token would see, the sequence is computed again. */
sn_status sn_session_truncate(sn_session *s, int seq, int64_t length) {
    SN_TRY(check_sequence(s, seq));
    if (length < 0 || length > s->lengths[seq])
        return sn_fail(SN_ERR_ARGUMENT, "session: cannot cut to %lld tokens: the sequence has %lld", (long long)length,
                       (long long)s->lengths[seq]);
    if (length == s->lengths[seq]) return SN_OK;
    s->has_logits[seq] = false;
    bool whole = sn_near_holds(s, seq, length);
    s->lengths[seq] = whole ? length : 0;
    if (s->lengths[seq] == 0) s->near.origins[seq] = 0;
    return whole ? SN_OK : sn_session_append(s, seq, s->near.history + seq * s->capacity, length, 0, NULL, NULL);
}
