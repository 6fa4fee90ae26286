"""Runs a PyTorch program on numtorch: `python -m numtorch program.py [args]`.

Also `python -m numtorch -m module [args]` and `python -m numtorch -c code [args]`, as Python's own
command line has them. `import torch`, torchvision, torchtext and torchaudio mean numtorch in the
program and in the processes it starts.
"""

from __future__ import annotations

import os
import runpy
import sys
import types

USAGE = """usage: python -m numtorch program.py [args]
       python -m numtorch -m module [args]
       python -m numtorch -c code [args]

Runs a program that imports torch on numtorch."""


def main() -> None:
    """Runs what the command line names as `__main__`."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        sys.exit(0 if arguments else 2)
    from numtorch.compat import install

    install()
    first = arguments[0]
    if first in ("-m", "-c"):
        if len(arguments) < 2:
            print(f"Argument expected for the {first} option\n{USAGE}", file=sys.stderr)
            sys.exit(2)
        sys.argv = [first, *arguments[2:]]
        _run_module(arguments[1]) if first == "-m" else _run_code(arguments[1])
    elif first.startswith("-"):
        print(f"Unknown option: {first}\n{USAGE}", file=sys.stderr)
        sys.exit(2)
    else:
        sys.argv = arguments
        _run_file(first)


def _run_module(name: str) -> None:
    # What python -m does: the module runs in __main__, with its own spec, so that spawned
    # processes can find it again.
    runpy._run_module_as_main(name)


def _run_code(code: str) -> None:
    _execute(compile(code, "<string>", "exec"), None)


def _run_file(path: str) -> None:
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        runpy.run_path(path, run_name="__main__")
        return
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    try:
        with open(path, "rb") as f:
            code = compile(f.read(), path, "exec")
    except OSError as e:
        print(f"{sys.executable}: can't open file {path!r}: {e}", file=sys.stderr)
        sys.exit(2)
    _execute(code, path)


def _execute(code, path: str | None) -> None:
    # A fresh module, as a program has it; pickles and spawned processes find it as __main__.
    module = types.ModuleType("__main__")
    if path is not None:
        module.__file__ = path
        module.__cached__ = None
    module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = module
    exec(code, module.__dict__)


if __name__ == "__main__":
    main()
