"""The examples in docstrings. `python -m tests.doc_examples [REGEX]` runs them with PyTorch too.

Each public function, class and method counts under its torch name; what has no such name (the
compiler, helpers) counts under its module. The command prints every line whose output differs.
"""

from __future__ import annotations

import contextlib
import doctest
import functools
import gc
import importlib
import inspect
import io
import pkgutil
import re
import sys
import warnings
from pathlib import Path

import numtorch
from numtorch._api import REGISTRY
from numtorch.jit.record import local

ROOT = Path(__file__).parents[1]
PARSER = doctest.DocTestParser()
IMPORT = re.compile(r">>> (import|from) numtorch\b")
# Examples that are about NumTorch itself, or whose output is meant to differ: why.
OURS = {
    "numtorch.compiler": "compile() gives the model itself",
    "numtorch.cpu": "PyTorch counts no memory of the CPU",
    "numtorch.distributions._gamma": "the helper's module is ours",
    "numtorch.hub.help": "PyTorch's takes no folder",
    "numtorch.hub.list": "PyTorch's takes no folder",
    "numtorch.safetensors": "a package of its own for PyTorch",
    "numtorch.testing.make_tensor": "PyTorch's must be given a device",
    "numtorch.utils.model_summary": "PyTorch has none",
    "numtorch.vision": "torchvision is a package of its own",
}
# Run in a process of their own: they start processes, or are refused after torch's import or
# another hook.
ALONE = {
    "numtorch.compat", "numtorch.multiprocessing.ProcessContext", "numtorch.multiprocessing.spawn",
    "numtorch.multiprocessing.start_processes",
    "numtorch.nn.modules._hooks.register_module_backward_hook",
}  # fmt: skip


def modules() -> list[str]:
    """Every module of numtorch, and of the compiler in it."""
    found = ["numtorch"]
    for package, prefix in ((ROOT / "numtorch", "numtorch."), (ROOT / "jit", "numtorch.jit.")):
        found += [m.name for m in pkgutil.walk_packages([str(package)], prefix)]
    return sorted(found)


def spaces() -> list[str]:
    """Modules that programs import: no private part in the name, and one of PyTorch's."""
    found = []
    for name in modules():
        if "._" in name or name.startswith("numtorch.jit"):
            continue
        with contextlib.suppress(ImportError):
            importlib.import_module("torch" + name[8:])
            found.append(name)
    return found


def public_names() -> dict[str, object]:
    """Public functions and classes by the first of their names: 'torch.cumsum', ..."""
    import torch

    found: dict[str, object] = {f"torch.{name}": f.public for name, f in REGISTRY.items()}
    for space in spaces():
        module = importlib.import_module(space)
        theirs = importlib.import_module("torch" + space[8:])
        for name, value in vars(module).items():
            if name[0] != "_" and ours(value) and callable(getattr(theirs, name, None)):
                found.setdefault(f"torch{space[8:]}.{name}", value)
    for name in dir(numtorch.Tensor):
        if name[0] != "_" and hasattr(torch.Tensor, name) and name not in REGISTRY:
            found[f"torch.Tensor.{name}"] = inspect.getattr_static(numtorch.Tensor, name)
    first: dict[int, str] = {}
    for name, value in found.items():
        first.setdefault(id(value), name)
    return {name: found[name] for name in first.values()}


def ours(value) -> bool:
    """True for the functions and classes of numtorch."""
    return callable(value) and str(getattr(value, "__module__", "")).startswith("numtorch")


def in_place(name: str) -> bool:
    """True for the in-place variant of a declared function: it is made from that function."""
    made = getattr(numtorch.Tensor, name.rpartition(".")[2], None)
    return doc_of(made).startswith("In-place version of ")


def doc_of(value) -> str:
    """The docstring of a function, class or property."""
    return getattr(value, "__doc__", None) or ""


@functools.cache
def collected() -> dict[str, tuple[str, dict]]:
    """Docstrings with examples and the names that they see; a shared docstring counts once."""
    found: dict[str, tuple[str, dict]] = {}
    seen: set[str] = set()

    def add(name: str, doc: str, scope: dict) -> None:
        if ">>>" in doc and doc not in seen:
            seen.add(doc)
            found[name] = (doc, scope)

    for name, f in REGISTRY.items():
        add(f"torch.{name}", f.doc, {})
    for name in dir(numtorch.Tensor):
        value = inspect.getattr_static(numtorch.Tensor, name)
        add(f"torch.Tensor.{name}", doc_of(value), {})
    for name in modules():
        module = importlib.import_module(name)
        # torch's namespace hides Python's int, bool, sum, ...
        scope = {} if module is numtorch else vars(module)
        for key, value in list(vars(module).items()):
            if ours(value):
                add(f"{name}.{key}", doc_of(value), scope)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
            add(test.name, test.docstring or "", scope)
    return found


@functools.cache
def derived() -> list[str]:
    """In-place variants whose example is that of their row: each costs a kernel of its own."""
    return [n for n, (doc, _) in collected().items() if doc.startswith("In-place version of :meth:")]


def run(name: str, doc: str, scope: dict) -> str:
    """What doctest reports about the examples of one docstring: '' if all is as shown."""
    test = PARSER.get_doctest(doc, {**scope, "__name__": "__main__"}, name, None, 0)
    out = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated functions have examples too
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False).run(test, out=out.write)
    gc.collect(1)
    local.tape.reset()  # what nobody can see any more is not to be computed for the next example
    return out.getvalue()


def with_pytorch(name: str, doc: str) -> str:
    """`run` with PyTorch's modules for numtorch's."""
    doc = doc.replace("import numtorch as torch", "import torch")
    return run(name, re.sub(r"\b(import|from) numtorch\b", r"\1 torch", doc), {})


def main(pattern: str = "") -> int:
    """Prints the examples that differ from PyTorch's output, and how many were compared.

    It runs the in-place variants too, of which the tests take a few.
    """
    spaces()  # imports PyTorch's modules of our names
    differing = compared = wrong = 0
    for name, (doc, scope) in collected().items():
        if re.search(pattern, name) and name in derived():
            wrong += bool(report := run(name, doc, scope))
            print(report, end="")
        ours_alone = not IMPORT.search(doc) or name.startswith(tuple(OURS)) or name in ALONE
        if ours_alone or not re.search(pattern, name):
            continue
        compared += 1
        report = with_pytorch(name, doc)
        if report:
            differing += 1
            print(f"{name}\n{report}")
    print(f"{compared} docstrings compared with PyTorch, {differing} differ; {wrong} of "
          f"{len(derived())} in-place variants differ from what they show")  # fmt: skip
    return differing + wrong


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
