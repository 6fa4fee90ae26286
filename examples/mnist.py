"""An MLP and two CNNs read handwritten digits of 28x28 pixels from MNIST's own files.

Goal: at least 95% of the held-out digits with the MLP, 97% with a CNN. See digits_files.py for the
data that is used when there is no MNIST.

    python examples/mnist.py [--model mlp|lenet|deep] [--epochs N] [--steps N] [--root FOLDER]
"""

import argparse

import digits_files
import numtorch as torch
import numtorch.nn as nn
import numtorch.nn.functional as F
from numtorch.utils.data import DataLoader
from tqdm import tqdm


class MLP(nn.Module):
    """Two layers on the 784 pixels."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 256)
        self.fc2 = nn.Linear(256, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


class LeNet(nn.Module):
    """LeCun et al. (1998), with max pooling and ReLU."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


def deep():
    """Three blocks of convolution, batch normalisation and ReLU."""

    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                nn.ReLU()]  # fmt: skip

    return nn.Sequential(
        *block(1, 16), nn.MaxPool2d(2), *block(16, 32), nn.MaxPool2d(2), *block(32, 64),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 10),
    )  # fmt: skip


MODELS = {"mlp": (MLP, 0.95), "lenet": (LeNet, 0.97), "deep": (deep, 0.97)}


def train_epoch(model, loader, optimizer, title, steps=None):
    """One pass over the data, or the first `steps` batches of it."""
    model.train()
    bar = tqdm(loader, desc=title, total=steps)
    for step, (x, y) in enumerate(bar):
        if steps is not None and step >= steps:
            break
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            bar.set_postfix(loss=f"{loss.item():.4f}")


@torch.no_grad()
def accuracy(model, loader):
    """The share of digits that are read right."""
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    return right / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description="read 28x28 digits")
    parser.add_argument("--model", choices=MODELS, default="lenet")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--steps", type=int, help="batches of an epoch")
    parser.add_argument("--root", default="data")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = digits_files.load(args.root)
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=256)
    make, goal = MODELS[args.model]
    model = make()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    for epoch in range(args.epochs):
        train_epoch(model, train_loader, optimizer, f"epoch {epoch + 1}/{args.epochs}", args.steps)
        schedule.step()
    found = accuracy(model, test_loader)
    print(f"{args.model}: {found:.2%} of {len(test_set)} held-out digits")
    print("goal reached" if found >= goal else "goal missed")


if __name__ == "__main__":
    main()
