"""`python -m tests.conformance.calls`: random calls, drawn from the signatures of torch's operators.

The arguments fit a signature's types and little more: most dtypes, layouts and sizes meet, numbers
are near the edges, options are given or left out, so about half of the calls are errors in torch.
Both libraries must then return the same (type, shape, strides, value, gradient's existence), or
raise the same type of exception. Differences are counted by function and kind, with an example.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import warnings
from collections import defaultdict

import numtorch as nt
import torch

from .runner import RANDOM, flat, force, same, same_type
from .translate import Inexpressible, sharing

DTYPES = ["float32"] * 6 + ["int64"] * 3 + ["float64", "float64", "bool", "bool", "complex64", "int32",
          "uint8", "int8", "int16", "float16", "bfloat16", "complex128"]  # fmt: skip
# Private rows, back ends, other layouts; random numbers of their own; what writes into a process.
SKIP = re.compile(
    r"_|Generator|manual_seed|.*(cudnn|mkldnn|quantize|fbgemm|nested|sparse|_backward|_packed|miopen|mps|named|names|crow|"
    r"ccol|row_indices|col_indices|_copy$|sym_|native_|rename|align_|record_stream|fake_|q_|"
    r"batch_norm|values|indices|coalesce|retain|choose_q|int_repr|from_file|is_vulkan|hspmm|smm|"
    r"sspaddmm|data|output_nr|wait|set_|lift|segment_reduce|fused_|thnn|slow_conv|to_padded|"
    r"_jvp|conv_tbc|qscheme|dequantize|unsafe|infinitely|adaptive_avg_pool.d_|rrelu_with|matmul_bit)"
)
DRAWN = {*RANDOM, "rand", "randn", "randperm", "random", "dropout", "alpha_dropout", "rrelu",
         "feature_alpha_dropout", "feature_dropout", "poisson", "binomial", "randint"}  # fmt: skip
SIZES = [0, 1, 1, 2, 2, 3, 3, 4, 5]


class Maker:
    """Random arguments of one call."""

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.shape = tuple(rng.choice(SIZES) for _ in range(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 5])))
        self.dtype = rng.choice(DTYPES)
        self.square = rng.random() < 0.2
        if self.square and len(self.shape) > 1:
            self.shape = (*self.shape[:-1], self.shape[-2])

    def other_shape(self) -> tuple[int, ...]:
        rng, shape = self.rng, list(self.shape)
        draw = rng.random()
        if draw < 0.55:
            return tuple(shape)
        if draw < 0.7:  # broadcasts
            return tuple(n if rng.random() < 0.5 else 1 for n in shape)[rng.randrange(len(shape) + 1) if shape else 0:]
        if draw < 0.8 and len(shape) > 1:
            shape[-1], shape[-2] = shape[-2], shape[-1]
            return tuple(shape)
        if draw < 0.9:
            return tuple(shape[: rng.randrange(len(shape) + 1)])
        return tuple(rng.choice(SIZES) for _ in range(rng.randrange(5)))

    def tensor(self, name: str = "", first: bool = False) -> torch.Tensor:
        rng = self.rng
        shape = self.shape if first else self.other_shape()
        dtype = self.dtype if first or rng.random() < 0.75 else rng.choice(DTYPES)
        if re.search("ind|target|label|offsets|boundaries", name) and rng.random() < 0.85:
            dtype = rng.choice(["int64", "int64", "int32", "uint8"])
        elif re.search("mask|condition", name) and rng.random() < 0.85:
            dtype = "bool"
        d = getattr(torch, dtype)
        order = list(range(len(shape)))
        if rng.random() < 0.25:
            rng.shuffle(order)
        step = 2 if shape and rng.random() < 0.1 else 1
        laid = [shape[k] for k in order]
        if step == 2:
            laid[-1] *= 2
        seed = torch.Generator().manual_seed(rng.randrange(1 << 30))
        if dtype == "bool":
            x = torch.randint(0, 2, laid, generator=seed).bool()
        elif d.is_floating_point or d.is_complex:
            x = torch.randn(laid, generator=seed, dtype=d if d.itemsize > 2 else torch.float32)
            if rng.random() < 0.2 and not d.is_complex:
                x = x.round()
            x = x.to(d)
            if rng.random() < 0.05 and x.numel():
                x.view(-1)[0] = rng.choice([float("nan"), float("inf"), -0.0])
        else:
            low, high = (0, 4) if not d.is_signed or rng.random() < 0.6 else (-6, 12)
            x = torch.randint(low, high, laid, generator=seed).to(d)
        if step == 2:
            x = x[..., ::2]
        back = sorted(range(len(order)), key=order.__getitem__)
        x = x.permute(back)
        if shape and rng.random() < 0.04:
            x = x.narrow(0, 0, 1).expand(shape) if shape[0] else x
        if (d.is_floating_point or d.is_complex) and rng.random() < 0.2:
            x = x.detach().requires_grad_()
        return x

    def number(self, kind: str, name: str):
        rng = self.rng
        if kind in ("int", "SymInt"):
            if re.search("dim", name):
                return rng.randrange(-4, 4)
            return rng.choice([0, 1, 1, 2, 2, 3, -1, 4, 5, -2, 7])
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "float":
            return rng.choice([0.0, 1.0, 0.5, -1.5, 2.0, 1e-3, 3, float("inf")])
        return rng.choice([0, 1, 2, -1, 0.5, -1.5, 2.5, 3, True, 1j, 1 + 2j, 300, -1.0])  # Scalar

    def value(self, text: str, name: str, first: bool):
        """A value for a type in torch's schema language; LookupError for one not drawn here."""
        rng = self.rng
        if text.startswith("Optional["):
            return None if rng.random() < 0.4 else self.value(text[9:-1], name, first)
        if text == "Tensor":
            return self.tensor(name, first)
        if text == "List[Tensor]":
            return tuple(self.tensor(name, first and k == 0) for k in range(rng.choice([0, 1, 2, 2, 2, 3])))
        if text == "List[Optional[Tensor]]":
            return tuple(self.tensor("indices") for _ in range(rng.choice([1, 2])))
        if text == "List[int]":
            if "dim" in name:
                return tuple(rng.randrange(-3, 3) for _ in range(rng.choice([0, 1, 1, 2, 2, 3])))
            if re.search("size|shape", name) and rng.random() < 0.5:
                return self.other_shape()
            return tuple(rng.choice([0, 1, 1, 2, 2, 3, -1]) for _ in range(rng.choice([1, 2, 2, 3, len(self.shape)])))
        if text in ("List[float]", "List[bool]", "List[number]"):
            kind = {"List[float]": "float", "List[bool]": "bool"}.get(text, "number")
            return tuple(self.number(kind, name) for _ in range(rng.choice([1, 2, 2])))
        if text in ("int", "float", "bool", "number"):
            if text == "int" and re.search("dtype", name):
                return getattr(torch, rng.choice(DTYPES))
            if text == "int" and re.search("memory_format", name):
                return rng.choice([torch.contiguous_format, torch.preserve_format, torch.channels_last])
            if text == "int" and name == "layout" or text == "bool" and name == "pin_memory":
                raise LookupError
            return self.number(text, name)
        raise LookupError(text)


WORDS = {
    "ord": ["fro", "nuc"], "mode": ["reduced", "complete", "r", "constant", "reflect", "mean"],
    "reduce": ["sum", "mean", "prod", "amax", "amin", "x"], "rounding_mode": ["floor", "trunc", "x"],
    "indexing": ["ij", "xy"], "UPLO": ["L", "U"], "norm": ["ortho", "forward", "backward", "x"],
    "interpolation": ["linear", "lower", "higher", "midpoint", "nearest"], "side": ["left", "right", "x"],
    "driver": ["gelsd", "gelsy", "gels"], "equation": ["ij,jk->ik", "ij->ji", "i,j", "...i->...", "ii"],
    "approximate": ["none", "tanh"], "padding": ["same", "valid"], "pad_mode": ["reflect", "constant"],
}  # fmt: skip


def targets() -> dict[str, tuple]:
    """Operators by name: where users find them, and the signatures they take."""
    found: dict[str, list] = {}
    for schema in torch._C._jit_get_all_schemas():
        if not schema.name.startswith("aten::"):
            continue
        name = schema.name[6:]
        scripts = schema.arguments and schema.arguments[0].name in ("a", "t", "l", "self") and not any(
            "Tensor" in str(a.type) for a in schema.arguments)  # TorchScript's numbers and lists
        if scripts or any(a.is_out for a in schema.arguments):
            continue
        if not SKIP.match(name) and name not in RANDOM:
            found.setdefault(name, []).append(schema)
    made = {}
    for name, schemas in sorted(found.items()):
        where = [p for p in places(name) if callable(lookup(torch, p))]
        if where:
            made[name] = (where, schemas)
    return made


def places(name: str) -> list[str]:
    """Where users find an operator."""
    for prefix in ("linalg_", "fft_", "special_"):
        if name.startswith(prefix):
            return [f"{prefix[:-1]}.{name[len(prefix):]}"]
    return [name, f"Tensor.{name}"] if lookup(torch, name) else [f"Tensor.{name}", f"nn.functional.{name}"]


def lookup(library, path: str):
    for part in path.split("."):
        library = getattr(library, part, None)
    return library


def arguments(rng: random.Random, schema) -> tuple[tuple, dict]:
    """Random arguments of a signature; LookupError where it takes what is not drawn here."""
    maker, args, kwargs, named = Maker(rng), [], {}, False
    for k, a in enumerate(schema.arguments):
        if a.has_default_value() and rng.random() < 0.6:
            named = True
            continue
        text = str(a.real_type if hasattr(a, "real_type") else a.type)
        text = text.replace("SymInt", "int").replace("ScalarType", "int")
        if a.name in ("generator", "device", "layout", "pin_memory", "names", "stable_sort"):
            continue
        if text in ("str", "Optional[str]"):
            value = rng.choice([None] * ("Opt" in text) + WORDS.get(a.name, ["none"]))
        elif text == "Optional[int]" and a.name == "dtype" or a.name == "dtype":
            value = getattr(torch, rng.choice(DTYPES))
        elif text == "Optional[int]" and a.name == "memory_format":
            value = rng.choice([torch.contiguous_format, torch.preserve_format, torch.channels_last])
        else:
            value = maker.value(text, a.name, k == 0)
        if a.kwarg_only or named or k > 0 and rng.random() < 0.1:
            kwargs[a.name], named = value, True
        else:
            args.append(value)
    return tuple(args), kwargs


def shown(x) -> str:
    """An argument as text that a person can type in."""
    if isinstance(x, torch.Tensor):
        extra = "" if x.is_contiguous() else f"/{tuple(x.stride())}"
        grad = " grad" if x.requires_grad else ""
        values = f" {x.tolist()}" if 0 < x.numel() < 3 else ""
        return f"{str(x.dtype)[6:]}{list(x.shape)}{extra}{grad}{values}"
    if type(x) in (tuple, list):
        return "(" + ", ".join(map(shown, x)) + ")"
    return repr(x)


def outcome(f, args, kwargs):
    try:
        got = f(*args, **kwargs)
        return got, None
    except Exception as e:  # noqa: BLE001
        return None, e


def exact(got, want) -> None:
    """Strides of strided results."""
    for g, w in zip(flat(got), flat(want)):
        if isinstance(w, torch.Tensor) and w.layout is torch.strided and w.numel():
            a, b = tuple(g.stride()), tuple(w.stride())
            assert all(n == 1 or i == j for n, i, j in zip(w.shape, a, b)), f"{list(w.shape)}: strides {a}, torch {b}"


def gradients(library, got, args, kwargs):
    """Gradients of the tensors among the arguments; None if there is nothing to differentiate."""
    leaves = [v for v in flat([args, kwargs]) if isinstance(v, library.Tensor) and v.requires_grad]
    outs = [v for v in flat(got) if isinstance(v, library.Tensor) and v.requires_grad]
    if not leaves or not outs:
        return None
    ones = [library.ones_like(o) for o in outs]
    found = library.autograd.grad(outs, leaves, ones, allow_unused=True)
    return [library.zeros_like(x) if g is None else g for g, x in zip(found, leaves)]


def compare(path: str, theirs, ours, args, kwargs) -> tuple[str, str] | None:
    """The kind of difference and its text, or None."""
    try:
        mine, named = sharing(args, kwargs)
    except Inexpressible:
        return None
    want, error = outcome(theirs, args, kwargs)

    def call():
        got = ours(*mine, **named)
        force(got)
        return got

    got, failed = outcome(call, (), {})
    if error is not None:
        if failed is None:
            return "computes", f"torch {type(error).__name__}: {str(error)[:200]}"
        kinds = {c.__name__ for c in type(failed).__mro__}
        if type(error).__name__ not in kinds:
            return "type", (f"torch {type(error).__name__}: {str(error)[:200]} | "
                            f"numtorch {type(failed).__name__}: {str(failed)[:200]}")
        if not first_line(failed).startswith(first_line(error)):
            return "text", f"torch {first_line(error)} | numtorch {first_line(failed)}"
        return None
    if failed is not None:
        return "raises", f"numtorch {type(failed).__name__}: {str(failed)[:300]}"
    drawn = re.sub("^.*[.]|_$", "", path) in DRAWN
    for kind, check in (("kind", same_type), ("value", same), ("strides", exact)):
        if drawn and kind == "value":
            continue
        try:
            check(got, want)
        except Exception as e:  # noqa: BLE001
            return kind, " ".join(str(e).split("\n")[:6])[:300]
    if path.endswith("_") or drawn:
        return None
    want, error = outcome(gradients, (torch, want, args, kwargs), {})
    got, failed = outcome(gradients, (nt, got, mine, named), {})
    if type(error).__name__ != type(failed).__name__:
        return "grad", f"torch {error!r} | numtorch {failed!r}"[:300]
    try:
        same(got, want)
    except Exception as e:  # noqa: BLE001
        return "grad", " ".join(str(e).split("\n")[:6])[:300]
    return None


def first_line(e: Exception) -> str:
    return (str(e).splitlines() or [""])[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.calls", description=__doc__)
    parser.add_argument("--ops", default="", help="regular expression of function names")
    parser.add_argument("--calls", type=int, default=30, help="calls of a function")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default="computes,type,raises,kind,value,strides,grad")
    parser.add_argument("--verbose", "-v", type=int, nargs="?", const=2, default=1)
    parser.add_argument("--list", action="store_true", help="only the functions")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    totals: dict[str, int] = defaultdict(int)
    calls = good = 0
    for name, (where, schemas) in targets().items():
        if not re.search(args.ops, name):
            continue
        lacking = [p for p in where if not callable(lookup(nt, p))]
        if args.list or lacking:
            print(name if args.list else f"{lacking} missing", flush=True)
            continue
        found: dict[str, list[str]] = defaultdict(list)
        for k in range(args.calls):
            rng = random.Random(f"{name} {args.seed} {k}")
            schema, path = rng.choice(schemas), rng.choice(where)
            try:
                a, kw = arguments(rng, schema)
            except LookupError:
                continue
            except NotImplementedError:  # torch has no random values of this type
                continue
            if path.startswith("Tensor.") and not (a and isinstance(a[0], torch.Tensor)):
                path = where[0]
            text = f"[{k}] {path}({', '.join([*map(shown, a), *(f'{n}={shown(v)}' for n, v in kw.items())])})"
            print(text, file=sys.stderr, flush=True)
            calls += 1
            different = compare(path, lookup(torch, path), lookup(nt, path), a, kw)
            good += different is None
            if different is not None:
                found[different[0]].append(f"{text}: {different[1]}")
                totals[different[0]] += 1
        for kind, texts in found.items():
            if kind in args.kinds.split(","):
                print(f"{name} {kind} {len(texts)}", flush=True)
                for t in texts[: args.verbose]:
                    print(f"    {t}", flush=True)
    print(f"{calls} calls, {good} equal; " + ", ".join(f"{k} {n}" for k, n in sorted(totals.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
