/* Inside of recipes of figures: what a file says. */
#ifndef SN_STUDY_FIGURES_H
#define SN_STUDY_FIGURES_H

#include "base/arena.h"
#include "study/claim.h"
#include "suan/figures.h"

enum { SN_FIGURES_MOST = 64, SN_FIGURES_MOST_CELLS = 4 * SN_FIGURES_MOST, SN_FIGURES_MOST_WORDS = 256 };

typedef struct sn_figures_run_def {
    const char *name, *where, *command;
    bool read; /* by a figure */
    bool used; /* to be run */
} sn_figures_run_def;

/* A text that is written into the folder, for commands to read: {name} there is its path. */
typedef struct sn_figures_file {
    const char *name, *text;
} sn_figures_file;

typedef struct sn_figure_def {
    const char *name, *where, *claim_text, *reached, *note;
    bool mini; /* holds in a miniature too */
    sn_claim claim;
} sn_figure_def;

/* A word of a claim, "run:path" or "run@seconds" (path NULL). */
typedef struct sn_figures_cell {
    int run;
    const char *path;
} sn_figures_cell;

struct sn_figures {
    sn_arena arena;
    const char *path, *name, *title, *source, *plot; /* plot: the run that draws; "": none */
    sn_figures_run_def runs[SN_FIGURES_MOST];
    sn_figures_file files[SN_FIGURES_MOST];
    sn_figure_def figures[SN_FIGURES_MOST];
    sn_figures_cell cells[SN_FIGURES_MOST_CELLS];
    int n_runs, n_files, n_figures, n_cells;
    bool mini;
};

/* From memory. */
sn_status sn_figures_parse(const char *name, const char *text, size_t size, bool mini, sn_figures **out);

/* The words of a command: blanks separate, quotes of either kind hold together; {name} becomes folder/recipe-name. All
 * in the arena. SN_ERR_ARGUMENT for a quote or brace that does not end, SN_ERR_LIMIT for too many words. */
sn_status sn_figures_split(sn_arena *arena, const char *command, const char *prefix, const char **words, int *n);

#endif
