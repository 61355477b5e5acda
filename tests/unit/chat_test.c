/* Chat templates against jinja2 (tools/oracles/chat_templates.py): families and features, refusals, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "file/json.h"
#include "token/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tokenizer that has the three tokens the templates speak of. */
static const char words[] =
    "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<s>\":0,\"</s>\":1,\"<pad>\":2},\"unk_token\":\"<s>\"},"
    "\"added_tokens\":[{\"id\":0,\"content\":\"<s>\",\"special\":true},"
    "{\"id\":1,\"content\":\"</s>\",\"special\":true},{\"id\":2,\"content\":\"<pad>\",\"special\":true}]}";

static sn_tokenizer *make_tokenizer(void) {
    sn_tokenizer *t = 0;
    if (sn_tokenizer_from_memory("words", words, sizeof words - 1, &t) != SN_OK) fail_msg("%s", sn_last_error());
    return t;
}

enum { MAX_MESSAGES = 8 };

static int read_chat(const sn_json *chat, sn_chat_message *out) {
    for (int64_t i = 0; i < chat->count; i++) {
        sn_text role, content;
        assert_int_equal(sn_json_get_text(&chat->items[i], "role", &role, 0), SN_OK);
        assert_int_equal(sn_json_get_text(&chat->items[i], "content", &content, 0), SN_OK);
        out[i] = (sn_chat_message){role.data, content.data};
    }
    return (int)chat->count;
}

static bool check_case(const sn_tokenizer *t, const char *name, const char *source, const sn_json *chats,
                       const sn_json *c) {
    sn_chat_message messages[MAX_MESSAGES];
    int n = read_chat(&chats->items[c->items[0].integer], messages);
    const sn_json *want = &c->items[2], *error = &c->items[3];
    char *text = 0;
    sn_status status = sn_chat_render(t, source, messages, n, c->items[1].boolean, &text);
    bool same = error->kind == SN_JSON_STRING ? status == SN_ERR_ARGUMENT
                                              : status == SN_OK && strcmp(text, want->text.data) == 0;
    if (error->kind == SN_JSON_STRING && status == SN_ERR_ARGUMENT && strstr(source, "raise_exception"))
        same = strstr(sn_last_error(), error->text.data) != 0; /* the template's own message */
    if (!same)
        printf("%s, chat %d, prompt %d:\n--- want\n%s\n--- got %s\n%s\n", name, (int)c->items[0].integer,
               c->items[1].boolean, want->kind == SN_JSON_STRING ? want->text.data : error->text.data,
               sn_status_name(status), text ? text : sn_last_error());
    sn_text_free(text);
    return same;
}

static void templates_render_as_in_jinja(void **state) {
    (void)state;
    sn_json_doc *doc = 0;
    if (sn_json_open(SN_TEST_SOURCE "/golden/chat.json", 0, &doc) != SN_OK) fail_msg("%s", sn_last_error());
    const sn_json *chats = sn_json_get(sn_json_root(doc), "chats"), *list = sn_json_get(sn_json_root(doc), "templates");
    sn_tokenizer *t = make_tokenizer();
    int wrong = 0, n = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const sn_json *cases = sn_json_get(&list->items[i], "cases");
        const char *name = sn_json_get(&list->items[i], "name")->text.data;
        const char *source = sn_json_get(&list->items[i], "template")->text.data;
        for (int64_t k = 0; k < cases->count; k++, n++) wrong += !check_case(t, name, source, chats, &cases->items[k]);
    }
    printf("%d of %d renderings equal\n", n - wrong, n);
    assert_int_equal(wrong, 0);
    sn_tokenizer_free(t);
    sn_json_free(doc);
}

static const sn_chat_message one[] = {{"user", "Hi"}};

static void expect(const char *source, sn_status status, const char *part) {
    char *text = 0;
    sn_status got = sn_chat_render(0, source, one, 1, true, &text);
    sn_text_free(text);
    if (got != status)
        fail_msg("\"%.60s\": %s, not %s: %s", source, sn_status_name(got), sn_status_name(status), sn_last_error());
    if (status != SN_OK && !strstr(sn_last_error(), part))
        fail_msg("\"%s\" does not name \"%s\"", sn_last_error(), part);
}

static void what_is_not_supported_is_named(void **state) {
    (void)state;
    expect("{% include 'x' %}", SN_ERR_UNSUPPORTED, "include");
    expect("{% block a %}{% endblock %}", SN_ERR_UNSUPPORTED, "block");
    expect("{% raw %}x{% endraw %}", SN_ERR_UNSUPPORTED, "raw");
    expect("{% for a in b recursive %}{% endfor %}", SN_ERR_UNSUPPORTED, "recursive");
    expect("{{ 1 | wordwrap }}", SN_ERR_UNSUPPORTED, "wordwrap");
    expect("{{ 1 is escaped }}", SN_ERR_UNSUPPORTED, "escaped");
    expect("{{ 'a'.encode() }}", SN_ERR_UNSUPPORTED, "encode");
    expect("{{ messages.append(1) }}", SN_ERR_UNSUPPORTED, "append");
    expect("{{ f(*a) }}", SN_ERR_UNSUPPORTED, "*");
    expect("\n\n{{ lipsum() }}", SN_ERR_ARGUMENT, "line 3");
    expect("{% if %}", SN_ERR_FORMAT, "expected");
    expect("{{ 'a }}", SN_ERR_FORMAT, "string without its end");
    expect("{{ 1 ", SN_ERR_FORMAT, "tag without its end");
    expect("{% break %}", SN_ERR_FORMAT, "outside of a loop");
    expect("{% endif %}", SN_ERR_FORMAT, "endif");
    expect("{% if true %}", SN_ERR_FORMAT, "elif");
    assert_int_equal(sn_chat_render(0, 0, one, 1, true, 0), SN_ERR_NOT_FOUND);
}

/* A template that would run for ever, eat memory, or nest without end stops at a limit. */
static void hostile_templates_stop(void **state) {
    (void)state;
    expect("{% for a in range(99999999999) %}{% endfor %}", SN_ERR_LIMIT, "");
    expect("{% for a in range(3000) %}{% for b in range(3000) %}{% endfor %}{% endfor %}", SN_ERR_LIMIT, "");
    expect("{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}{% "
           "endfor %}",
           SN_ERR_LIMIT, "");
    expect("{{ 'a' * 99999999999 }}", SN_ERR_LIMIT, "");
    expect("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", SN_ERR_LIMIT, "");
    expect("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", SN_ERR_LIMIT, "");
    expect("{{ 9223372036854775807 }}", SN_ERR_UNSUPPORTED, "19");
    expect("{{ 999999999999999999 * 999999999999999999 }}", SN_ERR_LIMIT, "64 bits");
    expect("{{ 2 ** 64 }}", SN_ERR_LIMIT, "64 bits");
    expect("{{ 1 // 0 }}", SN_ERR_ARGUMENT, "zero");
    expect("{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}", SN_ERR_UNSUPPORTED, "namespace");
    enum { n = 50000 };
    char *deep = malloc(n + 64);
    memcpy(deep, "{{ ", 3);
    memset(deep + 3, '(', n);
    memset(deep + 3 + n / 2, ')', n / 2);
    deep[3 + n / 2] = '1';
    strcpy(deep + 3 + n, ") }}");
    expect(deep, SN_ERR_LIMIT, "");
    memset(deep + 3, '-', n);
    strcpy(deep + 3 + n, "1 }}");
    expect(deep, SN_ERR_LIMIT, "");
    for (int i = 0; i < n; i += 2) memcpy(deep + 3 + i, "1+", 2);
    expect(deep, SN_ERR_LIMIT, "");
    free(deep);
}

static void no_failing_allocation_breaks_anything(void **state) {
    (void)state;
    static const char source[] =
        "{% macro m(a) %}{{ a|upper }}{% endmacro %}{% for x in messages %}{{ m(x.content) + x['role'].strip() }}"
        "{{ x|tojson }}{% endfor %}{{ [1, 2]|join(',') ~ {'a': 1} }}{{ 'a b'.split()|map('trim')|list }}";
    for (int64_t i = 0;; i++) {
        char *text = 0;
        sn_alloc_fail_after(i);
        sn_status status = sn_chat_render(0, source, one, 1, true, &text);
        int64_t used = sn_alloc_count();
        sn_alloc_fail_after(-1);
        sn_text_free(text);
        if (status == SN_OK) {
            assert_true(used <= i);
            break;
        }
        assert_int_equal(status, SN_ERR_MEMORY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_render_as_in_jinja),
        cmocka_unit_test(what_is_not_supported_is_named),
        cmocka_unit_test(hostile_templates_stop),
        cmocka_unit_test(no_failing_allocation_breaks_anything),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
