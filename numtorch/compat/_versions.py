"""The versions that programs see: those of the PyTorch whose behaviour numtorch follows."""

from __future__ import annotations

import sys

VERSIONS = {
    "torch": "2.13.0+numtorch",
    "torchvision": "0.28.0+numtorch",
    "torchtext": "0.18.0+numtorch",
    "torchaudio": "2.11.0+numtorch",
}
_own: list[str] = []


def show() -> None:
    """torch.__version__ is a version of PyTorch while the names are installed."""
    from numtorch.torch_version import TorchVersion

    numtorch = sys.modules["numtorch"]
    _own.append(numtorch.__version__)
    numtorch.__version__ = TorchVersion(VERSIONS["torch"])


def hide() -> None:
    """numtorch.__version__ is its own again."""
    sys.modules["numtorch"].__version__ = _own.pop()
