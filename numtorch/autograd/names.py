"""PyTorch's names of nodes (grad_fn): what an op of the tape is called in the graph.

PyTorch numbers the overloads of a function; which one it was is told by the op's attributes and
operands here. Functions of several ops have the name of their last one.
"""

from __future__ import annotations

from numtorch.jit.record import INPUT_BASE
from numtorch.jit.usable import grad_name

_NAMES = {
    "attention": "ScaledDotProductFlashAttentionForCpuBackward0",
    "batch_norm": "NativeBatchNormBackward0", "cast": "ToCopyBackward0",
    "cholesky": "LinalgCholeskyExBackward0", "constant_pad": "ConstantPadNdBackward0",
    "conv": "ConvolutionBackward0", "conv_transpose": "ConvolutionBackward0",
    "copy": "CloneBackward0", "cross": "LinalgCrossBackward0", "cross_entropy": "NllLossBackward0",
    "det": "LinalgDetBackward0", "dropout": "MulBackward0", "eigh": "LinalgEighBackward0",
    "flipped": "FlipBackward0", "gather": "GatherBackward0",
    "group_norm": "NativeGroupNormBackward0", "inv": "LinalgInvExBackward0",
    "layer_norm": "NativeLayerNormBackward0", "log1p": "Log1PBackward0",
    "log_softmax": "LogSoftmaxBackward0", "lstsq": "LinalgLstsqBackward0",
    "matrix_exp": "LinalgMatrixExpBackward0", "p_norm": "LinalgVectorNormBackward0",
    "pinv": "LinalgPinvBackward0", "qr": "LinalgQrBackward0", "region": "AsStridedBackward0",
    "reshape": "ViewBackward0", "root": "StdBackward0", "scan_logaddexp": "LogcumsumexpBackward0",
    "scan_prod": "CumprodBackward0", "scan_sum": "CumsumBackward0",
    "solve": "LinalgSolveExBackward0", "square": "PowBackward0", "svd": "LinalgSvdBackward0",
    "vector_norm": "LinalgVectorNormBackward0",
}  # fmt: skip
# Names of pooling with so many dims.
_POOLS = {
    "avg_pool": ("AvgPool2DBackward0", "AvgPool2DBackward0", "AvgPool3DBackward0"),
    "max_pool": ("MaxPool2DWithIndicesBackward0", "MaxPool2DWithIndicesBackward0",
                 "MaxPool3DWithIndicesBackward0"),
}  # fmt: skip
# Reductions, whose names say if they were over all dims.
_OVER_ALL = {
    "reduce_sum": ("SumBackward0", "SumBackward1"), "mean": ("MeanBackward0", "MeanBackward1"),
    "reduce_prod": ("ProdBackward0", "ProdBackward1"),
    "reduce_amax": ("MaxBackward1", "AmaxBackward0"),
    "reduce_amin": ("MinBackward1", "AminBackward0"),
}  # fmt: skip


def _number(i: int) -> bool:
    """True for the index of a Python number."""
    return INPUT_BASE < i < 0


def _rank(place, i: int) -> int:
    """The number of dims of an operand."""
    if i >= 0:
        return len(place.entries[i][1].shape)
    inputs = place.inputs
    v = inputs.get(i) if isinstance(inputs, dict) else inputs[INPUT_BASE - i]
    return 2 if v is None else len(v.meta.shape)


def name_of(op: str, attrs, operands: tuple, place) -> str:
    """PyTorch's name of the backward of an op; `place`: the tape, or what was kept of it."""
    if op in _OVER_ALL:
        dims, keepdim = attrs[:2]
        return _OVER_ALL[op][len(dims) < _rank(place, operands[0]) or bool(keepdim)]
    if op in _POOLS:
        return _POOLS[op][len(attrs[0]) - 1]
    if op in ("matmul", "linear"):
        return _product(op, operands, place)
    if op == "pow":
        return f"PowBackward{2 if _number(operands[0]) else 0 if _number(operands[1]) else 1}"
    if op == "sub" and _number(operands[0]):
        return "RsubBackward1"
    if op == "clamp" and all(map(_number, operands[1:])):
        return "ClampBackward1"
    return _NAMES.get(op) or grad_name(op)


def _product(op: str, operands: tuple, place) -> str:
    x, y = _rank(place, operands[0]), _rank(place, operands[1])
    if op == "linear":
        if x > 2:
            return "ViewBackward0" if len(operands) > 2 else "UnsafeViewBackward0"
        if x == 1:
            return "ViewBackward0" if len(operands) > 2 else "SqueezeBackward4"
        return "AddmmBackward0" if len(operands) > 2 else "MmBackward0"
    if x <= 2 and y <= 2:
        return ("DotBackward0", "SqueezeBackward4", "MvBackward0", "MmBackward0")[2 * x + y - 3]
    return "UnsafeViewBackward0"
