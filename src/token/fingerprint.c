#include "token/fingerprint.h"

#include "base/hash.h"
#include "token/parts.h"

static void add_text(sn_hash *h, sn_text t) { sn_hash_add_text(h, t.data ? t.data : "", t.size); }

static void add_f64(sn_hash *h, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    sn_hash_add_u64(h, bits);
}

static void add_vocabulary(const sn_tokenizer *t, sn_hash *h) {
    sn_hash_add_u64(h, (uint64_t)t->vocab.n);
    for (int32_t i = 0; i < t->vocab.n; i++) {
        add_text(h, t->vocab.pieces[i]);
        add_f64(h, t->vocab.scores[i]);
        sn_hash_add_u64(h, t->vocab.types[i]);
    }
}

static void add_model(const sn_token_model *m, sn_hash *h) {
    add_text(h, sn_text_of(m->def ? m->def->name : ""));
    sn_hash_add_u64(h, (uint64_t)(uint32_t)m->unk);
    sn_hash_add_u64(h, (unsigned)(m->byte_fallback | m->fuse_unk << 1 | m->ignore_merges << 2));
    add_text(h, m->first_prefix);
    add_text(h, m->continuing_prefix);
    add_text(h, m->suffix);
    for (int i = 0; i < 256; i++) sn_hash_add_u64(h, (uint64_t)(uint32_t)m->bytes[i]);
    for (uint32_t i = 0; m->merges.slots && i <= m->merges.mask; i++) { /* their order follows from what they are */
        const sn_merge *merge = &m->merges.slots[i];
        if (merge->left < 0) continue;
        sn_hash_add_u64(h, (uint64_t)(uint32_t)merge->left << 32 | (uint32_t)merge->right);
        sn_hash_add_u64(h, (uint64_t)merge->rank << 32 | (uint32_t)merge->id);
    }
}

static void add_step(const sn_step *s, const char *name, sn_hash *h) {
    add_text(h, sn_text_of(name));
    add_text(h, s->text);
    add_text(h, s->with);
    sn_hash_add_u64(h, (uint64_t)s->start << 32 ^ (uint64_t)s->stop);
    sn_hash_add_u64(h, (uint64_t)(uint32_t)s->mode << 32 | s->flags);
}

uint64_t sn_tokenizer_fingerprint(const sn_tokenizer *t) {
    sn_hash h = sn_hash_begin();
    add_text(&h, sn_text_of(t->kind));
    add_vocabulary(t, &h);
    add_model(&t->model, &h);
    for (int i = 0; i < t->n_normalizers; i++) add_step(&t->normalizers[i], t->normalizers[i].normalizer->name, &h);
    for (int i = 0; i < t->n_pretokenizers; i++)
        add_step(&t->pretokenizers[i], t->pretokenizers[i].pretokenizer->name, &h);
    add_text(&h, t->source.charsmap);
    sn_hash_add_u64(&h, (uint64_t)(uint32_t)t->bos << 32 | (uint32_t)t->eos);
    return sn_hash_end(&h);
}
