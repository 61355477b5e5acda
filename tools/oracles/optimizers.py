"""Trajectories of torch's optimizers on a fixed sequence of gradients.

    python optimizers.py OUT.txt

One line per step: case, step (1-based), the elements of the parameter after it. Starts and gradients are simple
closed forms, repeated in tests/unit/rule_test.c: p0[i] = sin(i + 1) / 2, g_t[i] = cos(3 i + 0.7 t) / (1 + i mod 3).
torch's SGD couples its decay with the gradient, so decoupled decay is applied by hand, as AdamW does it.
"""
import math
import sys

import torch

N, STEPS, RATE = 7, 12, 0.05
CASES = [
    ("sgd-plain", torch.optim.SGD, dict(momentum=0.0), 0.0),
    ("sgd-momentum", torch.optim.SGD, dict(momentum=0.9), 0.0),
    ("sgd-nesterov", torch.optim.SGD, dict(momentum=0.9, nesterov=True), 0.1),
    ("adamw-default", torch.optim.AdamW, dict(), 0.0),
    ("adamw-gpt", torch.optim.AdamW, dict(betas=(0.9, 0.95), eps=1e-6, weight_decay=0.1), 0.0),
    ("adamw-none", torch.optim.AdamW, dict(betas=(0.8, 0.99), eps=1e-3, weight_decay=0.0), 0.0),
]


def gradient(t):
    return torch.tensor([math.cos(3 * i + 0.7 * t) / (1 + i % 3) for i in range(N)], dtype=torch.float64)


def main():
    with open(sys.argv[1], "w") as out:
        for name, rule, settings, decay in CASES:
            p = torch.tensor([math.sin(i + 1) / 2 for i in range(N)], dtype=torch.float64, requires_grad=True)
            optimizer = rule([p], lr=RATE, **settings)
            for t in range(1, STEPS + 1):
                p.grad = gradient(t)
                with torch.no_grad():
                    p.mul_(1 - RATE * decay)
                optimizer.step()
                out.write(f"{name} {t} " + " ".join(f"{x:.12g}" for x in p.tolist()) + "\n")


main()
