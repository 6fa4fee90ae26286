"""Linear regression: the line through the five points x = 1..5, y = 2x.

Goal: weight within 0.01 of 2, bias within 0.01 of 0, and the prediction for x = 10 is 20.

    python examples/linear_regression.py [--steps N]
"""

import argparse

import numtorch as torch
import numtorch.nn as nn
from tqdm import trange


def main():
    parser = argparse.ArgumentParser(description="fit a line to five points")
    parser.add_argument("--steps", type=int, default=2000)
    args = parser.parse_args()

    torch.manual_seed(0)
    x = torch.arange(1, 6, dtype=torch.float32).unsqueeze(1)
    y = 2 * x
    model = nn.Linear(1, 1)
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    bar = trange(args.steps)
    for step in bar:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            bar.set_postfix(loss=f"{loss.item():.6f}")

    weight, bias = model.weight.item(), model.bias.item()
    print(f"y = {weight:.4f} x + {bias:.4f}")
    print(f"f(10) = {model(torch.tensor([[10.0]])).item():.4f}")
    print("goal reached" if abs(weight - 2) < 0.01 and abs(bias) < 0.01 else "goal missed")


if __name__ == "__main__":
    main()
