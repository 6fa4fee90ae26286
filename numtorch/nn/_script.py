"""torch.jit.ScriptModule, which older programs derive from."""

from __future__ import annotations

from numtorch import jit

from .modules.module import Module


class ScriptModule(Module):
    """A Module: it runs compiled as it is, see `numtorch.jit.script`."""


ScriptModule.__module__ = "numtorch.jit"
jit.ScriptModule = ScriptModule
