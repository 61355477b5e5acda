#include "train/data.h"

#include "base/alloc.h"
#include "base/error.h"
#include "token/buf.h"
#include "token/fingerprint.h"
#include "token/text_check.h"

#include <math.h>

/* ---- How a long document may be cut ---- */

static const sn_encode_options plain = {.add_special = false, .parse_special = false};

/* Whether the ids of a + b are those of a followed by those of b. */
static sn_status joins(const sn_tokenizer *t, const char *whole, const char *a, const char *b, bool *out) {
    const char *texts[] = {whole, a, b};
    int32_t *ids[3] = {0};
    int64_t n[3] = {0};
    sn_status status = SN_OK;
    for (int i = 0; i < 3 && status == SN_OK; i++)
        status = sn_tokenizer_encode(t, texts[i], strlen(texts[i]), &plain, &ids[i], &n[i]);
    if (status == SN_OK)
        *out = n[0] == n[1] + n[2] && memcmp(ids[0], ids[1], (size_t)n[1] * sizeof(int32_t)) == 0 &&
               memcmp(ids[0] + n[1], ids[2], (size_t)n[2] * sizeof(int32_t)) == 0;
    for (int i = 0; i < 3; i++) sn_ids_free(ids[i]);
    return status;
}

/* Vocabularies with a space before every word take the space itself as the place to cut; the others a line end. Where
 * neither gives the ids of the whole text, documents are not cut. */
static sn_status choose_cut(const sn_tokenizer *t, sn_cut *out) {
    bool at_space = false, at_line = false;
    *out = SN_CUT_NEVER;
    SN_TRY(joins(t, "one two, three", "one", "two, three", &at_space));
    SN_TRY(joins(t, "one two.\nThree (four)", "one two.\n", "Three (four)", &at_line));
    if (at_line)
        *out = SN_CUT_LINE;
    else if (at_space)
        *out = SN_CUT_SPACE;
    return SN_OK;
}

/* ---- Encoding many parts at once ---- */

enum { MAX_PARTS = 1024, BATCH_BYTES = 8 << 20 };

typedef struct job {
    size_t start, size; /* in `text` */
    bool first, last;
    int32_t *ids;
    int64_t n;
    sn_status status;
} job;

typedef struct build {
    const sn_tokenizer *t;
    const sn_data_options *options;
    sn_corpus *corpus;
    sn_token_writer *writer;
    int32_t begin, end; /* -1: none */
    int64_t unknown;
    sn_buf text;
    job jobs[MAX_PARTS];
    int n_jobs;
} build;

static void encode_job(void *arg, int64_t task, int thread) {
    build *b = arg;
    job *j = &b->jobs[task];
    (void)thread;
    j->status = sn_tokenizer_encode(b->t, b->text.data + j->start, j->size, &plain, &j->ids, &j->n);
}

static sn_status write_job(build *b, job *j) {
    if (j->status != SN_OK) { /* messages stay on the thread they came up on: once more, on this one */
        encode_job(b, j - b->jobs, 0);
        SN_TRY(j->status);
    }
    int32_t unk = sn_tokenizer_unk(b->t);
    for (int64_t i = 0; unk >= 0 && i < j->n; i++) b->unknown += j->ids[i] == unk;
    if (j->first && b->begin >= 0) SN_TRY(sn_token_writer_put(b->writer, &b->begin, 1));
    SN_TRY(sn_token_writer_put(b->writer, j->ids, j->n));
    if (!j->last) return SN_OK;
    if (b->end >= 0) SN_TRY(sn_token_writer_put(b->writer, &b->end, 1));
    return sn_token_writer_end_document(b->writer);
}

static sn_status flush(build *b) {
    sn_status status = SN_OK;
    sn_parallel(b->options->team, encode_job, b, b->n_jobs);
    for (int i = 0; i < b->n_jobs; i++) {
        if (status == SN_OK) status = write_job(b, &b->jobs[i]);
        sn_ids_free(b->jobs[i].ids);
    }
    b->n_jobs = 0;
    b->text.size = 0;
    if (b->options->progress)
        b->options->progress(b->options->user, sn_corpus_done(b->corpus), sn_corpus_bytes(b->corpus));
    if (status == SN_OK && b->options->cancel && *b->options->cancel)
        status = sn_fail(SN_ERR_CANCELLED, "making the token file was cancelled; it starts anew the next time");
    return status;
}

static sn_status encode_all(build *b) {
    for (;;) {
        sn_part part;
        bool end;
        SN_TRY(sn_corpus_next(b->corpus, &part, &end));
        if (end) break;
        if (!b->options->accept_bytes) SN_TRY(sn_part_check(&part));
        b->jobs[b->n_jobs++] =
            (job){.start = b->text.size, .size = part.text.size, .first = part.first, .last = part.last};
        sn_status status = sn_buf_append(&b->text, part.text.data, part.text.size);
        if (status != SN_OK) {
            b->n_jobs--;
            return status;
        }
        if (b->n_jobs == MAX_PARTS || b->text.size >= BATCH_BYTES) SN_TRY(flush(b));
    }
    return flush(b);
}

static void choose_ends(build *b) {
    int32_t bos = sn_tokenizer_bos(b->t), eos = sn_tokenizer_eos(b->t);
    b->begin = bos;
    b->end = eos != bos ? eos : -1;
    if (bos < 0 && eos < 0) {
        const char *separator = sn_corpus_separator(b->corpus);
        b->end = sn_tokenizer_find(b->t, separator, strlen(separator));
    }
}

static sn_status write_file(build *b, const char *path, const sn_token_origin *origin) {
    sn_cut cut;
    SN_TRY(choose_cut(b->t, &cut));
    sn_corpus_set_cut(b->corpus, cut);
    sn_corpus_rewind(b->corpus);
    choose_ends(b);
    int32_t target = b->end < 0 ? b->begin : -1;
    bool same = target >= 0 && target == sn_tokenizer_eos(b->t);
    SN_TRY(sn_token_writer_open(path, sn_tokenizer_n_tokens(b->t), same ? target : -1, &b->writer));
    SN_TRY(encode_all(b));
    if (sn_token_writer_count(b->writer) == 0)
        return sn_fail(SN_ERR_NOT_FOUND, "the texts are empty: there is nothing to learn from");
    if (b->unknown)
        sn_log_message(SN_LOG_WARN, "%lld of %lld tokens are unknown to the vocabulary", (long long)b->unknown,
                       (long long)sn_token_writer_count(b->writer));
    sn_token_writer *w = b->writer;
    b->writer = NULL;
    return sn_token_writer_commit(w, origin);
}

static sn_status make(sn_corpus *corpus, const sn_tokenizer *t, const sn_data_options *options, const char *path,
                      const sn_token_origin *origin) {
    build *b = sn_calloc(1, sizeof *b);
    if (!b) return sn_fail_memory("a token file");
    b->t = t, b->options = options, b->corpus = corpus;
    sn_status status = write_file(b, path, origin);
    sn_token_writer_abandon(b->writer);
    sn_buf_free(&b->text);
    sn_free(b);
    return status;
}

/* ---- Fresh or not ---- */

/* The file at `path` where it was made from this; the bytes are read again only where names, sizes or times differ. */
static bool open_fresh(const sn_corpus *corpus, const sn_data_options *options, const char *path,
                       sn_token_origin *origin, bool *hashed, sn_token_file *out) {
    sn_token_file f;
    if (sn_token_file_open(path, &f) != SN_OK) return false;
    bool fresh = f.origin.tokenizer == origin->tokenizer;
    if (fresh && f.origin.key != origin->key) {
        *hashed = sn_corpus_content(corpus, options->cancel, &origin->content) == SN_OK;
        fresh = *hashed && f.origin.content == origin->content;
    }
    if (fresh)
        *out = f;
    else
        sn_token_file_close(&f);
    return fresh;
}

sn_status sn_data_prepare(const char *const *texts, int n_texts, const sn_tokenizer *t, const sn_data_options *options,
                          const char *path, sn_token_file *out, bool *built) {
    static const sn_data_options none = {0};
    sn_corpus *corpus;
    bool hashed = false, made = false;
    if (!options) options = &none;
    if (!t) return sn_fail(SN_ERR_ARGUMENT, "data: a tokenizer is needed");
    sn_corpus_options how = {.separator = options->separator, .field = options->field};
    SN_TRY(sn_corpus_open(texts, n_texts, &how, &corpus));
    sn_token_origin origin = {.key = sn_corpus_key(corpus), .tokenizer = sn_tokenizer_fingerprint(t)};
    sn_status status = SN_OK;
    if (!open_fresh(corpus, options, path, &origin, &hashed, out)) {
        made = true;
        status = sn_token_file_may_replace(path);
        if (status == SN_OK && !hashed) status = sn_corpus_content(corpus, options->cancel, &origin.content);
        if (status == SN_OK) status = make(corpus, t, options, path, &origin);
        if (status == SN_OK) status = sn_token_file_open(path, out);
    }
    sn_corpus_close(corpus);
    if (status == SN_OK && built) *built = made;
    return status;
}

/* ---- Split ---- */

sn_status sn_data_split(const sn_token_file *f, double share, sn_token_range *train, sn_token_range *validation) {
    if (!(share >= 0 && share < 1))
        return sn_fail(SN_ERR_ARGUMENT, "data: val_share is %g, not from 0 to below 1", share);
    int64_t cut = f->n_tokens;
    if (share > 0 && f->n_documents > 1) {
        int64_t n = (int64_t)floor(share * (double)f->n_documents);
        cut = sn_token_file_document(f, f->n_documents - (n > 0 ? n : 1));
    } else if (share > 0) {
        cut -= (int64_t)floor(share * (double)f->n_tokens);
    }
    *train = (sn_token_range){f, 0, cut};
    *validation = (sn_token_range){f, cut, f->n_tokens};
    return SN_OK;
}
