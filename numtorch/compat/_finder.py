"""The import hook: torch.X is the module numtorch.X, found when it is asked for."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import types

from ._versions import VERSIONS

FAMILY = {
    "torch": "numtorch",
    "torchvision": "numtorch.vision",
    "torchtext": "numtorch.text",
    "torchaudio": "numtorch.audio",
    "functorch": "numtorch.func",
}
# Modules of torch whose names are elsewhere here.
ELSEWHERE = {
    "torch.autograd.anomaly_mode": "numtorch.autograd.anomaly",
    "torch.autograd.grad_mode": "numtorch.autograd",
    "torch.functional": "numtorch",
    "torch.nn.modules._functions": "numtorch.nn.functional",
    "torch.nn.modules.adaptive": "numtorch.nn.modules",
    "torch.nn.modules.batchnorm": "numtorch.nn.modules.normalization",
    "torch.nn.modules.channelshuffle": "numtorch.nn.modules.vision",
    "torch.nn.modules.distance": "numtorch.nn.modules",
    "torch.nn.modules.flatten": "numtorch.nn.modules",
    "torch.nn.modules.fold": "numtorch.nn.modules.vision",
    "torch.nn.modules.instancenorm": "numtorch.nn.modules.normalization",
    "torch.nn.modules.pixelshuffle": "numtorch.nn.modules.vision",
    "torch.nn.modules.sparse": "numtorch.nn.modules.embedding",
    "torch.nn.modules.upsampling": "numtorch.nn.modules.vision",
    "torch.storage": "numtorch._storage",
    "torch.utils.data.dataloader": "numtorch.utils.data.loader",
    "torch.utils.data._utils.collate": "numtorch.utils.data",
    "torch.utils.data._utils": "numtorch.utils.data",
}


def real_name(name: str) -> str | None:
    """The module that a name of torch's family stands for: 'numtorch.nn' for 'torch.nn'."""
    head, _, tail = name.partition(".")
    target = FAMILY.get(head)
    if target is None:
        return None
    if not _exists(target):
        return None
    if not tail:
        return target
    # What exists under its own name comes first.
    own = f"{target}.{tail}"
    if own in sys.modules or _exists(own):
        return own
    return ELSEWHERE.get(name)


def torch_name(name: str) -> str:
    """The inverse: 'torch.nn' for 'numtorch.nn'."""
    for alias, target in FAMILY.items():
        if alias in ("torch", "functorch"):
            continue
        if name == target or name.startswith(target + "."):
            return alias + name[len(target) :]
    return "torch" + name[len("numtorch") :]


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


class _Loader(importlib.abc.Loader):
    """Hands out the module of another name."""

    def __init__(self, target: str):
        self.target = target

    def create_module(self, spec):
        module = importlib.import_module(self.target)
        self.own = module.__spec__, getattr(module, "__loader__", None)
        return module

    def exec_module(self, module) -> None:
        # The import system has put the alias's spec on the module: give it back its own.
        module.__spec__, module.__loader__ = self.own
        explain_missing(module)

    # What runpy asks for: `python -m numtorch -m torch.utils.collect_env`.
    def get_code(self, name: str):
        spec = importlib.util.find_spec(self.target)
        return spec.loader.get_code(self.target)

    def is_package(self, name: str) -> bool:
        return importlib.util.find_spec(self.target).submodule_search_locations is not None


class _Distribution(importlib.metadata.Distribution):
    """What importlib.metadata.version("torch") reads."""

    def __init__(self, name: str):
        self._name = name

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: {VERSIONS[self._name]}\n"

    def locate_file(self, path):
        raise FileNotFoundError(path)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds torch.X as numtorch.X, and says what is not there."""

    def find_spec(self, fullname: str, path=None, target=None):
        head = fullname.partition(".")[0]
        if head == "numtorch":
            # `from torch import foo` asks for numtorch.foo, since that is the module's name.
            if fullname not in sys.modules and _is_import() and not _found_by_others(fullname):
                raise ModuleNotFoundError(missing_module(torch_name(fullname)), name=head)
            return None
        if head not in FAMILY:
            return None
        real = real_name(fullname)
        if real is None:
            if _is_import():
                raise ModuleNotFoundError(missing_module(fullname), name=fullname)
            return None
        loader = _Loader(real)
        return importlib.machinery.ModuleSpec(fullname, loader, is_package=loader.is_package(real))

    def find_distributions(self, context=None):
        """torch and its family have versions, for programs that check them."""
        wanted = getattr(context, "name", None)
        return (_Distribution(name) for name in VERSIONS if wanted in (None, name))


FINDER = _Finder()


def _is_import() -> bool:
    """True if an import statement asks, False for importlib.util.find_spec."""
    frame = sys._getframe(2)
    for _ in range(3):
        if frame is None:
            return False
        if frame.f_code.co_name == "_find_and_load_unlocked":
            return True
        frame = frame.f_back
    return False


def _found_by_others(name: str) -> bool:
    parent = sys.modules.get(name.rpartition(".")[0])
    path = getattr(parent, "__path__", None)
    return path is not None and importlib.machinery.PathFinder.find_spec(name, path) is not None


def missing_module(name: str) -> str:
    """What is said of a module or name that numtorch lacks."""
    parent, _, leaf = name.rpartition(".")
    if not parent:
        return f"No module named {name!r}: it is not implemented in numtorch"
    near = _nearest(leaf, sys.modules.get(real_name(parent) or ""))
    return f"No module or name {leaf!r} in {parent!r}: it is not implemented in numtorch" + near


def missing_attribute(module: types.ModuleType, name: str, called: str) -> AttributeError:
    """The error of an attribute that is not there, with the nearest name that is."""
    text = f"module {called!r} has no attribute {name!r}: it is not implemented in numtorch"
    return AttributeError(text + _nearest(name, module), name=name)


def _nearest(name: str, module) -> str:
    import difflib

    names = [n for n in dir(module) if not n.startswith("_")] if module is not None else []
    found = difflib.get_close_matches(name, names, 1, 0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def alias_loaded() -> None:
    """Gives what is imported already its second name."""
    for name, module in list(sys.modules.items()):
        if name != "numtorch" and not name.startswith("numtorch."):
            continue
        if name.startswith("numtorch.compat") or "._" in name:
            continue
        sys.modules[torch_name(name)] = module
        explain_missing(module)


def forget() -> None:
    """Removes the second names and the explanations."""
    for name in list(sys.modules):
        if name.partition(".")[0] in FAMILY:
            del sys.modules[name]
    for module in _explained:
        module.__dict__.pop("__getattr__", None)
    _explained.clear()


_explained: list[types.ModuleType] = []


def explain_missing(module: types.ModuleType) -> None:
    """An attribute that a module lacks is explained, if the module has no such hook of its own."""
    if "__getattr__" in module.__dict__:
        return

    def __getattr__(name: str):
        if name.startswith("__"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        elsewhere = ELSEWHERE.get(f"{torch_name(module.__name__)}.{name}")
        if elsewhere is not None:
            return importlib.import_module(elsewhere)
        # Layers are spread over the files of nn.modules in another way than torch's.
        if module.__name__.startswith("numtorch.nn.modules."):
            for other, module_of in list(sys.modules.items()):
                if other.startswith("numtorch.nn.modules.") and name in vars(module_of):
                    return vars(module_of)[name]
        raise missing_attribute(module, name, torch_name(module.__name__))

    module.__getattr__ = __getattr__
    _explained.append(module)
