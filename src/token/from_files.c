/* SentencePiece .model, llama2.c .bin and tiktoken rank files as pipelines. */
#include "token/from_files.h"
#include "base/alloc.h"
#include "base/error.h"
#include "file/llama2c_tokenizer.h"
#include "file/spm.h"
#include "file/tiktoken.h"
#include "token/bytelevel.h"
#include "token/parts.h"
#include "token/pre_table.h"

#include <stdio.h>
#include <string.h>

static sn_status around(sn_tokenizer *t, int32_t bos, int32_t eos) {
    if (bos >= 0) t->prefix[t->n_prefix++] = bos;
    if (eos >= 0) t->suffix[t->n_suffix++] = eos;
    return SN_OK;
}

/* ---- SentencePiece ---- */

static sn_status spm_supported(const sn_spm *f) {
    if (f->kind != SN_SPM_BPE && f->kind != SN_SPM_UNIGRAM)
        return sn_fail(SN_ERR_UNSUPPORTED, "sentencepiece: model type %s is not supported",
                       f->kind == SN_SPM_WORD ? "word" : "char");
    if (f->whitespace_as_suffix)
        return sn_fail(SN_ERR_UNSUPPORTED, "sentencepiece: treat_whitespace_as_suffix is not supported");
    if (!f->normalizer.escape_whitespaces)
        return sn_fail(SN_ERR_UNSUPPORTED, "sentencepiece: escape_whitespaces=false is not supported");
    if (f->denormalizer.charsmap.size)
        return sn_fail(SN_ERR_UNSUPPORTED, "sentencepiece: a denormalizer is not supported");
    return SN_OK;
}

static int32_t id_in(const sn_tokenizer *t, int64_t id) { return id >= 0 && id < t->vocab.n ? (int32_t)id : -1; }

sn_status sn_tokenizer_fill_spm(sn_tokenizer *t, const sn_spm *f) {
    sn_step *step = 0;
    SN_TRY(spm_supported(f));
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, f->n_pieces));
    for (int32_t i = 0; i < t->vocab.n; i++) {
        const sn_spm_piece *p = &f->pieces[i];
        SN_TRY(sn_vocab_set(&t->vocab, &t->arena, i, p->text, (double)p->score, (sn_token_type)p->type));
    }
    t->bos = id_in(t, f->bos_id), t->eos = id_in(t, f->eos_id), t->pad = id_in(t, f->pad_id);
    t->unk = t->model.unk = id_in(t, f->unk_id);
    if (f->normalizer.charsmap.size) {
        SN_TRY(sn_tokenizer_keep(t, f->normalizer.charsmap, &t->source.charsmap));
        SN_TRY(sn_add_normalizer(t, sn_find_normalizer("(SentencePiece character map)"), &step));
        SN_TRY(sn_charsmap_read(t->source.charsmap, &step->charsmap));
    }
    t->source.add_space_prefix = f->normalizer.add_dummy_prefix;
    t->source.remove_extra_spaces = f->normalizer.remove_extra_whitespaces;
    SN_TRY(sn_tokenizer_sentencepiece_steps(t, t->source.add_space_prefix, t->source.remove_extra_spaces));
    if (f->byte_fallback) sn_tokenizer_find_bytes(t);
    t->model.fuse_unk = true;
    bool bpe = f->kind == SN_SPM_BPE;
    t->kind = bpe ? "spm-bpe" : "unigram";
    t->source.model = bpe ? "llama" : "t5";
    if (bpe && (t->source.charsmap.size || t->source.remove_extra_spaces))
        t->source.why =
            "its normalizer (a character map, or the removal of extra spaces) has no place in GGUF's llama kind";
    t->model.def = &sn_token_bpe;
    SN_TRY(bpe ? sn_tokenizer_rank_by_score(t) : sn_tokenizer_make_unigram(t));
    SN_TRY(sn_tokenizer_added_from_types(t, true));
    return around(t, bpe ? t->bos : -1, bpe ? -1 : t->eos);
}

/* ---- llama2.c ---- */

static bool is_byte_name(sn_text text) {
    return text.size == 6 && memcmp(text.data, "<0x", 3) == 0 && text.data[5] == '>';
}

/* The file holds pieces as printed: spaces for U+2581, and line breaks around <s> and </s>. */
static sn_status llama2c_piece(sn_tokenizer *t, int32_t id, const sn_llama2c_piece *p, sn_buf *piece) {
    static const char *const specials[] = {"<unk>", "<s>", "</s>"};
    sn_token_type type = SN_TOKEN_NORMAL;
    sn_text text = p->text;
    piece->size = 0;
    if (id < 3) {
        text = sn_text_of(specials[id]);
        type = id == 0 ? SN_TOKEN_UNKNOWN : SN_TOKEN_CONTROL;
    } else if (is_byte_name(text)) {
        type = SN_TOKEN_BYTE;
    }
    for (size_t i = 0; i < text.size; i++)
        SN_TRY(text.data[i] == ' ' ? sn_buf_append(piece, SN_SPACE_MARK, 3) : sn_buf_append(piece, text.data + i, 1));
    return sn_vocab_set(&t->vocab, &t->arena, id, (sn_text){piece->data, piece->size}, (double)p->score, type);
}

sn_status sn_tokenizer_fill_llama2c(sn_tokenizer *t, const sn_llama2c_tokenizer *f) {
    if (f->n_pieces < 3) return sn_fail(SN_ERR_FORMAT, "llama2.c tokenizer: %lld pieces", (long long)f->n_pieces);
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, f->n_pieces));
    sn_buf piece = {0};
    sn_status status = SN_OK;
    for (int32_t i = 0; i < t->vocab.n && status == SN_OK; i++) status = llama2c_piece(t, i, &f->pieces[i], &piece);
    sn_buf_free(&piece);
    SN_TRY(status);
    t->kind = "spm-bpe";
    t->unk = t->model.unk = 0, t->bos = 1, t->eos = 2;
    t->source = (sn_token_source){.model = "llama", .add_space_prefix = true};
    t->model.def = &sn_token_bpe;
    t->model.fuse_unk = true;
    sn_tokenizer_find_bytes(t);
    if (!t->model.byte_fallback) sn_tokenizer_shift_bytes(t, 3); /* as llama2.c, which never looks what is there */
    SN_TRY(sn_tokenizer_rank_by_score(t));
    SN_TRY(sn_tokenizer_sentencepiece_steps(t, true, false));
    SN_TRY(sn_tokenizer_added_from_types(t, true));
    return around(t, t->bos, -1);
}

/* ---- tiktoken ---- */

/* A rank file says neither how text is cut nor which special tokens there are: both are known by its size. */
typedef struct rank_file {
    int64_t n_ranks;
    const char *pre;      /* a name of the pre-tokenizer table */
    const char *specials; /* "token id", separated by blanks; the first is the end of text */
} rank_file;

static const rank_file rank_files[] = {
    {50256, "gpt-2", "<|endoftext|> 50256"},
    {50257, "gpt-2", "<|endoftext|> 50257 <|startoftranscript|> 50258"}, /* Whisper's multilingual ranks */
    {50280, "gpt-2", "<|endoftext|> 50256 <|fim_prefix|> 50281 <|fim_middle|> 50282 <|fim_suffix|> 50283"},
    {100256, "dbrx",
     "<|endoftext|> 100257 <|fim_prefix|> 100258 <|fim_middle|> 100259 <|fim_suffix|> 100260 <|endofprompt|> 100276"},
    {128000, "llama-bpe",
     "<|end_of_text|> 128001 <|begin_of_text|> 128000 <|start_header_id|> 128006 <|end_header_id|> 128007 "
     "<|eom_id|> 128008 <|eot_id|> 128009 <|python_tag|> 128010"},
    {151643, "qwen2", "<|endoftext|> 151643 <|im_start|> 151644 <|im_end|> 151645"},
    {199998, "gpt-4o", "<|endoftext|> 199999 <|endofprompt|> 200018"},
};

static sn_status read_specials(sn_tokenizer *t, const char *list, bool store, int64_t *top) {
    char name[64];
    long id;
    int used;
    for (bool first = true; sscanf(list, "%63s %ld%n", name, &id, &used) == 2; list += used, first = false) {
        if (id > *top) *top = id;
        if (!store) continue;
        if (!t->vocab.pieces[id].data)
            SN_TRY(sn_vocab_set(&t->vocab, &t->arena, (int32_t)id, sn_text_of(name), 0, SN_TOKEN_CONTROL));
        t->vocab.types[id] = SN_TOKEN_CONTROL;
        if (first) t->eos = (int32_t)id;
        if (strcmp(name, "<|begin_of_text|>") == 0) t->bos = (int32_t)id;
    }
    return SN_OK;
}

/* Pieces in the byte alphabet, ranked by their own number: merging is by the text that results. */
static sn_status read_ranks(sn_tokenizer *t, const sn_tiktoken *f) {
    sn_buf piece = {0};
    sn_status status = SN_OK;
    t->model.ranks = sn_arena_array(&t->arena, (size_t)t->vocab.n, sizeof(uint32_t));
    if (!t->model.ranks) return sn_fail_memory("tokenizer ranks");
    memset(t->model.ranks, 0xFF, (size_t)t->vocab.n * sizeof(uint32_t));
    for (int64_t i = 0; i < f->n_ranks && status == SN_OK; i++) {
        int32_t id = (int32_t)f->ranks[i].rank;
        piece.size = 0;
        status = sn_bytes_to_characters(f->ranks[i].bytes, &piece);
        if (status == SN_OK)
            status = sn_vocab_set(&t->vocab, &t->arena, id, (sn_text){piece.data, piece.size}, 0, SN_TOKEN_NORMAL);
        if (status == SN_OK) t->model.ranks[id] = (uint32_t)id;
    }
    sn_buf_free(&piece);
    return status;
}

sn_status sn_tokenizer_fill_tiktoken(sn_tokenizer *t, const sn_tiktoken *f) {
    const rank_file *known = 0;
    for (size_t i = 0; i < sizeof rank_files / sizeof rank_files[0]; i++)
        if (rank_files[i].n_ranks == f->n_ranks) known = &rank_files[i];
    if (!known)
        return sn_fail(SN_ERR_UNSUPPORTED,
                       "tiktoken: %lld ranks: how the text is cut is not in the file and this size is not a known one",
                       (long long)f->n_ranks);
    int64_t top = f->ranks[f->n_ranks - 1].rank;
    SN_TRY(read_specials(t, known->specials, false, &top));
    if (top > 2 * f->n_ranks)
        return sn_fail(SN_ERR_FORMAT, "tiktoken: rank %lld of %lld", (long long)top, (long long)f->n_ranks);
    SN_TRY(sn_vocab_init(&t->vocab, &t->arena, top + 1));
    SN_TRY(read_ranks(t, f));
    SN_TRY(read_specials(t, known->specials, true, &top));
    t->kind = "bpe";
    t->model.def = &sn_token_bpe;
    t->model.ignore_merges = true;
    t->source = (sn_token_source){.model = "gpt2", .pre = known->pre};
    const sn_pre_def *pre = sn_find_pre(known->pre);
    sn_step *step = 0;
    SN_TRY(sn_tokenizer_add_patterns(t, pre->patterns));
    SN_TRY(sn_add_pretokenizer(t, sn_find_pretokenizer("ByteLevel"), &step));
    SN_TRY(sn_add_decoder(t, sn_find_decoder("ByteLevel"), &step));
    SN_TRY(sn_tokenizer_added_from_types(t, false));
    return around(t, t->bos, -1);
}
