/* Prints docs/ops.md from the op table. ops_doc FILE compares instead and fails where the file is out of date. */
#include "graph/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_kernels(FILE *out, const char *op) {
    int n = 0;
    for (const sn_kernel *const *k = sn_kernel_table; *k; k++)
        if (strcmp((*k)->op, op) == 0) fprintf(out, "%s%s", n++ ? ", " : "", (*k)->name);
    if (n == 0) fprintf(out, "-");
}

/* The formula of a table cell: bars would end it. */
static void print_cell(FILE *out, const char *text) {
    for (; *text; text++) fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void print_op(FILE *out, const sn_op_def *op) {
    fprintf(out, "| `%s` | ", op->name);
    print_cell(out, op->formula);
    if (op->min_in == op->max_in)
        fprintf(out, " | %d | ", op->min_in);
    else
        fprintf(out, " | %d-%d | ", op->min_in, op->max_in);
    if (op->vjp)
        fprintf(out, "yes");
    else
        fprintf(out, "no: %s", op->no_gradient);
    fprintf(out, " | ");
    if (op->flags & SN_OP_VIEW)
        fprintf(out, "view");
    else
        print_kernels(out, op->name);
    fprintf(out, " | ");
    print_cell(out, op->source);
    fprintf(out, " |\n");
}

static void print_page(FILE *out) {
    fprintf(out, "<!-- Made from the op table by tools/ops_doc.c; a test says when it is out of date. -->\n"
                 "# Ops\n\n"
                 "One file in `src/op/` each; builders in `include/suan/ops.h`. *Gradient*: whether there is a\n"
                 "vector-Jacobian product. *Kernels*: the tuned variants beside the reference in plain C; the best\n"
                 "one that the processor and the operands allow runs (`SN_FORCE_KERNEL=op:name` picks another).\n\n"
                 "| op | formula | inputs | gradient | kernels | source |\n"
                 "|---|---|---|---|---|---|\n");
    for (const sn_op_def *const *op = sn_op_table; *op; op++) print_op(out, *op);
}

static int compare(const char *path) {
    FILE *made = tmpfile(), *kept = fopen(path, "rb");
    int a = 0, b = 0;
    if (!made || !kept) {
        fprintf(stderr, "%s cannot be read\n", path);
        return 1;
    }
    print_page(made);
    rewind(made);
    while (a == b && a != EOF) a = fgetc(made), b = fgetc(kept);
    fclose(made);
    fclose(kept);
    if (a != b) fprintf(stderr, "%s is out of date: run ops_doc >%s\n", path, path);
    return a != b;
}

int main(int argc, char **argv) {
    if (argc > 1) return compare(argv[1]);
    print_page(stdout);
    return 0;
}
