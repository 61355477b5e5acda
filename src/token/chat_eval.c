/* Runs the tree. Scopes: the template, each pass of a loop, each call of a macro; `if` has none. */
#include "token/chat.h"

#include <string.h>

struct sn_chat_scope {
    sn_chat_scope *parent;
    sn_chat_items names;
};

enum { JUMP_BREAK = 1, JUMP_CONTINUE = 2, MAX_ARGUMENTS = 32 };

sn_status sn_chat_step(sn_chat_run *r, int line) {
    if (++r->steps > SN_CHAT_MAX_STEPS)
        return sn_chat_fail(SN_ERR_LIMIT, line, "more than %d steps", SN_CHAT_MAX_STEPS);
    return SN_OK;
}

sn_chat_scope *sn_chat_scope_new(sn_chat_run *r, sn_chat_scope *parent) {
    sn_chat_scope *scope = sn_arena_alloc(r->arena, sizeof *scope);
    if (scope) scope->parent = parent;
    return scope;
}

sn_status sn_chat_set(sn_chat_run *r, sn_chat_scope *scope, sn_text name, sn_chat_value value) {
    return sn_chat_put(r, &scope->names, sn_chat_string(name), value);
}

sn_chat_value sn_chat_lookup(const sn_chat_scope *scope, sn_text name) {
    for (; scope; scope = scope->parent) {
        const sn_chat_value *found = sn_chat_get(&scope->names, sn_chat_string(name));
        if (found) return *found;
    }
    if (sn_chat_is_function(name)) return (sn_chat_value){.kind = SN_CHAT_FUNCTION, .text = name};
    return (sn_chat_value){.kind = SN_CHAT_UNDEFINED, .text = name};
}

const sn_chat_value *sn_chat_arg(const sn_chat_args *args, int i, const char *keyword) {
    int position = 0;
    for (int k = 0; k < args->n; k++) {
        if (args->names[k].size ? keyword && sn_text_is(args->names[k], keyword) : position++ == i)
            return &args->values[k];
    }
    return 0;
}

/* One more on the C stack; a failure ends the run, so only success counts down again. */
static sn_status enter(sn_chat_run *r, const sn_chat_node *node) {
    if (++r->depth > SN_CHAT_MAX_STACK)
        return sn_chat_fail(SN_ERR_LIMIT, node->line, "nested deeper than %d", SN_CHAT_MAX_STACK);
    return SN_OK;
}

/* ---- Expressions ---- */

static sn_status eval_args(sn_chat_run *r, const sn_chat_node *first, sn_chat_value *values, sn_text *names,
                           sn_chat_args *out) {
    *out = (sn_chat_args){values, names, 0, 0};
    for (const sn_chat_node *a = first; a; a = a->next) {
        if (out->n == MAX_ARGUMENTS)
            return sn_chat_fail(SN_ERR_LIMIT, a->line, "more than %d arguments", MAX_ARGUMENTS);
        SN_TRY(sn_chat_eval(r, a->a, &values[out->n]));
        names[out->n++] = a->text;
    }
    return SN_OK;
}

static sn_status eval_attribute(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value object;
    SN_TRY(sn_chat_eval(r, node->a, &object));
    return sn_chat_index(r, object, sn_chat_string(node->text), node->line, out);
}

static sn_status eval_slice(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value object, bounds[3] = {SN_CHAT_NOTHING, SN_CHAT_NOTHING, SN_CHAT_NOTHING};
    int i = 0;
    SN_TRY(sn_chat_eval(r, node->a, &object));
    for (const sn_chat_node *part = node->args; part; part = part->next, i++)
        if (part->a) SN_TRY(sn_chat_eval(r, part->a, &bounds[i]));
    return sn_chat_slice(r, object, bounds, node->line, out);
}

static sn_status call_value(sn_chat_run *r, sn_chat_value callee, const sn_chat_args *args, sn_chat_value *out) {
    if (callee.kind == SN_CHAT_MACRO) return sn_chat_call_macro(r, callee.macro, args, out);
    if (callee.kind == SN_CHAT_FUNCTION) return sn_chat_function(r, callee.text, args, out);
    if (callee.kind == SN_CHAT_UNDEFINED)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "\"%.*s\" is undefined", (int)callee.text.size,
                            callee.text.data);
    return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "%s cannot be called", sn_chat_type_name(callee));
}

/* object.name(...): a method of the type first, as in Python, then a member that can be called. */
static sn_status eval_call(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value values[MAX_ARGUMENTS], callee, object;
    sn_text names[MAX_ARGUMENTS];
    sn_chat_args args;
    if (node->a->kind != SN_NODE_ATTR) {
        SN_TRY(sn_chat_eval(r, node->a, &callee));
        SN_TRY(eval_args(r, node->args, values, names, &args));
        args.line = node->line;
        return call_value(r, callee, &args, out);
    }
    bool known = false;
    SN_TRY(sn_chat_eval(r, node->a->a, &object));
    SN_TRY(eval_args(r, node->args, values, names, &args));
    args.line = node->line;
    SN_TRY(sn_chat_method(r, node->a->text, object, &args, out, &known));
    if (known) return SN_OK;
    SN_TRY(sn_chat_index(r, object, sn_chat_string(node->a->text), node->line, &callee));
    if (callee.kind == SN_CHAT_UNDEFINED)
        return sn_chat_fail(SN_ERR_UNSUPPORTED, node->line, "the method \"%.*s\" of %s is not supported",
                            (int)node->a->text.size, node->a->text.data, sn_chat_type_name(object));
    return call_value(r, callee, &args, out);
}

/* "default", "defined" and their like take what is undefined; everything else does so by its own rules. */
static sn_status eval_filter(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value values[MAX_ARGUMENTS], v;
    sn_text names[MAX_ARGUMENTS];
    sn_chat_args args;
    SN_TRY(sn_chat_eval(r, node->a, &v));
    SN_TRY(eval_args(r, node->args, values, names, &args));
    args.line = node->line;
    return sn_chat_filter(r, node->text, v, &args, out);
}

static sn_status eval_test(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value values[MAX_ARGUMENTS], v;
    sn_text names[MAX_ARGUMENTS];
    sn_chat_args args;
    bool yes = false;
    SN_TRY(sn_chat_eval(r, node->a, &v));
    SN_TRY(eval_args(r, node->args, values, names, &args));
    args.line = node->line;
    SN_TRY(sn_chat_test(r, node->text, v, &args, &yes));
    *out = (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = yes != node->flag};
    return SN_OK;
}

static sn_status compare_pair(sn_text op, sn_chat_value a, sn_chat_value b, int line, bool *out) {
    int order;
    if (sn_text_is(op, "==") || sn_text_is(op, "!=")) {
        *out = sn_chat_equal(a, b) == (op.data[0] == '=');
        return SN_OK;
    }
    if (sn_text_is(op, "in") || sn_text_is(op, "not in")) {
        SN_TRY(sn_chat_contains(b, a, line, out));
        *out = *out == (op.data[0] == 'i');
        return SN_OK;
    }
    SN_TRY(sn_chat_order(a, b, line, &order));
    bool or_equal = op.size == 2 && order == 0;
    *out = or_equal || (op.data[0] == '<' ? order < 0 : order > 0);
    return SN_OK;
}

static sn_status eval_compare(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value left, right;
    bool yes = true;
    SN_TRY(sn_chat_eval(r, node->a, &left));
    for (const sn_chat_node *operand = node->args; operand && yes; operand = operand->next, left = right) {
        SN_TRY(sn_chat_eval(r, operand->a, &right));
        SN_TRY(compare_pair(operand->text, left, right, node->line, &yes));
    }
    *out = (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = yes};
    return SN_OK;
}

static sn_status eval_items(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value made, value;
    bool dict = node->kind == SN_NODE_DICT;
    SN_TRY(sn_chat_new_items(r, dict ? SN_CHAT_DICT : SN_CHAT_LIST, &made));
    made.items->tuple = node->flag;
    for (const sn_chat_node *item = node->args; item; item = item->next) {
        sn_chat_value key = SN_CHAT_NOTHING;
        if (dict) {
            SN_TRY(sn_chat_eval(r, item, &key));
            item = item->next;
        }
        SN_TRY(sn_chat_eval(r, item, &value));
        SN_TRY(dict ? sn_chat_put(r, made.items, key, value) : sn_chat_append(r, made.items, value));
    }
    *out = made;
    return SN_OK;
}

static sn_status eval_choice(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value condition;
    SN_TRY(sn_chat_eval(r, node->kind == SN_NODE_IF_ELSE ? node->b : node->a, &condition));
    bool yes = sn_chat_true(condition);
    if (node->kind == SN_NODE_IF_ELSE) {
        const sn_chat_node *chosen = yes ? node->a : node->c;
        if (chosen) return sn_chat_eval(r, chosen, out);
        *out = (sn_chat_value){.kind = SN_CHAT_UNDEFINED, .text = sn_text_of("if without else")};
        return SN_OK;
    }
    if (node->kind == SN_NODE_NOT) {
        *out = (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = !yes};
        return SN_OK;
    }
    *out = condition; /* and, or: the operand that decided */
    return yes == (node->kind == SN_NODE_AND) ? sn_chat_eval(r, node->b, out) : SN_OK;
}

static sn_status eval_pair(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value a, b;
    SN_TRY(sn_chat_eval(r, node->a, &a));
    SN_TRY(sn_chat_eval(r, node->b, &b));
    if (node->kind == SN_NODE_INDEX) return sn_chat_index(r, a, b, node->line, out);
    return sn_chat_binary(r, node->text, a, b, node->line, out);
}

static sn_status eval_negate(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    sn_chat_value v;
    SN_TRY(sn_chat_eval(r, node->a, &v));
    return sn_chat_binary(r, sn_text_of("-"), (sn_chat_value){.kind = SN_CHAT_INT, .integer = 0}, v, node->line, out);
}

static sn_status eval_leaf(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    *out = node->kind == SN_NODE_CONST ? node->value : sn_chat_lookup(r->scope, node->text);
    return SN_OK;
}

static sn_status (*const evaluators[])(sn_chat_run *, const sn_chat_node *, sn_chat_value *) = {
    [SN_NODE_CONST] = eval_leaf,      [SN_NODE_NAME] = eval_leaf,      [SN_NODE_LIST] = eval_items,
    [SN_NODE_DICT] = eval_items,      [SN_NODE_ATTR] = eval_attribute, [SN_NODE_INDEX] = eval_pair,
    [SN_NODE_SLICE] = eval_slice,     [SN_NODE_CALL] = eval_call,      [SN_NODE_FILTER] = eval_filter,
    [SN_NODE_TEST] = eval_test,       [SN_NODE_NOT] = eval_choice,     [SN_NODE_NEGATE] = eval_negate,
    [SN_NODE_AND] = eval_choice,      [SN_NODE_OR] = eval_choice,      [SN_NODE_BINARY] = eval_pair,
    [SN_NODE_COMPARE] = eval_compare, [SN_NODE_IF_ELSE] = eval_choice};

sn_status sn_chat_eval(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out) {
    SN_TRY(sn_chat_step(r, node->line));
    SN_TRY(enter(r, node));
    *out = SN_CHAT_NOTHING;
    SN_TRY(evaluators[node->kind](r, node, out));
    r->depth--;
    return SN_OK;
}

/* ---- Statements ---- */

static sn_status exec_output(sn_chat_run *r, const sn_chat_node *node) {
    sn_chat_value v;
    SN_TRY(sn_chat_eval(r, node->a, &v));
    return sn_chat_print(r, v, false, &r->out);
}

static sn_status exec_text(sn_chat_run *r, const sn_chat_node *node) {
    return sn_chat_print(r, sn_chat_string(node->text), false, &r->out);
}

static sn_status exec_if(sn_chat_run *r, const sn_chat_node *node) {
    sn_chat_value v;
    SN_TRY(sn_chat_eval(r, node->a, &v));
    return sn_chat_exec(r, sn_chat_true(v) ? node->body : node->orelse);
}

/* One value to one name, or a list to as many names. */
static sn_status assign(sn_chat_run *r, const sn_chat_node *names, sn_chat_value value) {
    if (!names->next) return sn_chat_set(r, r->scope, names->text, value);
    int64_t i = 0, n = 0;
    for (const sn_chat_node *name = names; name; name = name->next) n++;
    if (value.kind != SN_CHAT_LIST || value.items->n != n)
        return sn_chat_fail(SN_ERR_ARGUMENT, names->line, "%s cannot be unpacked into %lld names",
                            sn_chat_type_name(value), (long long)n);
    for (const sn_chat_node *name = names; name; name = name->next)
        SN_TRY(sn_chat_set(r, r->scope, name->text, value.items->values[i++]));
    return SN_OK;
}

/* The text that statements print, as a string. */
static sn_status capture(sn_chat_run *r, const sn_chat_node *body, sn_chat_value *out) {
    sn_buf saved = r->out;
    r->out = (sn_buf){0};
    sn_status status = sn_chat_exec(r, body);
    if (status == SN_OK) status = sn_chat_copy_string(r, (sn_text){r->out.data, r->out.size}, out);
    sn_buf_free(&r->out);
    r->out = saved;
    return status;
}

static sn_status exec_set(sn_chat_run *r, const sn_chat_node *node) {
    sn_chat_value value;
    SN_TRY(node->a ? sn_chat_eval(r, node->a, &value) : capture(r, node->body, &value));
    if (!node->flag) return assign(r, node->args, value);
    sn_chat_value object = sn_chat_lookup(r->scope, node->args->text);
    if (object.kind != SN_CHAT_NAMESPACE)
        return sn_chat_fail(SN_ERR_ARGUMENT, node->line, "only members of a namespace can be set, not of %s",
                            sn_chat_type_name(object));
    return sn_chat_put(r, object.items, sn_chat_string(node->args->next->text), value);
}

static sn_status put_int(sn_chat_run *r, sn_chat_items *dict, const char *key, int64_t v) {
    return sn_chat_put(r, dict, sn_chat_string(sn_text_of(key)), (sn_chat_value){.kind = SN_CHAT_INT, .integer = v});
}

static sn_status put_bool(sn_chat_run *r, sn_chat_items *dict, const char *key, bool v) {
    return sn_chat_put(r, dict, sn_chat_string(sn_text_of(key)), (sn_chat_value){.kind = SN_CHAT_BOOL, .boolean = v});
}

/* The variable "loop" for pass i of n. */
static sn_status make_loop(sn_chat_run *r, const sn_chat_items *items, int64_t i, sn_chat_value *out) {
    int64_t n = items->n;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_DICT, out));
    SN_TRY(put_int(r, out->items, "index", i + 1));
    SN_TRY(put_int(r, out->items, "index0", i));
    SN_TRY(put_int(r, out->items, "revindex", n - i));
    SN_TRY(put_int(r, out->items, "revindex0", n - i - 1));
    SN_TRY(put_int(r, out->items, "length", n));
    SN_TRY(put_bool(r, out->items, "first", i == 0));
    SN_TRY(put_bool(r, out->items, "last", i == n - 1));
    if (i > 0) SN_TRY(sn_chat_put(r, out->items, sn_chat_string(sn_text_of("previtem")), items->values[i - 1]));
    if (i < n - 1) SN_TRY(sn_chat_put(r, out->items, sn_chat_string(sn_text_of("nextitem")), items->values[i + 1]));
    return SN_OK;
}

static sn_status enter_scope(sn_chat_run *r, sn_chat_scope *parent) {
    sn_chat_scope *scope = sn_chat_scope_new(r, parent);
    if (!scope) return sn_fail_memory("chat template");
    r->scope = scope;
    return SN_OK;
}

/* The elements for which the loop's own condition holds. */
static sn_status select_items(sn_chat_run *r, const sn_chat_node *node, sn_chat_items **items) {
    sn_chat_value kept, yes;
    sn_chat_scope *outer = r->scope;
    SN_TRY(sn_chat_new_items(r, SN_CHAT_LIST, &kept));
    for (int64_t i = 0; i < (*items)->n; i++) {
        SN_TRY(enter_scope(r, outer));
        SN_TRY(assign(r, node->args, (*items)->values[i]));
        SN_TRY(sn_chat_eval(r, node->b, &yes));
        if (sn_chat_true(yes)) SN_TRY(sn_chat_append(r, kept.items, (*items)->values[i]));
    }
    r->scope = outer;
    *items = kept.items;
    return SN_OK;
}

static sn_status exec_for(sn_chat_run *r, const sn_chat_node *node) {
    sn_chat_value iterable, loop;
    sn_chat_items *items;
    sn_chat_scope *outer = r->scope;
    SN_TRY(sn_chat_eval(r, node->a, &iterable));
    SN_TRY(sn_chat_iterate(r, iterable, node->line, &items));
    if (node->b) SN_TRY(select_items(r, node, &items));
    if (items->n == 0) return sn_chat_exec(r, node->orelse);
    for (int64_t i = 0; i < items->n && r->jump != JUMP_BREAK; i++) {
        r->jump = 0;
        SN_TRY(enter_scope(r, outer));
        SN_TRY(make_loop(r, items, i, &loop));
        SN_TRY(sn_chat_set(r, r->scope, sn_text_of("loop"), loop));
        SN_TRY(assign(r, node->args, items->values[i]));
        SN_TRY(sn_chat_exec(r, node->body));
    }
    r->jump = 0;
    r->scope = outer;
    return SN_OK;
}

static sn_status exec_macro(sn_chat_run *r, const sn_chat_node *node) {
    return sn_chat_set(r, r->scope, node->text, (sn_chat_value){.kind = SN_CHAT_MACRO, .macro = node});
}

/* A macro sees the template's names and its own, not those of where it is called. */
sn_status sn_chat_call_macro(sn_chat_run *r, const sn_chat_node *macro, const sn_chat_args *args, sn_chat_value *out) {
    sn_chat_scope *outer = r->scope;
    int i = 0;
    SN_TRY(enter_scope(r, r->global));
    for (const sn_chat_node *p = macro->args; p; p = p->next, i++) {
        char name[128];
        if (p->text.size >= sizeof name)
            return sn_chat_fail(SN_ERR_LIMIT, p->line, "a parameter name of %zu bytes", p->text.size);
        memcpy(name, p->text.data, p->text.size);
        name[p->text.size] = 0;
        const sn_chat_value *given = sn_chat_arg(args, i, name);
        sn_chat_value value = {.kind = SN_CHAT_UNDEFINED, .text = p->text};
        if (given)
            value = *given;
        else if (p->a)
            SN_TRY(sn_chat_eval(r, p->a, &value));
        SN_TRY(sn_chat_set(r, r->scope, p->text, value));
    }
    if (args->n > i)
        return sn_chat_fail(SN_ERR_ARGUMENT, args->line, "a macro of %d parameters is given %d", i, args->n);
    SN_TRY(capture(r, macro->body, out));
    r->scope = outer;
    return SN_OK;
}

static sn_status exec_jump(sn_chat_run *r, const sn_chat_node *node) {
    r->jump = node->kind == SN_NODE_BREAK ? JUMP_BREAK : JUMP_CONTINUE;
    return SN_OK;
}

static sn_status exec_body(sn_chat_run *r, const sn_chat_node *node) { return sn_chat_exec(r, node->body); }

static sn_status (*const executors[])(sn_chat_run *, const sn_chat_node *) = {
    [SN_NODE_TEXT] = exec_text,  [SN_NODE_OUTPUT] = exec_output, [SN_NODE_IF] = exec_if,
    [SN_NODE_FOR] = exec_for,    [SN_NODE_SET] = exec_set,       [SN_NODE_MACRO] = exec_macro,
    [SN_NODE_BREAK] = exec_jump, [SN_NODE_CONTINUE] = exec_jump, [SN_NODE_GENERATION] = exec_body};

sn_status sn_chat_exec(sn_chat_run *r, const sn_chat_node *node) {
    for (; node && !r->jump; node = node->next) {
        SN_TRY(sn_chat_step(r, node->line));
        SN_TRY(enter(r, node));
        SN_TRY(executors[node->kind](r, node));
        r->depth--;
    }
    return SN_OK;
}
