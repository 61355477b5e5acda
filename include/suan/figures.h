/* Recipes of figures: published claims that the program's own verbs can show. Such a recipe (*.figures) runs verbs that
 * print JSON and holds figures in it against what is claimed. */
#ifndef SUAN_FIGURES_H
#define SUAN_FIGURES_H

#include "suan/status.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sn_figures sn_figures;

/* Reads a recipe. `mini`: with the changes of its group "mini", and without the figures that are not meant for a
 * miniature. SN_ERR_NOT_FOUND for unknown names, with the nearest known one, SN_ERR_ARGUMENT for everything else that
 * cannot be, both with file and line. */
SN_API sn_status sn_figures_open(const char *path, bool mini, sn_figures **out);
SN_API void sn_figures_free(sn_figures *f);
SN_API const char *sn_figures_name(const sn_figures *f); /* of the file, without its ending */
SN_API const char *sn_figures_title(const sn_figures *f);
SN_API int sn_figures_count(const sn_figures *f);

typedef struct sn_figures_options {
    const char *out; /* folder for results and files; finished runs in it are taken as they are. Required */
    /* Runs the program with these arguments (the verb first) and writes what it prints into the new file `output`.
     * Required. Another status than SN_OK ends the recipe. */
    sn_status (*run)(void *user, const char *const *arguments, int n, const char *output);
    const char *stamp; /* what results depend on besides the command: the build, say; NULL: nothing */
    const char *plot;  /* where the run that the recipe draws writes its picture; NULL: no picture */
    /* May be NULL. */
    void (*on_run)(void *user, const char *name, const char *command, bool kept); /* before each */
    void *user;
} sn_figures_options;

typedef struct sn_figure {
    const char *name, *claim, *reached, *note; /* as the recipe has them; "": none */
    const char *here;                          /* what its terms came to, separated by commas */
    bool held;
} sn_figure;

typedef struct sn_figures_run {
    const char *name, *command;
    double seconds; /* by the clock */
    bool kept;      /* it was there already */
} sn_figures_run;

typedef struct sn_figures_result {
    const char *name, *title, *source;
    bool mini;
    int n_runs, n_figures, n_held;
    const sn_figures_run *runs;
    const sn_figure *figures;
} sn_figures_result;

/* Runs what is not there yet and judges. Whether figures held is a result, not an error. *out is freed by
 * sn_figures_result_free. */
SN_API sn_status sn_figures_try(const sn_figures *f, const sn_figures_options *options, sn_figures_result **out);
SN_API void sn_figures_result_free(sn_figures_result *r);

/* Everything as one object; *text is freed with sn_text_free. */
SN_API sn_status sn_figures_json(const sn_figures_result *r, char **text);
/* figure,claim,here,held: a line for each figure. */
SN_API sn_status sn_figures_write_csv(const sn_figures_result *r, const char *path);

#ifdef __cplusplus
}
#endif
#endif
