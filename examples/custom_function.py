"""A custom autograd Function: a network whose weights are +1 or -1 (Courbariaux et al., 2015).

The sign has slope 0, so no gradient would arrive; the Function passes the gradient on as if it had
been the identity on [-1, 1]. Another Function, a smooth ReLU, is held against finite differences.

Goal: 95% of two interleaved spirals' points on the right side, with binary hidden weights.

    python examples/custom_function.py [--steps N]
"""

import argparse
import math

import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from tqdm import trange


class Sign(torch.autograd.Function):
    """+1 or -1; the gradient is that of the identity where |x| <= 1."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (x.abs() <= 1)


class SmoothReLU(torch.autograd.Function):
    """(x + sqrt(x*x + 1)) / 2, and its slope written by hand."""

    @staticmethod
    def forward(ctx, x):
        root = (x * x + 1).sqrt()
        ctx.save_for_backward(x, root)
        return (x + root) / 2

    @staticmethod
    def backward(ctx, gradient):
        x, root = ctx.saved_tensors
        return gradient * (1 + x / root) / 2


class BinaryLinear(nn.Linear):
    """A linear layer that uses the signs of its weights, scaled for the number of inputs."""

    def forward(self, x):
        return F.linear(x, Sign.apply(self.weight) / math.sqrt(self.in_features), self.bias)


def spirals(n):
    """Points of two interleaved spirals, and which one each is on."""
    t = torch.rand(n) * 3 * math.pi / 2 + math.pi / 2
    side = torch.arange(n) % 2
    angle = t + math.pi * side
    points = torch.stack([t * angle.cos(), t * angle.sin()], 1) / 5
    return points + 0.01 * torch.randn(n, 2), side.float()


def main():
    parser = argparse.ArgumentParser(description="train binary weights through a custom Function")
    parser.add_argument("--steps", type=int, default=1500)
    args = parser.parse_args()

    torch.manual_seed(0)
    probe = torch.randn(5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(SmoothReLU.apply, (probe,))
    print("SmoothReLU's gradient agrees with finite differences")

    x, y = spirals(400)
    first, hidden, last = nn.Linear(2, 64), BinaryLinear(64, 64), nn.Linear(64, 1)
    params = [p for layer in (first, hidden, last) for p in layer.parameters()]
    optimizer = torch.optim.Adam(params, lr=5e-3)

    def model(x):
        return last(SmoothReLU.apply(hidden(F.relu(first(x) * 2)))).squeeze(1)

    bar = trange(args.steps)
    for step in bar:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            hidden.weight.clamp_(-1, 1)
        if step % 100 == 0:
            bar.set_postfix(loss=f"{loss.item():.4f}")

    with torch.no_grad():
        right = ((model(x) > 0) == (y > 0.5)).float().mean().item()
    print(f"{right:.1%} of the points on the right side")
    print("goal reached" if right >= 0.95 else "goal missed")


if __name__ == "__main__":
    main()
