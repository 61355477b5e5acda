/* What measures promise and how sparse attention can be, as JSON. */
#include "suan/measure.h"

#include "base/philox.h"
#include "base/sum.h"
#include "file/json_write.h"

#include <math.h>

/* ---- Axioms ---- */

const char *sn_axiom_verdict(const sn_axiom_count *c) { return c->wrong ? "fails" : c->equal ? "weakly" : "holds"; }

sn_status sn_sparsity_axioms_json(int64_t trials, uint64_t seed, char **text) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_put_i64(&w, "trials", trials);
    sn_json_begin_object(&w, "measures");
    for (const sn_sparsity_measure *m = sn_sparsity_measures(); m->name; m++) {
        sn_axiom_count count[SN_N_AXIOMS];
        sn_status status = sn_sparsity_try_axioms(m, trials, seed, count);
        if (status != SN_OK) {
            sn_json_out_free(&w);
            return status;
        }
        sn_json_begin_object(&w, m->name);
        for (int a = 0; a < SN_N_AXIOMS; a++) {
            sn_json_begin_object(&w, (const char[]){sn_sparsity_axiom_name((sn_sparsity_axiom)a)[0],
                                                    sn_sparsity_axiom_name((sn_sparsity_axiom)a)[1], 0});
            sn_json_put_string(&w, "verdict", sn_axiom_verdict(&count[a]));
            sn_json_put_i64(&w, "wrong", count[a].wrong);
            sn_json_put_i64(&w, "equal", count[a].equal);
            sn_json_end(&w);
        }
        sn_json_end(&w);
    }
    return sn_json_take(&w, text);
}

/* ---- Concentration ---- */

static double apply(sn_concentration f, double z, double gamma) {
    if (f == SN_CONCENTRATION_EXP) return exp(z - gamma * gamma); /* the factor is in both means */
    return f == SN_CONCENTRATION_RELU2 ? (z > 0 ? z * z : 0) : fabs(z);
}

double sn_concentration_sample(sn_concentration f, double beta, double gamma, int64_t n, uint64_t seed) {
    sn_sum first = {0, 0}, second = {0, 0};
    for (int64_t i = 0; i < n; i++) {
        double e = sn_normal_f64(seed, 0, (uint64_t)(i / 2)); /* each with its negative */
        double w = apply(f, beta + gamma * (i % 2 ? -e : e), gamma);
        sn_sum_add(&first, w);
        sn_sum_add(&second, w * w);
    }
    return sn_sum_end(&first) / (double)n / sqrt(sn_sum_end(&second) / (double)n);
}

static void put_law(sn_json_out *w, double beta, double gamma) {
    static const char *const names[] = {"softmax", "relu2", "linear"};
    sn_json_begin_object(w, NULL);
    sn_json_put_f64(w, "beta", beta);
    sn_json_put_f64(w, "gamma", gamma);
    for (int f = 0; f < 3; f++) sn_json_put_f64(w, names[f], sn_concentration_of((sn_concentration)f, beta, gamma));
    sn_json_begin_object(w, "sampled");
    for (int f = 0; f < 3; f++)
        sn_json_put_f64(w, names[f], sn_concentration_sample((sn_concentration)f, beta, gamma, 400000, 9889));
    sn_json_end(w);
    sn_json_end(w);
}

/* By the sums, where the closed form is a quotient. */
static double decay_by_sums(double lambda, int64_t n) {
    sn_sum first = {0, 0}, second = {0, 0};
    double w = 1;
    for (int64_t i = 0; i < n; i++, w *= lambda) {
        sn_sum_add(&first, w);
        sn_sum_add(&second, w * w);
    }
    return sn_sum_end(&first) / sqrt((double)n * sn_sum_end(&second));
}

sn_status sn_concentration_json(const double (*points)[2], int n_points, const double (*decays)[2], int n_decays,
                                char **text) {
    sn_json_out w = {.lines = 3};
    sn_json_begin_object(&w, NULL);
    sn_json_begin_array(&w, "laws");
    for (int i = 0; i < n_points; i++) put_law(&w, points[i][0], points[i][1]);
    sn_json_end(&w);
    sn_json_put_f64(&w, "linear_floor", sqrt(2 / 3.14159265358979323846));
    sn_json_begin_array(&w, "decay");
    for (int i = 0; i < n_decays; i++) {
        int64_t n = (int64_t)decays[i][1];
        sn_json_begin_object(&w, NULL);
        sn_json_put_f64(&w, "lambda", decays[i][0]);
        sn_json_put_i64(&w, "n", n);
        sn_json_put_f64(&w, "concentration", sn_concentration_of_decay(decays[i][0], n));
        sn_json_put_f64(&w, "summed", decay_by_sums(decays[i][0], n));
        sn_json_end(&w);
    }
    return sn_json_take(&w, text);
}
