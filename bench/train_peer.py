#!/usr/bin/env python3
"""Training steps of the character model (recipes/char.conf without dropout) in PyTorch and in suan, in turn, in one run.

    train_peer.py [SUAN RECIPE DATA.txt] [--precision f32,bf16] [--threads 2] [--steps 8] [--rounds 2]
                  [--modes eager,compile] [--pause COMMAND]

PyTorch runs the same model: RMSNorm, rotary positions, SwiGLU, tied head, scaled_dot_product_attention, AdamW (foreach and
fused, whichever is faster), clipping by the global norm; eager and torch.compile; f32 and bf16 autocast. Each program runs in
its own process. Printed: tokens per second of the median step after the first ones, and the peak resident memory."""
import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

LAYERS, HEADS, WIDTH, FFN, VOCABULARY, CONTEXT, BATCH = 6, 6, 384, 1024, 65, 256, 16


def make_model(torch):
    nn, F = torch.nn, torch.nn.functional
    head = WIDTH // HEADS

    def rotate(x, cos, sin):
        a, b = x.chunk(2, -1)
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(x.dtype)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.RMSNorm(WIDTH, eps=1e-5), nn.RMSNorm(WIDTH, eps=1e-5)
            self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
            self.out = nn.Linear(WIDTH, WIDTH, bias=False)
            self.gate_up = nn.Linear(WIDTH, 2 * FFN, bias=False)
            self.down = nn.Linear(FFN, WIDTH, bias=False)

        def forward(self, x, cos, sin):
            b, t, _ = x.shape
            q, k, v = (y.view(b, t, HEADS, head).transpose(1, 2) for y in self.qkv(self.norm1(x)).split(WIDTH, 2))
            y = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, WIDTH))
            gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
            return x + self.down(F.silu(gate) * up)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(VOCABULARY, WIDTH)
            self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
            self.norm = nn.RMSNorm(WIDTH, eps=1e-5)
            angle = torch.outer(torch.arange(CONTEXT), 10000.0 ** (-torch.arange(0, head, 2) / head))
            self.register_buffer("cos", angle.cos())
            self.register_buffer("sin", angle.sin())
            for p in self.parameters():
                if p.dim() > 1:
                    nn.init.normal_(p, 0, 0.02)

        def forward(self, ids, targets):
            x = self.embedding(ids)
            for block in self.blocks:
                x = block(x, self.cos, self.sin)
            logits = F.linear(self.norm(x), self.embedding.weight)
            return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))

    return Model()


def peer(args):
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    model = make_model(torch)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=args.fused)
    run = torch.compile(model) if args.mode == "compile" else model

    def step():
        ids = torch.randint(VOCABULARY, (BATCH, CONTEXT + 1))
        with torch.autocast("cpu", torch.bfloat16, enabled=args.precision == "bf16"):
            loss = run(ids[:, :-1].contiguous(), ids[:, 1:].contiguous())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss.item()

    for _ in range(2):
        step()
    print("ready", flush=True)
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"tokens_per_second": BATCH * CONTEXT / statistics.median(times), "peak_mib": peak}))


def run_peer(args, precision, mode, fused):
    command = [sys.executable, __file__, "--worker", "--mode", mode, "--precision", precision, "--threads", str(args.threads)]
    command += ["--steps", str(args.steps)] + (["--fused"] if fused else [])
    text = subprocess.run(args.pause + command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(text.splitlines()[-1])


def run_suan(args, precision):
    suan, recipe, data = args.files
    with tempfile.TemporaryDirectory() as folder:
        command = [suan, "train", recipe, f"data={data}", f"out={folder}/run", f"threads={args.threads}", f"precision={precision}"]
        command += [f"steps={args.steps + 2}", "schedule.warmup=1", "dropout=0", "sample_every=0", "val_every=0", "val_batches=1"]
        command += ["save_every=0", "log_every=1", f"model.ffn={FFN}"]
        process = subprocess.Popen(args.pause + ["/usr/bin/time", "-f", "peak %M"] + command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        text = process.communicate()[1]
        if process.returncode:
            sys.exit(text)
        lines = [json.loads(line) for line in open(f"{folder}/run/metrics.jsonl")]
    seconds = [line["seconds"] for line in lines if "loss" in line]
    times = [b - a for a, b in zip(seconds[1:], seconds[2:])]
    peak = int(re.search(r"peak (\d+)", text).group(1)) / 1024
    return {"tokens_per_second": BATCH * CONTEXT / statistics.median(times), "peak_mib": peak}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*", help="suan, recipe, text")
    parser.add_argument("--precision", default="f32,bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--modes", default="eager,compile")
    parser.add_argument("--pause", default="", help="a command that runs the rest of its line on a quiet machine")
    parser.add_argument("--mode", default="eager", help=argparse.SUPPRESS)
    parser.add_argument("--fused", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.pause = args.pause.split()
    if args.worker:
        return peer(args)
    runs = {}
    for precision in args.precision.split(","):
        for _ in range(args.rounds):
            for mode in args.modes.split(","):
                for fused in (False, True):
                    name = f"{precision} torch {mode}{', fused AdamW' if fused else ''}"
                    runs.setdefault(name, []).append(run_peer(args, precision, mode, fused))
            if args.files:
                runs.setdefault(f"{precision} suan", []).append(run_suan(args, precision))
    print("| run | tokens/s | peak MiB |\n|---|---|---|")
    for name, results in runs.items():
        rate = statistics.median(r["tokens_per_second"] for r in results)
        print(f"| {name} | {rate:.0f} | {max(r['peak_mib'] for r in results):.0f} |")


if __name__ == "__main__":
    main()
