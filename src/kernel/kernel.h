/* Kernel records and the run-time choice between them.
 *
 * A kernel computes one op for some dtypes, layouts and instruction sets. It cannot fail: everything
 * it needs is checked by `applicable` when a plan is made. Contract: outputs never overlap inputs,
 * unless the op allows in-place use and out[0].data == in[k].data; outputs are contiguous; nothing is
 * allocated in `run`. */
#ifndef SN_KERNEL_KERNEL_H
#define SN_KERNEL_KERNEL_H

#include "base/cpu.h"
#include "base/threads.h"
#include "suan/tensor.h"

#include <stddef.h>

enum { SN_MAX_INPUTS = 12, SN_MAX_OUTPUTS = 4 };

/* One call: descriptors at plan time (data NULL), the same with data at run time. */
typedef struct sn_call {
    const void *attr; /* the op's attribute struct; the tuned ops' are in kernel/attr.h */
    int n_in, n_out;
    sn_tensor in[SN_MAX_INPUTS]; /* an absent optional input has n_dims -1 */
    sn_tensor out[SN_MAX_OUTPUTS];
    void *workspace; /* 64-byte aligned, as many bytes as `workspace` asked for */
    sn_team *team;
    sn_precision precision;
} sn_call;

typedef void (*sn_run_fn)(const sn_call *call);

typedef struct sn_kernel {
    const char *op, *name; /* "matmul", "onednn" */
    sn_isa isa;            /* needs at least this level */
    int rank;              /* the applicable kernel of highest rank runs */
    bool (*applicable)(const sn_call *call);
    size_t (*workspace)(const sn_call *call, int n_threads); /* NULL: none */
    sn_run_fn run;
    double (*tolerance)(const sn_call *call); /* relative, against the reference; NULL or 0: the op's */
    bool threads_vary; /* the last bits may depend on the number of threads; otherwise tests demand that they do not */
} sn_kernel;

/* All records, made by the build from src/kernel/<op>_<variant>.c, each defining
 * `const sn_kernel sn_kernel_<op>_<variant>`. Ends with NULL. */
extern const sn_kernel *const sn_kernel_table[];

/* The kernel to run, or NULL where only the op's reference applies. SN_FORCE_KERNEL=op:name[,op:name]
 * picks one by name ("ref" for the reference). */
const sn_kernel *sn_kernel_choose(const char *op, const sn_call *call);

/* For `tolerance`, of kernels that round operands to 8 bits: one such rounding (2^-8) of the largest result, which the
 * comparison sees as ten times that share of a tenth of it. */
#define SN_TOLERANCE_8_BITS (10.0 / 256)

static inline bool sn_call_has(const sn_call *call, int i) { return i < call->n_in && call->in[i].n_dims >= 0; }

#endif
