#include "op/backward.h"

#if SN_OP_MAIN

void sn_vjp_decomposed(sn_graph *g, const sn_node *n, sn_decomposed_fn decomposed, sn_value *const *grad_out,
                       sn_value **grad_in) {
    sn_value *copy[SN_MAX_INPUTS] = {0}, *wrt[SN_MAX_INPUTS], *out[SN_MAX_OUTPUTS] = {0}, *grads[SN_MAX_INPUTS];
    sn_value *loss = NULL;
    int n_wrt = 0, place[SN_MAX_INPUTS];
    for (int i = 0; i < sn_node_n_in(n); i++) {
        if (!sn_node_in(n, i)) continue;
        copy[i] = wrt[n_wrt] = sn_copy(g, sn_node_in(n, i)); /* so that gradients end here */
        place[n_wrt++] = i;
    }
    decomposed(g, n, copy, out);
    for (int k = 0; k < SN_MAX_OUTPUTS; k++) {
        if (!out[k] || !grad_out[k]) continue;
        sn_value *part = sn_sum_all(g, sn_mul(g, out[k], grad_out[k]));
        loss = loss ? sn_add(g, loss, part) : part;
    }
    if (!loss || sn_grad(g, loss, wrt, n_wrt, grads) != SN_OK) return;
    for (int i = 0; i < n_wrt; i++) grad_in[place[i]] = grads[i];
}

#endif
