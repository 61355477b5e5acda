/* The network of multitask sparse parity: one hidden layer of ReLUs and two outputs, trained by AdamW without decay. */
#ifndef SN_STUDY_PARITY_NET_H
#define SN_STUDY_PARITY_NET_H

#include "base/arena.h"
#include "suan/graph.h"

/* Examples the way the network reads them; `rows` of them at a time, of which the first `n` count. */
typedef struct sn_parity_block {
    float *bits;     /* rows x bits */
    int32_t *task;   /* rows; 0 where there is no example */
    uint8_t *answer; /* rows: 0 or 1 */
    int64_t rows, n;
} sn_parity_block;

typedef struct sn_parity_net {
    int64_t tasks, bits, width, n_parameters;
    /* All of them in a row: the first layer's rows for the tasks (tasks x width), its weights of the bits (width x
     * bits), its bias (width), the outputs' weights (2 x width) and biases (2). Gradient and AdamW's means likewise. */
    float *weight, *gradient, *mean, *square;
    int64_t steps;            /* of AdamW */
    sn_parity_block block;    /* to be filled before the calls below */
    float *margin;            /* rows: logit of 1 less that of 0 */
    float *head, *head_slope; /* width: difference of the outputs' weights; its gradient */
    float *hidden;            /* rows x width: where the first plan leaves them */
    sn_graph *graph[2];
    sn_plan *plan[2]; /* bits to hidden units; hidden gradients to those of the bits' weights */
} sn_parity_net;

int64_t sn_parity_net_count(int64_t tasks, int64_t bits, int64_t width); /* parameters */
/* Weights uniform in 1 / sqrt(inputs) on either side, as torch's linear layers are. Runs on the calling thread. */
sn_status sn_parity_net_new(sn_arena *arena, int64_t tasks, int64_t bits, int64_t width, int64_t rows,
                            sn_precision precision, uint64_t seed, uint64_t stream, sn_parity_net *net);
void sn_parity_net_free(sn_parity_net *net);
/* Fills `margin` for the block. */
sn_status sn_parity_net_forward(sn_parity_net *net);
/* Adds the block's gradient, its examples weighted by `weight`, and its loss in nats, summed, to *loss. Between two
 * updates, sn_parity_net_begin comes first and sn_parity_net_update last. */
void sn_parity_net_begin(sn_parity_net *net);
sn_status sn_parity_net_add(sn_parity_net *net, double weight, double *loss);
void sn_parity_net_finish(sn_parity_net *net); /* the gradient is whole then */
void sn_parity_net_update(sn_parity_net *net, double rate);

/* -log sigmoid of the right answer's margin. */
double sn_parity_loss(double margin, int answer);

#endif
