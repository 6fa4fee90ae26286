"""Event files, read back by TensorBoard's own reader, and compared with PyTorch's writer."""

from __future__ import annotations

import io
import os
import wave

import numpy as np
import numtorch
import pytest

try:
    import tensorboard  # noqa: F401

    there = True
except ImportError:
    there = False
needed = pytest.mark.skipif(not there, reason="tensorboard is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")


def read(folder) -> dict:
    """All values of a folder's event file: tag -> [(step, value)]."""
    from tensorboard.backend.event_processing import event_file_loader

    found: dict = {}
    for name in sorted(os.listdir(folder)):
        if not name.startswith("events"):
            continue
        for event in event_file_loader.LegacyEventFileLoader(str(folder / name)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value))
    return found


def write(t, folder) -> None:
    """The same values through either library's writer."""
    from importlib import import_module

    writer = import_module(f"{t.__name__}.utils.tensorboard").SummaryWriter(str(folder))
    r = np.random.default_rng(0)
    values = r.normal(size=500).tolist()
    for step in range(3):
        writer.add_scalar("loss", t.tensor(1.5 / (step + 1)), step)
    writer.add_scalar("new", 2.5, 4, new_style=True)
    writer.add_scalar("double", 0.1, 4, new_style=True, double_precision=True)
    writer.add_scalars("pair", {"a": 1.0, "b": t.tensor([2.0])}, 1)
    writer.add_tensor("tensor", t.tensor([[1.0, 2.0]]), 0)
    writer.add_histogram("weights", t.tensor(values), 1)
    writer.add_histogram("bins", np.array(values), 1, bins=20)
    writer.add_histogram("few", t.tensor(values).bfloat16(), 1, bins=64, max_bins=8)
    writer.add_histogram_raw("raw", 0, 1, 2, 1, 1, [0.5, 1], [1, 1])
    picture = t.tensor(r.uniform(size=(3, 5, 6)).tolist())
    writer.add_image("image", picture, 2)
    writer.add_image("gray", (picture[0] * 255).to(t.uint8), 2, dataformats="HW")
    writer.add_images("images", t.stack([picture] * 10), 2)
    writer.add_audio("sound", t.tensor(np.sin(np.arange(100.0)).tolist()), 0, 8000)
    writer.add_text("note", "**bold** caf\u00e9", 3)
    labels = t.tensor((r.uniform(size=40) > 0.5).astype(float).tolist())
    writer.add_pr_curve("curve", labels, t.tensor(r.uniform(size=40).tolist()), 0)
    writer.add_hparams({"lr": 0.1, "name": "x", "deep": True, "n": 3}, {"acc": 0.5},
                       {"name": ["x", "y"]}, run_name="trial")  # fmt: skip
    writer.add_custom_scalars_multilinechart(["loss", "new"])
    writer.close()


def _key(value) -> object:
    """What a summary value holds, comparable."""
    kind = value.WhichOneof("value")
    if kind == "image":
        from PIL import Image

        pixels = np.asarray(Image.open(io.BytesIO(value.image.encoded_image_string)))
        return kind, value.image.height, value.image.width, pixels.tolist()
    if kind == "audio":
        with wave.open(io.BytesIO(value.audio.encoded_audio_string)) as file:
            content = file.readframes(1000)
        return kind, value.audio.sample_rate, content
    return value


@needed
def test_files_equal_torchs(tmp_path):
    torch = pytest.importorskip("torch")
    write(numtorch, tmp_path / "ours")
    write(torch, tmp_path / "theirs")
    for place in (".", "trial", "pair_a", "pair_b"):
        ours, theirs = read(tmp_path / "ours" / place), read(tmp_path / "theirs" / place)
        assert sorted(ours) == sorted(theirs), place
        for tag in ours:
            assert [s for s, _ in ours[tag]] == [s for s, _ in theirs[tag]], tag
            for (_, a), (_, b) in zip(ours[tag], theirs[tag]):
                if tag == "images":  # PyTorch lays out the grid in another order
                    assert (a.image.height, a.image.width) == (b.image.height, b.image.width)
                elif a.WhichOneof("value") == "histo":
                    for field in ("min", "max", "num", "sum", "sum_squares"):
                        x, y = getattr(a.histo, field), getattr(b.histo, field)
                        assert abs(x - y) <= 1e-3 * max(abs(y), 1), (tag, field)
                    assert sum(a.histo.bucket) == sum(b.histo.bucket)
                    if tag != "few":
                        np.testing.assert_allclose(a.histo.bucket_limit, b.histo.bucket_limit)
                        assert list(a.histo.bucket) == list(b.histo.bucket)
                else:
                    assert str(_key(a)) == str(_key(b)), tag


@needed
def test_writer(tmp_path):
    from numtorch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path / "a", purge_step=5) as writer:
        writer.add_scalar("x", 1.0, 5)
        writer.flush()
        assert read(tmp_path / "a")["x"][0][1].simple_value == 1.0
        writer.close()
        writer.add_scalar("x", 2.0, 6)  # opens a new file
        with pytest.raises(ValueError, match="no element"):
            writer.add_histogram("h", numtorch.ones(0))
        with pytest.raises(NotImplementedError, match="not implemented"):
            writer.add_graph(None)
        with pytest.raises(TypeError, match="should be dictionary"):
            writer.add_hparams(None, {})
    assert writer.get_logdir() == tmp_path / "a"


@needed
def test_figures(tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot")
    from numtorch.utils.tensorboard import SummaryWriter

    figure = plt.figure(figsize=(1, 1), dpi=20)
    figure.add_subplot().plot([1, 2])
    with SummaryWriter(tmp_path) as writer:
        writer.add_figure("plot", figure)
    (_, value), = read(tmp_path)["plot"]
    assert (value.image.height, value.image.width) == (20, 20)
    assert not plt.get_fignums()


@pytest.mark.skipif(there, reason="tensorboard is installed")
def test_the_error_names_the_extra():
    with pytest.raises(ImportError, match=r"pip install 'numtorch\[tensorboard\]'"):
        from numtorch.utils.tensorboard import SummaryWriter  # noqa: F401
