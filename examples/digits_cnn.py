"""A small CNN learns to read handwritten digits.

The data is real and comes with scikit-learn: 1,797 scans of 8x8 pixels (Alpaydin and Kaynak,
Optical recognition of handwritten digits, UCI repository, 1998). A fifth is held out.

    python examples/digits_cnn.py [--epochs N] [--out PICTURE]
"""

import argparse

import matplotlib
import numtorch as torch
import numtorch.nn as nn
import numtorch.optim as optim
from numtorch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


class DigitNet(nn.Module):
    """1x8x8 pixels -> 10 scores."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def load_data():
    """(training set, test set) of 1x8x8 float pixels in [0, 1] and labels."""
    digits = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        digits.images, digits.target, test_size=0.2, random_state=1, stratify=digits.target
    )

    def dataset(x, y):
        pixels = torch.tensor(x, dtype=torch.float32).unsqueeze(1) / 16
        return TensorDataset(pixels, torch.tensor(y, dtype=torch.int64))

    return dataset(x_train, y_train), dataset(x_test, y_test)


def train_epoch(model, loader, criterion, optimizer, title):
    """One pass over the data, with a progress bar."""
    model.train()
    total, seen, loss_sum, correct = len(loader.dataset), 0, 0.0, 0
    with tqdm(total=total, desc=title, unit="img", leave=True) as bar:
        for x, y in loader:
            optimizer.zero_grad()
            scores = model(x)
            loss = criterion(scores, y)
            loss.backward()
            optimizer.step()
            seen += len(x)
            loss_sum += loss.item() * len(x)
            correct += (scores.argmax(1) == y).sum().item()
            bar.update(len(x))
            bar.set_postfix(loss=f"{loss_sum / seen:.4f}", acc=f"{correct / seen:.2%}")


def evaluate(model, loader):
    """(accuracy, predictions) on a data set."""
    model.eval()
    predictions, correct = [], 0
    with torch.no_grad():
        for x, y in loader:
            guess = model(x).argmax(1)
            predictions += guess.tolist()
            correct += (guess == y).sum().item()
    return correct / len(predictions), predictions


def save_picture(dataset, predictions, path):
    """The first test digits with their predictions; mistakes come first, in red."""
    labels = [int(dataset[i][1]) for i in range(len(dataset))]
    order = sorted(range(len(labels)), key=lambda i: predictions[i] == labels[i])
    figure, axes = plt.subplots(4, 10, figsize=(10, 4.6))
    for axis, i in zip(axes.flat, order):
        right = predictions[i] == labels[i]
        axis.imshow(dataset[i][0][0].numpy(), cmap="gray_r")
        title = f"{predictions[i]}" if right else f"{predictions[i]} (is {labels[i]})"
        axis.set_title(title, color="black" if right else "red", fontsize=9)
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description="train a CNN on scikit-learn's digits")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", default="digits.png", help="where the picture is saved")
    args = parser.parse_args()

    torch.manual_seed(0)
    train_set, test_set = load_data()
    train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=len(test_set))
    model = DigitNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=2e-3)

    for epoch in range(args.epochs):
        title = f"epoch {epoch + 1:2}/{args.epochs}"
        train_epoch(model, train_loader, criterion, optimizer, title)
    accuracy, predictions = evaluate(model, test_loader)
    print(f"accuracy on {len(test_set)} held-out digits: {accuracy:.2%}")
    save_picture(test_set, predictions, args.out)
    print(f"predictions: {args.out}")
    print(f"generated kernels: {torch.jit.cache_folder()}")


if __name__ == "__main__":
    main()
