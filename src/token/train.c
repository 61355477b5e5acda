#include "token/train.h"

#include "base/cpu.h"
#include "base/error.h"
#include "token/export.h"

#include <sys/stat.h>

static const sn_train_kind *const kinds[] = {&sn_train_bpe, &sn_train_spm_bpe, &sn_train_unigram, &sn_train_char,
                                             &sn_train_byte};

static sn_status find_kind(const char *name, const sn_train_kind **out) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (name && strcmp(kinds[i]->name, name) == 0) return *out = kinds[i], SN_OK;
    return sn_fail(SN_ERR_ARGUMENT, "no tokenizer is of type \"%s\": there are bpe, spm-bpe, unigram, char and byte",
                   name ? name : "");
}

static sn_status check(const sn_tokenizer_train_options *o) {
    if (o->vocab_size < 0 || o->vocab_size > 1 << 20)
        return sn_fail(SN_ERR_ARGUMENT, "a vocabulary of %lld tokens: 1 to %d can be learnt", (long long)o->vocab_size,
                       1 << 20);
    if (o->n_special < 0 || o->n_special > 1024) return sn_fail(SN_ERR_ARGUMENT, "%d special tokens", o->n_special);
    if (!(o->coverage >= 0 && o->coverage <= 1))
        return sn_fail(SN_ERR_ARGUMENT, "a coverage of %g: it is a share, 0 to 1", o->coverage);
    return SN_OK;
}

sn_status sn_tokenizer_train(const char *const *texts, int n_texts, const sn_tokenizer_train_options *options,
                             sn_tokenizer **out) {
    const sn_train_kind *kind = NULL;
    SN_TRY(find_kind(options->type, &kind));
    SN_TRY(check(options));
    sn_trainer tr = {.options = options, .vocab_size = options->vocab_size ? options->vocab_size : kind->default_size};
    sn_corpus_options how = {.separator = options->separator, .field = options->field};
    SN_TRY(sn_corpus_open(texts, n_texts, &how, &tr.corpus));
    int n_threads = options->n_threads ? options->n_threads : sn_cpu_count();
    sn_status status = sn_team_new(n_threads > 64 ? 64 : n_threads, &tr.team);
    if (status == SN_OK) {
        status = kind->train(&tr, out);
        sn_team_free(tr.team);
    }
    sn_regex_free(tr.pattern);
    sn_corpus_close(tr.corpus);
    return status;
}

/* ---- Saving ---- */

static sn_status save_gguf(const sn_tokenizer *t, const char *path) {
    sn_gguf_out *g;
    SN_TRY(sn_gguf_out_new(&g));
    sn_status status = sn_gguf_set_string(g, "general.architecture", "suan");
    if (status == SN_OK) status = sn_tokenizer_write_gguf(t, 0, g);
    if (status == SN_OK) status = sn_gguf_out_write(g, path);
    sn_gguf_out_free(g);
    return status;
}

sn_status sn_tokenizer_save(const sn_tokenizer *t, const char *path) {
    struct stat st;
    size_t n = strlen(path);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return sn_tokenizer_write_folder(t, path);
    if (n > 5 && strcmp(path + n - 5, ".gguf") == 0) return save_gguf(t, path);
    return sn_tokenizer_write_json(t, path);
}
