/* Sources and measures of self-consuming loops. */
#ifndef SN_STUDY_MAD_H
#define SN_STUDY_MAD_H

#include "suan/mad.h"

/* n real points; uses the streams `stream` and stream + 1. */
void sn_mad_draw(const sn_mad_source *s, uint64_t seed, uint64_t stream, int64_t n, double *out);
/* Mean [d] and covariance [d, d]; false for a table. */
bool sn_mad_source_moments(const sn_mad_source *s, double *mean, double *covariance);

/* Lower factor of a positive semidefinite a [d, d]: columns whose pivot is only rounding are zero. */
void sn_factor_semidefinite(const double *a, int64_t d, double *l);

#endif
