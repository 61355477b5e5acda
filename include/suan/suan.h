/* suan: generative models in C. This header includes all others.
 *
 * Conventions. Functions that can fail return sn_status (0 is fine) and leave a message in sn_last_error().
 * Who creates an object frees it with the matching _free or _close, which accept NULL; arguments are borrowed
 * unless named take_*. There is no hidden global state. Sizes are int64_t elements, or size_t bytes. Options are
 * structs with a _defaults function; new fields are no break. */
#ifndef SUAN_SUAN_H
#define SUAN_SUAN_H

#include "suan/array.h"
#include "suan/bench.h"
#include "suan/build.h"
#include "suan/curvature.h"
#include "suan/figures.h"
#include "suan/fit.h"
#include "suan/graph.h"
#include "suan/mad.h"
#include "suan/math.h"
#include "suan/measure.h"
#include "suan/model.h"
#include "suan/optim.h"
#include "suan/parity.h"
#include "suan/plot.h"
#include "suan/position.h"
#include "suan/probe.h"
#include "suan/recipe.h"
#include "suan/session.h"
#include "suan/status.h"
#include "suan/story.h"
#include "suan/study.h"
#include "suan/tensor.h"
#include "suan/tokenizer.h"
#include "suan/train.h"

#endif
