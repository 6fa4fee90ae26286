"""What describes a tensor: Size, device, layout, memory_format and qscheme objects."""

from __future__ import annotations

import operator


class Size(tuple):
    """A shape: a tuple of ints that prints as torch.Size([2, 3]).

    >>> import numtorch as torch
    >>> torch.zeros(2, 3).shape[:1], torch.Size([2, 3]).numel()
    (torch.Size([2]), 6)
    """

    __slots__ = ()

    def __new__(cls, sizes=()):
        if type(sizes) is not Size:
            sizes = tuple(sizes)
            for k, n in enumerate(sizes):
                if type(n) is not int:
                    sizes = sizes[:k] + tuple(_size(n, j) for j, n in enumerate(sizes[k:], k))
                    break
        return tuple.__new__(cls, sizes)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    __str__ = __repr__

    def numel(self) -> int:
        """Number of elements."""
        n = 1
        for s in self:
            n *= s
        return n

    def __getitem__(self, k):
        found = tuple.__getitem__(self, k)
        return as_size(found) if found.__class__ is tuple else found

    def __add__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return as_size(tuple.__add__(self, other))

    def __radd__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return as_size(tuple.__add__(other, self))

    def __mul__(self, n):
        found = tuple.__mul__(self, n)
        return found if found is NotImplemented else as_size(found)

    __rmul__ = __mul__

    def __reduce__(self):
        return Size, (tuple(self),)


def as_size(sizes: tuple) -> Size:
    """A Size of a tuple that holds ints only."""
    return tuple.__new__(Size, sizes)


def _size(n, k: int) -> int:
    try:
        return operator.index(n)
    except TypeError:
        raise TypeError(
            f"torch.Size() takes an iterable of 'int' (item {k} is '{type(n).__name__}')"
        ) from None


_TYPES = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, "
    "mps, meta, hpu, mtia, privateuseone"
)


class device:
    """A device's name: 'cpu', or 'cuda:1' (of which tensors can't be made here).

    As a context it is where factory functions put their tensors.

    >>> import numtorch as torch
    >>> torch.device("cuda:1").type, torch.device("cuda:1").index
    ('cuda', 1)
    """

    __slots__ = ("type", "index")

    def __init__(self, *args, **kwargs):
        name, index = _device_arguments(args, kwargs)
        if isinstance(name, device):
            name, index = name.type, name.index
        kind, colon, number = name.partition(":")
        if not name:
            raise RuntimeError("Device string must not be empty")
        if kind not in _TYPES.split(", "):
            raise RuntimeError(
                f"Expected one of {_TYPES} device type at start of device string: {kind}"
            )
        if colon:
            if index is not None:
                raise RuntimeError(
                    "type (string) must not include an index because index was passed explicitly: "
                    f"{name}"
                )
            if not number.isdecimal() or str(int(number)) != number:
                raise RuntimeError(f"Invalid device string: '{name}'")
            index = int(number)
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value):
        raise AttributeError(f"attribute '{name}' of 'torch.device' objects is not writable")

    def __repr__(self) -> str:
        tail = f", index={self.index}" if self.index is not None else ""
        return f"device(type='{self.type}'{tail})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self):
        return device, (self.type,) if self.index is None else (self.type, self.index)

    def __enter__(self):
        check_device(self)
        _contexts.append(self)
        return self

    def __exit__(self, *exc) -> None:
        _contexts.pop()

    def __call__(self, function):
        import functools

        @functools.wraps(function)
        def inside(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return inside


def _device_arguments(args: tuple, kwargs: dict) -> tuple:
    names = ("type", "index") if len(args) + len(kwargs) > 1 or "type" in kwargs else ("device",)
    given = {**dict(zip(names, args)), **kwargs}
    first, index = given.pop(names[0], None), given.pop("index", None)
    if type(first) is int and index is None and not given:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    wrong = given or len(args) > 2 or not isinstance(first, (str, device))
    if wrong or not (index is None or type(index) is int):
        named = [f"{k}={v}" for k, v in kwargs.items()]
        shown = ", ".join([*[type(a).__name__ for a in args], *named])
        raise TypeError(
            f"device() received an invalid combination of arguments - got ({shown}), but expected "
            "one of:\n * (torch.device device)\n * (str type, int index = None)\n"
        )
    return first, index


CPU = device("cpu")
_contexts: list[device] = []
_default = CPU


def check_device(d) -> None:
    """AssertionError or RuntimeError if tensors can't be made on a device (a device or a str)."""
    if d is None:
        return
    if d.__class__ is not device:
        d = device(d)
    if d.type in ("cuda", "xpu"):
        raise no_device(d.type)
    if d.type != "cpu":
        raise NotImplementedError(f"tensors on the '{d.type}' device are not implemented")


def no_device(kind: str) -> AssertionError:
    """The error of a program that needs a kind of device that is not there."""
    kind = kind.upper()
    text = f"Torch not compiled with {kind} enabled"
    return AssertionError(f"{text}: numtorch has the CPU only; use device='cpu'")


def get_default_device() -> device:
    """Where factory functions put their tensors.

    >>> import numtorch as torch
    >>> torch.get_default_device()
    device(type='cpu')
    """
    return _contexts[-1] if _contexts else _default


def set_default_device(d) -> None:
    """Where factory functions put their tensors; only the CPU here (None: the CPU).

    >>> import numtorch as torch
    >>> torch.set_default_device("cpu")
    >>> torch.zeros(2).device
    device(type='cpu')
    """
    global _default
    d = CPU if d is None else device(d)
    check_device(d)
    _default = d


class _Named:
    """A constant that prints as torch.name."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return _named, (type(self).__name__, self.name)


class layout(_Named):
    """How elements lie in memory: torch.strided.

    >>> import numtorch as torch
    >>> torch.zeros(2).layout
    torch.strided
    """

    __slots__ = ()


class memory_format(_Named):
    """The order of the dims in memory: torch.contiguous_format, ...

    >>> import numtorch as torch
    >>> torch.channels_last
    torch.channels_last
    """

    __slots__ = ()


class qscheme(_Named):
    """How a tensor is quantised: torch.per_tensor_affine, ...

    >>> import numtorch as torch
    >>> torch.per_tensor_affine
    torch.per_tensor_affine
    """

    __slots__ = ()


CONSTANTS = {
    **{n: layout(n) for n in (
        "strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")},
    **{n: memory_format(n) for n in (
        "contiguous_format", "preserve_format", "channels_last", "channels_last_3d")},
    **{n: qscheme(n) for n in (
        "per_tensor_affine", "per_channel_affine", "per_tensor_symmetric", "per_channel_symmetric",
        "per_channel_affine_float_qparams")},
}  # fmt: skip


def channels_last(shape: tuple, strides: tuple, form: memory_format) -> bool:
    """True if the dims lie in memory as batch, places, channels."""
    if len(shape) != (4 if form.name == "channels_last" else 5):
        return False
    n = 1
    for d in (1, *range(len(shape) - 1, 1, -1), 0):
        if shape[d] != 1:
            if strides[d] != n:
                return False
            n *= shape[d]
    return True


def _named(kind: str, name: str):
    return CONSTANTS[name]


def check_dim(dim: int, rank: int) -> int:
    """A dim in 0..rank-1; IndexError in PyTorch's words."""
    limit = max(rank, 1)
    if not -limit <= dim < limit:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-limit}, {limit - 1}], but got "
            f"{dim})"
        )
    return dim % limit
