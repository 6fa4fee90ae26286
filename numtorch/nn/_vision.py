"""Resizing and resampling of images: interpolate, grid_sample, affine_grid, pixel shuffling."""

from __future__ import annotations

import math
import warnings

from .. import _creation
from .._saves import kept
from .._tensor import Tensor
from ._record import must_be_tensor

MODES = ("nearest", "linear", "bilinear", "bicubic", "trilinear", "lanczos", "area",
         "nearest-exact")  # fmt: skip
_RANK = {"linear": 3, "bilinear": 4, "bicubic": 4, "lanczos": 4, "trilinear": 5}


def interpolate(
    input: Tensor, size=None, scale_factor=None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Resizes the spatial dims of [N, C, *in] to `size`, or by `scale_factor`.

    mode: nearest, nearest-exact, area, linear (3-D input), bilinear, bicubic (4-D), trilinear, or
    lanczos (4-D, with antialias). align_corners keeps the centres of the corner elements in place;
    antialias (bilinear, bicubic, lanczos) widens the kernel where the image shrinks.

    >>> import numtorch as torch
    >>> torch.nn.functional.interpolate(torch.zeros(1, 3, 4, 4), scale_factor=2).shape
    torch.Size([1, 3, 8, 8])
    """
    must_be_tensor("interpolate", input=input)
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | bicubic | trilinear"
            )
    align = bool(align_corners)
    k = input.dim() - 2
    out, scales = _sizes(input, k, size, scale_factor, recompute_scale_factor)
    _check_mode(mode, input.dim(), align, antialias)
    if min(out) <= 0 or min(input.shape[2:]) <= 0:
        raise _no_pixels(input.shape[2:], out)
    if mode == "area":
        from . import functional as F

        return getattr(F, f"adaptive_avg_pool{k}d")(input, out)
    x = input
    for j in range(k):
        x = _resize(x, 2 + j, out[j], scales[j], mode, align, antialias)
    return x


def _check_mode(mode: str, rank: int, align: bool, antialias: bool) -> None:
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and rank == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    if rank in (3, 4, 5) and mode in ("linear", "bilinear", "trilinear") and rank != _RANK[mode]:
        raise NotImplementedError(f"Got {rank}D input, but {mode} mode needs {_RANK[mode]}D input")
    if rank not in (3, 4, 5) or mode not in MODES or rank != _RANK.get(mode, rank):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {rank}D) for the modes: "
            f"{' | '.join(MODES)} (got {mode})"
        )
    if mode == "lanczos" and align:
        raise ValueError("Lanczos mode does not support align_corners=True")
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")


def _no_pixels(ins, outs) -> RuntimeError:
    def shown(sizes) -> str:
        return ", ".join(f"{w}: {n}" for w, n in zip("DHW"[3 - len(sizes) :], sizes))

    between = " and" if len(outs) == 1 else ""
    return RuntimeError(
        "Input and output sizes should be greater than 0, but got input "
        f"({shown(ins)}){between} output ({shown(outs)})"
    )


def _sizes(x: Tensor, k: int, size, scale_factor, recompute):
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    ins = x.shape[2:]
    if recompute and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if size is not None:
        size = tuple(size) if isinstance(size, (tuple, list)) else (size,) * k
        if len(size) != k:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(ins)} and output size of {size}. Please "
                "provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, "
                "...,oK) format."
            )
        return tuple(map(int, size)), (None,) * k
    several = isinstance(scale_factor, (tuple, list))
    factors = tuple(scale_factor) if several else (scale_factor,) * k
    if len(factors) != k:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(ins)} and scale_factor of shape {factors}. Please "
            "provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, "
            "...,sK) format."
        )
    out = tuple(int(math.floor(float(n) * f)) for n, f in zip(ins, factors))
    return out, (None,) * k if recompute else factors


@kept("resize")
def _resize(x: Tensor, dim: int, out: int, factor, mode: str, align: bool, antialias: bool):
    """One dim: a weighted sum of a few elements per result."""
    n = x.size(dim)
    if n == out and (factor is None or factor == 1) and mode != "bicubic":
        return x
    step = 1 / factor if factor else n / out
    if mode.startswith("nearest"):
        half = 0.5 if mode == "nearest-exact" else 0.0
        index = [min(int(math.floor((i + half) * step)), n - 1) for i in range(out)]
        return x.index_select(dim, _creation.tensor(index))
    if align:
        step = (n - 1) / (out - 1) if out > 1 else 0.0
    if antialias:
        taps = [_wide_taps(i, n, step, mode) for i in range(out)]
    else:
        rule = _cubic_taps if mode == "bicubic" else _linear_taps
        taps = [rule(i * step if align else (i + 0.5) * step - 0.5, n) for i in range(out)]
    return _combine(x, dim, taps)


def _linear_taps(at: float, n: int) -> list[tuple[int, float]]:
    at = max(at, 0.0)
    low = min(int(at), n - 1)
    w = min(max(at - low, 0.0), 1.0)
    return [(low, 1 - w), (min(low + 1, n - 1), w)]


def _cubic(x: float, a: float) -> float:
    """Keys' kernel; Cubic convolution interpolation for digital image processing (1981)."""
    x = abs(x)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0


def _cubic_taps(at: float, n: int) -> list[tuple[int, float]]:
    low = math.floor(at)
    t = at - low
    return [(min(max(low + j, 0), n - 1), _cubic(t - j, -0.75)) for j in (-1, 0, 1, 2)]


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


# How far each antialiasing kernel reaches, and the kernel.
_KERNELS = {
    "bilinear": (1.0, lambda v: max(1 - abs(v), 0.0)),
    "bicubic": (2.0, lambda v: _cubic(v, -0.5)),
    "lanczos": (3.0, lambda v: _sinc(v) * _sinc(v / 3) if abs(v) < 3 else 0.0),
}


def _wide_taps(i: int, n: int, step: float, mode: str) -> list[tuple[int, float]]:
    """Antialiased: the kernel is as wide as the step when it shrinks."""
    reach, kernel = _KERNELS[mode]
    support = reach * max(step, 1.0)
    centre, inverse = (i + 0.5) * step, 1.0 / max(step, 1.0)
    low, high = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), n)
    weights = [kernel((j - centre + 0.5) * inverse) for j in range(low, high)]
    total = sum(weights) or 1.0
    return [(j, w / total) for j, w in zip(range(low, high), weights)]


def _combine(x: Tensor, dim: int, taps: list[list[tuple[int, float]]]) -> Tensor:
    width = max(map(len, taps))
    taps = [t + [(t[-1][0], 0.0)] * (width - len(t)) for t in taps]
    total = None
    shape = [1] * x.dim()
    shape[dim] = len(taps)
    for j in range(width):
        index = _creation.tensor([t[j][0] for t in taps])
        weight = _creation.tensor([t[j][1] for t in taps], dtype=x.dtype).reshape(shape)
        part = x.index_select(dim, index) * weight
        total = part if total is None else total + part
    return total


def upsample(input: Tensor, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """The old name of interpolate.

    >>> import numtorch as torch
    >>> torch.nn.functional.upsample(torch.zeros(1, 3, 4, 4), size=(8, 6)).shape
    torch.Size([1, 3, 8, 6])
    """
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size=None, scale_factor=None) -> Tensor:
    """interpolate(mode='nearest').

    >>> import numtorch as torch
    >>> torch.nn.functional.upsample_nearest(torch.zeros(1, 3, 4, 4), scale_factor=2).shape
    torch.Size([1, 3, 8, 8])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size=None, scale_factor=None) -> Tensor:
    """interpolate(mode='bilinear', align_corners=True).

    >>> import numtorch as torch
    >>> torch.nn.functional.upsample_bilinear(torch.zeros(1, 3, 4, 4), scale_factor=2).shape
    torch.Size([1, 3, 8, 8])
    """
    return interpolate(input, size, scale_factor, "bilinear", True)


# ---------------------------------------------------------------- pixel shuffling


@kept("pixel_shuffle")
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """[*, C * r^2, H, W] -> [*, C, H * r, W * r]; Shi et al. (2016).

    >>> import numtorch as torch
    >>> torch.nn.functional.pixel_shuffle(torch.arange(4).reshape(1, 4, 1, 1), 2)
    tensor([[[[0, 1],
              [2, 3]]]])
    """
    r = upscale_factor
    if input.dim() < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.dim()} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, c, h, w = input.shape
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    x = input.reshape(*lead, c // (r * r), r, r, h, w)
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return x.reshape(*lead, c // (r * r), h * r, w * r)


@kept("pixel_unshuffle")
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """[*, C, H * r, W * r] -> [*, C * r^2, H, W].

    >>> import numtorch as torch
    >>> torch.nn.functional.pixel_unshuffle(torch.tensor([[[0, 1], [2, 3]]]), 2).flatten()
    tensor([0, 1, 2, 3])
    """
    r = downscale_factor
    if input.dim() < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with "
            f"{input.dim()} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, c, h, w = input.shape
    for word, n in (("height", h), ("width", w)):
        if n % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {word} to be divisible by downscale_factor, but "
                f"input.size({-2 if word == 'height' else -1})={n} is not divisible by {r}"
            )
    n = len(lead)
    x = input.reshape(*lead, c, h // r, r, w // r, r)
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return x.reshape(*lead, c * r * r, h // r, w // r)


@kept("channel_shuffle")
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """[N, C, ...]: channel i of each group becomes neighbour of channel i of the others.

    >>> import numtorch as torch
    >>> torch.nn.functional.channel_shuffle(torch.arange(4).reshape(1, 4, 1, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    if input.dim() < 3:
        raise RuntimeError(
            "channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")  # noqa: E501
    n, c, *rest = input.shape
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    x = input.reshape(n, groups, c // groups, *rest).transpose(1, 2)
    return x.reshape(n, c, *rest)


# ---------------------------------------------------------------- sampling


def affine_grid(theta: Tensor, size, align_corners: bool | None = None) -> Tensor:
    """Sampling places [N, *out, k] of the affine maps theta [N, k, k + 1] for grid_sample.

    Jaderberg et al., Spatial transformer networks (2015).

    >>> import numtorch as torch
    >>> theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> torch.nn.functional.affine_grid(theta, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    if not isinstance(theta, Tensor) or theta.dtype.kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if align_corners is None:
        _warn_corners()
    k = len(size) - 2
    if k == 1 or k > 3:
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    if k not in (2, 3) or theta.dim() != 3 or tuple(theta.shape[-2:]) != (k, k + 1):
        raise ValueError(
            f"Expected a batch of {k}D affine matrices of shape Nx{k}x{k + 1} for size "
            f"{tuple(size)}. Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    outs = tuple(size[2:])
    columns = []
    for d in reversed(range(k)):
        n = outs[d]
        shape = [1] * k
        shape[d] = n
        if align_corners:
            line = _creation.linspace(-1, 1, n, dtype=theta.dtype) if n > 1 else _zero(theta)
        else:
            line = (_creation.arange(n, dtype=theta.dtype) * 2 + 1) / n - 1
        columns.append(line.reshape(shape).expand(outs))
    columns.append(_creation.ones(outs, dtype=theta.dtype))
    from .._joins import stack

    base = stack(columns, -1).reshape(1, -1, k + 1).expand(theta.size(0), -1, -1)
    return base.matmul(theta.transpose(1, 2)).reshape(theta.size(0), *outs, k)


def _warn_corners() -> None:
    warnings.warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
        "documentation of grid_sample for details.", stacklevel=3,
    )  # fmt: skip


def _zero(like: Tensor) -> Tensor:
    return _creation.zeros(1, dtype=like.dtype)


@kept("grid_sample")
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """Samples [N, C, *in] at the places grid [N, *out, k] (x first, from -1 to 1).

    >>> import numtorch as torch
    >>> x, grid = torch.zeros(1, 3, 4, 4), torch.zeros(1, 5, 6, 2)
    >>> torch.nn.functional.grid_sample(x, grid, align_corners=True).shape
    torch.Size([1, 3, 5, 6])
    """
    for word, value, allowed in (
        ("mode", mode, "'bilinear', 'nearest' or 'bicubic'"),
        ("padding_mode", padding_mode, "'zeros', 'border', or 'reflection'"),
    ):
        if f"'{value}'" not in allowed:
            raise ValueError(
                f"nn.functional.grid_sample(): expected {word} to be {allowed}, but got: '{value}'"
            )
    if align_corners is None:
        _warn_corners()
    k = input.dim() - 2
    got = f"but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
    if grid.size(0) != input.size(0):
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, {got}"
        )
    if grid.size(-1) != k:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {k} in last dimension, but got grid with "
            f"sizes {list(grid.shape)}"
        )
    if grid.dim() != input.dim() or k not in (2, 3):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, "
            + got
        )
    if grid.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.scalar_type} but found {grid.dtype.scalar_type}"
        )
    if mode == "bicubic" and k != 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    align = bool(align_corners)
    ins = tuple(input.shape[2:])
    places = [_unnormalised(grid[..., k - 1 - d], ins[d], align) for d in range(k)]
    if mode == "bicubic":
        return _sampled(input, [_cubic_choices(p) for p in places], padding_mode, align)
    places = [_padded(p, n, padding_mode, align) for p, n in zip(places, ins)]
    if mode == "nearest":
        choices = [[(p.detach().round(), None)] for p in places]
    else:
        choices = [_linear_choices(p) for p in places]
    return _sampled(input, choices, "zeros", align)


def _unnormalised(x: Tensor, n: int, align: bool) -> Tensor:
    return (x + 1) * ((n - 1) / 2) if align else ((x + 1) * n - 1) / 2


def _padded(x: Tensor, n: int, mode: str, align: bool) -> Tensor:
    if mode == "reflection":
        x = _reflected(x, 0, 2 * (n - 1)) if align else _reflected(x, -1, 2 * n - 1)
    return x.clamp(0, n - 1) if mode != "zeros" else x


def _reflected(x: Tensor, twice_low: int, twice_high: int) -> Tensor:
    if twice_low == twice_high:
        return x * 0
    low, span = twice_low / 2, (twice_high - twice_low) / 2
    x = (x - low).abs()
    extra = x.fmod(span)
    flips = (x.detach() / span).floor()
    return (extra + low).where(flips.remainder(2) == 0, span - extra + low)


def _linear_choices(p: Tensor) -> list:
    low = p.detach().floor()
    w = p - low
    return [(low, 1 - w), (low + 1, w)]


def _cubic_choices(p: Tensor) -> list:
    low, a = p.detach().floor(), -0.75
    t = p - low

    def near(x):
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x):
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    weights = (far(t + 1), near(t), near(1 - t), far(2 - t))
    return [(low + j - 1, w) for j, w in enumerate(weights)]


def _sampled(x: Tensor, choices: list, padding_mode: str, align: bool) -> Tensor:
    """Sum over all combinations of one (place, weight) per dim; places outside count as zero."""
    import itertools

    n, c, *ins = x.shape
    outs = tuple(choices[0][0][0].shape[1:])
    flat = x.reshape(n, c, -1)
    total = None
    for combination in itertools.product(*choices):
        index, inside, weight = None, None, None
        for (place, w), size in zip(combination, ins):
            place = _padded(place, size, padding_mode, align) if padding_mode != "zeros" else place
            ok = (place >= 0) & (place <= size - 1)
            at = place.clamp(0, size - 1).nan_to_num(0.0).long()
            index = at if index is None else index * size + at
            inside = ok if inside is None else inside & ok
            if w is not None:
                weight = w if weight is None else weight * w
        picked = flat.gather(2, index.reshape(n, 1, -1).expand(n, c, -1)).reshape(n, c, *outs)
        picked = picked.masked_fill(~inside.unsqueeze(1), 0.0)
        part = picked if weight is None else picked * weight.unsqueeze(1)
        total = part if total is None else total + part
    return total
