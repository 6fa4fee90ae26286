"""What `import torch` does in a child process of a program that runs under numtorch.compat."""

import os
import sys

try:
    import numtorch  # noqa: F401
except ModuleNotFoundError:  # a checkout that is not installed: four folders up
    folder = os.path.abspath(__file__)
    for _ in range(4):
        folder = os.path.dirname(folder)
    sys.path.append(folder)


def install(name: str) -> None:
    """Puts numtorch under the name that is being imported."""
    import importlib

    from numtorch import compat

    # The import under way is finished with what sys.modules has for the name afterwards.
    sys.modules.pop(name, None)
    compat.install()
    importlib.import_module(name)
