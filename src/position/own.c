#include "position/own.h"

#include "position/frequency.h"

#include "base/error.h"

#include <math.h>

static double given(double value, double fallback) { return value > 0 ? value : fallback; }

/* Configurations that leave the factor out mean the ratio of the lengths they state. */
static double extension(const sn_rope_config *model) {
    if (model->factor > 0 || model->train_length < 1) return model->factor;
    return (double)model->max_length / (double)model->train_length;
}

/* GGUF files of some models carry divisors per plane and no kind of scaling. */
static void plain(const sn_rope_config *model, int64_t length, sn_position *p) {
    (void)length;
    if (model->n_factors > 0) sn_planes_divide_each(p, model->short_factor);
}

static void linear(const sn_rope_config *model, int64_t length, sn_position *p) {
    (void)length;
    sn_planes_divide(p, model->factor);
}

static void dynamic(const sn_rope_config *model, int64_t length, sn_position *p) {
    sn_planes_ntk(p, sn_dynamic_factor(model->factor, (double)length, (double)model->train_length));
}

static double yarn_gain(const sn_rope_config *model) {
    if (model->attention_factor > 0) return model->attention_factor;
    if (model->mscale != 0 && model->mscale_all_dim != 0)
        return sn_yarn_gain(extension(model), model->mscale) / sn_yarn_gain(extension(model), model->mscale_all_dim);
    return sn_yarn_gain(extension(model), 1);
}

static void yarn(const sn_rope_config *model, int64_t length, sn_position *p) {
    (void)length;
    const sn_yarn y = {.factor = extension(model),
                       .fast = given(model->beta_fast, 32),
                       .slow = given(model->beta_slow, 1),
                       .trained = (double)model->train_length,
                       .base = model->base,
                       .truncate = !model->yarn_no_truncate};
    sn_planes_yarn(p, &y);
    p->gain *= yarn_gain(model);
}

static void llama3(const sn_rope_config *model, int64_t length, sn_position *p) {
    const sn_by_parts parts = {.factor = model->factor,
                               .slow = given(model->low_freq_factor, 1),
                               .fast = given(model->high_freq_factor, 4),
                               .trained = (double)model->train_length};
    if (model->n_factors > 0)
        plain(model, length, p);
    else
        sn_planes_by_parts(p, &parts);
}

static void longrope(const sn_rope_config *model, int64_t length, sn_position *p) {
    sn_planes_divide_each(p, length > model->train_length ? model->long_factor : model->short_factor);
    p->gain *= sn_own_longrope_gain(model);
}

static const struct {
    const char *name;
    bool is_guess, needs_factor, needs_window, needs_factors;
    void (*apply)(const sn_rope_config *model, int64_t length, sn_position *p);
} kinds[] = {
    [SN_ROPE_PLAIN] = {.apply = plain},
    [SN_ROPE_LINEAR] = {"linear", .needs_factor = true, .apply = linear},
    [SN_ROPE_DYNAMIC] = {"dynamic", .is_guess = true, .needs_factor = true, .needs_window = true, .apply = dynamic},
    [SN_ROPE_YARN] = {"yarn", .needs_factor = true, .needs_window = true, .apply = yarn},
    [SN_ROPE_LLAMA3] = {"llama3", .needs_factor = true, .needs_window = true, .apply = llama3},
    [SN_ROPE_LONGROPE] = {"longrope", .needs_window = true, .needs_factors = true, .apply = longrope},
};

static sn_status check_divisors(const char *name, const double *divisor, int n) {
    for (int m = 0; m < n; m++)
        if (!(divisor[m] > 0) || isinf(divisor[m]))
            return sn_fail(SN_ERR_ARGUMENT, "rope: %s factor %d is %g: it is positive", name, m, divisor[m]);
    return SN_OK;
}

static sn_status check_factors(const sn_rope_config *model) {
    if (model->n_factors == 0 || model->n_rot == 0) return SN_OK;
    if (model->n_factors != model->n_rot / 2 || model->n_factors > SN_MAX_PLANES)
        return sn_fail(SN_ERR_ARGUMENT, "rope: %d factors for %d rotation planes", model->n_factors, model->n_rot / 2);
    SN_TRY(check_divisors("short", model->short_factor, model->n_factors));
    if (model->scaling == SN_ROPE_LONGROPE) SN_TRY(check_divisors("long", model->long_factor, model->n_factors));
    return SN_OK;
}

static sn_status check_yarn(const sn_rope_config *model) {
    if (model->scaling != SN_ROPE_YARN) return SN_OK;
    double gain = yarn_gain(model);
    if (model->base <= 1 || !(gain > 0) || isinf(gain))
        return sn_fail(SN_ERR_ARGUMENT, "rope: yarn with base %g and attention factor %g: above 1 and positive",
                       model->base, gain);
    if (given(model->beta_fast, 32) <= given(model->beta_slow, 1))
        return sn_fail(SN_ERR_ARGUMENT, "rope: yarn: beta_fast %g is not above beta_slow %g", model->beta_fast,
                       model->beta_slow);
    return SN_OK;
}

sn_status sn_own_check(const sn_rope_config *model) {
    if ((unsigned)model->scaling >= sizeof kinds / sizeof *kinds)
        return sn_fail(SN_ERR_ARGUMENT, "rope: %d is no kind of scaling", (int)model->scaling);
    const char *name = kinds[model->scaling].name;
    if (model->train_length < 0 || model->max_length < 0 || model->window < 0)
        return sn_fail(SN_ERR_ARGUMENT, "rope: a window or length of the model is negative");
    bool has_factors = model->n_factors > 0;
    if (kinds[model->scaling].needs_factors && !has_factors)
        return sn_fail(SN_ERR_ARGUMENT, "rope: %s scaling without factors", name);
    double factor = model->scaling == SN_ROPE_YARN ? extension(model) : model->factor;
    bool by_divisors = model->scaling == SN_ROPE_LLAMA3 && has_factors;
    if (kinds[model->scaling].needs_factor && !by_divisors && (!(factor > 0) || isinf(factor)))
        return sn_fail(SN_ERR_ARGUMENT, "rope: %s scaling with factor %g: it is positive", name, factor);
    if (kinds[model->scaling].needs_window && !by_divisors && model->train_length < 1)
        return sn_fail(SN_ERR_ARGUMENT, "rope: %s scaling needs the original trained length", name);
    if (model->scaling == SN_ROPE_LLAMA3 && given(model->high_freq_factor, 4) <= given(model->low_freq_factor, 1))
        return sn_fail(SN_ERR_ARGUMENT, "rope: llama3: high_freq_factor %g is not above low_freq_factor %g",
                       model->high_freq_factor, model->low_freq_factor);
    SN_TRY(check_yarn(model));
    return check_factors(model);
}

const char *sn_own_name(const sn_rope_config *model) { return kinds[model->scaling].name; }

bool sn_own_is_guess(const sn_rope_config *model) { return kinds[model->scaling].is_guess; }

int64_t sn_own_window(const sn_rope_config *model) {
    if (model->scaling == SN_ROPE_PLAIN || sn_own_is_guess(model)) return model->train_length;
    double reach = (double)model->train_length * fmax(1, extension(model));
    if (model->max_length > model->train_length || reach > 0x1p60)
        return model->max_length > model->train_length ? model->max_length : model->train_length;
    return (int64_t)reach;
}

void sn_own_apply(const sn_rope_config *model, int64_t length, sn_position *p) {
    kinds[model->scaling].apply(model, length, p);
}

double sn_own_longrope_gain(const sn_rope_config *model) {
    if (model->attention_factor > 0) return model->attention_factor;
    return sn_longrope_gain(extension(model), (double)model->train_length);
}
