"""A variational autoencoder draws handwritten digits (Kingma and Welling, 2014).

Goal: a bound (reconstruction and divergence) below 170 nats a digit; a picture of digits, their
reconstructions and new ones.

    python examples/vae.py [--epochs N] [--steps N] [--out PICTURE] [--root FOLDER]
"""

import argparse

import digits_files
import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from numtorch.utils.data import DataLoader
from numtorch.vision.utils import save_image
from tqdm import tqdm


class VAE(nn.Module):
    """784 pixels -> the mean and log variance of 16 hidden numbers -> pixels."""

    def __init__(self, hidden=16):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(256, hidden), nn.Linear(256, hidden)
        self.decoder = nn.Sequential(nn.Linear(hidden, 256), nn.ReLU(), nn.Linear(256, 784))

    def forward(self, x):
        h = self.encoder(x)
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return self.decoder(z), mean, log_variance


def bound(model, x):
    """Nats a digit: cross entropy of the pixels, and the divergence from a normal prior."""
    scores, mean, log_variance = model(x)
    pixels = F.binary_cross_entropy_with_logits(scores, x.flatten(1), reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
    return (pixels + divergence) / len(x)


def main():
    parser = argparse.ArgumentParser(description="train a variational autoencoder on digits")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--steps", type=int, help="batches of an epoch")
    parser.add_argument("--out", default="vae.png")
    parser.add_argument("--root", default="data")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = digits_files.load(args.root)
    loader = DataLoader(train_set, batch_size=64, shuffle=True, drop_last=True)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    bar = tqdm(range(args.epochs))
    for _ in bar:
        for step, (x, _) in enumerate(loader):
            if step == args.steps:
                break
            optimizer.zero_grad()
            loss = bound(model, x)
            loss.backward()
            optimizer.step()
        bar.set_postfix(bound=f"{loss.item():.1f}")

    x = test_set[:64][0]
    with torch.no_grad():
        found = bound(model, x).item()
        again = torch.sigmoid(model(x)[0]).view(-1, 1, 28, 28)
        new = torch.sigmoid(model.decoder(torch.randn(16, 16))).view(-1, 1, 28, 28)
    save_image(torch.cat([x[:16], again[:16], new]), args.out, nrow=16)
    print(f"digits, reconstructions and new digits: {args.out}")
    print(f"bound {found:.1f} nats a digit")
    print("goal reached" if found < 170 else "goal missed")


if __name__ == "__main__":
    main()
