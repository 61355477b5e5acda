/* Writes JSON into memory: results, headers. The first failure is kept and given by sn_json_finish. */
#ifndef SN_FILE_JSON_WRITE_H
#define SN_FILE_JSON_WRITE_H

#include "file/reader.h"

typedef struct sn_json_out {
    char *data;
    size_t size, capacity;
    int lines; /* containers nested less deep than this put each item on its own line; 0: no white space at all */
    int depth;
    bool first; /* nothing has been written in the open container */
    bool failed;
    char closing[64]; /* by depth */
} sn_json_out;

/* `*w = (sn_json_out){.lines = 3}` is ready. key is NULL in an array and at the top. At most 64 containers deep. */
void sn_json_begin_object(sn_json_out *w, const char *key);
void sn_json_begin_array(sn_json_out *w, const char *key);
void sn_json_end(sn_json_out *w);                                     /* of the innermost open container */
void sn_json_put_text(sn_json_out *w, const char *key, sn_text text); /* bytes that are no UTF-8 become U+FFFD */
void sn_json_put_string(sn_json_out *w, const char *key, const char *s);
void sn_json_put_i64(sn_json_out *w, const char *key, int64_t v);
void sn_json_put_f64(sn_json_out *w, const char *key, double v); /* shortest that reads back; NaN, infinity: null */
void sn_json_put_bool(sn_json_out *w, const char *key, bool v);
void sn_json_put_null(sn_json_out *w, const char *key);

/* Closes what is open. *out lives until sn_json_out_free; zero-terminated; ends in a newline where lines > 0. */
sn_status sn_json_finish(sn_json_out *w, sn_text *out);
void sn_json_out_free(sn_json_out *w);
/* Finish and free in one: the text goes to the caller, who frees it with sn_free. */
sn_status sn_json_take(sn_json_out *w, char **out);

#endif
