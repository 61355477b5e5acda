/* Recipes: published claims about architectures and context methods, tried on small models that are trained for it. */
#ifndef SUAN_RECIPE_H
#define SUAN_RECIPE_H

#include "suan/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A recipe names models (changes to one training configuration), rows (a model, and the context method it is read
 * under) and orderings that have been claimed of the rows. Every model is trained once for each seed. A test is a
 * share of tokens that were the model's most likely one:
 *
 *   in        windows as long as the trained one, positions as in training
 *   repeated  windows `factor` times as long, each a piece of text over and over: its later rounds can be copied
 *   long      windows as long as these, of text as it is; the tokens are those of "in"
 */
typedef enum sn_recipe_test { SN_RECIPE_IN, SN_RECIPE_REPEATED, SN_RECIPE_LONG } sn_recipe_test;
enum { SN_RECIPE_TESTS = 3 };
SN_API const char *sn_recipe_test_name(sn_recipe_test t);

typedef struct sn_recipe sn_recipe;

/* Reads a recipe file. `mini`: with the changes of its group "mini", which make it small enough for a test. Unknown
 * keys are SN_ERR_NOT_FOUND with the nearest known name, everything else that cannot be SN_ERR_ARGUMENT, both with
 * file and line. */
SN_API sn_status sn_recipe_open(const char *path, bool mini, sn_recipe **out);
SN_API void sn_recipe_free(sn_recipe *r);
SN_API const char *sn_recipe_name(const sn_recipe *r); /* of the file, without its ending */
SN_API const char *sn_recipe_title(const sn_recipe *r);
SN_API int64_t sn_recipe_trainings(const sn_recipe *r); /* models times seeds */

/* The recipes of a folder: paths of all files *.recipe and *.figures (figures.h) in the order of
 * their names. *paths is freed by
 * sn_recipe_list_free. */
SN_API sn_status sn_recipe_list(const char *folder, char ***paths, int *n);
SN_API void sn_recipe_list_free(char **paths, int n);

typedef struct sn_recipe_options {
    const char *out;  /* folder for texts and models; finished trainings in it are taken as they are. Required */
    const char *data; /* a text to train and test on; NULL: stories as the recipe describes them */
    int64_t seeds;    /* 0: as many as the recipe says */
    int n_threads;    /* 0: one per core */
    /* All may be NULL. */
    void (*on_note)(void *user, const char *text); /* what was done */
    void (*on_progress)(void *user, const char *what, const char *unit, double done, double total);
    void *user;
    const volatile int *cancel; /* nonzero: a checkpoint is written, SN_ERR_CANCELLED returned; run again to go on */
} sn_recipe_options;

typedef struct sn_recipe_score {
    double accuracy; /* per cent */
    double loss;     /* nats per token */
} sn_recipe_score;

typedef struct sn_recipe_row {
    const char *name, *model, *extend, *note;                    /* note "": none */
    double published[SN_RECIPE_TESTS], reached[SN_RECIPE_TESTS]; /* accuracies in the file; NaN: none */
    const sn_recipe_score *scores; /* of seed s (from 0) in test t: [s * SN_RECIPE_TESTS + t] */
    sn_recipe_score mean[SN_RECIPE_TESTS], spread[SN_RECIPE_TESTS]; /* over the seeds; standard deviation */
    const double *curve[SN_RECIPE_TESTS]; /* accuracy by position, n_buckets, mean over the seeds; of "in" NULL */
    bool drawn;
} sn_recipe_row;

typedef struct sn_recipe_ordering {
    const char *name, *claim, *reached, *note; /* reached: as the file has it, "3/3"; "": none */
    const bool *held;                          /* n_seeds */
    int n_held;
    bool robust; /* must hold in miniature too */
} sn_recipe_ordering;

typedef struct sn_recipe_training {
    const char *model, *path;
    int64_t seed, steps, n_params;
    double loss, seconds; /* last training loss; of all its sessions */
    bool kept;            /* it was there already */
} sn_recipe_training;

typedef struct sn_recipe_result {
    const char *name, *title, *source, *data; /* data: "stories", or the file */
    bool mini;
    int n_seeds, n_rows, n_orderings, n_trainings, n_buckets;
    int64_t window, length, period, windows, tokens; /* of a test: windows of `length`, tokens in all */
    const sn_recipe_row *rows;
    const sn_recipe_ordering *orderings;
    const sn_recipe_training *trainings;
} sn_recipe_result;

/* Makes texts, trains what is not there yet, measures. Whether the orderings held is a result, not an error. *out is
 * freed by sn_recipe_result_free. */
SN_API sn_status sn_recipe_run(const sn_recipe *r, const sn_recipe_options *options, sn_recipe_result **out);
SN_API void sn_recipe_result_free(sn_recipe_result *r);

/* Everything as one object; *text is freed with sn_text_free. */
SN_API sn_status sn_recipe_json(const sn_recipe_result *r, char **text);
SN_API sn_status sn_recipe_write_json(const sn_recipe_result *r, const char *path);
/* row,model,extend,test,seed,accuracy,loss: a line for each number. */
SN_API sn_status sn_recipe_write_csv(const sn_recipe_result *r, const char *path);
/* A chart by the path's ending (see plot.h): accuracy by position in both long tests. */
SN_API sn_status sn_recipe_write_plot(const sn_recipe_result *r, const char *path);

#ifdef __cplusplus
}
#endif
#endif
