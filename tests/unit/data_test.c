/* Token files, the corpus they are made from, the split, and micro-batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_test.h"

#include "base/hash.h"
#include "file/json.h"
#include "token/parts.h"
#include "train/source_tokens.h"

#include <sys/stat.h>
#include <unistd.h>

/* Every letter a..z and blank, line end, full stop is a token; "<e>" begins and ends documents where asked for. */
static sn_tokenizer *letters(const char *special) {
    static const char json[] =
        "{\"added_tokens\":[%s],\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":\"BPE\",\"vocab\":{%s},"
        "\"merges\":[]}}";
    char vocab[1024] = "\" \":26,\"\\n\":27,\".\":28", added[256] = "", text[2048];
    for (int i = 0; i < 26; i++) snprintf(vocab + strlen(vocab), 32, ",\"%c\":%d", 'a' + i, i);
    if (special) snprintf(added, sizeof added, "{\"id\":29,\"content\":\"%s\",\"special\":true}", special);
    int n = snprintf(text, sizeof text, json, added, vocab);
    sn_tokenizer *t;
    if (sn_tokenizer_from_memory("letters", text, (size_t)n, &t) != SN_OK) fail_msg("%s", sn_last_error());
    return t;
}

static void write_text(const char *name, const char *text) {
    assert_int_equal(sn_file_write(in_folder(name), text, strlen(text)), SN_OK);
}

static sn_status prepare(const char *text_path, const sn_tokenizer *t, const sn_data_options *o, sn_token_file *f,
                         bool *built) {
    char to[256];
    snprintf(to, sizeof to, "%s", in_folder("tokens"));
    return sn_data_prepare(&text_path, 1, t, o, to, f, built);
}

static void assert_tokens(const sn_token_file *f, const char *expected) {
    int32_t ids[256];
    char text[257];
    assert_in_range(f->n_tokens, 1, 256);
    assert_int_equal(sn_token_file_read(f, 0, f->n_tokens, ids), SN_OK);
    for (int64_t i = 0; i < f->n_tokens; i++) text[i] = "abcdefghijklmnopqrstuvwxyz_/.#"[ids[i]];
    text[f->n_tokens] = 0;
    assert_string_equal(text, expected);
}

/* ---- Building ---- */

static void documents_are_split_and_stripped(void **state) {
    (void)state;
    sn_tokenizer *t = letters(NULL), *e = letters("<|endoftext|>");
    sn_token_file f;
    bool built;
    write_text("a.txt", "\xEF\xBB\xBF  one\ntwo \n<|endoftext|>\n\n<|endoftext|>three. \n");
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    assert_true(built);
    assert_tokens(&f, "one/twothree.");
    assert_int_equal(f.n_documents, 2);
    assert_int_equal(sn_token_file_document(&f, 1), 7);
    assert_int_equal(f.width, 2);
    assert_int_equal(f.end_target, -1);
    sn_token_file_close(&f);
    assert_int_equal(prepare(in_folder("a.txt"), e, NULL, &f, &built), SN_OK);
    assert_true(built); /* another tokenizer */
    assert_tokens(&f, "#one/two#three.");
    assert_int_equal(f.end_target, 29);
    sn_token_file_close(&f);
    sn_data_options o = {.separator = "t"};
    assert_int_equal(prepare(in_folder("a.txt"), t, &o, &f, &built), SN_OK);
    assert_true(built); /* another separator, which is a token and so ends each document */
    assert_tokens(&f, "onetwo_/endoftext//endoftextthree.t");
    assert_int_equal(f.n_documents, 7);
    sn_token_file_close(&f);
    sn_tokenizer_free(t);
    sn_tokenizer_free(e);
}

static void eos_of_its_own_ends_documents(void **state) {
    (void)state;
    sn_tokenizer *t = letters("</s>");
    sn_token_file f;
    write_text("a.txt", "one<|endoftext|>two");
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, NULL), SN_OK);
    assert_tokens(&f, "one#two#");
    assert_int_equal(f.end_target, -1);
    sn_token_file_close(&f);
    sn_tokenizer_free(t);
}

static void a_file_is_made_once(void **state) {
    (void)state;
    sn_tokenizer *t = letters(NULL);
    sn_token_file f;
    bool built;
    write_text("a.txt", "some text");
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    sn_token_file_close(&f);
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    assert_false(built);
    sn_token_file_close(&f);
    write_text("a.txt", "some text"); /* another time, the same bytes */
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    assert_false(built);
    sn_token_file_close(&f);
    write_text("a.txt", "same text");
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    assert_true(built);
    sn_token_file_close(&f);
    assert_int_equal(truncate(in_folder("tokens"), 140), 0);
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    assert_true(built);
    assert_tokens(&f, "same_text");
    sn_token_file_close(&f);
    write_text("tokens", "notes, not tokens"); /* somebody's own file is not overwritten */
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_ERR_FORMAT);
    assert_message("a file of another kind: move it away");
    write_text("tokens", "");
    assert_int_equal(prepare(in_folder("a.txt"), t, NULL, &f, &built), SN_OK);
    sn_token_file_close(&f);
    sn_tokenizer_free(t);
}

static void lines_and_folders_are_read_in_order(void **state) {
    (void)state;
    sn_tokenizer *t = letters(NULL);
    sn_token_file f;
    sn_data_options o = {.field = "body"};
    assert_int_equal(mkdir(in_folder("set"), 0700), 0);
    assert_int_equal(mkdir(in_folder("set/b"), 0700), 0);
    write_text("set/c.txt", "c");
    write_text("set/a.jsonl", "{\"body\":\" a\\nb \"}\n\n{\"x\":1,\"body\":\"\"}\r\n{\"body\":\"d\"}");
    write_text("set/b/x.md", "x");
    write_text("set/picture.png", "p");
    write_text("set/.hidden.txt", "h");
    assert_int_equal(prepare(in_folder("set"), t, &o, &f, NULL), SN_OK);
    assert_tokens(&f, "a/bdxc");
    assert_int_equal(f.n_documents, 4);
    sn_token_file_close(&f);
    sn_tokenizer_free(t);
}

static void refused(const char *name, const char *text, size_t size, sn_status status, const char *words) {
    sn_tokenizer *t = letters(NULL);
    sn_token_file f;
    assert_int_equal(sn_file_write(in_folder(name), text, size), SN_OK);
    unlink(in_folder("tokens"));
    assert_int_equal(prepare(in_folder(name), t, NULL, &f, NULL), status);
    assert_message(words);
    assert_int_not_equal(access(in_folder("tokens"), F_OK), 0);
    sn_tokenizer_free(t);
}

static void what_is_no_text_is_refused(void **state) {
    (void)state;
    refused("bad.txt", "abc\xFF", 4, SN_ERR_FORMAT, "bad.txt\", byte 3: 0xFF is not UTF-8");
    refused("bad.txt", " ab\0c", 5, SN_ERR_FORMAT, "byte 3: a zero byte");
    refused("bad.txt", " \n<|endoftext|> ", 16, SN_ERR_NOT_FOUND, "empty");
    refused("bad.txt", "", 0, SN_ERR_NOT_FOUND, "empty");
    refused("bad.jsonl", "{\"text\":\"a\"}\n{\"text\":1}", 24, SN_ERR_FORMAT, "line 2 (byte 13)");
    refused("bad.jsonl", "{\"text\":\"a\"}\nplain", 18, SN_ERR_FORMAT, "line 2");
    sn_tokenizer *t = letters(NULL);
    sn_token_file f;
    assert_int_equal(mkdir(in_folder("empty"), 0700), 0);
    assert_int_equal(prepare(in_folder("empty"), t, NULL, &f, NULL), SN_ERR_NOT_FOUND);
    assert_message("holds no text");
    assert_int_equal(prepare(in_folder("missing.txt"), t, NULL, &f, NULL), SN_ERR_NOT_FOUND);
    write_text("bad.txt", "ab\xFF"
                          "c");
    sn_data_options o = {.accept_bytes = true};
    assert_int_equal(prepare(in_folder("bad.txt"), t, &o, &f, NULL), SN_OK);
    assert_tokens(&f, "abc");
    sn_token_file_close(&f);
    sn_tokenizer_free(t);
}

static void a_cancelled_build_leaves_nothing(void **state) {
    (void)state;
    sn_tokenizer *t = letters(NULL);
    sn_token_file f;
    volatile int stop = 1;
    sn_data_options o = {.cancel = &stop};
    write_text("a.txt", "text");
    unlink(in_folder("tokens"));
    assert_int_equal(prepare(in_folder("a.txt"), t, &o, &f, NULL), SN_ERR_CANCELLED);
    char command[256];
    snprintf(command, sizeof command, "ls %s | grep -q tokens", test_folder_path);
    assert_int_not_equal(system(command), 0);
    sn_tokenizer_free(t);
}

/* Long documents are cut into parts; the ids must be those of the whole. */
static void parts_give_the_ids_of_the_whole(void **state) {
    (void)state;
    static const char *const files[] = {"tokenizers/gguf/ggml-vocab-gpt-2.gguf", "tokenizers/llama2_tokenizer.model",
                                        "llm/tok512.bin"};
    char text_path[512], path[512];
    sn_map map;
    if (!test_data(text_path, sizeof text_path, "text/tinyshakespeare.txt")) skip();
    assert_int_equal(sn_map_open(text_path, &map), SN_OK);
    sn_team *team;
    assert_int_equal(sn_team_new(2, &team), SN_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        sn_tokenizer *t;
        sn_token_file f;
        int32_t *ids;
        int64_t n;
        sn_encode_options plain = {0};
        size_t size = map.size;
        while (size && strchr(" \n", map.data[size - 1])) size--;
        if (!test_data(path, sizeof path, files[i])) skip();
        assert_int_equal(sn_tokenizer_open(path, &t), SN_OK);
        assert_int_equal(sn_tokenizer_encode(t, (const char *)map.data, size, &plain, &ids, &n), SN_OK);
        sn_data_options o = {.team = team};
        assert_int_equal(prepare(text_path, t, &o, &f, NULL), SN_OK);
        int32_t *read = malloc((size_t)f.n_tokens * sizeof *read);
        assert_int_equal(sn_token_file_read(&f, 0, f.n_tokens, read), SN_OK);
        int64_t begin = sn_tokenizer_bos(t) >= 0, end = sn_tokenizer_eos(t) != sn_tokenizer_bos(t);
        assert_int_equal(f.n_tokens, begin + n + end);
        assert_memory_equal(read + begin, ids, (size_t)n * sizeof *ids);
        free(read);
        sn_ids_free(ids);
        sn_token_file_close(&f);
        sn_tokenizer_free(t);
    }
    sn_team_free(team);
    sn_map_close(&map);
}

/* ---- The file ---- */

static sn_status use_token_file(const void *data, size_t size) {
    sn_token_file f;
    int32_t id;
    SN_TRY(sn_token_file_open_memory("test", data, size, &f));
    for (int64_t i = 0; i < f.n_tokens; i++) SN_TRY(sn_token_file_read(&f, i, 1, &id));
    return SN_OK;
}

/* Documents of 1, 2, ... n tokens: document d has the ids 100 d + 1, ... */
static void make_file(const char *path, int n, int32_t n_vocab, int32_t end, sn_token_file *f) {
    sn_token_writer *w;
    assert_int_equal(sn_token_writer_open(path, n_vocab, end, &w), SN_OK);
    for (int d = 1; d <= n; d++) {
        for (int32_t i = 1; i <= d; i++) assert_int_equal(sn_token_writer_put(w, &(int32_t){100 * d + i}, 1), SN_OK);
        assert_int_equal(sn_token_writer_end_document(w), SN_OK);
        assert_int_equal(sn_token_writer_end_document(w), SN_OK); /* an empty one is none */
    }
    assert_int_equal(sn_token_writer_commit(w, &(sn_token_origin){1, 2, 3}), SN_OK);
    assert_int_equal(sn_token_file_open(path, f), SN_OK);
}

static void damaged_files_are_refused(void **state) {
    (void)state;
    sn_token_file f;
    sn_map map;
    for (int wide = 0; wide < 2; wide++) {
        make_file(in_folder("t"), 9, wide ? 70000 : 1000, -1, &f);
        assert_int_equal(f.width, wide ? 4 : 2);
        assert_int_equal(f.n_tokens, 45);
        assert_int_equal(f.origin.tokenizer, 3);
        sn_token_file_close(&f);
        assert_int_equal(sn_map_open(in_folder("t"), &map), SN_OK);
        assert_int_equal(use_token_file(map.data, map.size), SN_OK);
        for (size_t size = 0; size < map.size; size++) assert_int_not_equal(use_token_file(map.data, size), SN_OK);
        mutate(map.data, map.size, 3000, use_token_file);
        unsigned char *copy = malloc(map.size);
        memcpy(copy, map.data, map.size);
        copy[128 + 3] = 0xFF; /* an id beyond the vocabulary */
        assert_int_equal(use_token_file(copy, map.size), SN_ERR_FORMAT);
        assert_message(wide ? "id 4278190181" : "id 65481");
        free(copy);
        sn_map_close(&map);
        FILE *file = fopen(in_folder("t"), "r+b"); /* another id of the vocabulary */
        assert_true(file && fseek(file, 128, SEEK_SET) == 0);
        int byte = fgetc(file);
        assert_true(fseek(file, 128, SEEK_SET) == 0 && fputc(byte ^ 1, file) != EOF && fclose(file) == 0);
        assert_int_equal(sn_token_file_open(in_folder("t"), &f), SN_ERR_FORMAT);
        assert_message("the tokens are damaged");
    }
}

static void the_last_tenth_is_for_validation(void **state) {
    (void)state;
    sn_token_file f;
    sn_token_range train, held;
    make_file(in_folder("t"), 20, 5000, -1, &f);
    assert_int_equal(sn_data_split(&f, 0.1, &train, &held), SN_OK);
    assert_int_equal(train.to, 210 - 20 - 19);
    assert_int_equal(held.from, train.to);
    assert_int_equal(held.to, 210);
    assert_int_equal(sn_data_split(&f, 0.01, &train, &held), SN_OK); /* at least one */
    assert_int_equal(train.to, 190);
    assert_int_equal(sn_data_split(&f, 0, &train, &held), SN_OK);
    assert_int_equal(train.to, 210);
    assert_int_equal(sn_data_split(&f, 1, &train, &held), SN_ERR_ARGUMENT);
    f.n_documents = 1; /* as if it were one document */
    assert_int_equal(sn_data_split(&f, 0.1, &train, &held), SN_OK);
    assert_int_equal(train.to, 189);
    f.n_documents = 20;
    sn_token_file_close(&f);
}

/* ---- Micro-batches ---- */

static void permutations_are_permutations(void **state) {
    (void)state;
    for (int64_t n = 1; n < 300; n += n < 20 ? 1 : 37) {
        char seen[300] = {0};
        int fixed = 0;
        for (int64_t i = 0; i < n; i++) {
            int64_t p = sn_shuffled(7, 1, i, n);
            assert_in_range(p, 0, n - 1);
            assert_false(seen[p]);
            seen[p] = 1;
            fixed += p == i;
        }
        if (n > 30) assert_in_range(fixed, 0, 8); /* 1 is expected */
    }
}

/* One document of n tokens 0, 1, 2, ... */
static void make_stream(int32_t n, sn_token_file *f) {
    sn_token_writer *w;
    assert_int_equal(sn_token_writer_open(in_folder("s"), n, -1, &w), SN_OK);
    for (int32_t i = 0; i < n; i++) assert_int_equal(sn_token_writer_put(w, &i, 1), SN_OK);
    assert_int_equal(sn_token_writer_commit(w, &(sn_token_origin){0}), SN_OK);
    assert_int_equal(sn_token_file_open(in_folder("s"), f), SN_OK);
}

static const int32_t *item(const sn_source *s, int i) { return s->batch->item[i].tensor.data; }

static void every_window_comes_once_an_epoch(void **state) {
    (void)state;
    enum { N = 1003, B = 3, T = 10, LOW = 50 };
    sn_token_file f;
    sn_token_batches *b;
    make_stream(N, &f);
    sn_token_range range = {&f, LOW, N};
    sn_token_source_options o = {.batch = B, .context = T, .seed = 5};
    assert_int_equal(sn_token_batches_new(&range, &o, &b), SN_OK);
    const sn_source *s = sn_token_batches_source(b);
    int64_t windows = (N - LOW - T) / T, epochs = 4;
    int offsets[4], seen[4][N] = {0};
    for (int64_t i = 0; i * B < windows * epochs; i++) {
        assert_int_equal(s->fill(s->user, i), SN_OK);
        for (int64_t r = 0; r < B; r++) {
            int32_t start = item(s, 0)[r * T];
            int64_t number = i * B + r;
            if (number >= windows * epochs) break;
            assert_in_range(start, LOW, N - T - 1);
            for (int32_t k = 0; k < T; k++) {
                assert_int_equal(item(s, 0)[r * T + k], start + k);
                assert_int_equal(item(s, 1)[r * T + k], start + k + 1);
                assert_int_equal(item(s, 3)[r * T + k], k);
            }
            assert_int_equal(seen[number / windows][start]++, 0);
            offsets[number / windows] = start % T;
            assert_int_equal(item(s, 2)[4 * r], r * T);
            assert_int_equal(item(s, 2)[4 * r + 1], T);
            assert_int_equal(item(s, 2)[4 * r + 2], 0);
            assert_int_equal(item(s, 2)[4 * r + 3], r * T);
        }
    }
    for (int e = 0; e < epochs; e++)
        for (int i = LOW; i < N; i++) assert_true(!seen[e][i] || i % T == offsets[e]);
    assert_false(offsets[0] == offsets[1] && offsets[1] == offsets[2] && offsets[2] == offsets[3]);
    int32_t first[B * T]; /* an index gives the same whatever came before */
    assert_int_equal(s->fill(s->user, 7), SN_OK);
    memcpy(first, item(s, 0), sizeof first);
    assert_int_equal(s->fill(s->user, 2), SN_OK);
    assert_int_equal(s->fill(s->user, 7), SN_OK);
    assert_memory_equal(first, item(s, 0), sizeof first);
    sn_token_batches_free(b);
    sn_token_file_close(&f);
}

static void random_and_sequential_windows(void **state) {
    (void)state;
    enum { N = 64, B = 4, T = 8 };
    sn_token_file f;
    sn_token_batches *b;
    make_stream(N, &f);
    sn_token_range range = {&f, 0, N};
    sn_token_source_options o = {.batch = B, .context = T, .order = SN_ORDER_RANDOM};
    int starts[N] = {0};
    assert_int_equal(sn_token_batches_new(&range, &o, &b), SN_OK);
    const sn_source *s = sn_token_batches_source(b);
    for (int64_t i = 0; i < 500; i++) {
        assert_int_equal(s->fill(s->user, i), SN_OK);
        for (int r = 0; r < B; r++) starts[item(s, 0)[r * T]]++;
    }
    for (int i = 0; i < N; i++) { /* 2000 draws over 56 starts: 36 each, deviation 6 */
        if (i < N - T)
            assert_in_range(starts[i], 10, 70);
        else
            assert_int_equal(starts[i], 0);
    }
    sn_token_batches_free(b);
    o.order = SN_ORDER_SEQUENTIAL;
    assert_int_equal(sn_token_batches_new(&range, &o, &b), SN_OK);
    s = sn_token_batches_source(b);
    assert_int_equal(sn_token_batches_count(b), 1); /* 7 windows have their last target inside */
    assert_int_equal(s->fill(s->user, 0), SN_OK);
    for (int i = 0; i < B * T; i++) assert_int_equal(item(s, 0)[i], i);
    sn_token_batches_free(b);
    o.context = N;
    assert_int_equal(sn_token_batches_new(&range, &o, &b), SN_ERR_ARGUMENT);
    assert_message("too few");
    sn_token_file_close(&f);
}

/* Every document's every target is scored once, inside its own sequence. */
static void packed_documents(const sn_token_file *f, int T, int docs) {
    enum { B = 3, MAX = 40 };
    sn_token_batches *b;
    sn_token_range range = {f, 0, f->n_tokens};
    sn_token_source_options o = {.batch = B, .context = T, .packing = SN_PACK_DOCUMENTS, .seed = 3};
    int scored[MAX + 1] = {0};
    assert_int_equal(sn_token_batches_new(&range, &o, &b), SN_OK);
    const sn_source *s = sn_token_batches_source(b);
    int64_t n_sequences = s->batch->item[2].tensor.shape[0];
    for (int64_t i = 0; i < sn_token_batches_count(b); i++) {
        assert_int_equal(s->fill(s->user, i), SN_OK);
        int covered = 0, scored_here = 0;
        for (int64_t q = 0; q < n_sequences; q++) {
            const int32_t *e = item(s, 2) + 4 * q, *tokens = item(s, 0) + e[0], *targets = item(s, 1) + e[0];
            assert_int_equal(e[2], 0);
            assert_true(e[1] == 0 || e[3] == e[0]);
            if (e[1]) assert_int_equal(e[0] / T, (e[0] + e[1] - 1) / T); /* inside one row */
            covered += e[1];
            for (int k = 0; k < e[1]; k++) {
                int document = tokens[0] / 100;
                assert_int_equal(tokens[k], tokens[0] + k);
                assert_int_equal(item(s, 3)[e[0] + k], k);
                bool last = tokens[k] == 101 * document;
                assert_int_equal(targets[k], last ? f->end_target : tokens[k] + 1);
                scored[document]++;
            }
        }
        for (int k = 0; k < B * T; k++) scored_here += item(s, 1)[k] >= 0;
        assert_int_equal(covered, scored_here);
    }
    if (s->n_items && sn_token_batches_count(b) * B >= 1) /* what an incomplete last batch leaves out */
        for (int d = 1, missing = 0; d <= docs; d++) {
            missing += d - (f->end_target < 0) - scored[d];
            assert_in_range(missing, 0, (B - 1) * T);
        }
    sn_token_batches_free(b);
}

static void documents_do_not_see_each_other(void **state) {
    (void)state;
    sn_token_file f;
    for (int end = -1; end < 100; end += 100) {
        make_file(in_folder("t"), 40, 5000, end, &f);
        packed_documents(&f, 16, 40);
        packed_documents(&f, 64, 40);
        packed_documents(&f, 1, 40);
        sn_token_file_close(&f);
    }
}

static void hashes_do_not_depend_on_the_cut(void **state) {
    (void)state;
    unsigned char data[100];
    for (int i = 0; i < 100; i++) data[i] = (unsigned char)(i * 7);
    sn_hash whole = sn_hash_begin();
    sn_hash_add(&whole, data, sizeof data);
    for (size_t cut = 0; cut <= 100; cut++) {
        sn_hash h = sn_hash_begin();
        sn_hash_add(&h, data, cut / 2);
        sn_hash_add(&h, data + cut / 2, cut - cut / 2);
        sn_hash_add(&h, data + cut, 100 - cut);
        assert_true(sn_hash_end(&h) == sn_hash_end(&whole));
        if (cut == 100) continue;
        data[cut] ^= 1;
        sn_hash other = sn_hash_begin();
        sn_hash_add(&other, data, sizeof data);
        assert_true(sn_hash_end(&other) != sn_hash_end(&whole));
        data[cut] ^= 1;
    }
}

/* ---- Failing allocations ---- */

static sn_tokenizer *shared;

static sn_status build_and_read(const void *data, size_t size) {
    sn_token_file f;
    sn_token_range train, held;
    sn_token_batches *b = NULL;
    (void)data, (void)size;
    unlink(in_folder("tokens"));
    SN_TRY(prepare(in_folder("a.jsonl"), shared, NULL, &f, NULL));
    sn_status status = sn_data_split(&f, 0.1, &train, &held);
    sn_token_source_options o = {.batch = 1, .context = 2, .packing = SN_PACK_DOCUMENTS};
    if (status == SN_OK) status = sn_token_batches_new(&train, &o, &b);
    sn_token_batches_free(b);
    sn_token_file_close(&f);
    return status;
}

static void nothing_leaks_without_memory(void **state) {
    (void)state;
    shared = letters(NULL);
    write_text("a.jsonl", "{\"text\":\"abc\"}\n{\"text\":\"defg\"}");
    fail_each_allocation(NULL, 0, build_and_read);
    sn_tokenizer_free(shared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_split_and_stripped),
        cmocka_unit_test(eos_of_its_own_ends_documents),
        cmocka_unit_test(a_file_is_made_once),
        cmocka_unit_test(lines_and_folders_are_read_in_order),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(a_cancelled_build_leaves_nothing),
        cmocka_unit_test(parts_give_the_ids_of_the_whole),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(the_last_tenth_is_for_validation),
        cmocka_unit_test(permutations_are_permutations),
        cmocka_unit_test(every_window_comes_once_an_epoch),
        cmocka_unit_test(random_and_sequential_windows),
        cmocka_unit_test(documents_do_not_see_each_other),
        cmocka_unit_test(hashes_do_not_depend_on_the_cut),
        cmocka_unit_test(nothing_leaks_without_memory),
    };
    return cmocka_run_group_tests(tests, test_folder_make, test_folder_remove);
}
