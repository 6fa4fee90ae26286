"""`python -m tests.conformance.strides`: strides of results, for operands in many layouts.

torch's samples of each function are run again with their tensors laid out in other ways: dims
swapped, reversed, channels last, with gaps. A line per function says how many results have other
strides than torch's; the values are compared too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import warnings

import torch

from .runner import RANDOM, detach, flat, same
from .translate import Inexpressible, resolve, to_nt


def _turned(x: torch.Tensor, order) -> torch.Tensor:
    """A copy whose dims lie in memory in this order."""
    back = sorted(range(len(order)), key=order.__getitem__)
    return x.permute(order).contiguous().permute(back)


def _swapped(x):
    return x.mT.contiguous().mT if x.dim() > 1 else x


def _reversed(x):
    return _turned(x, tuple(reversed(range(x.dim())))) if x.dim() > 1 else x


def _last(x):
    return _turned(x, (0, *range(2, x.dim()), 1)) if x.dim() in (3, 4, 5) else _swapped(x)


def _gaps(x):
    if not x.dim() or x.dtype is torch.bool and not x.numel():
        return x
    wide = torch.repeat_interleave(x, 2, -1)
    return (_swapped(wide) if x.dim() > 1 else wide)[..., ::2]


LAYOUTS = {"as they are": lambda x: x, "swapped": _swapped, "reversed": _reversed,
           "channels last": _last, "gaps": _gaps}  # fmt: skip


def laid_out(x, make):
    """Arguments with every plain tensor in another layout."""
    if isinstance(x, torch.Tensor):
        if x.layout is not torch.strided or x.is_conj() or x.is_neg():
            return x
        return make(x.detach())
    if isinstance(x, (tuple, list)) and not isinstance(x, torch.Size):
        made = [laid_out(v, make) for v in x]
        return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)
    if isinstance(x, dict):
        return {k: laid_out(v, make) for k, v in x.items()}
    return x


def check(op, dtype: torch.dtype, samples: int) -> dict:
    """Results that were compared, and those with other strides or values."""
    f = resolve(op)
    found = {"checked": 0, "strides": [], "values": []}
    if f is None or dtype not in op.dtypes:
        return found
    torch.manual_seed(0)
    given = itertools.islice(op.sample_inputs("cpu", dtype), samples)
    for k, sample in enumerate(given):
        for name, make in LAYOUTS.items():
            args = laid_out((sample.input, *sample.args), make)
            kwargs = laid_out(sample.kwargs, make)
            what = f"[{k}] {name}: " + ", ".join(
                f"{tuple(a.shape)}/{a.stride()}" if isinstance(a, torch.Tensor) else repr(a)[:40]
                for a in (*args, *kwargs.values())
            )
            try:
                mine = to_nt(args), to_nt(kwargs)
                want = flat(detach(op.op(*args, **kwargs)))
            except Exception:  # noqa: BLE001  (no sample in this layout)
                continue
            try:
                got = flat(f(*mine[0], **mine[1]))
            except Inexpressible:
                continue
            except Exception as e:  # noqa: BLE001
                found["values"].append(f"{what}: {type(e).__name__}: {e}"[:300])
                continue
            for g, w in zip(got, want):
                if not isinstance(w, torch.Tensor) or w.layout is not torch.strided:
                    continue
                found["checked"] += 1
                if tuple(g.stride()) != w.stride():
                    text = f"{what}: {tuple(w.shape)} {tuple(g.stride())}, torch {w.stride()}"
                    found["strides"].append(text)
                if op.name in RANDOM or sample.output_process_fn_grad is not None:
                    continue
                try:
                    same(g, w, what=op.name)
                except Exception as e:  # noqa: BLE001
                    found["values"].append(f"{what}: {str(e).splitlines()[:1]}"[:300])
    return found


def main() -> int:
    from torch.testing._internal.common_methods_invocations import op_db

    from .__main__ import functions

    parser = argparse.ArgumentParser(prog="python -m tests.conformance.strides", description=__doc__)
    parser.add_argument("--ops", default="", help="regular expression of function names")
    parser.add_argument("--nn", action="store_true", help="functions outside section 1 too")
    parser.add_argument("--samples", type=int, default=4, help="samples per function")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--verbose", "-v", type=int, nargs="?", const=2, default=0)
    parser.add_argument("--json", help="file for the results")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    rows: dict = {}
    for k, name in functions(args.ops, args.nn):
        row = rows[name] = check(op_db[k], getattr(torch, args.dtype), args.samples)
        if row["strides"] or row["values"]:
            print(f"{name:40s} {len(row['strides']):4d} strides, {len(row['values']):3d} values "
                  f"of {row['checked']}", flush=True)
            for kind in ("strides", "values"):
                for text in row[kind][: args.verbose]:
                    print(f"      {kind}: {text}")
    total, bad = (sum(n(r) for r in rows.values()) for n in (
        lambda r: r["checked"], lambda r: len(r["strides"])))  # fmt: skip
    other = sum(len(r["values"]) for r in rows.values())
    clean = sum(not r["strides"] and not r["values"] for r in rows.values())
    print(f"\n{clean} of {len(rows)} functions without a difference; of {total} results {bad} have "
          f"other strides, {other} other values")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(rows, file)
    return 0 if not bad and not other else 1


if __name__ == "__main__":
    sys.exit(main())
