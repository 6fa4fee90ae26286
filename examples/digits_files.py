"""28x28 digits in MNIST's files (IDX): real MNIST if it lies there, else scikit-learn's digits.

The other examples read `data/MNIST/raw`. Without MNIST there, scikit-learn's 1,797 scans are scaled
to 28x28 and written in the same format, a fifth of them as the test set.

    python examples/digits_files.py [--root FOLDER]
"""

import argparse
import os
import struct

import numpy as np
import numtorch as torch
import numtorch.nn.functional as F
from numtorch.utils.data import TensorDataset
from numtorch.vision.datasets import MNIST


def write_idx(path, array):
    """An array of bytes as an IDX file: type and rank, the sizes, then the bytes."""
    with open(path, "wb") as f:
        f.write(struct.pack(">HBB", 0, 8, array.ndim))
        f.write(struct.pack(f">{array.ndim}I", *array.shape))
        f.write(np.ascontiguousarray(array, np.uint8).tobytes())


def write_digits(folder):
    """scikit-learn's digits in MNIST's four files."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    small = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1)
    large = F.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False)
    images = (F.pad(large, (4, 4, 4, 4)) * (255 / 16)).round().to(torch.uint8).squeeze(1).numpy()
    parts = train_test_split(
        images, digits.target, test_size=0.2, random_state=1, stratify=digits.target
    )
    os.makedirs(folder, exist_ok=True)
    names = ("train-images-idx3", "t10k-images-idx3", "train-labels-idx1", "t10k-labels-idx1")
    for name, part in zip(names, parts):
        write_idx(os.path.join(folder, f"{name}-ubyte"), part)


def load(root="data"):
    """(training set, test set): 1x28x28 pixels in [0, 1] and labels."""
    folder = os.path.join(root, "MNIST", "raw")
    if not os.path.exists(os.path.join(folder, "train-images-idx3-ubyte")):
        write_digits(folder)

    def part(train):
        found = MNIST(root, train=train)
        return TensorDataset(found.data.unsqueeze(1).float() / 255, found.targets)

    return part(True), part(False)


def main():
    parser = argparse.ArgumentParser(description="write digits in MNIST's files")
    parser.add_argument("--root", default="data")
    args = parser.parse_args()
    train, test = load(args.root)
    print(f"{len(train)} training and {len(test)} test digits in {args.root}/MNIST/raw")


if __name__ == "__main__":
    main()
