#include "file/csv_write.h"

#include "base/error.h"
#include "base/number.h"
#include "suan/array.h"

#include <math.h>
#include <string.h>

static sn_status put_field(sn_writer *w, const sn_csv_field *f) {
    char number[SN_NUMBER_SIZE] = "";
    const char *text = f->text;
    if (!text) text = isnan(f->number) ? number : sn_number_format(f->number, number);
    if (!strpbrk(text, ",;\" \r\n")) return sn_writer_put(w, text, strlen(text));
    SN_TRY(sn_writer_put(w, "\"", 1));
    for (; *text; text++) SN_TRY(sn_writer_put(w, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1));
    return sn_writer_put(w, "\"", 1);
}

sn_status sn_csv_put(sn_writer *w, const sn_csv_field *fields, int n) {
    for (int i = 0; i < n; i++) {
        if (i > 0) SN_TRY(sn_writer_put(w, ",", 1));
        SN_TRY(put_field(w, &fields[i]));
    }
    return sn_writer_put(w, "\n", 1);
}

sn_status sn_csv_write(const char *path, sn_status (*fill)(sn_writer *w, const void *user), const void *user) {
    sn_writer *w;
    SN_TRY(sn_writer_open(path, &w));
    sn_status status = fill(w, user);
    if (status == SN_OK) return sn_writer_commit(w);
    sn_writer_abandon(w);
    return status;
}

sn_status sn_text_write(const char *path, const char *text) { return sn_file_write(path, text, strlen(text)); }
