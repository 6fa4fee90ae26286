"""`python -m tests.conformance.modules [--only REGEX]`: every Module of torch's sample database.

For each: repr, state_dict keys and order, loading torch's state, forward values, gradients of
inputs and parameters, train and eval, the state read back by torch, and the error cases.
"""

from __future__ import annotations

import argparse
import copy
import re
import sys
import types
import warnings

import numtorch as nt
import torch

from . import translate
from .runner import flat, same
from .translate import to_torch

COLUMNS = ("forward", "gradients", "state", "repr", "errors")
RANDOM = re.compile("Dropout|RReLU|FractionalMaxPool")


def to_nt(x):
    """As translate.to_nt; also modules (with torch's state), functions of layers and options."""
    if isinstance(x, (tuple, list)) and not hasattr(x, "_fields") and not isinstance(x, torch.Size):
        return type(x)(to_nt(v) for v in x)
    if isinstance(x, dict):
        return {k: to_nt(v) for k, v in x.items()}
    if isinstance(x, torch.nn.TransformerEncoderLayer):
        return encoder_layer(x)
    if isinstance(x, types.BuiltinFunctionType):
        return getattr(nt.nn.functional, x.__name__)
    return translate.to_nt(x)


def encoder_layer(x):
    """numtorch's layer of the same sizes and state as torch's."""
    made = nt.nn.TransformerEncoderLayer(
        x.self_attn.embed_dim, x.self_attn.num_heads, x.linear1.out_features, x.dropout.p,
        getattr(nt.nn.functional, x.activation.__name__), x.norm1.eps, x.self_attn.batch_first,
        x.norm_first, x.linear1.bias is not None)  # fmt: skip
    made.load_state_dict({k: to_nt(v) for k, v in x.state_dict().items()})
    return made


class Row:
    """Checks of one Module class."""

    def __init__(self, info):
        self.info, self.name = info, info.module_cls.__name__
        self.counts = dict.fromkeys(COLUMNS, 0)
        self.wrong: dict[str, list[str]] = {c: [] for c in COLUMNS}
        self.cls = getattr(nt.nn, self.name, None)

    def check(self, column: str, what: str, f) -> bool:
        self.counts[column] += 1
        try:
            f()
        except Exception as e:
            text = " ".join(f"{type(e).__name__}: {e}".split())
            self.wrong[column].append(f"{what}: {text[:400]}")
            return False
        return True

    def run(self) -> Row:
        if self.cls is None:
            return self
        for training in (True, False):
            inputs = self.info.module_inputs_func(
                self.info, "cpu", torch.float32, requires_grad=True, training=training
            )
            for k, case in enumerate(inputs):
                what = f"{'train' if training else 'eval'}[{k}] {case.desc}"
                self.case(what, case, training)
        if self.info.module_error_inputs_func is not None:
            self.errors()
        return self

    def case(self, what: str, case, training: bool) -> None:
        c, f = case.constructor_input, case.forward_input
        torch.manual_seed(0)
        theirs = self.info.module_cls(*c.args, **c.kwargs)
        theirs.train(training)
        made = []

        def build() -> None:
            made.append(self.cls(*to_nt(c.args), **to_nt(c.kwargs)))

        if not self.check("state", what, build):
            return
        ours = made[0].train(training)
        self.check("repr", what, lambda: same(repr(ours), repr(theirs)))
        if not self.check("state", what, lambda: self.states(ours, theirs)) or f is None:
            return
        # A tensor that is given twice is one tensor here too.
        same_tensor = {id(v): to_nt(v) for v in f.args}
        args, kwargs = tuple(same_tensor[id(v)] for v in f.args), to_nt(f.kwargs)
        if self.name.startswith("Lazy"):
            theirs(*f.args, **f.kwargs)
            if not self.check("forward", what, lambda: ours(*args, **kwargs)):
                return
            if not self.check("state", what, lambda: self.states(ours, theirs)):
                return
        try:
            want = theirs(*f.args, **f.kwargs)
        except Exception as e:
            self.check("errors", what, lambda e=e: raises(e, lambda: ours(*args, **kwargs)))
            return
        got = []
        if not self.check("forward", what, lambda: got.append(ours(*args, **kwargs))):
            return
        if RANDOM.search(self.name) and training:
            return
        close = {"rtol": 1e-4, "atol": 1e-5}
        if not self.check("forward", what, lambda: same(plain(got[0]), plain(want), **close)):
            return
        self.check("gradients", what, lambda: self.gradients(ours, theirs, args, f, got[0], want))
        self.check("state", what, lambda: same(
            [to_torch(v) for v in ours.state_dict().values()], list(theirs.state_dict().values()), **close))

    def states(self, ours, theirs) -> None:
        want = theirs.state_dict()
        assert list(ours.state_dict()) == list(want), f"{list(ours.state_dict())} != {list(want)}"
        if any(isinstance(v, torch.nn.parameter.UninitializedTensorMixin) for v in want.values()):
            return
        ours.load_state_dict({k: to_nt(v) for k, v in want.items()})
        theirs.load_state_dict({k: to_torch(v) for k, v in ours.state_dict().items()})

    def gradients(self, ours, theirs, args, f, got, want) -> None:
        mine = [v for v in flat(args) if isinstance(v, nt.Tensor) and v.requires_grad]
        mine += [p for p in ours.parameters() if p.requires_grad]
        gots = gradients_of(nt, got, mine)
        wants = gradients_of(torch, want, leaves(theirs, f.args))
        if wants is None:
            return
        for k, (g, w) in enumerate(zip(gots, wants, strict=True)):
            if w is None and g is None:
                continue
            w = w.to_dense() if w is not None and w.is_sparse else w
            g = g.to_dense() if getattr(g, "is_sparse", False) else g
            scale = max(1.0, float(w.detach().abs().max())) if w is not None and w.numel() else 1.0
            try:
                same(g, w, rtol=1e-4, atol=2e-5 * scale)
            except AssertionError:
                if w is None or g is None or w.shape != tuple(g.shape):
                    raise
                exact = double_gradients(theirs, f)[k]
                if (to_torch(g) - exact).abs().max() > (w - exact).abs().max():
                    raise

    def errors(self) -> None:
        cases = self.info.module_error_inputs_func(
            self.info, "cpu", torch.float32, requires_grad=False, training=False)
        for k, case in enumerate(cases):
            c = case.module_error_input.constructor_input
            f = case.module_error_input.forward_input

            def call(lib, move, c=c, f=f):
                m = (self.info.module_cls if lib is torch else self.cls)(*move(c.args), **move(c.kwargs))
                return m(*move(f.args), **move(f.kwargs))

            def attempt(call=call) -> None:
                try:
                    call(torch, lambda x: x)
                except Exception as e:
                    want = e
                else:
                    return
                raises(want, lambda: call(nt, to_nt))

            self.check("errors", f"error[{k}]", attempt)


def leaves(module, args) -> list:
    found = [v for v in flat(args) if isinstance(v, torch.Tensor) and v.requires_grad]
    return found + [p for p in module.parameters() if p.requires_grad]


def gradients_of(lib, result, inputs):
    """Of a weighted sum of all outputs; None where nothing requires a gradient."""
    outs = [v for v in flat(plain(result)) if isinstance(v, lib.Tensor) and v.requires_grad]
    if not outs:
        return None
    total = sum(
        (v * lib.linspace(0.5, 1.5, v.numel(), dtype=v.dtype).reshape(v.shape)).sum() for v in outs
    )
    return lib.autograd.grad(total, inputs, allow_unused=True)


def double_gradients(module, f):
    """torch's in float64: which of two results is right, where they differ by rounding."""
    module = copy.deepcopy(module).double()
    moved = {}

    def double(v):
        if not isinstance(v, torch.Tensor) or not v.is_floating_point():
            return tuple(map(double, v)) if type(v) is tuple else v
        if id(v) not in moved:
            moved[id(v)] = v.detach().double().requires_grad_(v.requires_grad)
        return moved[id(v)]

    args = tuple(map(double, f.args))
    out = module(*args, **{k: double(v) for k, v in f.kwargs.items()})
    return gradients_of(torch, out, leaves(module, args))


def raises(want: Exception, f) -> None:
    """f must raise what torch raised, or a subclass of it, at the latest when its value is read."""
    try:
        for v in flat(plain(f())):
            if isinstance(v, nt.Tensor) and v.numel():
                v.detach().reshape(-1)[0].item()
    except Exception as e:
        names = [t.__name__ for t in type(e).__mro__]
        assert type(want).__name__ in names, f"torch: {want!r}; numtorch: {e!r}"
    else:
        raise AssertionError(f"torch raised {want!r}")


def plain(x):
    """Packed sequences and named tuples as tuples."""
    if isinstance(x, (tuple, list)):
        return tuple(plain(v) for v in x)
    return x


def main() -> int:
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

    parser = argparse.ArgumentParser(prog="python -m tests.conformance.modules")
    parser.add_argument("--only", default="")
    parser.add_argument("-v", "--verbose", type=int, nargs="?", const=3, default=0)
    args = parser.parse_args()
    print(f"{'module':32s}" + "".join(f"{c:>12s}" for c in COLUMNS))
    good = total = 0
    for info in module_db:
        name = info.module_cls.__name__
        if not re.search(args.only, name) or "quant" in info.module_cls.__module__:
            continue
        row = Row(info).run()
        total += 1
        if row.cls is None:
            print(f"{name:32s}  MISSING", flush=True)
            continue
        good += not any(row.wrong.values())
        cells = [f"{len(w)} bad/{n}" if w else f"ok {n}" if n else "-" for n, w in
                 ((row.counts[c], row.wrong[c]) for c in COLUMNS)]
        print(f"{name:32s}" + "".join(f"{c:>12s}" for c in cells), flush=True)
        for c in COLUMNS:
            for text in row.wrong[c][: args.verbose]:
                print(f"      {c}: {text}")
    print(f"\n{good} of {total} modules without a difference")
    return 0 if good == total else 1


if __name__ == "__main__":
    sys.exit(main())
