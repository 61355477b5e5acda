#!/usr/bin/env python3
"""Does what suan trains and exports mean the same to transformers and llama.cpp?

    trained_model.py --suan build/release/bin/suan --text corpus.txt --work DIR [--llama-cpp SOURCE] [--model DIR]

Trains small models of the shapes others can hold for a few steps (or takes the model of --model), exports each to a directory
for transformers and to GGUF for llama.cpp, and prints the largest difference of logits over a stretch of the text and whether
the greedy continuations are the same tokens. The texts of tests/golden/tokenizer/texts.json and lines of the text are also
cut into tokens by both: `ids`. --llama-cpp is a checkout with libraries in its `build`; a small program is
compiled against them. Ends with status 1 where logits differ by more than 1e-4 (transformers) or 1e-3 (llama.cpp, which
looks GELU up in a table of f16), or a greedy token or an id differs.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

import numpy as np

SHAPES = {
    "llama": [],
    "llama-gqa-biases-untied": ["model.kv_heads=2", "model.biases=true", "model.tied=false"],
    "gpt2": ["model.norm=layer", "model.ffn_kind=plain", "model.activation=gelu_tanh", "model.biases=true",
             "model.positions=learned"],
    "gpt_neox": ["model.norm=layer", "model.ffn_kind=plain", "model.activation=gelu", "model.biases=true",
                 "model.parallel=true", "model.tied=false"],
    "qwen3": ["model.qk_norm=true"],
    "llama-unigram": ["tokenizer=train:unigram:420"],
    "llama-spm-bpe": ["tokenizer=train:spm-bpe:420"],
    "llama-char": ["tokenizer=char"],
    "llama-byte": ["tokenizer=byte"],
}
STEPS = ["steps=30", "batch=4", "context=96", "tokenizer=train:bpe:512", "save_every=0", "sample_every=0", "val_every=0",
         "model.layers=3", "model.width=64", "model.heads=4", "model.init=fan_in"]

PROGRAM = r"""
#include "llama.h"
#include <stdio.h>
#include <stdlib.h>

/* MODEL OUT GREEDY ids...: logits of all ids as f32 into OUT, then GREEDY greedy ids on standard output.
 * MODEL tokenize < FILE: a line of ids for each text of the file, where texts end with a zero byte. */
static void quiet(enum ggml_log_level level, const char *text, void *user) { (void)level, (void)text, (void)user; }

static int tokenize(const struct llama_vocab *vocab) {
    static char text[1 << 16];
    static llama_token ids[1 << 16];
    for (int n = 0, c = getchar(); c != EOF; c = getchar()) {
        if (c) {
            text[n++] = c;
            continue;
        }
        int count = llama_tokenize(vocab, text, n, ids, 1 << 16, true, false);
        for (int i = 0; i < count; i++) printf("%d ", ids[i]);
        printf("\n");
        n = 0;
    }
    return 0;
}

int main(int argc, char **argv) {
    int n = argc - 4, greedy = argc > 3 ? atoi(argv[3]) : 0;
    llama_log_set(quiet, NULL);
    struct llama_model *m = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (!m) return 1;
    if (argc == 3) return tokenize(llama_model_get_vocab(m));
    struct llama_context_params p = llama_context_default_params();
    p.n_ctx = n + greedy, p.n_batch = p.n_ubatch = n, p.n_threads = p.n_threads_batch = 2;
    p.type_k = p.type_v = GGML_TYPE_F32, p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    struct llama_context *c = llama_init_from_model(m, p);
    if (!c) return 1;
    int vocab = llama_vocab_n_tokens(llama_model_get_vocab(m));
    struct llama_batch b = llama_batch_init(n, 0, 1);
    for (b.n_tokens = 0; b.n_tokens < n; b.n_tokens++) {
        int i = b.n_tokens;
        b.token[i] = atoi(argv[4 + i]), b.pos[i] = i, b.n_seq_id[i] = 1, b.seq_id[i][0] = 0, b.logits[i] = 1;
    }
    if (llama_decode(c, b)) return 1;
    FILE *f = fopen(argv[2], "wb");
    for (int i = 0; i < n; i++) fwrite(llama_get_logits_ith(c, i), sizeof(float), vocab, f);
    fclose(f);
    for (int k = 0, last = n - 1; k < greedy; k++, last = 0) {
        const float *l = llama_get_logits_ith(c, last);
        int best = 0;
        for (int v = 1; v < vocab; v++)
            if (l[v] > l[best]) best = v;
        printf("%d ", best);
        b.n_tokens = 1, b.token[0] = best, b.pos[0] = n + k, b.logits[0] = 1;
        if (llama_decode(c, b)) return 1;
    }
    return 0;
}
"""


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout


def build_peer(source, work):
    code, program = os.path.join(work, "peer.c"), os.path.join(work, "peer")
    with open(code, "w") as out:
        out.write(PROGRAM)
    run("cc", "-c", code, "-o", code + ".o", "-I", f"{source}/include", "-I", f"{source}/ggml/include")
    libraries = [f for name in ("libllama.a", "libggml.a", "libggml-cpu.a", "libggml-base.a")
                 for f in glob.glob(f"{source}/build/**/{name}", recursive=True)]
    run("c++", code + ".o", "-o", program, "-Wl,--start-group", *libraries, "-Wl,--end-group", "-fopenmp", "-ldl", "-lpthread")
    return program


def own_greedy(suan, model, prompt, n):
    """Ids from --logprobs, one line a token."""
    done = subprocess.run([suan, "run", model, "-p", prompt, "-n", str(n), "--temp", "0", "--exact", "-q", "--ignore-end",
                           "--logprobs"], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = done.stderr.decode(errors="replace").splitlines()
    return [int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdigit()]


def peers(hf, gguf, ids, greedy, peer, work):
    import torch
    from transformers import AutoModelForCausalLM
    m = AutoModelForCausalLM.from_pretrained(hf, torch_dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        logits = m(torch.tensor([ids])).logits[0].numpy()
        whole = list(ids)
        for _ in range(greedy):
            whole.append(int(m(torch.tensor([whole])).logits[0, -1].argmax()))
    result = {"transformers": (logits, whole[len(ids):])}
    if peer:
        out = os.path.join(work, "peer.bin")
        tokens = run(peer, gguf, out, str(greedy), *map(str, ids)).split()
        result["llama.cpp"] = (np.fromfile(out, np.float32).reshape(len(ids), -1), [int(t) for t in tokens])
    return result


def texts_to_cut(a, name):
    """llama.cpp ends in an exception at a character that a vocabulary without bytes lacks: that one gets the text alone."""
    here, texts = os.path.dirname(os.path.abspath(__file__)), []
    if name != "llama-char":
        with open(os.path.join(here, "../../tests/golden/tokenizer/texts.json"), encoding="utf-8") as f:
            texts = json.load(f)
    with open(a.text, encoding="utf-8") as f:
        texts += [line.rstrip("\n") for line in f.read(20000).splitlines()]
    return [t for t in texts if t and "\0" not in t]


def same_ids(name, gguf, a, peer, work):
    """Of suan with the exported file and llama.cpp; texts that differ are shown. llama.cpp has no byte fallback for unigram
    vocabularies, it gives <unk> (0), and it puts no space before a text of spaces: such texts are left out there."""
    texts = texts_to_cut(a, name)
    raw = subprocess.run([peer, gguf, "tokenize"], input=b"".join(t.encode() + b"\0" for t in texts), check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    theirs, path, wrong, left = [line.split() for line in raw.splitlines()], os.path.join(work, "text"), [], 0
    for text, want in zip(texts, theirs):
        if name == "llama-unigram" and ("0" in want or not text.strip()):
            left += 1
            continue
        with open(path, "wb") as f:
            f.write(text.encode())
        if run(a.suan, "tokenize", gguf, "--file", path, "--ids", "--no-special").split() != want:
            wrong.append(text)
    result = "same" if not wrong else f"{len(wrong)} DIFFER, as {wrong[0]!r}"
    print(f"{name:26} {'llama.cpp':13} ids of {len(texts) - left} of {len(texts)} texts: {result}")
    return not wrong and len(theirs) == len(texts) and 2 * left < len(texts)


def check(name, model, a, peer):
    work = os.path.join(a.work, name)
    hf, gguf, npy = os.path.join(work, "hf"), os.path.join(work, "model.gguf"), os.path.join(work, "own.npy")
    os.makedirs(work, exist_ok=True)
    run(a.suan, "convert", model, hf, "-q")
    run(a.suan, "convert", model, gguf, "-q")
    with open(a.text, encoding="utf-8") as f:
        prompt = f.read(4000)[2000:2060 if name in ("llama-char", "llama-byte") else 2120]
    ids = [int(t) for t in run(a.suan, "tokenize", model, prompt, "--ids").split()]
    run(a.suan, "logits", model, "-p", prompt, "--npy", npy, "--exact")
    own, worst = np.load(npy), 0
    greedy = min(24, a.context - len(ids))
    results = peers(hf, gguf, ids, greedy, peer, work)
    reference = own_greedy(a.suan, model, prompt, greedy)
    for who, (logits, tokens) in results.items():
        difference = float(np.abs(logits[:, :own.shape[1]] - own).max())
        limit = 1e-4 if who == "transformers" else 1e-3
        same = tokens == reference
        print(f"{name:26} {who:13} max logit difference {difference:.2e}  greedy {'same' if same else 'DIFFERENT'}")
        worst = max(worst, difference / limit, 0 if same else 2)
    return worst <= 1 and (not peer or same_ids(name, gguf, a, peer, work))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--suan", required=True)
    p.add_argument("--text", required=True)
    p.add_argument("--work", required=True)
    p.add_argument("--llama-cpp")
    p.add_argument("--model")
    p.add_argument("--context", type=int, default=96)
    p.add_argument("--only", action="append", choices=SHAPES, help="these shapes; may be repeated")
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    peer = build_peer(a.llama_cpp, a.work) if a.llama_cpp else None
    if a.model:
        sys.exit(0 if check("model", a.model, a, peer) else 1)
    good = True
    config = os.path.join(a.work, "empty.conf")
    open(config, "w").close()
    for name, keys in SHAPES.items():
        if a.only and name not in a.only:
            continue
        out = os.path.join(a.work, name, "run")
        os.makedirs(os.path.dirname(out), exist_ok=True)
        run(a.suan, "train", config, f"data={a.text}", f"out={out}", *STEPS, *keys)
        good &= check(name, os.path.join(out, "last"), a, peer)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
