#!/usr/bin/env python3
"""Compares suan with the `tokenizers` package, id for id, on many texts and tokenizers, and prints the counts.

  tokenizer_parity.py --lib build/release/libsuan.so --corpus corpus.en [--texts 2400] [--seed 1] [--only NAME,NAME]
                      [--file tokenizer.json ...] [--folder KEEP]

For every tokenizer and text: the ids with and without special tokens, and with those in the text read as text; the text decoded with and without special
tokens, and the streamed decode, whose parts must be well-formed UTF-8 and make up the whole. Lists of random ids are
decoded too. The tokenizers are made here with the package (those of tokenizer_goldens.py and more), and given as files.
Ends with status 1 when anything differs. Needs the packages tokenizers and sentencepiece.
"""
import argparse
import ctypes
import itertools
import json
import os
import random
import sys
import tempfile

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tokenizer_goldens as goldens
from tokenizer_goldens import ADDED, KINDS, TRICKY, changed_model, character_bpe, metaspace_bpe, plus, split, template

# ---- suan, by its public functions ----


class Options(ctypes.Structure):
    _fields_ = [("add_special", ctypes.c_bool), ("parse_special", ctypes.c_bool)]


class Suan:
    """One tokenizer of the library."""

    def __init__(self, lib, path):
        self.lib, self.handle = lib, ctypes.c_void_p()
        self.check(lib.sn_tokenizer_open(path.encode(), ctypes.byref(self.handle)))

    def check(self, status):
        if status:
            self.lib.sn_last_error.restype = ctypes.c_char_p
            raise RuntimeError(self.lib.sn_last_error().decode())

    def close(self):
        self.lib.sn_tokenizer_free(self.handle)

    def encode(self, text, special, parse=True):
        data = text.encode()
        ids, n = ctypes.POINTER(ctypes.c_int32)(), ctypes.c_int64()
        options = Options(special, parse)
        self.check(self.lib.sn_tokenizer_encode(self.handle, data, ctypes.c_size_t(len(data)), ctypes.byref(options),
                                                ctypes.byref(ids), ctypes.byref(n)))
        out = ids[:n.value]
        self.lib.sn_ids_free(ids)
        return out

    def decode(self, ids, special):
        array = (ctypes.c_int32 * len(ids))(*ids)
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        self.check(self.lib.sn_tokenizer_decode(self.handle, array, ctypes.c_int64(len(ids)), ctypes.c_bool(special),
                                                ctypes.byref(text), ctypes.byref(size)))
        out = ctypes.string_at(text.value, size.value).decode()
        self.lib.sn_text_free(text)
        return out

    def stream(self, ids):
        """The streamed decode; fails where a part is not UTF-8 by itself."""
        d, text, size, out = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t(), []
        self.check(self.lib.sn_detokenizer_new(self.handle, ctypes.c_bool(False), ctypes.byref(d)))
        for i in ids:
            self.check(self.lib.sn_detokenizer_push(d, ctypes.c_int32(i), ctypes.byref(text), ctypes.byref(size)))
            out.append(ctypes.string_at(text.value, size.value).decode())
        self.check(self.lib.sn_detokenizer_finish(d, ctypes.byref(text), ctypes.byref(size)))
        out.append(ctypes.string_at(text.value, size.value).decode())
        self.lib.sn_detokenizer_free(d)
        return "".join(out)


# ---- Texts ----

POOLS = {
    "ascii": [chr(c) for c in range(32, 127)],
    "words": "the The THE quick isn't they'LL we've I'D 1234 3.14 1,000,000 café naïve Straße İstanbul ΣΊΣΥΦΟΣ ﬁne ½ x² Å e\u0301 a\u0323\u0307 "
             "single <special> <lstrip> <rstrip> <|endoftext|> [MASK] <s> </s> <unk> <0x41> <0xE4> ▁ ▁the ## ##ing don`t “quoted” — … ".split(" "),
    "space": [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\u00a0", "\u3000", "\u2009", "\u200b", "\x0b", "\x85", "\u2028"],
    "chinese": list("今天天气很好，我们一起去公园散步吧。明天可能会下雨！東京は日本の首都です「カタカナ」ｶﾀｶﾅＡＢＣ１２３㍿㎏안녕하세요각豈𠀀𫝀"),
    "emoji": ["😀", "👍", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "❤️", "🇩🇪", "🇫", "☃", "🧑🏿‍🚀", "1️⃣", "\u200d", "\ufe0f", "🏻", "👨‍👩", "🫠", "🪿"],
    "scripts": list("Приветкакделаשָׁלוֹםمَرْحَبًاनमस्तेदुनियाไทยภาษาქართულიΚαλημέραĐđŁłỄșžǅıſßẞΩKﬆ"),
    "marks": ["\u0301", "\u0323", "\u0307", "\u0345", "\u034f", "\u1100\u1161\u11a8", "각", "a", "e", "o", "\u0f71\u0f72", "ỗ", "ς", "Σ"],
    "code": ["def ", "f(x)", ":\n", "    ", "\t", "return ", "x->y", "!=", "&&", "==", "{", "}", "();", "// ", "#include <", ">\n", '"', "'", "\\n", "_a1",
             "0x1F", "1e-5", "[i]", "CamelCase", "snake_case", "/**/", "$", "`"],
    "controls": [chr(c) for c in (*range(1, 32), 0, 0x7F, 0x80, 0x8F, 0x9F, 0xAD, 0x180E, 0x200C, 0x200D, 0x200E, 0x202E, 0x2060, 0xFEFF, 0xFFFD, 0xE000, 0xF8FF)],
}


def any_character(rng):
    while True:
        c = rng.choice([rng.randrange(0x800), rng.randrange(0x3000), rng.randrange(0x10000), rng.randrange(0x1FFFF), rng.randrange(0x110000)])
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def make_texts(n, seed, corpus):
    """n different texts: pieces of the corpus, of one pool, of several, any characters, and bytes read as UTF-8."""
    rng = random.Random(seed)
    texts = list(dict.fromkeys(goldens.TEXTS))
    names = list(POOLS)
    while len(texts) < n:
        kind, size = rng.randrange(10), rng.choice([1, 2, 3, 5, 8, 13, 30])
        if kind == 0:
            at = rng.randrange(len(corpus) - 400)
            text = corpus[at:at + rng.randrange(1, 300)]
        elif kind == 1:
            text = bytes(rng.randrange(256) for _ in range(size)).decode("utf-8", "replace")
        elif kind == 2:
            text = "".join(any_character(rng) for _ in range(size))
        elif kind < 6:
            pool = POOLS[rng.choice(names)]
            text = "".join(rng.choice(pool) for _ in range(size))
        else:
            glue = rng.choice(["", "", " "])
            text = glue.join(rng.choice(POOLS[rng.choice(names)]) for _ in range(size))
        text = rng.choice(["", "", "", " ", "  ", "\n", "\u00a0", "\u200b"]) + text + rng.choice(["", "", "", " ", "\n"])
        texts.append(text)
        texts = texts if len(texts) < n else list(dict.fromkeys(texts))
    return texts


# ---- Tokenizers ----

def wordpiece(normalizer, pre):
    def make(corpus, vocab):
        tok = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
        tok.normalizer, tok.pre_tokenizer = normalizer, pre
        tok.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=vocab, special_tokens=["[UNK]", "[CLS]", "[SEP]"],
                                                                 show_progress=False))
        tok.decoder = decoders.WordPiece(prefix="##", cleanup=True)
        tok.post_processor = template("[CLS]", "[SEP]", tok)
        tok.add_tokens(TRICKY)
        return tok
    return make


def suffix_bpe(corpus, vocab):
    """As CLIP's: the end of a word is marked."""
    tok = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([split(Regex(r"'s|'t|'re|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", True)])
    tok.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=vocab, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
    tok.decoder = decoders.Replace("</w>", " ")
    return tok


SPLITS = {f"split_{behavior}{'_inverted' if invert else ''}": character_bpe(split(Regex(pattern), behavior, invert))
          for (behavior, pattern), invert in itertools.product(
              [("removed", r"\s+"), ("isolated", r"[\w']+"), ("merged_with_previous", r"[^\w\s]"), ("merged_with_next", r"\p{Lu}|\s"),
               ("contiguous", r"\d|[aeiou]")], [False, True])}
PUNCTUATION = {f"punctuation_{behavior}": character_bpe(pre_tokenizers.Punctuation(behavior))
               for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")}
FORMS = {f"form_{name.lower()}": character_bpe(pre_tokenizers.WhitespaceSplit(), getattr(normalizers, name)())
         for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "Strip", "BertNormalizer")}

MORE = {
    **SPLITS, **PUNCTUATION, **FORMS,
    "gpt2_tricky": plus(KINDS["gpt2"], TRICKY),
    "llama3_tricky": plus(KINDS["llama3"], TRICKY),
    "qwen2_tricky": plus(KINDS["qwen2"], TRICKY),
    "fallback_tricky": plus(KINDS["fallback_bpe"], TRICKY),
    "fallback_unfused": changed_model(KINDS["fallback_bpe"], fuse_unk=False),
    "fallback_off": changed_model(KINDS["fallback_bpe"], byte_fallback=False),
    "fallback_off_unfused": changed_model(KINDS["fallback_bpe"], byte_fallback=False, fuse_unk=False),
    "no_unk": changed_model(KINDS["cut_next"], unk_token=None),
    "metaspace_always": metaspace_bpe("always"),
    "metaspace_first": metaspace_bpe("first", added=TRICKY),
    "metaspace_never": metaspace_bpe("never", added=ADDED),
    "metaspace_whole": metaspace_bpe("first", cut=False),
    "metaspace_first_strip": metaspace_bpe("first", normalizer=normalizers.Strip(), added=TRICKY),
    "metaspace_first_nmt": metaspace_bpe("first", normalizer=normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(True, False)])),
    "metaspace_first_replace": metaspace_bpe("first", normalizer=normalizers.Replace(Regex(r"^\s+|\d"), "")),
    "metaspace_first_prepend": metaspace_bpe("first", normalizer=normalizers.Sequence([normalizers.Strip(), normalizers.Prepend("x")])),
    "metaspace_first_accents": metaspace_bpe("first", normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents()])),
    "metaspace_first_bert": metaspace_bpe("first", normalizer=normalizers.BertNormalizer()),
    "metaspace_first_words": metaspace_bpe("first", before=[pre_tokenizers.WhitespaceSplit()]),
    "metaspace_first_removed": metaspace_bpe("first", before=[split(Regex(r"[\s\d]+"), "removed")], added=ADDED),
    "metaspace_always_digits": metaspace_bpe("always", before=[pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.Punctuation()]),
    "digits": character_bpe(pre_tokenizers.Digits(individual_digits=False)),
    "digits_single": character_bpe(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)])),
    "whitespace": character_bpe(pre_tokenizers.Whitespace()),
    "delimiter": character_bpe(pre_tokenizers.CharDelimiterSplit("e")),
    "suffix": suffix_bpe,
    "bert_cased": wordpiece(normalizers.BertNormalizer(lowercase=False, strip_accents=False), pre_tokenizers.BertPreTokenizer()),
    "bert_accents": wordpiece(normalizers.BertNormalizer(lowercase=False, strip_accents=True), pre_tokenizers.BertPreTokenizer()),
    "bert_raw": wordpiece(normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=False), pre_tokenizers.Whitespace()),
    "byte_normalizer": character_bpe(split(Regex("Ġ"), "merged_with_next"), normalizers.Sequence([normalizers.NFC(), normalizers.ByteLevel()])),
    "unigram_never": goldens.unigram(False, "never", True),
    "unigram_map_first": goldens.unigram(True, "first", True),
    "unigram_tricky": plus(goldens.unigram(True, "always", False), TRICKY),
}


# ---- The comparison ----


class Count:
    def __init__(self):
        self.compared = self.different = self.broken = 0
        self.by_tokenizer = {}

    def same(self, name, what, case, want, got):
        self.compared += 1
        if want == got:
            return
        self.different += 1
        seen = self.by_tokenizer.setdefault(name, 0)
        self.by_tokenizer[name] += 1
        if seen < LIMIT:
            print(f"{name}: {what} of {case!a}\n  package {want!a}\n  suan    {got!a}")


LIMIT = 3


def byte_of(piece):
    return int(piece[3:5], 16) if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">") else None


def broken_run(tok, ids):
    """Whether a run of byte tokens is not UTF-8: the one thing suan decodes otherwise, and says so (docs/tokenizers.md)."""
    run = b""
    for i in [*ids, None]:
        byte = None if i is None else byte_of(tok.id_to_token(i))
        if byte is not None:
            run += bytes([byte])
            continue
        try:
            run.decode()
        except UnicodeDecodeError:
            return True
        run = b""
    return False


def random_ids(tok, rng):
    """Ids of any tokens but those of bytes."""
    size = tok.get_vocab_size()
    ids = [rng.randrange(size) for _ in range(rng.randrange(1, 12))]
    return [i for i in ids if tok.id_to_token(i) is not None and byte_of(tok.id_to_token(i)) is None]


def compare(count, name, tok, suan, texts, seed):
    rng = random.Random(seed)
    for text in texts:
        ids = tok.encode(text).ids
        count.same(name, "ids", text, ids, suan.encode(text, True))
        count.same(name, "ids without special tokens", text, tok.encode(text, add_special_tokens=False).ids, suan.encode(text, False))
        tok.encode_special_tokens = True
        count.same(name, "ids of plain text", text, tok.encode(text, add_special_tokens=False).ids, suan.encode(text, False, False))
        tok.encode_special_tokens = False
        if broken_run(tok, ids):
            count.broken += 1
            continue
        for special in (False, True):
            count.same(name, f"decoded, special {special},", ids, tok.decode(ids, skip_special_tokens=not special), suan.decode(ids, special))
        count.same(name, "streamed decode", ids, tok.decode(ids), suan.stream(ids))
        some = random_ids(tok, rng)
        count.same(name, "decoded", some, tok.decode(some), suan.decode(some, False))
        count.same(name, "streamed decode", some, tok.decode(some), suan.stream(some))


def main():
    global LIMIT
    args = argparse.ArgumentParser()
    args.add_argument("--lib", required=True)
    args.add_argument("--corpus", required=True)
    args.add_argument("--texts", type=int, default=2400)
    args.add_argument("--seed", type=int, default=1)
    args.add_argument("--vocab", type=int, default=360)
    args.add_argument("--only", default="")
    args.add_argument("--file", nargs="*", default=[])
    args.add_argument("--folder")
    args.add_argument("--show", type=int, default=LIMIT)
    args = args.parse_args()
    LIMIT = args.show
    lib = ctypes.CDLL(os.path.abspath(args.lib))
    with open(args.corpus, encoding="utf-8") as f:
        book = f.read()
    corpus = book.split("\n")[:600] + goldens.EXTRA.strip().split("\n") * 3
    texts = make_texts(args.texts, args.seed, book)
    count, n = Count(), 0
    kinds = {**KINDS, **MORE, **{path: None for path in args.file}}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in kinds.items():
            if args.only and name not in args.only.split(","):
                continue
            path = name if make is None else os.path.join(args.folder or folder, name.replace("/", "_") + ".json")
            if make is not None and not os.path.exists(path):
                make(corpus, args.vocab).save(path)
            tok, suan, before = Tokenizer.from_file(path), Suan(lib, path), count.different
            compare(count, name, tok, suan, texts, args.seed)
            suan.close()
            n += 1
            print(f"{name}: {count.different - before} different", flush=True)
    print(f"{len(texts)} texts, {n} tokenizers, {count.compared} comparisons, {count.different} different"
          f" in {len(count.by_tokenizer)} tokenizers; {count.broken} texts not decoded (bytes written out by name that are not UTF-8)")
    sys.exit(count.different > 0)


if __name__ == "__main__":
    main()
