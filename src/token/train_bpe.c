/* Byte-level BPE, cut by GPT-2's pattern. Of equally frequent pairs the one with the greater bytes is merged first. */
#include "base/alloc.h"
#include "base/error.h"
#include "token/build.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/train_merges.h"

static sn_status cut_by_pattern(const sn_trainer *tr, sn_word_counter *c, const sn_part *part) {
    sn_text text = part->text;
    size_t start = 0, end = 0;
    for (size_t at = 0; at < text.size; at = end) { /* the pattern leaves nothing out and never matches nothing */
        bool found = false;
        SN_TRY(sn_regex_find(tr->pattern, sn_words_regex(c), text, at, &start, &end, &found));
        if (!found || end <= at) break;
        SN_TRY(sn_words_count(c, text.data + start, end - start));
    }
    return SN_OK;
}

static int compare(sn_text a, sn_text b) {
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool greater_first(const sn_text a[2], const sn_text b[2]) {
    int order = compare(a[0], b[0]);
    return order ? order > 0 : compare(a[1], b[1]) > 0;
}

/* Vocabulary ids of the symbols: special tokens, bytes in the order of their characters, pieces as they came. */
static void to_ids(sn_build_merge *merges, int64_t n, int n_special) {
    int32_t ids[256], next = n_special;
    for (int shifted = 0; shifted < 2; shifted++)
        for (int i = 0; i < 256; i++)
            if ((sn_byte_character((unsigned char)i) >= 256) == shifted) ids[i] = next++;
    for (int64_t i = 0; i < n; i++) {
        int32_t *both[] = {&merges[i].left, &merges[i].right};
        for (int k = 0; k < 2; k++) *both[k] = *both[k] < 256 ? ids[*both[k]] : *both[k] + n_special;
    }
}

static sn_status learn(const sn_trainer *tr, const sn_words *words, sn_merge_task *task, sn_learnt *learnt) {
    unsigned char all[256];
    sn_text pieces[256];
    int64_t size = 0, *starts = sn_alloc((size_t)(words->n + 1) * sizeof *starts);
    for (int64_t i = 0; i < words->n; i++) size += (int64_t)words->words[i].size;
    task->symbols = sn_alloc((size_t)size * sizeof *task->symbols);
    sn_status status = starts && task->symbols ? SN_OK : sn_fail_memory("words");
    for (int i = 0; i < 256; i++) {
        all[i] = (unsigned char)i;
        pieces[i] = (sn_text){(const char *)&all[i], 1};
    }
    if (status == SN_OK) {
        starts[0] = 0;
        for (int64_t i = 0; i < words->n; i++) {
            const unsigned char *word = (const unsigned char *)words->words[i].data;
            for (size_t k = 0; k < words->words[i].size; k++) task->symbols[starts[i] + (int64_t)k] = word[k];
            starts[i + 1] = starts[i] + (int64_t)words->words[i].size;
        }
        task->tr = tr, task->starts = starts, task->counts = words->counts, task->n_words = words->n;
        task->pieces = pieces, task->n_pieces = 256, task->before = greater_first;
        status = sn_learn_merges(task, learnt);
    }
    sn_free(starts);
    sn_free(task->symbols);
    return status;
}

static sn_status train(sn_trainer *tr, sn_tokenizer **out) {
    static const char *const usual[] = {"<|endoftext|>"};
    const char *const *special = tr->options->special ? tr->options->special : usual;
    int n_special = tr->options->special ? tr->options->n_special : 1;
    sn_words words = {0};
    sn_learnt learnt = {0};
    sn_merge_task task = {.n_new = tr->vocab_size - 256 - n_special};
    if (task.n_new < 0)
        return sn_fail(SN_ERR_ARGUMENT, "a vocabulary of %lld tokens: all bytes and the special tokens are %d",
                       (long long)tr->vocab_size, 256 + n_special);
    tr->cut_words = cut_by_pattern;
    SN_TRY(sn_regex_new(SN_TEXT(SN_GPT2_PATTERN), &tr->pattern));
    sn_status status = sn_words_read(tr, &words);
    if (status == SN_OK) status = learn(tr, &words, &task, &learnt);
    sn_words_free(&words);
    if (status == SN_OK) {
        to_ids(learnt.merges, learnt.n_merges, n_special);
        status = sn_tokenizer_build_bytelevel(special, n_special, false, learnt.merges, learnt.n_merges, out);
    }
    sn_learnt_free(&learnt);
    return status;
}

const sn_train_kind sn_train_bpe = {"bpe", train, 4096};
