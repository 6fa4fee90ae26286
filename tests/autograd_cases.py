"""Parity of small programs: the same code with torch and with numtorch."""

from __future__ import annotations

import warnings
from importlib import import_module

import numpy as np
import numtorch as nt
from helpers import settings, torch


def facts(x, lib):
    """What two results must agree in."""
    if isinstance(x, lib.Tensor):
        values = np.array(x.detach().numpy(), np.float64)
        return tuple(x.shape), str(x.dtype), x.requires_grad, np.round(values, 4).tolist()
    if isinstance(x, (tuple, list)):
        return tuple(facts(v, lib) for v in x)
    if isinstance(x, dict):
        return {k: facts(v, lib) for k, v in x.items()}
    if isinstance(x, (str, int, float, bool, type(None))):
        return x
    return type(x).__name__


def outcome(f, lib):
    """The facts of a program's result, or its exception's type and text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return facts(f(lib), lib)
        except Exception as e:  # noqa: BLE001
            return type(e).__name__, str(e)


def same(f, compiled: bool = False) -> None:
    """Asserts that a program gives the same with both libraries.

    Kernels are interpreted unless `compiled`: what is tested is what is computed, not by which code.
    """
    with settings(interp=not compiled):
        ours = outcome(f, nt)
    assert ours == outcome(f, torch)


def parity(f):
    """A test of a program, which takes the library."""

    def test():
        same(f)

    test.__name__, test.__doc__ = f.__name__, f.__doc__
    return test


def module(lib, name: str):
    """A submodule of the library."""
    return import_module(f"{lib.__name__}.{name}")
