/* Samples of text from the weights as they are. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "suan/session.h"
#include "train/learner.h"

#include <string.h>

typedef struct text {
    char *data;
    size_t size, capacity;
} text;

static int on_text(void *user, const char *data, size_t size) {
    text *t = user;
    if (t->size + size + 1 > t->capacity) {
        size_t capacity = 2 * (t->size + size + 1);
        char *larger = sn_realloc(t->data, capacity);
        if (!larger) return 1;
        t->data = larger;
        t->capacity = capacity;
    }
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = 0;
    return 0;
}

/* What a sample continues: the prompt, else the start token, else a new line. */
static sn_status encode_prompt(const sn_learner *t, int32_t **ids, int64_t *n) {
    static const sn_encode_options plain = {.add_special = true};
    const char *prompt = t->config->sample_prompt;
    SN_TRY(sn_tokenizer_encode(t->tokenizer, prompt, strlen(prompt), &plain, ids, n));
    if (*n > 0) return SN_OK;
    sn_ids_free(*ids);
    int32_t bos = sn_tokenizer_bos(t->tokenizer);
    const char *start = bos >= 0 ? sn_tokenizer_piece(t->tokenizer, bos, NULL) : "\n";
    static const sn_encode_options special = {.parse_special = true};
    return sn_tokenizer_encode(t->tokenizer, start, strlen(start), &special, ids, n);
}

static sn_status write_on(const sn_learner *t, const int32_t *ids, int64_t n, text *out) {
    const sn_train_config *c = t->config;
    sn_session_options so = sn_session_defaults();
    sn_session *session;
    sn_generate_options g = sn_generate_defaults();
    int64_t room = c->context - n;
    if (n < 1 || room < 1) return sn_train_config_fail(c, "sample_prompt", "it does not fit the context");
    so.capacity = c->context;
    so.extend = t->extend;
    so.n_threads = (int)c->threads;
    SN_TRY(sn_session_new(t->model, &so, &session));
    g.max_tokens = sn_min_i64(c->sample_tokens, room);
    g.sampler.temperature = c->sample_temperature;
    g.sampler.seed = (uint64_t)c->seed;
    g.ignore_end = true;
    g.on_text = on_text;
    g.user = out;
    sn_generate_result result;
    sn_status status = on_text(out, c->sample_prompt, strlen(c->sample_prompt)) ? sn_fail_memory("a sample") : SN_OK;
    if (status == SN_OK) status = sn_generate(session, t->tokenizer, ids, n, &g, &result);
    sn_session_free(session);
    return status;
}

sn_status sn_learner_sample(const sn_learner *t, char **out) {
    int32_t *ids;
    int64_t n;
    text written = {0};
    SN_TRY(encode_prompt(t, &ids, &n));
    sn_status status = write_on(t, ids, n, &written);
    sn_ids_free(ids);
    if (status == SN_OK)
        *out = written.data;
    else
        sn_free(written.data);
    return status;
}
