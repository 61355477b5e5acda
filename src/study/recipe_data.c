/* Texts of a recipe: stories or the user's file, one part to train on, the rest to test on; the vocabulary. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/path.h"
#include "base/size.h"
#include "study/recipe.h"
#include "suan/story.h"
#include "token/buf.h"
#include "token/fingerprint.h"
#include "train/vocabulary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Tests read stories of the next seed; of a file, its last tenth. A token of a learned vocabulary is some 3 bytes. */
enum { TEST_SHARE = 10, TEST_BYTES_PER_TOKEN = 8 };

static const char document_end[] = "<|endoftext|>", separator[] = "<|endoftext|>\n";

typedef struct texts {
    sn_text train, test;
    sn_buf train_buf, test_buf; /* of stories */
    sn_map map;                 /* of a file */
} texts;

static void texts_free(texts *t) {
    sn_buf_free(&t->train_buf);
    sn_buf_free(&t->test_buf);
    if (t->map.data) sn_map_close(&t->map);
}

static bool cancelled(const sn_recipe_options *o) { return o->cancel && *o->cancel; }

static sn_status put_stories(const sn_recipe *r, const sn_recipe_options *o, uint64_t seed, int64_t bytes,
                             sn_buf *out) {
    const sn_story_options options = {
        .seed = seed, .words = r->corpus.words, .recalls = r->corpus.recalls, .questions = r->corpus.questions};
    for (int64_t i = 0; (int64_t)out->size < bytes; i++) {
        sn_story story;
        if (cancelled(o)) return sn_fail(SN_ERR_CANCELLED, "stopped while the stories were written");
        SN_TRY(sn_story_write(&options, i, &story));
        sn_status status = i ? sn_buf_append(out, separator, sizeof separator - 1) : SN_OK;
        if (status == SN_OK) status = sn_buf_append(out, story.text, (size_t)story.size);
        sn_story_free(&story);
        SN_TRY(status);
    }
    return SN_OK;
}

/* At a line end, so that no word or character is cut. */
static void cut_file(texts *t) {
    const char *text = (const char *)t->map.data;
    size_t cut = t->map.size - t->map.size / TEST_SHARE;
    while (cut < t->map.size && (cut == 0 || text[cut - 1] != '\n')) cut++;
    t->train = (sn_text){text, cut};
    t->test = (sn_text){text + cut, t->map.size - cut};
}

static sn_status read_texts(const sn_recipe *r, const sn_recipe_options *o, int64_t test_tokens, texts *t) {
    if (o->data) {
        SN_TRY(sn_map_open(o->data, &t->map));
        cut_file(t);
        return SN_OK;
    }
    uint64_t seed = (uint64_t)r->corpus.seed;
    SN_TRY(put_stories(r, o, seed, r->corpus.bytes, &t->train_buf));
    SN_TRY(put_stories(r, o, seed + 1, test_tokens * TEST_BYTES_PER_TOKEN, &t->test_buf));
    t->train = (sn_text){t->train_buf.data, t->train_buf.size};
    t->test = (sn_text){t->test_buf.data, t->test_buf.size};
    return SN_OK;
}

/* ---- The folder of a text ---- */

static sn_status write_missing(const char *path, sn_text text) {
    return access(path, F_OK) == 0 ? SN_OK : sn_file_write(path, text.data, text.size);
}

/* A learned vocabulary is kept beside its text, once for all trainings. */
static sn_status make_vocabulary(const sn_recipe *r, const sn_recipe_options *o, const char *folder, sn_recipe_data *d,
                                 sn_tokenizer **out) {
    const sn_recipe_place place = {d->train, NULL, folder, 1, o->n_threads};
    sn_train_config *c;
    SN_TRY(sn_recipe_config(r, 0, &place, &c));
    sn_status status = sn_train_vocabulary(c, o->cancel, out);
    bool learned = strncmp(c->tokenizer, "train:", 6) == 0;
    sn_train_config_free(c);
    if (status != SN_OK || !learned) return status;
    status = sn_path_join(folder, "tokenizer.json", d->tokenizer);
    if (status != SN_OK) sn_tokenizer_free(*out);
    return status;
}

static sn_status encode_test(const sn_recipe *r, const sn_tokenizer *t, sn_text text, int64_t wanted,
                             sn_recipe_data *d) {
    int64_t documents;
    SN_TRY(sn_documents_encode(t, text.data, text.size, document_end, wanted, &d->ids, &d->n_ids, &documents));
    if (d->n_ids >= wanted) return SN_OK;
    return sn_fail(SN_ERR_ARGUMENT,
                   "%s: %" PRId64 " windows of %" PRId64 " tokens read %" PRId64
                   " tokens and the text to test on has %" PRId64 ": take a longer text or fewer test.windows",
                   r->path, r->test.windows, d->length, wanted, d->n_ids);
}

/* What is learned follows from the text and the name; a file may change under its name. */
static sn_status hash_vocabulary(sn_hash *hash, const char *name) {
    bool learned =
        !name[0] || strcmp(name, "byte") == 0 || strcmp(name, "char") == 0 || strncmp(name, "train:", 6) == 0;
    sn_tokenizer *t;
    sn_hash_add_text(hash, name, strlen(name));
    if (learned) return SN_OK;
    SN_TRY(sn_tokenizer_open(name, &t));
    sn_hash_add_u64(hash, sn_tokenizer_fingerprint(t));
    sn_tokenizer_free(t);
    return SN_OK;
}

static sn_status make_folder(const sn_recipe *r, const sn_recipe_options *o, const texts *t, const char *vocabulary,
                             int64_t wanted, sn_recipe_data *d) {
    char folder[SN_PATH_SIZE], name[40];
    sn_hash hash = sn_hash_begin();
    sn_hash_add_text(&hash, t->train.data, t->train.size);
    SN_TRY(hash_vocabulary(&hash, vocabulary));
    d->hash = sn_hash_end(&hash);
    snprintf(name, sizeof name, "data-%016" PRIx64, d->hash);
    SN_TRY(sn_path_join(o->out, name, folder));
    SN_TRY(sn_folder_make(folder));
    SN_TRY(sn_path_join(folder, "train.txt", d->train));
    SN_TRY(write_missing(d->train, t->train));
    sn_tokenizer *tokenizer;
    SN_TRY(make_vocabulary(r, o, folder, d, &tokenizer));
    sn_status status = encode_test(r, tokenizer, t->test, wanted, d);
    sn_tokenizer_free(tokenizer);
    return status;
}

static sn_status make(const sn_recipe *r, const sn_recipe_options *o, const sn_train_config *c, sn_recipe_data *d) {
    int64_t wanted;
    texts t = {0};
    d->window = c->context;
    if (!sn_mul_i64(d->window, r->test.factor, &d->length) || !sn_mul_i64(d->length, r->test.windows, &wanted) ||
        wanted > INT64_MAX / 16)
        return sn_fail(SN_ERR_LIMIT, "%s: the tests are too large", r->path);
    d->period = r->test.period ? r->test.period : 2 * d->window;
    if (d->period > d->length)
        return sn_fail(SN_ERR_ARGUMENT, "%s: test.period: %" PRId64 " tokens cannot be repeated in %" PRId64, r->path,
                       d->period, d->length);
    sn_status status = read_texts(r, o, wanted + 1, &t);
    if (status == SN_OK) status = make_folder(r, o, &t, c->tokenizer, wanted + 1, d);
    texts_free(&t);
    return status;
}

sn_status sn_recipe_data_make(const sn_recipe *r, const sn_recipe_options *o, sn_recipe_data *out) {
    const sn_recipe_place place = {"text", NULL, "folder", 1, o->n_threads};
    sn_train_config *c;
    *out = (sn_recipe_data){0};
    SN_TRY(sn_recipe_config(r, 0, &place, &c));
    sn_status status = make(r, o, c, out);
    sn_train_config_free(c);
    if (status != SN_OK) sn_recipe_data_free(out);
    return status;
}

void sn_recipe_data_free(sn_recipe_data *d) {
    sn_ids_free(d->ids);
    *d = (sn_recipe_data){0};
}
