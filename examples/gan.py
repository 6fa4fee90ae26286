"""A generative adversarial network draws handwritten digits (Goodfellow et al., 2014).

Goal: the generator's digits deceive: the mean pixel and its spread are within a third of the real
ones, and the discriminator is right in at most 95% of the cases; a picture of drawn digits.

    python examples/gan.py [--epochs N] [--steps N] [--out PICTURE] [--root FOLDER]
"""

import argparse

import digits_files
import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from numtorch.utils.data import DataLoader
from numtorch.vision.utils import save_image
from tqdm import tqdm

NOISE = 32


def networks():
    """(noise -> pixels, pixels -> a score of being real)."""
    generator = nn.Sequential(
        nn.Linear(NOISE, 256), nn.LeakyReLU(0.2), nn.Linear(256, 512), nn.LeakyReLU(0.2),
        nn.Linear(512, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(256, 1)
    )
    return generator, discriminator


def main():
    parser = argparse.ArgumentParser(description="train a generative adversarial network")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, help="batches of an epoch")
    parser.add_argument("--out", default="gan.png")
    parser.add_argument("--root", default="data")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = digits_files.load(args.root)
    loader = DataLoader(train_set, batch_size=64, shuffle=True, drop_last=True)
    generator, discriminator = networks()
    draw = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
    judge = torch.optim.Adam(discriminator.parameters(), lr=5e-4, betas=(0.5, 0.999))
    real, fake = torch.ones(64, 1), torch.zeros(64, 1)

    bar = tqdm(range(args.epochs))
    for _ in bar:
        for step, (x, _) in enumerate(loader):
            if step == args.steps:
                break
            drawn = generator(torch.randn(64, NOISE))
            judge.zero_grad()
            loss = F.binary_cross_entropy_with_logits(discriminator(x), real * 0.9)
            loss = loss + F.binary_cross_entropy_with_logits(discriminator(drawn.detach()), fake)
            loss.backward()
            judge.step()

            draw.zero_grad()
            deceived = F.binary_cross_entropy_with_logits(discriminator(drawn), real)
            deceived.backward()
            draw.step()
        bar.set_postfix(judge=f"{loss.item():.3f}", draw=f"{deceived.item():.3f}")

    generator.eval()
    discriminator.eval()
    with torch.no_grad():
        x, drawn = test_set[:256][0], generator(torch.randn(256, NOISE))
        right = (discriminator(x) > 0).float().mean() + (discriminator(drawn) < 0).float().mean()
        means = drawn.mean().item() / x.mean().item()
        spreads = drawn.std(0).mean().item() / x.std(0).mean().item()
    save_image(drawn[:64], args.out)
    print(f"drawn digits: {args.out}")
    print(f"pixels: mean {means:.2f}, spread {spreads:.2f} of the real ones'; "
          f"the discriminator is right in {right.item() / 2:.0%}")  # fmt: skip
    good = abs(means - 1) < 1 / 3 and abs(spreads - 1) < 1 / 3 and right.item() / 2 <= 0.95
    print("goal reached" if good else "goal missed")


if __name__ == "__main__":
    main()
