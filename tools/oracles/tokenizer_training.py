#!/usr/bin/env python3
"""Compares `suan tokenizer train` with the packages `tokenizers` and `sentencepiece`.

  tokenizer_training.py --suan build/release/bin/suan --work /tmp/w same TEXT...    ids of every kind through `tokenizers`
  tokenizer_training.py --suan ... --work ... spm TEXT... [--vocab 4000]            pieces against SentencePiece's training
  tokenizer_training.py --suan ... --work ... speed TEXT... [--megabytes 120]       byte-level BPE against `tokenizers`

`same` trains on the texts and asserts equal ids of all texts. `spm` prints tokens per character of both, and the
unigram models' log likelihood per character; each line is a text. `speed` repeats the texts' paragraphs in a shuffled
order into one file.
"""
import argparse
import json
import os
import random
import subprocess
import time


def train(suan, kind, out, paths, vocab):
    command = [suan, "tokenizer", "train", *paths, "--type", kind, "--out", out, "--quiet"]
    if vocab:
        command += ["--vocab-size", str(vocab)]
    start = time.monotonic()
    subprocess.run(command, check=True)
    return time.monotonic() - start


def ids_of_suan(suan, tokenizer, path):
    out = subprocess.run([suan, "tokenize", tokenizer, "--file", path, "--ids"], check=True, capture_output=True, text=True)
    return [int(word) for word in out.stdout.split()]


def same(args):
    from tokenizers import Tokenizer
    for kind in ["bpe", "spm-bpe", "unigram", "char", "byte"]:
        out = os.path.join(args.work, kind + ".json")
        train(args.suan, kind, out, args.texts, args.vocab if kind in ("bpe", "spm-bpe", "unigram") else 0)
        package = Tokenizer.from_file(out)
        for path in args.texts:
            with open(path, encoding="utf-8", newline="") as file:
                text = file.read()
            expected = package.encode(text).ids
            got = ids_of_suan(args.suan, out, path)
            place = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
            verdict = "equal" if got == expected else f"DIFFERENT at {place}: {got[place:place + 5]} {expected[place:place + 5]}"
            back = package.decode(got, skip_special_tokens=False)
            print(f"{kind:8} {os.path.basename(path):36} {len(got):9} ids {verdict}; decodes to the text: {back == text}")


def spm(args):
    import sentencepiece
    from tokenizers import Tokenizer
    lines = [line.strip() for path in args.texts for line in open(path, encoding="utf-8") if line.strip()]
    plain, rows = os.path.join(args.work, "lines.txt"), os.path.join(args.work, "lines.jsonl")
    with open(plain, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(rows, "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": line}) + "\n" for line in lines)
    characters = sum(len(line) for line in lines)
    for kind, model_type in (("spm-bpe", "bpe"), ("unigram", "unigram")):
        prefix = os.path.join(args.work, "sp-" + model_type)
        start = time.monotonic()
        sentencepiece.SentencePieceTrainer.train(
            input=plain, model_prefix=prefix, vocab_size=args.vocab, model_type=model_type, byte_fallback=True,
            normalization_rule_name="identity", remove_extra_whitespaces=False, max_sentence_length=1 << 20,
            num_threads=2, minloglevel=2)
        theirs_time = time.monotonic() - start
        theirs = sentencepiece.SentencePieceProcessor(model_file=prefix + ".model")
        out = os.path.join(args.work, kind + "-lines.json")
        ours_time = train(args.suan, kind, out, [rows], args.vocab)
        ours = Tokenizer.from_file(out)
        scores = [theirs.get_score(i) for i in range(theirs.get_piece_size())]
        n, m, likelihood, their_likelihood = 0, 0, 0.0, 0.0
        with open(out, encoding="utf-8") as file:
            vocab = json.load(file)["model"]["vocab"]
        for line in lines:
            a, b = ours.encode(line).ids, theirs.encode(line)
            n, m = n + len(a), m + len(b)
            if kind == "unigram":
                likelihood += sum(vocab[i][1] for i in a if vocab[i][1] > -1e5)
                their_likelihood += sum(scores[i] for i in b)
        print(f"{kind:8} tokens a character: suan {n / characters:.5f}, sentencepiece {m / characters:.5f} "
              f"({100 * (n / m - 1):+.2f} %); seconds {ours_time:.1f}, {theirs_time:.1f}")
        if kind == "unigram":
            print(f"         log likelihood a character: suan {likelihood / characters:.5f}, sentencepiece "
                  f"{their_likelihood / characters:.5f} ({100 * (likelihood / their_likelihood - 1):+.2f} %)")


def speed(args):
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    path = os.path.join(args.work, "large.txt")
    paragraphs = [p for t in args.texts for p in open(t, encoding="utf-8").read().split("\n\n")]
    random.seed(1)
    size = 0
    with open(path, "w", encoding="utf-8") as file:
        while size < args.megabytes << 20:
            random.shuffle(paragraphs)
            size += file.write("\n\n".join(paragraphs) + "\n\n")
    print(f"{os.path.getsize(path) / 1e6:.0f} MB, vocabulary {args.vocab}")
    print(f"suan       {train(args.suan, 'bpe', os.path.join(args.work, 'large.json'), [path], args.vocab):.2f} s")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=args.vocab, special_tokens=["<|endoftext|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    start = time.monotonic()
    tokenizer.train([path], trainer)
    print(f"tokenizers {time.monotonic() - start:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suan", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("what", choices=["same", "spm", "speed"])
    parser.add_argument("texts", nargs="+")
    parser.add_argument("--vocab", type=int, default=4000)
    parser.add_argument("--megabytes", type=int, default=120)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    {"same": same, "spm": spm, "speed": speed}[args.what](args)


if __name__ == "__main__":
    main()
