/* Studies of a language model: perplexity and the comparison of context methods. */
#ifndef SUAN_STUDY_H
#define SUAN_STUDY_H

#include "suan/session.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
