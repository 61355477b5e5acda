/* llama2.c checkpoints: Llama with interleaved pairs, base 10000, epsilon 1e-5; names as in GGUF. */
#include "model/config.h"
#include "model/model.h"

#include "base/error.h"
#include "file/llama2c.h"

static const char *tensor_name(const void *file, int64_t i) { return ((const sn_llama2c *)file)->tensors[i].name; }

static sn_status tensor_at(const void *file, int64_t i, sn_tensor *out) {
    *out = ((const sn_llama2c *)file)->tensors[i].tensor;
    return SN_OK;
}

sn_status sn_open_llama2c(sn_model *m) {
    m->format = "llama2.c";
    SN_TRY(sn_llama2c_open(m->path, &m->llama2c));
    const sn_llama2c *f = m->llama2c;
    m->family = &sn_family_llama;
    sn_config_draft d = sn_config_draft_of(m->family, m->path, &m->arena);
    d.n_layers = f->n_layers;
    d.n_embd = f->dim;
    d.n_heads = f->n_heads;
    d.n_kv_heads = f->n_kv_heads;
    d.d_ff = f->hidden_dim;
    d.n_vocab = f->vocab_size;
    d.max_length = f->seq_len;
    d.tied_head = f->tied;
    d.norm_epsilon = 1e-5;
    SN_TRY(sn_config_finish(&d, SN_PAIR_INTERLEAVED, &m->config));
    const sn_tensor_source source = {f, f->n_tensors, tensor_name, tensor_at};
    return sn_weights_bind(m, &source, m->family->gguf_rules, NULL, false);
}
