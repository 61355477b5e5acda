#include "file/spm.h"

#include "base/alloc.h"
#include "base/error.h"
#include "file/proto.h"

#include <stdio.h>

static sn_status read_piece(sn_reader r, sn_spm_piece *piece) {
    int64_t type = SN_SPM_NORMAL;
    while (sn_reader_left(&r)) {
        sn_proto_field field;
        SN_TRY(sn_proto_next(&r, &field));
        switch (field.number) {
        case 1: SN_TRY(sn_proto_text(&field, &piece->text)); break;
        case 2: SN_TRY(sn_proto_float(&field, &piece->score)); break;
        case 3: SN_TRY(sn_proto_int(&field, &type)); break;
        default: break;
        }
    }
    if (type < SN_SPM_NORMAL || type > SN_SPM_BYTE)
        return sn_fail(SN_ERR_FORMAT, "%s: a piece of type %lld, which does not exist", r.name, (long long)type);
    if (piece->score != piece->score) return sn_fail(SN_ERR_FORMAT, "%s: a piece whose score is no number", r.name);
    piece->type = (sn_spm_type)type;
    return SN_OK;
}

static sn_status read_trainer(sn_reader r, sn_spm *spm) {
    int64_t kind = spm->kind;
    while (sn_reader_left(&r)) {
        sn_proto_field field;
        SN_TRY(sn_proto_next(&r, &field));
        switch (field.number) {
        case 3: SN_TRY(sn_proto_int(&field, &kind)); break;
        case 24: SN_TRY(sn_proto_bool(&field, &spm->whitespace_as_suffix)); break;
        case 35: SN_TRY(sn_proto_bool(&field, &spm->byte_fallback)); break;
        case 40: SN_TRY(sn_proto_int(&field, &spm->unk_id)); break;
        case 41: SN_TRY(sn_proto_int(&field, &spm->bos_id)); break;
        case 42: SN_TRY(sn_proto_int(&field, &spm->eos_id)); break;
        case 43: SN_TRY(sn_proto_int(&field, &spm->pad_id)); break;
        case 44: SN_TRY(sn_proto_text(&field, &spm->unk_surface)); break;
        default: break;
        }
    }
    if (kind < SN_SPM_UNIGRAM || kind > SN_SPM_CHAR)
        return sn_fail(SN_ERR_FORMAT, "%s: model type %lld does not exist", r.name, (long long)kind);
    spm->kind = (sn_spm_kind)kind;
    return SN_OK;
}

static sn_status read_normalizer(sn_reader r, sn_spm_normalizer *n) {
    while (sn_reader_left(&r)) {
        sn_proto_field field;
        SN_TRY(sn_proto_next(&r, &field));
        switch (field.number) {
        case 1: SN_TRY(sn_proto_text(&field, &n->name)); break;
        case 2: SN_TRY(sn_proto_text(&field, &n->charsmap)); break;
        case 3: SN_TRY(sn_proto_bool(&field, &n->add_dummy_prefix)); break;
        case 4: SN_TRY(sn_proto_bool(&field, &n->remove_extra_whitespaces)); break;
        case 5: SN_TRY(sn_proto_bool(&field, &n->escape_whitespaces)); break;
        case 6: SN_TRY(sn_proto_text(&field, &n->rule_tsv)); break;
        default: break;
        }
    }
    return SN_OK;
}

/* One pass over the outer message. Without `pieces` it only counts them. */
static sn_status read_model(sn_reader r, sn_spm *spm) {
    spm->n_pieces = 0;
    while (sn_reader_left(&r)) {
        sn_proto_field field;
        SN_TRY(sn_proto_next(&r, &field));
        if (field.number >= 1 && field.number <= 5 && field.wire != SN_PROTO_BYTES)
            return sn_fail(SN_ERR_FORMAT, "%s: field %u is no message: this is no SentencePiece model", r.name,
                           field.number);
        if (field.number == 1) {
            if (spm->pieces) SN_TRY(read_piece(field.bytes, &spm->pieces[spm->n_pieces]));
            spm->n_pieces++;
        }
        if (!spm->pieces) continue;
        if (field.number == 2) SN_TRY(read_trainer(field.bytes, spm));
        if (field.number == 3) SN_TRY(read_normalizer(field.bytes, &spm->normalizer));
        if (field.number == 5) SN_TRY(read_normalizer(field.bytes, &spm->denormalizer));
    }
    return SN_OK;
}

static sn_status check_id(const sn_reader *r, const char *what, int64_t n, int64_t *id) {
    if (*id < 0) *id = -1;
    if (*id >= n)
        return sn_fail(SN_ERR_FORMAT, "%s: %s is %lld, there are %lld pieces", r->name, what, (long long)*id,
                       (long long)n);
    return SN_OK;
}

static sn_status read_all(sn_reader *r, sn_spm *spm) {
    const sn_spm_normalizer normalizer = {
        .add_dummy_prefix = true, .remove_extra_whitespaces = true, .escape_whitespaces = true};
    spm->kind = SN_SPM_UNIGRAM;
    spm->unk_id = 0, spm->bos_id = 1, spm->eos_id = 2, spm->pad_id = -1;
    spm->unk_surface = sn_text_of(" \xe2\x81\x87 ");
    spm->normalizer = spm->denormalizer = normalizer;
    SN_TRY(read_model(*r, spm));
    if (spm->n_pieces == 0) return sn_fail(SN_ERR_FORMAT, "%s: no pieces: this is no SentencePiece model", r->name);
    SN_TRY(sn_read_check_count(r, "pieces", (uint64_t)spm->n_pieces, 2, r->limits->items));
    spm->pieces = sn_calloc((size_t)spm->n_pieces, sizeof *spm->pieces);
    if (!spm->pieces) return sn_fail_memory("SentencePiece pieces");
    SN_TRY(read_model(*r, spm));
    SN_TRY(check_id(r, "unk_id", spm->n_pieces, &spm->unk_id));
    SN_TRY(check_id(r, "bos_id", spm->n_pieces, &spm->bos_id));
    SN_TRY(check_id(r, "eos_id", spm->n_pieces, &spm->eos_id));
    return check_id(r, "pad_id", spm->n_pieces, &spm->pad_id);
}

static sn_status read_memory(const char *path, const void *data, size_t size, const sn_read_limits *limits,
                             sn_spm *spm) {
    char name[300];
    snprintf(name, sizeof name, "sentencepiece: %.270s", path);
    sn_reader r = sn_reader_make(name, data, size, limits);
    return read_all(&r, spm);
}

static sn_status finish(sn_status status, sn_spm *spm, sn_spm **out) {
    if (status == SN_OK)
        *out = spm;
    else
        sn_spm_close(spm);
    return status;
}

sn_status sn_spm_open_memory(const char *name, const void *data, size_t size, const sn_read_limits *limits,
                             sn_spm **out) {
    sn_spm *spm = sn_calloc(1, sizeof *spm);
    if (!spm) return sn_fail_memory("a SentencePiece model");
    return finish(read_memory(name, data, size, limits, spm), spm, out);
}

sn_status sn_spm_open(const char *path, sn_spm **out) {
    sn_spm *spm = sn_calloc(1, sizeof *spm);
    if (!spm) return sn_fail_memory("a SentencePiece model");
    sn_status status = sn_map_open(path, &spm->map);
    if (status == SN_OK) status = read_memory(path, spm->map.data, spm->map.size, NULL, spm);
    return finish(status, spm, out);
}

void sn_spm_close(sn_spm *spm) {
    if (!spm) return;
    sn_map_close(&spm->map);
    sn_free(spm->pieces);
    sn_free(spm);
}
