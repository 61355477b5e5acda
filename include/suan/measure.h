/* Measures of arrays: how sparse a vector is, what rank a matrix has. docs/sparsity.md, docs/rank.md. */
#ifndef SUAN_MEASURE_H
#define SUAN_MEASURE_H

#include "suan/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Sparsity ---- */

/* All are of |x|, and smaller means sparser, but for SN_SPARSITY_GINI. p and q as far as a kind has them; p may be
 * infinite. */
typedef enum sn_sparsity_kind {
    SN_SPARSITY_MAX,     /* S_0 = mean|x| / max|x| */
    SN_SPARSITY_NORM,    /* S_{1,p} = (|x|_1 / n) / |x|_p */
    SN_SPARSITY_RATIO,   /* S*_{q,p} = n^(1/p - 1/q) |x|_q / |x|_p, p > q > 0; q = 1 is S*_{1,p} */
    SN_SPARSITY_ENTROPY, /* e^{H_p} / n, H_p the Renyi entropy of |x| / |x|_1; p = 1 is Shannon's */
    SN_SPARSITY_GINI     /* the Gini index: 0 where all are equal, (n - 1) / n where one is all: larger means sparser */
} sn_sparsity_kind;

typedef struct sn_sparsity_measure {
    const char *name, *formula;
    sn_sparsity_kind kind;
    double q, p;
} sn_sparsity_measure;

/* The measures that the program prints, ended by one without a name. */
SN_API const sn_sparsity_measure *sn_sparsity_measures(void);

/* What a vector of n values is made into: |x| sorted, and its largest value. NaN and infinite values are SN_ERR_NUMERIC
 * with the place of the first, n < 1 is SN_ERR_ARGUMENT. x is overwritten; `spare` has room for n too. */
typedef struct sn_sparsity_vector {
    const double *sorted; /* rising; |x| / max|x|, so that nothing overflows */
    int64_t n, zeros;
    double largest; /* max|x|; 0: every measure is NaN */
    const struct sn_sparsity_sums
        *sums; /* of a report, where there are too many values to hold, in place of `sorted` */
} sn_sparsity_vector;
SN_API sn_status sn_sparsity_prepare(double *x, int64_t n, double *spare, sn_sparsity_vector *out);
/* NaN for a vector of zeros. SN_ERR_ARGUMENT where p or q is outside its range. */
SN_API sn_status sn_sparsity(const sn_sparsity_vector *x, const sn_sparsity_measure *measure, double *out);

/* The axioms of "Comparing Measures of Sparsity" as Su states them for measures that fall with sparsity
 * (kexue.fm/archives/9595), tried on `trials` random vectors. */
typedef enum sn_sparsity_axiom {
    SN_AXIOM_ROBIN_HOOD, /* D1: taking from a larger value and giving to a smaller one makes S rise */
    SN_AXIOM_SCALE,      /* D2: S(cx) = S(x) */
    SN_AXIOM_RISING,     /* D3: adding a constant to all makes S rise */
    SN_AXIOM_CLONE,      /* D4: S(x, x) = S(x) */
    SN_AXIOM_RICH,       /* P1: from some point on, S falls as one value grows */
    SN_AXIOM_ZERO,       /* P2: appending a zero makes S fall */
    SN_N_AXIOMS
} sn_sparsity_axiom;
SN_API const char *sn_sparsity_axiom_name(sn_sparsity_axiom axiom);
typedef struct sn_axiom_count {
    int64_t trials;
    int64_t wrong; /* the other way round, or not equal where it should be */
    int64_t equal; /* neither rises nor falls where it should */
} sn_axiom_count;
SN_API sn_status sn_sparsity_try_axioms(const sn_sparsity_measure *measure, int64_t trials, uint64_t seed,
                                        sn_axiom_count out[SN_N_AXIOMS]);

SN_API const char *sn_axiom_verdict(const sn_axiom_count *count); /* "holds", "weakly" (never wrong), "fails" */
/* {"trials", "measures": {name: {"D1": {"verdict", "wrong", "equal"}, ..., "P2"}}}, freed with sn_text_free. */
SN_API sn_status sn_sparsity_axioms_json(int64_t trials, uint64_t seed, char **text);

/* How sparse attention can be: S = E|f(z)| / sqrt(E f(z)^2) of z ~ N(beta, gamma^2) (kexue.fm/archives/9889). gamma >
 * 0. */
typedef enum sn_concentration {
    SN_CONCENTRATION_EXP,    /* softmax: exp(-gamma^2/2) */
    SN_CONCENTRATION_RELU2,  /* squared ReLU */
    SN_CONCENTRATION_LINEAR, /* f(z) = z: never below sqrt(2/pi) */
} sn_concentration;
SN_API double sn_concentration_of(sn_concentration f, double beta, double gamma);
/* Of the weights 1, lambda, ..., lambda^(n-1), 0 < lambda < 1. */
SN_API double sn_concentration_of_decay(double lambda, int64_t n);
/* The same of n weights drawn at random. */
SN_API double sn_concentration_sample(sn_concentration f, double beta, double gamma, int64_t n, uint64_t seed);
/* Of points (beta, gamma) and of decays (lambda, n): {"laws": [{"beta", "gamma", "softmax", "relu2", "linear",
 * "sampled": {the same of 400000 weights}}], "linear_floor", "decay": [{"lambda", "n", "concentration", "summed"}]}. */
SN_API sn_status sn_concentration_json(const double (*points)[2], int n_points, const double (*decays)[2], int n_decays,
                                       char **text);
/* Linear attention with positive features: q.k of a mean and a variance over the keys. */
SN_API double sn_concentration_of_positive(double mean, double variance);

/* ---- The arrays of a file (npy, npz, safetensors, GGUF) ---- */

enum { SN_SPARSITY_MOST = 16, SN_SHARE_POINTS = 33, SN_ORDER_POINTS = 7 };

/* An array that was not asked for by name and cannot be measured, and why. */
typedef struct sn_left_out {
    char *name, *why;
} sn_left_out;

typedef struct sn_sparsity_options {
    const char *const *arrays; /* n_arrays names; none: all of the file */
    int n_arrays;
    bool rows;   /* measure each row of the last dimension, and take the mean over them */
    double q, p; /* p > 0: S*_{q,p} beside the others */
    /* Values held in memory at once, at 16 bytes each; 0: 2^24. A longer vector is read twice from the
     * file in place, with 64 MiB of counts: all sums are as exact, Gini to within gini_error, shares to 2^-15. */
    int64_t hold;
    void (*progress)(void *user, double done, double total); /* of arrays, and parts of one; may be NULL */
    void *user;
    const volatile int *cancel;
} sn_sparsity_options;

typedef struct sn_sparsity_item {
    char *name;
    const char *type; /* "f32"; of complex ones |x| is the modulus */
    int n_dims;
    int64_t shape[SN_ARRAY_MAX_DIMS];
    int64_t count, zeros;
    int64_t rows, zero_rows; /* measured, and left out because all is zero; 1 where rows are not asked for */
    double largest;          /* max|x| */
    double gini_error;       /* what Gini may be too low by; 0 where the values were held in memory */
    /* By measure: of the whole, or mean, least and most over the rows. NaN where all is zero. */
    double value[SN_SPARSITY_MOST], least[SN_SPARSITY_MOST], most[SN_SPARSITY_MOST];
    double share[SN_SHARE_POINTS];    /* of sum|x| that the largest i / 32 of the values hold */
    double by_order[SN_ORDER_POINTS]; /* S*_{1,p} of p = 1.5, 2, 4, ..., 64 */
} sn_sparsity_item;

typedef struct sn_sparsity_report {
    char *file;
    bool rows;
    int n_measures;
    sn_sparsity_measure measures[SN_SPARSITY_MOST];
    char extra_name[32];
    int64_t n, n_left_out;
    sn_sparsity_item *items;
    sn_left_out *left_out;
} sn_sparsity_report;

/* SN_ERR_NOT_FOUND for a name the file has not; SN_ERR_NUMERIC names array and place of a NaN; SN_ERR_SHAPE an empty
 * array; SN_ERR_UNSUPPORTED a type that is no number or that suan does not read: the last two only of an array that was
 * asked for by name, or where nothing else is there; else it is left out. *out is freed by sn_sparsity_report_free. */
SN_API sn_status sn_sparsity_report_new(const char *path, const sn_sparsity_options *options, sn_sparsity_report **out);
/* Of n numbers rather than a file: one item called "values". */
SN_API sn_status sn_sparsity_report_values(const double *x, int64_t n, const sn_sparsity_options *options,
                                           sn_sparsity_report **out);
SN_API void sn_sparsity_report_free(sn_sparsity_report *r);
/* {"file", "rows", "arrays": [{"name", "type", "shape", "count", "zeros", "largest", "gini_error", "measures":
 * {name: value}}], "left_out": [{"name", "why"}]}; with rows, a value is {"mean", "least", "most"}. *text is freed with
 * sn_text_free. */
SN_API sn_status sn_sparsity_report_json(const sn_sparsity_report *r, char **text);
SN_API sn_status sn_sparsity_report_write_json(const sn_sparsity_report *r, const char *path);
/* array,count,measure,value,least,most */
SN_API sn_status sn_sparsity_report_write_csv(const sn_sparsity_report *r, const char *path);
/* What share the largest hold, and S*_{1,p} by order; of the first 12 arrays that are not all zero. */
SN_API sn_status sn_sparsity_report_write_plot(const sn_sparsity_report *r, const char *path);

/* ---- Rank ---- */

typedef struct sn_rank_options {
    int64_t tail; /* singular values after this many are the tail; 0: half of them, rounded up */
    int threads;  /* 0: one for each core */
    void (*progress)(void *user, double done, double total); /* of 1, or of arrays in a report; may be NULL */
    void *user;
    const volatile int *cancel; /* may be NULL */
} sn_rank_options;

typedef struct sn_rank_result {
    int64_t rows, cols, n; /* n = the smaller of them */
    double *singular;      /* n, falling */
    double threshold;      /* larger of rows and cols * 2^-52 * the largest singular value */
    int64_t numerical;     /* singular values above the threshold */
    double effective;      /* exp of the entropy of the singular values' shares; 0 for a matrix of zeros */
    double stable;         /* sum of squares / largest square */
    int64_t tail;
    double tail_share; /* of the tail in the sum of squares */
    double log_det;    /* ln |det|; -infinity: singular; NaN: not square */
    bool triangular;   /* then ln |det| is the sum over the diagonal, exact where the rank is too small to see */
    double eliminated; /* ln |det| by elimination, triangular or not */
} sn_rank_result;

/* Of a row-major matrix of rows * cols, which is left as it is. NaN and infinite values are SN_ERR_NUMERIC with the
 * place of the first, an empty matrix SN_ERR_SHAPE. */
SN_API sn_status sn_rank(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                         sn_rank_result *out);
/* The same of a complex matrix, real and imaginary part of each element. */
SN_API sn_status sn_rank_complex(const double *matrix, int64_t rows, int64_t cols, const sn_rank_options *options,
                                 sn_rank_result *out);
SN_API void sn_rank_free(sn_rank_result *r);
/* ln |det| of an n x n matrix by Gaussian elimination, which overwrites it; -infinity where it is singular. */
SN_API sn_status sn_log_det(double *matrix, int64_t n, double *out);

typedef struct sn_rank_item {
    char *name;             /* of a stack of matrices, with its number: "scores[0,3]" */
    const char *type;       /* of the elements in the file: "f32"; NULL: of no file */
    int64_t claimed_rank;   /* of a form of attention; 0: nothing is claimed */
    double claimed_log_det; /* from the logits, without the matrix; NaN: nothing is claimed */
    sn_rank_result result;
} sn_rank_item;

typedef struct sn_rank_report {
    char *file;
    int64_t n;
    int64_t skipped; /* arrays of the file with fewer than two dimensions */
    int64_t n_left_out;
    sn_rank_item *items;
    sn_left_out *left_out;
} sn_rank_report;

/* Of the arrays named, or of all with two dimensions or more: the last two are a matrix, those before number the
 * matrices of a stack. Errors and what is left out as in sn_sparsity_report_new; SN_ERR_SHAPE where a named array is no
 * matrix. One matrix is in memory at a time, twice, as doubles (a complex one takes 32 bytes per element); of one that
 * is at least twice as long as wide, or the other way round, only a square of the shorter side and 64 rows. */
SN_API sn_status sn_rank_report_new(const char *path, const char *const *arrays, int n_arrays,
                                    const sn_rank_options *options, sn_rank_report **out);
/* The forms of attention of n random queries and keys of size d, each with what is claimed of it. */
SN_API sn_status sn_rank_report_attention(int64_t n, int64_t d, uint64_t seed, const sn_rank_options *options,
                                          sn_rank_report **out);
SN_API void sn_rank_report_free(sn_rank_report *r);
/* {"file", "matrices": [{"name", "rows", "cols", "numerical", "threshold", "effective", "stable", "tail",
 * "tail_share", "square", "singular_matrix", "log_det", "log_det_elimination", "triangular", "claimed_rank",
 * "claimed_log_det" (of attention), "singular": []}], "skipped", "left_out": [{"name", "why"}]}; log_det is null where
 * the matrix is not square (square is false) and where it is singular (singular_matrix is true: ln |det| = -infinity).
 */
SN_API sn_status sn_rank_report_json(const sn_rank_report *r, char **text);
SN_API sn_status sn_rank_report_write_json(const sn_rank_report *r, const char *path);
/* matrix,i,singular: every singular value. */
SN_API sn_status sn_rank_report_write_csv(const sn_rank_report *r, const char *path);
/* Singular values over the largest, and the share of the sum of squares that is left after each; of the first 12. */
SN_API sn_status sn_rank_report_write_plot(const sn_rank_report *r, const char *path);

/* The n x n attention of random queries and keys of size d, N(0, 1): row sums 1. */
typedef enum sn_attention_form {
    SN_ATTENTION_SOFTMAX,        /* softmax(q.k / sqrt d) */
    SN_ATTENTION_SOFTMAX_CAUSAL, /* over the keys up to the query's own */
    SN_ATTENTION_LINEAR,         /* phi(q).phi(k), phi = exp */
    SN_ATTENTION_LINEAR_CAUSAL,
    SN_ATTENTION_SOFTMAX_REVERSED, /* over the keys from the query's own on, of queries and keys in reverse order */
    SN_ATTENTION_EQUAL,            /* all logits 0 */
    SN_ATTENTION_EQUAL_CAUSAL,
    SN_N_ATTENTION_FORMS
} sn_attention_form;
SN_API const char *sn_attention_form_name(sn_attention_form form);
/* What is claimed of the form: the rank in exact arithmetic (0: nothing), ln |det| from the logits (NaN: nothing). */
SN_API sn_status sn_attention_claims(sn_attention_form form, int64_t n, int64_t d, uint64_t seed, int64_t *rank,
                                     double *log_det);
SN_API sn_status sn_attention_sample(sn_attention_form form, int64_t n, int64_t d, uint64_t seed, double *out);

#ifdef __cplusplus
}
#endif
#endif
