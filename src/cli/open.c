/* Opening what the verbs work on, and small formats they share. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

/* A tokenizer of another model shows by its size. Vocabularies are often padded or have a token added, so only a
 * large difference is worth a word; ids outside the model are refused where they arise. */
static void compare_sizes(const cli_model *m) {
    long long n_tokens = sn_tokenizer_n_tokens(m->tokenizer), n_vocab = sn_model_get_config(m->model)->n_vocab;
    if (llabs(n_tokens - n_vocab) > n_vocab / 8)
        cli_say("the tokenizer has %lld tokens and the model %lld: is it the model's own?", n_tokens, n_vocab);
}

sn_status cli_model_open(const char *path, const char *tokenizer_path, bool needs_tokenizer, cli_model *out) {
    *out = (cli_model){0};
    sn_status status = sn_model_open(path, &out->model);
    if (status != SN_OK) return status;
    if (tokenizer_path) {
        status = sn_tokenizer_open(tokenizer_path, &out->own_tokenizer);
        out->tokenizer = out->own_tokenizer;
        if (status == SN_OK) compare_sizes(out);
        return status;
    }
    status = sn_model_tokenizer(out->model, &out->tokenizer);
    if (status == SN_ERR_NOT_FOUND && !needs_tokenizer) return SN_OK;
    if (status == SN_ERR_NOT_FOUND) cli_say("give the tokenizer's file with --tokenizer");
    return status;
}

void cli_model_close(cli_model *m) {
    sn_tokenizer_free(m->own_tokenizer);
    sn_model_free(m->model);
    *m = (cli_model){0};
}

char *cli_list_join(const cli_list *list) {
    size_t size = 1;
    for (int i = 0; i < list->n; i++) size += strlen(list->item[i]) + 1;
    char *text = list->n ? malloc(size) : NULL;
    if (!text) return NULL;
    char *end = text;
    for (int i = 0; i < list->n; i++)
        end += snprintf(end, size - (size_t)(end - text), "%s%s", i ? "," : "", list->item[i]);
    return text;
}

/* Length of the valid UTF-8 character at s, 0 where it is not one. */
static int utf8_length(const unsigned char *s) {
    int n = s[0] < 0x80                   ? 1
            : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
            : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
            : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                          : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

void cli_json_text(FILE *to, const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    fputc('"', to);
    while (*s) {
        int n = utf8_length(s);
        if (n == 0) {
            fputs("\\ufffd", to);
            s++;
        } else if (*s == '"' || *s == '\\') {
            fprintf(to, "\\%c", *s++);
        } else if (*s < 0x20) {
            fprintf(to, "\\u%04x", *s++);
        } else {
            fwrite(s, 1, (size_t)n, to);
            s += n;
        }
    }
    fputc('"', to);
}

const char *cli_bytes(int64_t bytes) {
    static char buffers[4][32];
    static int next;
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    char *text = buffers[next++ % 4];
    double value = (double)bytes;
    int unit = 0;
    while (value >= 1024 && unit < 4) value /= 1024, unit++;
    snprintf(text, sizeof buffers[0], unit ? "%.2f %s" : "%.0f %s", value, units[unit]);
    return text;
}
