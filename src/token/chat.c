/* Chat templates: what sn_chat_render gives a template, and its limits. */
#include "token/chat.h"
#include "token/tokenizer.h"

#include "base/alloc.h"

#include <string.h>

static sn_status set_global(sn_chat_run *r, const char *name, sn_chat_value v) {
    return sn_chat_set(r, r->global, sn_text_of(name), v);
}

static sn_status set_messages(sn_chat_run *r, const sn_chat_message *messages, int n) {
    sn_chat_value list, message, text;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, &list));
    for (int i = 0; i < n; i++) {
        const char *role = messages[i].role ? messages[i].role : "",
                   *content = messages[i].content ? messages[i].content : "";
        SN_TRY(sn_chat_new_items(r, SN_CHAT_DICT, &message));
        SN_TRY(sn_chat_copy_string(r, sn_text_of(role), &text));
        SN_TRY(sn_chat_put(r, message.items, sn_chat_string(sn_text_of("role")), text));
        SN_TRY(sn_chat_copy_string(r, sn_text_of(content), &text));
        SN_TRY(sn_chat_put(r, message.items, sn_chat_string(sn_text_of("content")), text));
        SN_TRY(sn_chat_append(r, list.items, message));
    }
    return set_global(r, "messages", list);
}

/* bos_token and the others, where the tokenizer has them; else they are undefined. */
static sn_status set_tokens(sn_chat_run *r, const sn_tokenizer *t) {
    const struct {
        const char *name;
        int32_t id;
    } tokens[] = {{"bos_token", t->bos}, {"eos_token", t->eos}, {"unk_token", t->unk},  {"pad_token", t->pad},
                  {"sep_token", t->sep}, {"cls_token", t->cls}, {"mask_token", t->mask}};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        if (tokens[i].id < 0 || !t->vocab.pieces[tokens[i].id].data) continue;
        SN_TRY(set_global(r, tokens[i].name, sn_chat_string(t->vocab.pieces[tokens[i].id])));
    }
    return SN_OK;
}

static sn_status render(sn_chat_run *r, const sn_tokenizer *t, sn_text source, const sn_chat_message *messages, int n,
                        bool prompt) {
    sn_chat_token *tokens;
    sn_chat_node *tree;
    int64_t n_tokens;
    SN_TRY(sn_chat_lex(r->arena, source, &tokens, &n_tokens));
    SN_TRY(sn_chat_parse(r->arena, tokens, &tree));
    r->global = r->scope = sn_chat_scope_new(r, 0);
    if (!r->global) return sn_fail_memory("chat template");
    SN_TRY(set_messages(r, messages, n));
    SN_TRY(set_global(r, "add_generation_prompt", (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = prompt}));
    SN_TRY(set_global(r, "tools", SN_CHAT_NOTHING));
    SN_TRY(set_global(r, "documents", SN_CHAT_NOTHING));
    if (t) SN_TRY(set_tokens(r, t));
    SN_TRY(sn_chat_exec(r, tree));
    return sn_buf_append(&r->out, "", 1);
}

sn_status sn_chat_render(const sn_tokenizer *t, const char *template_text, const sn_chat_message *messages,
                         int n_messages, bool add_generation_prompt, char **text) {
    const char *source = template_text ? template_text : t ? t->chat_template : 0;
    if (!source)
        return sn_fail(SN_ERR_NOT_FOUND, "chat: the model has no chat template: give one, or prompt without --chat");
    sn_arena arena = {0};
    sn_chat_run r = {.arena = &arena};
    sn_status status = render(&r, t, sn_text_of(source), messages, n_messages, add_generation_prompt);
    if (status == SN_OK) {
        *text = r.out.data;
        r.out = (sn_buf){0};
    }
    sn_buf_free(&r.out);
    sn_arena_free(&arena);
    return status;
}
