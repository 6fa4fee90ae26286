"""Random numbers of given distributions: normal, multinomial, Tensor.uniform_, ..."""

from __future__ import annotations

import numpy as np
from numtorch.jit import dtypes as _d
from numtorch.jit.ops import OPS
from numtorch.jit.ops.table import broadcast_shapes
from numtorch.jit.record import local

from ._api import REGISTRY, function
from ._creation import _dtype, _own, _sizes
from ._factories import OPTIONS, finish
from ._random import _draw, _float_only, _integers, default_generator, uniform
from ._tensor import Tensor

# ---------------------------------------------------------------- distributions


def _std_check(std) -> None:
    if not isinstance(std, Tensor) and std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if isinstance(std, Tensor) and std.dtype.kind == "c":
        raise RuntimeError("normal expects standard deviation to be non-complex")


def _normal(mean, std=1.0, *, generator):
    """Normal numbers with the given means and standard deviations (tensors broadcast).

    >>> import numtorch as torch
    >>> torch.normal(torch.tensor([1.0, 20.0]), torch.tensor([0.0, 0.0]))
    tensor([ 1., 20.])
    """
    _std_check(std)
    with_shape = [x for x in (mean, std) if isinstance(x, Tensor)]
    like = with_shape[0]
    shape = like._v.meta.shape
    if len(with_shape) == 2:
        from ._triangles import broadcast_shapes

        shape = tuple(broadcast_shapes(*(t.shape for t in with_shape)))
        kind = _d.promote(mean.dtype, std.dtype)
    else:
        kind = like.dtype
    _float_only("normal_kernel_cpu", kind)
    out = (_draw("randn", shape, generator, kind) * std + mean).detach().to(kind)
    for x in with_shape:
        out = _without_gradient(out, x)
    return out


def _without_gradient(out: Tensor, x: Tensor) -> Tensor:
    """out, which counts as computed from x: the gradient of x is zero, as in PyTorch."""
    if not x.requires_grad or not local.tape.grad:
        return out
    return local.tape.record(OPS["where"], (False, x, out))


_GENERATOR = "*, Generator? generator=None"
function(f"normal(Tensor mean, Tensor std, {_GENERATOR})", method=False, out=True)(_normal)
function(f"normal(Tensor mean, float std=1.0, {_GENERATOR})", method=False, out=True)(_normal)
function(f"normal(float mean, Tensor std, {_GENERATOR})", method=False, out=True)(_normal)


@function(f"normal(float mean, float std, int[] size, {_GENERATOR}, {OPTIONS})", method=False,
          out=True)  # fmt: skip
def _normal_sized(mean, std, size, *, generator, dtype, layout, device, pin_memory, requires_grad):
    _std_check(std)
    _float_only("normal_kernel_cpu", dtype := _dtype(dtype))
    out = _draw("randn", _sizes((size,)), generator, dtype) * std + mean
    return finish(out, device, requires_grad)


REGISTRY["normal"].doc = _normal.__doc__


def _check_p(p) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


def _coin(shape, p, generator, dtype) -> Tensor:
    return uniform(shape, generator, _d.float64).lt(p).to(dtype)


@function(f"bernoulli(Tensor input, {_GENERATOR})", out=True)
def bernoulli(input, *, generator=None):
    """1 with the probabilities in `input`, else 0.

    >>> import numtorch as torch
    >>> torch.bernoulli(torch.tensor([0.0, 1.0, 1.0]))
    tensor([0., 1., 1.])
    """
    _float_only("bernoulli_tensor_cpu_p_", input.dtype)
    out = _coin(input._v.meta.shape, input.detach(), generator, input.dtype)
    return _without_gradient(out, input)


@function(f"bernoulli(Tensor input, float p, {_GENERATOR})", out=True)
def _bernoulli_p(input, p, *, generator):
    _check_p(p)
    return _coin(input._v.meta.shape, p, generator, input.dtype)


def _now(t: Tensor) -> np.ndarray:
    from ._indexing import array_now

    return array_now(t.detach().to(_d.float64))


def _made(array, dtype) -> Tensor:
    return _own(np.asarray(array, np.float64)).to(dtype)


def _long_out(result: Tensor, out: Tensor) -> str:
    return f"multinomial expects Long tensor out, got: {out.dtype.scalar_type}"


@function(f"multinomial(Tensor input, int num_samples, bool replacement=False, {_GENERATOR})",
          out=True, out_dtype=_long_out)  # fmt: skip
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Indices drawn from each row's weights: [num_samples] or [rows, num_samples].

    >>> import numtorch as torch
    >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    if input.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if input.dtype.kind != "f":
        from ._methods import _c_name

        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            + _c_name(input.dtype)
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    n = input.size(-1)
    if not replacement and num_samples > n:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if n > 1 << 24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    p = np.atleast_2d(_now(input))
    generator = generator or default_generator
    if not np.isfinite(p).all() or (p < 0).any():
        if not replacement or num_samples == 1:
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        entry = "< 0" if not (p >= 0).all() else "= infinity or NaN"
        raise RuntimeError(
            f"invalid multinomial distribution (encountering probability entry {entry})"
        )
    if p.size and (p.sum(1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    if replacement:  # torch's numbers: sums in the dtype of the weights
        rows = p.astype(input.dtype.np) if input.dtype.name == "float32" else p
        found = np.array([generator.host.weighted(row, num_samples) for row in rows], np.int64)
    else:
        found = _without_replacement(p, num_samples, generator.numpy())
    return _own(found.reshape((num_samples,) if input.dim() == 1 else (-1, num_samples)))


def _without_replacement(p, count: int, g: np.random.Generator) -> np.ndarray:
    # The first of exponential clocks that run at the rate of the weights.
    with np.errstate(divide="ignore"):
        clocks = np.where(p > 0, g.exponential(size=p.shape) / p, np.inf)
    return np.argsort(clocks, 1, kind="stable")[:, :count].astype(np.int64)


@function(f"poisson(Tensor input, {_GENERATOR[3:]})")
def poisson(input, generator=None):
    """Poisson numbers with the given rates.

    >>> import numtorch as torch
    >>> torch.poisson(torch.tensor([0.0, 0.0]))
    tensor([0., 0.])
    """
    _float_only("poisson_cpu", input.dtype)
    rates = _now(input)
    if (rates < 0).any():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return _made((generator or default_generator).numpy().poisson(rates), input.dtype)


@function(f"binomial(Tensor count, Tensor prob, {_GENERATOR[3:]})", method=False)
def binomial(count, prob, generator=None):
    """Successes in `count` trials with the given probabilities.

    >>> import numtorch as torch
    >>> torch.binomial(torch.tensor([10.0, 10.0]), torch.tensor([0.0, 1.0]))
    tensor([ 0., 10.])
    """
    for name, x in (("count", count), ("prob", prob)):
        if x.dtype.kind != "f":
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: "
                f"{x.dtype.scalar_type}"
            )
    if count.dtype.narrow:
        _float_only("binomial_cpu", count.dtype, "")
    shape = broadcast_shapes("binomial", [count._v.meta.shape, prob._v.meta.shape])
    n, p = (np.broadcast_to(_now(x), shape) for x in (count, prob))
    g = (generator or default_generator).numpy()
    drawn = g.binomial(np.maximum(np.nan_to_num(n), 0).astype(np.int64),
                       np.clip(np.nan_to_num(p), 0, 1))  # fmt: skip
    return _made(np.where(np.isnan(n + p), np.nan, drawn), count.dtype)


# ---------------------------------------------------------------- in place


def _in_place(text: str, doc: str, kernel: str | None = None):
    """Declares a method that fills its tensor with `make(tensor, ...)`."""
    from ._methods import write_result

    def decorate(make):
        name = text.partition("(")[0]

        def run(input, *args, generator=None):
            if input._rg == 1 and local.tape.grad:
                raise RuntimeError(
                    "a leaf Variable that requires grad is being used in an in-place operation."
                )
            if kernel is not None:
                _float_only(kernel, input.dtype)
            out = make(input, *args, generator)
            return write_result(input, out if out.dtype is input.dtype else out.to(input.dtype),
                                name)  # fmt: skip

        run.__doc__ = doc
        function(f"{text}, {_GENERATOR})", free=False)(run)
        return make

    return decorate


def _u(t: Tensor, generator) -> Tensor:
    return uniform(t._v.meta.shape, generator, _d.float64 if t.dtype is _d.float64 else _d.float32)


@_in_place("uniform_(Tensor input, float a=0.0, float b=1.0", "Uniform numbers in [a, b).",
           "check_uniform_bounds")  # fmt: skip
def _uniform(t, a, b, generator):
    if a > b:
        raise RuntimeError(
            "uniform_ expects to return a [from, to) range, but found from="
            f"{a:g} > to={b:g}"
        )
    return _draw("rand", t._v.meta.shape, generator, t.dtype) * (b - a) + a




@_in_place("normal_(Tensor input, float mean=0.0, float std=1.0", "Normal numbers.",
           "normal_kernel_cpu")  # fmt: skip
def _normal_in(t, mean, std, generator):
    _std_check(std)
    return _draw("randn", t._v.meta.shape, generator, t.dtype) * std + mean


def _continuous(name: str, shown: str) -> RuntimeError:
    return RuntimeError(
        f"{name} distribution is a continuous probability distribution. dtype must be a floating "
        f"point but you specified {shown}"
    )


@_in_place("exponential_(Tensor input, float lambd=1.0", "Exponential numbers with rate lambd.",
           "exponential_cpu")  # fmt: skip
def _exponential(t, lambd, generator):
    if t.dtype.kind == "c":
        raise _continuous("Exponential", t.dtype.scalar_type)
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    return -(-_u(t, generator)).log1p() / lambd


@_in_place("geometric_(Tensor input, float p", "Trials until the first success.")
def _geometric(t, p, generator):
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if t.dtype.kind in "bc":
        _float_only("geometric_cpu", _d.bool_)
    u = uniform(t._v.meta.shape, generator, _d.float64)
    return ((-u).log1p() / np.log1p(-p).item()).ceil().clamp(min=1.0)


@_in_place("cauchy_(Tensor input, float median=0.0, float sigma=1.0", "Cauchy numbers.",
           "cauchy_cpu")  # fmt: skip
def _cauchy(t, median, sigma, generator):
    if t.dtype.kind == "c":
        from ._matmul import c_type

        raise _continuous("Cauchy", c_type(t.dtype))
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    return ((_u(t, generator) - 0.5) * np.pi).tan() * sigma + median


@_in_place("log_normal_(Tensor input, float mean=1.0, float std=2.0",
           "Numbers whose logarithm is normal.", "log_normal_cpu")  # fmt: skip
def _log_normal(t, mean, std, generator):
    _float_only("log_normal_cpu", t.dtype, "f")
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    return (_draw("randn", t._v.meta.shape, generator, t.dtype) * std + mean).exp()


@_in_place("bernoulli_(Tensor input, any p=0.5", "1 with probability p (a number or a tensor).")
def _bernoulli_in(t, p, generator):
    if not isinstance(p, Tensor):
        _check_p(p)
    else:
        _float_only("bernoulli_tensor_cpu_p_", p.dtype, "f")
        p = p.detach().expand(t.shape)
    return _coin(t._v.meta.shape, p, generator, t.dtype)


_DIGITS = {"f32": 24, "f64": 53, "f16": 11, "bf16": 8}


@_in_place("random_(Tensor input", "Integers: all that the dtype can hold exactly.")
def _random_all(t, generator):
    if t.dtype.kind == "f":
        high = (1 << _DIGITS[t.dtype.short]) + 1
    elif t.dtype.kind == "b":
        high = 2
    else:
        high = int(np.iinfo(t.dtype.np).max)
        high += high < (1 << 62)
    return _integers(0, high, t._v.meta.shape, generator, t.dtype)


@_in_place("random_(Tensor input, int to", "")
def _random_to(t, to, generator):
    return _integers(0, to, t._v.meta.shape, generator, t.dtype)


@_in_place("random_(Tensor input, int from, int? to", "")
def _random_range(t, low, high, generator):
    if high is None:
        high = int(np.iinfo(t.dtype.np).max) if t.dtype.kind == "i" else 1 << 24
    return _integers(low, high, t._v.meta.shape, generator, t.dtype)


def install(functions: dict) -> None:
    """Puts the in-place variants into the torch namespace."""
    functions["bernoulli_"] = Tensor.bernoulli_
