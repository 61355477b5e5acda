#!/usr/bin/env python3
"""Fourier densities and mixtures of Gaussians trained as in the authors' tutorial: Adam, small batches, random starts
of the data's place and width.

De la Fuente, Singh and Balle (PCS 2024) compare both at equal numbers of parameters. `suan fit density` maximises the
likelihood instead, by Newton's method and by EM; this shows what the training alone changes. The densities are those of
their tutorial: ten Gaussians, means in -0.5..0.3, deviations of 0.042 to 0.058; the divergence is by quadrature.

    density_gradient.py [--seeds 5] [--steps 30000] [--coefficients 14] [--components 10]
"""
import argparse
import math

import torch


def truth(seed):
    g = torch.Generator().manual_seed(seed)
    mean = -0.5 + 0.8 * torch.rand(10, generator=g)
    deviation = (0.25 + 0.1 * torch.rand(10, generator=g)) / 6
    return mean, deviation, g


def log_mixture(y, log_weight, mean, deviation):
    z = (y[:, None] - mean) / deviation
    return torch.logsumexp(log_weight - 0.5 * z * z - deviation.log() - 0.5 * math.log(2 * math.pi), 1)


def log_fourier(y, a, shift, scale):
    z = (y - shift) / scale
    angle = math.pi * torch.tanh(z)[:, None] * torch.arange(a.shape[1])
    re = (a[0] * angle.cos() + a[1] * angle.sin()).sum(1)
    im = (a[1] * angle.cos() - a[0] * angle.sin()).sum(1)
    slope = 2 * (math.log(2) - z - torch.nn.functional.softplus(-2 * z))
    return torch.log(re**2 + im**2 + 1e-20) - torch.log(2 * (a**2).sum()) + slope - scale.log()


def fourier(n, g, mean, deviation):
    a = (1e-3 * torch.randn(2, n, generator=g)).requires_grad_()
    shift, raw = mean.clone().requires_grad_(), torch.log(torch.expm1(deviation)).requires_grad_()
    return [a, shift, raw], lambda y: log_fourier(y, a, shift, torch.nn.functional.softplus(raw))


def mixture(n, g, mean, deviation):
    logit = torch.zeros(n, requires_grad=True)
    mean = (mean + deviation * torch.randn(n, generator=g)).requires_grad_()
    raw = torch.log(torch.expm1(deviation)).repeat(n).requires_grad_()
    return [logit, mean, raw], lambda y: log_mixture(y, torch.log_softmax(logit, 0), mean,
                                                     torch.nn.functional.softplus(raw))


def train(make, n, seed, steps):
    mean, deviation, g = truth(seed)
    parameters, log_density = make(n, g, mean.mean(), mean.std())
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    for _ in range(steps):
        k = torch.randint(10, (32,), generator=g)
        y = mean[k] + deviation[k] * torch.randn(32, generator=g)
        optimizer.zero_grad()
        (-log_density(y).mean()).backward()
        optimizer.step()
    y = torch.linspace(-1.2, 1, 20001)
    with torch.no_grad():
        log_p = log_mixture(y, torch.full((10,), -math.log(10.0)), mean, deviation)
        return float((log_p.exp() * (log_p - log_density(y))).sum() * (y[1] - y[0]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--steps", type=int, default=30000)
    p.add_argument("--coefficients", type=int, default=14)
    p.add_argument("--components", type=int, default=10)
    args = p.parse_args()
    torch.set_num_threads(1)
    print(f"divergence after {args.steps} steps of Adam, rate 1e-3, batches of 32")
    print("seed", f"fourier {args.coefficients}", f"mixture {args.components}", sep="\t")
    for seed in range(1, args.seeds + 1):
        print(seed, f"{train(fourier, args.coefficients, seed, args.steps):.5f}",
              f"{train(mixture, args.components, seed, args.steps):.5f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
