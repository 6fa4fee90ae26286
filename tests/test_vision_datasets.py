"""Data sets read from files that the tests write; downloads from file: URLs; archives."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pathlib
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import numtorch as nt
import pytest
from numtorch.vision import datasets as D
from numtorch.vision import transforms as T
from numtorch.vision.datasets import utils

Image = pytest.importorskip("PIL.Image")


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    head = struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def digits(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n).astype(np.uint8)


def write_mnist(root, name: str = "MNIST", zipped: bool = False) -> dict:
    folder = root / name / "raw" if not zipped else root
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for part, n in (("train", 12), ("t10k", 5)):
        images, labels = digits(n)
        found[part] = images, labels
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            data = idx(array)
            if zipped:
                (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(data))
            else:
                (folder / f"{part}-{kind}-ubyte").write_bytes(data)
    return found


def test_mnist(tmp_path):
    found = write_mnist(tmp_path)
    data = D.MNIST(str(tmp_path), transform=T.ToTensor())
    images, labels = found["train"]
    assert len(data) == 12 and data.data.tolist() == images.tolist()
    assert data.targets.tolist() == labels.tolist() and data.targets.dtype is nt.int64
    x, y = data[3]
    np.testing.assert_array_equal(x.numpy()[0], (images[3] / 255).astype(np.float32))
    assert y == labels[3] and type(y) is int
    test = D.MNIST(str(tmp_path), train=False, target_transform=lambda y: -y)
    image, y = test[1]
    assert image.mode == "L" and np.array_equal(image, found["t10k"][0][1])
    assert y == -int(found["t10k"][1][1])
    assert repr(data) == (
        f"Dataset MNIST\n    Number of datapoints: 12\n    Root location: {tmp_path}\n"
        "    Split: Train\n    StandardTransform\nTransform: ToTensor()"
    )
    loader = nt.utils.data.DataLoader(data, batch_size=4, num_workers=2)
    assert nt.cat([y for _, y in loader]).tolist() == labels.tolist()
    with pytest.warns(UserWarning, match="train_labels has been renamed"):
        assert data.train_labels is data.targets


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found. You can use download=True"):
        D.FashionMNIST(str(tmp_path))
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted. You can use down"):
        D.CIFAR10(str(tmp_path))
    with pytest.raises(FileNotFoundError):
        D.ImageFolder(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        D.ImageFolder(str(tmp_path))
    with pytest.raises(ValueError, match="Unknown value 'x' for argument split. Valid values"):
        D.EMNIST(str(tmp_path), "x")
    write_mnist(tmp_path)
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    whole = path.read_bytes()
    for data, text in (
        (whole[:-1], "cut off"), (b"", "no IDX file"), (whole[:9], "header"),
        (b"\0\0\x07\x03" + whole[4:], "no IDX file"),
        (whole[:4] + b"\xff" * 12 + whole[16:], "should have"),
    ):  # fmt: skip
        path.write_bytes(data)
        with pytest.raises(RuntimeError, match=text):
            D.MNIST(str(tmp_path))
    path.write_bytes(idx(digits(3)[0]))
    with pytest.raises(RuntimeError, match="has 3 images"):
        D.MNIST(str(tmp_path))


@pytest.mark.parametrize("kind", [8, 9, 11, 12, 13, 14])
def test_idx_types(tmp_path, kind):
    dtype = {8: "u1", 9: "i1", 11: "i2", 12: "i4", 13: "f4", 14: "f8"}[kind]
    array = np.arange(6).reshape(2, 3).astype(dtype)
    (tmp_path / "x").write_bytes(idx(array, kind))
    t = D.mnist.read_sn3_pascalvincent_tensor(str(tmp_path / "x"))
    assert t.tolist() == array.tolist() and t.numpy().dtype == array.dtype


def test_downloads_are_checked(tmp_path, monkeypatch):
    source, root = tmp_path / "mirror", tmp_path / "root"
    found = write_mnist(source, zipped=True)

    class Local(D.MNIST):
        mirrors = ["file:///nowhere/", source.as_uri() + "/"]
        resources = [
            (name, hashlib.md5((source / name).read_bytes()).hexdigest())
            for name, _ in D.MNIST.resources
        ]

    data = Local(str(root), download=True)
    assert data.data.tolist() == found["train"][0].tolist()
    Local.mirrors = []
    assert len(Local(str(root), download=True)) == 12  # nothing is fetched again
    Local.mirrors = [source.as_uri() + "/"]
    (source / D.MNIST.resources[0][0]).write_bytes(b"broken")
    with pytest.raises(RuntimeError, match="File not found or corrupted"):
        Local(str(tmp_path / "other"), download=True)


def test_emnist_and_qmnist(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    images, labels = digits(4)
    (raw / "emnist-letters-train-images-idx3-ubyte").write_bytes(idx(images))
    (raw / "emnist-letters-train-labels-idx1-ubyte").write_bytes(idx(labels))
    data = D.EMNIST(str(tmp_path), "letters")
    assert data.targets.tolist() == labels.tolist() and data.classes[1] == "a"
    raw = tmp_path / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "qmnist-train-images-idx3-ubyte").write_bytes(idx(images))
    table = np.arange(32).reshape(4, 8).astype(np.int32)
    (raw / "qmnist-train-labels-idx2-int").write_bytes(idx(table, 12))
    assert D.QMNIST(str(tmp_path))[1][1] == 8
    assert D.QMNIST(str(tmp_path), compat=False)[1][1].tolist() == list(range(8, 16))


def write_cifar(root, cls) -> dict:
    folder = root / cls.base_folder
    folder.mkdir(parents=True)
    rng, found = np.random.default_rng(0), {}
    key = "labels" if cls is D.CIFAR10 else "fine_labels"
    for name, _ in cls.train_list + cls.test_list:
        entry = {"data": rng.integers(0, 256, (3, 3072), np.uint8), key: [1, 2, 3],
                 "filenames": ["a", "b", "c"]}  # fmt: skip
        found[name] = entry
        (folder / name).write_bytes(pickle.dumps(entry, 2))
    (folder / cls.meta["filename"]).write_bytes(pickle.dumps({cls.meta["key"]: list("abcd")}, 2))
    return found


def unchecked(cls):
    """The class for files that the test has made: without their MD5."""
    return type(cls.__name__, (cls,), {
        "train_list": [[n, None] for n, _ in cls.train_list],
        "test_list": [[n, None] for n, _ in cls.test_list], "meta": {**cls.meta, "md5": None},
    })  # fmt: skip


@pytest.mark.parametrize("cls", [D.CIFAR10, D.CIFAR100])
def test_cifar(tmp_path, cls):
    found = write_cifar(tmp_path, cls)
    with pytest.raises(RuntimeError, match="not found or corrupted"):
        cls(str(tmp_path))  # the files have other checksums
    data = unchecked(cls)(str(tmp_path))
    first = next(iter(found.values()))["data"]
    assert len(data) == 3 * len(cls.train_list) and data.classes == list("abcd")
    image, label = data[1]
    assert label == 2 and image.mode == "RGB"
    np.testing.assert_array_equal(image, first[1].reshape(3, 32, 32).transpose(1, 2, 0))


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/numtorch-was-here",)


@pytest.mark.parametrize("data", [
    pickle.dumps({"data": Evil()}), pickle.dumps(Evil(), 0), b"cos\nsystem\n(S'true'\ntR.",
    pickle.dumps({"data": eval}), b"", b"\x80\x04garbage", pickle.dumps([1, 2])[:-3],
    b"cnumpy\nload\n(S'/etc/passwd'\ntR.", pickle.dumps([1]),
])  # fmt: skip
def test_malicious_pickles_run_nothing(tmp_path, data):
    write_cifar(tmp_path, D.CIFAR10)
    (tmp_path / D.CIFAR10.base_folder / "data_batch_1").write_bytes(data)
    with pytest.raises(RuntimeError, match="can't be read|not a dict"):
        unchecked(D.CIFAR10)(str(tmp_path))
    assert not os.path.exists("/tmp/numtorch-was-here")


def test_image_folder(tmp_path):
    for name, color in (("cat", 10), ("dog", 200)):
        (tmp_path / name / "more").mkdir(parents=True)
        for k in range(2):
            Image.new("RGB", (4, 4), (color, k, 0)).save(tmp_path / name / f"{k}.png")
        Image.new("L", (4, 4), color).save(tmp_path / name / "more" / "2.jpg")
        (tmp_path / name / "notes.txt").write_text("no image")
    data = D.ImageFolder(str(tmp_path), T.ToTensor())
    assert data.classes == ["cat", "dog"] and data.targets == [0, 0, 0, 1, 1, 1]
    assert data.class_to_idx == {"cat": 0, "dog": 1} and len(data) == 6
    x, y = data[4]
    assert y == 1 and x.shape == (3, 4, 4) and x[:2, 0, 0].tolist() == pytest.approx(
        [200 / 255, 1 / 255])  # fmt: skip
    assert data[2][0].shape == (3, 4, 4)  # gray files are read as RGB
    texts = D.DatasetFolder(str(tmp_path), lambda p: pathlib.Path(p).read_text(), ("txt",))
    assert texts[0] == ("no image", 0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no valid file for the classes empty. Supported"):
        D.ImageFolder(str(tmp_path))
    assert len(D.ImageFolder(str(tmp_path), allow_empty=True)) == 6


def test_fake_data():
    data = D.FakeData(5, (3, 8, 8), 4)
    image, label = data[2]
    assert image.size == (8, 8) and 0 <= label < 4 and np.array_equal(data[2][0], image)
    with pytest.raises(IndexError):
        data[5]


def test_usps(tmp_path):
    import bz2

    rows = ["3 " + " ".join(f"{k + 1}:{-1 if k else 1}" for k in range(256))]
    (tmp_path / "usps.bz2").write_bytes(bz2.compress("\n".join(rows).encode()))
    data = D.USPS(str(tmp_path))
    image, label = data[0]
    assert label == 2 and np.asarray(image)[0, :2].tolist() == [255, 0]


# ---------------------------------------------------------------- archives


def tar_of(path, *members) -> str:
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            info.size = 2 if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"hi"))
    return str(path)


def test_archives_stay_in_their_folder(tmp_path):
    out = tmp_path / "out"
    good = tar_of(tmp_path / "a.tar.gz", ("d", tarfile.DIRTYPE), ("d/x", tarfile.REGTYPE))
    utils.extract_archive(good, str(out))
    assert (out / "d" / "x").read_text() == "hi"
    for name, kind in (
        ("../evil", tarfile.REGTYPE), ("/tmp/evil", tarfile.REGTYPE), ("l", tarfile.SYMTYPE),
        ("l", tarfile.LNKTYPE), ("p", tarfile.FIFOTYPE),
    ):  # fmt: skip
        bad = tar_of(tmp_path / "b.tgz", ("ok", tarfile.REGTYPE), (name, kind))
        with pytest.raises(RuntimeError, match="outside of|not extracted"):
            utils.extract_archive(bad, str(out))
    assert not (tmp_path / "evil").exists() and not (out / "ok").exists()
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as z:
        z.writestr("../evil", "x")
    with pytest.raises(RuntimeError, match="outside of"):
        utils.extract_archive(str(tmp_path / "c.zip"), str(out))
    with pytest.raises(RuntimeError, match="Unknown compression or archive type: '.rar'"):
        utils.extract_archive("x.rar")
    assert utils.list_dir(str(out)) == ["d"] and utils.list_files(str(out / "d"), "x") == ["x"]
