/* What a run writes down while it goes on: metrics.jsonl, TensorBoard events, the picture of the loss, samples. */
#ifndef SN_TRAIN_RECORD_H
#define SN_TRAIN_RECORD_H

#include "suan/status.h"

#include <stdint.h>

typedef struct sn_record_line {
    int64_t step, tokens; /* done so far */
    double loss, rate, grad_norm, seconds;
    double val_loss; /* NaN: not evaluated at this step; as loss and grad_norm, then left out */
} sn_record_line;

typedef struct sn_record sn_record;

/* Opens the records of OUT. Lines of metrics.jsonl after `step` are taken away: a resumed run writes them again. */
sn_status sn_record_open(const char *folder, int64_t step, sn_record **out);
sn_status sn_record_put(sn_record *r, const sn_record_line *line);
/* Lowest validation loss so far; NaN and 0 before the first. */
void sn_record_best(const sn_record *r, double *val_loss, int64_t *step);
/* The newest line of all; zero before the first. */
sn_record_line sn_record_last(const sn_record *r);
sn_status sn_record_sample(sn_record *r, int64_t step, const char *text);
/* Draws loss.png, or loss.svg in a build without cairo. */
sn_status sn_record_draw(const sn_record *r, const char *title);
sn_status sn_record_close(sn_record *r); /* NULL is fine */

#endif
