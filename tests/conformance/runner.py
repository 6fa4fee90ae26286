"""Running one function's samples in both frameworks and comparing."""

from __future__ import annotations

import itertools
import random
import traceback
import warnings
from dataclasses import dataclass, field

import numtorch as nt
import scipy.special
import torch

from .translate import Inexpressible, rebind, resolve, sharing, to_nt, to_torch

# What is drawn at random, or is never written: only type and shape can agree.
RANDOM = {
    "cauchy", "exponential", "geometric", "log_normal", "normal", "uniform", "bernoulli",
    "multinomial", "randn", "randn_like", "rand_like", "randint", "randint_like", "empty",
    "empty_like", "empty_strided", "new_empty", "new_empty_strided", "empty_permuted", "resize_",
    "resize_as_", "svd_lowrank", "pca_lowrank", "nn.functional.dropout", "nn.functional.dropout2d",
    "nn.functional.dropout3d", "nn.functional.alpha_dropout", "nn.functional.rrelu",
    "nn.functional.feature_alpha_dropout", "nn.functional.feature_dropout",
    "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d",
}  # fmt: skip
# Where torch's float64 results have errors up to 4e-7: SciPy's function decides, more strictly.
INEXACT = {f"special.bessel_{f}": f for f in ("j0", "j1", "y0", "y1")}
# torch's results of halves are NaN: they are held against its float64 ones.
NAN_IN_HALF = {"matrix_exp"}
QUICK = ("float32", "float64", "int64", "bool")
ALL = (*QUICK, "uint8", "int8", "int16", "int32", "float16", "bfloat16", "complex64", "complex128")


def _as_strided_scatter(x, src, size, stride, storage_offset=0):
    y = x.clone()
    y.as_strided(size, stride, storage_offset).copy_(src)
    return y


# What gradients are held against where torch's own are wrong: its as_strided_scatter gives the
# input the gradient of the elements that were overwritten.
REFERENCE = {"as_strided_scatter": _as_strided_scatter}
# torch's gradients of these are numbers without a graph even with create_graph.
ONCE = {"nn.functional.linear_cross_entropy.chunked", "nn.functional.linear_cross_entropy.chunked_none"}
COLUMNS = ("forward", "dtypes", "grad", "grad2", "inplace", "out", "errors")


@dataclass
class Tally:
    """What was checked of one kind, and what was wrong."""

    checked: int = 0
    wrong: list[str] = field(default_factory=list)

    def text(self) -> str:
        if not self.checked:
            return "-"
        return f"ok {self.checked}" if not self.wrong else f"{len(self.wrong)} of {self.checked}"


class Run:
    """All checks of one OpInfo."""

    def __init__(self, op, dtypes: tuple[str, ...], samples: int, wide: bool, seed: int = 0):
        self.op, self.dtypes, self.samples, self.wide, self.seed = op, dtypes, samples, wide, seed
        self.tally = {c: Tally() for c in COLUMNS}
        self.f = resolve(op)
        self.regex_hits = [0, 0]
        self.texts: list[str] = []  # error texts that are not torch's

    def fail(self, column: str, what: str, error: BaseException | str) -> None:
        if isinstance(error, AssertionError):
            error = " ".join(str(error).split("\n")[:8])
        elif isinstance(error, BaseException):
            where = traceback.extract_tb(error.__traceback__)
            at = next((f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(where)), "")
            error = f"{type(error).__name__}: {str(error).splitlines()[:1]} at {at}"
        self.tally[column].wrong.append(f"{what}: {str(error)[:600]}")

    def run(self) -> Run:
        if self.f is None:
            return self
        supported = {str(d).removeprefix("torch.") for d in self.op.dtypes}
        for name in self.dtypes:
            if name in supported:
                self.dtype(name)
        self.errors()
        return self

    def dtype(self, name: str) -> None:
        d = getattr(torch, name)
        grads = self.op.supports_autograd and name in ("float64", "complex128")
        grads = grads and d in self.op.supported_backward_dtypes("cpu")
        make = self.op.reference_inputs if self.wide else self.op.sample_inputs
        torch.manual_seed(self.seed)
        for k, sample in self.chosen(make("cpu", d, requires_grad=grads)):
            what = f"{name}[{k}] {describe(sample)}"
            try:
                args = (sample.input, *sample.args)
                args = () if sample.input is None and not sample.args else args
                self.sample(what, sample, args, grads, k)
            except Inexpressible:
                continue
            except Exception as e:
                self.fail("forward", what, e)

    def chosen(self, samples):
        """The first samples, or with a seed any of the first 200."""
        if not self.seed:
            return enumerate(itertools.islice(samples, self.samples))
        every = list(enumerate(itertools.islice(samples, 200)))
        picked = random.Random(self.seed).sample(every, min(self.samples, len(every)))
        return sorted(picked, key=lambda pair: pair[0])

    def sample(self, what: str, sample, args, grads: bool, k: int) -> None:
        if self.op.name.endswith("_") or self.op.name in RANDOM:
            args = clone(args)
        mine, named = to_nt(args), to_nt(sample.kwargs)
        try:
            want = self.op.op(*args, **sample.kwargs)
        except Exception as e:  # the sample is an error in torch too: held against its type
            self.error_case(what, e, lambda: self.f(*to_nt(args), **to_nt(sample.kwargs)))
            return
        self.tally["forward"].checked += 1
        try:
            got = self.f(*mine, **named)
        except Exception as e:
            self.fail("forward", what, e)
            return
        processed = self.process(sample, want, got)
        drawn = self.op.name in RANDOM or drops(self.op.name, sample)
        try:
            if drawn:
                same_type(got, want)
            else:
                same(*processed, what=self.op.name)
        except Exception as e:
            if not (self.as_near(sample, args, *processed) or self.ties(sample, args, got, want)):
                self.fail("forward", what, e)
                return
        self.tally["dtypes"].checked += 1
        try:
            same_type(got, want)
        except Exception as e:
            self.fail("dtypes", what, e)
        if drawn:
            return
        if grads:
            self.gradients(what, sample, args, k)
        if k < 4 or self.seed:
            self.inplace(what, args, sample)
            self.out(what, args, sample, want)

    def ties(self, sample, args, got, want) -> bool:
        """True if only the order of equal elements differs, where torch promises none."""
        name, x = self.op.name, args[0].detach() if args else None
        sort = name in ("argsort", "sort") and not sample.kwargs.get("stable")
        if not (sort or name in ("kthvalue", "topk", "median", "nanmedian", "mode")) or not x.dim():
            return False
        at = 2 if name in ("kthvalue", "topk") else 1
        dim = sample.kwargs.get("dim", args[at] if len(args) > at else -1)
        mine, theirs = (to_torch(got), want) if name == "argsort" else (to_torch(got)[1], want[1])
        if mine.shape != theirs.shape or sort and not torch.equal(mine.sort(dim)[0], theirs.sort(dim)[0]):
            return False
        if name not in ("argsort", "sort"):
            torch.testing.assert_close(to_torch(got)[0], want[0].detach(), rtol=0, atol=0, equal_nan=True)
        if mine.dim() < x.dim():
            mine, theirs = mine.unsqueeze(dim), theirs.unsqueeze(dim)
        return torch.allclose(x.gather(dim, mine).double(), x.gather(dim, theirs).double(), 0, 0, True)

    def as_near(self, sample, args, got, want) -> bool:
        """True if the result is about as near to torch's in float64 as torch's own is."""
        higher = {torch.float32: torch.float64, torch.complex64: torch.complex128,
                  torch.float16: torch.float64, torch.bfloat16: torch.float64}  # fmt: skip

        def up(x):
            if isinstance(x, torch.Tensor):
                return x.detach().to(higher.get(x.dtype, x.dtype))
            if isinstance(x, (tuple, list)) and not isinstance(x, torch.Size):
                return type(x)(up(v) for v in x)
            return higher.get(x, x) if isinstance(x, torch.dtype) else x

        wants = flat(want)
        if self.op.name in NAN_IN_HALF and args[0].dtype in (torch.float16, torch.bfloat16):
            exact = self.op.op(*up(args), **sample.kwargs)
            try:
                same(got, exact.to(args[0].dtype))
            except AssertionError:
                return False
            return True
        if self.op.name in INEXACT and args[0].dtype is torch.float64:
            f = getattr(scipy.special, INEXACT[self.op.name])
            try:
                same(got, torch.from_numpy(f(args[0].detach().numpy())), rtol=1e-12, atol=1e-13)
            except AssertionError:
                return False
            return True
        if not any(isinstance(w, torch.Tensor) and w.dtype in higher for w in wants):
            return False
        try:
            exact = self.op.op(*up(args), **{k: up(v) for k, v in sample.kwargs.items()})
            f = sample.output_process_fn_grad
            exact = flat(f(exact) if f is not None else exact)
            for g, w, e in zip(flat(got), wants, exact, strict=True):
                g = to_torch(g)
                if g.dtype is not w.dtype or g.shape != w.shape:
                    return False
                e, finite = e.to(higher.get(w.dtype, w.dtype)), torch.isfinite(e)
                if not torch.equal(torch.isnan(g), torch.isnan(w)) or w.dtype not in higher:
                    return False
                off, theirs = ((x.to(e.dtype) - e).abs()[finite] for x in (g, w))
                if off.numel() and off.max() > 3 * theirs.max():
                    return False
        except Exception:
            return False
        return True

    def process(self, sample, want, got):
        f = sample.output_process_fn_grad
        if f is None or getattr(f, "__name__", "") == "<lambda>" and f.__code__.co_code == _IDENTITY:
            return got, want
        return f(to_torch(got)), f(detach(want))

    def gradients(self, what: str, sample, args, k: int) -> None:
        self.tally["grad"].checked += 1
        # Norms have no second derivative at zero (torch, whose own test leaves it out, gives NaN).
        at_zero = self.op.variant_test_name == "subgradients_at_zero"
        name = f"{self.op.name}.{self.op.variant_test_name}"
        second = (k < 3 or self.seed) and self.op.supports_gradgrad and not at_zero and name not in ONCE
        try:
            reference = REFERENCE.get(self.op.name, self.op.op)
            want = grads_of(torch, reference, args, sample.kwargs, sample.output_process_fn_grad, second)
        except Exception as e:
            self.error_case(what + " backward", e, lambda: grads_of(
                nt, self.f, to_nt(args), to_nt(sample.kwargs), rebind(sample.output_process_fn_grad), second))
            return
        try:
            got = grads_of(nt, self.f, to_nt(args), to_nt(sample.kwargs),
                           rebind(sample.output_process_fn_grad), second)  # fmt: skip
            same_gradients(got[0], want[0], 1e-6, 1e-8)
        except Exception as e:
            self.fail("grad", what, e)
            return
        if second and want[1] is not None:
            self.tally["grad2"].checked += 1
            try:
                same_gradients(got[1], want[1], 1e-5, 1e-7)
            except Exception as e:
                self.fail("grad2", what, e)

    def inplace(self, what: str, args, sample) -> None:
        kwargs = sample.kwargs
        f = self.op.get_inplace()
        if f is None or not isinstance(args[0] if args else None, torch.Tensor):
            return
        name = getattr(f, "__name__", None)
        if not name or name == "<lambda>":
            return
        self.tally["inplace"].checked += 1
        base = args[0].detach().clone()
        rest = detach(args[1:])
        mine = getattr(nt.Tensor, name, None)
        if mine is None:
            self.fail("inplace", what, f"no Tensor.{name}")
            return
        a, b = to_nt(args[0].detach().clone()), to_nt(rest)
        named = to_nt(detach(kwargs))
        try:
            want = f(base, *rest, **detach(kwargs))
        except Exception as e:
            self.error_case(f"{what} {name}", e, lambda: mine(a, *b, **named), "inplace")
            return
        try:
            got = mine(a, *b, **named)
            assert got is a, "the in-place variant returned another tensor"
            same(a, want, what=self.op.name)
        except Exception as e:
            if isinstance(e, AssertionError) and got is a and self.as_near(sample, args, a, want):
                return
            self.fail("inplace", f"{what} {name}", e)

    def out(self, what: str, args, sample, want) -> None:
        if not self.op.supports_out or "out" in sample.kwargs:
            return
        args, kwargs = detach(args), detach(sample.kwargs)
        wants = detach(want)
        if not all(isinstance(w, torch.Tensor) for w in (wants if isinstance(wants, tuple) else [wants])):
            return  # a Python value, a tuple in a tuple: no out=, whatever the database says
        outs = tuple(torch.empty(0, dtype=w.dtype) for w in (wants if isinstance(wants, tuple) else [wants]))
        single = not isinstance(wants, tuple)
        self.tally["out"].checked += 1
        for case in ("empty", "right"):
            if case == "right":
                outs = tuple(torch.zeros_like(w) for w in (wants if not single else [wants]))
            given = to_nt(outs[0] if single else outs)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    self.op.op(*args, out=outs[0] if single else outs, **kwargs)
                except Exception as e:
                    self.error_case(f"{what} out={case}", e, lambda given=given: self.f(
                        *to_nt(args), out=given, **to_nt(kwargs)), "out")
                    return
                try:
                    self.f(*to_nt(args), out=given, **to_nt(kwargs))
                    # Where torch left out as it was (fft.ihfftn of one dim), its result counts.
                    stored = tuple(w if o.shape != w.shape or not o.any() else o
                                   for o, w in zip(outs, flat(wants)))  # fmt: skip
                    processed = self.process(sample, stored[0] if single else stored, given)
                    same(*processed, what=self.op.name)
                except Exception as e:
                    if isinstance(e, AssertionError) and (
                        self.as_near(sample, args, *processed) or self.ties(sample, args, *processed)
                    ):
                        continue
                    self.fail("out", f"{what} out={case}", e)
                    return

    def errors(self) -> None:
        if self.op.error_inputs_func is None:
            return
        for k, case in enumerate(self.op.error_inputs("cpu")):
            s = case.sample_input
            args = (s.input, *s.args)
            try:
                self.op.op(*args, **s.kwargs)
            except Exception as e:
                self.error_case(f"error[{k}] {describe(s)}", e, lambda s=s, args=args: self.call(
                    *sharing(args, s.kwargs)), regex=case.error_regex)

    def call(self, args, kwargs):
        return self.f(*args, **kwargs)

    def error_case(self, what: str, error, call, column: str = "errors", regex=None) -> None:
        """The call must raise what torch raised (or a subclass of it)."""
        import re

        if column == "errors":
            self.tally["errors"].checked += 1
        try:
            got = call()
            force(got)
        except Inexpressible:
            self.tally["errors"].checked -= column == "errors"
        except Exception as e:
            names = {c.__name__ for c in type(e).__mro__}
            if type(error).__name__ not in names and not (
                isinstance(error, RuntimeError) and type(e) is RuntimeError
            ):
                self.fail(column, what, f"torch raised {type(error).__name__}: {str(error)[:150]!r}, "
                          f"numtorch {type(e).__name__}: {str(e)[:150]!r}")
            elif regex is not None:
                self.regex_hits[1] += 1
                hit = re.search(regex, str(e))
                self.regex_hits[0] += bool(hit)
                if not hit:
                    self.texts.append(f"{what}: torch {str(error)[:300]!r}, numtorch {str(e)[:300]!r}")
        else:
            self.fail(column, what, f"torch raised {type(error).__name__}: {str(error)[:200]!r}, numtorch nothing")


def drops(name: str, sample) -> bool:
    """True for a sample of attention that leaves out weights at random."""
    if name == "nn.functional.multi_head_attention_forward":
        return sample.args[9] > 0 and sample.kwargs.get("training", True)
    return bool(sample.kwargs.get("dropout_p"))


_IDENTITY = (lambda x: x).__code__.co_code


def describe(sample) -> str:
    def one(x):
        if isinstance(x, torch.Tensor):
            extra = "" if x.is_contiguous() else f" stride {tuple(x.stride())}"
            return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}{extra}"
        if isinstance(x, (tuple, list)):
            return "(" + ", ".join(map(one, x)) + ")"
        return repr(x)[:60]

    return ", ".join([one(sample.input), *map(one, sample.args),
                      *(f"{k}={one(v)}" for k, v in sample.kwargs.items())])  # fmt: skip


def clone(x):
    """Copies of tensors, for functions that write to their operands."""
    if isinstance(x, torch.Tensor):
        return x.detach().clone().requires_grad_(x.requires_grad)
    return type(x)(clone(v) for v in x) if type(x) in (tuple, list) else x


def detach(x):
    if isinstance(x, torch.Tensor):
        return x.detach()
    if isinstance(x, torch.Size):
        return x
    if isinstance(x, (tuple, list)):
        made = [detach(v) for v in x]
        return tuple(made) if isinstance(x, tuple) else made
    if isinstance(x, dict):
        return {k: detach(v) for k, v in x.items()}
    return x


def flat(x):
    if isinstance(x, dict):
        x = tuple(x.values())
    if isinstance(x, (tuple, list)):
        return [v for y in x for v in flat(y)]
    return [x]


def force(x) -> None:
    for v in flat(x):
        if isinstance(v, nt.Tensor):
            v.detach().tolist()


def grads_of(lib, f, args, kwargs, process, second: bool):
    """(gradients of all tensor arguments, gradients of a function of these)."""
    leaves = [v for v in flat([args, kwargs]) if isinstance(v, lib.Tensor) and v.requires_grad]
    out = f(*args, **kwargs)
    if process is not None:
        out = process(out)
    outs = [o for o in flat(out) if isinstance(o, lib.Tensor) and o.requires_grad]
    if not outs or not leaves:
        return [[], None]
    gs = lib.autograd.grad(outs, leaves, [weights(lib, o, 1) for o in outs], allow_unused=True,
                           create_graph=second)  # fmt: skip
    again = None
    if second:
        roots = [g for g in gs if g is not None and g.requires_grad]
        if roots:
            again = lib.autograd.grad(roots, leaves, [weights(lib, r, 2) for r in roots],
                                      allow_unused=True)  # fmt: skip
            again = [none_as_zero(lib, g, x) for g, x in zip(again, leaves)]
        else:
            again = [none_as_zero(lib, None, x) for x in leaves]
    return [none_as_zero(lib, g, x).detach() for g, x in zip(gs, leaves)], again


def none_as_zero(lib, g, like):
    return lib.zeros_like(like).detach() if g is None else g


def same_gradients(got, want, rtol: float, atol: float) -> None:
    """The tolerances are for double precision; a float32 leaf among the others has its own."""
    assert len(got) == len(want), f"{len(got)} results instead of {len(want)}"
    for g, w in zip(got, want):
        single = w.dtype in (torch.float32, torch.complex64)
        same(g, w, *((None, None) if single else (rtol, atol)))


def weights(lib, o, seed: int):
    """The same numbers for both frameworks."""
    g = torch.Generator().manual_seed(seed)
    name = str(o.dtype).removeprefix("torch.")
    w = torch.randn(tuple(o.shape), generator=g, dtype=getattr(torch, name))
    return w if lib is torch else to_nt(w)


def same_type(got, want) -> None:
    if isinstance(want, torch.Tensor):
        assert isinstance(got, nt.Tensor), f"a {type(got).__name__} instead of a tensor"
        assert repr(got.dtype) == repr(want.dtype), f"{got.dtype} instead of {want.dtype}"
        assert tuple(got.shape) == tuple(want.shape), f"{got.shape} instead of {want.shape}"
        assert got.requires_grad == want.requires_grad, f"requires_grad {got.requires_grad}"
    elif isinstance(want, (tuple, list)) and not isinstance(want, torch.Size):
        assert isinstance(got, (tuple, list)), f"a {type(got).__name__} instead of a tuple"
        assert len(got) == len(want), f"{len(got)} results instead of {len(want)}"
        for g, w in zip(got, want):
            same_type(g, w)


def same(got, want, rtol=None, atol=None, what="") -> None:
    """Equal structure, dtype, shape and values within torch's own default tolerances."""
    if isinstance(want, (tuple, list)):
        got = tuple(got)
        assert len(got) == len(want), f"{len(got)} results instead of {len(want)}"
        for g, w in zip(got, want):
            same(g, w, rtol, atol, what)
        return
    if not isinstance(want, torch.Tensor):
        if isinstance(want, (torch.dtype, torch.device)):
            assert str(got) == str(want), f"{got} instead of {want}"
        elif isinstance(want, float) and want != want:
            assert got != got, f"{got} instead of nan"
        elif isinstance(want, (float, complex)):
            assert got == want or abs(got - want) <= 1e-5 * abs(want) + 1e-6, f"{got} instead of {want}"
        else:
            assert got == want, f"{got} instead of {want}"
        return
    if isinstance(got, nt.Tensor):
        assert repr(got.dtype) == repr(want.dtype), f"{got.dtype} instead of {want.dtype}"
        got = to_torch(got)
    assert isinstance(got, torch.Tensor), f"a {type(got).__name__} instead of a tensor"
    want = want.detach().resolve_conj().resolve_neg()
    if want.dtype in (torch.float16, torch.bfloat16) and rtol is None:
        rtol, atol = (2e-3, 1e-4) if want.dtype is torch.float16 else (1.6e-2, 1e-3)
    torch.testing.assert_close(got, want, rtol=rtol, atol=atol, equal_nan=True, check_stride=False)
