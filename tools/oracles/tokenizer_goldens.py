#!/usr/bin/env python3
"""Small tokenizers of every kind, and what the `tokenizers` package makes of a list of texts with them.

  tokenizer_goldens.py --corpus corpus.en --out tests/golden/tokenizer [--vocab 360]

Needs the packages tokenizers and sentencepiece. Writes texts.json (the texts), NAME/tokenizer.json, and NAME/golden.json:
for each text [ids with special tokens, ids without, text decoded from the first without special tokens]; and for
SentencePiece NAME.model with NAME.json: for each text [ids, decoded].
"""
import argparse
import contextlib
import io
import json
import os
import tempfile

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
ONIG = r"(?m:a.b)|\h{2,3}+|[\p{L}&&[^\p{Han}]]+|\w|\S"
DEEPSEEK3 = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
             r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

EXTRA = """
Grüße aus Köln, señor! Ça va très bien, naïve façade. Привет, как дела? Καλημέρα κόσμε. שלום עולם مرحبا بالعالم
今天天气很好，我们一起去公园散步吧。明天可能会下雨。東京は日本の首都です。안녕하세요 세계
def main(argc, argv):\n    for i in range(10):\n        print(f"{i:02d}")\n    return {"a": [1, 2.5], 'b': None}
He said: "I don't know; it's 3:45 p.m., isn't it?" -- we'll see, they've gone, I'd say I'm fine.
😀 😃 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 1234567890 3.14159 1,000,000
"""

TEXTS = [
    "", " ", "  ", "\t", "\n", "\n\n", "\t\n", " \n ", "Hello world", " Hello world", "  Hello  world  ", "Hello, world!",
    "I'm sure it's they'LL we'Ve I'D don'T", "HeLLo WORLD CamelCaseWord ABCdef", "1 12 123 1234 12345 1234567890 3.14 1,000",
    "今天天气很好，我们去公园。", "東京は日本の首都です。ｶﾀｶﾅ　ＡＢＣ", "안녕하세요 세계", "Привет, как дела?", "Καλημέρα κόσμε ΣΊΣΥΦΟΣ",
    "שָׁלוֹם עולם مَرْحَبًا", "Grüße ñandú é e\u0301 a\u0323\u0307 ﬁ ½ ™ Å İstanbul ǅ", "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 😀😃 🇩🇪🇫🇷", "❤️ ☃ \u200d\u200b\ufeff\u00a0\u2003x\u3000y",
    "def f(x):\n    return x+1  # comment\n\n\nif (a<=b && c!=d) { x->y[0] = 'z'; }\r\n", "a     b\t\tc   \n   d\n\n\n  e   ",
    "!!!! ???? ... --- ___ *** $$$ ^^^ ~~~ `` |||", "https://example.com/a_b?c=d&e=f#g user@host.org C:\\path\\x",
    "<|endoftext|>Hello<|endoftext|>", "<s>Hi</s> <unk> [CLS] x [SEP] [MASK].", "x <special> y<lstrip>  <rstrip>  zsingle single singles Single",
    "▁already▁marked ▁ text", "\u0000\u0001\u0007\u007f\u0085x\u180ey", "\ufffd bad \ufffd\ufffd bytes", "don`t “quote” ‘single’ — dash … ellipsis",
    "a" * 70, " " * 40, "ab" * 40, "नमस्ते दुनिया ไทยภาษา ქართული", "ȺȾ ẞ ß ſ K Ω \u0345", "x\u0301\u0301\u0301y 각 각 각",
    "The quick brown fox jumps over the lazy dog. The rain in Spain stays mainly in the plain.",
    "Xyzzy plugh antidisestablishmentarianism supercalifragilistic", "0x1F 0xdeadbeef a.b a\nb 12ab34cd",
    "12ab34 ab abc MIXED Mixed mixed", "\u00bdcaf\u00e9isn't \u00e9 \u00bd\u00bdx", "<0x41> <0xE4> </s>", "\x11v x", "\u0301\u0323o", "1 2x", "\u00bd.x",
    "  <both>  <both><a><b>  lead", "\ufb01 x\ufb01 的  的x 天气 👍👍 👍",
    "a\u00bdcup x\u00b2y 1\u00bd", "\U0001fa77\U0001fa77 a\U0001fae8b \U00031350\U0002ebf0字 \u3006\u3007\u3005\u3002\u3001字", "\u32ff \u1c89 \u0897x\u0897 \u166d\u2e5d",
]

ADDED = [AddedToken("<special>", special=True), AddedToken("<lstrip>", lstrip=True, normalized=False),
         AddedToken("<rstrip>", rstrip=True, normalized=False), AddedToken("single", single_word=True, normalized=True)]


def template(left, right, tok):
    parts = ([left] if left else []) + ["$A"] + ([right] if right else [])
    names = [n for n in (left, right) if n]
    return processors.TemplateProcessing(single=" ".join(parts), special_tokens=[(n, tok.token_to_id(n)) for n in names])


def byte_bpe(split=None, normalizer=None, bos=None, ignore_merges=False, extra=None, prefix=False):
    def make(corpus, vocab):
        tok = Tokenizer(models.BPE(ignore_merges=ignore_merges))
        if normalizer:
            tok.normalizer = normalizer
        if split is None:
            tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
        else:
            tok.pre_tokenizer = pre_tokenizers.Sequence(split + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        special = [bos or "<|endoftext|>"]
        tok.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=vocab, special_tokens=special, show_progress=False,
                                                           initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        tok.decoder = decoders.ByteLevel()
        tok.post_processor = template(bos, None, tok) if bos else processors.ByteLevel(trim_offsets=False)
        tok.add_tokens(extra or [])
        return tok
    return make


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(pattern, behavior, invert)


def fallback_bpe(corpus, vocab):
    """Shaped as the conversion of a llama SentencePiece model."""
    alphabet = [f"<0x{i:02X}>" for i in range(256)]
    tok = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.pre_tokenizer = split("▁", "merged_with_next")
    tok.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=vocab + 256, special_tokens=["<unk>", "<s>", "</s>"] + alphabet,
                                                       limit_alphabet=80, show_progress=False))
    data = json.loads(tok.to_str())
    data["pre_tokenizer"] = None
    data["added_tokens"] = [a for a in data["added_tokens"] if a["id"] < 3]
    tok = Tokenizer.from_str(json.dumps(data))
    tok.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tok.post_processor = template("<s>", None, tok)
    return tok


def fields(message):
    """Length-delimited fields of a protobuf message, as (number, bytes)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        key = varint()
        if key & 7 == 2:
            size = varint()
            yield key >> 3, message[at:at + size]
            at += size
        elif key & 7 == 0:
            varint()
        else:
            at += 8 if key & 7 == 1 else 4


RULES = {"ﬁ": "fi", "½": "1/2", "Å": "A", "e\u0301": "é", "Ａ": "A", "Ｂ": "B", "Ｃ": "C", "\u3000": " ", "™": "TM", "…": "...",
         "\t": " ", "\n": " ", "\r": " ", "a\u0323\u0307": "â", "a\u0323": "ạ", "👍": "+1"}


@contextlib.contextmanager
def rules_file():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as f:
        for key, value in RULES.items():
            f.write("%s\t%s\n" % (" ".join("%X" % ord(c) for c in key), " ".join("%X" % ord(c) for c in value)))
        f.flush()
        yield f.name


def small_charsmap():
    """A character map of a few rules, made by SentencePiece itself."""
    model = io.BytesIO()
    with rules_file() as path:
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(["a b c", "d e f"]), model_writer=model, vocab_size=12,
                                                 model_type="char", normalization_rule_tsv=path, minloglevel=2)
    normalizer = dict(fields(model.getvalue()))[3]
    return dict(fields(normalizer))[2]


def unigram(byte_fallback, scheme, charsmap):
    def make(corpus, vocab):
        tok = Tokenizer(models.Unigram())
        steps = [normalizers.Precompiled(small_charsmap())] if charsmap else [normalizers.Nmt(), normalizers.NFKC()]
        tok.normalizer = normalizers.Sequence(steps + [normalizers.Replace(Regex(" {2,}"), " ")])
        tok.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        special = ["<pad>", "</s>", "<unk>"] + ([f"<0x{i:02X}>" for i in range(256)] if byte_fallback else [])
        tok.train_from_iterator(corpus, trainers.UnigramTrainer(vocab_size=vocab + len(special), special_tokens=special, unk_token="<unk>",
                                                               show_progress=False, n_sub_iterations=1))
        data = json.loads(tok.to_str())
        data["model"]["byte_fallback"] = byte_fallback
        data["added_tokens"] = [a for a in data["added_tokens"] if a["id"] < 3]
        tok = Tokenizer.from_str(json.dumps(data))
        meta = decoders.Metaspace(prepend_scheme=scheme)
        tok.decoder = decoders.Sequence([decoders.ByteFallback(), meta]) if byte_fallback else meta
        tok.post_processor = template(None, "</s>", tok)
        tok.add_tokens(ADDED)
        return tok
    return make


def bert(corpus, vocab):
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer()
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=vocab, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
                                                             show_progress=False))
    tok.decoder = decoders.WordPiece()
    tok.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tok


def word_level(corpus, vocab):
    tok = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tok.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip()])
    tok.pre_tokenizer = pre_tokenizers.Whitespace()
    tok.train_from_iterator(corpus, trainers.WordLevelTrainer(vocab_size=vocab, special_tokens=["<s>", "</s>", "<unk>"], show_progress=False))
    tok.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    tok.add_tokens(ADDED)
    return tok


def character_bpe(pre, normalizer=None):
    """Characters with few merges: shows where the text was cut."""
    def make(corpus, vocab):
        tok = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##"))
        if normalizer:
            tok.normalizer = normalizer
        tok.pre_tokenizer = pre
        tok.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=vocab, special_tokens=["<unk>"], show_progress=False,
                                                           continuing_subword_prefix="##"))
        tok.decoder = decoders.WordPiece(cleanup=False)
        return tok
    return make


TRICKY = [AddedToken("<a>"), AddedToken("<a><b>"), AddedToken("ab", single_word=True), AddedToken("abc", normalized=False),
          AddedToken(" lead", lstrip=True), AddedToken("Mixed", normalized=True), AddedToken("<both>", lstrip=True, rstrip=True, special=True),
          AddedToken("é", single_word=True, normalized=True), AddedToken("ﬁ", normalized=True), AddedToken("的", rstrip=True),
          AddedToken("天气", lstrip=True, normalized=True), AddedToken("👍", single_word=True)]


def plus(make, added):
    def grown(corpus, vocab):
        tok = make(corpus, vocab)
        tok.add_tokens(added)
        return tok
    return grown


def metaspace_bpe(scheme, cut=True, normalizer=None, before=None, added=()):
    def make(corpus, vocab):
        tok = Tokenizer(models.BPE(unk_token="<unk>"))
        meta = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=cut)
        if normalizer:
            tok.normalizer = normalizer
        tok.pre_tokenizer = pre_tokenizers.Sequence(before + [meta]) if before else meta
        tok.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=vocab, special_tokens=["<unk>", "<s>"], show_progress=False,
                                                           max_token_length=12))
        tok.decoder = decoders.Metaspace(prepend_scheme=scheme, split=cut)
        tok.post_processor = template("<s>", "<s>", tok)
        tok.add_tokens(list(added))
        return tok
    return make


def changed_model(make, **changes):
    """The same tokenizer with other members of its model."""
    def changed(corpus, vocab):
        data = json.loads(make(corpus, vocab).to_str())
        data["model"].update(changes)
        return Tokenizer.from_str(json.dumps(data))
    return changed


KINDS = {
    "gpt2": byte_bpe(extra=ADDED),
    "gpt2_prefix": byte_bpe(prefix=True),
    "llama3": byte_bpe([split(Regex(LLAMA3))], bos="<|begin_of_text|>", ignore_merges=True),
    "qwen2": byte_bpe([split(Regex(QWEN2))], normalizer=normalizers.NFC()),
    "gpt4o": byte_bpe([split(Regex(GPT4O))]),
    "deepseek3": byte_bpe([split(Regex(r"\p{N}{1,3}")), split(Regex(r"[一-龥\u3040-ゟ゠-ヿ]+")), split(Regex(DEEPSEEK3))]),
    "falcon": byte_bpe([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)][:1]
                       + [pre_tokenizers.Digits(individual_digits=True)]),
    "onig": byte_bpe([split(Regex(ONIG))]),
    "fallback_bpe": fallback_bpe,
    "unigram_map": unigram(False, "always", True),
    "unigram_bytes": unigram(True, "first", False),
    "bert": bert,
    "word_level": word_level,
    "cut_removed": character_bpe(pre_tokenizers.Sequence([split(" ", "removed"), split(Regex(r"[A-Z]"), "merged_with_next")])),
    "cut_previous": character_bpe(pre_tokenizers.Sequence([split(Regex(r"\s"), "merged_with_previous"), pre_tokenizers.Digits()])),
    "cut_inverted": character_bpe(pre_tokenizers.Sequence([split(Regex(r"\w+"), "removed", True), split(Regex("[aeiou]"), "contiguous", True)]),
                                  normalizers.Sequence([normalizers.NFKD(), normalizers.Replace("a", "aa")])),
    "cut_next": character_bpe(pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next")]),
                              normalizers.Sequence([normalizers.NFC(), normalizers.Strip()])),
}
KINDS.update({
    "llama3_added": plus(KINDS["llama3"], TRICKY),
    "first_strip": metaspace_bpe("first", normalizer=normalizers.Strip(), added=TRICKY),
    "first_replace": metaspace_bpe("first", normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.Replace(Regex(r"^\s+|\d"), "")])),
    "first_words": metaspace_bpe("first", normalizer=normalizers.BertNormalizer(), before=[pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()],
                                 added=TRICKY),
    "classes": character_bpe(pre_tokenizers.Sequence([split(Regex(r"\w+"), "isolated"), split(Regex(r"[\p{Han}\p{S}]+"), "isolated"),
                                                      split(Regex(r"[\w']+"), "isolated"), pre_tokenizers.Punctuation()]),
                             normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.StripAccents()])),
    "no_unk": changed_model(KINDS["cut_next"], unk_token=None),
    "unigram_added": plus(unigram(True, "first", True), TRICKY),
})


SENTENCEPIECE = {
    "spm_bpe_bytes": dict(model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                          allow_whitespace_only_pieces=True, split_digits=True),
    "spm_bpe_rules": dict(model_type="bpe", byte_fallback=True, normalization_rule_tsv="rules"),
    "spm_unigram_rules": dict(model_type="unigram", byte_fallback=True, normalization_rule_tsv="rules", user_defined_symbols=["<special>", "ell"]),
    "spm_unigram_plain": dict(model_type="unigram", byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False),
}


def write_sentencepiece(out, corpus, vocab):
    with rules_file() as rules:
        for name, options in SENTENCEPIECE.items():
            options = {k: rules if v == "rules" else v for k, v in options.items()}
            model = io.BytesIO()
            sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(corpus), model_writer=model, vocab_size=vocab, minloglevel=2,
                                                     hard_vocab_limit=False, character_coverage=0.98, num_threads=1, **options)
            with open(os.path.join(out, name + ".model"), "wb") as f:
                f.write(model.getvalue())
            sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
            with open(os.path.join(out, name + ".json"), "w") as f:
                f.write("[\n" + ",\n".join(json.dumps([sp.encode(t), sp.decode(sp.encode(t))]) for t in TEXTS) + "\n]\n")


def golden(tok, text):
    ids = tok.encode(text).ids
    return [ids, tok.encode(text, add_special_tokens=False).ids, tok.decode(ids)]


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--corpus", required=True)
    args.add_argument("--out", required=True)
    args.add_argument("--vocab", type=int, default=360)
    args = args.parse_args()
    with open(args.corpus, encoding="utf-8") as f:
        corpus = f.read().split("\n")[:600] + EXTRA.strip().split("\n") * 3
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "texts.json"), "w") as f:
        json.dump(TEXTS, f, indent=0)
    write_sentencepiece(args.out, corpus, args.vocab + 256)
    for name, make in KINDS.items():
        tok = make(corpus, args.vocab)
        folder = os.path.join(args.out, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as f:
            f.write(tok.to_str())
        tok = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        with open(os.path.join(folder, "golden.json"), "w") as f:
            f.write("[\n" + ",\n".join(json.dumps(golden(tok, t)) for t in TEXTS) + "\n]\n")


if __name__ == "__main__":
    main()
