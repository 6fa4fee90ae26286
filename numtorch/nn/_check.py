"""Refusals of the layers' functions, with PyTorch's types and words.

Each check gets the metas (shape and dtype) of a row's operands and its attributes, once per
combination.
"""

from __future__ import annotations

from numtorch.jit import dtypes as _d

C_NAMES = {d.short: d.scalar_type for d in (*_d.ALL, *_d.UNSIGNED)}
C_TYPES = {
    "f32": "float", "f64": "double", "i64": "long int", "i32": "int", "i16": "short int",
    "i8": "signed char", "u8": "unsigned char", "b1": "bool", "f16": "c10::Half",
    "bf16": "c10::BFloat16", "c32": "c10::complex<c10::Half>", "c64": "c10::complex<float>",
    "c128": "c10::complex<double>",
}  # fmt: skip


def not_implemented(kernel: str, m) -> NotImplementedError:
    """What PyTorch raises for a dtype that a kernel has no code for."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{C_NAMES[m.dtype.short]}'")


def floating(kernel: str):
    """A check that the first operand is floating point."""

    def check(metas, attrs) -> None:
        if metas[0].dtype.kind != "f":
            raise not_implemented(kernel, metas[0])

    return check


class NotMatrix(Exception):
    """Operands of linear that only matmul takes."""


def linear(metas, attrs) -> None:
    x, w = metas[:2]
    if len(w.shape) != 2 or not x.shape:
        raise NotMatrix
    if x.dtype is not w.dtype:
        if len(metas) > 2:
            raise RuntimeError(
                "mat1 and mat2 must have the same dtype, but got "
                f"{C_NAMES[x.dtype.short]} and {C_NAMES[w.dtype.short]}"
            )
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {C_TYPES[x.dtype.short]} != "
            f"{C_TYPES[w.dtype.short]}"
        )
    o, i = w.shape
    rows = 1
    for n in x.shape[:-1]:
        rows *= n
    if x.shape[-1] != i:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and {i}x{o})"
        )
    if len(metas) > 2:
        _bias(metas[2], rows, o, x.dtype)


def _bias(b, rows: int, o: int, dtype) -> None:
    if b.shape not in ((o,), (1,), ()):
        raise RuntimeError(
            f"The expanded size of the tensor ({o}) must match the existing size ({b.shape[-1]}) "
            f"at non-singleton dimension 1.  Target sizes: [{rows}, {o}].  Tensor sizes: "
            f"{list(b.shape)}"
        )
    if b.dtype is not dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {C_NAMES[b.dtype.short]} and "
            f"{C_NAMES[dtype.short]}"
        )


# ---------------------------------------------------------------- convolution, pooling


def conv(metas, attrs) -> None:
    """Operands [N, C, *in], [O, C / groups, *kernel], maybe [O]; attributes of the row."""
    x, w = metas[:2]
    stride, padding, dilation, groups = attrs
    if len(metas) > 2:
        _bias_type(metas[2], x.dtype)
    _same_numbers(x, w)
    wide = len(w.shape) > 3 and min(w.shape[-2:]) > 3
    large = groups > 1 or x.shape[0] > 1 or wide or x.numel > 20480
    large = large and x.dtype.short == "f32"
    _conv_numbers(stride, padding, dilation, groups, large=large)
    o, c, *kernel = w.shape
    _conv_groups(w, groups)
    if x.shape[1] != c * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected "
            f"input{list(x.shape)} to have {c * groups} channels, but got {x.shape[1]} channels "
            "instead"
        )
    if len(metas) > 2:
        _conv_bias(metas[2], w, x.dtype, o)
    padded = [n + 2 * p for n, p in zip(x.shape[2:], padding)]
    span = [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]
    if any(s > n for s, n in zip(span, padded)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: "
            f"({_by(span)}). Kernel size can't be greater than actual input size"
        )


def _conv_groups(w, groups: int) -> None:
    if w.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {list(w.shape)} instead"
        )
    if w.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{list(w.shape)}] instead"
        )


def _by(sizes) -> str:
    return " x ".join(map(str, sizes))


def _same_numbers(x, w) -> None:
    if x.dtype is not w.dtype:
        raise RuntimeError(
            f"expected scalar type {C_NAMES.get(x.dtype.short, x.dtype.name)} but found "
            f"{C_NAMES.get(w.dtype.short, w.dtype.name)}"
        )
    if x.dtype.kind == "b":
        raise not_implemented("slow_conv2d_cpu", x)


def _conv_numbers(
    stride, padding, dilation, groups, transposed: bool = False, large: bool = False
) -> None:
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 0:
        raise RuntimeError("dilation should be greater than zero")
    if min(dilation) == 0:
        raise RuntimeError(_zero_dilation(dilation, transposed, large))
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")


def _zero_dilation(dilation, transposed: bool, large: bool) -> str:
    """PyTorch's text, which depends on the library that would compute the convolution.

    The dilation of a vector is shown as that of an image of one row.
    """
    if large and not transposed:
        return "non-positive dilation is not supported"
    start = "dilation should be greater than zero, but got "
    dilation = (1, *dilation) if len(dilation) == 1 else tuple(dilation)
    names = ("depth", "height", "width")[-len(dilation) :]
    if transposed:
        return start + ", ".join(f"dilation_{n}: {d}" for n, d in zip(names, dilation))
    return f"{start}{list(dilation)}"


def conv_transpose(metas, attrs) -> None:
    """Operands [N, C, *in], [C, O / groups, *kernel], maybe [O]; attributes of the row."""
    x, w = metas[:2]
    stride, padding, dilation, groups, size = attrs
    _same_numbers(x, w)
    if x.dtype.kind == "i" and x.dtype.short != "i64":
        raise not_implemented("slow_conv_transpose2d_out_cpu", x)
    _conv_numbers(stride, padding, dilation, groups, transposed=True)
    _conv_groups(w, groups)
    if x.shape[1] != w.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w.shape)}, expected input{list(x.shape)} "
            f"to have {w.shape[0]} channels, but got {x.shape[1]} channels instead"
        )
    if len(metas) > 2:
        _conv_bias(metas[2], w, x.dtype, w.shape[1] * groups)
    if min(size) <= 0:
        raise RuntimeError(
            f"Given input size per channel: ({_by(x.shape[2:])}). Calculated output size per "
            f"channel: ({_by(size)}). Output size is too small"
        )


def _conv_bias(b, w, dtype, channels: int) -> None:
    if b.shape != (channels,):
        size = b.shape[0] if len(b.shape) == 1 else list(b.shape)
        raise RuntimeError(
            f"Given weight of size {list(w.shape)}, expected bias to be 1-dimensional with "
            f"{channels} elements, but got bias of size [{size}] instead"
        )
    _bias_type(b, dtype)


def _bias_type(b, dtype) -> None:
    if b.dtype is not dtype:
        raise RuntimeError(
            f"Input type ({C_TYPES[dtype.short]}) and bias type ({C_TYPES[b.dtype.short]}) "
            "should be the same"
        )


def max_pool(metas, attrs) -> None:
    (x,) = metas
    if x.dtype.kind in "bc":
        raise not_implemented("max_pool2d", x)
    pool_geometry(f"max_pool{len(attrs[0])}d", x.shape, *attrs[:4])


def pool_geometry(name: str, shape, kernel, stride, padding, dilation, row: bool = False) -> None:
    """Refusals that all pools share: `shape` of the input as given, [N, C, *in] or [C, *in].

    `row`: a pool of one dim that PyTorch computes as one of images of height 1.
    """
    if row:
        shape = (*shape[:-1], 1, shape[-1])
        kernel, stride, dilation = (1, *kernel), (1, *stride), (1, *dilation)
        padding = (0, *padding)
    k = len(kernel)
    if k == 1:
        return _row_pool(shape, kernel[0], stride[0], padding[0], dilation[0])
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    for p, size, d in zip(padding, kernel, dilation):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > (d * (size - 1) + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={size} and dilation={d}"
            )
    axes = "THW"[3 - k :]
    for word, letter, values in (("kernel size", "k", kernel), ("stride", "d", stride),
                                 ("dilation", "dilation", dilation)):  # fmt: skip
        if min(values) <= 0:
            named = " ".join(f"{letter}{axis}: {v}" for axis, v in zip(axes, values))
            raise RuntimeError(f"{word} should be greater than zero, but got {named}")
    _no_empty_dims(name, shape, k)
    c, *sizes = shape[-k - 1 :]
    if name == "avg_pool3d" and any(n + 2 * p < m for n, p, m in zip(sizes, padding, kernel)):
        have, want = (" ".join(f"{a}{axis}: {v}" for axis, v in zip(axes, values))
                      for a, values in (("", sizes), ("k", kernel)))  # fmt: skip
        raise RuntimeError(f"input image ({have}) smaller than kernel size ({want})")
    _positive_outputs(c, sizes, kernel, stride, padding, dilation)


def _no_empty_dims(name: str, shape, k: int) -> None:
    counted = shape[-k - 1 :]
    if 0 not in counted:
        return
    if k == 3:
        name = "max_pool3d_with_indices_out_cpu_template" if name == "max_pool3d" else name
        raise RuntimeError(
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input "
            f"has a shape of {list(shape)} and non-batch dimension 0 has length "
            "zero!"
        )
    raise RuntimeError(
        f"Expected {k + 1}D or {k + 2}D (batch mode) tensor with optional 0 dim batch size for "
        f"input, but got:{list(shape)}"
    )


def _row_pool(shape, kernel: int, stride: int, padding: int, dilation: int) -> None:
    if 0 in shape[-2:]:
        raise row_shape(shape)
    name = "max_pool1d()"
    for word, value in (("kernel_size", kernel), ("stride", stride)):
        if value <= 0:
            raise RuntimeError(f"{name} {word} must be greater than zero, but got {value}")
    if padding < 0:
        raise RuntimeError(f"{name} padding must be non-negative, but got {padding}")
    if padding > kernel // 2:
        raise RuntimeError(
            f"{name} padding should be at most half of kernel size, but got padding={padding} and "
            f"kernel_size={kernel}"
        )
    if dilation <= 0:
        raise RuntimeError(f"{name} dilation must be greater than zero, but got {dilation}")
    out = (shape[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    if out <= 0:
        raise RuntimeError(f"{name} Invalid computed output size: {out}")


def row_shape(shape) -> RuntimeError:
    """What max_pool1d raises for a tensor of another rank, or without elements."""
    return RuntimeError(
        "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
        f"input, but got:{list(shape)}"
    )


def windows(x, kernel, stride, padding, dilation) -> None:
    """Refusals of unfold."""
    for word, values, least in (("kernel size", kernel, 1), ("dilation", dilation, 1),
                                ("stride", stride, 1), ("padding", padding, 0)):  # fmt: skip
        if min(values) < least:
            what = "greater than zero" if least else "non-negative"
            name = word.replace(" ", "_").removesuffix("_size")
            name = "pad" if name == "padding" else name
            raise RuntimeError(
                f"{word} should be {what}, but got {name}_height: {values[0]} {name}_width: "
                f"{values[1]}"
            )
    out = _counts(x.shape[2:], kernel, stride, padding, dilation)
    if min(out) < 1:
        sizes = {"kernel_size": kernel, "dilation": dilation, "padding": padding}
        listed = ", ".join(f"{k}={tuple(v)}" for k, v in sizes.items())
        raise RuntimeError(
            f"Given input with spatial size {tuple(x.shape[2:])}, {listed}, calculated shape of "
            f"the array of sliding blocks as {tuple(out)}, but its components must be at least one."
        )


def _counts(sizes, kernel, stride, padding, dilation) -> list[int]:
    return [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation)
    ]


def _positive_outputs(c: int, sizes, kernel, stride, padding, dilation) -> None:
    out = _counts(sizes, kernel, stride, padding, dilation)
    if min(out) < 1:
        listed = "x".join(map(str, (c, *sizes)))
        raise RuntimeError(
            f"Given input size: ({listed}). Calculated output size: "
            f"({'x'.join(map(str, (c, *out)))}). Output size is too small"
        )


# ---------------------------------------------------------------- losses

REDUCTIONS = ("none", "mean", "sum")


def reduction(word: str) -> None:
    if word not in REDUCTIONS:
        raise ValueError(f"{word} is not a valid value for reduction")


def nll_loss(metas, attrs) -> None:
    """Operands: [N, C, ...] or [C], class indices [N, ...] or [], maybe weights [C]."""
    x, t = metas[:2]
    reduction(attrs[0])
    if not x.shape:
        raise ValueError(f"Expected 1 or more dimensions (got {len(x.shape)})")
    if len(x.shape) == 1:
        if t.numel != 1 or len(t.shape) > 1:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {t.numel}"
            )
    elif not t.shape or x.shape[0] != t.shape[0]:
        got = t.shape[0] if t.shape else 0
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({got})."
        )
    elif len(x.shape) == 2 and len(t.shape) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif len(x.shape) == 4 and t.shape[1:] != x.shape[2:]:
        raise RuntimeError(
            f"size mismatch (got input: {list(x.shape)} , target: {list(t.shape)}"
        )
    elif len(x.shape) > 2 and t.shape[1:] != x.shape[2:]:
        raise RuntimeError(
            f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(t.shape)}"
        )
    if t.dtype.short not in ("i64", "u8"):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {C_NAMES[t.dtype.short]}"
        )
    if x.dtype.kind != "f":
        raise not_implemented("nll_loss_out_frame", x)
    if len(metas) > 2:
        class_weights(metas[2], x)


def class_weights(w, x) -> None:
    classes = x.shape[1 if len(x.shape) > 1 else 0]
    if w.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {list(w.shape)}"
        )
    if w.dtype is not x.dtype:
        raise RuntimeError(
            f"expected scalar type {C_NAMES[x.dtype.short]} but found {C_NAMES[w.dtype.short]}"
        )


def cross_entropy(metas, attrs) -> None:
    if metas[0].dtype.kind != "f":
        raise not_implemented("log_softmax_lastdim_kernel_impl", metas[0])
    nll_loss(metas, attrs)


def soft_cross_entropy(metas, attrs) -> None:
    """The target holds class probabilities in the shape of the input."""
    x, t = metas[:2]
    reduction(attrs[0])
    if x.dtype.kind != "f":
        raise not_implemented("log_softmax_lastdim_kernel_impl", x)
    if t.dtype.kind != "f":
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{C_NAMES[t.dtype.short]}"
        )
    if len(metas) > 2:
        class_weights(metas[2], x)


def mse_loss(metas, attrs) -> None:
    reduction(attrs[0])
    if all(m.dtype.kind != "f" for m in metas):
        raise not_implemented("mse_cpu", metas[0])
