"""NumTorch: PyTorch's programming model on a compiler that is all Python."""

import os as _os

# From a bare checkout `numtorch.jit` is the folder jit/ beside numtorch/; an installed copy has it
# inside.
_checkout = _os.path.dirname(_os.path.dirname(_os.path.abspath(__file__)))
if not _os.path.isdir(_os.path.join(__path__[0], "jit")) and _os.path.isfile(
    _os.path.join(_checkout, "jit", "__init__.py")
):
    __path__.append(_checkout)

from numtorch.jit import dtypes as _dtypes  # noqa: E402

from . import (  # noqa: E402, F401
    _api,
    _arithmetic,
    _attributes,
    _casts,
    _complex,
    _counts,
    _draws,
    _dtype_info,
    _gather,
    _index_put,
    _indexing,
    _interop,
    _joins,
    _masked,
    _matmul,
    _methods,
    _norms,
    _pointwise,
    _random,
    _reductions,
    _scan,
    _search,
    _segments,
    _shape_ops,
    _sort,
    _storage,
    _strided,
    _triangles,
    _view_copies,
    _views,
    random,
    return_types,
    signal,
    special,
)
from ._creation import (  # noqa: E402
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    eye,
    from_numpy,
    frombuffer,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)  # fmt: skip
from ._deferred import *  # noqa: E402, F403
from ._descriptors import (  # noqa: E402  # noqa: E402
    Size,
    device,
    get_default_device,
    layout,
    memory_format,
    qscheme,
    set_default_device,
)  # fmt: skip
from ._draws import bernoulli  # noqa: E402
from ._random import (  # noqa: E402
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from ._repr import get_printoptions, printoptions, set_printoptions  # noqa: E402
from ._storage import (  # noqa: E402
    BFloat16Storage,
    BoolStorage,
    ByteStorage,
    CharStorage,
    ComplexDoubleStorage,
    ComplexFloatStorage,
    DoubleStorage,
    FloatStorage,
    HalfStorage,
    IntStorage,
    LongStorage,
    ShortStorage,
    TypedStorage,
    UntypedStorage,
    is_storage,
)  # fmt: skip
from ._tensor import Tensor  # noqa: E402
from .autograd import (  # noqa: E402
    enable_grad,
    inference_mode,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)  # fmt: skip

dtype = _dtypes.DType
bool = _dtypes.bool_
uint8, int8, int16, int32, int64 = (
    _dtypes.uint8, _dtypes.int8, _dtypes.int16, _dtypes.int32, _dtypes.int64,
)  # fmt: skip
float16, bfloat16, float32, float64 = (
    _dtypes.float16, _dtypes.bfloat16, _dtypes.float32, _dtypes.float64,
)  # fmt: skip
uint16, uint32, uint64 = _dtypes.UNSIGNED
complex32, complex64, complex128 = _dtypes.complex32, _dtypes.complex64, _dtypes.complex128
short, int, long, half, float, double = int16, int32, int64, float16, float32, float64
chalf, cfloat, cdouble = complex32, complex64, complex128
from math import e, inf, nan, pi  # noqa: E402, F401

newaxis = None
__version__ = "0.1.0"

from . import _products, _stft, fft, linalg  # noqa: E402, F401

for _module in (
    _methods, _casts, _reductions, _products, linalg, _stft, _triangles, _index_put, _api,
    _complex, _dtype_info, _attributes, _interop,
):  # fmt: skip
    _module.install(globals())


def get_default_dtype() -> dtype:
    """The dtype of float literals and factory functions.

    >>> import numtorch as torch
    >>> torch.get_default_dtype()
    torch.float32
    """
    return _dtypes.default


def set_default_dtype(d: dtype) -> None:
    """Sets the dtype of float literals and factory functions.

    >>> import numtorch as torch
    >>> torch.set_default_dtype(torch.float64)
    >>> torch.tensor([1.5]).dtype
    torch.float64
    >>> torch.set_default_dtype(torch.float32)
    """
    from numtorch.jit.flush import clear_plans
    from numtorch.jit.record import clear_rules, local

    local.tape.flush()
    _dtypes.set_default(d)
    clear_rules()
    clear_plans()


def is_tensor(obj) -> bool:
    """True for tensors.

    >>> import numtorch as torch
    >>> torch.is_tensor(torch.zeros(2)), torch.is_tensor([0, 0])
    (True, False)
    """
    return isinstance(obj, Tensor)


def numel(input) -> int:
    """Number of elements.

    >>> import numtorch as torch
    >>> torch.numel(torch.zeros(2, 3))
    6
    """
    return input.numel()


def get_num_threads() -> int:
    """Threads that kernels run on.

    >>> import numtorch as torch
    >>> torch.get_num_threads() >= 1
    True
    """
    from numtorch.jit.runtime import pool

    return pool.get_num_threads()


def set_num_threads(n: int) -> None:
    """Sets the threads that kernels run on.

    >>> import numtorch as torch
    >>> threads = torch.get_num_threads()
    >>> torch.set_num_threads(1); torch.get_num_threads()
    1
    >>> torch.set_num_threads(threads)
    """
    from numtorch.jit.flush import clear_plans
    from numtorch.jit.record import local
    from numtorch.jit.runtime import pool

    if type(n) is not type(1):  # noqa: UP003
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    local.tape.flush()
    clear_plans()
    pool.set_num_threads(n)


def set_flush_denormal(mode) -> "bool":
    """Denormal numbers become zero in kernels; False where the CPU can't.

    >>> import numtorch as torch
    >>> torch.set_flush_denormal(False)
    True
    """
    from numtorch.jit.runtime import pool

    return pool.set_flush_denormal(mode)

from . import (  # noqa: E402, F401
    _layer_names,
    _more_methods,
    _more_names,  # noqa: E402
    cpu,
    func,
    nn,
    optim,
    sparse,
    utils,
)
from ._lobpcg import lobpcg  # noqa: E402, F401
from .amp import autocast  # noqa: E402, F401
from .compiler import compile  # noqa: E402, F401
from .func import vmap  # noqa: E402, F401
from .sparse import sparse_coo_tensor, sparse_csc_tensor, sparse_csr_tensor  # noqa: E402, F401

_more_names.install(globals())
_more_methods.install(globals())
_more_names.add_functions(globals(), _layer_names)


def __getattr__(name: str):
    """Modules that are imported when they are asked for; an error with the nearest name else."""
    import importlib
    import importlib.util
    import sys

    if not name.startswith("__") and importlib.util.find_spec(f"numtorch.{name}") is not None:
        return importlib.import_module(f"numtorch.{name}")
    if name.startswith("__"):
        raise AttributeError(f"module 'numtorch' has no attribute {name!r}", name=name)
    if name == "torch":
        return sys.modules["numtorch"]
    if name.startswith("_foreach_"):
        from ._foreach import FUNCTIONS

        if name in FUNCTIONS:
            return FUNCTIONS[name]
    from .compat import _finder, installed

    called = "torch" if installed() else "numtorch"
    raise _finder.missing_attribute(sys.modules["numtorch"], name, called)
