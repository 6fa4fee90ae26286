"""Layers' functions under their names in torch and Tensor, and small functions of a CPU library."""

from __future__ import annotations

import sys

from ._descriptors import no_device
from ._tensor import Tensor
from .nn import functional as F

_SAME = (
    "adaptive_avg_pool1d", "avg_pool1d", "bilinear", "celu",
    "celu_", "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "cosine_similarity",
    "hardshrink", "max_pool1d", "max_pool2d",
    "max_pool3d", "pairwise_distance", "pixel_shuffle", "pixel_unshuffle", "prelu", "rms_norm",
    "rrelu", "rrelu_", "selu", "selu_", "threshold", "threshold_",
)  # fmt: skip


def layer_norm(
    input: Tensor, normalized_shape, weight=None, bias=None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:  # fmt: skip
    """nn.functional.layer_norm.

    >>> import numtorch as torch
    >>> torch.layer_norm(torch.tensor([[1.0, 3.0], [10.0, 30.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor, num_groups: int, weight=None, bias=None, eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """nn.functional.group_norm.

    >>> import numtorch as torch
    >>> torch.group_norm(torch.tensor([[1.0, 3.0, 10.0, 30.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    return F.group_norm(input, num_groups, weight, bias, eps)


def batch_norm(
    input: Tensor, weight, bias, running_mean, running_var, training: bool, momentum: float,
    eps: float, cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """nn.functional.batch_norm with the operands in torch.batch_norm's order.

    >>> import numtorch as torch
    >>> x, mean, var = torch.tensor([[1.0], [5.0]]), torch.tensor([1.0]), torch.tensor([4.0])
    >>> torch.batch_norm(x, None, None, mean, var, False, 0.1, 1e-5, False)
    tensor([[0.0000],
            [2.0000]])
    """
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor, weight, bias, running_mean, running_var, use_input_stats: bool,
    momentum: float, eps: float, cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """nn.functional.instance_norm with the operands in torch.instance_norm's order.

    >>> import numtorch as torch
    >>> x = torch.tensor([[[1.0, 3.0], [10.0, 30.0]]])
    >>> torch.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False)
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of weight; nn.functional.embedding with the operands in torch.embedding's order.

    >>> import numtorch as torch
    >>> torch.embedding(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1, 1, 0]))
    tensor([[3., 4.],
            [3., 4.],
            [1., 2.]])
    """
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def adaptive_max_pool1d(input: Tensor, output_size) -> tuple[Tensor, Tensor]:
    """nn.functional.adaptive_max_pool1d and the indices of the maxima.

    >>> import numtorch as torch
    >>> values, indices = torch.adaptive_max_pool1d(torch.zeros(1, 3, 7), 2)
    >>> values.shape, indices.dtype
    (torch.Size([1, 3, 2]), torch.int64)
    """
    return F.adaptive_max_pool1d(input, output_size, True)


def max_pool1d_with_indices(input: Tensor, *args, **kwargs) -> tuple[Tensor, Tensor]:
    """nn.functional.max_pool1d and the indices of the maxima.

    >>> import numtorch as torch
    >>> torch.max_pool1d_with_indices(torch.tensor([[1.0, 5.0, 3.0, 4.0]]), 2)
    (tensor([[5., 4.]]), tensor([[1, 3]]))
    """
    return F.max_pool1d_with_indices(input, *args, **kwargs)


def constant_pad_nd(input: Tensor, pad, value=0) -> Tensor:
    """nn.functional.pad with a constant.

    >>> import numtorch as torch
    >>> torch.constant_pad_nd(torch.tensor([[1, 2, 3]]), (1, 2), 7)
    tensor([[7, 1, 2, 3, 7, 7]])
    """
    return F.pad(input, pad, "constant", value)


def detach(input: Tensor) -> Tensor:
    """The same memory without a graph.

    >>> import numtorch as torch
    >>> torch.detach(torch.tensor([1.0], requires_grad=True) * 2)
    tensor([2.])
    """
    return input.detach()


def detach_(input: Tensor) -> Tensor:
    """Forgets the graph of a tensor.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True) * 2
    >>> torch.detach_(x).requires_grad
    False
    """
    return input.detach_()


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """True if the shapes are equal.

    >>> import numtorch as torch
    >>> torch.is_same_size(torch.zeros(2, 3), torch.zeros(3, 2))
    False
    """
    return input.shape == other.shape


def get_device(input: Tensor) -> int:
    """-1: the tensor is on the CPU.

    >>> import numtorch as torch
    >>> torch.get_device(torch.zeros(2))
    -1
    """
    return -1


def is_distributed(input: Tensor) -> bool:
    """False.

    >>> import numtorch as torch
    >>> torch.is_distributed(torch.zeros(2))
    False
    """
    return False


_precision = "highest"


def get_float32_matmul_precision() -> str:
    """What set_float32_matmul_precision was given.

    >>> import numtorch as torch
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    return _precision


def set_float32_matmul_precision(precision: str) -> None:
    """Accepts 'highest', 'high' and 'medium'; products are always computed in full precision.

    >>> import numtorch as torch
    >>> torch.set_float32_matmul_precision("highest")
    >>> torch.get_float32_matmul_precision()
    'highest'
    """
    global _precision
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"float32_matmul_precision must be one of highest, high, medium; got {precision}"
        )
    _precision = precision


def get_num_interop_threads() -> int:
    """1: operations run one after the other.

    >>> import numtorch as torch
    >>> torch.get_num_interop_threads() >= 1
    True
    """
    return 1


def set_num_interop_threads(n: int) -> None:
    """Accepted; operations run one after the other, each on `set_num_threads` threads.

    >>> import numtorch as torch
    >>> torch.get_num_interop_threads() >= 1
    True
    """


def spmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The matrix product of a sparse or dense matrix with a dense one.

    >>> import numtorch as torch
    >>> x = torch.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
    >>> torch.spmm(x, torch.tensor([[1.0], [10.0]]))
    tensor([[20.],
            [ 3.]])
    """
    return input @ mat2


_deterministic = {"enabled": False, "warn_only": False}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: every kernel gives the same bits each time, on any number of threads.

    >>> import numtorch as torch
    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    if type(mode) is not bool:
        raise TypeError(
            "_set_deterministic_algorithms(): argument 'mode' (position 1) must be bool, not "
            f"{type(mode).__name__}"
        )
    _deterministic.update(enabled=mode, warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """What use_deterministic_algorithms was given.

    >>> import numtorch as torch
    >>> torch.are_deterministic_algorithms_enabled()
    False
    """
    return _deterministic["enabled"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What use_deterministic_algorithms was given as `warn_only`.

    >>> import numtorch as torch
    >>> torch.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    return _deterministic["warn_only"]


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """use_deterministic_algorithms by level: 0 'default', 1 'warn', 2 'error'.

    >>> import numtorch as torch
    >>> torch.set_deterministic_debug_mode("warn")
    >>> torch.get_deterministic_debug_mode()
    1
    >>> torch.set_deterministic_debug_mode("default")
    """
    levels = {"default": 0, "warn": 1, "error": 2}
    if isinstance(debug_mode, str):
        if debug_mode not in levels:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got "
                f"{debug_mode}"
            )
        debug_mode = levels[debug_mode]
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """The level: 0, 1 or 2.

    >>> import numtorch as torch
    >>> torch.get_deterministic_debug_mode()
    0
    """
    return _deterministic["enabled"] * (1 if _deterministic["warn_only"] else 2)


_warn_always = False


def set_warn_always(b: bool) -> None:
    """Kept; Python's warning filters decide how often a warning shows.

    >>> import numtorch as torch
    >>> torch.set_warn_always(False)
    >>> torch.is_warn_always_enabled()
    False
    """
    global _warn_always
    if type(b) is not bool:
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _warn_always = b


def is_warn_always_enabled() -> bool:
    """What set_warn_always was given.

    >>> import numtorch as torch
    >>> torch.is_warn_always_enabled()
    False
    """
    return _warn_always


def set_default_tensor_type(t) -> None:
    """The dtype of float literals and factory functions, as torch.DoubleTensor or its name.

    >>> import numtorch as torch
    >>> torch.set_default_tensor_type(torch.DoubleTensor)
    >>> torch.tensor([1.5]).dtype
    torch.float64
    >>> torch.set_default_tensor_type(torch.FloatTensor)
    """
    import numtorch

    from ._attributes import LEGACY, tensortype

    if isinstance(t, str):
        if ".cuda." in t:
            raise no_device("cuda")
        t = LEGACY.get(t.removeprefix("torch."), t)
    if not isinstance(t, tensortype):
        raise TypeError(f"invalid type object: {t!r} is none of torch.FloatTensor, ...")
    numtorch.set_default_dtype(t.dtype)


def get_device_module(device=None):
    """The module of a kind of device: torch.cpu, torch.cuda, ...

    >>> import numtorch as torch
    >>> torch.get_device_module("cpu").__name__.split(".")[1:]
    ['cpu']
    """
    import importlib

    from ._descriptors import device as device_type

    kind = "cpu" if device is None else device_type(device).type
    try:
        return importlib.import_module(f"numtorch.{kind}")
    except ModuleNotFoundError:
        raise RuntimeError(
            f"Invalid device module '{kind}': there is no torch.{kind}"
        ) from None


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switches anomaly detection, as `autograd.set_detect_anomaly` does.

    >>> import numtorch as torch
    >>> torch.set_anomaly_enabled(False)
    >>> torch.is_anomaly_enabled()
    False
    """
    from .autograd import set_detect_anomaly

    set_detect_anomaly(enabled, check_nan)


def compiled_with_cxx11_abi() -> bool:
    """True, as in torch's builds; nothing here is made by a C++ compiler.

    >>> import numtorch as torch
    >>> torch.compiled_with_cxx11_abi()
    True
    """
    return True


def _assert(condition, message) -> None:
    """AssertionError with the message unless the condition holds."""
    assert condition, message


def add_functions(functions: dict, module) -> None:
    """Adds the public functions of a module."""
    for name, f in list(vars(module).items()):
        if not name.startswith("_") and getattr(f, "__module__", "") == module.__name__:
            if name not in ("install", "add_functions"):
                functions[name] = f


def install(functions: dict) -> None:
    """Adds the names to the torch namespace."""
    for name in _SAME:
        f = getattr(F, name, None)
        if f is not None:
            functions[name] = f
    add_functions(functions, sys.modules[__name__])
    functions["_assert"] = _assert
