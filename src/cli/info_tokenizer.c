/* suan info on a file that holds a tokenizer and no model. */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { most_listed = 24 };

/* A file that is a model, if a broken one, is not described by its vocabulary: a GGUF has to be without tensors, a
 * folder without config.json. */
static bool may_be_tokenizer(const char *path) {
    struct stat st;
    unsigned char head[16] = {0};
    char config[4096];
    if (stat(path, &st) != 0) return false;
    if (S_ISDIR(st.st_mode)) {
        int n = snprintf(config, sizeof config, "%s/config.json", path);
        return n > 0 && (size_t)n < sizeof config && stat(config, &st) != 0;
    }
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    static const unsigned char no_tensors[8] = {0};
    return n < sizeof head || memcmp(head, "GGUF", 4) != 0 || memcmp(head + 8, no_tensors, 8) == 0;
}

static void print_token(const sn_tokenizer *t, const char *name, int32_t id, bool json) {
    if (id < 0) return;
    if (json) {
        printf(",\n  \"%s\": %" PRId32, name, id);
        return;
    }
    printf("%-26s %" PRId32 " ", name, id);
    cli_json_text(stdout, sn_tokenizer_piece(t, id, NULL));
    printf("\n");
}

static void print_special(const sn_tokenizer *t, int64_t n_special, bool json) {
    int64_t listed = 0;
    if (json) printf(",\n  \"special_tokens\": [");
    for (int32_t id = 0; id < sn_tokenizer_n_tokens(t); id++) {
        const char *piece = sn_tokenizer_piece(t, id, NULL);
        if (!piece || !sn_tokenizer_is_special(t, id)) continue;
        if (!json && listed == most_listed) break;
        printf(json ? "%s\n    {\"id\": %" PRId32 ", \"piece\": " : "%s%8" PRId32 "  ", json && listed ? "," : "", id);
        cli_json_text(stdout, piece);
        printf(json ? "}" : "\n");
        listed++;
    }
    if (json) printf("%s]\n}\n", listed ? "\n  " : "");
    if (!json && n_special > listed) printf("          and %" PRId64 " more: --json lists all\n", n_special - listed);
}

static void describe(const sn_tokenizer *t, bool json) {
    int64_t n_special = 0, n_tokens = sn_tokenizer_n_tokens(t);
    for (int32_t id = 0; id < n_tokens; id++) n_special += sn_tokenizer_is_special(t, id);
    const char *kind = sn_tokenizer_kind(t);
    if (json)
        printf("{\n  \"holds\": \"tokenizer\",\n  \"tokenizer\": \"%s\",\n  \"vocabulary\": %" PRId64, kind, n_tokens);
    else
        printf("%-26s %s\n%-26s %s\n%-26s %" PRId64 "\n", "holds", "a tokenizer, no model", "tokenizer", kind,
               "vocabulary", n_tokens);
    print_token(t, "bos", sn_tokenizer_bos(t), json);
    print_token(t, "eos", sn_tokenizer_eos(t), json);
    print_token(t, "unk", sn_tokenizer_unk(t), json);
    if (json) {
        printf(",\n  \"adds_bos\": %s,\n  \"chat_template\": %s", sn_tokenizer_adds_bos(t) ? "true" : "false",
               sn_tokenizer_chat_template(t) ? "true" : "false");
    } else {
        printf("%-26s %s\n%-26s %s\n", "adds_bos", sn_tokenizer_adds_bos(t) ? "yes" : "no", "chat_template",
               sn_tokenizer_chat_template(t) ? "yes" : "no");
        printf("%-26s %" PRId64 "\n", "special_tokens", n_special);
    }
    print_special(t, n_special, json);
}

bool cli_describe_tokenizer(const char *path, bool json) {
    sn_tokenizer *t;
    if (!may_be_tokenizer(path) || sn_tokenizer_open(path, &t) != SN_OK) return false;
    describe(t, json);
    sn_tokenizer_free(t);
    return true;
}
