/* Which components there are, and where they are kept. */
#include "math/curvature.h"

#include <string.h>

static const struct {
    const char *name;
    int rank;
} tensors[SN_CURVATURE_N_TENSORS] = {
    [SN_CURVATURE_METRIC] = {"metric", 2},           [SN_CURVATURE_INVERSE] = {"inverse_metric", 2},
    [SN_CURVATURE_DETERMINANT] = {"determinant", 0}, [SN_CURVATURE_CHRISTOFFEL] = {"christoffel", 3},
    [SN_CURVATURE_RIEMANN] = {"riemann", 4},         [SN_CURVATURE_RICCI] = {"ricci", 2},
    [SN_CURVATURE_SCALAR] = {"ricci_scalar", 0},     [SN_CURVATURE_WEYL] = {"weyl", 4},
    [SN_CURVATURE_EINSTEIN] = {"einstein", 2},       [SN_CURVATURE_KRETSCHMANN] = {"kretschmann", 0},
};

const char *sn_curvature_tensor_name(sn_curvature_tensor tensor) { return tensors[tensor].name; }
int sn_curvature_rank(sn_curvature_tensor tensor) { return tensors[tensor].rank; }

/* C(n, k) for k of at most 4. */
static int64_t choose(int64_t n, int64_t k) {
    int64_t ways = 1;
    if (n < k) return 0;
    for (int64_t i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
    return ways;
}

sn_status sn_curvature_count(int64_t n, sn_curvature_counts *out) {
    if (n < 1 || n > 10000)
        return sn_fail(SN_ERR_ARGUMENT, "the dimension must be from 1 to 10000, not %lld", (long long)n);
    int64_t pairs = choose(n, 2), symmetric = pairs + n;
    *out = (sn_curvature_counts){.all = n * n * n * n,
                                 .metric = symmetric,
                                 .christoffel = n * symmetric,
                                 .riemann = pairs * (pairs + 1) / 2 - choose(n, 4),
                                 .ricci = n == 1   ? 0
                                          : n == 2 ? 1
                                                   : symmetric,
                                 .kretschmann = n > 1};
    out->weyl = n < 4 ? 0 : out->riemann - symmetric;
    return SN_OK;
}

static int symmetric_index(int n, int a, int b) {
    int low = a < b ? a : b, high = a < b ? b : a;
    return low * n - low * (low - 1) / 2 + high - low;
}

/* Of a < b; the sign changes for b < a, and is 0 for a = b. */
static int pair_index(int n, int a, int b, int *sign) {
    if (a == b) *sign = 0;
    if (a > b) *sign = -*sign;
    int low = a < b ? a : b, high = a < b ? b : a;
    return a == b ? 0 : low * n - low * (low + 1) / 2 + high - low - 1;
}

int64_t sn_curvature_size(int n, sn_curvature_tensor tensor) {
    int symmetric = n * (n + 1) / 2, pairs = n * (n - 1) / 2;
    switch (tensors[tensor].rank) {
    case 0: return 1;
    case 2: return symmetric;
    case 3: return n * symmetric;
    default: return pairs * (pairs + 1) / 2;
    }
}

int64_t sn_curvature_find(int n, sn_curvature_tensor tensor, const int *index, int *sign) {
    *sign = 1;
    switch (tensors[tensor].rank) {
    case 0: return 0;
    case 2: return symmetric_index(n, index[0], index[1]);
    case 3: return index[0] * (n * (n + 1) / 2) + symmetric_index(n, index[1], index[2]);
    default: break;
    }
    int left = pair_index(n, index[0], index[1], sign), right = pair_index(n, index[2], index[3], sign);
    return *sign ? symmetric_index(n * (n - 1) / 2, left, right) : 0;
}

bool sn_curvature_follows(const int *i) { return i[0] < i[2] && i[2] < i[3] && i[3] < i[1]; }

static bool is_kept(int n, sn_curvature_tensor tensor, const int *i) {
    int sign = 1;
    switch (tensors[tensor].rank) {
    case 2: return i[0] <= i[1];
    case 3: return i[1] <= i[2];
    case 4: return i[0] < i[1] && i[2] < i[3] && pair_index(n, i[0], i[1], &sign) <= pair_index(n, i[2], i[3], &sign);
    default: return true;
    }
}

bool sn_curvature_next(int n, sn_curvature_tensor tensor, int *index) {
    int rank = tensors[tensor].rank;
    for (;;) {
        int k = rank - 1;
        while (k >= 0 && ++index[k] == n) index[k--] = 0;
        if (k < 0) return false;
        if (is_kept(n, tensor, index)) return true;
    }
}
