/* Tokens to a tree, by recursive descent with jinja2's precedences. */
#include "token/chat.h"

#include <string.h>

typedef struct parser {
    sn_arena *arena;
    const sn_chat_token *at;
    int depth;
    int loops; /* open ones */
} parser;

static sn_status parse_expression(parser *p, sn_chat_node **out);
static sn_status parse_unary(parser *p, bool with_filter, sn_chat_node **out);
static sn_status parse_primary(parser *p, sn_chat_node **out);
static sn_status parse_postfix(parser *p, sn_chat_node **node);
static sn_status parse_until(parser *p, const char *const *ends, sn_chat_node **out);

/* ---- Helpers ---- */

static sn_status deeper(parser *p) {
    if (++p->depth > SN_CHAT_MAX_DEPTH)
        return sn_chat_fail(SN_ERR_LIMIT, p->at->line, "nested deeper than %d", SN_CHAT_MAX_DEPTH);
    return SN_OK;
}

static sn_status new_node(parser *p, sn_chat_node_kind kind, sn_chat_node **out) {
    *out = sn_arena_alloc(p->arena, sizeof **out);
    if (!*out) return sn_fail_memory("chat template");
    (*out)->kind = kind;
    (*out)->line = p->at->line;
    return SN_OK;
}

static bool is_op(const parser *p, const char *op) {
    return p->at->kind == SN_CHAT_OPERATOR && sn_text_is(p->at->text, op);
}
static bool is_word(const parser *p, const char *word) {
    return p->at->kind == SN_CHAT_WORD && sn_text_is(p->at->text, word);
}

static bool take_op(parser *p, const char *op) {
    if (!is_op(p, op)) return false;
    p->at++;
    return true;
}
static bool take_word(parser *p, const char *word) {
    if (!is_word(p, word)) return false;
    p->at++;
    return true;
}

static sn_status unexpected(const parser *p, const char *wanted) {
    static const char *const kinds[] = {"the end", "text", "{%", "%}", "{{", "}}", "", "a number", "a string", ""};
    sn_text text =
        p->at->kind == SN_CHAT_WORD || p->at->kind == SN_CHAT_OPERATOR ? p->at->text : sn_text_of(kinds[p->at->kind]);
    return sn_chat_fail(SN_ERR_FORMAT, p->at->line, "%s is expected, not %.*s", wanted, (int)text.size, text.data);
}

static sn_status need_op(parser *p, const char *op) { return take_op(p, op) ? SN_OK : unexpected(p, op); }

static sn_status need_word(parser *p, sn_text *out) {
    if (p->at->kind != SN_CHAT_WORD) return unexpected(p, "a name");
    *out = p->at++->text;
    return SN_OK;
}

static sn_status need_block_end(parser *p) {
    if (p->at->kind != SN_CHAT_BLOCK_END) return unexpected(p, "%}");
    p->at++;
    return SN_OK;
}

static void chain(sn_chat_node ***tail, sn_chat_node *node) {
    **tail = node;
    *tail = &node->next;
}

/* ---- Expressions ---- */

/* ( a, b, name=c ) after the opening parenthesis. */
static sn_status parse_arguments(parser *p, sn_chat_node **out) {
    sn_chat_node **tail = out;
    while (!is_op(p, ")")) {
        sn_chat_node *argument;
        if (is_op(p, "*") || is_op(p, "**"))
            return sn_chat_fail(SN_ERR_UNSUPPORTED, p->at->line, "* and ** arguments are not supported");
        SN_TRY(new_node(p, SN_NODE_ARGUMENT, &argument));
        if (p->at->kind == SN_CHAT_WORD && p->at[1].kind == SN_CHAT_OPERATOR && sn_text_is(p->at[1].text, "=")) {
            argument->text = p->at->text;
            p->at += 2;
        }
        SN_TRY(parse_expression(p, &argument->a));
        chain(&tail, argument);
        if (!take_op(p, ",")) break;
    }
    return need_op(p, ")");
}

static sn_status constant(parser *p, sn_chat_value value, sn_chat_node **out) {
    SN_TRY(new_node(p, SN_NODE_CONST, out));
    (*out)->value = value;
    return SN_OK;
}

static sn_status parse_list(parser *p, const char *close, sn_chat_node **tail) {
    while (!is_op(p, close)) {
        sn_chat_node *item;
        SN_TRY(parse_expression(p, &item));
        chain(&tail, item);
        if (!take_op(p, ",")) break;
    }
    return need_op(p, close);
}

static sn_status parse_dict(parser *p, sn_chat_node *dict) {
    sn_chat_node **tail = &dict->args, *item;
    while (!is_op(p, "}")) {
        SN_TRY(parse_expression(p, &item));
        chain(&tail, item);
        SN_TRY(need_op(p, ":"));
        SN_TRY(parse_expression(p, &item));
        chain(&tail, item);
        if (!take_op(p, ",")) break;
    }
    return need_op(p, "}");
}

/* ( expression ) or a tuple, which is a list here. */
static sn_status parse_parentheses(parser *p, sn_chat_node **out) {
    sn_chat_node *first = 0;
    if (!is_op(p, ")")) {
        SN_TRY(parse_expression(p, &first));
        if (take_op(p, ")")) {
            *out = first;
            return SN_OK;
        }
        SN_TRY(need_op(p, ","));
    }
    SN_TRY(new_node(p, SN_NODE_LIST, out));
    (*out)->args = first;
    (*out)->flag = true;
    return parse_list(p, ")", first ? &first->next : &(*out)->args);
}

/* Strings side by side are one. */
static sn_status parse_strings(parser *p, sn_chat_node **out) {
    sn_text text = p->at++->text;
    while (p->at->kind == SN_CHAT_QUOTED) {
        sn_text more = p->at++->text;
        char *both = sn_arena_alloc(p->arena, text.size + more.size + 1);
        if (!both) return sn_fail_memory("chat template");
        memcpy(both, text.data, text.size);
        memcpy(both + text.size, more.data, more.size);
        text = (sn_text){both, text.size + more.size};
    }
    return constant(p, sn_chat_string(text), out);
}

static sn_status parse_name(parser *p, sn_chat_node **out) {
    static const struct {
        const char *word;
        sn_chat_value value;
    } constants[] = {{"true", {.kind = SN_CHAT_BOOL, .boolean = true}},
                     {"True", {.kind = SN_CHAT_BOOL, .boolean = true}},
                     {"false", {.kind = SN_CHAT_BOOL, .boolean = false}},
                     {"False", {.kind = SN_CHAT_BOOL, .boolean = false}},
                     {"none", {.kind = SN_CHAT_NONE}},
                     {"None", {.kind = SN_CHAT_NONE}}};
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
        if (take_word(p, constants[i].word)) return constant(p, constants[i].value, out);
    SN_TRY(new_node(p, SN_NODE_NAME, out));
    (*out)->text = p->at++->text;
    return SN_OK;
}

static sn_status parse_primary(parser *p, sn_chat_node **out) {
    switch (p->at->kind) {
    case SN_CHAT_WORD: return parse_name(p, out);
    case SN_CHAT_QUOTED: return parse_strings(p, out);
    case SN_CHAT_NUMBER: return constant(p, p->at++->value, out);
    default: break;
    }
    if (take_op(p, "(")) return parse_parentheses(p, out);
    if (take_op(p, "[")) {
        SN_TRY(new_node(p, SN_NODE_LIST, out));
        return parse_list(p, "]", &(*out)->args);
    }
    if (take_op(p, "{")) {
        SN_TRY(new_node(p, SN_NODE_DICT, out));
        return parse_dict(p, *out);
    }
    return unexpected(p, "an expression");
}

/* [ index ] or [ start : stop : step ] after the opening bracket. */
static sn_status parse_subscript(parser *p, sn_chat_node **node) {
    sn_chat_node *parts[3] = {0}, *made;
    int n = 0;
    bool slice = false;
    while (!is_op(p, "]") && n < 3) {
        if (!is_op(p, ":")) SN_TRY(parse_expression(p, &parts[n]));
        if (!take_op(p, ":")) break;
        slice = true;
        n++;
    }
    SN_TRY(need_op(p, "]"));
    SN_TRY(new_node(p, slice ? SN_NODE_SLICE : SN_NODE_INDEX, &made));
    made->a = *node;
    made->b = parts[0];
    if (!slice && !parts[0]) return unexpected(p, "an index");
    sn_chat_node **tail = &made->args;
    for (int i = 0; slice && i < 3; i++) {
        sn_chat_node *part;
        SN_TRY(new_node(p, SN_NODE_ARGUMENT, &part));
        part->a = parts[i];
        chain(&tail, part);
    }
    *node = made;
    return SN_OK;
}

static sn_status parse_call(parser *p, sn_chat_node **node) {
    sn_chat_node *call;
    SN_TRY(new_node(p, SN_NODE_CALL, &call));
    call->a = *node;
    *node = call;
    return parse_arguments(p, &call->args);
}

static sn_status parse_postfix(parser *p, sn_chat_node **node) {
    for (int n = 0;; n++) {
        if (n > SN_CHAT_MAX_CHAIN) return sn_chat_fail(SN_ERR_LIMIT, p->at->line, "a chain of more than %d parts", n);
        if (take_op(p, ".")) {
            sn_chat_node *attribute;
            SN_TRY(new_node(p, SN_NODE_ATTR, &attribute));
            SN_TRY(need_word(p, &attribute->text));
            attribute->a = *node;
            *node = attribute;
        } else if (take_op(p, "[")) {
            SN_TRY(parse_subscript(p, node));
        } else if (take_op(p, "(")) {
            SN_TRY(parse_call(p, node));
        } else {
            return SN_OK;
        }
    }
}

/* Filters and tests may have dotted names; none of those is known here. */
static sn_status parse_filter(parser *p, sn_chat_node **node) {
    sn_chat_node *filter;
    SN_TRY(new_node(p, SN_NODE_FILTER, &filter));
    SN_TRY(need_word(p, &filter->text));
    filter->a = *node;
    *node = filter;
    return take_op(p, "(") ? parse_arguments(p, &filter->args) : SN_OK;
}

static bool starts_test_argument(const parser *p) {
    if (p->at->kind == SN_CHAT_WORD)
        return !is_word(p, "else") && !is_word(p, "or") && !is_word(p, "and") && !is_word(p, "is") && !is_word(p, "if");
    return p->at->kind == SN_CHAT_QUOTED || p->at->kind == SN_CHAT_NUMBER || is_op(p, "[") || is_op(p, "{");
}

static sn_status parse_test(parser *p, sn_chat_node **node) {
    sn_chat_node *test, *argument;
    SN_TRY(new_node(p, SN_NODE_TEST, &test));
    test->flag = take_word(p, "not");
    SN_TRY(need_word(p, &test->text));
    test->a = *node;
    *node = test;
    if (take_op(p, "(")) return parse_arguments(p, &test->args);
    if (!starts_test_argument(p)) return SN_OK;
    SN_TRY(new_node(p, SN_NODE_ARGUMENT, &argument));
    SN_TRY(parse_primary(p, &argument->a));
    SN_TRY(parse_postfix(p, &argument->a));
    test->args = argument;
    return SN_OK;
}

static sn_status parse_filters(parser *p, sn_chat_node **node) {
    for (int n = 0;; n++) {
        if (n > SN_CHAT_MAX_CHAIN) return sn_chat_fail(SN_ERR_LIMIT, p->at->line, "a chain of more than %d parts", n);
        if (take_op(p, "|"))
            SN_TRY(parse_filter(p, node));
        else if (take_word(p, "is"))
            SN_TRY(parse_test(p, node));
        else if (take_op(p, "("))
            SN_TRY(parse_call(p, node));
        else
            return SN_OK;
    }
}

static sn_status parse_unary(parser *p, bool with_filter, sn_chat_node **out) {
    SN_TRY(deeper(p));
    if (take_op(p, "-")) {
        SN_TRY(new_node(p, SN_NODE_NEGATE, out));
        SN_TRY(parse_unary(p, false, &(*out)->a));
    } else if (take_op(p, "+")) {
        SN_TRY(parse_unary(p, false, out));
    } else {
        SN_TRY(parse_primary(p, out));
        SN_TRY(parse_postfix(p, out));
    }
    if (with_filter) SN_TRY(parse_filters(p, out));
    p->depth--;
    return SN_OK;
}

/* Binary operators, loosest first; all from left to right. */
static const char *const levels[][5] = {{"+", "-", 0}, {"~", 0}, {"*", "/", "//", "%", 0}, {"**", 0}};
enum { N_LEVELS = sizeof levels / sizeof levels[0] };

static sn_status parse_level(parser *p, int level, sn_chat_node **out) {
    if (level == N_LEVELS) return parse_unary(p, true, out);
    SN_TRY(parse_level(p, level + 1, out));
    for (int n = 0;;) {
        const char *const *op = levels[level];
        while (*op && !is_op(p, *op)) op++;
        if (!*op) return SN_OK;
        if (++n > SN_CHAT_MAX_CHAIN)
            return sn_chat_fail(SN_ERR_LIMIT, p->at->line, "a chain of more than %d operators", n - 1);
        sn_chat_node *binary;
        SN_TRY(new_node(p, SN_NODE_BINARY, &binary));
        binary->text = p->at++->text;
        binary->a = *out;
        SN_TRY(parse_level(p, level + 1, &binary->b));
        *out = binary;
    }
}

static bool take_comparison(parser *p, sn_text *op) {
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", 0};
    for (int i = 0; ops[i]; i++)
        if (take_op(p, ops[i])) return *op = sn_text_of(ops[i]), true;
    if (take_word(p, "in")) return *op = sn_text_of("in"), true;
    bool not_in = is_word(p, "not") && p->at[1].kind == SN_CHAT_WORD && sn_text_is(p->at[1].text, "in");
    if (not_in) p->at += 2, *op = sn_text_of("not in");
    return not_in;
}

static sn_status parse_compare(parser *p, sn_chat_node **out) {
    sn_text op;
    sn_chat_node **tail = 0;
    SN_TRY(parse_level(p, 0, out));
    while (take_comparison(p, &op)) {
        sn_chat_node *operand;
        if (!tail) {
            sn_chat_node *compare;
            SN_TRY(new_node(p, SN_NODE_COMPARE, &compare));
            compare->a = *out;
            *out = compare;
            tail = &compare->args;
        }
        SN_TRY(new_node(p, SN_NODE_ARGUMENT, &operand));
        operand->text = op;
        SN_TRY(parse_level(p, 0, &operand->a));
        chain(&tail, operand);
    }
    return SN_OK;
}

static sn_status parse_not(parser *p, sn_chat_node **out) {
    if (!take_word(p, "not")) return parse_compare(p, out);
    SN_TRY(deeper(p));
    SN_TRY(new_node(p, SN_NODE_NOT, out));
    SN_TRY(parse_not(p, &(*out)->a));
    p->depth--;
    return SN_OK;
}

static sn_status parse_logic(parser *p, bool is_or, sn_chat_node **out) {
    SN_TRY(is_or ? parse_logic(p, false, out) : parse_not(p, out));
    for (int n = 0; take_word(p, is_or ? "or" : "and");) {
        sn_chat_node *both;
        if (++n > SN_CHAT_MAX_CHAIN)
            return sn_chat_fail(SN_ERR_LIMIT, p->at->line, "a chain of more than %d operators", n - 1);
        SN_TRY(new_node(p, is_or ? SN_NODE_OR : SN_NODE_AND, &both));
        both->a = *out;
        SN_TRY(is_or ? parse_logic(p, false, &both->b) : parse_not(p, &both->b));
        *out = both;
    }
    return SN_OK;
}

static sn_status parse_expression(parser *p, sn_chat_node **out) {
    SN_TRY(deeper(p));
    SN_TRY(parse_logic(p, true, out));
    while (take_word(p, "if")) {
        sn_chat_node *choice;
        SN_TRY(new_node(p, SN_NODE_IF_ELSE, &choice));
        choice->a = *out;
        SN_TRY(parse_logic(p, true, &choice->b));
        if (take_word(p, "else")) SN_TRY(parse_expression(p, &choice->c));
        *out = choice;
    }
    p->depth--;
    return SN_OK;
}

/* ---- Statements ---- */

static sn_status parse_if(parser *p, sn_chat_node *node) {
    static const char *const ends[] = {"elif", "else", "endif", 0}, *const last[] = {"endif", 0};
    SN_TRY(parse_expression(p, &node->a));
    SN_TRY(need_block_end(p));
    SN_TRY(parse_until(p, ends, &node->body));
    if (take_word(p, "elif")) {
        SN_TRY(deeper(p));
        SN_TRY(new_node(p, SN_NODE_IF, &node->orelse));
        SN_TRY(parse_if(p, node->orelse)); /* takes the endif */
        p->depth--;
        return SN_OK;
    }
    if (take_word(p, "else")) {
        SN_TRY(need_block_end(p));
        SN_TRY(parse_until(p, last, &node->orelse));
    }
    p->at++; /* endif */
    return need_block_end(p);
}

/* name, name: the names as a chain of ARGUMENT nodes. */
static sn_status parse_targets(parser *p, sn_chat_node **out) {
    sn_chat_node **tail = out;
    bool open = take_op(p, "(");
    do {
        sn_chat_node *name;
        SN_TRY(new_node(p, SN_NODE_ARGUMENT, &name));
        SN_TRY(need_word(p, &name->text));
        chain(&tail, name);
    } while (take_op(p, ","));
    return open ? need_op(p, ")") : SN_OK;
}

static sn_status parse_for(parser *p, sn_chat_node *node) {
    static const char *const ends[] = {"else", "endfor", 0}, *const last[] = {"endfor", 0};
    SN_TRY(parse_targets(p, &node->args));
    if (!take_word(p, "in")) return unexpected(p, "in");
    SN_TRY(parse_logic(p, true, &node->a)); /* an "if" here is the loop's own */
    if (take_word(p, "if")) SN_TRY(parse_expression(p, &node->b));
    if (is_word(p, "recursive"))
        return sn_chat_fail(SN_ERR_UNSUPPORTED, p->at->line, "recursive loops are not supported");
    SN_TRY(need_block_end(p));
    p->loops++;
    SN_TRY(parse_until(p, ends, &node->body));
    p->loops--;
    if (take_word(p, "else")) {
        SN_TRY(need_block_end(p));
        SN_TRY(parse_until(p, last, &node->orelse));
    }
    p->at++; /* endfor */
    return need_block_end(p);
}

static sn_status parse_set(parser *p, sn_chat_node *node) {
    static const char *const ends[] = {"endset", 0};
    SN_TRY(parse_targets(p, &node->args));
    if (take_op(p, ".")) {
        node->flag = true;
        SN_TRY(parse_targets(p, &node->args->next));
    }
    if (take_op(p, "=")) {
        sn_chat_node *more, **tail;
        SN_TRY(parse_expression(p, &node->a));
        if (is_op(p, ",")) { /* a tuple without parentheses */
            SN_TRY(new_node(p, SN_NODE_LIST, &more));
            more->args = node->a;
            more->flag = true;
            tail = &node->a->next;
            node->a = more;
            while (take_op(p, ",")) {
                SN_TRY(parse_expression(p, &more));
                chain(&tail, more);
            }
        }
        return need_block_end(p);
    }
    if (is_op(p, "|")) return sn_chat_fail(SN_ERR_UNSUPPORTED, p->at->line, "a filter on a block set is not supported");
    SN_TRY(need_block_end(p));
    SN_TRY(parse_until(p, ends, &node->body));
    p->at++; /* endset */
    return need_block_end(p);
}

static sn_status parse_macro(parser *p, sn_chat_node *node) {
    static const char *const ends[] = {"endmacro", 0};
    sn_chat_node **tail = &node->args;
    SN_TRY(need_word(p, &node->text));
    SN_TRY(need_op(p, "("));
    while (!is_op(p, ")")) {
        sn_chat_node *parameter;
        SN_TRY(new_node(p, SN_NODE_ARGUMENT, &parameter));
        SN_TRY(need_word(p, &parameter->text));
        if (take_op(p, "=")) SN_TRY(parse_expression(p, &parameter->a));
        chain(&tail, parameter);
        if (!take_op(p, ",")) break;
    }
    SN_TRY(need_op(p, ")"));
    SN_TRY(need_block_end(p));
    int loops = p->loops;
    p->loops = 0;
    SN_TRY(parse_until(p, ends, &node->body));
    p->loops = loops;
    p->at++; /* endmacro */
    return need_block_end(p);
}

static sn_status parse_generation(parser *p, sn_chat_node *node) {
    static const char *const ends[] = {"endgeneration", 0};
    SN_TRY(need_block_end(p));
    SN_TRY(parse_until(p, ends, &node->body));
    p->at++; /* endgeneration */
    return need_block_end(p);
}

static sn_status parse_jump(parser *p, sn_chat_node *node) {
    if (p->loops == 0) return sn_chat_fail(SN_ERR_FORMAT, node->line, "a break or continue outside of a loop");
    return need_block_end(p);
}

static const struct {
    const char *word;
    sn_chat_node_kind kind;
    sn_status (*parse)(parser *p, sn_chat_node *node);
} statements[] = {{"if", SN_NODE_IF, parse_if},
                  {"for", SN_NODE_FOR, parse_for},
                  {"set", SN_NODE_SET, parse_set},
                  {"macro", SN_NODE_MACRO, parse_macro},
                  {"generation", SN_NODE_GENERATION, parse_generation},
                  {"break", SN_NODE_BREAK, parse_jump},
                  {"continue", SN_NODE_CONTINUE, parse_jump}};

static sn_status parse_statement(parser *p, sn_chat_node **out) {
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (!is_word(p, statements[i].word)) continue;
        SN_TRY(deeper(p));
        SN_TRY(new_node(p, statements[i].kind, out));
        p->at++;
        SN_TRY(statements[i].parse(p, *out));
        p->depth--;
        return SN_OK;
    }
    if (p->at->kind != SN_CHAT_WORD) return unexpected(p, "a statement");
    if (p->at->text.size > 3 && memcmp(p->at->text.data, "end", 3) == 0) return unexpected(p, "a statement");
    return sn_chat_fail(SN_ERR_UNSUPPORTED, p->at->line, "the statement \"%.*s\" is not supported",
                        (int)p->at->text.size, p->at->text.data);
}

static bool at_one_of(const parser *p, const char *const *words) {
    for (; words && *words; words++)
        if (is_word(p, *words)) return true;
    return false;
}

/* Statements up to a block that begins with one of `ends` (its word is the next token), or to the end. */
static sn_status parse_until(parser *p, const char *const *ends, sn_chat_node **out) {
    sn_chat_node **tail = out;
    *out = 0;
    for (;;) {
        sn_chat_node *node = 0;
        sn_chat_token_kind kind = p->at->kind;
        if (kind == SN_CHAT_END) return ends ? unexpected(p, ends[0]) : SN_OK;
        if (kind == SN_CHAT_DATA) {
            SN_TRY(new_node(p, SN_NODE_TEXT, &node));
            node->text = p->at++->text;
        } else if (kind == SN_CHAT_VARIABLE_BEGIN) {
            p->at++;
            SN_TRY(new_node(p, SN_NODE_OUTPUT, &node));
            SN_TRY(parse_expression(p, &node->a));
            if (p->at->kind != SN_CHAT_VARIABLE_END) return unexpected(p, "}}");
            p->at++;
        } else {
            p->at++; /* the block's begin */
            if (at_one_of(p, ends)) return SN_OK;
            SN_TRY(parse_statement(p, &node));
        }
        chain(&tail, node);
    }
}

sn_status sn_chat_parse(sn_arena *arena, const sn_chat_token *tokens, sn_chat_node **out) {
    parser p = {.arena = arena, .at = tokens};
    return parse_until(&p, 0, out);
}
