/* What the stepper keeps from step to step. */
#include "train/stepper.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* The states of rules go by the letters of the papers: the momentum and the second moment. */
static const char *const letters[SN_RULE_MAX_STATES] = {"m", "v"};

/* Zeros of the parameter's shape; with measure_only its data stays NULL. */
static sn_status new_tensor(sn_stepper *s, const sn_tensor *like, sn_dtype dtype, int64_t *total, sn_tensor *out) {
    int64_t bytes;
    SN_TRY(sn_shape_bytes(dtype, like->n_dims, like->shape, &bytes));
    *out = sn_tensor_make(dtype, like->n_dims, like->shape, NULL);
    *total += bytes;
    if (s->options.measure_only) return SN_OK;
    out->data = sn_alloc_aligned((size_t)bytes, 64);
    if (!out->data) return sn_fail_memory("an optimizer's state");
    memset(out->data, 0, (size_t)bytes);
    s->blocks[s->n_blocks++] = out->data;
    return SN_OK;
}

static sn_status add_name(sn_stepper *s, const char *prefix, const char *param, const sn_tensor *tensor) {
    char name[256];
    if (snprintf(name, sizeof name, "%s.%s", prefix, param) >= (int)sizeof name)
        return sn_fail(SN_ERR_LIMIT, "train: the name of parameter \"%s\" is too long", param);
    char *copy = sn_arena_strdup(&s->arena, name);
    if (!copy) return sn_fail_memory("the names of optimizer states");
    s->states[s->n_states++] = (sn_step_state){copy, *tensor};
    return SN_OK;
}

/* "adamw.m"; from the second entry of the list on "2.adamw.m". */
static void state_prefix(const sn_stepper *s, const sn_step_part *part, int k, char *out, size_t size) {
    int at = (int)(part - s->parts);
    const char *rule = part->entry.rule->info.name;
    if (at == 0)
        snprintf(out, size, "%s.%s", rule, letters[k]);
    else
        snprintf(out, size, "%d.%s.%s", at + 1, rule, letters[k]);
}

static sn_status allocate_slot(sn_stepper *s, sn_step_part *part, int64_t i) {
    const sn_train_param *param = &s->params[i];
    sn_step_slot *slot = &part->slots[i];
    for (int k = 0; k < part->entry.rule->info.n_states; k++) {
        char prefix[64];
        sn_dtype dtype = k == 0 && s->options.bf16_states ? SN_BF16 : SN_F32;
        SN_TRY(new_tensor(s, &param->value, dtype, &s->memory.state_bytes, &slot->states[k]));
        state_prefix(s, part, k, prefix, sizeof prefix);
        SN_TRY(add_name(s, prefix, param->name, &slot->states[k]));
    }
    if (part->split) SN_TRY(new_tensor(s, &param->value, SN_F32, &s->memory.gradient_bytes, &slot->grad));
    return SN_OK;
}

static bool is_trained(const sn_stepper *s, int64_t i) {
    for (int p = 0; p < s->n_parts; p++)
        if (s->parts[p].slots[i].trained) return true;
    return false;
}

static sn_status allocate_average(sn_stepper *s, int64_t i) {
    const sn_train_param *param = &s->params[i];
    s->averages[i].n_dims = -1;
    if (s->options.average == 0 || !is_trained(s, i)) return SN_OK;
    SN_TRY(new_tensor(s, &param->value, SN_F32, &s->memory.average_bytes, &s->averages[i]));
    if (s->averages[i].data) memcpy(s->averages[i].data, param->value.data, (size_t)sn_tensor_bytes(&param->value));
    return add_name(s, "average", param->name, &s->averages[i]);
}

sn_status sn_stepper_allocate(sn_stepper *s) {
    size_t per_param = (size_t)s->n_parts * (SN_RULE_MAX_STATES + 1) + 1;
    s->blocks = sn_arena_array(&s->arena, (size_t)s->n_params * per_param, sizeof *s->blocks);
    s->states = sn_arena_array(&s->arena, (size_t)s->n_params * per_param, sizeof *s->states);
    s->averages = sn_arena_array(&s->arena, (size_t)s->n_params, sizeof *s->averages);
    if (!s->blocks || !s->states || !s->averages) return sn_fail_memory("a training step");
    for (int p = 0; p < s->n_parts; p++)
        for (int64_t i = 0; i < s->n_params; i++)
            if (s->parts[p].slots[i].trained) SN_TRY(allocate_slot(s, &s->parts[p], i));
    for (int64_t i = 0; i < s->n_params; i++) SN_TRY(allocate_average(s, i));
    return SN_OK;
}

int64_t sn_stepper_n_states(const sn_stepper *s) { return s->n_states; }

sn_status sn_stepper_state(const sn_stepper *s, int64_t i, const char **name, sn_tensor *tensor) {
    if (i < 0 || i >= s->n_states)
        return sn_fail(SN_ERR_ARGUMENT, "train: state %lld: there are %lld", (long long)i, (long long)s->n_states);
    *name = s->states[i].name;
    *tensor = s->states[i].tensor;
    return SN_OK;
}

sn_status sn_stepper_average(const sn_stepper *s, int64_t param, sn_tensor *tensor) {
    if (param < 0 || param >= s->n_params || s->averages[param].n_dims < 0)
        return sn_fail(SN_ERR_NOT_FOUND, "train: no average is kept of parameter %lld", (long long)param);
    *tensor = s->averages[param];
    return SN_OK;
}
