/* Asking a model about the stories it has just read. */
#include "suan/probe.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "study/loss.h"
#include "suan/study.h"
#include "token/buf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A question as tokens: ids [from, to) are the answer, told before `distance` tokens earlier. */
typedef struct question {
    int64_t from, to, distance;
    int bucket;
} question;

typedef struct exam {
    int32_t *ids;
    int64_t n_ids;
    question *questions;
    size_t n_questions, capacity;
} exam;

typedef struct prober {
    const sn_model *model;
    const sn_tokenizer *tokenizer;
    sn_probe_options options;
    sn_probe_result *result;
    exam *exams;
    size_t n_exams, capacity;
    int64_t seen[SN_PROBE_MAX_BUCKETS];
    int64_t done, total;
} prober;

enum { MAX_STORIES = 4096 };

sn_probe_options sn_probe_defaults(void) {
    sn_story_options story = sn_story_defaults();
    story.seed = 20260101; /* apart from the small seeds that one trains on */
    story.recalls = 0.5;
    story.questions = 1;
    return (sn_probe_options){.story = story, .session = sn_session_defaults()};
}

/* ---- Questions from stories ---- */

/* begin[i] = byte of the text where token i begins, begin[n] where the last one ends. */
static sn_status find_offsets(const prober *p, const sn_story *story, const exam *e, int64_t *begin) {
    sn_detokenizer *d;
    int64_t at = 0;
    SN_TRY(sn_detokenizer_new(p->tokenizer, false, &d));
    sn_status status = SN_OK;
    for (int64_t i = 0; i < e->n_ids && status == SN_OK; i++) {
        const char *text = "";
        size_t size = 0;
        begin[i] = at;
        status = sn_detokenizer_push(d, e->ids[i], &text, &size);
        if (status != SN_OK) break;
        if (at + (int64_t)size > story->size || memcmp(story->text + at, text, size) != 0)
            status = sn_fail(SN_ERR_ARGUMENT,
                             "probe: the tokenizer does not give the story back byte by byte (from byte %lld on): its "
                             "answers cannot be found among the tokens",
                             (long long)at);
        at += (int64_t)size;
    }
    begin[e->n_ids] = at;
    sn_detokenizer_free(d);
    return status;
}

/* The token that holds the byte; tokens of no bytes (BOS) hold none. */
static int64_t token_at(const int64_t *begin, int64_t n, int64_t byte) {
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (begin[middle + 1] <= byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int bucket_of(const sn_probe_result *r, int64_t distance) {
    const sn_probe_bucket *b = r->methods[0].bucket;
    for (int i = 0; i < r->n_buckets; i++)
        if (distance < b[i].to) return i;
    return -1;
}

static sn_status add_questions(prober *p, const sn_story *story, exam *e, const int64_t *begin) {
    int64_t n = sn_min_i64(e->n_ids, p->result->length + 1);
    for (int64_t i = 0; i < story->n_recalls; i++) {
        const sn_recall *r = &story->recalls[i];
        if (!r->question || r->answer_end > begin[n]) continue;
        question q = {token_at(begin, n, r->answer), token_at(begin, n, r->answer_end - 1) + 1, 0, 0};
        q.distance = q.from - token_at(begin, n, r->source - 1);
        q.bucket = bucket_of(p->result, q.distance);
        if (q.bucket < 0 || q.from < 1) continue;
        SN_TRY(sn_grow((void **)&e->questions, &e->capacity, e->n_questions + 1, sizeof *e->questions));
        e->questions[e->n_questions++] = q;
        p->seen[q.bucket]++;
    }
    e->n_ids = n;
    return SN_OK;
}

static sn_status make_exam(prober *p, exam *e) {
    sn_story story;
    SN_TRY(sn_story_write(&p->options.story, (int64_t)p->n_exams - 1, &story));
    sn_status status =
        sn_documents_encode(p->tokenizer, story.text, (size_t)story.size, NULL, 0, &e->ids, &e->n_ids, NULL);
    int64_t *begin = status == SN_OK ? sn_alloc((size_t)(e->n_ids + 1) * sizeof *begin) : NULL;
    if (status == SN_OK && !begin) status = sn_fail_memory("a probe");
    if (status == SN_OK) status = find_offsets(p, &story, e, begin);
    if (status == SN_OK) status = add_questions(p, &story, e, begin);
    sn_free(begin);
    sn_story_free(&story);
    return status;
}

static bool enough(const prober *p) {
    for (int b = 0; b < p->result->n_buckets; b++)
        if (p->seen[b] < p->options.questions) return false;
    return true;
}

static sn_status make_exams(prober *p) {
    while (!enough(p)) {
        if (p->n_exams == MAX_STORIES)
            return sn_fail(SN_ERR_LIMIT,
                           "probe: %d stories do not hold %lld questions for each distance: ask for fewer", MAX_STORIES,
                           (long long)p->options.questions);
        SN_TRY(sn_grow((void **)&p->exams, &p->capacity, p->n_exams + 1, sizeof *p->exams));
        p->exams[p->n_exams++] = (exam){0};
        SN_TRY(make_exam(p, &p->exams[p->n_exams - 1]));
        p->total += (int64_t)p->exams[p->n_exams - 1].n_questions;
    }
    p->result->stories = (int64_t)p->n_exams;
    p->total *= p->result->n_methods;
    return SN_OK;
}

/* ---- Answers ---- */

/* Where a reading stands: the questions come in the order of the tokens. */
typedef struct reading {
    prober *p;
    const exam *e;
    sn_probe_method *method;
    size_t next;
    bool right;
    double loss;
} reading;

static bool is_largest(const float *logits, int64_t n, int32_t id) {
    for (int64_t i = 0; i < n; i++)
        if (logits[i] > logits[id]) return false;
    return true;
}

/* Row `index` of the logits predicts token index + 1. */
static sn_status read_row(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    reading *r = user;
    if (r->next == r->e->n_questions) return SN_OK;
    const question *q = &r->e->questions[r->next];
    int64_t token = index + 1;
    if (token < q->from) return SN_OK;
    SN_TRY(sn_check_target(r->e->ids[token], n_vocab));
    if (token == q->from) r->right = true, r->loss = 0;
    r->right = r->right && is_largest(logits, n_vocab, r->e->ids[token]);
    r->loss += sn_token_loss(logits, n_vocab, r->e->ids[token]);
    if (token + 1 < q->to) return SN_OK;
    if (!isfinite(r->loss)) return sn_fail(SN_ERR_NUMERIC, "probe: the logits of an answer are NaN or infinite");
    sn_probe_bucket *b = &r->method->bucket[q->bucket];
    b->questions++;
    b->right += r->right;
    b->loss += r->loss;
    r->next++;
    r->p->done++;
    if (r->p->options.progress) r->p->options.progress(r->p->options.user, r->p->done, r->p->total);
    return SN_OK;
}

static sn_status read_story(prober *p, sn_session *s, const exam *e, sn_probe_method *method) {
    reading r = {.p = p, .e = e, .method = method};
    SN_TRY(sn_session_truncate(s, 0, 0));
    return sn_session_append(s, 0, e->ids, e->n_ids - 1, 2, read_row, &r);
}

static sn_status run_method(prober *p, int which) {
    sn_session_options o = p->options.session;
    sn_probe_method *method = &p->result->methods[which];
    sn_session *s;
    o.capacity = p->result->length;
    o.n_sequences = 1;
    o.declared_length = o.capacity;
    o.extend = p->options.methods[which];
    SN_TRY(sn_session_new(p->model, &o, &s));
    sn_status status = SN_OK;
    for (size_t i = 0; i < p->n_exams && status == SN_OK; i++) status = read_story(p, s, &p->exams[i], method);
    sn_session_free(s);
    for (int b = 0; b < p->result->n_buckets; b++)
        if (method->bucket[b].questions > 0) method->bucket[b].loss /= (double)method->bucket[b].questions;
    return status;
}

/* ---- The whole ---- */

/* Up to the trained length, then octaves; the last one takes the rest. */
static int set_buckets(sn_probe_bucket *b, int64_t train, int64_t length) {
    int n = 0;
    for (int64_t from = 0, to = train; from < length; from = to, to *= 2) {
        to = n + 1 < SN_PROBE_MAX_BUCKETS ? sn_min_i64(to, length) : length;
        b[n++] = (sn_probe_bucket){.from = from, .to = to};
    }
    return n;
}

static sn_status start(prober *p, const sn_probe_options *o) {
    sn_probe_result *r = p->result;
    p->options = *o;
    if (!o->methods || o->n_methods < 1) return sn_fail(SN_ERR_ARGUMENT, "probe: at least one method is needed");
    if (o->length < 0 || o->length > 1 << 24 || o->questions < 0)
        return sn_fail(SN_ERR_ARGUMENT, "probe: a length of %lld tokens, %lld questions: up to 2^24, not negative",
                       (long long)o->length, (long long)o->questions);
    r->train_length = sn_model_get_config(p->model)->train_length;
    r->length = o->length ? o->length : 16 * r->train_length;
    if (r->train_length < 1) return sn_fail(SN_ERR_ARGUMENT, "probe: the model does not say its trained length");
    r->n_methods = o->n_methods;
    if (p->options.questions == 0) p->options.questions = 200;
    if (p->options.story.words == 0) p->options.story.words = r->length;
    r->methods = sn_calloc((size_t)o->n_methods, sizeof *r->methods);
    if (!r->methods) return sn_fail_memory("a probe");
    for (int i = 0; i < o->n_methods; i++) {
        r->n_buckets = set_buckets(r->methods[i].bucket, r->train_length, r->length);
        snprintf(r->methods[i].spec, sizeof r->methods[i].spec, "%s",
                 o->methods[i] ? sn_extend_spec(o->methods[i]) : "none");
    }
    return SN_OK;
}

static void free_exams(prober *p) {
    for (size_t i = 0; i < p->n_exams; i++) {
        sn_ids_free(p->exams[i].ids);
        sn_free(p->exams[i].questions);
    }
    sn_free(p->exams);
}

sn_status sn_probe_run(const sn_model *m, const sn_tokenizer *t, const sn_probe_options *options,
                       sn_probe_result **out) {
    if (!m || !t || !options) return sn_fail(SN_ERR_ARGUMENT, "probe: a model, its tokenizer and options are needed");
    prober p = {.model = m, .tokenizer = t, .result = sn_calloc(1, sizeof *p.result)};
    if (!p.result) return sn_fail_memory("a probe");
    sn_status status = start(&p, options);
    if (status == SN_OK) status = make_exams(&p);
    for (int i = 0; i < p.result->n_methods && status == SN_OK; i++) status = run_method(&p, i);
    free_exams(&p);
    if (status == SN_OK)
        *out = p.result;
    else
        sn_probe_free(p.result);
    return status;
}

void sn_probe_free(sn_probe_result *r) {
    if (!r) return;
    sn_free(r->methods);
    sn_free(r);
}
