/* From a problem as people state it to a functional: the catalogue, texts, and what a path means. */
#ifndef SN_MATH_EXTREMAL_H
#define SN_MATH_EXTREMAL_H

#include "math/variational_search.h"
#include "suan/math.h"

#include <stddef.h>

enum { SN_EXTREMAL_MAX_ENDS = SN_LAGRANGIAN_MAX_FUNCTIONS + 1, SN_EXTREMAL_MAX_PARAMETERS = 16 };

typedef struct sn_extremal_entry sn_extremal_entry;

typedef struct sn_extremal_job {
    const sn_extremal_problem *problem;
    const sn_extremal_entry *entry; /* NULL: a Lagrangian of the user's */
    sn_extremal *out;
    sn_expr_scope scope;
    sn_variational v;
    /* What was given: the ends as numbers (NaN: free), and parameters by name. */
    double from[SN_EXTREMAL_MAX_ENDS], to[SN_EXTREMAL_MAX_ENDS];
    int n_ends;
    char parameter[SN_EXTREMAL_MAX_PARAMETERS][SN_EXPR_MAX_WORD];
    double number[SN_EXTREMAL_MAX_PARAMETERS];
    int n_parameters;
    double layer[SN_VARIATIONAL_MAX_CUTS];
    const void *metric; /* of the catalogue of metrics, or NULL */
    double factor;      /* value = factor J */
    bool root;          /* value = its root, of its sign: J is the square of a length */
    bool finished;      /* there is nothing to solve: the note says why */
    bool turns;         /* every path belongs to a family of equal ones, which its ends allow */
    bool taut;          /* and the straight path is the only one */
} sn_extremal_job;

struct sn_extremal_entry {
    sn_extremal_info info;
    const char *variable, *functions; /* of the expressions; functions "" where prepare names them */
    const char *density, *constraint; /* as texts; NULL where prepare makes them */
    const char *ends;                 /* what --from and --to list, "x,y" */
    const char *columns;              /* of the tables; NULL: variable, functions, derivatives */
    const char *value_name;
    bool parametric;
    /* Checks ends and parameters, sets what the texts do not say. May finish the job with a note. */
    sn_status (*prepare)(sn_extremal_job *j);
    /* A row of the table from the variable in [0, 1], the functions and the value; NULL with columns NULL. */
    void (*show)(const sn_extremal_job *j, double value, double t, const double *q, double *row);
    /* Values of stationary paths by closed forms, and their number; 0 where there is none. */
    int (*known)(const sn_extremal_job *j, double *values);
    /* Adds paths that another form of the problem has, to those of the search; may be NULL. */
    sn_status (*more)(sn_extremal_job *j, const sn_search *search);
    /* Says in out->note what is not seen in the paths; may be NULL. */
    void (*remark)(sn_extremal_job *j);
};

/* Half of a closed curve: the other half is its mirror image. */
static inline bool sn_extremal_is_mirrored(const sn_extremal_job *j) { return j->entry && j->factor == 2; }

/* ---- Catalogue ---- */
extern const sn_extremal_entry sn_extremal_curves[], sn_extremal_rays[]; /* end with a NULL name */
const sn_extremal_entry *sn_extremal_find(const char *name);

/* Of light: paths that are graphs. */
sn_status sn_extremal_add_graphs(sn_extremal_job *j, const sn_search *search);
/* Kind, index and what else the search knows about a find. */
void sn_extremal_judge(const sn_search_find *f, sn_extremal_path *path);

/* ---- Texts ---- */
/* A number, as an expression without names. */
sn_status sn_extremal_number(const char *what, const char *text, size_t size, double *out);
/* Pieces of a text between separators outside parentheses; *size of the piece at *at, which moves behind it. */
bool sn_extremal_piece(const char *text, char separator, size_t *at, const char **piece, size_t *size);
/* Reads ends and parameters into the job; what a problem's own texts leave out must have been given. */
sn_status sn_extremal_take(sn_extremal_job *j);
/* Parameters with their numbers, for those not given: "R=2,r=1". */
sn_status sn_extremal_defaults(sn_extremal_job *j, const char *what, const char *parameters);
/* Declares the parameters as names of the scope, the last step before expressions are parsed. */
sn_status sn_extremal_declare_parameters(sn_extremal_job *j);
double sn_extremal_parameter(const sn_extremal_job *j, const char *name); /* NaN: not there */
void sn_extremal_note(sn_extremal_job *j, const char *format, ...) SN_PRINTF(2, 3);
/* Declares variable, functions and their derivatives, and parameters: "s" and "x,y". */
sn_status sn_extremal_declare(sn_extremal_job *j, const char *variable, const char *functions);
sn_status sn_extremal_parse(sn_extremal_job *j, const char *what, const char *text, size_t size, const sn_expr **out);
/* sum of g_kl q_k' q_l' of a metric's text (diagonal, or rows of a matrix); d functions are declared. */
sn_status sn_extremal_metric(sn_extremal_job *j, const char *text, const sn_expr **out);

/* ---- Closed forms (extremal_known.c) ---- */
/* A root of f between a and b, where it has different signs; NaN where not. */
double sn_extremal_root(double (*f)(const void *user, double x), const void *user, double a, double b);
/* theta of the cycloid from (0, 0) to (x, y). */
double sn_cycloid_angle(double x, double y);
/* a of the catenary over a span with a length, and the two potential energies; heights of the ends y0, y1. */
double sn_catenary_size(double span, double rise, double length);
void sn_catenary_energies(double span, double y0, double y1, double length, double *values);
/* Areas of catenoids between rings of radius r0, r1 at a distance; their number 0, 1, 2. */
int sn_catenoid_areas(double distance, double r0, double r1, double *values);
/* Snell's law through n layers with thicknesses; its invariant n sin(angle) in *p. */
double sn_layers_length(int n, const double *index, const double *thickness, double across, double *p);

#endif
