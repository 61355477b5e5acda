/* The table of update rules and their settings. */
#include "optim/update.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

int sn_rule_count(void) {
    int n = 0;
    while (sn_rule_table[n]) n++;
    return n;
}

const sn_rule_info *sn_rule_get(int i) { return i >= 0 && i < sn_rule_count() ? &sn_rule_table[i]->info : NULL; }

const sn_rule_def *sn_rule_find(const char *name) {
    for (int i = 0; sn_rule_table[i]; i++)
        if (strcmp(sn_rule_table[i]->info.name, name) == 0) return sn_rule_table[i];
    return NULL;
}

void sn_rule_defaults(const sn_rule_def *rule, double *settings) {
    for (int i = 0; i < rule->info.n_settings; i++) settings[i] = rule->info.settings[i].fallback;
}

static sn_status unknown_setting(const sn_rule_info *info, const char *name) {
    char known[256] = "";
    size_t used = 0;
    for (int i = 0; i < info->n_settings && used < sizeof known; i++) {
        int n = snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", info->settings[i].name);
        if (n > 0) used += (size_t)n;
    }
    return sn_fail(SN_ERR_NOT_FOUND, "%s has no setting \"%s\"; it has %s", info->name, name, known);
}

sn_status sn_rule_set(const sn_rule_def *rule, const char *name, double value, double *settings) {
    const sn_rule_info *info = &rule->info;
    for (int i = 0; i < info->n_settings; i++) {
        const sn_setting *s = &info->settings[i];
        if (strcmp(s->name, name) != 0) continue;
        if (!(value >= s->minimum && value <= s->maximum))
            return sn_fail(SN_ERR_ARGUMENT, "%s: %s = %g is not in %g..%g", info->name, name, value, s->minimum,
                           s->maximum);
        settings[i] = value;
        return SN_OK;
    }
    return unknown_setting(info, name);
}

sn_value *sn_rule_update(sn_graph *g, const sn_op_def *op, const sn_rule_target *t, sn_update_attr attr) {
    sn_update_operands x = {t->param, {t->states[0], t->states[1]}, t->grad, t->grad_scale, t->scalars};
    if (t->kind == SN_KIND_GAIN || t->kind == SN_KIND_BIAS) attr.weight_decay = 0;
    attr.rate_factor *= t->rate_factor;
    return sn_update_append(g, op, &x, &attr);
}
