"""Module: named parameters, buffers and submodules, and a forward."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

from numtorch.jit import dtypes as _d

from ..._creation import empty_like
from ..._descriptors import device as _Device
from ..._repr import typename
from ..._tensor import Tensor
from ...autograd import no_grad
from ..parameter import Buffer, Parameter
from ._hooks import (  # noqa: F401
    GLOBAL,
    ModuleHooks,
    on_registration,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ._state import ModuleState


class Module(ModuleHooks, ModuleState):
    """Base of all networks and layers.

    Parameters, buffers and submodules are found when they are assigned as attributes. They live
    twice: in the registries `_parameters`, `_buffers` and `_modules`, which every listing reads,
    and in the instance's __dict__, so that `self.weight` in a forward is a plain attribute.

    >>> import numtorch as torch
    >>> class Net(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = torch.nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> Net()(torch.ones(3, 4)).shape
    torch.Size([3, 2])
    """

    training: bool

    def __init__(self):
        d = self.__dict__
        d["training"] = True
        d["_parameters"], d["_buffers"], d["_modules"] = {}, {}, {}
        d["_non_persistent_buffers_set"] = set()

    def __setstate__(self, state: dict) -> None:
        if "_backward_hooks" in state:  # as PyTorch's modules have it
            from ..._serialization.modules import from_torch

            state = from_torch(self, state)
        self.__dict__.update(state)

    # -- the call

    def forward(self, *args, **kwargs) -> Tensor:
        """What a call computes; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def __call__(self, *args, **kwargs):
        if self._hooked:
            return self._call_hooked(args, kwargs)
        return self.forward(*args, **kwargs)

    # -- attributes

    def __setattr__(self, name: str, value) -> None:
        d = self.__dict__
        if isinstance(value, Parameter):
            if name in d and name not in d.get("_parameters", ()):
                _remove(name, d, d.get("_buffers", {}), d.get("_modules", {}))
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._need_init("module")
            _remove(name, d, d["_parameters"], d["_buffers"], d["_non_persistent_buffers_set"])
            if GLOBAL.registration["module"]:
                value = on_registration("module", self, name, value)
            d["_modules"][name] = d[name] = value
        elif not self._set_declared(name, value):
            if isinstance(value, Buffer):
                self.register_buffer(name, value, value.persistent)
            else:
                object.__setattr__(self, name, value)

    def _set_declared(self, name: str, value) -> bool:
        """Stores a value under a registered name; False if the name is not registered."""
        d = self.__dict__
        for registry, kind, word in _REGISTRIES:
            if name in d.get(registry, ()):
                if value is not None and not isinstance(value, kind):
                    what, expected = word
                    raise TypeError(
                        f"cannot assign '{typename(value)}' as {what} '{name}' ({expected} or "
                        "None expected)"
                    )
                d[registry][name] = d[name] = value
                return True
        return False

    def _need_init(self, what: str) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    def __getattr__(self, name: str):
        # Reached only for names that are not plain attributes: registries changed by hand.
        d = self.__dict__
        for registry in ("_parameters", "_buffers", "_modules"):
            if registry in d and name in d[registry]:
                return d[registry][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        d = self.__dict__
        for registry in ("_parameters", "_buffers", "_modules"):
            if name in d.get(registry, ()):
                del d[registry][name]
                d.pop(name, None)
                d["_non_persistent_buffers_set"].discard(name)
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter (None: the name is known, but there is none)."""
        self._need_init("parameters" if param is not None else "parameter")
        d = self.__dict__
        self._check_name(name, "parameter", d["_parameters"])
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param is not None and param._rg == 2:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, compute "
                "the value in the forward() method."
            )
        _remove(name, d, d["_buffers"], d["_modules"], d["_non_persistent_buffers_set"])
        if GLOBAL.registration["parameter"] and param is not None:
            param = on_registration("parameter", self, name, param)
        d["_parameters"][name] = d[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a buffer: state that is saved (if persistent) but not trained."""
        self._need_init("buffer")
        d = self.__dict__
        self._check_name(name, "buffer", d["_buffers"])
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or "
                "None required)"
            )
        _remove(name, d, d["_parameters"], d["_modules"])
        if GLOBAL.registration["buffer"]:
            tensor = on_registration("buffer", self, name, tensor)
        d["_buffers"][name] = d[name] = tensor
        (set.discard if persistent else set.add)(d["_non_persistent_buffers_set"], name)

    def register_module(self, name: str, module: Module | None) -> None:
        """`add_module`."""
        self.add_module(name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule."""
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{typename(module)} is not a Module subclass")
        d = self.__dict__
        self._check_name(name, "module", d["_modules"])
        if GLOBAL.registration["module"]:
            module = on_registration("module", self, name, module)
        d["_modules"][name] = d[name] = module

    def _check_name(self, name: str, what: str, registry: dict) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {typename(name)}")
        if "." in name:
            tail = f", got: {name}" if what == "module" else ""
            raise KeyError(f'{what} name can\'t contain "."{tail}')
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if name not in registry and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def __dir__(self):
        d = self.__dict__
        return sorted({*object.__dir__(self), *d["_parameters"], *d["_buffers"], *d["_modules"]})

    # -- listings

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(name, module) of this module and all below it, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                below = prefix + ("." if prefix else "") + name
                yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the direct submodules."""
        memo = set()
        for name, module in self._modules.items():
            if module is not None and module not in memo:
                memo.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        for _, module in self.named_children():
            yield module

    def _named_members(self, registry: str, prefix: str, recurse: bool, remove_duplicate: bool):
        memo = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse else [(prefix, self)]
        )  # fmt: skip
        for module_prefix, module in modules:
            for name, value in module.__dict__[registry].items():
                if value is None or value in memo:
                    continue
                if remove_duplicate:
                    memo.add(value)
                yield module_prefix + ("." if module_prefix else "") + name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter) of this module and all below it, each once."""
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and all below it."""
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(name, buffer) of this module and all below it, each once."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and all below it."""
        for _, b in self.named_buffers(recurse=recurse):
            yield b

    def get_submodule(self, target: str) -> Module:
        """The submodule with a dotted name."""
        module = self
        for part in target.split(".") if target else ():
            module = _member(module, part, Module)
        return module

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts a module at a dotted name; with strict it must replace one that is there."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        if not isinstance(module, Module):
            raise ValueError(f'`module` is not an nn.Module, found {module.__class__}')
        parent = self.get_submodule(path) if path else self
        if strict or hasattr(parent, name):
            _member(parent, name, Module)
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a dotted name."""
        path, _, name = target.rpartition(".")
        return _member(self.get_submodule(path), name, Parameter)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        _member(module, name, object)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]

    # -- modes, casts

    def apply(self, fn: Callable[[Module], None]) -> Module:
        """Calls fn on every submodule, then on this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Sets training mode here and below."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Module:
        """Sets evaluation mode here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Sets requires_grad of all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients, or sets them to zero."""
        for p in self.parameters():
            if set_to_none:
                p._grad = None
            elif p._grad is not None:
                p._grad = p._grad.detach().zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Module:
        for module in self.children() if recurse else ():
            module._apply(fn)
        for p in self._parameters.values():
            if p is not None:
                with no_grad():
                    new = fn(p)
                if new._v is not p._v:
                    p.data = new
                if p._grad is not None:
                    p._grad = fn(p._grad)
        for name, b in self._buffers.items():
            if b is not None:
                self._buffers[name] = self.__dict__[name] = fn(b)
        return self

    def to(self, *args, **kwargs) -> Module:
        """Casts floating point parameters and buffers to a dtype; the device may only be cpu."""
        if len(args) > 4:
            raise TypeError(
                f"to() takes from 0 to 4 positional arguments but {len(args)} were given"
            )
        device, dtype = kwargs.get("device"), kwargs.get("dtype")
        for a in args:
            if isinstance(a, _d.DType):
                dtype = a
            elif isinstance(a, Tensor):
                dtype = a.dtype
            elif not isinstance(a, bool):
                device = a
        if dtype is not None and not dtype.differentiable:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype="
                f"{dtype}"
            )
        if dtype is not None and dtype.kind == "c":
            warnings.warn(
                "Complex modules are a new feature under active development whose design may "
                "change, and some modules might not work as expected when using complex tensors "
                "as parameters or buffers. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a "
                "complex module does not work as expected.", stacklevel=2,
            )  # fmt: skip
        form = kwargs.get("memory_format")

        def moved(t: Tensor) -> Tensor:
            wanted = dtype if t.dtype.differentiable else None
            kept = form if t.dim() in (4, 5) else None
            return t.to(device=device, dtype=wanted, memory_format=kept)

        return self._apply(moved)

    def _cast(self, dtype) -> Module:
        return self._apply(lambda t: t.to(dtype) if t.dtype.kind == "f" else t)

    def float(self) -> Module:
        """Casts floating point parameters and buffers to float32."""
        return self._cast(_d.float32)

    def double(self) -> Module:
        """Casts floating point parameters and buffers to float64."""
        return self._cast(_d.float64)

    def half(self) -> Module:
        """Casts floating point parameters and buffers to float16."""
        return self._cast(_d.float16)

    def bfloat16(self) -> Module:
        """Casts floating point parameters and buffers to bfloat16."""
        return self._cast(_d.bfloat16)

    def type(self, dst_type) -> Module:
        """Casts all parameters and buffers."""
        return self._apply(lambda t: t.type(dst_type))

    def to_empty(self, *, device, recurse: bool = True) -> Module:
        """Gives all parameters and buffers new memory whose content is not set."""
        return self._apply(lambda t: empty_like(t, device=device), recurse)

    def compile(self, *args, **kwargs) -> None:
        """Nothing to do: what a forward records is compiled by itself."""

    def cpu(self) -> Module:
        """Itself: everything is on the CPU."""
        return self

    def _device(self, name: str, device) -> Module:
        index = "" if device is None else f":{device}"
        return self.to(device if isinstance(device, (str, _Device)) else f"{name}{index}")

    def cuda(self, device=None) -> Module:
        """Moves everything to a GPU; AssertionError without CUDA."""
        return self._device("cuda", device)

    def xpu(self, device=None) -> Module:
        """As cuda, for Intel's GPUs."""
        return self._device("xpu", device)

    def ipu(self, device=None) -> Module:
        """As cuda, for Graphcore's processors."""
        return self._device("ipu", device)

    def mtia(self, device=None) -> Module:
        """As cuda, for MTIA accelerators."""
        return self._device("mtia", device)

    def share_memory(self) -> Module:
        """Moves all parameters and buffers to memory that other processes can map."""
        return self._apply(lambda t: t.share_memory_())

    # -- text

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """The text between the brackets of repr."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        child_lines = [
            f"({name}): " + _addindent(repr(module), 2) for name, module in self._modules.items()
        ]
        text = self._get_name() + "("
        if extra_lines or child_lines:
            if len(extra_lines) == 1 and not child_lines:
                text += extra_lines[0]
            else:
                text += "\n  " + "\n  ".join(extra_lines + child_lines) + "\n"
        return text + ")"


_REGISTRIES = (
    ("_parameters", Parameter, ("parameter", "torch.nn.Parameter")),
    ("_modules", Module, ("child module", "torch.nn.Module")),
    ("_buffers", Tensor, ("buffer", "torch.nn.Buffer, torch.Tensor")),
)


def _remove(name: str, *places) -> None:
    for place in places:
        if isinstance(place, dict):
            place.pop(name, None)
        else:
            place.discard(name)


def _member(module: Module, name: str, kind: type):
    """A module's attribute; AttributeError if there is none, or of another kind."""
    if not hasattr(module, name):
        raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
    found = getattr(module, name)
    if not isinstance(found, kind):
        raise AttributeError(f"`{name}` is not an nn.{kind.__name__}")
    return found


def _addindent(text: str, spaces: int) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *[" " * spaces + line for line in rest]])
