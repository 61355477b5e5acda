/* Inside of recipes: what a file says, and the parts of a run. */
#ifndef SN_STUDY_RECIPE_H
#define SN_STUDY_RECIPE_H

#include "base/arena.h"
#include "study/claim.h"
#include "suan/recipe.h"
#include "suan/study.h"
#include "train/config.h"

enum { SN_RECIPE_MOST = 48, SN_RECIPE_MOST_SETTINGS = 512 };

/* ---- Claims ---- */

/* "ntk@long >= 0.9 * none@in - 3". `names`: the rows. SN_ERR_ARGUMENT says what is wrong, SN_ERR_NOT_FOUND names the
 * nearest row. */
sn_status sn_recipe_claim_parse(const char *text, const char *const *names, int n_names, sn_claim *out);
/* scores of row r in test t: [r * SN_RECIPE_TESTS + t] */
bool sn_recipe_claim_holds(const sn_claim *c, const sn_recipe_score *scores);
int sn_recipe_cell_row(int cell);            /* of a term; -1: a constant */
int sn_recipe_cell_moved(int cell, int row); /* the same cell of another row */

/* ---- The file ---- */

typedef struct sn_recipe_model {
    const char *name, *where;
    bool used; /* by a row */
} sn_recipe_model;

typedef struct sn_recipe_row_def {
    const char *name, *where, *model, *extend, *published, *reached, *note;
    bool mini, drawn;
    int model_index;
} sn_recipe_row_def;

typedef struct sn_recipe_claim_def {
    const char *name, *where, *text, *reached, *note;
    bool mini;
    sn_claim claim;
} sn_recipe_claim_def;

/* One key of a training configuration: of all models (model -1), or of one. */
typedef struct sn_recipe_setting {
    int model;
    const char *text, *where;
} sn_recipe_setting;

struct sn_recipe {
    sn_arena arena;
    const char *path, *name;
    const char *title, *source, *base;
    int64_t seeds;
    struct {
        int64_t bytes, words, seed;
        double recalls, questions;
    } corpus;
    struct {
        int64_t factor, windows, period, buckets;
    } test;
    sn_recipe_setting settings[SN_RECIPE_MOST_SETTINGS];
    int n_settings;
    sn_recipe_model models[SN_RECIPE_MOST]; /* the first is "baseline", without settings of its own */
    int n_models;
    sn_recipe_row_def rows[SN_RECIPE_MOST];
    int n_rows;
    sn_recipe_claim_def claims[SN_RECIPE_MOST];
    int n_claims;
    bool mini;
};

/* From memory: the texts of the recipe and (NULL: none) of its base. Files that it names are not opened. */
sn_status sn_recipe_parse(const char *name, const char *text, size_t size, const char *base, size_t base_size,
                          bool mini, sn_recipe **out);

/* What the caller of a configuration adds to it. */
typedef struct sn_recipe_place {
    const char *data, *tokenizer, *out; /* tokenizer NULL: as the recipe says */
    int64_t seed;
    int n_threads;
} sn_recipe_place;
/* The training configuration of a model. */
sn_status sn_recipe_config(const sn_recipe *r, int model, const sn_recipe_place *place, sn_train_config **out);

/* ---- Texts ---- */

typedef struct sn_recipe_data {
    char train[4096], tokenizer[4096]; /* paths; tokenizer "": as the recipe says */
    uint64_t hash;                     /* of the text to train on and the vocabulary */
    int32_t *ids;                      /* to test on: n_ids >= windows * length + 1 */
    int64_t n_ids;
    int64_t window, length, period; /* tokens: trained, tested, of a repeated piece */
} sn_recipe_data;

sn_status sn_recipe_data_make(const sn_recipe *r, const sn_recipe_options *o, sn_recipe_data *out);
void sn_recipe_data_free(sn_recipe_data *d);

/* ---- Training and measuring ---- */

/* Trains the model with that seed unless it is there; texts of *out are allocated in the arena. */
sn_status sn_recipe_train(const sn_recipe *r, const sn_recipe_options *o, const sn_recipe_data *d, int model,
                          int64_t seed, sn_arena *arena, sn_recipe_training *out);

/* What one row reached in one test; curve: hits of each bucket by position (NULL: not wanted). */
typedef struct sn_recipe_measure {
    const sn_model *model;
    const char *extend;
    const sn_recipe_data *data;
    int64_t windows;
    int n_threads, n_buckets;
    const volatile int *cancel;
} sn_recipe_measure;
sn_status sn_recipe_measure_test(const sn_recipe_measure *m, sn_recipe_test test, sn_recipe_score *score,
                                 double *curve);

#endif
