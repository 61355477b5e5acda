/* JSON texts as trees. Strict: UTF-8 only, no duplicate keys, no trailing text, no NaN. The text is parsed by
 * Jansson and copied into plain nodes, so nothing else knows about that library. Writing is in json_write.h. */
#ifndef SN_FILE_JSON_H
#define SN_FILE_JSON_H

#include "file/reader.h"

typedef enum sn_json_kind {
    SN_JSON_NULL,
    SN_JSON_BOOL,
    SN_JSON_INTEGER, /* a number without a fraction, of at most 2^53, however it was spelled: 4, 4.0, 4e0 */
    SN_JSON_REAL,    /* every other number */
    SN_JSON_STRING,
    SN_JSON_ARRAY,
    SN_JSON_OBJECT
} sn_json_kind;

typedef struct sn_json sn_json;
struct sn_json {
    sn_json_kind kind;
    uint32_t n_slots;
    int64_t count; /* children of an array or object */
    union {
        bool boolean;
        struct {
            double real; /* of both kinds of number */
            int64_t integer;
        };
        sn_text text; /* zero-terminated as well; may hold zeros (from \u0000), as keys may */
        struct {
            const sn_json *items; /* in the order of the text */
            const sn_text *keys;  /* of an object, beside items; zero-terminated as well */
            const uint32_t *slots;
        };
    };
};

typedef struct sn_json_doc sn_json_doc;

/* `name` begins messages ("config.json"). Malformed: SN_ERR_FORMAT with line and column; too deep or too large:
 * SN_ERR_LIMIT (limits->depth, header_bytes, items); SN_ERR_UNSUPPORTED in a build without Jansson. */
sn_status sn_json_parse(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                        sn_json_doc **out);
sn_status sn_json_open(const char *path, const sn_read_limits *limits, sn_json_doc **out);
void sn_json_free(sn_json_doc *doc);
const sn_json *sn_json_root(const sn_json_doc *doc); /* lives as long as the document */

const char *sn_json_kind_name(sn_json_kind kind); /* with its article: "a string", "null" */

/* A member by its key, in constant time; NULL when absent, or when `object` is NULL or no object. */
const sn_json *sn_json_get(const sn_json *object, const char *key);
const sn_json *sn_json_find(const sn_json *object, sn_text key);

/* Typed members. An absent member and null are the same: *found is false then; without `found` that is
 * SN_ERR_NOT_FOUND. A member of another kind is SN_ERR_FORMAT naming key and kind. Nothing is stored in *out then. */
sn_status sn_json_get_i64(const sn_json *object, const char *key, int64_t *out, bool *found);
sn_status sn_json_get_f64(const sn_json *object, const char *key, double *out, bool *found);
sn_status sn_json_get_bool(const sn_json *object, const char *key, bool *out, bool *found);
sn_status sn_json_get_text(const sn_json *object, const char *key, sn_text *out, bool *found);
sn_status sn_json_get_array(const sn_json *object, const char *key, const sn_json **out, bool *found);
sn_status sn_json_get_object(const sn_json *object, const char *key, const sn_json **out, bool *found);

#endif
