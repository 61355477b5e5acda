/* What both kinds of recipes share on the command line. */
#ifndef SN_CLI_RECIPE_H
#define SN_CLI_RECIPE_H

#include "cli.h"

typedef struct cli_recipe_settings {
    cli_arguments arguments;
    const char *folder, *out, *data, *json, *csv, *plot;
    int64_t seeds, threads;
    bool mini, quiet;
} cli_recipe_settings;

/* Recipes of figures (*.figures). Both give the exit status. */
bool cli_is_figures(const char *path);
int cli_figures_list(const char *path, bool mini);
int cli_figures_run(const char *path, const cli_recipe_settings *s);

#endif
