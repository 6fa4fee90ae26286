"""Pickles with PyTorch's names, so that PyTorch opens our files."""

from __future__ import annotations

import io
import pickle
import types
from collections import OrderedDict

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.meta import meta
from numtorch.jit.record import Lazy, array_of, local

from .. import _descriptors, _storage, nn
from .._interop import own_attributes
from .._tensor import Tensor
from ..sparse._base import SparseTensor
from . import modules, names, rebuild

_PLAIN_REDUCE = Tensor.__reduce_ex__


class _Memory:
    """A storage to be written: its elements, and the dtype they are named by."""

    __slots__ = ("key", "dtype", "array", "keep")

    def __init__(self, key: str, dtype, array: np.ndarray, keep):
        self.key, self.dtype, self.array, self.keep = key, dtype, array, keep


class Memories:
    """The storages that the pickled tensors share, each once."""

    def __init__(self):
        self.found: dict = {}

    def of(self, t: Tensor, dtype=None) -> _Memory:
        """The storage of a tensor; RuntimeError if it was met as another dtype."""
        t._value()
        if local.tape.entries:
            local.tape.flush()
        root = t._st._v if t._st is not None else t._v
        m = root.meta
        flat = root.strides is None
        n = m.numel if flat or not m.numel else (
            1 + sum((k - 1) * s for k, s in zip(m.shape, root.strides))
        )  # fmt: skip
        dtype = t.dtype if dtype is None else dtype
        nbytes = n * m.dtype.itemsize
        where = (root.addr, nbytes) if nbytes else id(t if t._st is None else t._st)
        memory = self.found.get(where)
        if memory is None:
            array = array_of(Lazy(meta((n,), m.dtype), root.buf, root.addr))
            memory = _Memory(str(len(self.found)), dtype, array, (t, t._st))
            self.found[where] = memory
        elif memory.dtype is not dtype:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        return memory


class _Data:
    """A parameter's data: the same memory as a plain tensor."""

    __slots__ = ("t",)

    def __init__(self, t: Tensor):
        self.t = t


class _Naming:
    """What a pickler of any kind needs to know of tensors."""

    memories: Memories
    legacy = False

    def persistent_id(self, obj):
        """The id of a storage; None for everything else."""
        kind = obj.__class__
        if kind is not _Memory:
            if kind not in _storage.CLASSES:
                return None
            typed = kind is not _storage.UntypedStorage
            obj = self.memories.of(obj._tensor, obj.dtype if typed else _d.uint8)
        named = names.STORAGE_NAMES.get(obj.dtype)
        cls, size = _storage.UntypedStorage, obj.array.nbytes
        if named is not None:
            cls, size = getattr(_storage, named), size // obj.dtype.itemsize
        found = ("storage", cls, obj.key, "cpu", size)
        return (*found, None) if self.legacy else found

    def reducer_override(self, obj):
        """How tensors, modules and our descriptors are pickled."""
        if isinstance(obj, Tensor):
            return self._tensor(obj)
        if obj.__class__ is _Data:
            return self._v2(obj.t, False)
        if isinstance(obj, nn.Module):
            return modules.reduce_module(obj)
        if isinstance(obj, _d.DType):
            return obj.name
        if isinstance(obj, _descriptors.layout):
            return rebuild._get_layout, (f"torch.{obj.name}",)
        return NotImplemented

    def _v2(self, t: Tensor, requires_grad: bool):
        memory = self.memories.of(t)
        place = (memory, t.storage_offset(), tuple(t.shape), t.stride(), requires_grad)
        if t.dtype in names.STORAGE_NAMES:
            return rebuild._rebuild_tensor_v2, (*place, OrderedDict())
        return rebuild._rebuild_tensor_v3, (*place, OrderedDict(), t.dtype)

    def _tensor(self, t: Tensor):
        if type(t).__reduce_ex__ is not _PLAIN_REDUCE and not isinstance(t, SparseTensor):
            return NotImplemented  # the class has its own way
        state = own_attributes(t)
        if isinstance(t, (nn.UninitializedParameter, nn.parameter.UninitializedBuffer)):
            return type(t), (t.requires_grad,)
        if isinstance(t, nn.Parameter):
            args = (_Data(t), t.requires_grad, OrderedDict())
            if state:
                return rebuild._rebuild_parameter_with_state, (*args, state)
            return rebuild._rebuild_parameter, args
        if isinstance(t, SparseTensor):
            found = rebuild._rebuild_sparse_tensor, (t.layout, _parts(t))
        else:
            found = self._v2(t, t.requires_grad)
        kind = type(t)
        if isinstance(t, nn.Buffer):
            state = {**state, "persistent": t.persistent, "_is_buffer": True}
            kind = Tensor
        if (kind is Tensor or isinstance(t, SparseTensor)) and not state:
            return found
        return rebuild._rebuild_from_type_v2, (found[0], kind, found[1], state)


def _parts(t: SparseTensor) -> tuple:
    size = tuple(t.shape)
    if t.layout.name == "sparse_coo":
        return t._indices(), t._values(), _descriptors.Size(size), bool(t.is_coalesced())
    rows = t.layout.name == "sparse_csr"
    first = t.crow_indices() if rows else t.ccol_indices()
    second = t.col_indices() if rows else t.row_indices()
    return first, second, t.values(), _descriptors.Size(size)


class Pickler(_Naming, pickle._Pickler):
    """Python's pickler in Python: it alone lets a class be written under another name."""

    def __init__(self, file, protocol: int, memories: Memories, legacy: bool = False):
        super().__init__(file, protocol)
        self.memories, self.legacy = memories, legacy

    def save_global(self, obj, name=None):
        """Writes PyTorch's name of a class or function."""
        home = names.torch_name(obj)
        if home is None:
            return super().save_global(obj, name)
        if self.proto >= 4:
            self.save(home[0])
            self.save(home[1])
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + "{}\n{}\n".format(*home).encode())
        self.memoize(obj)
        return None

    def save_list(self, obj):
        """Long lists of plain values go through the C pickler, without references among them."""
        if len(obj) < _LONG or not 2 <= self.proto < 4 or not _plain(obj):
            return super().save_list(obj)
        self.write(pickle.EMPTY_LIST)
        self.memoize(obj)
        whole = len(obj) - len(obj) % _PART
        for start in range(0, whole, _PART):
            self.write(_items(obj[start : start + _PART], self.proto))
            self.write(pickle.APPENDS)
        return self._batch_appends(obj[whole:])

    dispatch = {**pickle._Pickler.dispatch, types.FunctionType: save_global, list: save_list}


_LONG = _PART = 256
_PLAIN_TYPES = frozenset((int, float, bool, str, bytes, type(None)))


def _plain(values: list) -> bool:
    return set(map(type, values)) <= _PLAIN_TYPES


def _items(values: list, protocol: int) -> bytes:
    """MARK and the values, as they stand in a pickle."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol)
    pickler.fast = True  # no memo: its numbers would not fit ours
    pickler.dump(tuple(values))
    data = out.getvalue()
    return data[2:-2]  # without PROTO, and TUPLE and STOP


def dumps(obj, memories: Memories, protocol: int, module=None, legacy: bool = False) -> bytes:
    """The pickle of an object; `module`: another pickle library's pickler (with our names)."""
    out = io.BytesIO()
    if module is None or module is pickle:
        Pickler(out, protocol, memories, legacy).dump(obj)
        return out.getvalue()
    base = module.Pickler

    class Foreign(_Naming, base):
        pass

    if issubclass(base, pickle._Pickler):
        Foreign.save_global = _foreign_save_global(base)
        Foreign.dispatch = base.dispatch
    made = Foreign(out, protocol=protocol)
    made.memories, made.legacy = memories, legacy
    made.dump(obj)
    return out.getvalue()


def _foreign_save_global(base: type):
    def save_global(self, obj, name=None):
        if names.torch_name(obj) is None:
            return base.save_global(self, obj, name)
        return Pickler.save_global(self, obj, name)

    return save_global
