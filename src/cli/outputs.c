/* Where verbs write their results: --json, --csv and --plot. */
#include "cli.h"

#include <string.h>

bool cli_json_on_screen(const char *json) { return json && strcmp(json, "-") == 0; }

sn_status cli_check_outputs(const char *json, const char *csv, const char *plot) {
    sn_status status = SN_OK;
    if ((csv && !strcmp(csv, "-")) || (plot && !strcmp(plot, "-")))
        return cli_refuse(SN_ERR_ARGUMENT, "--csv and --plot want the name of a file, not \"-\"");
    if (json && !cli_json_on_screen(json)) status = sn_compare_check_path(json, false);
    if (status == SN_OK && csv) status = sn_compare_check_path(csv, false);
    if (status == SN_OK && plot) status = sn_compare_check_path(plot, true);
    return status;
}

sn_status cli_put_json(const char *json, char *text) {
    sn_status status = SN_OK;
    if (cli_json_on_screen(json))
        fputs(text, stdout);
    else
        status = sn_text_write(json, text);
    sn_text_free(text);
    return status;
}
