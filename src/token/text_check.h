/* Refusing what is no text before anything is learnt from it. */
#ifndef SN_TOKEN_TEXT_CHECK_H
#define SN_TOKEN_TEXT_CHECK_H

#include "file/corpus.h"

/* SN_ERR_FORMAT with file and byte where a part is not UTF-8 or holds a zero. */
sn_status sn_part_check(const sn_part *part);

#endif
