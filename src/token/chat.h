/* A small interpreter of the Jinja subset that chat templates are written in: parse to a tree, run the tree over plain
 * values. Bounded in size, depth, steps, memory and output; anything outside the subset is SN_ERR_UNSUPPORTED with its
 * name. Rendering follows jinja2 as transformers sets it up: trim_blocks, lstrip_blocks, sandboxed, loop controls. */
#ifndef SN_TOKEN_CHAT_H
#define SN_TOKEN_CHAT_H

#include "base/arena.h"
#include "base/error.h"
#include "token/buf.h"

enum {
    SN_CHAT_MAX_TEMPLATE = 1 << 20, /* bytes */
    SN_CHAT_MAX_DEPTH = 100,        /* nesting of the template, of a value */
    SN_CHAT_MAX_CHAIN = 400,        /* operators, filters or parts in a row */
    SN_CHAT_MAX_STACK = 600,        /* statements and expressions in one another while it runs, macros included */
    SN_CHAT_MAX_STEPS = 4000000,
    SN_CHAT_MAX_MEMORY = 64 << 20,
    SN_CHAT_MAX_OUTPUT = 32 << 20
};

/* ---- Values ---- */

typedef enum sn_chat_kind {
    SN_CHAT_UNDEFINED, /* text: the name that was not there */
    SN_CHAT_NONE,
    SN_CHAT_BOOL,
    SN_CHAT_INT,
    SN_CHAT_FLOAT,
    SN_CHAT_STRING,
    SN_CHAT_LIST,
    SN_CHAT_DICT,
    SN_CHAT_NAMESPACE, /* as a dict, but its members can be set */
    SN_CHAT_MACRO,
    SN_CHAT_FUNCTION /* text: its name */
} sn_chat_kind;

typedef struct sn_chat_value sn_chat_value;
typedef struct sn_chat_items {
    sn_chat_value *keys, *values; /* keys of a dict, in order of entry */
    int64_t n, capacity;
    bool tuple; /* a list that prints as a tuple */
} sn_chat_items;

struct sn_chat_node;
struct sn_chat_value {
    sn_chat_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        sn_text text;
        sn_chat_items *items;
        const struct sn_chat_node *macro;
    };
};

#define SN_CHAT_NOTHING ((sn_chat_value){.kind = SN_CHAT_NONE})

/* ---- Tree ---- */

typedef enum sn_chat_node_kind {
    /* statements */
    SN_NODE_TEXT,   /* text */
    SN_NODE_OUTPUT, /* a */
    SN_NODE_IF,     /* a: condition, body, orelse */
    SN_NODE_FOR,    /* args: target names, a: iterable, b: filter or NULL, body, orelse */
    SN_NODE_SET,    /* args: target names (two: attribute of a namespace when `flag`), a: value, or body */
    SN_NODE_MACRO,  /* text: name, args: parameters (text, a: default or NULL), body */
    SN_NODE_BREAK,
    SN_NODE_CONTINUE,
    SN_NODE_GENERATION, /* body */
    /* expressions */
    SN_NODE_CONST,   /* value */
    SN_NODE_NAME,    /* text */
    SN_NODE_LIST,    /* args, flag: a tuple */
    SN_NODE_DICT,    /* args: key, value, key, value, ... */
    SN_NODE_ATTR,    /* a . text */
    SN_NODE_INDEX,   /* a [ b ] */
    SN_NODE_SLICE,   /* a [ args: three ARGUMENTs, a NULL where absent ] */
    SN_NODE_CALL,    /* a ( args ), keyword arguments have text */
    SN_NODE_FILTER,  /* a | text ( args ) */
    SN_NODE_TEST,    /* a is text ( args ), flag: not */
    SN_NODE_NOT,     /* a */
    SN_NODE_NEGATE,  /* a */
    SN_NODE_AND,     /* a, b */
    SN_NODE_OR,      /* a, b */
    SN_NODE_BINARY,  /* text: operator, a, b */
    SN_NODE_COMPARE, /* a, args: operands, each with its operator in text */
    SN_NODE_IF_ELSE, /* a if b else c (c may be NULL) */
    SN_NODE_ARGUMENT /* text: keyword, operator or parameter name (may be empty), a: expression */
} sn_chat_node_kind;

typedef struct sn_chat_node sn_chat_node;
struct sn_chat_node {
    sn_chat_node_kind kind;
    int line;
    bool flag;
    sn_text text;
    sn_chat_value value;
    sn_chat_node *a, *b, *c;
    sn_chat_node *args;          /* first of a chain by `next` */
    sn_chat_node *body, *orelse; /* chains of statements */
    sn_chat_node *next;
};

/* ---- Tokens (chat_lex.c) ---- */

typedef enum sn_chat_token_kind {
    SN_CHAT_END,
    SN_CHAT_DATA, /* template text, whitespace control applied */
    SN_CHAT_BLOCK_BEGIN,
    SN_CHAT_BLOCK_END,
    SN_CHAT_VARIABLE_BEGIN,
    SN_CHAT_VARIABLE_END,
    SN_CHAT_WORD,
    SN_CHAT_NUMBER, /* value */
    SN_CHAT_QUOTED, /* text, escapes resolved */
    SN_CHAT_OPERATOR
} sn_chat_token_kind;

typedef struct sn_chat_token {
    sn_chat_token_kind kind;
    sn_text text;
    sn_chat_value value;
    int line;
} sn_chat_token;

/* Cuts a template into tokens, the last of kind END; all in the arena. */
sn_status sn_chat_lex(sn_arena *arena, sn_text source, sn_chat_token **out, int64_t *n);
/* Tokens to a chain of statements. */
sn_status sn_chat_parse(sn_arena *arena, const sn_chat_token *tokens, sn_chat_node **out);

/* ---- Running ---- */

typedef struct sn_chat_scope sn_chat_scope;
typedef struct sn_chat_run {
    sn_arena *arena;
    sn_chat_scope *scope, *global;
    sn_buf out;
    int64_t steps;
    int depth; /* of the running evaluation */
    int jump;  /* 0, or break or continue on its way to its loop */
} sn_chat_run;

/* The arguments of a call, filter or test. */
typedef struct sn_chat_args {
    const sn_chat_value *values;
    const sn_text *names; /* empty: positional */
    int n;
    int line;
} sn_chat_args;
/* The i-th positional argument or the one by keyword; NULL when not given. */
const sn_chat_value *sn_chat_arg(const sn_chat_args *args, int i, const char *keyword);

sn_status sn_chat_set(sn_chat_run *r, sn_chat_scope *scope, sn_text name, sn_chat_value value);
sn_status sn_chat_exec(sn_chat_run *r, const sn_chat_node *statements);
sn_status sn_chat_eval(sn_chat_run *r, const sn_chat_node *node, sn_chat_value *out);
sn_status sn_chat_call_macro(sn_chat_run *r, const sn_chat_node *macro, const sn_chat_args *args, sn_chat_value *out);
sn_chat_scope *sn_chat_scope_new(sn_chat_run *r, sn_chat_scope *parent); /* NULL without memory */
sn_chat_value sn_chat_lookup(const sn_chat_scope *scope, sn_text name);
/* Counts a step; SN_ERR_LIMIT beyond the limits. */
sn_status sn_chat_step(sn_chat_run *r, int line);
sn_status sn_chat_fail(sn_status status, int line, const char *format, ...) SN_PRINTF(3, 4);

/* ---- Operations on values (chat_value.c) ---- */

bool sn_chat_true(sn_chat_value v);
bool sn_chat_equal(sn_chat_value a, sn_chat_value b);
const char *sn_chat_type_name(sn_chat_value v);
/* -1, 0, 1; SN_ERR_ARGUMENT for values that have no order. */
sn_status sn_chat_order(sn_chat_value a, sn_chat_value b, int line, int *out);
sn_chat_value sn_chat_string(sn_text text);
sn_status sn_chat_copy_string(sn_chat_run *r, sn_text text, sn_chat_value *out);
sn_status sn_chat_new_items(sn_chat_run *r, sn_chat_kind kind, sn_chat_value *out);
sn_status sn_chat_append(sn_chat_run *r, sn_chat_items *list, sn_chat_value v);
sn_status sn_chat_put(sn_chat_run *r, sn_chat_items *dict, sn_chat_value key, sn_chat_value v); /* replaces */
const sn_chat_value *sn_chat_get(const sn_chat_items *dict, sn_chat_value key);                 /* NULL when absent */
/* What a for loop sees: elements, keys, characters; nothing of undefined. */
sn_status sn_chat_iterate(sn_chat_run *r, sn_chat_value v, int line, sn_chat_items **out);
sn_status sn_chat_length(sn_chat_value v, int line, int64_t *out);
/* Text as printed by {{ }} or by str(); `quoted`: as Python's repr. */
sn_status sn_chat_print(sn_chat_run *r, sn_chat_value v, bool quoted, sn_buf *out);
sn_status sn_chat_to_text(sn_chat_run *r, sn_chat_value v, sn_text *out);
/* As json.dumps with ensure_ascii=False; indent < 0: on one line. */
sn_status sn_chat_json(sn_chat_run *r, sn_chat_value v, int indent, int line, sn_buf *out);
sn_status sn_chat_contains(sn_chat_value in, sn_chat_value what, int line, bool *out);
sn_status sn_chat_binary(sn_chat_run *r, sn_text op, sn_chat_value a, sn_chat_value b, int line, sn_chat_value *out);
sn_status sn_chat_index(sn_chat_run *r, sn_chat_value v, sn_chat_value at, int line, sn_chat_value *out);
sn_status sn_chat_slice(sn_chat_run *r, sn_chat_value v, const sn_chat_value bounds[3], int line, sn_chat_value *out);

/* ---- Tables (chat_filters.c, chat_methods.c) ---- */

sn_status sn_chat_filter(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out);
sn_status sn_chat_test(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, bool *out);
/* A method of a string, list or dict; *known is false where the type has none of that name. */
sn_status sn_chat_method(sn_chat_run *r, sn_text name, sn_chat_value v, const sn_chat_args *args, sn_chat_value *out,
                         bool *known);
sn_status sn_chat_function(sn_chat_run *r, sn_text name, const sn_chat_args *args, sn_chat_value *out);
bool sn_chat_is_function(sn_text name);

/* Helpers that filters and methods share: Python's str.strip, str.replace, str.split. */
sn_text sn_chat_strip(sn_text text, const sn_text *characters, bool left, bool right);
sn_status sn_chat_replace(sn_chat_run *r, sn_text text, sn_text old, sn_text with, int64_t count, sn_chat_value *out);

#endif
