/* Text files of the verbs: kept in memory while they are printed to, then written whole or not at all. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

sn_status cli_text_begin(cli_text *t, const char *path) {
    *t = (cli_text){.path = path, .to = stdout};
    if (strcmp(path, "-") == 0) return SN_OK;
    t->to = open_memstream(&t->text, &t->size);
    return t->to ? SN_OK : cli_refuse(SN_ERR_MEMORY, "no memory for \"%s\"", path);
}

sn_status cli_text_end(cli_text *t, bool write) {
    if (!t->to) return SN_OK;
    bool screen = t->to == stdout, fine = fflush(t->to) == 0 && !ferror(t->to);
    if (!screen) fine = fclose(t->to) == 0 && fine;
    sn_status status = fine ? SN_OK : cli_refuse(SN_ERR_IO, "cannot write \"%s\"", t->path);
    if (status == SN_OK && write && !screen) status = sn_text_write(t->path, t->text);
    free(t->text);
    *t = (cli_text){0};
    return status;
}
