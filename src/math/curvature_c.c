/* Components as a C function. What would be too long for a compiler is computed there from the derivatives of the
 * metric. */
#include "math/curvature.h"

#include "base/alloc.h"

#include <string.h>

#if SN_HAVE_FLINT

enum { MOST_OF_TENSOR = 20000, MOST_OF_ALL = 4000000 }; /* characters */

typedef struct c_job {
    sn_curvature *c;
    sn_text_out out;
    bool numeric[SN_CURVATURE_N_TENSORS]; /* computed from the metric */
} c_job;

/* ---- The frame ---- */

static void put_declarations(c_job *j) {
    static const char *const dimensions[] = {"", "[N]", "[N][N]", "[N][N][N]", "[N][N][N][N]"};
    const sn_curvature *c = j->c;
    sn_text_addf(&j->out, "/* Made by suan math curvature. Compile with -lm. Indices: 0 .. %d for", c->n - 1);
    for (int i = 0; i < c->n; i++) sn_text_addf(&j->out, " %s", c->scope.names[i]);
    sn_text_addf(&j->out, ". */\n#include <math.h>\n#include <string.h>\n\nenum { N = %d };\n\nstruct curvature {\n",
                 c->n);
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++)
        sn_text_addf(&j->out, "    double %s%s;\n", sn_curvature_tensor_name((sn_curvature_tensor)t),
                     dimensions[sn_curvature_rank((sn_curvature_tensor)t)]);
    sn_text_add(&j->out, "};\n\nstatic inline double ipow(double x, int n) {\n    double y = 1;\n"
                         "    for (; n > 0; n >>= 1, x *= x)\n        if (n & 1) y *= x;\n    return y;\n}\n\n");
}

/* In the program: all tensors from c->metric and its derivatives. */
static const char *const from_metric[] = {
    "/* d[a][b][k]: derivative of g_ab along k; dd[a][b][k][l]: of that along l. */\n"
    "static void from_metric(double (*d)[N][N], double (*dd)[N][N][N], struct curvature *c) {\n"
    "    double m[N][N], (*inv)[N] = c->inverse_metric, low[N][N][N], up[N][N][N][N], next[N][N][N][N], n = N;\n"
    "    int i, j, k, l, e;\n"
    "    memcpy(m, c->metric, sizeof m);\n"
    "    c->determinant = 1;\n"
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++) inv[i][j] = i == j;\n"
    "    for (k = 0; k < N; k++) { /* Gauss and Jordan, with pivots */\n"
    "        int p = k;\n"
    "        double pivot;\n"
    "        for (i = k + 1; i < N; i++)\n"
    "            if (fabs(m[i][k]) > fabs(m[p][k])) p = i;\n"
    "        for (j = 0; j < N && p != k; j++) {\n"
    "            double x = m[k][j], y = inv[k][j];\n"
    "            m[k][j] = m[p][j], m[p][j] = x, inv[k][j] = inv[p][j], inv[p][j] = y;\n"
    "        }\n"
    "        pivot = m[k][k];\n"
    "        c->determinant *= p != k ? -pivot : pivot;\n"
    "        for (j = 0; j < N; j++) m[k][j] /= pivot, inv[k][j] /= pivot;\n"
    "        for (i = 0; i < N; i++) {\n"
    "            double x = m[i][k];\n"
    "            for (j = 0; j < N && i != k; j++) m[i][j] -= x * m[k][j], inv[i][j] -= x * inv[k][j];\n"
    "        }\n"
    "    }\n",
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++)\n"
    "            for (k = 0; k < N; k++) low[i][j][k] = (d[i][j][k] + d[i][k][j] - d[j][k][i]) / 2;\n"
    "    memset(c->christoffel, 0, sizeof c->christoffel);\n"
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++)\n"
    "            for (k = 0; k < N; k++)\n"
    "                for (e = 0; e < N; e++) c->christoffel[i][j][k] += inv[i][e] * low[e][j][k];\n"
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++)\n"
    "            for (k = 0; k < N; k++)\n"
    "                for (l = 0; l < N; l++) {\n"
    "                    double x = (dd[i][l][j][k] + dd[j][k][i][l] - dd[j][l][i][k] - dd[i][k][j][l]) / 2;\n"
    "                    for (e = 0; e < N; e++)\n"
    "                        x += low[e][j][k] * c->christoffel[e][i][l] - low[e][j][l] * c->christoffel[e][i][k];\n"
    "                    c->riemann[i][j][k][l] = up[i][j][k][l] = x;\n"
    "                }\n"
    "    memset(c->ricci, 0, sizeof c->ricci);\n"
    "    c->ricci_scalar = c->kretschmann = 0;\n"
    "    for (j = 0; j < N; j++)\n"
    "        for (l = 0; l < N; l++) {\n"
    "            for (i = 0; i < N; i++)\n"
    "                for (k = 0; k < N; k++) c->ricci[j][l] += inv[i][k] * c->riemann[i][j][k][l];\n"
    "            c->ricci_scalar += inv[j][l] * c->ricci[j][l];\n"
    "        }\n",
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++) c->einstein[i][j] = c->ricci[i][j] - c->ricci_scalar * c->metric[i][j] / 2;\n"
    "    for (e = 0; e < 4; e++) { /* raises the last index and turns it to the front */\n"
    "        memset(next, 0, sizeof next);\n"
    "        for (i = 0; i < N; i++)\n"
    "            for (j = 0; j < N; j++)\n"
    "                for (k = 0; k < N; k++)\n"
    "                    for (l = 0; l < N; l++) {\n"
    "                        int q;\n"
    "                        for (q = 0; q < N; q++) next[l][i][j][k] += inv[l][q] * up[i][j][k][q];\n"
    "                    }\n"
    "        memcpy(up, next, sizeof up);\n"
    "    }\n"
    "    for (i = 0; i < N; i++)\n"
    "        for (j = 0; j < N; j++)\n"
    "            for (k = 0; k < N; k++)\n"
    "                for (l = 0; l < N; l++) {\n"
    "                    double(*g)[N] = c->metric, (*r)[N] = c->ricci, x = c->riemann[i][j][k][l];\n"
    "                    c->kretschmann += x * up[i][j][k][l];\n"
    "                    if (n < 3) continue;\n"
    "                    x -= (g[i][k] * r[j][l] - g[i][l] * r[j][k] - g[j][k] * r[i][l] + g[j][l] * r[i][k]) / (n - "
    "2);\n"
    "                    x += c->ricci_scalar * (g[i][k] * g[j][l] - g[i][l] * g[j][k]) / ((n - 1) * (n - 2));\n"
    "                    c->weyl[i][j][k][l] = x;\n"
    "                }\n"
    "}\n\n"};

/* What the caller's arrays hold. */
static void put_arguments(c_job *j) {
    const sn_curvature *c = j->c;
    sn_text_add(&j->out, "/* x: coordinates");
    sn_text_add(&j->out, c->scope.n_names > c->n ? "; p:" : "");
    for (int i = c->n; i < c->scope.n_names; i++) sn_text_addf(&j->out, " %s", c->scope.names[i]);
    bool any = false;
    for (int g = 0; g < c->field->n_gens; g++) {
        if (c->field->gens[g].kind != SN_GEN_UNKNOWN) continue;
        sn_text_add(&j->out, any ? ", " : "; u: ");
        sn_gen_print(c->field, g, SN_EXPR_TEXT, &j->out);
        any = true;
    }
    sn_text_add(&j->out,
                ". */\nvoid curvature(const double *x, const double *p, const double *u, struct curvature *c) {\n");
    sn_text_addf(&j->out, "    double g[%d], v;\n    (void)x, (void)p, (void)u;\n    memset(c, 0, sizeof *c);\n",
                 c->field->n_gens ? c->field->n_gens : 1);
    for (int g = 0; g < c->field->n_gens; g++) {
        sn_text_addf(&j->out, "    g[%d] = ", g);
        sn_gen_print(c->field, g, SN_EXPR_C, &j->out);
        sn_text_add(&j->out, ";\n");
    }
    sn_text_add(&j->out, "    (void)g;\n");
}

/* ---- Components ---- */

/* All components that the kept one is the value of. */
static void put_images(c_job *j, sn_curvature_tensor tensor, const int *index) {
    int rank = sn_curvature_rank(tensor), n = j->c->n, sign, other[4] = {0};
    int64_t place = sn_curvature_find(n, tensor, index, &sign), total = 1;
    for (int i = 0; i < rank; i++) total *= n;
    for (int64_t k = 0; k < total; k++) {
        int64_t rest = k;
        for (int i = rank - 1; i >= 0; i--) other[i] = (int)(rest % n), rest /= n;
        if (sn_curvature_find(n, tensor, other, &sign) != place || sign == 0) continue;
        sn_text_addf(&j->out, "    c->%s", sn_curvature_tensor_name(tensor));
        for (int i = 0; i < rank; i++) sn_text_addf(&j->out, "[%d]", other[i]);
        sn_text_add(&j->out, sign > 0 ? " = v;\n" : " = -v;\n");
    }
}

static void put_tensor(c_job *j, sn_curvature_tensor tensor) {
    sn_curvature *c = j->c;
    size_t begun = j->out.size;
    int index[4] = {0}, sign;
    if (sn_curvature_rank(tensor) == 4 && !sn_curvature_next(c->n, tensor, index)) return;
    do {
        if (sn_curvature_is_zero(c, tensor, index)) continue;
        sn_text_add(&j->out, "    v = ");
        sn_frac_print(c->field, &c->tensor[tensor][sn_curvature_find(c->n, tensor, index, &sign)], SN_EXPR_C, &j->out);
        sn_text_add(&j->out, ";\n");
        put_images(j, tensor, index);
        if (tensor != SN_CURVATURE_METRIC && j->out.size - begun > MOST_OF_TENSOR) j->numeric[tensor] = true;
    } while (!j->numeric[tensor] && sn_curvature_next(c->n, tensor, index) && !sn_field_failed(c->field));
}

/* The tensors that can be written; the others are marked. */
static sn_status put_tensors(c_job *j, char *texts[SN_CURVATURE_N_TENSORS]) {
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) {
        c_job one = {.c = j->c};
        one.numeric[t] = j->c->too_large[t];
        if (!one.numeric[t]) put_tensor(&one, (sn_curvature_tensor)t);
        j->numeric[t] = one.numeric[t];
        SN_TRY(sn_text_take(&one.out, &texts[t]));
    }
    return SN_OK;
}

static void put_places(c_job *j, const char *array, const int *sym, const int *along) {
    for (int turn = 0; turn < 2; turn++)
        for (int other = 0; other < 2; other++) {
            bool again = (turn && sym[0] == sym[1]) || (other && (along[1] < 0 || along[0] == along[1]));
            if (again) continue;
            sn_text_addf(&j->out, "    %s[%d][%d][%d]", array, sym[turn], sym[!turn], along[other]);
            if (along[1] >= 0) sn_text_addf(&j->out, "[%d]", along[!other]);
            sn_text_add(&j->out, " = v;\n");
        }
}

static void put_derivative(c_job *j, const sn_frac *x, const int *sym, const int *along) {
    if (sn_frac_is_null(x)) return;
    sn_text_add(&j->out, "    v = ");
    sn_frac_print(j->c->field, x, SN_EXPR_C, &j->out);
    sn_text_add(&j->out, ";\n");
    put_places(j, along[1] < 0 ? "d" : "dd", sym, along);
}

/* All first and second derivatives of the metric. They may need derivatives of unknown functions that nothing else
 * has. */
static void put_derivatives(c_job *j) {
    sn_curvature *c = j->c;
    sn_frac first, second;
    sn_frac_init(c->field, &first);
    sn_frac_init(c->field, &second);
    for (int a = 0; a < c->n; a++)
        for (int b = a; b < c->n; b++) {
            int sign, sym[2] = {a, b};
            const sn_frac *g =
                &c->tensor[SN_CURVATURE_METRIC][sn_curvature_find(c->n, SN_CURVATURE_METRIC, sym, &sign)];
            for (int k = 0; k < c->n && !sn_field_failed(c->field) && j->out.size < MOST_OF_ALL; k++) {
                sn_frac_derivative(c->field, &first, g, k);
                put_derivative(j, &first, sym, (const int[]){k, -1});
                for (int l = k; l < c->n; l++) {
                    sn_frac_derivative(c->field, &second, &first, l);
                    put_derivative(j, &second, sym, (const int[]){k, l});
                }
            }
        }
    sn_frac_clear(c->field, &first);
    sn_frac_clear(c->field, &second);
}

/* ---- The whole ---- */

static bool any_numeric(const c_job *j) {
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++)
        if (j->numeric[t]) return true;
    return false;
}

static sn_status put_all(c_job *j, char *texts[SN_CURVATURE_N_TENSORS]) {
    c_job derivatives = {.c = j->c};
    char *derived = NULL;
    SN_TRY(put_tensors(j, texts));
    bool numeric = any_numeric(j);
    if (numeric) put_derivatives(&derivatives); /* before the generators are printed */
    SN_TRY(sn_text_take(&derivatives.out, &derived));
    put_declarations(j);
    for (size_t i = 0; numeric && i < sizeof from_metric / sizeof *from_metric; i++)
        sn_text_add(&j->out, from_metric[i]);
    put_arguments(j);
    sn_text_add(&j->out, texts[SN_CURVATURE_METRIC]);
    if (numeric) {
        sn_text_add(&j->out, "    double d[N][N][N] = {{{0}}}, dd[N][N][N][N] = {{{{0}}}};\n");
        sn_text_add(&j->out, derived);
        sn_text_add(&j->out, "    from_metric(d, dd, c);\n");
    }
    sn_free(derived);
    for (int t = SN_CURVATURE_METRIC + 1; t < SN_CURVATURE_N_TENSORS; t++) {
        const char *name = sn_curvature_tensor_name((sn_curvature_tensor)t);
        if (j->numeric[t]) continue;
        if (numeric) sn_text_addf(&j->out, "    memset(&c->%s, 0, sizeof c->%s);\n", name, name);
        sn_text_add(&j->out, texts[t]);
    }
    sn_text_add(&j->out, "}\n");
    return SN_OK;
}

sn_status sn_curvature_write_c(sn_curvature *c, char **text) {
    char *texts[SN_CURVATURE_N_TENSORS] = {NULL};
    c_job j = {.c = c};
    sn_status status = put_all(&j, texts);
    for (int t = 0; t < SN_CURVATURE_N_TENSORS; t++) sn_free(texts[t]);
    if (status == SN_OK && j.out.size > MOST_OF_ALL)
        status = sn_fail(SN_ERR_LIMIT, "--c: %.0f MB of C are more than compilers take: --at gives values",
                         1e-6 * (double)j.out.size);
    if (status == SN_OK) return sn_text_take(&j.out, text);
    sn_text_drop(&j.out);
    return status;
}

#endif
