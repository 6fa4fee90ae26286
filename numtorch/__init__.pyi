"""Signatures of numtorch; written by `python -m numtorch._stubs`."""

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np

_bool = builtins.bool
_int = builtins.int
_float = builtins.float
Number = builtins.int | builtins.float | builtins.bool | builtins.complex
_Ints = builtins.int | Sequence[builtins.int]
_dtype = dtype
_layout = layout
_memory_format = memory_format
_device = device
_Device = str | _device | builtins.int | None
# mypy: disable-error-code="overload-cannot-match, overload-overlap"

from . import accelerator as accelerator
from . import amp as amp
from . import audio as audio
from . import autograd as autograd
from . import backends as backends
from . import compat as compat
from . import compiler as compiler
from . import cpu as cpu
from . import cuda as cuda
from . import distributed as distributed
from . import distributions as distributions
from . import fft as fft
from . import func as func
from . import hub as hub
from . import jit as jit
from . import linalg as linalg
from . import mps as mps
from . import multiprocessing as multiprocessing
from . import nn as nn
from . import onnx as onnx
from . import optim as optim
from . import overrides as overrides
from . import profiler as profiler
from . import random as random
from . import return_types as return_types
from . import safetensors as safetensors
from . import serialization as serialization
from . import signal as signal
from . import sparse as sparse
from . import special as special
from . import testing as testing
from . import text as text
from . import torch_version as torch_version
from . import types as types
from . import utils as utils
from . import version as version
from . import vision as vision
from . import xpu as xpu


class Tensor:
    """An n-dimensional array with recorded ops and gradients."""
    @property
    def H(self) -> Any:
        """Conjugate transpose of a matrix."""
    @property
    def T(self) -> Any:
        """The tensor with its dims reversed."""
    def __abs__(self) -> Any:
        """Elementwise abs."""
    def __add__(self, other: Any) -> Any:
        """Elementwise add; operands broadcast and are promoted."""
    def __and__(self, other: Any) -> Any:
        """Elementwise bitwise_and; operands broadcast and are promoted."""
    __annotations__: Any
    def __array__(self, dtype: Any = ..., copy: Any = ...) -> Any:
        """For np.asarray and NumPy functions: shares memory unless dtype or copy say otherwise."""
    __array_priority__: Any
    def __array_wrap__(self, array: Any, context: Any = ..., return_scalar: Any = ...) -> Any:
        """Makes the result of a NumPy function of tensors a tensor."""
    def __bool__(self) -> Any:
        ...
    def __complex__(self) -> Any:
        ...
    def __contains__(self, item: Any) -> Any:
        ...
    def __copy__(self) -> Any:
        """Another tensor over the same memory, a leaf as this one is."""
    def __deepcopy__(self, memo: Any) -> Any:
        """A leaf with memory of its own; aliases within one deepcopy keep sharing."""
    def __div__(self, other: Any) -> Any:
        """Elementwise div; operands broadcast and are promoted."""
    def __dlpack__(self, *, stream: Any = ..., max_version: Any = ..., dl_device: Any = ..., copy: Any = ...) -> Any:
        """A DLPack capsule of this tensor's memory; BufferError for leaves that require grad."""
    def __dlpack_device__(self) -> Any:
        """(1, 0): the CPU."""
    def __eq__(self, other: Any) -> Any:
        """Elementwise eq; operands broadcast and are promoted."""
    def __float__(self) -> Any:
        ...
    def __floordiv__(self, other: Any) -> Any:
        """Elementwise floor_divide; operands broadcast and are promoted."""
    def __format__(self, spec: Any) -> Any:
        ...
    def __ge__(self, other: Any) -> Any:
        """Elementwise ge; operands broadcast and are promoted."""
    def __getitem__(self, key: Any) -> Any:
        """Views for ints, slices, None, ...; copies for tensor indices."""
    def __gt__(self, other: Any) -> Any:
        """Elementwise gt; operands broadcast and are promoted."""
    def __iadd__(self, other: Any) -> Any:
        ...
    def __iand__(self, other: Any) -> Any:
        ...
    def __idiv__(self, other: Any) -> Any:
        ...
    def __ifloordiv__(self, other: Any) -> Any:
        ...
    def __ilshift__(self, other: Any) -> Any:
        ...
    def __imod__(self, other: Any) -> Any:
        ...
    def __imul__(self, other: Any) -> Any:
        ...
    def __index__(self) -> Any:
        ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Everything is done by __new__; a subclass may have parameters of its own."""
    def __int__(self) -> Any:
        ...
    def __invert__(self) -> Any:
        """Bitwise not: logical for bool, -x - 1 for integers."""
    def __ior__(self, other: Any) -> Any:
        ...
    def __ipow__(self, other: Any) -> Any:
        ...
    def __irshift__(self, other: Any) -> Any:
        ...
    def __isub__(self, other: Any) -> Any:
        ...
    def __iter__(self) -> Any:
        ...
    def __itruediv__(self, other: Any) -> Any:
        ...
    def __ixor__(self, other: Any) -> Any:
        ...
    def __le__(self, other: Any) -> Any:
        """Elementwise le; operands broadcast and are promoted."""
    def __len__(self) -> Any:
        ...
    def __lshift__(self, other: Any) -> Any:
        """Elementwise bitwise_left_shift; operands broadcast and are promoted."""
    def __lt__(self, other: Any) -> Any:
        """Elementwise lt; operands broadcast and are promoted."""
    def __matmul__(self, other: Any) -> Any:
        ...
    def __mod__(self, other: Any) -> Any:
        """Elementwise remainder; operands broadcast and are promoted."""
    def __mul__(self, other: Any) -> Any:
        """Elementwise mul; operands broadcast and are promoted."""
    def __ne__(self, other: Any) -> Any:
        """Elementwise ne; operands broadcast and are promoted."""
    def __neg__(self) -> Any:
        """Elementwise neg."""
    @staticmethod
    def __new__(cls: Any, *args: Any, device: Any = ...) -> Any:
        ...
    def __or__(self, other: Any) -> Any:
        """Elementwise bitwise_or; operands broadcast and are promoted."""
    def __pos__(self) -> Any:
        ...
    def __pow__(self, exponent: Any) -> Any:
        """input ** exponent."""
    def __radd__(self, other: Any) -> Any:
        """Elementwise add; operands broadcast and are promoted."""
    def __rand__(self, other: Any) -> Any:
        """Elementwise bitwise_and; operands broadcast and are promoted."""
    def __rdiv__(self, other: Any) -> Any:
        """other / self: as in PyTorch, the reciprocal of self times other."""
    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickles the whole storage and the place in it; the graph is not kept."""
    def __repr__(self) -> Any:
        ...
    def __reversed__(self) -> Any:
        ...
    def __rfloordiv__(self, other: Any) -> Any:
        """Elementwise floor_divide; operands broadcast and are promoted."""
    def __rlshift__(self, other: Any) -> Any:
        """Elementwise bitwise_left_shift; operands broadcast and are promoted."""
    def __rmatmul__(self, other: Any) -> Any:
        ...
    def __rmod__(self, other: Any) -> Any:
        """Elementwise remainder; operands broadcast and are promoted."""
    def __rmul__(self, other: Any) -> Any:
        """Elementwise mul; operands broadcast and are promoted."""
    def __ror__(self, other: Any) -> Any:
        """Elementwise bitwise_or; operands broadcast and are promoted."""
    def __rpow__(self, other: Any) -> Any:
        """Elementwise pow; operands broadcast and are promoted."""
    def __rrshift__(self, other: Any) -> Any:
        """Elementwise bitwise_right_shift; operands broadcast and are promoted."""
    def __rshift__(self, other: Any) -> Any:
        """Elementwise bitwise_right_shift; operands broadcast and are promoted."""
    def __rsub__(self, other: Any) -> Any:
        """Elementwise sub; operands broadcast and are promoted."""
    def __rtruediv__(self, other: Any) -> Any:
        """other / self: as in PyTorch, the reciprocal of self times other."""
    def __rxor__(self, other: Any) -> Any:
        """Elementwise bitwise_xor; operands broadcast and are promoted."""
    def __setitem__(self, key: Any, value: Any) -> Any:
        """Writes through views; tensor indices scatter."""
    def __sub__(self, other: Any) -> Any:
        """Elementwise sub; operands broadcast and are promoted."""
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = ..., kwargs: Any = ...) -> Any:
        """What a subclass makes of a function: its result, as tensors of the subclass."""
    def __truediv__(self, other: Any) -> Any:
        """Elementwise div; operands broadcast and are promoted."""
    def __xor__(self, other: Any) -> Any:
        """Elementwise bitwise_xor; operands broadcast and are promoted."""
    def abs(self) -> Tensor:
        """Absolute value; of complex numbers the modulus, in the real dtype."""
    def abs_(self) -> Tensor:
        """Absolute value; of complex numbers the modulus, in the real dtype."""
    def absolute(self) -> Tensor:
        """Absolute value; of complex numbers the modulus, in the real dtype."""
    def absolute_(self) -> Tensor:
        """Absolute value; of complex numbers the modulus, in the real dtype."""
    def acos(self) -> Tensor:
        """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
    def acos_(self) -> Tensor:
        """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN below 1."""
    def acosh_(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN below 1."""
    def add(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input + alpha * other; operands broadcast and are promoted."""
    def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input + alpha * other; operands broadcast and are promoted."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (the sum of the batch's products)."""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (the sum of the batch's products)."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value * tensor1 / tensor2; integers are refused as divisors of integers."""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value * tensor1 / tensor2; integers are refused as divisors of integers."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value * tensor1 * tensor2."""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
        """input + value * tensor1 * tensor2."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (mat1 @ mat2); with beta = 0 NaNs in input do not count."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (mat1 @ mat2); with beta = 0 NaNs in input do not count."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (mat @ vec)."""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * (mat @ vec)."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * outer(vec1, vec2)."""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * outer(vec1, vec2)."""
    def adjoint(self) -> Any:
        """Conjugate transpose of the last two dims."""
    def all(self, dim: _Ints | None = None, keepdim: _bool = False) -> Tensor:
        """True if all elements along the dims are (uint8 for uint8)."""
    def allclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Any:
        """True if |input - other| <= atol + rtol * |other| everywhere."""
    def amax(self, dim: _Ints | None = (), keepdim: _bool = False) -> Tensor:
        """Maximum over the given dims; equal maxima share the gradient."""
    def amin(self, dim: _Ints | None = (), keepdim: _bool = False) -> Tensor:
        """Minimum over the given dims; equal minima share the gradient."""
    def aminmax(self, *, dim: _int | None = None, keepdim: _bool = False) -> Any:
        """(minimum, maximum) over one dim, or over all."""
    def angle(self) -> Tensor:
        """The argument of complex numbers in radians; 0 or pi of real ones."""
    def angle_(self) -> Tensor:
        """The argument of complex numbers in radians; 0 or pi of real ones."""
    def any(self, dim: _Ints | None = None, keepdim: _bool = False) -> Tensor:
        """True if any element along the dims is (uint8 for uint8)."""
    def apply_(self, callable: Any) -> Any:
        """Replaces each element by what a Python function makes of it (slow)."""
    def arccos(self) -> Tensor:
        """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
    def arccos_(self) -> Tensor:
        """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN below 1."""
    def arccosh_(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN below 1."""
    def arcsin(self) -> Tensor:
        """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
    def arcsin_(self) -> Tensor:
        """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arcsinh_(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arctan(self) -> Tensor:
        """Arc tangent in [-pi/2, pi/2]."""
    def arctan2(self, other: Tensor) -> Tensor:
        """Angle of the points (other, input) in (-pi, pi]."""
    def arctan2_(self, other: Tensor) -> Tensor:
        """Angle of the points (other, input) in (-pi, pi]."""
    def arctan_(self) -> Tensor:
        """Arc tangent in [-pi/2, pi/2]."""
    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
    def arctanh_(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
    def argmax(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """Index of the first maximum along a dim, or of the flat tensor."""
    def argmin(self, dim: _int | None = None, keepdim: _bool = False) -> Tensor:
        """Index of the first minimum along a dim, or of the flat tensor."""
    @overload
    def argsort(self, *, stable: _bool, dim: _int = -1, descending: _bool = False) -> Tensor:
        """Indices that sort a tensor along a dim."""
    @overload
    def argsort(self, dim: _int = -1, descending: _bool = False) -> Any:
        ...
    def argwhere(self) -> Any:
        """Indices of the elements that are not zero: [n, dims]."""
    def as_strided(self, size: _Ints, stride: _Ints, storage_offset: _int | None = None) -> Any:
        """A view of any elements of the tensor's memory: sizes, strides and first element.

        RuntimeError when it would reach outside of the memory."""
    def as_strided_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`as_strided`."""
    def as_strided_scatter(self, src: Tensor, size: _Ints, stride: _Ints, storage_offset: _int | None = None) -> Any:
        """input with a strided region replaced by src."""
    def as_subclass(self, cls: Any) -> Any:
        """This tensor as one of a subclass: the same memory and graph.

        TypeError if `cls` is no subclass of Tensor."""
    def asin(self) -> Tensor:
        """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
    def asin_(self) -> Tensor:
        """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def asinh_(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def atan(self) -> Tensor:
        """Arc tangent in [-pi/2, pi/2]."""
    def atan2(self, other: Tensor) -> Tensor:
        """Angle of the points (other, input) in (-pi, pi]."""
    def atan2_(self, other: Tensor) -> Tensor:
        """Angle of the points (other, input) in (-pi, pi]."""
    def atan_(self) -> Tensor:
        """Arc tangent in [-pi/2, pi/2]."""
    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
    def atanh_(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
    def backward(self, gradient: Any = ..., retain_graph: Any = ..., create_graph: Any = ..., inputs: Any = ...) -> Any:
        """Adds the gradients of this tensor to the leaves' .grad.

        `gradient` (shape of self) is needed unless self has one element. Raises RuntimeError when
        there is no graph, or when it was freed by an earlier backward."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * bmm(batch1, batch2)."""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * input + alpha * bmm(batch1, batch2)."""
    @overload
    def bernoulli(self, *, generator: Generator | None = None) -> Tensor:
        """1 with the probabilities in `input`, else 0."""
    @overload
    def bernoulli(self, p: _float, *, generator: Generator | None = None) -> Tensor:
        ...
    def bernoulli_(self, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
        """1 with probability p (a number or a tensor)."""
    def bfloat16(self, memory_format: Any = ...) -> Any:
        """Cast to torch.bfloat16."""
    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Any:
        """How often each non-negative integer occurs, or the sums of its weights."""
    def bitwise_and(self, other: Tensor | Number) -> Tensor:
        """Bits that both have, of integers and bools; floats are refused."""
    def bitwise_and_(self, other: Tensor | Number) -> Tensor:
        """Bits that both have, of integers and bools; floats are refused."""
    def bitwise_left_shift(self, other: Tensor | Number) -> Tensor:
        """input * 2 ** other, of integers."""
    def bitwise_left_shift_(self, other: Tensor | Number) -> Tensor:
        """input * 2 ** other, of integers."""
    def bitwise_not(self) -> Tensor:
        """-x - 1 of integers (all bits flipped), logical not of bools."""
    def bitwise_not_(self) -> Tensor:
        """-x - 1 of integers (all bits flipped), logical not of bools."""
    def bitwise_or(self, other: Tensor | Number) -> Tensor:
        """Bits that one or both have, of integers and bools; floats are refused."""
    def bitwise_or_(self, other: Tensor | Number) -> Tensor:
        """Bits that one or both have, of integers and bools; floats are refused."""
    def bitwise_right_shift(self, other: Tensor | Number) -> Tensor:
        """input / 2 ** other rounded down, of integers (the sign stays)."""
    def bitwise_right_shift_(self, other: Tensor | Number) -> Tensor:
        """input / 2 ** other rounded down, of integers (the sign stays)."""
    def bitwise_xor(self, other: Tensor | Number) -> Tensor:
        """Bits that one of both has, of integers and bools; floats are refused."""
    def bitwise_xor_(self, other: Tensor | Number) -> Tensor:
        """Bits that one of both has, of integers and bools; floats are refused."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """Product of two batches of matrices [b, n, k] and [b, k, m]."""
    def bool(self, memory_format: Any = ...) -> Any:
        """Cast to torch.bool."""
    @overload
    def broadcast_to(self, size: _Ints) -> Tensor:
        """`expand` to a shape."""
    @overload
    def broadcast_to(self, *size: _int) -> Tensor:
        ...
    def byte(self, memory_format: Any = ...) -> Any:
        """Cast to torch.uint8."""
    def cauchy_(self, median: _float = 0.0, sigma: _float = 1.0, *, generator: Generator | None = None) -> Any:
        """Cauchy numbers."""
    def cdouble(self, memory_format: Any = ...) -> Any:
        """Cast to torch.complex128."""
    def ceil(self) -> Tensor:
        """The smallest integer that is not below x."""
    def ceil_(self) -> Tensor:
        """The smallest integer that is not below x."""
    def cfloat(self, memory_format: Any = ...) -> Any:
        """Cast to torch.complex64."""
    def chalf(self, memory_format: Any = ...) -> Any:
        """Cast to torch.complex32."""
    def char(self, memory_format: Any = ...) -> Any:
        """Cast to torch.int8."""
    def cholesky(self, upper: _bool = False) -> Tensor:
        """linalg.cholesky."""
    def cholesky_inverse(self, upper: _bool = False) -> Tensor:
        """inv(A), given the Cholesky factor of A."""
    def cholesky_solve(self, L: Tensor, upper: _bool = False) -> Tensor:
        """X with A X = B, given the Cholesky factor of A."""
    def chunk(self, chunks: _int, dim: _int = 0) -> Any:
        """At most `chunks` equal parts along a dim."""
    def clamp(self, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
        """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
    def clamp_(self, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
        """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
    def clamp_max(self, max: Tensor | Number) -> Tensor:
        """Values of at most max."""
    def clamp_max_(self, max: Tensor | Number) -> Tensor:
        """Values of at most max."""
    def clamp_min(self, min: Tensor | Number) -> Tensor:
        """Values of at least min."""
    def clamp_min_(self, min: Tensor | Number) -> Tensor:
        """Values of at least min."""
    def clip(self, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
        """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
    def clip_(self, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
        """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
    def clone(self, *, memory_format: _memory_format | None = None) -> Any:
        """A copy that gradients flow through; dense tensors keep the order of their dims."""
    def coalesce(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    def col_indices(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    def combinations(self, r: _int = 2, with_replacement: _bool = False) -> Any:
        """All combinations of r elements of a vector, as rows."""
    def conj(self) -> Any:
        """The complex conjugate; a real tensor is its own. Computed at once, not a lazy view."""
    def conj_physical(self) -> Tensor:
        """The complex conjugate in memory of its own."""
    def conj_physical_(self) -> Tensor:
        """The complex conjugate in memory of its own."""
    def contiguous(self, memory_format: _memory_format | None = None) -> Tensor:
        """Itself if its elements lie in the order of the format (row-major), else a copy."""
    def copy_(self, src: Any = ..., non_blocking: Any = ..., *, other: Any = ...) -> Any:
        """Overwrites this tensor with the elements of another (broadcast, cast)."""
    def copysign(self, other: Tensor | Number) -> Tensor:
        """input with the sign of other."""
    def copysign_(self, other: Tensor | Number) -> Tensor:
        """input with the sign of other."""
    def corrcoef(self) -> Any:
        """Correlation coefficients of the rows of [variables, observations]."""
    def cos(self) -> Tensor:
        """Cosine of radians."""
    def cos_(self) -> Tensor:
        """Cosine of radians."""
    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""
    def cosh_(self) -> Tensor:
        """Hyperbolic cosine."""
    def count_nonzero(self, dim: _Ints | None = None) -> Any:
        """How many elements differ from 0, over the given dims (all by default)."""
    def cov(self, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Any:
        """Covariance matrix of the rows of [variables, observations] (or of one vector)."""
    def cpu(self) -> Any:
        """The tensor itself: it is on the CPU."""
    def cross(self, other: Tensor, dim: _int | None = None) -> Tensor:
        """Vector product along `dim` (default: the first dim of size 3)."""
    def crow_indices(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    def cuda(self, device: Any = ..., non_blocking: Any = ..., memory_format: Any = ...) -> Any:
        """AssertionError: there is no CUDA here."""
    def cummax(self, dim: _int) -> Any:
        """(values, indices) of the running maxima along a dim; of equal ones the last index."""
    def cummin(self, dim: _int) -> Any:
        """(values, indices) of the running minima along a dim; of equal ones the last index."""
    def cumprod(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """Running products along a dim; integers and bools multiply in int64."""
    def cumprod_(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """Running products along a dim; integers and bools multiply in int64."""
    def cumsum(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """Running sums along a dim; integers and bools add up in int64 unless `dtype` says otherwise."""
    def cumsum_(self, dim: _int, *, dtype: _dtype | None = None) -> Tensor:
        """Running sums along a dim; integers and bools add up in int64 unless `dtype` says otherwise."""
    @property
    def data(self) -> Any:
        """The same memory without a graph; assigning takes over the memory of another tensor."""
    @data.setter
    def data(self, value: Any) -> None: ...
    def data_ptr(self) -> Any:
        """Address of the first element (executes what is pending)."""
    def deg2rad(self) -> Tensor:
        """Degrees in radians."""
    def deg2rad_(self) -> Tensor:
        """Degrees in radians."""
    def dense_dim(self, *args: Any, **kwargs: Any) -> Any:
        """The number of sparse or of dense dims; a dense tensor has no sparse ones."""
    def det(self) -> Any:
        """Determinant: linalg.det."""
    def detach(self) -> Any:
        """The same memory without a graph."""
    def detach_(self) -> Any:
        """Forgets the graph of this tensor; RuntimeError for views."""
    @property
    def device(self) -> Any:
        """Where the tensor is."""
    def diag(self, diagonal: _int = 0) -> Tensor:
        """The diagonal of a matrix, or a matrix with the given diagonal."""
    def diag_embed(self, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Any:
        """The last dim on the diagonal of two new dims, zeros elsewhere."""
    def diagflat(self, offset: _int = 0) -> Any:
        """A matrix with the elements on a diagonal."""
    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Any:
        """The diagonal of two dims as the last dim of a view."""
    def diagonal_scatter(self, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Any:
        """input with its diagonal replaced by src."""
    def diff(self, n: _int = 1, dim: _int = -1, prepend: Tensor | None = None, append: Tensor | None = None) -> Tensor:
        """The n-th differences of neighbours along a dim, with tensors put before and behind it."""
    def digamma(self) -> Tensor:
        """Derivative of lgamma."""
    def digamma_(self) -> Tensor:
        """Derivative of lgamma."""
    def dim(self) -> Any:
        """Number of dims."""
    def dim_order(self, *, ambiguity_check: Any = ...) -> Any:
        """The dims from the one with the largest stride to the one with the smallest."""
    def dist(self, other: Tensor, p: Number = 2) -> Any:
        """The p-norm of input - other."""
    def div(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
    def div_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
    def divide(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
    def divide_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
        """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
    def dot(self, tensor: Tensor) -> Tensor:
        """Sum of the products of two vectors' elements."""
    def double(self, memory_format: Any = ...) -> Any:
        """Cast to torch.float64."""
    @overload
    def dsplit(self, sections: _int) -> Any:
        """Parts of equal size, or parts that end at the given indices."""
    @overload
    def dsplit(self, indices: _Ints) -> Any:
        ...
    @overload
    def dsplit(self, *indices: _int) -> Any:
        ...
    @overload
    def dsplit(self, split_size_or_sections: _int) -> Any:
        ...
    @overload
    def dsplit(self, split_size_or_sections: _Ints) -> Any:
        ...
    @overload
    def dsplit(self, *split_size_or_sections: _int) -> Any:
        ...
    @overload
    def dsplit(self, indices_or_sections: _int) -> Any:
        ...
    @overload
    def dsplit(self, indices_or_sections: _Ints) -> Any:
        ...
    @overload
    def dsplit(self, *indices_or_sections: _int) -> Any:
        ...
    @property
    def dtype(self) -> Any:
        """The type of the elements."""
    def eig(self, *args: Any, **kwargs: Any) -> Any:
        """RuntimeError: use `torch.linalg.eig`, which returns complex tensors."""
    def element_size(self) -> Any:
        """Bytes of one element."""
    def eq(self, other: Tensor | Number) -> Tensor:
        """True where both are equal; NaN equals nothing."""
    def eq_(self, other: Tensor | Number) -> Tensor:
        """True where both are equal; NaN equals nothing."""
    def equal(self, other: Tensor) -> Any:
        """True if shapes and all elements are equal."""
    def erf(self) -> Tensor:
        """Error function: 2 / sqrt(pi) times the integral of exp(-t * t) over 0..x."""
    def erf_(self) -> Tensor:
        """Error function: 2 / sqrt(pi) times the integral of exp(-t * t) over 0..x."""
    def erfc(self) -> Tensor:
        """1 - erf(x), exact for large x too."""
    def erfc_(self) -> Tensor:
        """1 - erf(x), exact for large x too."""
    def erfinv(self) -> Tensor:
        """Inverse of erf; NaN outside of [-1, 1]."""
    def erfinv_(self) -> Tensor:
        """Inverse of erf; NaN outside of [-1, 1]."""
    def exp(self) -> Tensor:
        """e to the power of x."""
    def exp2(self) -> Tensor:
        """2 to the power of x."""
    def exp2_(self) -> Tensor:
        """2 to the power of x."""
    def exp_(self) -> Tensor:
        """e to the power of x."""
    @overload
    def expand(self, size: _Ints) -> Tensor:
        """Repeats dims of size 1 without memory (stride 0)."""
    @overload
    def expand(self, *size: _int) -> Tensor:
        ...
    def expand_as(self, other: Tensor) -> Tensor:
        """`expand` to another tensor's shape."""
    def expm1(self) -> Tensor:
        """exp(x) - 1, exact for small x too."""
    def expm1_(self) -> Tensor:
        """exp(x) - 1, exact for small x too."""
    def exponential_(self, lambd: _float = 1.0, *, generator: Generator | None = None) -> Any:
        """Exponential numbers with rate lambd."""
    def fill_(self, value: Any) -> Any:
        """Sets every element."""
    def fill_diagonal_(self, fill_value: Any, wrap: Any = ...) -> Any:
        """Sets the main diagonal; `wrap` starts again below a tall matrix's last column."""
    def fix(self) -> Tensor:
        """x without its fraction (rounded towards 0)."""
    def fix_(self) -> Tensor:
        """x without its fraction (rounded towards 0)."""
    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """Merges the dims start_dim..end_dim."""
    @overload
    def flip(self, dims: _Ints) -> Any:
        """A copy with the given dims reversed."""
    @overload
    def flip(self, *dims: _int) -> Any:
        ...
    def fliplr(self) -> Any:
        """Columns in reverse order."""
    def flipud(self) -> Any:
        """Rows in reverse order."""
    def float(self, memory_format: Any = ...) -> Any:
        """Cast to torch.float32."""
    def float_power(self, exponent: Tensor | Number) -> Tensor:
        """input ** exponent, computed in float64 (complex128 for complex operands)."""
    def float_power_(self, exponent: Tensor | Number) -> Tensor:
        """input ** exponent, computed in float64 (complex128 for complex operands)."""
    def floor(self) -> Tensor:
        """The largest integer that is not above x."""
    def floor_(self) -> Tensor:
        """The largest integer that is not above x."""
    def floor_divide(self, other: Tensor | Number) -> Tensor:
        """input // other, rounded down; ZeroDivisionError for integers divided by 0."""
    def floor_divide_(self, other: Tensor | Number) -> Tensor:
        """input // other, rounded down; ZeroDivisionError for integers divided by 0."""
    def fmax(self, other: Tensor) -> Tensor:
        """The greater of two elements; of NaN and a number the number."""
    def fmin(self, other: Tensor) -> Tensor:
        """The lesser of two elements; of NaN and a number the number."""
    def fmod(self, other: Tensor | Number) -> Tensor:
        """The remainder with the sign of input, as in C."""
    def fmod_(self, other: Tensor | Number) -> Tensor:
        """The remainder with the sign of input, as in C."""
    def frac(self) -> Tensor:
        """x - trunc(x): the fraction, with the sign of x."""
    def frac_(self) -> Tensor:
        """x - trunc(x): the fraction, with the sign of x."""
    def frexp(self) -> Any:
        """(mantissa in [1/2, 1), exponent as int32) with input = mantissa * 2 ** exponent."""
    def gather(self, dim: _int, index: Tensor, *, sparse_grad: _bool = False) -> Tensor:
        """out[i][j] = input[index[i][j]][j] (for dim 0); index may be smaller than input."""
    def gcd(self, other: Tensor) -> Tensor:
        """Greatest common divisor of integers, never negative."""
    def gcd_(self, other: Tensor) -> Tensor:
        """Greatest common divisor of integers, never negative."""
    def ge(self, other: Tensor | Number) -> Tensor:
        """True where input >= other; no complex tensors."""
    def ge_(self, other: Tensor | Number) -> Tensor:
        """True where input >= other; no complex tensors."""
    def geometric_(self, p: _float, *, generator: Generator | None = None) -> Any:
        """Trials until the first success."""
    def geqrf(self) -> Any:
        """QR in LAPACK's compact form: R and, below it, the Householder vectors; their factors tau."""
    def ger(self, vec2: Tensor) -> Tensor:
        """All products of two vectors' elements: [n] and [m] give [n, m]."""
    def get_device(self) -> Any:
        """-1: the CPU has no number."""
    @property
    def grad(self) -> Any:
        """The gradient that backward has added up, or None."""
    @grad.setter
    def grad(self, value: Any) -> None: ...
    @property
    def grad_fn(self) -> Any:
        """An object that names the op this tensor is the result of, or None for leaves."""
    def greater(self, other: Tensor | Number) -> Tensor:
        """True where input > other; no complex tensors."""
    def greater_(self, other: Tensor | Number) -> Tensor:
        """True where input > other; no complex tensors."""
    def greater_equal(self, other: Tensor | Number) -> Tensor:
        """True where input >= other; no complex tensors."""
    def greater_equal_(self, other: Tensor | Number) -> Tensor:
        """True where input >= other; no complex tensors."""
    def gt(self, other: Tensor | Number) -> Tensor:
        """True where input > other; no complex tensors."""
    def gt_(self, other: Tensor | Number) -> Tensor:
        """True where input > other; no complex tensors."""
    def half(self, memory_format: Any = ...) -> Any:
        """Cast to torch.float16."""
    def hardshrink(input: Any, lambd: Any = ...) -> Any:
        """x where |x| > lambd, else 0."""
    def heaviside(self, other: Tensor) -> Tensor:
        """0 below 0, 1 above, and other where input is 0."""
    def heaviside_(self, other: Tensor) -> Tensor:
        """0 below 0, 1 above, and other where input is 0."""
    def histc(self, bins: _int = 100, min: Number = 0, max: Number = 0) -> Tensor:
        """Counts of elements in equal bins between min and max (of the data when both are equal)."""
    @overload
    def histogram(self, bins: Tensor, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False) -> Any:
        """(hist, bin_edges): counts, weights or densities between edges or in equal bins."""
    @overload
    def histogram(self, bins: _int = 100, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False) -> Any:
        ...
    @overload
    def hsplit(self, sections: _int) -> Any:
        """Parts of equal size, or parts that end at the given indices."""
    @overload
    def hsplit(self, indices: _Ints) -> Any:
        ...
    @overload
    def hsplit(self, *indices: _int) -> Any:
        ...
    @overload
    def hsplit(self, split_size_or_sections: _int) -> Any:
        ...
    @overload
    def hsplit(self, split_size_or_sections: _Ints) -> Any:
        ...
    @overload
    def hsplit(self, *split_size_or_sections: _int) -> Any:
        ...
    @overload
    def hsplit(self, indices_or_sections: _int) -> Any:
        ...
    @overload
    def hsplit(self, indices_or_sections: _Ints) -> Any:
        ...
    @overload
    def hsplit(self, *indices_or_sections: _int) -> Any:
        ...
    def hypot(self, other: Tensor) -> Tensor:
        """sqrt(input * input + other * other)."""
    def hypot_(self, other: Tensor) -> Tensor:
        """sqrt(input * input + other * other)."""
    def i0(self) -> Tensor:
        """Modified Bessel function of the first kind, order 0."""
    def i0_(self) -> Tensor:
        """Modified Bessel function of the first kind, order 0."""
    def igamma(self, other: Tensor) -> Tensor:
        """Regularized lower incomplete gamma function P(input, other)."""
    def igamma_(self, other: Tensor) -> Tensor:
        """Regularized lower incomplete gamma function P(input, other)."""
    def igammac(self, other: Tensor) -> Tensor:
        """Regularized upper incomplete gamma function: 1 - igamma."""
    def igammac_(self, other: Tensor) -> Tensor:
        """Regularized upper incomplete gamma function: 1 - igamma."""
    @property
    def imag(self) -> Any:
        """The imaginary parts, a view."""
    @imag.setter
    def imag(self, value: Any) -> None: ...
    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
        """input with the slices of source added at the given indices of a dim."""
    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
        """input with the slices of source added at the given indices of a dim."""
    def index_copy(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """input with the slices at the given indices of a dim replaced by those of source."""
    def index_copy_(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """input with the slices at the given indices of a dim replaced by those of source."""
    @overload
    def index_fill(self, dim: _int, index: Tensor, value: Number) -> Any:
        """input with the slices at the given indices of a dim filled with a value."""
    @overload
    def index_fill(self, dim: _int, index: Tensor, value: Tensor) -> Any:
        ...
    @overload
    def index_fill_(self, dim: _int, index: Tensor, value: Number) -> Any:
        """input with the slices at the given indices of a dim filled with a value."""
    @overload
    def index_fill_(self, dim: _int, index: Tensor, value: Tensor) -> Any:
        ...
    def index_put(self, indices: Any, values: Tensor, accumulate: _bool = False) -> Any:
        """input with values stored (or added) at the places that the index tensors name."""
    def index_put_(self, indices: Any, values: Any, accumulate: Any = ...) -> Any:
        """In-place version of :meth:`index_put`."""
    def index_reduce(self, dim: _int, index: Tensor, source: Tensor, reduce: str, *, include_self: _bool = True) -> Tensor:
        """input with the slices of source combined into it: prod, mean, amax or amin."""
    def index_reduce_(self, dim: _int, index: Tensor, source: Tensor, reduce: str, *, include_self: _bool = True) -> Tensor:
        """input with the slices of source combined into it: prod, mean, amax or amin."""
    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """The slices of a dim at the given indices."""
    def indices(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    def inner(self, other: Tensor) -> Tensor:
        """Sums of products along the last dims of both: [..., k] and [***, k] give [..., ***]."""
    def int(self, memory_format: Any = ...) -> Any:
        """Cast to torch.int32."""
    def inverse(self) -> Tensor:
        """Inverse of square matrices: linalg.inv."""
    def is_coalesced(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    def is_complex(self) -> Any:
        """True for tensors of a complex dtype."""
    def is_conj(self) -> Any:
        """Whether a conjugation is pending: never here."""
    def is_contiguous(self, memory_format: Any = ...) -> Any:
        """True if the elements lie in row-major order (or in that of `memory_format`)."""
    @property
    def is_cpu(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_cuda(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    def is_distributed(self) -> Any:
        """False: a tensor belongs to one process."""
    def is_floating_point(self) -> Any:
        """True for tensors of a floating point dtype."""
    def is_inference(input: Any) -> Any:
        """True for a tensor that was made in inference mode."""
    @property
    def is_ipu(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_leaf(self) -> Any:
        """True for tensors that are not the result of a recorded op: gradients collect in them."""
    @property
    def is_maia(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_meta(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_mkldnn(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_mps(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_mtia(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    def is_neg(self) -> Any:
        """Whether a negation is pending: never here."""
    @property
    def is_nested(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    def is_nonzero(self) -> Any:
        """Whether the one element differs from 0; RuntimeError for any other number of elements."""
    def is_pinned(self, device: Any = ...) -> Any:
        """False: pinned memory belongs to CUDA."""
    @property
    def is_quantized(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    def is_same_size(self, other: Any) -> Any:
        """True if both have the same shape."""
    def is_set_to(self, tensor: Any) -> Any:
        """True if both see the same memory with the same sizes and strides."""
    def is_shared(self) -> Any:
        """True if the storage lies in shared memory."""
    def is_signed(self) -> Any:
        """True for tensors of a dtype with negative numbers."""
    @property
    def is_sparse(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_sparse_csr(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_vulkan(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_xla(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    @property
    def is_xpu(self) -> Any:
        """Whether the tensor is of this kind: tensors here are dense and on the CPU."""
    def isclose(self, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Any:
        """True where |input - other| <= atol + rtol * |other|."""
    def isfinite(self) -> Tensor:
        """True where an element is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """True where an element is inf or -inf."""
    def isnan(self) -> Tensor:
        """True where an element is NaN."""
    def isneginf(self) -> Tensor:
        """True where an element is -inf; complex tensors are refused."""
    def isposinf(self) -> Tensor:
        """True where an element is inf; complex tensors are refused."""
    def isreal(self) -> Any:
        """True where the imaginary part is 0."""
    def istft(input: Any, n_fft: Any, hop_length: Any = ..., win_length: Any = ..., window: Any = ..., center: Any = ..., normalized: Any = ..., onesided: Any = ..., length: Any = ..., return_complex: Any = ...) -> Any:
        """The signal whose stft this is: overlapping frames added up, divided by the windows' squares.

        Griffin and Lim, Signal estimation from modified short-time Fourier transform (1984)."""
    def item(self) -> Any:
        """The Python number of a tensor with one element.

        RuntimeError for any other number of elements."""
    @property
    def itemsize(self) -> Any:
        """Bytes of one element."""
    def kron(self, other: Tensor) -> Tensor:
        """Kronecker product: every element of input times the whole of other."""
    def kthvalue(self, k: _int, dim: _int = -1, keepdim: _bool = False) -> Any:
        """(values, indices) of the k-th smallest elements along a dim."""
    @property
    def layout(self) -> Any:
        """torch.strided: the elements lie at fixed distances."""
    def lcm(self, other: Tensor) -> Tensor:
        """Least common multiple of integers, never negative."""
    def lcm_(self, other: Tensor) -> Tensor:
        """Least common multiple of integers, never negative."""
    def ldexp(self, other: Tensor) -> Tensor:
        """input * 2 ** other."""
    def ldexp_(self, other: Tensor) -> Tensor:
        """input * 2 ** other."""
    def le(self, other: Tensor | Number) -> Tensor:
        """True where input <= other; no complex tensors."""
    def le_(self, other: Tensor | Number) -> Tensor:
        """True where input <= other; no complex tensors."""
    def lerp(self, end: Tensor, weight: Tensor | Number) -> Tensor:
        """input + weight * (end - input), exact at both ends."""
    def lerp_(self, end: Tensor, weight: Tensor | Number) -> Tensor:
        """input + weight * (end - input), exact at both ends."""
    def less(self, other: Tensor | Number) -> Tensor:
        """True where input < other; no complex tensors."""
    def less_(self, other: Tensor | Number) -> Tensor:
        """True where input < other; no complex tensors."""
    def less_equal(self, other: Tensor | Number) -> Tensor:
        """True where input <= other; no complex tensors."""
    def less_equal_(self, other: Tensor | Number) -> Tensor:
        """True where input <= other; no complex tensors."""
    def lgamma(self) -> Tensor:
        """Logarithm of the absolute value of the gamma function."""
    def lgamma_(self) -> Tensor:
        """Logarithm of the absolute value of the gamma function."""
    def log(self) -> Tensor:
        """Natural logarithm; -inf for 0, NaN below."""
    def log10(self) -> Tensor:
        """Logarithm to base 10."""
    def log10_(self) -> Tensor:
        """Logarithm to base 10."""
    def log1p(self) -> Tensor:
        """log(1 + x), exact for small x too."""
    def log1p_(self) -> Tensor:
        """log(1 + x), exact for small x too."""
    def log2(self) -> Tensor:
        """Logarithm to base 2."""
    def log2_(self) -> Tensor:
        """Logarithm to base 2."""
    def log_(self) -> Tensor:
        """Natural logarithm; -inf for 0, NaN below."""
    def log_normal_(self, mean: _float = 1.0, std: _float = 2.0, *, generator: Generator | None = None) -> Any:
        """Numbers whose logarithm is normal."""
    def log_softmax(self, dim: _int, dtype: _dtype | None = None) -> Tensor:
        """log(softmax(x)) along a dim."""
    def logaddexp(self, other: Tensor) -> Tensor:
        """log(exp(input) + exp(other)), without underflow."""
    def logaddexp2(self, other: Tensor) -> Tensor:
        """log2(2 ** input + 2 ** other), without underflow."""
    def logcumsumexp(self, dim: _int) -> Tensor:
        """Logarithm of the running sums of exp(x) along a dim, without overflow."""
    def logdet(self) -> Any:
        """Logarithm of the determinant: NaN where it is negative, -inf where it is 0."""
    def logical_and(self, other: Tensor) -> Tensor:
        """True where both are nonzero."""
    def logical_and_(self, other: Tensor) -> Tensor:
        """True where both are nonzero."""
    def logical_not(self) -> Tensor:
        """True where an element is 0, as bool."""
    def logical_not_(self) -> Tensor:
        """True where an element is 0, as bool."""
    def logical_or(self, other: Tensor) -> Tensor:
        """True where one or both are nonzero."""
    def logical_or_(self, other: Tensor) -> Tensor:
        """True where one or both are nonzero."""
    def logical_xor(self, other: Tensor) -> Tensor:
        """True where one of both is nonzero."""
    def logical_xor_(self, other: Tensor) -> Tensor:
        """True where one of both is nonzero."""
    def logit(self, eps: _float | None = None) -> Tensor:
        """log(x / (1 - x)); with eps, x is limited to [eps, 1 - eps] first."""
    def logit_(self, eps: _float | None = None) -> Tensor:
        """log(x / (1 - x)); with eps, x is limited to [eps, 1 - eps] first."""
    def logsumexp(self, dim: _Ints, keepdim: _bool = False) -> Tensor:
        """log(sum(exp(x))) over the dims, without overflow."""
    def long(self, memory_format: Any = ...) -> Any:
        """Cast to torch.int64."""
    def lstsq(self, *args: Any, **kwargs: Any) -> Any:
        """RuntimeError: use `torch.linalg.lstsq`, whose arguments are reversed."""
    def lt(self, other: Tensor | Number) -> Tensor:
        """True where input < other; no complex tensors."""
    def lt_(self, other: Tensor | Number) -> Tensor:
        """True where input < other; no complex tensors."""
    def lu(A: Any, pivot: Any = ..., get_infos: Any = ..., out: Any = ...) -> Any:
        """(LU, pivots[, info]): linalg.lu_factor, where info shows zero pivots."""
    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """linalg.lu_solve with the right-hand side first."""
    @property
    def mH(self) -> Any:
        """Conjugate transpose of the last two dims."""
    @property
    def mT(self) -> Any:
        """The last two dims swapped."""
    def map_(self, other: Any, callable: Any) -> Any:
        """Replaces each element by a Python function of it and another tensor's (slow)."""
    @overload
    def masked_fill(self, mask: Tensor, value: Number) -> Any:
        """input with a value where the mask holds; both broadcast."""
    @overload
    def masked_fill(self, mask: Tensor, value: Tensor) -> Any:
        ...
    @overload
    def masked_fill_(self, mask: Tensor, value: Number) -> Any:
        """input with a value where the mask holds; both broadcast."""
    @overload
    def masked_fill_(self, mask: Tensor, value: Tensor) -> Any:
        ...
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Any:
        """input with the elements where the mask holds replaced by those of source, in order."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Any:
        """input with the elements where the mask holds replaced by those of source, in order."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where the mask holds, as a vector."""
    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product of 1-D, 2-D or batched operands of one dtype; leading dims broadcast."""
    def matrix_exp(self) -> Any:
        """linalg.matrix_exp."""
    def matrix_power(self, n: _int) -> Tensor:
        """linalg.matrix_power."""
    @overload
    def max(self) -> Tensor:
        """Extreme of all elements, (values, indices) along a dim, or elementwise of two tensors."""
    @overload
    def max(self, other: Tensor) -> Tensor:
        ...
    @overload
    def max(self, dim: _int, keepdim: _bool = False) -> Any:
        ...
    def maximum(self, other: Tensor) -> Tensor:
        """The greater of two elements; NaN if one is NaN. No complex tensors."""
    def mean(self, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """Mean over the given dims (all by default); floating and complex dtypes only."""
    @overload
    def median(self) -> Any:
        """The lower median, of all elements or (values, indices) along a dim; NaN if there is a NaN."""
    @overload
    def median(self, dim: _int, keepdim: _bool = False) -> Any:
        ...
    @overload
    def min(self) -> Tensor:
        """Extreme of all elements, (values, indices) along a dim, or elementwise of two tensors."""
    @overload
    def min(self, other: Tensor) -> Tensor:
        ...
    @overload
    def min(self, dim: _int, keepdim: _bool = False) -> Any:
        ...
    def minimum(self, other: Tensor) -> Tensor:
        """The lesser of two elements; NaN if one is NaN. No complex tensors."""
    def mm(self, mat2: Tensor) -> Tensor:
        """Product of two matrices [n, k] and [k, m]."""
    def mode(self, dim: _int = -1, keepdim: _bool = False) -> Any:
        """(values, indices) of the most frequent element along a dim; of equal ones the smallest."""
    def module_load(self, other: Any, assign: Any = ...) -> Any:
        """What load_state_dict puts in place of self: other itself, or self with its values."""
    def moveaxis(self, source: _Ints, destination: _Ints) -> Tensor:
        """Moves dims to other places, the rest keep their order."""
    def movedim(self, source: _Ints, destination: _Ints) -> Tensor:
        """Moves dims to other places, the rest keep their order."""
    def msort(self) -> Tensor:
        """Values sorted along the first dim."""
    def mul(self, other: Tensor | Number) -> Tensor:
        """input * other; operands broadcast and are promoted."""
    def mul_(self, other: Tensor | Number) -> Tensor:
        """input * other; operands broadcast and are promoted."""
    def multinomial(self, num_samples: _int, replacement: _bool = False, *, generator: Generator | None = None) -> Tensor:
        """Indices drawn from each row's weights: [num_samples] or [rows, num_samples]."""
    def multiply(self, other: Tensor | Number) -> Tensor:
        """input * other; operands broadcast and are promoted."""
    def multiply_(self, other: Tensor | Number) -> Tensor:
        """input * other; operands broadcast and are promoted."""
    def mv(self, vec: Tensor) -> Tensor:
        """Product of a matrix [n, k] and a vector [k]."""
    def mvlgamma(self, p: _int) -> Tensor:
        """Logarithm of the multivariate gamma function of dimension p."""
    def mvlgamma_(self, p: _int) -> Tensor:
        """Logarithm of the multivariate gamma function of dimension p."""
    @property
    def names(self) -> Any:
        """No dim has a name."""
    def nan_to_num(self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None) -> Tensor:
        """NaN, inf and -inf replaced: by 0 and the largest finite numbers unless given."""
    def nan_to_num_(self, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None) -> Tensor:
        """NaN, inf and -inf replaced: by 0 and the largest finite numbers unless given."""
    def nanmean(self, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """Mean of the elements that are not NaN."""
    @overload
    def nanmedian(self) -> Any:
        """The lower median, of all elements or (values, indices) along a dim; NaN do not count."""
    @overload
    def nanmedian(self, dim: _int, keepdim: _bool = False) -> Any:
        ...
    @overload
    def nanquantile(self, q: Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear') -> Tensor:
        """quantile() that leaves NaN out."""
    @overload
    def nanquantile(self, q: _float, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear') -> Tensor:
        ...
    def nansum(self, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """Sum that takes NaN as 0."""
    def narrow(self, dim: _int, start: Any, length: _int) -> Tensor:
        """The part start..start+length of a dim.

        A view; IndexError or RuntimeError where it would reach past the dim."""
    def narrow_copy(self, dim: _int, start: Any, length: _int) -> Tensor:
        """A copy of what `narrow` gives."""
    @property
    def nbytes(self) -> Any:
        """Bytes of all elements."""
    @property
    def ndim(self) -> Any:
        """Number of dims."""
    def ndimension(self) -> Any:
        """Number of dims."""
    def ne(self, other: Tensor | Number) -> Tensor:
        """True where both differ."""
    def ne_(self, other: Tensor | Number) -> Tensor:
        """True where both differ."""
    def neg(self) -> Tensor:
        """-x; RuntimeError for bool tensors."""
    def neg_(self) -> Tensor:
        """-x; RuntimeError for bool tensors."""
    def negative(self) -> Tensor:
        """-x; RuntimeError for bool tensors."""
    def negative_(self) -> Tensor:
        """-x; RuntimeError for bool tensors."""
    def nelement(self) -> Any:
        """Number of elements."""
    def new(self, *args: Any, device: Any = ...) -> Any:
        """A tensor of this dtype: of sizes, of a sequence, or empty."""
    @overload
    def new_empty(self, size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """`empty` with the dtype of this tensor."""
    @overload
    def new_empty(self, *size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        ...
    def new_empty_strided(self, size: _Ints, stride: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """`empty_strided` with the dtype of this tensor."""
    def new_full(self, size: _Ints, fill_value: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """`full` with the dtype of this tensor."""
    @overload
    def new_ones(self, size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """`ones` with the dtype of this tensor."""
    @overload
    def new_ones(self, *size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        ...
    def new_tensor(self, data: Any, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """A new tensor with a copy of data and the dtype of this tensor."""
    @overload
    def new_zeros(self, size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        """`zeros` with the dtype of this tensor."""
    @overload
    def new_zeros(self, *size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
        ...
    def nextafter(self, other: Tensor) -> Tensor:
        """The next floating point number after input in the direction of other."""
    def nextafter_(self, other: Tensor) -> Tensor:
        """The next floating point number after input in the direction of other."""
    def nonzero(self, *, as_tuple: _bool = False) -> Tensor:
        """Indices of the elements that are not zero: [n, dims], or one vector per dim."""
    def nonzero_static(self, *, size: _int, fill_value: _int = -1) -> Tensor:
        """`nonzero` with a given number of rows: filled up, or cut."""
    def norm(self, p: Any = 'fro', dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """p-norm over the dims: 'fro' is the 2-norm, 'nuc' the sum of singular values of a matrix."""
    def normal_(self, mean: _float = 0.0, std: _float = 1.0, *, generator: Generator | None = None) -> Any:
        """Normal numbers."""
    def not_equal(self, other: Tensor | Number) -> Tensor:
        """True where both differ."""
    def not_equal_(self, other: Tensor | Number) -> Tensor:
        """True where both differ."""
    def numel(self) -> Any:
        """Number of elements."""
    def numpy(self, *, force: Any = ...) -> Any:
        """A NumPy array that shares this tensor's memory."""
    def orgqr(self, input2: Tensor) -> Tensor:
        """linalg.householder_product."""
    def ormqr(self, tau: Tensor, other: Tensor, left: _bool = True, transpose: _bool = False) -> Tensor:
        """Q @ other (or other @ Q, or with Q^H) for the Q whose Householder vectors are given."""
    def outer(self, vec2: Tensor) -> Tensor:
        """All products of two vectors' elements: [n] and [m] give [n, m]."""
    @property
    def output_nr(self) -> Any:
        """Which result of its op this is."""
    @overload
    def permute(self, dims: _Ints) -> Tensor:
        """Dims in another order."""
    @overload
    def permute(self, *dims: _int) -> Tensor:
        ...
    def pin_memory(self, device: Any = ...) -> Any:
        """The tensor itself: only CUDA needs pinned memory."""
    def pinverse(self, rcond: _float = 1e-15) -> Any:
        """Pseudo-inverse: linalg.pinv."""
    def poisson(self, generator: Generator | None = None) -> Any:
        """Poisson numbers with the given rates."""
    def polygamma(self, n: Any) -> Any:
        """The n-th derivative of digamma."""
    def polygamma_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`polygamma`."""
    def positive(self) -> Any:
        """The tensor itself; bool is refused."""
    def pow(self, exponent: Tensor | Number) -> Tensor:
        """input ** exponent."""
    def pow_(self, exponent: Tensor | Number) -> Tensor:
        """input ** exponent."""
    def prelu(input: Any, weight: Any) -> Any:
        """x above 0, weight * x below; one weight, or one per channel (dim 1)."""
    def prod(self, dim: _int | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """Product over one dim, or over all."""
    def put(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Any:
        """input with elements of its flattened form replaced (or added to)."""
    def put_(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Any:
        """input with elements of its flattened form replaced (or added to)."""
    def qr(self, some: _bool = True) -> Any:
        """linalg.qr."""
    @overload
    def quantile(self, q: Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear') -> Tensor:
        """q-th quantiles along a dim (or of all elements), interpolated between neighbours."""
    @overload
    def quantile(self, q: _float, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear') -> Tensor:
        ...
    def rad2deg(self) -> Tensor:
        """Radians in degrees."""
    def rad2deg_(self) -> Tensor:
        """Radians in degrees."""
    @overload
    def random_(self, *, generator: Generator | None = None) -> Any:
        """Integers: all that the dtype can hold exactly."""
    @overload
    def random_(self, to: _int, *, generator: Generator | None = None) -> Any:
        ...
    @overload
    def random_(self, from_: _int, to: _int | None, *, generator: Generator | None = None) -> Any:
        ...
    def ravel(self) -> Tensor:
        """All elements as a vector: a view where possible."""
    @property
    def real(self) -> Any:
        """The real parts, as a view."""
    @real.setter
    def real(self, value: Any) -> None: ...
    def reciprocal(self) -> Tensor:
        """1 / x, of integers as floats."""
    def reciprocal_(self) -> Tensor:
        """1 / x, of integers as floats."""
    def register_hook(self, hook: Any) -> Any:
        """Calls hook(grad) when this tensor's gradient is known; what it returns replaces it."""
    def register_post_accumulate_grad_hook(self, hook: Any) -> Any:
        """Calls hook(tensor) after a backward has added to this leaf's .grad."""
    def reinforce(self, reward: Any) -> Any:
        """RuntimeError: use the log_prob of a distribution."""
    def relu(self) -> Tensor:
        """max(x, 0); RuntimeError for bool tensors."""
    def relu_(self) -> Tensor:
        """max(x, 0); RuntimeError for bool tensors."""
    def remainder(self, other: Tensor | Number) -> Tensor:
        """input % other with the sign of other, as in Python."""
    def remainder_(self, other: Tensor | Number) -> Tensor:
        """input % other with the sign of other, as in Python."""
    def renorm(self, p: Number, dim: _int, maxnorm: Number) -> Tensor:
        """Slices along `dim` whose p-norm is above maxnorm are scaled down to it."""
    def renorm_(self, p: Number, dim: _int, maxnorm: Number) -> Tensor:
        """Slices along `dim` whose p-norm is above maxnorm are scaled down to it."""
    @overload
    def repeat(self, repeats: _Ints) -> Any:
        """The tensor side by side with itself, as often as given per dim."""
    @overload
    def repeat(self, *repeats: _int) -> Any:
        ...
    @overload
    def repeat_interleave(self, repeats: _int, dim: _int | None = None, *, output_size: _int | None = None) -> Any:
        """Each element (or slice of a dim) repeated in place."""
    @overload
    def repeat_interleave(self, repeats: Tensor, dim: _int | None = None, *, output_size: _int | None = None) -> Any:
        ...
    @overload
    def repeat_interleave(self, *, output_size: _int | None = None) -> Any:
        ...
    @property
    def requires_grad(self) -> Any:
        """Whether gradients with respect to this tensor are recorded."""
    @requires_grad.setter
    def requires_grad(self, value: Any) -> None: ...
    def requires_grad_(self, requires_grad: Any = ...) -> Any:
        """Marks a leaf for gradients; RuntimeError for results of recorded ops or integers."""
    @overload
    def reshape(self, shape: _Ints) -> Tensor:
        """Another shape: a view where possible, else a copy."""
    @overload
    def reshape(self, *shape: _int) -> Tensor:
        ...
    def reshape_as(self, other: Tensor) -> Tensor:
        """`reshape` to another tensor's shape."""
    def resize(self, *sizes: Any) -> Any:
        """A copy with other sizes (deprecated: use view or reshape)."""
    def resize_(self, *sizes: Any, memory_format: Any = ...) -> Any:
        """Changes the shape; the elements keep their place in memory, new ones are not set.

        More elements than the memory holds get new memory, which other views of it do not see."""
    def resize_as(self, tensor: Any) -> Any:
        """A copy with the sizes of another tensor (deprecated)."""
    def resize_as_(self, the_template: Any, *, memory_format: Any = ...) -> Any:
        """`resize_` to the shape of another tensor."""
    def resolve_conj(self) -> Any:
        """The tensor itself: conjugates are never pending."""
    def resolve_neg(self) -> Any:
        """The tensor itself: negations are never pending."""
    def retain_grad(self) -> Any:
        """Keeps the gradient of a non-leaf in .grad."""
    @property
    def retains_grad(self) -> Any:
        """Whether `retain_grad` was called for this result."""
    def roll(self, shifts: _Ints, dims: _Ints = ()) -> Any:
        """Elements moved along the dims; what falls off one end comes in at the other."""
    def rot90(self, k: _int = 1, dims: _Ints = (0, 1)) -> Any:
        """A turn by 90 degrees, k times, in the plane of two dims."""
    def round(self, *, decimals: _int = 0) -> Tensor:
        """Rounds to the nearest integer (ties to even), or to `decimals` digits."""
    def round_(self, *, decimals: _int = 0) -> Tensor:
        """Rounds to the nearest integer (ties to even), or to `decimals` digits."""
    def rsqrt(self) -> Tensor:
        """1 / sqrt(x)."""
    def rsqrt_(self) -> Tensor:
        """1 / sqrt(x)."""
    def rsub(self, other: Tensor | Number, *, alpha: Number = 1) -> Any:
        """other - alpha * input."""
    @overload
    def scatter(self, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None) -> Tensor:
        """input with src stored (or added, multiplied) at the indices along a dim."""
    @overload
    def scatter(self, dim: _int, index: Tensor, value: Number, *, reduce: str | None = None) -> Tensor:
        ...
    @overload
    def scatter_(self, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None) -> Tensor:
        """input with src stored (or added, multiplied) at the indices along a dim."""
    @overload
    def scatter_(self, dim: _int, index: Tensor, value: Number, *, reduce: str | None = None) -> Tensor:
        ...
    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """input with src added at the indices along a dim (in order, so deterministic)."""
    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """input with src added at the indices along a dim (in order, so deterministic)."""
    def scatter_reduce(self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True) -> Tensor:
        """input with src combined into it at the indices: sum, prod, mean, amax or amin."""
    def scatter_reduce_(self, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True) -> Tensor:
        """input with src combined into it at the indices: sum, prod, mean, amax or amin."""
    def select(self, dim: _int, index: _int) -> Tensor:
        """The slice at one index of a dim, without that dim."""
    def select_scatter(self, src: Tensor, dim: _int, index: _int) -> Any:
        """input with one slice replaced by src."""
    def set_(self, source: Any = ..., storage_offset: Any = ..., size: Any = ..., stride: Any = ...) -> Any:
        """Makes the tensor see the memory of `source`: a tensor or a storage (none: an empty one)."""
    def sgn(self) -> Tensor:
        """The sign of real numbers; of complex ones x / abs(x), and 0 for 0."""
    def sgn_(self) -> Tensor:
        """The sign of real numbers; of complex ones x / abs(x), and 0 for 0."""
    @property
    def shape(self) -> Any:
        """The sizes of the dims."""
    def share_memory_(self) -> Any:
        """Moves the storage to memory that other processes can map; views of it come along."""
    def short(self, memory_format: Any = ...) -> Any:
        """Cast to torch.int16."""
    def sigmoid(self) -> Tensor:
        """1 / (1 + exp(-x))."""
    def sigmoid_(self) -> Tensor:
        """1 / (1 + exp(-x))."""
    def sign(self) -> Tensor:
        """-1, 0 or 1 by the sign; complex tensors are refused (see sgn)."""
    def sign_(self) -> Tensor:
        """-1, 0 or 1 by the sign; complex tensors are refused (see sgn)."""
    def signbit(self) -> Tensor:
        """True where the sign bit is set: of negative numbers and of -0.0."""
    def sin(self) -> Tensor:
        """Sine of radians."""
    def sin_(self) -> Tensor:
        """Sine of radians."""
    def sinc(self) -> Tensor:
        """sin(pi x) / (pi x), and 1 at 0."""
    def sinc_(self) -> Tensor:
        """sin(pi x) / (pi x), and 1 at 0."""
    def sinh(self) -> Tensor:
        """Hyperbolic sine."""
    def sinh_(self) -> Tensor:
        """Hyperbolic sine."""
    def size(self, dim: Any = ...) -> Any:
        """The shape, or the size of one dim."""
    def slice_scatter(self, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1) -> Tensor:
        """input with a slice start:end:step of a dim replaced by src."""
    def slogdet(self) -> Any:
        """(sign, logarithm of the absolute value) of the determinant: linalg.slogdet."""
    def softmax(self, dim: _int, dtype: _dtype | None = None) -> Tensor:
        """exp(x) / sum(exp(x)) along a dim."""
    def solve(self, *args: Any, **kwargs: Any) -> Any:
        """RuntimeError: use `torch.linalg.solve`, whose arguments are reversed."""
    @overload
    def sort(self, *, stable: _bool | None, dim: _int = -1, descending: _bool = False) -> Any:
        """(values, indices) sorted along a dim; the sort is always stable, NaN is above all numbers."""
    @overload
    def sort(self, dim: _int = -1, descending: _bool = False) -> Any:
        ...
    def sparse_dim(self, *args: Any, **kwargs: Any) -> Any:
        """The number of sparse or of dense dims; a dense tensor has no sparse ones."""
    def sparse_mask(self, mask: Any) -> Any:
        """The elements at the positions of a sparse tensor's values."""
    @overload
    def split(self, split_size: _int, dim: _int = 0) -> Any:
        """Parts of the given size (or sizes) along a dim."""
    @overload
    def split(self, split_size: _Ints, dim: _int = 0) -> Any:
        ...
    @overload
    def split(self, split_size_or_sections: _int, dim: _int = 0) -> Any:
        ...
    @overload
    def split(self, split_size_or_sections: _Ints, dim: _int = 0) -> Any:
        ...
    def split_with_sizes(self, split_sizes: _Ints, dim: _int = 0) -> Any:
        """Parts of the given sizes along a dim."""
    def sqrt(self) -> Tensor:
        """Square root; NaN for negative real numbers."""
    def sqrt_(self) -> Tensor:
        """Square root; NaN for negative real numbers."""
    def square(self) -> Tensor:
        """x * x."""
    def square_(self) -> Tensor:
        """x * x."""
    def squeeze(self, dim: _Ints | None = None) -> Tensor:
        """Drops dims of size 1 (all, or the given ones)."""
    def squeeze_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`squeeze`."""
    @overload
    def std(self, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False) -> Tensor:
        """Standard deviation over the given dims: the square root of var."""
    @overload
    def std(self, unbiased: _bool = True) -> Any:
        ...
    @overload
    def std(self, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False) -> Tensor:
        ...
    def stft(input: Any, n_fft: Any, hop_length: Any = ..., win_length: Any = ..., window: Any = ..., center: Any = ..., pad_mode: Any = ..., normalized: Any = ..., onesided: Any = ..., return_complex: Any = ..., align_to_window: Any = ...) -> Any:
        """Transforms of windows of n_fft elements, `hop_length` apart: [..., frequencies, frames].

        Real input gives n_fft // 2 + 1 frequencies unless onesided=False. With center, frame t is
        around element t * hop_length of the signal, which is lengthened by n_fft // 2."""
    def storage(self) -> Any:
        """The memory of this tensor and its views, as elements."""
    def storage_offset(self) -> Any:
        """First element's place in the storage, in elements."""
    def stride(self, dim: Any = ...) -> Any:
        """Strides in elements, or the stride of one dim."""
    def sub(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
    def sub_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
    def subtract(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
    def subtract_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
        """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
    def sum(self, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None) -> Tensor:
        """Sum over the given dims (all by default); integers and bools are added as int64."""
    @overload
    def sum_to_size(self, size: _Ints) -> Any:
        """The sum over the dims that broadcasting from `size` would expand."""
    @overload
    def sum_to_size(self, *size: _int) -> Any:
        ...
    def svd(self, some: _bool = True, compute_uv: _bool = True) -> Any:
        """(U, S, V): linalg.svd with V instead of its adjoint; zeros for U and V if not wanted."""
    def swapaxes(self, axis0: _int, axis1: _int) -> Tensor:
        """Swaps two dims."""
    def swapaxes_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`swapaxes`."""
    def swapdims(self, dim0: _int, dim1: _int) -> Tensor:
        """Swaps two dims."""
    def swapdims_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`swapdims`."""
    def symeig(self, *args: Any, **kwargs: Any) -> Any:
        """RuntimeError: use `torch.linalg.eigh` (UPLO='U' for the upper triangle)."""
    def t(self) -> Tensor:
        """Transpose of a tensor with at most 2 dims."""
    def t_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`t`."""
    def take(self, index: Tensor) -> Tensor:
        """Elements at places of the flattened tensor, shaped like the index."""
    def take_along_dim(self, indices: Tensor, dim: _int | None = None) -> Tensor:
        """`gather` where input and indices broadcast over the other dims (dim None: flattened)."""
    def tan(self) -> Tensor:
        """Tangent of radians."""
    def tan_(self) -> Tensor:
        """Tangent of radians."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""
    def tanh_(self) -> Tensor:
        """Hyperbolic tangent."""
    @overload
    def tensor_split(self, sections: _int, dim: _int = 0) -> Any:
        """Parts of nearly equal size, or parts that end at the given indices."""
    @overload
    def tensor_split(self, indices: _Ints, dim: _int = 0) -> Any:
        ...
    @overload
    def tensor_split(self, tensor_indices_or_sections: Tensor, dim: _int = 0) -> Any:
        ...
    @overload
    def tensor_split(self, indices_or_sections: _int, dim: _int = 0) -> Any:
        ...
    @overload
    def tensor_split(self, indices_or_sections: _Ints, dim: _int = 0) -> Any:
        ...
    @overload
    def tile(self, dims: _Ints) -> Any:
        """`repeat` where missing counts are 1."""
    @overload
    def tile(self, *dims: _int) -> Any:
        ...
    def to(self, *args: Any, dtype: Any = ..., device: Any = ..., other: Any = ..., copy: Any = ..., non_blocking: Any = ..., memory_format: Any = ...) -> Any:
        """to(dtype), to(device, dtype) or to(other): another dtype; the only device is the cpu."""
    def to_dense(self, dtype: Any = ..., *, masked_grad: Any = ...) -> Any:
        """The tensor itself, or its cast: it is dense."""
    def to_sparse(self, sparse_dim: Any = ..., *, layout: Any = ..., blocksize: Any = ..., dense_dim: Any = ...) -> Any:
        """The nonzero elements as coordinates, or in the given layout; differentiable."""
    def to_sparse_coo(self) -> Any:
        """`to_sparse` under another name."""
    def to_sparse_csc(self, dense_dim: Any = ...) -> Any:
        """The nonzero elements of a matrix in compressed columns."""
    def to_sparse_csr(self, dense_dim: Any = ...) -> Any:
        """The nonzero elements of a matrix in compressed rows."""
    def tolist(self) -> Any:
        """Nested lists of Python numbers (a number for a 0-dim tensor)."""
    def topk(self, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True) -> Any:
        """(values, indices) of the k largest (or smallest) elements along a dim, in order."""
    def trace(self) -> Any:
        """Sum of a matrix's main diagonal."""
    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """Swaps two dims."""
    def transpose_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`transpose`."""
    def triangular_solve(self, A: Tensor, upper: _bool = True, transpose: _bool = False, unitriangular: _bool = False) -> Any:
        """(solution of A x = input, a copy of A): PyTorch's older linalg.solve_triangular."""
    def tril(self, diagonal: _int = 0) -> Tensor:
        """The elements on and below a diagonal; zeros above."""
    def tril_(self, diagonal: _int = 0) -> Tensor:
        """The elements on and below a diagonal; zeros above."""
    def triu(self, diagonal: _int = 0) -> Tensor:
        """The elements on and above a diagonal; zeros below."""
    def triu_(self, diagonal: _int = 0) -> Tensor:
        """The elements on and above a diagonal; zeros below."""
    def true_divide(self, other: Tensor | Number) -> Tensor:
        """input / other; integers are divided as floats."""
    def true_divide_(self, other: Tensor | Number) -> Tensor:
        """input / other; integers are divided as floats."""
    def trunc(self) -> Tensor:
        """x without its fraction (rounded towards 0)."""
    def trunc_(self) -> Tensor:
        """x without its fraction (rounded towards 0)."""
    def type(self, dtype: Any = ..., non_blocking: Any = ..., **_: Any) -> Any:
        """The name of the type ('torch.FloatTensor'), or the tensor cast to another one."""
    def type_as(self, other: Any) -> Any:
        """Cast to another tensor's dtype."""
    def unbind(self, dim: _int = 0) -> Any:
        """All slices along a dim."""
    def unflatten(self, dim: _int, sizes: _Ints) -> Tensor:
        """Splits a dim into the given sizes (one may be -1)."""
    def unfold(self, dimension: _int, size: _int, step: _int) -> Any:
        """All windows of a dim: their elements are a new last dim."""
    def uniform_(self, a: _float = 0.0, b: _float = 1.0, *, generator: Generator | None = None) -> Any:
        """Uniform numbers in [a, b)."""
    def unique(self, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None) -> Any:
        """Distinct elements (or slices along `dim`) in order, and which of them each element is, and
        how often each occurs."""
    def unique_consecutive(self, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None) -> Any:
        """The first of each run of equal elements (or slices along `dim`)."""
    def unsafe_chunk(self, chunks: _int, dim: _int = 0) -> Any:
        """At most `chunks` equal parts along a dim."""
    def unsafe_split(self, split_size: _int, dim: _int = 0) -> Any:
        """Parts of the given size (or sizes) along a dim."""
    def unsafe_split_with_sizes(self, split_sizes: _Ints, dim: _int = 0) -> Any:
        """Parts of the given sizes along a dim."""
    def unsqueeze(self, dim: _int) -> Tensor:
        """Inserts a dim of size 1."""
    def unsqueeze_(self, *args: Any, **kwargs: Any) -> Any:
        """In-place version of :meth:`unsqueeze`."""
    def untyped_storage(self) -> Any:
        """The memory of this tensor and its views, as bytes."""
    def values(self, *args: Any, **kwargs: Any) -> Any:
        """Of sparse tensors; RuntimeError for dense."""
    @overload
    def var(self, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False) -> Tensor:
        """Variance over the given dims; `correction` (1) is taken off the count."""
    @overload
    def var(self, unbiased: _bool = True) -> Any:
        ...
    @overload
    def var(self, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False) -> Tensor:
        ...
    def vdot(self, other: Tensor) -> Tensor:
        """dot with the first vector's complex conjugate."""
    @overload
    def view(self, size: _Ints) -> Tensor:
        """The same memory under another shape; RuntimeError if strides do not allow it."""
    @overload
    def view(self, *size: _int) -> Tensor:
        ...
    @overload
    def view(self, dtype: _dtype) -> Tensor:
        ...
    def view_as(self, other: Tensor) -> Tensor:
        """`view` with another tensor's shape."""
    @overload
    def vsplit(self, sections: _int) -> Any:
        """Parts of equal size, or parts that end at the given indices."""
    @overload
    def vsplit(self, indices: _Ints) -> Any:
        ...
    @overload
    def vsplit(self, *indices: _int) -> Any:
        ...
    @overload
    def vsplit(self, split_size_or_sections: _int) -> Any:
        ...
    @overload
    def vsplit(self, split_size_or_sections: _Ints) -> Any:
        ...
    @overload
    def vsplit(self, *split_size_or_sections: _int) -> Any:
        ...
    @overload
    def vsplit(self, indices_or_sections: _int) -> Any:
        ...
    @overload
    def vsplit(self, indices_or_sections: _Ints) -> Any:
        ...
    @overload
    def vsplit(self, *indices_or_sections: _int) -> Any:
        ...
    def where(self, condition: Any, other: Any) -> Any:
        """self where the condition holds, else other."""
    def xlogy(self, other: Tensor | Number) -> Tensor:
        """input * log(other); 0 where input is 0, unless other is NaN."""
    def xlogy_(self, other: Tensor | Number) -> Tensor:
        """input * log(other); 0 where input is 0, unless other is NaN."""
    def zero_(self) -> Any:
        """Sets every element to zero."""

class BFloat16Storage:
    """The memory of tensors of torch.bfloat16."""
class BFloat16Tensor:
    ...
class BoolStorage:
    """The memory of tensors of torch.bool."""
class BoolTensor:
    ...
class ByteStorage:
    """The memory of tensors of torch.uint8."""
class ByteTensor:
    ...
class CharStorage:
    """The memory of tensors of torch.int8."""
class CharTensor:
    ...
class ComplexDoubleStorage:
    """The memory of tensors of torch.complex128."""
class ComplexFloatStorage:
    """The memory of tensors of torch.complex64."""
class DoubleStorage:
    """The memory of tensors of torch.float64."""
class DoubleTensor:
    ...
class FloatStorage:
    """The memory of tensors of torch.float32."""
class FloatTensor:
    ...
class Generator:
    """A stream of random numbers: a seed and how many were taken.

    `host` is a second stream of the same seed, for what is drawn outside of kernels (randperm, the
    order of a DataLoader, image transforms): it gives the numbers of torch's CPU generator."""
    def __init__(self, device: Any = ...) -> None:
        ...
    def clone_state(self) -> Any:
        """A generator in the same state."""
    def get_state(self) -> Any:
        """The state as a tensor of bytes."""
    host: Any
    def initial_seed(self) -> Any:
        """The seed the stream was started with."""
    def manual_seed(self, seed: Any) -> Any:
        """Restarts the stream."""
    def numpy(self) -> Any:
        """A NumPy generator for one draw: it depends on the seed and the place in the stream."""
    def seed(self) -> Any:
        """Starts the stream from an unpredictable seed, which is returned."""
    def set_state(self, new_state: Any) -> Any:
        """Restores what `get_state` gave."""
    def take(self, n: Any) -> Any:
        """(seed, counter) of the next n numbers."""
class HalfStorage:
    """The memory of tensors of torch.float16."""
class HalfTensor:
    ...
class IntStorage:
    """The memory of tensors of torch.int32."""
class IntTensor:
    ...
class LongStorage:
    """The memory of tensors of torch.int64."""
class LongTensor:
    ...
class ShortStorage:
    """The memory of tensors of torch.int16."""
class ShortTensor:
    ...
class Size(tuple):
    """A shape: a tuple of ints that prints as torch.Size([2, 3])."""
    def numel(self) -> Any:
        """Number of elements."""
class TypedStorage:
    """The memory under a tensor and its views, as elements."""
    def __init__(self, *args: Any, wrap_storage: Any = ..., dtype: Any = ..., device: Any = ..., _internal: Any = ...) -> None:
        ...
    def cpu(self) -> Any:
        """Itself: it is in the CPU's memory."""
    def data_ptr(self) -> Any:
        """Address of the first element."""
    device: Any
    dtype: Any
    def element_size(self) -> Any:
        """Bytes of one element."""
    def nbytes(self) -> Any:
        """Bytes from the first element to the last."""
    def size(self) -> Any:
        """Number of elements."""
    def tolist(self) -> Any:
        """All elements as Python numbers."""
    def untyped(self) -> Any:
        """The same memory as bytes."""
class UntypedStorage:
    """The memory under a tensor and its views, as bytes; two of the same memory are equal."""
    def __init__(self, *args: Any, device: Any = ...) -> None:
        ...
    def clone(self) -> Any:
        """A copy of the bytes."""
    def copy_(self, source: Any, non_blocking: Any = ...) -> Any:
        """Copies the bytes of another storage of the same size."""
    def cpu(self) -> Any:
        """Itself: it is in the CPU's memory."""
    def cuda(self, device: Any = ..., non_blocking: Any = ...) -> Any:
        """AssertionError: there is no CUDA here."""
    def data_ptr(self) -> Any:
        """Address of the first byte (executes what is pending)."""
    device: Any
    def element_size(self) -> Any:
        """1: storages count bytes."""
    def fill_(self, value: Any) -> Any:
        """Sets every byte."""
    is_cuda: Any
    def is_pinned(self, device: Any = ...) -> Any:
        """False: pinned memory belongs to CUDA."""
    def is_shared(self) -> Any:
        """True if the bytes lie in shared memory."""
    def nbytes(self) -> Any:
        """Bytes from the first element to the last."""
    def share_memory_(self) -> Any:
        """Moves the bytes to memory that other processes can map."""
    def size(self) -> Any:
        """Bytes from the first element to the last."""
    def to(self, *, device: Any, non_blocking: Any = ...) -> Any:
        """Itself, or an error for another device."""
    def tolist(self) -> Any:
        """All bytes as ints."""
    def untyped(self) -> Any:
        """Itself."""
def abs(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Absolute value; of complex numbers the modulus, in the real dtype."""
def abs_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`abs`."""
def absolute(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Absolute value; of complex numbers the modulus, in the real dtype."""
def absolute_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`abs`."""
def acos(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
def acos_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`acos`."""
def acosh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic cosine; NaN below 1."""
def acosh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`acosh`."""
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over windows that make the last dim `output_size` long."""
def adaptive_max_pool1d(input: Any, output_size: Any) -> Any:
    """nn.functional.adaptive_max_pool1d and the indices of the maxima."""
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input + alpha * other; operands broadcast and are promoted."""
def add_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`add`."""
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """beta * input + alpha * (the sum of the batch's products)."""
def addbmm_(self, batch1: Any, batch2: Any, *, beta: Any = ..., alpha: Any = ...) -> Any:
    """In-place version of :meth:`addbmm`; self takes the shape of the result, as in PyTorch."""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input + value * tensor1 / tensor2; integers are refused as divisors of integers."""
def addcdiv_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`addcdiv`."""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input + value * tensor1 * tensor2."""
def addcmul_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`addcmul`."""
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); with beta = 0 NaNs in input do not count."""
def addmm_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`addmm`."""
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
def addmv_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`addmv`."""
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
def addr_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`addr`."""
def adjoint(input: Tensor) -> Any:
    """Conjugate transpose of the last two dims."""
def affine_grid_generator(theta: Any, size: Any, align_corners: Any) -> Any:
    """nn.functional.affine_grid."""
def alias_copy(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of the whole tensor, in row-major order."""
def all(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True if all elements along the dims are (uint8 for uint8)."""
def allclose(input: Tensor, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Any:
    """True if |input - other| <= atol + rtol * |other| everywhere."""
def alpha_dropout(input: Any, p: Any, train: Any) -> Any:
    """nn.functional.alpha_dropout; a RuntimeError for a bad p."""
def alpha_dropout_(input: Any, p: Any, train: Any) -> Any:
    """`alpha_dropout` in place."""
def amax(input: Tensor, dim: _Ints | None = (), keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Maximum over the given dims; equal maxima share the gradient."""
def amin(input: Tensor, dim: _Ints | None = (), keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Minimum over the given dims; equal minima share the gradient."""
def aminmax(input: Tensor, *, dim: _int | None = None, keepdim: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(minimum, maximum) over one dim, or over all."""
def angle(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The argument of complex numbers in radians; 0 or pi of real ones."""
def angle_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`angle`."""
def any(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True if any element along the dims is (uint8 for uint8)."""
@overload
def arange(end: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """start, start + step, ... below end."""
@overload
def arange(start: Number, end: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def arange(start: Number, end: Number, step: Number = 1, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def arccos(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc cosine in [0, pi]; NaN outside of [-1, 1]."""
def arccos_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`acos`."""
def arccosh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic cosine; NaN below 1."""
def arccosh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`acosh`."""
def arcsin(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
def arcsin_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`asin`."""
def arcsinh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic sine."""
def arcsinh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`asinh`."""
def arctan(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc tangent in [-pi/2, pi/2]."""
def arctan2(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Angle of the points (other, input) in (-pi, pi]."""
def arctan2_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atan2`."""
def arctan_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atan`."""
def arctanh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
def arctanh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atanh`."""
def are_deterministic_algorithms_enabled() -> Any:
    """What use_deterministic_algorithms was given."""
def argmax(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Index of the first maximum along a dim, or of the flat tensor."""
def argmin(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Index of the first minimum along a dim, or of the flat tensor."""
@overload
def argsort(input: Tensor, *, stable: _bool, dim: _int = -1, descending: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Indices that sort a tensor along a dim."""
@overload
def argsort(input: Tensor, dim: _int = -1, descending: _bool = False) -> Any:
    ...
def argwhere(input: Tensor) -> Any:
    """Indices of the elements that are not zero: [n, dims]."""
def as_strided(input: Tensor, size: _Ints, stride: _Ints, storage_offset: _int | None = None) -> Any:
    """A view of any elements of the tensor's memory: sizes, strides and first element.

    RuntimeError when it would reach outside of the memory."""
def as_strided_copy(input: Tensor, size: _Ints, stride: _Ints, storage_offset: _int | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `as_strided` gives."""
def as_strided_scatter(input: Tensor, src: Tensor, size: _Ints, stride: _Ints, storage_offset: _int | None = None) -> Any:
    """input with a strided region replaced by src."""
def as_tensor(data: Any, dtype: Any = ..., device: Any = ...) -> Any:
    """`data` as a tensor, without a copy where its memory can be shared."""
def asarray(obj: Any, *, dtype: Any = ..., device: Any = ..., copy: Any = ..., requires_grad: Any = ...) -> Any:
    """`obj` (tensor, array, buffer, sequence, number) as a tensor.

    copy: True always copies, False never (ValueError when it must), None when needed."""
def asin(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc sine in [-pi/2, pi/2]; NaN outside of [-1, 1]."""
def asin_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`asin`."""
def asinh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic sine."""
def asinh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`asinh`."""
def atan(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Arc tangent in [-pi/2, pi/2]."""
def atan2(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Angle of the points (other, input) in (-pi, pi]."""
def atan2_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atan2`."""
def atan_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atan`."""
def atanh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse hyperbolic tangent; NaN outside of [-1, 1]."""
def atanh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`atanh`."""
def atleast_1d(*tensors: Any) -> Any:
    """Tensors with dims of size 1 added until they have 1."""
def atleast_2d(*tensors: Any) -> Any:
    """Tensors with dims of size 1 added until they have 2."""
def atleast_3d(*tensors: Any) -> Any:
    """Tensors with dims of size 1 added until they have 3."""
class autocast:
    """A block (or a decorator) in which matrix products run in `dtype`, losses in float32.

    On the CPU: products, convolutions and attention run in bfloat16 (or float16), losses,
    Fourier transforms and factorisations in float32, cat and stack in the widest type they are
    given; all others take what comes. Parameters stay as they are; the backward runs outside.

    enabled=False in an inner block switches it off there. Other dtypes, and CUDA where there is
    none, give a warning and do nothing."""
    def __call__(self, func: Any) -> Any:
        ...
    def __enter__(self) -> Any:
        ...
    def __exit__(self, *exc: Any) -> Any:
        ...
    def __init__(self, device_type: Any, dtype: Any = ..., enabled: Any = ..., cache_enabled: Any = ...) -> None:
        ...
def autocast_decrement_nesting() -> Any:
    """One block less; returns the depth."""
def autocast_increment_nesting() -> Any:
    """One block deeper; returns the depth."""
def avg_pool1d(input: Any, kernel_size: Any, stride: Any = ..., padding: Any = ..., ceil_mode: Any = ..., count_include_pad: Any = ...) -> Any:
    """Mean of each window of [N, C, L] or [C, L]."""
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2)."""
def baddbmm_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`baddbmm`."""
def bartlett_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """Triangle that is zero at its ends."""
def batch_norm(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: Any, momentum: Any, eps: Any, cudnn_enabled: Any = ...) -> Any:
    """nn.functional.batch_norm with the operands in torch.batch_norm's order."""
@overload
def bernoulli(input: Tensor, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """1 with the probabilities in `input`, else 0."""
@overload
def bernoulli(input: Tensor, p: _float, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
bfloat16: dtype
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = ...) -> Any:
    """x1' A x2 + b: [..., in1], [..., in2], weight [out, in1, in2]."""
def binary_cross_entropy_with_logits(input: Any, target: Any, weight: Any = ..., pos_weight: Any = ..., reduction: Any = ...) -> Any:
    """nn.functional.binary_cross_entropy_with_logits with a number as the reduction."""
def bincount(input: Tensor, weights: Tensor | None = None, minlength: _int = 0) -> Any:
    """How often each non-negative integer occurs, or the sums of its weights."""
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Any:
    """Successes in `count` trials with the given probabilities."""
def bitwise_and(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Bits that both have, of integers and bools; floats are refused."""
def bitwise_and_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_and`."""
def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input * 2 ** other, of integers."""
def bitwise_left_shift_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_left_shift`."""
def bitwise_not(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """-x - 1 of integers (all bits flipped), logical not of bools."""
def bitwise_not_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_not`."""
def bitwise_or(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Bits that one or both have, of integers and bools; floats are refused."""
def bitwise_or_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_or`."""
def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input / 2 ** other rounded down, of integers (the sign stays)."""
def bitwise_right_shift_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_right_shift`."""
def bitwise_xor(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Bits that one of both has, of integers and bools; floats are refused."""
def bitwise_xor_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`bitwise_xor`."""
def blackman_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """Sum of three cosines."""
def block_diag(*tensors: Any) -> Any:
    """A matrix with the given matrices along its diagonal, zeros elsewhere."""
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Product of two batches of matrices [b, n, k] and [b, k, m]."""
bool: dtype
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that the given ones broadcast to."""
def broadcast_tensors(*tensors: Any) -> Any:
    """All tensors expanded to their common shape."""
def broadcast_to(input: Tensor, size: _Ints) -> Tensor:
    """`expand` to a shape."""
@overload
def bucketize(input: Tensor, boundaries: Tensor, *, out_int32: _bool = False, right: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The bucket between sorted boundaries that each value belongs to."""
@overload
def bucketize(self: Number, boundaries: Tensor, *, out_int32: _bool = False, right: _bool = False) -> Any:
    ...
def can_cast(from_: _dtype, to: _dtype) -> Any:
    """Whether promotion rules allow a result of one type in a tensor of the other."""
def cartesian_prod(*tensors: Any) -> Any:
    """All combinations of one element of each vector: [n, number of vectors]."""
def cat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along a dim; other sizes must agree."""
def cdist(x1: Any, x2: Any, p: Any = ..., compute_mode: Any = ...) -> Any:
    """p-norm distances of all pairs of rows: [..., n, k] and [..., m, k] give [..., n, m].

    Distances are always summed directly; the modes are accepted for compatibility."""
cdouble: dtype
def ceil(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The smallest integer that is not below x."""
def ceil_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ceil`."""
def celu(input: Any, alpha: Any = ..., inplace: Any = ...) -> Any:
    """x above 0, alpha * (exp(x / alpha) - 1) below; Barron (2017)."""
def celu_(input: Any, *args: Any, **kwargs: Any) -> Any:
    """In-place celu."""
cfloat: dtype
def chain_matmul(*matrices: Any, out: Any = ...) -> Any:
    """Product of matrices in the cheapest order (PyTorch's older name of linalg.multi_dot)."""
chalf: dtype
def channel_shuffle(input: Any, groups: Any) -> Any:
    """[N, C, ...]: channel i of each group becomes neighbour of channel i of the others."""
channels_last: Any
channels_last_3d: Any
def cholesky(input: Tensor, upper: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """linalg.cholesky."""
def cholesky_inverse(L: Tensor, upper: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """inv(A), given the Cholesky factor of A."""
def cholesky_solve(B: Tensor, L: Tensor, upper: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """X with A X = B, given the Cholesky factor of A."""
def chunk(input: Tensor, chunks: _int, dim: _int = 0) -> Any:
    """At most `chunks` equal parts along a dim."""
def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
def clamp_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`clamp`."""
def clamp_max(input: Tensor, max: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Values of at most max."""
def clamp_max_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`clamp_max`."""
def clamp_min(input: Tensor, min: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Values of at least min."""
def clamp_min_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`clamp_min`."""
def clear_autocast_cache() -> Any:
    """Forgets the casts of parameters."""
def clip(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Values limited to min..max (numbers or tensors); NaN stays. min > max gives max."""
def clip_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`clamp`."""
def clone(input: Tensor, *, memory_format: _memory_format | None = None) -> Any:
    """A copy that gradients flow through; dense tensors keep the order of their dims."""
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along the second dim; vectors are columns."""
def combinations(input: Tensor, r: _int = 2, with_replacement: _bool = False) -> Any:
    """All combinations of r elements of a vector, as rows."""
def compile(model: Any = ..., *, fullgraph: Any = ..., dynamic: Any = ..., backend: Any = ..., mode: Any = ..., options: Any = ..., disable: Any = ..., recompile_limit: Any = ...) -> Any:
    """The model or function itself: its operations are compiled as they are used.

    Also a decorator, with or without arguments. RuntimeError if both `mode` and `options` are
    given, or for a mode that torch does not have; NotImplementedError for a backend of one's own."""
def compiled_with_cxx11_abi() -> Any:
    """True, as in torch's builds; nothing here is made by a C++ compiler."""
def complex(real: Tensor, imag: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """real + 1j * imag of two tensors of one dtype: float16, float32 or float64."""
complex128: dtype
complex32: dtype
complex64: dtype
def concat(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along a dim; other sizes must agree."""
def concatenate(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along a dim; other sizes must agree."""
def conj(input: Tensor) -> Any:
    """The complex conjugate; a real tensor is its own. Computed at once, not a lazy view."""
def conj_physical(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The complex conjugate in memory of its own."""
def conj_physical_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`conj_physical`."""
def constant_pad_nd(input: Any, pad: Any, value: Any = ...) -> Any:
    """nn.functional.pad with a constant."""
contiguous_format: Any
def conv1d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., dilation: Any = ..., groups: Any = ...) -> Any:
    """Cross-correlation of input [N, C, L] or [C, L] with weight [O, C / groups, k]."""
def conv2d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., dilation: Any = ..., groups: Any = ...) -> Any:
    """Cross-correlation of input [N, C, H, W] or [C, H, W] with weight [O, C / groups, kh, kw].

    `padding` is a number, a pair, 'valid' or 'same'."""
def conv3d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., dilation: Any = ..., groups: Any = ...) -> Any:
    """Cross-correlation of input [N, C, D, H, W] with weight [O, C / groups, kd, kh, kw]."""
def conv_tbc(input: Any, weight: Any, bias: Any, pad: Any = ...) -> Any:
    """1-D convolution of input [T, N, C] with weight [k, C, O]."""
def conv_transpose1d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., output_padding: Any = ..., groups: Any = ..., dilation: Any = ...) -> Any:
    """The adjoint of conv1d: input [N, C, L], weight [C, O / groups, k]."""
def conv_transpose2d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., output_padding: Any = ..., groups: Any = ..., dilation: Any = ...) -> Any:
    """The adjoint of conv2d: input [N, C, H, W], weight [C, O / groups, kh, kw]."""
def conv_transpose3d(input: Any, weight: Any, bias: Any = ..., stride: Any = ..., padding: Any = ..., output_padding: Any = ..., groups: Any = ..., dilation: Any = ...) -> Any:
    """The adjoint of conv3d: input [N, C, D, H, W], weight [C, O / groups, kd, kh, kw]."""
def convolution(input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: Any, output_padding: Any, groups: Any) -> Any:
    """A convolution, or its transpose, of as many dims as the weight has beyond two."""
def copysign(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with the sign of other."""
def copysign_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`copysign`."""
def corrcoef(input: Tensor) -> Any:
    """Correlation coefficients of the rows of [variables, observations]."""
def cos(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Cosine of radians."""
def cos_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`cos`."""
def cosh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Hyperbolic cosine."""
def cosh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`cosh`."""
def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: Any = ..., reduction: Any = ...) -> Any:
    """nn.functional.cosine_embedding_loss with a number as the reduction."""
def cosine_similarity(x1: Any, x2: Any, dim: Any = ..., eps: Any = ...) -> Any:
    """<x1, x2> / (max(|x1|, eps) * max(|x2|, eps)) along a dim; operands broadcast."""
def count_nonzero(input: Tensor, dim: _Ints | None = None) -> Any:
    """How many elements differ from 0, over the given dims (all by default)."""
def cov(input: Tensor, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Any:
    """Covariance matrix of the rows of [variables, observations] (or of one vector)."""
def cross(input: Tensor, other: Tensor, dim: _int | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Vector product along `dim` (default: the first dim of size 3)."""
def ctc_loss(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: Any = ..., reduction: Any = ..., zero_infinity: Any = ...) -> Any:
    """nn.functional.ctc_loss with a number as the reduction."""
def cummax(input: Tensor, dim: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) of the running maxima along a dim; of equal ones the last index."""
def cummin(input: Tensor, dim: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) of the running minima along a dim; of equal ones the last index."""
def cumprod(input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Running products along a dim; integers and bools multiply in int64."""
def cumprod_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`cumprod`."""
def cumsum(input: Tensor, dim: _int, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Running sums along a dim; integers and bools add up in int64 unless `dtype` says otherwise."""
def cumsum_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`cumsum`."""
@overload
def cumulative_trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1) -> Any:
    """Running areas under y by the trapezoidal rule along a dim."""
@overload
def cumulative_trapezoid(y: Tensor, *, dx: Number = 1, dim: _int = -1) -> Any:
    ...
default_generator: Any
def deg2rad(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Degrees in radians."""
def deg2rad_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`deg2rad`."""
def det(input: Tensor) -> Any:
    """Determinant: linalg.det."""
def detach(input: Any) -> Any:
    """The same memory without a graph."""
def detach_(input: Any) -> Any:
    """Forgets the graph of a tensor."""
def detach_copy(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `detach` gives."""
class device:
    """A device's name: 'cpu', or 'cuda:1' (of which tensors can't be made here).

    As a context it is where factory functions put their tensors."""
    def __call__(self, function: Any) -> Any:
        ...
    def __enter__(self) -> Any:
        ...
    def __exit__(self, *exc: Any) -> Any:
        ...
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        ...
    index: Any
    type: Any
def diag(input: Tensor, diagonal: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The diagonal of a matrix, or a matrix with the given diagonal."""
def diag_embed(input: Tensor, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Any:
    """The last dim on the diagonal of two new dims, zeros elsewhere."""
def diagflat(input: Tensor, offset: _int = 0) -> Any:
    """A matrix with the elements on a diagonal."""
def diagonal(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Any:
    """The diagonal of two dims as the last dim of a view."""
def diagonal_copy(input: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `diagonal` gives."""
def diagonal_scatter(input: Tensor, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Any:
    """input with its diagonal replaced by src."""
def diff(input: Tensor, n: _int = 1, dim: _int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The n-th differences of neighbours along a dim, with tensors put before and behind it."""
def digamma(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Derivative of lgamma."""
def digamma_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`digamma`."""
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Any:
    """The p-norm of input - other."""
def div(input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
def div_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`div`."""
def divide(input: Tensor | Number, other: Tensor | Number, *, rounding_mode: str | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input / other; rounding_mode None, 'floor' (as //) or 'trunc' (towards zero)."""
def divide_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`div`."""
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sum of the products of two vectors' elements."""
double: dtype
def dropout(input: Any, p: Any, train: Any) -> Any:
    """nn.functional.dropout; a RuntimeError for a bad p."""
def dropout_(input: Any, p: Any, train: Any) -> Any:
    """`dropout` in place."""
@overload
def dsplit(input: Tensor, sections: _int) -> Any:
    """Parts of equal size, or parts that end at the given indices."""
@overload
def dsplit(input: Tensor, indices: _Ints) -> Any:
    ...
@overload
def dsplit(input: Tensor, split_size_or_sections: _int) -> Any:
    ...
@overload
def dsplit(input: Tensor, split_size_or_sections: _Ints) -> Any:
    ...
@overload
def dsplit(input: Tensor, indices_or_sections: _int) -> Any:
    ...
@overload
def dsplit(input: Tensor, indices_or_sections: _Ints) -> Any:
    ...
def dstack(tensors: Sequence[Tensor], *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along the third dim."""
class dtype:
    """An element type. `short` names it in kernels and IR text.

    `np` is the NumPy type of its memory: where NumPy has no such type (`opaque`), of its bits."""
    def __init__(self, name: Any, short: Any, kind: Any, np_type: Any, tensor_type: Any, *, opaque: Any = ..., compute: Any = ..., real: Any = ...) -> None:
        ...
    compute: Any
    compute_short: Any
    differentiable: Any
    is_complex: Any
    is_floating_point: Any
    is_signed: Any
    itemsize: Any
    kind: Any
    name: Any
    narrow: Any
    np: Any
    opaque: Any
    scalar_type: Any
    short: Any
    tensor_type: Any
    def to_complex(self) -> Any:
        """The complex type with parts at least this wide."""
    def to_real(self) -> Any:
        """The type of the parts of a complex number; real types are their own."""
e: Any
def einsum(*args: Any) -> Any:
    """Sums of products by labels: einsum("bij,bjk->bik", x, y) is a batched matrix product.

    Labels are letters, "..." stands for any dims; a label that is left out of the result is summed
    over, one that occurs twice in an operand takes its diagonal. Instead of a text, each operand
    may be followed by a list of ints, and the result's list comes last."""
def embedding(weight: Any, indices: Any, padding_idx: Any = ..., scale_grad_by_freq: Any = ..., sparse: Any = ...) -> Any:
    """Rows of weight; nn.functional.embedding with the operands in torch.embedding's order."""
def embedding_renorm_(input: Any, indices: Any, max_norm: Any, norm_type: Any) -> Any:
    """Scales the rows of a table at the indices in place, so that none is longer than max_norm."""
@overload
def empty(size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A tensor whose content is not set."""
@overload
def empty(*size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def empty_like(input: Tensor, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`empty` with the shape and dtype of another tensor."""
def empty_permuted(size: _Ints, physical_layout: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """A tensor whose dims lie in memory in the given order; its content is not set."""
def empty_strided(size: _Ints, stride: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """A tensor with the given strides whose content is not set."""
class enable_grad:
    """Context or decorator: ops are recorded for gradients."""
def eq(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where both are equal; NaN equals nothing."""
def eq_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`eq`."""
def equal(input: Tensor, other: Tensor) -> Any:
    """True if shapes and all elements are equal."""
def erf(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Error function: 2 / sqrt(pi) times the integral of exp(-t * t) over 0..x."""
def erf_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`erf`."""
def erfc(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """1 - erf(x), exact for large x too."""
def erfc_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`erfc`."""
def erfinv(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse of erf; NaN outside of [-1, 1]."""
def erfinv_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`erfinv`."""
def exp(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """e to the power of x."""
def exp2(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """2 to the power of x."""
def exp2_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`exp2`."""
def exp_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`exp`."""
def expand_copy(input: Tensor, size: _Ints, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `expand` gives."""
def expm1(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """exp(x) - 1, exact for small x too."""
def expm1_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`expm1`."""
@overload
def eye(n: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The identity matrix [n, m]."""
@overload
def eye(n: _int, m: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def feature_alpha_dropout(input: Any, p: Any, train: Any) -> Any:
    """nn.functional.feature_alpha_dropout; a RuntimeError for a bad p."""
def feature_alpha_dropout_(input: Any, p: Any, train: Any) -> Any:
    """`feature_alpha_dropout` in place."""
def feature_dropout(input: Any, p: Any, train: Any) -> Any:
    """In training, zeroes whole channels of [N, C, ...] with probability p."""
def feature_dropout_(input: Any, p: Any, train: Any) -> Any:
    """`feature_dropout` in place."""
def fill(input: Tensor, value: Tensor | Number) -> Any:
    """A copy with every element set to a number (or the number in a 0-dim tensor)."""
def fill_(self, value: Any) -> Any:
    """Sets every element."""
class finfo:
    """Limits of a floating point type (of the parts, for a complex one)."""
    def __init__(self, type: Any = ...) -> None:
        ...
def fix(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """x without its fraction (rounded towards 0)."""
def fix_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`trunc`."""
def flatten(input: Tensor, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
    """Merges the dims start_dim..end_dim."""
def flip(input: Tensor, dims: _Ints) -> Any:
    """A copy with the given dims reversed."""
def fliplr(input: Tensor) -> Any:
    """Columns in reverse order."""
def flipud(input: Tensor) -> Any:
    """Rows in reverse order."""
float: dtype
float16: dtype
float32: dtype
float64: dtype
def float_power(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input ** exponent, computed in float64 (complex128 for complex operands)."""
def float_power_(self, exponent: Any) -> Any:
    """In-place version of :meth:`float_power`; self must be float64 (or complex128)."""
def floor(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The largest integer that is not above x."""
def floor_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`floor`."""
def floor_divide(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input // other, rounded down; ZeroDivisionError for integers divided by 0."""
def floor_divide_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`floor_divide`."""
def fmax(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The greater of two elements; of NaN and a number the number."""
def fmin(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The lesser of two elements; of NaN and a number the number."""
def fmod(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The remainder with the sign of input, as in C."""
def fmod_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`fmod`."""
def frac(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """x - trunc(x): the fraction, with the sign of x."""
def frac_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`frac`."""
def frexp(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(mantissa in [1/2, 1), exponent as int32) with input = mantissa * 2 ** exponent."""
def frobenius_norm(input: Tensor, dim: _Ints, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The 2-norm over one dim or two."""
def from_dlpack(ext_tensor: Any, *, device: Any = ..., copy: Any = ...) -> Any:
    """A tensor that shares the memory of any object with __dlpack__ (or of a capsule)."""
def from_numpy(array: Any) -> Any:
    """A tensor that shares the array's memory."""
def frombuffer(buffer: Any, *, dtype: Any, count: Any = ..., offset: Any = ..., requires_grad: Any = ...) -> Any:
    """A vector that shares the memory of an object with the buffer interface."""
def full(size: _Ints, fill_value: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A tensor filled with one value."""
def full_like(input: Tensor, fill_value: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`full` with the shape and dtype of another tensor."""
def gather(input: Tensor, dim: _int, index: Tensor, *, sparse_grad: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """out[i][j] = input[index[i][j]][j] (for dim 0); index may be smaller than input."""
def gcd(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Greatest common divisor of integers, never negative."""
def gcd_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`gcd`."""
def ge(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input >= other; no complex tensors."""
def ge_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ge`."""
def geqrf(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """QR in LAPACK's compact form: R and, below it, the Householder vectors; their factors tau."""
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """All products of two vectors' elements: [n] and [m] give [n, m]."""
def get_autocast_cpu_dtype() -> Any:
    """get_autocast_dtype("cpu")."""
def get_autocast_dtype(device_type: Any) -> Any:
    """The dtype that autocast casts to on a device."""
def get_autocast_gpu_dtype() -> Any:
    """get_autocast_dtype("cuda")."""
def get_default_device() -> Any:
    """Where factory functions put their tensors."""
def get_default_dtype() -> Any:
    """The dtype of float literals and factory functions."""
def get_deterministic_debug_mode() -> Any:
    """The level: 0, 1 or 2."""
def get_device(input: Any) -> Any:
    """-1: the tensor is on the CPU."""
def get_device_module(device: Any = ...) -> Any:
    """The module of a kind of device: torch.cpu, torch.cuda, ..."""
def get_float32_matmul_precision() -> Any:
    """What set_float32_matmul_precision was given."""
def get_num_interop_threads() -> Any:
    """1: operations run one after the other."""
def get_num_threads() -> Any:
    """Threads that kernels run on."""
def get_printoptions() -> Any:
    """The options of `set_printoptions` in force."""
def get_rng_state() -> Any:
    """The default generator's state as a tensor of bytes."""
def gradient(input: Tensor, *, spacing: Any | None = None, dim: Any | None = None, edge_order: _int = 1) -> Any:
    """Estimates of the derivative along each dim (or those given), by central differences.

    `spacing`: the distance of the samples, one for each dim, or 1-d tensors of coordinates."""
def greater(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input > other; no complex tensors."""
def greater_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`gt`."""
def greater_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input >= other; no complex tensors."""
def greater_equal_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ge`."""
def grid_sampler(input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """nn.functional.grid_sample; modes 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border,
    2 reflection."""
def grid_sampler_2d(input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """nn.functional.grid_sample; modes 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border,
    2 reflection."""
def grid_sampler_3d(input: Any, grid: Any, interpolation_mode: Any, padding_mode: Any, align_corners: Any) -> Any:
    """nn.functional.grid_sample; modes 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border,
    2 reflection."""
def group_norm(input: Any, num_groups: Any, weight: Any = ..., bias: Any = ..., eps: Any = ..., cudnn_enabled: Any = ...) -> Any:
    """nn.functional.group_norm."""
def gru(*args: Any) -> Any:
    """(outputs, h) of a GRU whose weights are a list; arguments as those of `lstm`."""
def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = ..., b_hh: Any = ...) -> Any:
    """h after one step of a GRU: input [N, in], hx [N, hidden]."""
def gt(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input > other; no complex tensors."""
def gt_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`gt`."""
half: dtype
@overload
def hamming_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """Hamming's cosine."""
@overload
def hamming_window(window_length: _int, periodic: _bool, alpha: _float = 0.54, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    ...
@overload
def hamming_window(window_length: _int, periodic: _bool, alpha: _float, beta: _float = 0.46, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    ...
def hann_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """Raised cosine."""
def hardshrink(input: Any, lambd: Any = ...) -> Any:
    """x where |x| > lambd, else 0."""
def heaviside(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """0 below 0, 1 above, and other where input is 0."""
def heaviside_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`heaviside`."""
def hinge_embedding_loss(input: Any, target: Any, margin: Any = ..., reduction: Any = ...) -> Any:
    """nn.functional.hinge_embedding_loss with a number as the reduction."""
def histc(input: Tensor, bins: _int = 100, min: Number = 0, max: Number = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Counts of elements in equal bins between min and max (of the data when both are equal)."""
@overload
def histogram(input: Tensor, bins: Tensor, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(hist, bin_edges): counts, weights or densities between edges or in equal bins."""
@overload
def histogram(input: Tensor, bins: _int = 100, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
@overload
def histogramdd(input: Tensor, bins: _Ints, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False) -> Any:
    """(hist, bin_edges) of points along the last dim, one edge tensor per coordinate."""
@overload
def histogramdd(input: Tensor, bins: _int, *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False) -> Any:
    ...
@overload
def histogramdd(input: Tensor, bins: Sequence[Tensor], *, range: Any | None = None, weight: Tensor | None = None, density: _bool = False) -> Any:
    ...
@overload
def hsplit(input: Tensor, sections: _int) -> Any:
    """Parts of equal size, or parts that end at the given indices."""
@overload
def hsplit(input: Tensor, indices: _Ints) -> Any:
    ...
@overload
def hsplit(input: Tensor, split_size_or_sections: _int) -> Any:
    ...
@overload
def hsplit(input: Tensor, split_size_or_sections: _Ints) -> Any:
    ...
@overload
def hsplit(input: Tensor, indices_or_sections: _int) -> Any:
    ...
@overload
def hsplit(input: Tensor, indices_or_sections: _Ints) -> Any:
    ...
def hstack(tensors: Sequence[Tensor], *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along the second dim (the first of vectors)."""
def hypot(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """sqrt(input * input + other * other)."""
def hypot_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`hypot`."""
def i0(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""
def i0_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`i0`."""
def igamma(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Regularized lower incomplete gamma function P(input, other)."""
def igamma_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`igamma`."""
def igammac(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Regularized upper incomplete gamma function: 1 - igamma."""
def igammac_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`igammac`."""
class iinfo:
    """Limits of an integer type."""
    def __init__(self, type: Any) -> None:
        ...
def imag(input: Tensor) -> Any:
    """The imaginary parts, as a view; RuntimeError for real tensors."""
def index_add(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with the slices of source added at the given indices of a dim."""
def index_add_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`index_add`."""
def index_copy(input: Tensor, dim: _int, index: Tensor, source: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with the slices at the given indices of a dim replaced by those of source."""
def index_copy_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`index_copy`."""
@overload
def index_fill(input: Tensor, dim: _int, index: Tensor, value: Number) -> Any:
    """input with the slices at the given indices of a dim filled with a value."""
@overload
def index_fill(input: Tensor, dim: _int, index: Tensor, value: Tensor) -> Any:
    ...
def index_fill_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`index_fill`."""
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: _bool = False) -> Any:
    """input with values stored (or added) at the places that the index tensors name."""
def index_put_(self, indices: Any, values: Any, accumulate: Any = ...) -> Any:
    """In-place version of :meth:`index_put`."""
def index_reduce(input: Tensor, dim: _int, index: Tensor, source: Tensor, reduce: str, *, include_self: _bool = True, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with the slices of source combined into it: prod, mean, amax or amin."""
def index_reduce_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`index_reduce`."""
def index_select(input: Tensor, dim: _int, index: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The slices of a dim at the given indices."""
inf: Any
class inference_mode:
    """Context or decorator: like no_grad, and the tensors made can't be used for gradients later.

    `inference_mode(False)` is ordinary again inside of `inference_mode()`."""
    def __enter__(self) -> Any:
        ...
    def __exit__(self, *exc: Any) -> Any:
        ...
    def __init__(self, mode: Any = ...) -> None:
        ...
    def clone(self) -> Any:
        """A new context of the same mode."""
def initial_seed() -> Any:
    """The default generator's seed."""
def inner(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sums of products along the last dims of both: [..., k] and [***, k] give [..., ***]."""
def instance_norm(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: Any, momentum: Any, eps: Any, cudnn_enabled: Any = ...) -> Any:
    """nn.functional.instance_norm with the operands in torch.instance_norm's order."""
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
def inverse(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Inverse of square matrices: linalg.inv."""
def is_anomaly_check_nan_enabled() -> Any:
    """True if anomaly mode looks for nan."""
def is_anomaly_enabled() -> Any:
    """True in anomaly mode."""
def is_autocast_cache_enabled() -> Any:
    """True if casts of parameters are kept until the outermost block ends."""
def is_autocast_cpu_enabled() -> Any:
    """is_autocast_enabled("cpu")."""
def is_autocast_enabled(device_type: Any = ...) -> Any:
    """True if autocast is on for a device (by default for CUDA, as in PyTorch)."""
def is_complex(input: Tensor) -> Any:
    """True for tensors of a complex dtype."""
def is_conj(input: Tensor) -> Any:
    """Whether a conjugation is pending: never here."""
def is_deterministic_algorithms_warn_only_enabled() -> Any:
    """What use_deterministic_algorithms was given as `warn_only`."""
def is_distributed(input: Any) -> Any:
    """False."""
def is_floating_point(input: Tensor) -> Any:
    """True for tensors of a floating point dtype."""
def is_grad_enabled() -> Any:
    """True if ops are recorded for gradients."""
def is_inference(input: Any) -> Any:
    """True for a tensor that was made in inference mode."""
def is_inference_mode_enabled() -> Any:
    """True inside of inference_mode."""
def is_neg(input: Tensor) -> Any:
    """Whether a negation is pending: never here."""
def is_nonzero(input: Any) -> Any:
    """Whether a tensor with one element is not zero; RuntimeError for other sizes."""
def is_same_size(input: Any, other: Any) -> Any:
    """True if the shapes are equal."""
def is_signed(input: Tensor) -> Any:
    """True for tensors of a dtype with negative numbers."""
def is_storage(obj: Any) -> Any:
    """True for storages."""
def is_tensor(obj: Any) -> Any:
    """True for tensors."""
def is_warn_always_enabled() -> Any:
    """What set_warn_always was given."""
def isclose(input: Tensor, other: Tensor, rtol: _float = 1e-05, atol: _float = 1e-08, equal_nan: _bool = False) -> Any:
    """True where |input - other| <= atol + rtol * |other|."""
def isfinite(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is neither infinite nor NaN."""
@overload
def isin(elements: Tensor, test_elements: Tensor, *, assume_unique: _bool = False, invert: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Which elements occur among the test elements."""
@overload
def isin(element: Number, test_elements: Tensor, *, assume_unique: _bool = False, invert: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def isin(elements: Tensor, test_element: Number, *, assume_unique: _bool = False, invert: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def isinf(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is inf or -inf."""
def isnan(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is NaN."""
def isneginf(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is -inf; complex tensors are refused."""
def isposinf(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is inf; complex tensors are refused."""
def isreal(input: Tensor) -> Any:
    """True where the imaginary part is 0."""
def istft(input: Any, n_fft: Any, hop_length: Any = ..., win_length: Any = ..., window: Any = ..., center: Any = ..., normalized: Any = ..., onesided: Any = ..., length: Any = ..., return_complex: Any = ...) -> Any:
    """The signal whose stft this is: overlapping frames added up, divided by the windows' squares.

    Griffin and Lim, Signal estimation from modified short-time Fourier transform (1984)."""
@overload
def kaiser_window(window_length: _int, periodic: _bool = True, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """Kaiser's window by Bessel functions."""
@overload
def kaiser_window(window_length: _int, periodic: _bool, beta: _float = 12.0, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    ...
def kl_div(input: Any, target: Any, reduction: Any = ..., *, log_target: Any = ...) -> Any:
    """nn.functional.kl_div with a number as the reduction."""
def kron(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Kronecker product: every element of input times the whole of other."""
def kthvalue(input: Tensor, k: _int, dim: _int = -1, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) of the k-th smallest elements along a dim."""
def layer_norm(input: Any, normalized_shape: Any, weight: Any = ..., bias: Any = ..., eps: Any = ..., cudnn_enable: Any = ...) -> Any:
    """nn.functional.layer_norm."""
class layout:
    """How elements lie in memory: torch.strided."""
def lcm(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Least common multiple of integers, never negative."""
def lcm_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`lcm`."""
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input * 2 ** other."""
def ldexp_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ldexp`."""
def le(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input <= other; no complex tensors."""
def le_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`le`."""
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input + weight * (end - input), exact at both ends."""
def lerp_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`lerp`."""
def less(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input < other; no complex tensors."""
def less_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`lt`."""
def less_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input <= other; no complex tensors."""
def less_equal_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`le`."""
def lgamma(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Logarithm of the absolute value of the gamma function."""
def lgamma_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`lgamma`."""
@overload
def linspace(start: Number, end: Number, steps: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """`steps` values from start to end, both included."""
@overload
def linspace(start: Number, end: Tensor, steps: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def linspace(start: Tensor, end: Number, steps: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def linspace(start: Tensor, end: Tensor, steps: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def load(f: Any, map_location: Any = ..., pickle_module: Any = ..., *, weights_only: Any = ..., mmap: Any = ..., **pickle_load_args: Any) -> Any:
    """Loads what `save` of numtorch or PyTorch wrote; weights_only=True (default) runs no code."""
def lobpcg(A: Any, k: Any = ..., B: Any = ..., X: Any = ..., n: Any = ..., iK: Any = ..., niter: Any = ..., tol: Any = ..., largest: Any = ..., method: Any = ..., tracker: Any = ..., ortho_iparams: Any = ..., ortho_fparams: Any = ..., ortho_bparams: Any = ...) -> Any:
    """The k largest (or smallest) eigenvalues [..., k] of symmetric A, with vectors [..., m, k].

    With B those of A x = B x lambda. X are first vectors (random ones by default), iK a
    preconditioner. Both methods compute with orthonormal bases. A may be sparse; gradients are
    those of a dense A with B = I."""
def log(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Natural logarithm; -inf for 0, NaN below."""
def log10(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Logarithm to base 10."""
def log10_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`log10`."""
def log1p(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log(1 + x), exact for small x too."""
def log1p_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`log1p`."""
def log2(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Logarithm to base 2."""
def log2_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`log2`."""
def log_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`log`."""
def log_softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log(softmax(x)) along a dim."""
def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log(exp(input) + exp(other)), without underflow."""
def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log2(2 ** input + 2 ** other), without underflow."""
def logcumsumexp(input: Tensor, dim: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Logarithm of the running sums of exp(x) along a dim, without overflow."""
def logdet(input: Tensor) -> Any:
    """Logarithm of the determinant: NaN where it is negative, -inf where it is 0."""
def logical_and(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where both are nonzero."""
def logical_and_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`logical_and`."""
def logical_not(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where an element is 0, as bool."""
def logical_not_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`logical_not`."""
def logical_or(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where one or both are nonzero."""
def logical_or_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`logical_or`."""
def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where one of both is nonzero."""
def logical_xor_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`logical_xor`."""
def logit(input: Tensor, eps: _float | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log(x / (1 - x)); with eps, x is limited to [eps, 1 - eps] first."""
def logit_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`logit`."""
@overload
def logspace(start: Number, end: Number, steps: _int, base: _float = 10.0, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """`steps` powers of base, with exponents from start to end."""
@overload
def logspace(start: Number, end: Tensor, steps: _int, base: _float = 10.0, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def logspace(start: Tensor, end: Number, steps: _int, base: _float = 10.0, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def logspace(start: Tensor, end: Tensor, steps: _int, base: _float = 10.0, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def logsumexp(input: Tensor, dim: _Ints, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """log(sum(exp(x))) over the dims, without overflow."""
long: dtype
def lstm(*args: Any) -> Any:
    """(outputs, h, c) of an LSTM whose weights are a list; see nn.LSTM.

    Arguments: (input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional,
    batch_first), or of packed sequences (data, batch_sizes, (h, c), params, has_biases,
    num_layers, dropout, train, bidirectional)."""
def lstm_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = ..., b_hh: Any = ...) -> Any:
    """(h, c) after one step of an LSTM: input [N, in], hx = (h, c) of [N, hidden]."""
def lt(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where input < other; no complex tensors."""
def lt_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`lt`."""
def lu(A: Any, pivot: Any = ..., get_infos: Any = ..., out: Any = ...) -> Any:
    """(LU, pivots[, info]): linalg.lu_factor, where info shows zero pivots."""
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """linalg.lu_solve with the right-hand side first."""
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: _bool = True, unpack_pivots: _bool = True, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(P, L, U) from the result of linalg.lu_factor; what is not wanted is empty."""
def manual_seed(seed: Any) -> Any:
    """Seeds the default generator."""
def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: Any = ..., reduction: Any = ...) -> Any:
    """nn.functional.margin_ranking_loss with a number as the reduction."""
@overload
def masked_fill(input: Tensor, mask: Tensor, value: Number) -> Any:
    """input with a value where the mask holds; both broadcast."""
@overload
def masked_fill(input: Tensor, mask: Tensor, value: Tensor) -> Any:
    ...
def masked_fill_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`masked_fill`."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Any:
    """input with the elements where the mask holds replaced by those of source, in order."""
def masked_scatter_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`masked_scatter`."""
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The elements where the mask holds, as a vector."""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Matrix product of 1-D, 2-D or batched operands of one dtype; leading dims broadcast."""
def matrix_exp(input: Tensor) -> Any:
    """linalg.matrix_exp."""
def matrix_power(input: Tensor, n: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """linalg.matrix_power."""
@overload
def max(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Extreme of all elements, (values, indices) along a dim, or elementwise of two tensors."""
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def max(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
def max_pool1d(input: Any, kernel_size: Any, stride: Any = ..., padding: Any = ..., dilation: Any = ..., ceil_mode: Any = ..., return_indices: Any = ...) -> Any:
    """Maximum of each window over the last 1 dims; the stride is kernel_size by default.

    With return_indices also where it lies (linear index over the pooled dims)."""
def max_pool1d_with_indices(input: Any, *args: Any, **kwargs: Any) -> Any:
    """nn.functional.max_pool1d and the indices of the maxima."""
def max_pool2d(input: Any, kernel_size: Any, stride: Any = ..., padding: Any = ..., dilation: Any = ..., ceil_mode: Any = ..., return_indices: Any = ...) -> Any:
    """Maximum of each window over the last 2 dims; the stride is kernel_size by default.

    With return_indices also where it lies (linear index over the pooled dims)."""
def max_pool3d(input: Any, kernel_size: Any, stride: Any = ..., padding: Any = ..., dilation: Any = ..., ceil_mode: Any = ..., return_indices: Any = ...) -> Any:
    """Maximum of each window over the last 3 dims; the stride is kernel_size by default.

    With return_indices also where it lies (linear index over the pooled dims)."""
def maximum(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The greater of two elements; NaN if one is NaN. No complex tensors."""
def mean(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Mean over the given dims (all by default); floating and complex dtypes only."""
@overload
def median(input: Tensor) -> Any:
    """The lower median, of all elements or (values, indices) along a dim; NaN if there is a NaN."""
@overload
def median(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
class memory_format:
    """The order of the dims in memory: torch.contiguous_format, ..."""
def meshgrid(*tensors: Any, indexing: Any = ...) -> Any:
    """One grid per vector: element [i, j, ..] of the k-th is its k-th index' element."""
@overload
def min(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Extreme of all elements, (values, indices) along a dim, or elementwise of two tensors."""
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def min(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
def minimum(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The lesser of two elements; NaN if one is NaN. No complex tensors."""
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Product of two matrices [n, k] and [k, m]."""
def mode(input: Tensor, dim: _int = -1, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) of the most frequent element along a dim; of equal ones the smallest."""
def moveaxis(input: Tensor, source: _Ints, destination: _Ints) -> Tensor:
    """Moves dims to other places, the rest keep their order."""
def movedim(input: Tensor, source: _Ints, destination: _Ints) -> Tensor:
    """Moves dims to other places, the rest keep their order."""
def msort(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Values sorted along the first dim."""
def mul(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input * other; operands broadcast and are promoted."""
def mul_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`mul`."""
def multinomial(input: Tensor, num_samples: _int, replacement: _bool = False, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Indices drawn from each row's weights: [num_samples] or [rows, num_samples]."""
def multiply(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input * other; operands broadcast and are promoted."""
def multiply_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`mul`."""
def mv(input: Tensor, vec: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Product of a matrix [n, k] and a vector [k]."""
def mvlgamma(input: Tensor, p: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension p."""
def mvlgamma_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`mvlgamma`."""
nan: Any
def nan_to_num(input: Tensor, nan: _float | None = None, posinf: _float | None = None, neginf: _float | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """NaN, inf and -inf replaced: by 0 and the largest finite numbers unless given."""
def nan_to_num_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`nan_to_num`."""
def nanmean(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Mean of the elements that are not NaN."""
@overload
def nanmedian(input: Tensor) -> Any:
    """The lower median, of all elements or (values, indices) along a dim; NaN do not count."""
@overload
def nanmedian(input: Tensor, dim: _int, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
@overload
def nanquantile(input: Tensor, q: Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear', out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """quantile() that leaves NaN out."""
@overload
def nanquantile(input: Tensor, q: _float, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear', out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def nansum(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sum that takes NaN as 0."""
def narrow(input: Tensor, dim: _int, start: Any, length: _int) -> Tensor:
    """The part start..start+length of a dim.

    A view; IndexError or RuntimeError where it would reach past the dim."""
def narrow_copy(input: Tensor, dim: _int, start: Any, length: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `narrow` gives."""
def native_batch_norm(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: Any, momentum: Any, eps: Any) -> Any:
    """(batch norm, mean of the batch, 1 / its standard deviation); empty ones in evaluation."""
def native_channel_shuffle(input: Any, groups: Any) -> Any:
    """nn.functional.channel_shuffle."""
def native_dropout(input: Any, p: Any, train: Any) -> Any:
    """(dropout of the input, mask of the elements that are kept)."""
def native_group_norm(input: Any, weight: Any, bias: Any, N: Any, C: Any, HxW: Any, group: Any, eps: Any) -> Any:
    """(group norm, mean, 1 / standard deviation): the last two [N, group]."""
def native_layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """(layer norm, mean, 1 / standard deviation) over the last dims."""
def ne(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where both differ."""
def ne_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ne`."""
def neg(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """-x; RuntimeError for bool tensors."""
def neg_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`neg`."""
def negative(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """-x; RuntimeError for bool tensors."""
def negative_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`neg`."""
newaxis: Any
def nextafter(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The next floating point number after input in the direction of other."""
def nextafter_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`nextafter`."""
class no_grad:
    """Context or decorator: ops are not recorded for gradients."""
def nonzero(input: Tensor, *, as_tuple: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Indices of the elements that are not zero: [n, dims], or one vector per dim."""
def nonzero_static(input: Tensor, *, size: _int, fill_value: _int = -1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """`nonzero` with a given number of rows: filled up, or cut."""
def norm(input: Tensor, p: Any = 'fro', dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """p-norm over the dims: 'fro' is the 2-norm, 'nuc' the sum of singular values of a matrix."""
def norm_except_dim(v: Any, pow: Any = ..., dim: Any = ...) -> Any:
    """The norm over all dims but one; the reduced dims have size 1. dim -1: over all."""
@overload
def normal(mean: Tensor, std: Tensor, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Normal numbers with the given means and standard deviations (tensors broadcast)."""
@overload
def normal(mean: Tensor, std: _float = 1.0, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def normal(mean: _float, std: Tensor, *, generator: Generator | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def normal(mean: _float, std: _float, size: _Ints, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def not_equal(input: Tensor, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where both differ."""
def not_equal_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`ne`."""
def nuclear_norm(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The sum of the singular values of matrices."""
def numel(input: Any) -> Any:
    """Number of elements."""
@overload
def ones(size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A tensor of ones."""
@overload
def ones(*size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def ones_like(input: Tensor, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`ones` with the shape and dtype of another tensor."""
def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """linalg.householder_product."""
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: _bool = True, transpose: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Q @ other (or other @ Q, or with Q^H) for the Q whose Householder vectors are given."""
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """All products of two vectors' elements: [n] and [m] give [n, m]."""
def pairwise_distance(x1: Any, x2: Any, p: Any = ..., eps: Any = ..., keepdim: Any = ...) -> Any:
    """p-norm of x1 - x2 + eps along the last dim."""
def pca_lowrank(A: Any, q: Any = ..., center: Any = ..., niter: Any = ...) -> Any:
    """(U, S, V) of principal components: svd_lowrank of the centred rows."""
def pdist(input: Tensor, p: _float = 2) -> Any:
    """p-norm distances of all pairs of a matrix's rows i < j, in order: [n, k] gives n(n-1)/2."""
per_channel_affine: Any
per_channel_affine_float_qparams: Any
per_channel_symmetric: Any
per_tensor_affine: Any
per_tensor_symmetric: Any
def permute(input: Tensor, dims: _Ints) -> Tensor:
    """Dims in another order."""
def permute_copy(input: Tensor, dims: _Ints, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `permute` gives."""
pi: Any
def pinverse(input: Tensor, rcond: _float = 1e-15) -> Any:
    """Pseudo-inverse: linalg.pinv."""
def pixel_shuffle(input: Any, upscale_factor: Any) -> Any:
    """[*, C * r^2, H, W] -> [*, C, H * r, W * r]; Shi et al. (2016)."""
def pixel_unshuffle(input: Any, downscale_factor: Any) -> Any:
    """[*, C, H * r, W * r] -> [*, C * r^2, H, W]."""
def poisson(input: Tensor, generator: Generator | None = None) -> Any:
    """Poisson numbers with the given rates."""
def poisson_nll_loss(input: Any, target: Any, log_input: Any, full: Any, eps: Any, reduction: Any) -> Any:
    """nn.functional.poisson_nll_loss with a number as the reduction."""
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """abs * e**(1j * angle) of two tensors of one dtype."""
def polygamma(n: _int, input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The n-th derivative of digamma."""
def positive(input: Tensor) -> Any:
    """The tensor itself; bool is refused."""
def pow(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input ** exponent."""
def pow_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`pow`."""
def prelu(input: Any, weight: Any) -> Any:
    """x above 0, weight * x below; one weight, or one per channel (dim 1)."""
preserve_format: Any
def printoptions(**kwargs: Any) -> Any:
    """`set_printoptions` for a block."""
def prod(input: Tensor, dim: _int | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Product over one dim, or over all."""
def promote_types(type1: _dtype, type2: _dtype) -> Any:
    """The smallest dtype that both can be cast to."""
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: _bool = False) -> Any:
    """input with elements of its flattened form replaced (or added to)."""
def put_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`put`."""
def qr(input: Tensor, some: _bool = True, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """linalg.qr."""
class qscheme:
    """How a tensor is quantised: torch.per_tensor_affine, ..."""
@overload
def quantile(input: Tensor, q: Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear', out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """q-th quantiles along a dim (or of all elements), interpolated between neighbours."""
@overload
def quantile(input: Tensor, q: _float, dim: _int | None = None, keepdim: _bool = False, *, interpolation: str = 'linear', out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def rad2deg(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Radians in degrees."""
def rad2deg_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`rad2deg`."""
@overload
def rand(size: _Ints, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Uniform numbers in [0, 1)."""
@overload
def rand(*size: _int, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def rand_like(input: Tensor, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`rand` with the shape and dtype of another tensor."""
@overload
def randint(high: _int, size: _Ints, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Integers in [low, high); `randint(high, size)` starts at 0."""
@overload
def randint(low: _int, high: _int, size: _Ints, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def randint_like(input: Tensor, high: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`randint` with the shape and dtype of another tensor."""
@overload
def randint_like(input: Tensor, low: _int, high: _int, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    ...
@overload
def randn(size: _Ints, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Numbers of the standard normal distribution."""
@overload
def randn(*size: _int, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def randn_like(input: Tensor, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`randn` with the shape and dtype of another tensor."""
def randperm(n: _int, *, generator: Generator | None = None, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A random permutation of 0..n-1: torch's of the same seed (see `Generator.host`)."""
def range(start: Number, end: Number, step: Number = 1, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """start, start + step, ... up to end (deprecated: use arange)."""
def ravel(input: Tensor) -> Tensor:
    """All elements as a vector: a view where possible."""
def real(input: Tensor) -> Any:
    """The real parts, as a view; a real tensor is its own."""
def reciprocal(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """1 / x, of integers as floats."""
def reciprocal_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`reciprocal`."""
def relu(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """max(x, 0); RuntimeError for bool tensors."""
def relu_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`relu`."""
def remainder(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input % other with the sign of other, as in Python."""
def remainder_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`remainder`."""
def renorm(input: Tensor, p: Number, dim: _int, maxnorm: Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Slices along `dim` whose p-norm is above maxnorm are scaled down to it."""
def renorm_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`renorm`."""
@overload
def repeat_interleave(input: Tensor, repeats: _int, dim: _int | None = None, *, output_size: _int | None = None) -> Any:
    """Each element (or slice of a dim) repeated in place."""
@overload
def repeat_interleave(input: Tensor, repeats: Tensor, dim: _int | None = None, *, output_size: _int | None = None) -> Any:
    ...
@overload
def repeat_interleave(repeats: Tensor, *, output_size: _int | None = None) -> Any:
    ...
def reshape(input: Tensor, shape: _Ints) -> Tensor:
    """Another shape: a view where possible, else a copy."""
def resize_as_(self, the_template: Any, *, memory_format: Any = ...) -> Any:
    """`resize_` to the shape of another tensor."""
def resolve_conj(input: Tensor) -> Any:
    """The tensor itself: conjugates are never pending."""
def resolve_neg(input: Tensor) -> Any:
    """The tensor itself: negations are never pending."""
@overload
def result_type(tensor: Tensor, other: Tensor) -> Any:
    """The dtype of an arithmetic op of two operands."""
@overload
def result_type(tensor: Tensor, other: Number) -> Any:
    ...
@overload
def result_type(scalar: Number, tensor: Tensor) -> Any:
    ...
@overload
def result_type(scalar1: Number, scalar2: Number) -> Any:
    ...
def rms_norm(input: Any, normalized_shape: Any, weight: Any = ..., eps: Any = ...) -> Any:
    """x / sqrt(mean(x^2) + eps) over the last dims; eps is the dtype's epsilon by default."""
def rnn_relu(*args: Any) -> Any:
    """(outputs, h) of a plain recurrent layer with relu; arguments as those of `lstm`."""
def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = ..., b_hh: Any = ...) -> Any:
    """h after one step of a plain recurrent layer with relu."""
def rnn_tanh(*args: Any) -> Any:
    """(outputs, h) of a plain recurrent layer with tanh; arguments as those of `lstm`."""
def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = ..., b_hh: Any = ...) -> Any:
    """h after one step of a plain recurrent layer with tanh."""
def roll(input: Tensor, shifts: _Ints, dims: _Ints = ()) -> Any:
    """Elements moved along the dims; what falls off one end comes in at the other."""
def rot90(input: Tensor, k: _int = 1, dims: _Ints = (0, 1)) -> Any:
    """A turn by 90 degrees, k times, in the plane of two dims."""
def round(input: Tensor, *, decimals: _int = 0, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Rounds to the nearest integer (ties to even), or to `decimals` digits."""
def round_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`round`."""
def row_stack(tensors: Sequence[Tensor], *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along the first dim; vectors are rows."""
def rrelu(input: Any, lower: Any = ..., upper: Any = ..., training: Any = ..., inplace: Any = ...) -> Any:
    """leaky_relu whose slope is drawn for each element in training; Xu et al. (2015)."""
def rrelu_(input: Any, *args: Any, **kwargs: Any) -> Any:
    """In-place rrelu."""
def rsqrt(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """1 / sqrt(x)."""
def rsqrt_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`rsqrt`."""
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Any:
    """other - alpha * input."""
def save(obj: Any, f: Any, pickle_module: Any = ..., pickle_protocol: Any = ..., _use_new_zipfile_serialization: Any = ..., _disable_byteorder_record: Any = ...) -> Any:
    """Saves an object to a path or a file object, for numtorch and PyTorch.

    A file given by its path is replaced only when the new one is complete."""
def scalar_tensor(s: Number, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False) -> Any:
    """A 0-dim tensor of a number, of the default dtype."""
@overload
def scatter(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, reduce: str | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with src stored (or added, multiplied) at the indices along a dim."""
@overload
def scatter(input: Tensor, dim: _int, index: Tensor, value: Number, *, reduce: str | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def scatter_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`scatter`."""
def scatter_add(input: Tensor, dim: _int, index: Tensor, src: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with src added at the indices along a dim (in order, so deterministic)."""
def scatter_add_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`scatter_add`."""
def scatter_reduce(input: Tensor, dim: _int, index: Tensor, src: Tensor, reduce: str, *, include_self: _bool = True, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with src combined into it at the indices: sum, prod, mean, amax or amin."""
def scatter_reduce_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`scatter_reduce`."""
@overload
def searchsorted(sorted_sequence: Tensor, self: Tensor, *, out_int32: _bool = False, right: _bool = False, side: str | None = None, sorter: Tensor | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Indices at which values keep a sorted sequence (its last dim) in order."""
@overload
def searchsorted(sorted_sequence: Tensor, self: Number, *, out_int32: _bool = False, right: _bool = False, side: str | None = None, sorter: Tensor | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def seed() -> Any:
    """Seeds the default generator unpredictably; returns the seed."""
def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None, offsets: Tensor | None = None, axis: _int = 0, unsafe: _bool = False, initial: Any | None = None) -> Any:
    """Reduces segments of data along `axis`: 'sum', 'mean', 'max', 'min' or 'prod' of each.

    The segments are given by their `lengths`, or by the `offsets` at which they begin and the
    last one ends: [..., segments] or [..., segments + 1], whose leading dims are those of data
    before `axis`. An empty segment is `initial`, or what the reduction starts from. Returns
    data's shape with the segments in place of axis. RuntimeError for other reductions, lengths
    that do not add up to the size (unless `unsafe`) and negative ones."""
def select(input: Tensor, dim: _int, index: _int) -> Tensor:
    """The slice at one index of a dim, without that dim."""
def select_copy(input: Tensor, dim: _int, index: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `select` gives."""
def select_scatter(input: Tensor, src: Tensor, dim: _int, index: _int) -> Any:
    """input with one slice replaced by src."""
def selu(input: Any, inplace: Any = ...) -> Any:
    """ELU with the scales that keep mean 0 and variance 1; Klambauer et al. (2017)."""
def selu_(input: Any, *args: Any, **kwargs: Any) -> Any:
    """In-place selu."""
def set_anomaly_enabled(enabled: Any, check_nan: Any = ...) -> Any:
    """Switches anomaly detection, as `autograd.set_detect_anomaly` does."""
def set_autocast_cache_enabled(enabled: Any) -> Any:
    """Whether casts of parameters are kept."""
def set_autocast_cpu_dtype(dtype: Any) -> Any:
    """set_autocast_dtype("cpu", dtype)."""
def set_autocast_cpu_enabled(enabled: Any) -> Any:
    """set_autocast_enabled("cpu", enabled)."""
def set_autocast_dtype(device_type: Any, dtype: Any) -> Any:
    """Sets the dtype that autocast casts to on a device."""
def set_autocast_enabled(*args: Any) -> Any:
    """set_autocast_enabled(device_type, enabled), or (enabled) for CUDA."""
def set_autocast_gpu_dtype(dtype: Any) -> Any:
    """set_autocast_dtype("cuda", dtype)."""
def set_default_device(d: Any) -> Any:
    """Where factory functions put their tensors; only the CPU here (None: the CPU)."""
def set_default_dtype(d: Any) -> Any:
    """Sets the dtype of float literals and factory functions."""
def set_default_tensor_type(t: Any) -> Any:
    """The dtype of float literals and factory functions, as torch.DoubleTensor or its name."""
def set_deterministic_debug_mode(debug_mode: Any) -> Any:
    """use_deterministic_algorithms by level: 0 'default', 1 'warn', 2 'error'."""
def set_float32_matmul_precision(precision: Any) -> Any:
    """Accepts 'highest', 'high' and 'medium'; products are always computed in full precision."""
def set_flush_denormal(mode: Any) -> Any:
    """Denormal numbers become zero in kernels; False where the CPU can't."""
class set_grad_enabled:
    """Switches gradient recording at once, and back at the end of a `with` block."""
    def __call__(self, function: Any) -> Any:
        ...
    def __enter__(self) -> Any:
        ...
    def __exit__(self, *exc: Any) -> Any:
        ...
    def __init__(self, mode: Any) -> None:
        ...
    def clone(self) -> Any:
        """A new context of the same mode."""
def set_num_interop_threads(n: Any) -> Any:
    """Accepted; operations run one after the other, each on `set_num_threads` threads."""
def set_num_threads(n: Any) -> Any:
    """Sets the threads that kernels run on."""
def set_printoptions(precision: Any = ..., threshold: Any = ..., edgeitems: Any = ..., linewidth: Any = ..., profile: Any = ..., sci_mode: Any = ...) -> Any:
    """How tensors are printed: digits, when to summarise, items at the edges, line width.

    `profile`: "default", "short" or "full"; `sci_mode`: None lets the values decide."""
def set_rng_state(new_state: Any) -> Any:
    """Restores the default generator's state."""
def set_warn_always(b: Any) -> Any:
    """Kept; Python's warning filters decide how often a warning shows."""
def sgn(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The sign of real numbers; of complex ones x / abs(x), and 0 for 0."""
def sgn_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sgn`."""
short: dtype
def sigmoid(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """1 / (1 + exp(-x))."""
def sigmoid_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sigmoid`."""
def sign(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """-1, 0 or 1 by the sign; complex tensors are refused (see sgn)."""
def sign_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sign`."""
def signbit(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """True where the sign bit is set: of negative numbers and of -0.0."""
def sin(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sine of radians."""
def sin_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sin`."""
def sinc(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
def sinc_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sinc`."""
def sinh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Hyperbolic sine."""
def sinh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sinh`."""
def slice_copy(input: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of the elements start:end:step of a dim."""
def slice_scatter(input: Tensor, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input with a slice start:end:step of a dim replaced by src."""
def slogdet(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(sign, logarithm of the absolute value) of the determinant: linalg.slogdet."""
def softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dim."""
@overload
def sort(input: Tensor, *, stable: _bool | None, dim: _int = -1, descending: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) sorted along a dim; the sort is always stable, NaN is above all numbers."""
@overload
def sort(input: Tensor, dim: _int = -1, descending: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
sparse_bsc: Any
sparse_bsr: Any
sparse_coo: Any
def sparse_coo_tensor(indices: Any, values: Any = ..., size: Any = ..., *, dtype: Any = ..., device: Any = ..., pin_memory: Any = ..., requires_grad: Any = ..., check_invariants: Any = ..., is_coalesced: Any = ...) -> Any:
    """A tensor with `values` [nnz, ...] at `indices` [sparse dims, nnz]; equal indices add up.

    RuntimeError when indices are out of range or the shapes do not fit together."""
sparse_csc: Any
def sparse_csc_tensor(ccol_indices: Any, row_indices: Any, values: Any, size: Any = ..., *, dtype: Any = ..., device: Any = ..., pin_memory: Any = ..., requires_grad: Any = ..., check_invariants: Any = ...) -> Any:
    """A matrix in compressed columns; RuntimeError when the parts do not fit together."""
sparse_csr: Any
def sparse_csr_tensor(crow_indices: Any, col_indices: Any, values: Any, size: Any = ..., *, dtype: Any = ..., device: Any = ..., pin_memory: Any = ..., requires_grad: Any = ..., check_invariants: Any = ...) -> Any:
    """A matrix in compressed rows; RuntimeError when the parts do not fit together."""
@overload
def split(input: Tensor, split_size: _int, dim: _int = 0) -> Any:
    """Parts of the given size (or sizes) along a dim."""
@overload
def split(input: Tensor, split_size: _Ints, dim: _int = 0) -> Any:
    ...
@overload
def split(tensor: Tensor, split_size_or_sections: _int, dim: _int = 0) -> Any:
    ...
@overload
def split(tensor: Tensor, split_size_or_sections: _Ints, dim: _int = 0) -> Any:
    ...
def split_copy(input: Tensor, split_size: _int, dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `split` gives."""
def split_with_sizes(input: Tensor, split_sizes: _Ints, dim: _int = 0) -> Any:
    """Parts of the given sizes along a dim."""
def split_with_sizes_copy(input: Tensor, split_sizes: _Ints, dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `split_with_sizes` gives."""
def spmm(input: Any, mat2: Any) -> Any:
    """The matrix product of a sparse or dense matrix with a dense one."""
def sqrt(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Square root; NaN for negative real numbers."""
def sqrt_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sqrt`."""
def square(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """x * x."""
def square_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`square`."""
def squeeze(input: Tensor, dim: _Ints | None = None) -> Tensor:
    """Drops dims of size 1 (all, or the given ones)."""
def squeeze_copy(input: Tensor, dim: _Ints | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `squeeze` gives."""
def stack(tensors: Sequence[Tensor], dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors of one shape joined along a new dim."""
@overload
def std(input: Tensor, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Standard deviation over the given dims: the square root of var."""
@overload
def std(input: Tensor, unbiased: _bool = True) -> Any:
    ...
@overload
def std(input: Tensor, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def std_mean(input: Tensor, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(standard deviation, mean) over the given dims."""
@overload
def std_mean(input: Tensor, unbiased: _bool = True) -> Any:
    ...
@overload
def std_mean(input: Tensor, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
def stft(input: Any, n_fft: Any, hop_length: Any = ..., win_length: Any = ..., window: Any = ..., center: Any = ..., pad_mode: Any = ..., normalized: Any = ..., onesided: Any = ..., return_complex: Any = ..., align_to_window: Any = ...) -> Any:
    """Transforms of windows of n_fft elements, `hop_length` apart: [..., frequencies, frames].

    Real input gives n_fft // 2 + 1 frequencies unless onesided=False. With center, frame t is
    around element t * hop_length of the signal, which is lengthened by n_fft // 2."""
strided: Any
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
def sub_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sub`."""
def subtract(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input - alpha * other; operands broadcast and are promoted. No bool tensors."""
def subtract_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`sub`."""
def sum(input: Tensor, dim: _Ints | None = None, keepdim: _bool = False, *, dtype: _dtype | None = None, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sum over the given dims (all by default); integers and bools are added as int64."""
def svd(input: Tensor, some: _bool = True, compute_uv: _bool = True, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(U, S, V): linalg.svd with V instead of its adjoint; zeros for U and V if not wanted."""
def svd_lowrank(A: Any, q: Any = ..., niter: Any = ..., M: Any = ...) -> Any:
    """(U, S, V): the q greatest singular values of A (of A - M) with their vectors, by random
    projection."""
def swapaxes(input: Tensor, axis0: _int, axis1: _int) -> Tensor:
    """Swaps two dims."""
def swapdims(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """Swaps two dims."""
def t(input: Tensor) -> Tensor:
    """Transpose of a tensor with at most 2 dims."""
def t_copy(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `t` gives."""
def take(input: Tensor, index: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Elements at places of the flattened tensor, shaped like the index."""
def take_along_dim(input: Tensor, indices: Tensor, dim: _int | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """`gather` where input and indices broadcast over the other dims (dim None: flattened)."""
def tan(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tangent of radians."""
def tan_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`tan`."""
def tanh(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Hyperbolic tangent."""
def tanh_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`tanh`."""
def tensor(data: Any, *, dtype: Any = ..., device: Any = ..., requires_grad: Any = ..., pin_memory: Any = ...) -> Any:
    """A new tensor with a copy of `data` (numbers, nested lists, arrays, tensors)."""
@overload
def tensor_split(input: Tensor, sections: _int, dim: _int = 0) -> Any:
    """Parts of nearly equal size, or parts that end at the given indices."""
@overload
def tensor_split(input: Tensor, indices: _Ints, dim: _int = 0) -> Any:
    ...
@overload
def tensor_split(input: Tensor, tensor_indices_or_sections: Tensor, dim: _int = 0) -> Any:
    ...
@overload
def tensor_split(input: Tensor, indices_or_sections: _int, dim: _int = 0) -> Any:
    ...
@overload
def tensor_split(input: Tensor, indices_or_sections: _Ints, dim: _int = 0) -> Any:
    ...
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Sums of products over pairs of dims: an int n pairs a's last n dims with b's first n."""
def threshold(input: Any, threshold: Any, value: Any, inplace: Any = ...) -> Any:
    """x above the threshold, else value."""
def threshold_(input: Any, *args: Any, **kwargs: Any) -> Any:
    """In-place threshold."""
def tile(input: Tensor, dims: _Ints) -> Any:
    """`repeat` where missing counts are 1."""
def to_dlpack(tensor: Any) -> Any:
    """A DLPack capsule of a tensor's memory."""
def topk(input: Tensor, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(values, indices) of the k largest (or smallest) elements along a dim, in order."""
def trace(input: Tensor) -> Any:
    """Sum of a matrix's main diagonal."""
def transpose(input: Tensor, dim0: _int, dim1: _int) -> Tensor:
    """Swaps two dims."""
def transpose_copy(input: Tensor, dim0: _int, dim1: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `transpose` gives."""
@overload
def trapezoid(y: Tensor, x: Tensor, *, dim: _int = -1) -> Any:
    """Area under y by the trapezoidal rule along a dim, at the points x or at steps of dx."""
@overload
def trapezoid(y: Tensor, *, dx: Number = 1, dim: _int = -1) -> Any:
    ...
@overload
def trapz(y: Tensor, x: Tensor, *, dim: _int = -1) -> Any:
    """Area under y by the trapezoidal rule along a dim, at the points x or at steps of dx."""
@overload
def trapz(y: Tensor, *, dx: Number = 1, dim: _int = -1) -> Any:
    ...
def triangular_solve(input: Tensor, A: Tensor, upper: _bool = True, transpose: _bool = False, unitriangular: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(solution of A x = input, a copy of A): PyTorch's older linalg.solve_triangular."""
def tril(input: Tensor, diagonal: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The elements on and below a diagonal; zeros above."""
def tril_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`tril`."""
def tril_indices(row: _int, col: _int, offset: _int = 0, *, dtype: _dtype | None = None, device: _Device | None = None, layout: _layout | None = None) -> Any:
    """Row and column of the elements that `tril` keeps: [2, n]."""
def triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: Any = ..., p: Any = ..., eps: Any = ..., swap: Any = ..., reduction: Any = ...) -> Any:
    """nn.functional.triplet_margin_loss with a number as the reduction."""
def triu(input: Tensor, diagonal: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """The elements on and above a diagonal; zeros below."""
def triu_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`triu`."""
def triu_indices(row: _int, col: _int, offset: _int = 0, *, dtype: _dtype | None = None, device: _Device | None = None, layout: _layout | None = None) -> Any:
    """Row and column of the elements that `triu` keeps: [2, n]."""
def true_divide(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input / other; integers are divided as floats."""
def true_divide_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`true_divide`."""
def trunc(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """x without its fraction (rounded towards 0)."""
def trunc_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`trunc`."""
def typename(obj: Any) -> Any:
    """'torch.FloatTensor' for a tensor, else the qualified name of the type."""
uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype
def unbind(input: Tensor, dim: _int = 0) -> Any:
    """All slices along a dim."""
def unbind_copy(input: Tensor, dim: _int = 0, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `unbind` gives."""
def unflatten(input: Tensor, dim: _int, sizes: _Ints) -> Tensor:
    """Splits a dim into the given sizes (one may be -1)."""
def unfold_copy(input: Tensor, dimension: _int, size: _int, step: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `unfold` gives."""
def unique(input: Tensor, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None) -> Any:
    """Distinct elements (or slices along `dim`) in order, and which of them each element is, and
    how often each occurs."""
def unique_consecutive(input: Tensor, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None) -> Any:
    """The first of each run of equal elements (or slices along `dim`)."""
def unravel_index(indices: Tensor, shape: Any) -> Any:
    """Flat positions in a tensor of `shape` as a tuple of int64 positions along each dim.

    Raises TypeError for indices that are no integers, ValueError for negative sizes."""
def unsafe_chunk(input: Tensor, chunks: _int, dim: _int = 0) -> Any:
    """At most `chunks` equal parts along a dim."""
def unsafe_split(input: Tensor, split_size: _int, dim: _int = 0) -> Any:
    """Parts of the given size (or sizes) along a dim."""
def unsafe_split_with_sizes(input: Tensor, split_sizes: _Ints, dim: _int = 0) -> Any:
    """Parts of the given sizes along a dim."""
def unsqueeze(input: Tensor, dim: _int) -> Tensor:
    """Inserts a dim of size 1."""
def unsqueeze_copy(input: Tensor, dim: _int, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `unsqueeze` gives."""
def use_deterministic_algorithms(mode: Any, *, warn_only: Any = ...) -> Any:
    """Accepted: every kernel gives the same bits each time, on any number of threads."""
def vander(x: Tensor, N: _int | None = None, increasing: _bool = False) -> Any:
    """Powers of the elements of a vector, as columns."""
@overload
def var(input: Tensor, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Variance over the given dims; `correction` (1) is taken off the count."""
@overload
def var(input: Tensor, unbiased: _bool = True) -> Any:
    ...
@overload
def var(input: Tensor, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
@overload
def var_mean(input: Tensor, dim: _Ints | None = None, *, correction: Number | None = None, keepdim: _bool = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    """(variance, mean) over the given dims."""
@overload
def var_mean(input: Tensor, unbiased: _bool = True) -> Any:
    ...
@overload
def var_mean(input: Tensor, dim: _Ints | None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Any:
    ...
def vdot(input: Tensor, other: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """dot with the first vector's complex conjugate."""
def view_as_complex(input: Tensor) -> Any:
    """A view of pairs along the last dim (size 2, stride 1) as complex numbers."""
def view_as_complex_copy(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `view_as_complex` gives."""
def view_as_real(input: Tensor) -> Any:
    """A view with the real and imaginary parts along a new last dim; complex tensors only."""
def view_as_real_copy(input: Tensor, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `view_as_real` gives."""
@overload
def view_copy(input: Tensor, size: _Ints, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A copy of what `view` gives."""
@overload
def view_copy(input: Tensor, dtype: _dtype, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def vmap(func: Any, in_dims: Any = ..., out_dims: Any = ..., randomness: Any = ..., *, chunk_size: Any = ...) -> Any:
    """A function that maps `func` over a dim of its tensor arguments.

    in_dims: the dim of each argument (None: not mapped), as an int or in the arguments' structure;
    out_dims: where the mapped dim goes in the results. randomness: 'error', 'same' or 'different'
    random numbers for the examples. chunk_size: so many examples at a time."""
@overload
def vsplit(input: Tensor, sections: _int) -> Any:
    """Parts of equal size, or parts that end at the given indices."""
@overload
def vsplit(input: Tensor, indices: _Ints) -> Any:
    ...
@overload
def vsplit(input: Tensor, split_size_or_sections: _int) -> Any:
    ...
@overload
def vsplit(input: Tensor, split_size_or_sections: _Ints) -> Any:
    ...
@overload
def vsplit(input: Tensor, indices_or_sections: _int) -> Any:
    ...
@overload
def vsplit(input: Tensor, indices_or_sections: _Ints) -> Any:
    ...
def vstack(tensors: Sequence[Tensor], *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """Tensors joined along the first dim; vectors are rows."""
def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input where the condition holds, else other; all broadcast. One argument: as nonzero."""
def xlogy(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """input * log(other); 0 where input is 0, unless other is NaN."""
def xlogy_(self, *args: Any, **kwargs: Any) -> Any:
    """In-place version of :meth:`xlogy`."""
def zero_(self) -> Any:
    """Sets every element to zero."""
@overload
def zeros(size: _Ints, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    """A tensor of zeros."""
@overload
def zeros(*size: _int, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, out: Tensor | tuple[Tensor, ...] | None = None) -> Tensor:
    ...
def zeros_like(input: Tensor, *, dtype: _dtype | None = None, layout: _layout | None = None, device: _Device | None = None, pin_memory: _bool | None = False, requires_grad: _bool | None = False, memory_format: _memory_format | None = None) -> Any:
    """`zeros` with the shape and dtype of another tensor."""
