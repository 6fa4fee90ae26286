"""PyTorch's names of classes and functions in pickles, and what they are called here."""

from __future__ import annotations

import importlib
import sys
import types

from numtorch.jit import dtypes as _d

# Classes that live in another module here: PyTorch's module -> names.
_HOMES = {
    "torch": "Size Tensor device dtype finfo iinfo layout memory_format qscheme",
    "torch.storage": "TypedStorage UntypedStorage",
    "torch.nn.modules.activation": "MultiheadAttention",
    "torch.nn.modules.adaptive": "AdaptiveLogSoftmaxWithLoss",
    "torch.nn.modules.batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d "
    "LazyBatchNorm2d LazyBatchNorm3d SyncBatchNorm",
    "torch.nn.modules.channelshuffle": "ChannelShuffle",
    "torch.nn.modules.container": "ParameterDict ParameterList",
    "torch.nn.modules.conv": "LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d "
    "LazyConvTranspose2d LazyConvTranspose3d",
    "torch.nn.modules.distance": "CosineSimilarity PairwiseDistance",
    "torch.nn.modules.dropout": "Dropout",
    "torch.nn.modules.flatten": "Flatten Unflatten",
    "torch.nn.modules.fold": "Fold Unfold",
    "torch.nn.modules.instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d "
    "LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d",
    "torch.nn.modules.linear": "Bilinear LazyLinear NonDynamicallyQuantizableLinear",
    "torch.nn.modules.linear_cross_entropy_options": "LinearCrossEntropyOptions",
    "torch.nn.modules.pixelshuffle": "PixelShuffle PixelUnshuffle",
    "torch.nn.modules.sparse": "Embedding EmbeddingBag",
    "torch.nn.modules.upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
    "torch.nn.parallel.data_parallel": "DataParallel",
    "torch.optim": "Adafactor Muon",
    "torch.optim.adamw": "AdamW",
    "torch.optim.lr_scheduler": "ChainedScheduler ConstantLR CosineAnnealingLR "
    "CosineAnnealingWarmRestarts CyclicLR ExponentialLR LRScheduler LambdaLR LinearLR MultiStepLR "
    "MultiplicativeLR OneCycleLR PolynomialLR ReduceLROnPlateau SequentialLR StepLR",
    "torch.utils.data.dataloader": "DataLoader",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_RENAMED = {"dtype": "DType"}

# The storage class that a file names for a dtype; the others are saved as bytes.
STORAGE_NAMES = {
    _d.float64: "DoubleStorage", _d.float32: "FloatStorage", _d.float16: "HalfStorage",
    _d.int64: "LongStorage", _d.int32: "IntStorage", _d.int16: "ShortStorage",
    _d.int8: "CharStorage", _d.uint8: "ByteStorage", _d.bool_: "BoolStorage",
    _d.bfloat16: "BFloat16Storage", _d.complex128: "ComplexDoubleStorage",
    _d.complex64: "ComplexFloatStorage",
}  # fmt: skip
STORAGE_DTYPES = {name: dtype for dtype, name in STORAGE_NAMES.items()}


def torch_name(obj) -> tuple[str, str] | None:
    """(module, name) that a pickle gives a class, function or dtype of ours; None for others."""
    if isinstance(obj, _d.DType):
        return "torch", obj.name
    fixed = getattr(obj, "_torch_name", None) if isinstance(obj, types.FunctionType) else None
    if fixed is not None:
        return fixed
    module, name = getattr(obj, "__module__", None), getattr(obj, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    if module in ("torch", "numtorch") and isinstance(obj, type):
        return "torch", name
    if module != "numtorch" and not module.startswith("numtorch."):
        return None
    if isinstance(obj, type):
        name = "dtype" if name == "DType" else name
        home = _HOME_OF.get(name)
        if home is not None and _find_home(home, name) is obj:
            return home, name
    return _by_module(obj, module, name)


def _by_module(obj, module: str, name: str) -> tuple[str, str] | None:
    """The public place of an object: its own module, nn.functional, or torch itself."""
    for place in (module, "numtorch.nn.functional", "numtorch"):
        if any(part.startswith("_") for part in place.split(".")):
            continue
        if _attribute(importlib.import_module(place), name) is obj:
            return place.replace("numtorch", "torch", 1), name
    return None


def _attribute(holder, dotted: str):
    for part in dotted.split("."):
        holder = getattr(holder, part, None)
    return holder


def _find_home(module: str, name: str):
    """What PyTorch's name of a class that lives elsewhere stands for, or None."""
    import numtorch

    if module == "torch":
        return numtorch.dtype if name == "dtype" else getattr(numtorch, name, None)
    package = (
        "nn" if module.startswith("torch.nn") else
        "optim.lr_scheduler" if module == "torch.optim.lr_scheduler" else
        "optim" if module.startswith("torch.optim") else
        "utils.data" if module.startswith("torch.utils.data") else ""
    )  # fmt: skip
    holder = importlib.import_module(f"numtorch.{package}" if package else "numtorch")
    found = getattr(holder, name, None)
    if found is None and package == "nn":
        from ..nn.modules import transformer

        found = getattr(transformer, name, None)
    return found


# Modules of the C++ library, and where PyTorch 1.8 and older had Tensor.
_OTHER_MODULES = {
    "torch._C._nn": "torch.nn.functional", "torch._C": "torch", "torch.tensor": "torch._tensor",
    "torch.storage": "torch._storage",
}  # fmt: skip


def find(module: str, name: str):
    """Our object for PyTorch's (module, name); AttributeError that says what is missing."""
    given, module = module, _OTHER_MODULES.get(module, module)
    known = special().get(f"{given}.{name}") or special().get(f"{module}.{name}")
    if known is not None:
        return known
    if _HOME_OF.get(name) == given:
        found = _find_home(given, name)
        if found is not None:
            return found
    place = "numtorch" + module[len("torch") :]
    while place:
        try:
            found = _attribute(importlib.import_module(place), name)
        except ModuleNotFoundError:
            found = None
        if found is not None:
            return found
        place = place.rpartition(".")[0]
    raise AttributeError(
        f"the file names {given}.{name}, which is not implemented in numtorch"
    )


_special: dict = {}


def special() -> dict:
    """The functions and markers that only pickles use, by PyTorch's full name."""
    if not _special:
        from .. import _storage
        from . import rebuild

        _special.update({".".join(f._torch_name): f for f in rebuild.FUNCTIONS})
        for name in STORAGE_DTYPES:
            _special[f"torch.{name}"] = getattr(_storage, name)
        for name in ("UntypedStorage", "TypedStorage"):
            for place in ("torch.storage", "torch"):
                _special[f"{place}.{name}"] = getattr(_storage, name)
        _special["torch._VariableFunctionsClass"] = sys.modules["numtorch"]
    return _special
