#include "study/loss.h"

#include "base/error.h"
#include "base/size.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LANES = 8, BLOCK = 512 };

/* exp(x) for x <= 0 to 2e-7, without branches, so that loops over it become vector code. The reduction by multiples of
 * ln 2 in two parts and the polynomial are those of the Cephes library. */
static inline float exp_below_zero(float x) {
    x = x > -87.0F ? x : -87.0F;
    int32_t k = (int32_t)(x * 1.44269504F - 0.5F);
    float f = x - (float)k * 0.693359375F + (float)k * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * f + 1.3981999507e-3F;
    p = p * f + 8.3334519073e-3F;
    p = p * f + 4.1665795894e-2F;
    p = p * f + 1.6666665459e-1F;
    p = p * f + 5.0000001201e-1F;
    p = p * f * f + f + 1.0F;
    int32_t bits = (k + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static float largest(const float *x, int64_t n) {
    float lane[LANES], max;
    for (int l = 0; l < LANES; l++) lane[l] = x[0];
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
    for (; i < n; i++) lane[0] = x[i] > lane[0] ? x[i] : lane[0];
    max = lane[0];
    for (int l = 1; l < LANES; l++) max = lane[l] > max ? lane[l] : max;
    return max;
}

double sn_token_loss(const float *logits, int64_t n_vocab, int32_t target) {
    double sum[LANES] = {0};
    float wrong[LANES] = {0}; /* x - x is 0 but for NaN and infinities */
    float max = largest(logits, n_vocab);
    int64_t i = 0;
    for (; i + LANES <= n_vocab; i += LANES)
        for (int l = 0; l < LANES; l++) {
            float x = logits[i + l];
            wrong[l] += x - x;
            sum[l] += (double)exp_below_zero(x - max);
        }
    for (; i < n_vocab; i++) {
        wrong[0] += logits[i] - logits[i];
        sum[0] += (double)exp_below_zero(logits[i] - max);
    }
    for (int l = 1; l < LANES; l++) {
        sum[0] += sum[l];
        wrong[0] += wrong[l];
    }
    if (wrong[0] != 0) return (double)NAN;
    return log(sum[0]) + (double)max - (double)logits[target];
}

sn_status sn_check_target(int32_t target, int64_t n_vocab) {
    if (target >= 0 && target < n_vocab) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT,
                   "the text has the token %" PRId32 ", and the model has ids 0 to %" PRId64
                   ": is the tokenizer the model's own?",
                   target, n_vocab - 1);
}

void sn_study_advance(sn_study_progress *p, int64_t tokens) {
    p->done += tokens;
    if (p->show) p->show(p->user, p->done, p->total);
}

typedef struct scorer {
    const int32_t *targets; /* of the rows of this call */
    double *out;
    bool *hits; /* NULL: not wanted */
} scorer;

static sn_status score_row(void *user, int64_t index, const float *logits, int64_t n_vocab) {
    scorer *s = user;
    SN_TRY(sn_check_target(s->targets[index], n_vocab));
    s->out[index] = sn_token_loss(logits, n_vocab, s->targets[index]);
    if (s->hits) s->hits[index] = logits[s->targets[index]] >= largest(logits, n_vocab);
    if (isfinite(s->out[index])) return SN_OK;
    return sn_fail(SN_ERR_NUMERIC, "the logits of a token are NaN or infinite: are the weights sound?");
}

static sn_status read_window(sn_session *s, const int32_t *tokens, int64_t n, int64_t first, double *out, bool *hits,
                             sn_study_progress *progress) {
    SN_TRY(sn_session_truncate(s, 0, 0));
    for (int64_t at = 0; at < n;) {
        bool scored = at >= first;
        int64_t rows = sn_min_i64(BLOCK, (scored ? n : first) - at);
        scorer sc = {tokens + at + 1, scored ? out + (at - first) : NULL, hits ? hits + (at - first) : NULL};
        SN_TRY(sn_session_append(s, 0, tokens + at, rows, scored ? 2 : 0, scored ? score_row : NULL, &sc));
        at += rows;
        sn_study_advance(progress, rows);
    }
    return SN_OK;
}

sn_status sn_window_losses(sn_session *s, const int32_t *tokens, int64_t n, int64_t first, double *out,
                           sn_study_progress *progress) {
    return read_window(s, tokens, n, first, out, NULL, progress);
}

sn_status sn_window_hits(sn_session *s, const int32_t *tokens, int64_t n, double *losses, bool *hits,
                         sn_study_progress *progress) {
    return read_window(s, tokens, n, 0, losses, hits, progress);
}
