"""autocast: blocks in which the listed functions choose their dtype."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable

from numtorch.jit import dtypes as _d

from .. import _autocast as _state
from .._autocast import state
from .._tensor import Tensor

__all__ = ["autocast", "autocast_decorator", "custom_bwd", "custom_fwd", "is_autocast_available"]

_SUPPORTED = (_d.bfloat16, _d.float16)


def is_autocast_available(device_type: str) -> bool:
    """True for devices that autocast knows; RuntimeError for a name that is none.

    >>> import numtorch as torch
    >>> torch.amp.is_autocast_available("cpu")
    True
    """
    return _state.is_available(device_type)


class autocast:
    """A block (or a decorator) in which matrix products run in `dtype`, losses in float32.

    On the CPU: products, convolutions and attention run in bfloat16 (or float16), losses,
    Fourier transforms and factorisations in float32, cat and stack in the widest type they are
    given; all others take what comes. Parameters stay as they are; the backward runs outside.

    enabled=False in an inner block switches it off there. Other dtypes, and CUDA where there is
    none, give a warning and do nothing.

    >>> import numtorch as torch
    >>> x = torch.ones(2, 2)
    >>> with torch.autocast("cpu"):
    ...     (x @ x).dtype
    torch.bfloat16
    """

    def __init__(
        self, device_type: str, dtype=None, enabled: bool = True, cache_enabled: bool | None = None
    ):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.fast_dtype = _state.get_dtype(device_type) if dtype is None else dtype
        self.device = device_type
        if not is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        given = cache_enabled
        self._cache_enabled = _state.is_cache_enabled() if given is None else given
        if enabled and device_type == "cuda":
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2
            )
            enabled = False
        elif enabled and self.fast_dtype not in _SUPPORTED:
            name = device_type.upper()
            warnings.warn(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = bool(enabled)

    def __enter__(self) -> autocast:
        kind = self.device
        self.prev = (
            _state.is_enabled(kind), _state.get_dtype(kind), state.cache_enabled, state.active,
        )  # fmt: skip
        _state.set_dtype(kind, self.fast_dtype)
        _state.set_enabled(kind, self._enabled)
        _state.increment_nesting()
        state.cache_enabled = self._cache_enabled
        return self

    def __exit__(self, *exc) -> bool:
        if _state.decrement_nesting() == 0:
            _state.clear_cache()
        enabled, dtype, cache, active = self.prev
        _state.set_enabled(self.device, enabled)
        _state.set_dtype(self.device, dtype)
        state.cache_enabled, state.active = cache, active
        return False

    def __call__(self, func: Callable) -> Callable:
        return autocast_decorator(self, func)


def autocast_decorator(autocast_instance: autocast, func: Callable) -> Callable:
    """The function, run in a block of its own each time.

    >>> import numtorch as torch
    >>> double = torch.amp.autocast_mode.autocast_decorator(torch.autocast("cpu"), torch.mm)
    >>> double(torch.ones(2, 2), torch.ones(2, 2)).dtype
    torch.bfloat16
    """

    @functools.wraps(func)
    def decorated(*args, **kwargs):
        with autocast_instance:
            return func(*args, **kwargs)

    return decorated


# ---------------------------------------------------------------- autograd.Function


def _cast(value, device_type: str, dtype):
    if isinstance(value, Tensor):
        wanted = value.is_floating_point() and value.device.type == device_type
        return value.to(dtype) if wanted and value.dtype is not _d.float64 else value
    if isinstance(value, dict):
        return {k: _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        found = [_cast(v, device_type, dtype) for v in value]
        return found if isinstance(value, list) else tuple(found)
    return value


def custom_fwd(
    fwd: Callable | None = None, *, device_type: str, cast_inputs=None
) -> Callable:  # fmt: skip
    """For the forward of an autograd.Function: it remembers autocast for `custom_bwd`.

    cast_inputs: floating tensors are cast to this dtype and the forward runs without autocast.

    >>> import numtorch as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    ...     def forward(ctx, x):
    ...         return x * 2
    >>> with torch.autocast("cpu"):
    ...     Double.apply(torch.ones(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args, **kwargs):
        ctx = args[0]
        ctx._dtype = _state.get_dtype(device_type)
        on = _state.is_enabled(device_type)
        ctx._fwd_used_autocast = on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(device_type, enabled=False):
            rest = _cast(args[1:], device_type, cast_inputs)
            return fwd(ctx, *rest, **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable | None = None, *, device_type: str) -> Callable:
    """For the backward of an autograd.Function: it runs with the forward's autocast.

    >>> import numtorch as torch
    >>> class Double(torch.autograd.Function):
    ...     @staticmethod
    ...     @torch.amp.custom_fwd(device_type="cpu")
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     @torch.amp.custom_bwd(device_type="cpu")
    ...     def backward(ctx, grad):
    ...         return grad * 2
    >>> x = torch.ones(2, requires_grad=True)
    >>> Double.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args, **kwargs):
        ctx = args[0]
        with autocast(device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(*args, **kwargs)

    return backward
