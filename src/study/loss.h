/* Losses of the tokens of a window, without ever holding its logits. */
#ifndef SN_STUDY_LOSS_H
#define SN_STUDY_LOSS_H

#include "suan/study.h"

/* Work done so far, told to the caller. */
typedef struct sn_study_progress {
    void (*show)(void *user, int64_t done, int64_t total);
    void *user;
    int64_t done, total;
} sn_study_progress;

void sn_study_advance(sn_study_progress *p, int64_t tokens);

/* SN_ERR_ARGUMENT for a token that has no row in the logits, as when the tokenizer is of another model: the session
 * sees only what it is given to read, not what is to come. */
sn_status sn_check_target(int32_t target, int64_t n_vocab);

/* out[i] = loss of tokens[first + 1 + i] given tokens[0 .. first + i], for the n - first tokens up to tokens[n]: n + 1
 * tokens are read, n evaluated, in sequence 0 of the session, which is emptied first. 0 <= first <= n. */
sn_status sn_window_losses(sn_session *s, const int32_t *tokens, int64_t n, int64_t first, double *out,
                           sn_study_progress *progress);
/* The same for all n tokens, and in hits[i] whether no other token was more likely. */
sn_status sn_window_hits(sn_session *s, const int32_t *tokens, int64_t n, double *losses, bool *hits,
                         sn_study_progress *progress);

#endif
