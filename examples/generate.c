/* Load a model, choose a context method, stream tokens.
 *   cc generate.c $(pkg-config --cflags --libs suan) && ./a.out MODEL PROMPT [METHOD] [LENGTH] [TOKENIZER] */
#include <suan/suan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(sn_status status) {
    if (status == SN_OK) return;
    fprintf(stderr, "%s\n", sn_last_error());
    exit(1);
}

static int print(void *user, const char *text, size_t size) {
    fwrite(text, 1, size, user);
    fflush(user);
    return 0; /* anything else stops */
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL PROMPT [METHOD] [LENGTH] [TOKENIZER]\n", argv[0]);
        return 2;
    }
    sn_model *model = NULL;
    sn_tokenizer *own = NULL;
    const sn_tokenizer *tokenizer = NULL;
    sn_extend *method = NULL;
    sn_session *session = NULL;

    /* GGUF, a Hugging Face directory, or a llama2.c checkpoint; the last needs a tokenizer beside it. */
    check(sn_model_open(argv[1], &model));
    if (argc > 5) {
        check(sn_tokenizer_open(argv[5], &own));
        tokenizer = own;
    } else {
        check(sn_model_tokenizer(model, &tokenizer));
    }

    /* How positions are handled beyond the trained window: "rerope:window=128", "ntk:factor=4+logn", "auto", ... */
    check(sn_extend_parse(argc > 3 ? argv[3] : "none", &method));

    sn_session_options options = sn_session_defaults();
    options.capacity = argc > 4 ? atoll(argv[4]) : 0; /* 0: the trained window */
    options.extend = method;
    check(sn_session_new(model, &options, &session));
    fprintf(stderr, "%s: %s\n", sn_model_name(model), sn_session_note(session));

    int32_t *prompt = NULL;
    int64_t n_prompt = 0;
    check(sn_tokenizer_encode(tokenizer, argv[2], strlen(argv[2]), NULL, &prompt, &n_prompt));

    sn_generate_options how = sn_generate_defaults();
    how.max_tokens = 0; /* until the model ends its text or the context is full, which would be an error */
    how.context_full = SN_CONTEXT_FULL_STOP;
    how.sampler.temperature = 0;
    how.on_text = print;
    how.user = stdout;
    sn_generate_result result;
    check(sn_generate(session, tokenizer, prompt, n_prompt, &how, &result));
    fprintf(stderr, "\n%lld tokens in %.2f s\n", (long long)result.n_generated, result.generate_seconds);

    sn_ids_free(prompt);
    sn_session_free(session);
    sn_extend_free(method);
    sn_tokenizer_free(own);
    sn_model_free(model);
    return 0;
}
