/* Which pieces of documents share a row. */
#ifndef SN_TRAIN_PACKING_H
#define SN_TRAIN_PACKING_H

#include "train/data.h"

typedef struct sn_piece {
    int64_t start; /* token of the file */
    int32_t size;  /* tokens, at most the context */
    bool ends;     /* the piece reaches the document's last token: it has no next one in the file */
} sn_piece;

typedef struct sn_packed {
    sn_piece *pieces; /* by row */
    int64_t *rows;    /* n_rows + 1: first piece of each */
    int64_t n_pieces, n_rows, n_tokens;
    int max_pieces; /* of a row */
} sn_packed;

enum { SN_ROW_PIECES = 64 };

/* Cuts documents into pieces of at most `context` tokens and puts them into rows, the longest first, each into the
 * fullest row that takes it (best-fit decreasing), at most SN_ROW_PIECES in one. A document's last token is left out
 * where nothing is to follow it (`end_target` -1). */
sn_status sn_pack_documents(const sn_token_range *range, int64_t context, sn_packed *out);
void sn_packed_free(sn_packed *p);

#endif
