"""Programs that import torch run on numtorch, unmodified.

`install()` makes `import torch`, torchvision, torchtext, torchaudio, functorch and all their
submodules resolve to numtorch in this process and in its children; `python -m numtorch program.py`
does it for a whole program. The modules are the same objects: torch.nn is numtorch.nn.

>>> import numtorch
>>> from numtorch import compat
>>> compat.install()
>>> import torch
>>> torch is numtorch, torch.__version__ >= "2.0"
(True, True)
>>> compat.uninstall()
"""

from __future__ import annotations

import os
import sys

from . import _finder, _versions

__all__ = ["install", "installed", "uninstall"]

ALIAS_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "alias")


def installed() -> bool:
    """True between `install` and `uninstall`."""
    return _finder.FINDER in sys.meta_path


def install() -> None:
    """Makes `import torch` and its family mean numtorch here and in child processes.

    Children that are forked or spawned, and Python programs started with this environment, find
    the names through PYTHONPATH. RuntimeError if the real torch was imported before.
    """
    if installed():
        return
    for name in _finder.FAMILY:
        module = sys.modules.get(name)
        if module is not None and getattr(module, "__file__", None) != _alias_file(name):
            raise RuntimeError(
                f"{name} is already imported from {getattr(module, '__file__', None)}; call "
                "numtorch.compat.install() before anything imports it"
            )
    _versions.show()
    sys.meta_path.insert(0, _finder.FINDER)
    _finder.alias_loaded()
    # A spawned child gets sys.path from its parent, any other Python program gets PYTHONPATH.
    if ALIAS_FOLDER not in sys.path:
        sys.path.insert(min(1, len(sys.path)), ALIAS_FOLDER)
    if ALIAS_FOLDER not in _python_path():
        os.environ["PYTHONPATH"] = os.pathsep.join([ALIAS_FOLDER, *_python_path()])


def uninstall() -> None:
    """Takes back what `install` did; modules that programs imported keep what they have."""
    if not installed():
        return
    sys.meta_path.remove(_finder.FINDER)
    _finder.forget()
    _versions.hide()
    sys.path[:] = [p for p in sys.path if p != ALIAS_FOLDER]
    rest = [p for p in _python_path() if p != ALIAS_FOLDER]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def _python_path() -> list[str]:
    return [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]


def _alias_file(name: str) -> str:
    return os.path.join(ALIAS_FOLDER, name + ".py")
