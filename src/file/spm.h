/* SentencePiece .model files: the pieces and what the tokenizer must know of how they were trained. The layout is
 * sentencepiece_model.proto. Texts point into the map. */
#ifndef SN_FILE_SPM_H
#define SN_FILE_SPM_H

#include "base/map.h"
#include "file/reader.h"

/* The numbers are the format's, of both. */
typedef enum sn_spm_kind { SN_SPM_UNIGRAM = 1, SN_SPM_BPE = 2, SN_SPM_WORD = 3, SN_SPM_CHAR = 4 } sn_spm_kind;
typedef enum sn_spm_type {
    SN_SPM_NORMAL = 1,
    SN_SPM_UNKNOWN = 2,
    SN_SPM_CONTROL = 3,
    SN_SPM_USER_DEFINED = 4,
    SN_SPM_UNUSED = 5,
    SN_SPM_BYTE = 6
} sn_spm_type;

typedef struct sn_spm_piece {
    sn_text text;
    float score; /* never NaN */
    sn_spm_type type;
} sn_spm_piece;

typedef struct sn_spm_normalizer {
    sn_text name, charsmap, rule_tsv; /* charsmap: the precompiled map, empty where there is none */
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
} sn_spm_normalizer;

typedef struct sn_spm {
    sn_spm_kind kind;
    bool byte_fallback, whitespace_as_suffix;
    int64_t unk_id, bos_id, eos_id, pad_id; /* -1: there is none */
    sn_text unk_surface;                    /* what an unknown piece decodes to */
    sn_spm_normalizer normalizer, denormalizer;
    int64_t n_pieces;
    sn_spm_piece *pieces;
    sn_map map; /* empty over memory */
} sn_spm;

sn_status sn_spm_open(const char *path, sn_spm **out);
sn_status sn_spm_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_spm **out);
void sn_spm_close(sn_spm *spm);

#endif
