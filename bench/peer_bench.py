#!/usr/bin/env python3
"""Tokens per second of suan and llama.cpp on the same GGUF files, in turn, in one run.

    peer_bench.py SUAN LLAMA_BENCH MODEL.gguf... [--threads 2] [--prompt 512,2048] [--generate 32] [--depth 0,4096]
                  [--rounds 3] [--table FILE.md]

For each test both programs run alternately `rounds` times; the medians and their ratio are printed. llama.cpp is run with
flash attention off and on, and the faster of the two counts."""
import argparse
import json
import os
import statistics
import subprocess
import tempfile


def suan(args, model, kind, n, depth):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [args.suan, "bench", model, "-t", str(args.threads), "-r", "1", "-d", str(depth), "--json", out.name]
        command += ["-p", str(n), "-n", "0"] if kind == "pp" else ["-p", "0", "-n", str(n)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.load(open(out.name))[0]["tokens_per_second"]


def llama(args, model, kind, n, depth, flash):
    command = [args.llama_bench, "-m", model, "-t", str(args.threads), "-r", "1", "-o", "json", "-fa", str(flash), "-d", str(depth)]
    command += ["-p", str(n), "-n", "0"] if kind == "pp" else ["-p", "0", "-n", str(n)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return json.loads(text)[0]["avg_ts"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suan")
    parser.add_argument("llama_bench")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", default="512,2048")
    parser.add_argument("--generate", default="32")
    parser.add_argument("--depth", default="0,4096")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--table")
    args = parser.parse_args()
    numbers = lambda text: [int(x) for x in text.split(",") if int(x) > 0]
    depths = [int(x) for x in args.depth.split(",")]
    tests = [("pp", n, 0) for n in numbers(args.prompt)] + [("tg", n, d) for n in numbers(args.generate) for d in depths]
    lines = ["| model | test | suan tok/s | llama.cpp tok/s | ratio |", "|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for model in args.models:
        for kind, n, depth in tests:
            ours, theirs = [], {0: [], 1: []}
            for _ in range(args.rounds):
                ours.append(suan(args, model, kind, n, depth))
                for flash in (0, 1):
                    theirs[flash].append(llama(args, model, kind, n, depth, flash))
            mine = statistics.median(ours)
            peer = max(statistics.median(v) for v in theirs.values())
            name = f"{kind}{n}" + (f" @ d{depth}" if depth else "")
            lines.append(f"| {os.path.basename(model)} | {name} | {mine:.1f} | {peer:.1f} | {mine / peer:.2f} |")
            print(lines[-1], flush=True)
    if args.table:
        open(args.table, "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
