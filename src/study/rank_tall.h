/* Matrices with many more rows than columns, a few rows at a time. */
#ifndef SN_STUDY_RANK_TALL_H
#define SN_STUDY_RANK_TALL_H

#include "suan/measure.h"

enum { SN_TALL_ROWS = 64 };

/* Rows from..from+n of the matrix, at most SN_TALL_ROWS; of one with more columns than rows, its columns as rows. */
typedef sn_status (*sn_rows_fn)(void *user, int64_t from, int64_t n, double *out);

/* As sn_rank. QR of the rows read so far with the next ones (Golub and Van Loan, 6.5): R has the same singular values.
 */
sn_status sn_rank_tall(sn_rows_fn read, void *user, int64_t rows, int64_t cols, const sn_rank_options *options,
                       sn_rank_result *out);

#endif
