/* Generating text: prompt, then token by token until something ends it. */
#include "generate/stops.h"
#include "suan/session.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/size.h"

sn_generate_options sn_generate_defaults(void) {
    return (sn_generate_options){.max_tokens = 256, .sampler = sn_sampler_defaults()};
}

typedef struct run {
    sn_session *session;
    const sn_tokenizer *tokenizer;
    const sn_generate_options *options;
    sn_generate_result *result;
    sn_sampler *sampler;
    sn_detokenizer *detokenizer;
    sn_stops stops;
    bool done;
} run;

static void finish(run *r, sn_finish how) {
    if (!r->done) r->result->finish = how;
    r->done = true;
}

static void emit(run *r, const char *text, size_t size) {
    if (size > 0 && r->options->on_text && r->options->on_text(r->options->user, text, size) != 0)
        finish(r, SN_FINISH_CALLBACK);
}

/* Hands on what cannot belong to a stop string any more. */
static sn_status show(run *r, const char *text, size_t size) {
    size_t certain;
    bool hit;
    SN_TRY(sn_stops_push(&r->stops, text, size, &certain, &hit));
    emit(r, r->stops.held, certain);
    sn_stops_drop(&r->stops, certain);
    if (hit) finish(r, SN_FINISH_STOP);
    if (hit) sn_stops_drop(&r->stops, r->stops.size);
    return SN_OK;
}

static sn_status take_token(run *r, int32_t token, float logprob) {
    const sn_generate_options *o = r->options;
    if (!o->ignore_end && sn_tokenizer_is_end(r->tokenizer, token)) {
        finish(r, SN_FINISH_END);
        return SN_OK;
    }
    r->result->n_generated++;
    if (o->on_token && o->on_token(o->user, token, logprob) != 0) finish(r, SN_FINISH_CALLBACK);
    const char *text = "";
    size_t size = 0;
    /* Models may have more rows than the vocabulary has tokens, for even sizes: those have no text. */
    if (token < sn_tokenizer_n_tokens(r->tokenizer)) SN_TRY(sn_detokenizer_push(r->detokenizer, token, &text, &size));
    return show(r, text, size);
}

/* Why the text ends after the token just chosen, if it does. */
static void check_end(run *r) {
    const sn_generate_options *o = r->options;
    if (o->max_tokens > 0 && r->result->n_generated >= o->max_tokens)
        finish(r, SN_FINISH_LENGTH);
    else if (sn_session_length(r->session, 0) == sn_session_capacity(r->session))
        finish(r, SN_FINISH_FULL);
}

static sn_status generate(run *r) {
    for (;;) {
        int32_t token;
        float logprob;
        SN_TRY(sn_sampler_pick(r->sampler, sn_session_logits(r->session, 0), &token, &logprob));
        SN_TRY(take_token(r, token, logprob));
        check_end(r);
        if (r->done) return SN_OK;
        SN_TRY(sn_session_append(r->session, 0, &token, 1, 1, NULL, NULL));
    }
}

/* What was held back when the text ended: an unfinished character, the start of a stop string. */
static sn_status flush(run *r) {
    if (r->result->finish == SN_FINISH_STOP || r->result->finish == SN_FINISH_CALLBACK) return SN_OK;
    const char *text;
    size_t size;
    SN_TRY(sn_detokenizer_finish(r->detokenizer, &text, &size));
    SN_TRY(show(r, text, size));
    emit(r, r->stops.held, r->stops.size);
    return SN_OK;
}

/* Nothing is ever cut: what cannot fit is refused before the first token. */
static sn_status check_room(const run *r, int64_t n_prompt) {
    int64_t room = sn_session_capacity(r->session) - sn_session_length(r->session, 0);
    int64_t wanted = r->options->context_full == SN_CONTEXT_FULL_ERROR ? r->options->max_tokens : 0;
    if (n_prompt > room)
        return sn_fail(
            SN_ERR_LIMIT,
            "generate: a prompt of %lld tokens does not fit: the context has room for %lld: take a larger capacity",
            (long long)n_prompt, (long long)room);
    /* The last token is chosen but never appended. */
    if (wanted > 0 && wanted - 1 > room - n_prompt)
        return sn_fail(SN_ERR_LIMIT,
                       "generate: %lld tokens after a prompt of %lld need a context of %lld, there is room for %lld: "
                       "take a larger capacity or fewer tokens",
                       (long long)wanted, (long long)n_prompt, (long long)(n_prompt + wanted - 1), (long long)room);
    return SN_OK;
}

static sn_status check_full(const run *r) {
    if (r->result->finish != SN_FINISH_FULL || r->options->context_full != SN_CONTEXT_FULL_ERROR) return SN_OK;
    return sn_fail(SN_ERR_LIMIT,
                   "generate: the context of %lld tokens is full after %lld new ones and the text has not ended: take "
                   "a larger capacity or set max_tokens",
                   (long long)sn_session_capacity(r->session), (long long)r->result->n_generated);
}

static sn_status whole_run(run *r, const int32_t *prompt, int64_t n_prompt) {
    SN_TRY(check_room(r, n_prompt));
    SN_TRY(
        sn_sampler_new(sn_model_get_config(sn_session_model(r->session))->n_vocab, &r->options->sampler, &r->sampler));
    SN_TRY(sn_detokenizer_new(r->tokenizer, r->options->with_special, &r->detokenizer));
    double begin = sn_now();
    SN_TRY(sn_session_append(r->session, 0, prompt, n_prompt, 1, NULL, NULL));
    for (int64_t i = 0; i < n_prompt; i++) SN_TRY(sn_sampler_accept(r->sampler, prompt[i]));
    double middle = sn_now();
    r->result->prompt_seconds = middle - begin;
    sn_status status = generate(r);
    r->result->generate_seconds = sn_now() - middle;
    SN_TRY(status);
    SN_TRY(flush(r));
    return check_full(r);
}

sn_status sn_generate(sn_session *s, const sn_tokenizer *t, const int32_t *prompt, int64_t n_prompt,
                      const sn_generate_options *options, sn_generate_result *result) {
    const sn_generate_options defaults = sn_generate_defaults();
    sn_generate_result ignored;
    if (!s || !t || !prompt || n_prompt < 1)
        return sn_fail(SN_ERR_ARGUMENT, "generate: a session, a tokenizer and at least one prompt token are needed");
    run r = {
        .session = s, .tokenizer = t, .options = options ? options : &defaults, .result = result ? result : &ignored};
    *r.result = (sn_generate_result){.n_prompt = n_prompt};
    r.stops = (sn_stops){.strings = r.options->stop, .n = r.options->n_stop};
    sn_status status = whole_run(&r, prompt, n_prompt);
    sn_stops_free(&r.stops);
    sn_detokenizer_free(r.detokenizer);
    sn_sampler_free(r.sampler);
    return status;
}
