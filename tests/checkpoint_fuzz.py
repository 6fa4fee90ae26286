"""Damaged and hostile checkpoints: each must load right or raise a clear error, and run no code.

    python -m tests.checkpoint_fuzz --count 10000 --seed 0

Prints a table of outcomes; exit status 1 if a file ran code, crashed, took much memory or time, or
gave an error of another type.
"""

from __future__ import annotations

import argparse
import collections
import io
import os
import pickle
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
import zipfile

import numpy as np
import numtorch as torch
from numtorch._serialization.archive import Writer

ALLOWED = (RuntimeError, pickle.UnpicklingError, EOFError, ValueError)
FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.remove", "os.rename", "os.mkdir",
    "subprocess.Popen", "socket.connect", "pickle.find_class", "shutil.rmtree", "os.fork",
)  # fmt: skip
SECONDS, MEGABYTES = 5.0, 400  # of CPU time


# ---------------------------------------------------------------- the sound files


def sample():
    """Tensors of many kinds: aliases, parameters, dtypes, containers."""
    torch.manual_seed(0)
    base = torch.arange(60.0).reshape(6, 10)
    linear = torch.nn.Linear(7, 5)
    return {
        "model": linear.state_dict(),
        "base": base, "view": base[2:4, ::3], "turned": base.t(),
        "weight": torch.nn.Parameter(torch.ones(4, 3)),
        "kinds": [torch.ones(3, dtype=d) for d in (torch.int64, torch.bool, torch.bfloat16,
                                                   torch.float16, torch.complex64)],
        "sparse": torch.eye(4).to_sparse(), "csr": torch.eye(3).to_sparse_csr(),
        "step": 12, "rate": 1e-3, "name": "adam", "flags": (True, None), "set": {1, 2},
        "size": torch.Size([2, 3]), "dtype": torch.float64, "empty": torch.ones(0, 3),
        "big": 10**40, "nested": {"a": [{"b": (1, [2])}]},
    }  # fmt: skip


def saved(legacy: bool) -> bytes:
    """The sample as a file."""
    out = io.BytesIO()
    torch.save(sample(), out, _use_new_zipfile_serialization=not legacy)
    return out.getvalue()


def archive(body: bytes, records: dict[str, bytes]) -> bytes:
    """A sound zip around any pickle."""
    out = io.BytesIO()
    writer = Writer(out, "archive")
    writer.add("data.pkl", body)
    for name, content in records.items():
        writer.add(name, content)
    writer.add("version", b"3\n")
    writer.close()
    return out.getvalue()


# ---------------------------------------------------------------- mutations of bytes


def truncated(r: random.Random, data: bytes) -> bytes:
    return data[: r.randrange(len(data))]


def flipped(r: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(r.choice((1, 1, 1, 2, 8, 64))):
        out[r.randrange(len(out))] ^= 1 << r.randrange(8)
    return bytes(out)


def overwritten(r: random.Random, data: bytes) -> bytes:
    out, n = bytearray(data), r.choice((1, 4, 16, 200))
    at = r.randrange(len(out))
    fill = r.choice((b"\0" * n, b"\xff" * n, r.randbytes(n)))
    out[at : at + n] = fill
    return bytes(out)


def spliced(r: random.Random, data: bytes) -> bytes:
    a, b = sorted((r.randrange(len(data)), r.randrange(len(data))))
    kind = r.randrange(3)
    if kind == 0:
        return data[:a] + data[b:]
    if kind == 1:
        return data[:b] + data[a:]
    c = r.randrange(len(data))
    return data[:c] + data[a : min(b, a + 300)] + data[c:]


def number_changed(r: random.Random, data: bytes) -> bytes:
    """A length, count or offset somewhere becomes huge, negative or zero."""
    out = bytearray(data)
    at = r.randrange(max(len(out) - 8, 1))
    value = r.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, r.randrange(1 << 32)))
    out[at : at + 4] = struct.pack("<I", value)
    return bytes(out)


BYTES = (truncated, flipped, overwritten, spliced, number_changed)


# ---------------------------------------------------------------- mutations of the zip


def entries(data: bytes) -> list[int]:
    """Where the directory's entries start."""
    found, at = [], data.find(b"PK\1\2")
    while at >= 0:
        found.append(at)
        at = data.find(b"PK\1\2", at + 4)
    return found


def directory_changed(r: random.Random, data: bytes) -> bytes:
    """One field of the zip's directory: method, flags, sizes, offset, checksum, name length."""
    out, at = bytearray(data), r.choice(entries(data))
    field, width = r.choice(((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)))
    value = r.choice((0, 1, 8, 0xFFFFFFFF, 0x7FFFFFFF, r.randrange(1 << 16))) % (1 << (8 * width))
    out[at + field : at + field + width] = value.to_bytes(width, "little")
    if field in (20, 24) and r.random() < 0.5:  # both sizes agree, as in a zip bomb
        out[at + 20 : at + 28] = value.to_bytes(4, "little") * 2
    return bytes(out)


def records_swapped(r: random.Random, data: bytes) -> bytes:
    """Two records change places in the directory, or get each other's place."""
    out, (a, b) = bytearray(data), r.sample(entries(data), 2)
    for field, width in r.choice((((42, 4),), ((16, 12), (42, 4)), ((16, 4),))):
        x, y = out[a + field : a + field + width], out[b + field : b + field + width]
        out[a + field : a + field + width], out[b + field : b + field + width] = y, x
    return bytes(out)


def repacked(r: random.Random, data: bytes) -> bytes:
    """The records again with Python's zipfile: others missing, renamed, twice, compressed."""
    out = io.BytesIO()
    kind = r.choice(("missing", "renamed", "twice", "compressed", "content", "same", "longer"))
    with zipfile.ZipFile(io.BytesIO(data)) as z, zipfile.ZipFile(out, "w") as w, \
            warnings.catch_warnings():  # fmt: skip
        warnings.simplefilter("ignore")  # zipfile warns of equal names
        names = z.namelist()
        chosen = r.choice(names)
        for name in names:
            content, how = z.read(name), zipfile.ZIP_STORED
            if name == chosen:
                if kind == "missing":
                    continue
                name = r.choice(("../x", "/etc/x", "a/b", "archive/")) if kind == "renamed" else name
                how = zipfile.ZIP_DEFLATED if kind == "compressed" else how
                content = flipped(r, content) if kind == "content" and content else content
                content = content + b"\0" * 100 if kind == "longer" else content
                if kind == "twice":
                    w.writestr(name, content)
            w.writestr(name, content, how)
    return out.getvalue()


ZIP = (directory_changed, records_swapped, repacked)


# ---------------------------------------------------------------- mutations of the pickle


def records_of(data: bytes) -> dict[str, bytes]:
    """Records of a zip by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        return {n.partition("/")[2]: z.read(n) for n in z.namelist()}


def pickle_changed(r: random.Random, data: bytes) -> bytes:
    """Another pickle in a sound zip: the checksums agree, so the machine must find the fault."""
    records = records_of(data)
    body = records.pop("data.pkl")
    for _ in range(r.choice((1, 1, 2, 5))):
        body = r.choice((*BYTES, operand_inserted, number_swapped))(r, body) or b"."
    return archive(body, {n: c for n, c in records.items() if n.startswith("data/")})


def operand_inserted(r: random.Random, body: bytes) -> bytes:
    at = r.randrange(len(body))
    return body[:at] + bytes([r.choice(b"(.0125NKMJGXcRbtasuqhQ)}]le\x81\x85\x86\x87\x88\x8a\x8b")]) + body[at:]


def number_swapped(r: random.Random, body: bytes) -> bytes:
    """One small number (a size, stride, offset or count) becomes another."""
    places = [i for i in range(len(body) - 1) if body[i : i + 1] == b"K"]
    if not places:
        return body
    at = r.choice(places)
    new = r.choice((
        b"J" + struct.pack("<i", r.choice((-1, -5, 2**31 - 1, 10**6))), b"K\0", b"K\xff", b"N",
        b"\x8a\x09" + (2**64).to_bytes(9, "little"), b"\x8a\x08" + (2**62).to_bytes(8, "little"),
        b"\x88", b"G" + struct.pack(">d", 1e30), b"X\1\0\0\0a", b")", b"]",
    ))  # fmt: skip
    return body[:at] + new + body[at + 2 :]


def global_(name: str) -> bytes:
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def text(s: str) -> bytes:
    encoded = s.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def hostile(r: random.Random, canary: str) -> bytes:
    """A pickle that would run code, or exhaust something, in a machine that trusts it."""
    touch = f"touch {canary}"
    code = f"open({canary!r}, 'w').close()"
    call = r.choice((
        ("os.system", touch), ("posix.system", touch), ("nt.system", touch),
        ("subprocess.getoutput", touch), ("subprocess.Popen", touch), ("builtins.exec", code),
        ("builtins.eval", code), ("__builtin__.eval", code), ("builtins.__import__", "os"),
        ("builtins.open", canary), ("builtins.compile", code), ("builtins.getattr", "x"),
        ("importlib.import_module", "os"), ("runpy.run_path", canary), ("pickle.loads", "x"),
        ("torch.load", canary), ("torch.save", canary), ("torch.hub.load", "x"),
        ("numtorch.load", canary), ("torch._utils._rebuild_tensor_v2.__globals__", "x"),
        ("torch.nn.Module", "x"), ("torch.serialization.load", canary), ("code.interact", "x"),
        ("numpy.load", canary), ("numpy.core.multiarray.scalar", "x"), ("numpy.fromfile", canary),
        ("torch.storage._load_from_bytes", "x"), ("timeit.timeit", code), ("shutil.rmtree", canary),
        ("ctypes.CDLL", "libc.so.6"), ("socket.create_connection", "x"), ("sys.exit", "1"),
        ("collections.OrderedDict.fromkeys", "abc"), ("torch.Size.__class__", "x"),
        ("torch.jit._unwrap_optional", "x"), ("webbrowser.open", "x"), ("bdb.Bdb", "x"),
    ))  # fmt: skip
    name, argument = call
    reduce = global_(name) + text(argument) + b"\x85R"
    stack = text(name.rpartition(".")[0]) + text(name.rpartition(".")[2]) + b"\x93"
    ordered = global_("collections.OrderedDict") + b")R"
    tensor_call = global_("torch._utils._rebuild_tensor_v2")
    storage = (b"(" + text("storage") + global_("torch.FloatStorage") + text("0") + text("cpu")
               + b"K\x04tQ")  # fmt: skip
    depth = r.choice((10, 1000, 200_000))
    bodies = (
        reduce, stack + text(argument) + b"\x85R", global_(name) + b")\x81}" + text("a")
        + b"K\1sb", b"(" + text(argument) + f"i{name.rpartition('.')[0]}\n".encode()
        + f"{name.rpartition('.')[2]}\n".encode(), b"(" + global_(name) + text(argument) + b"o",
        ordered + b"}" + text("__class__") + global_("torch.Tensor") + b"sb",
        ordered + b"}" + text("__reduce__") + b"K\1sb", ordered + b"K\1b",
        global_("torch._tensor._rebuild_from_type_v2") + b"(" + global_("torch.Size")
        + global_("torch.Tensor") + b")}t" + b"R",
        global_("torch._tensor._rebuild_from_type_v2") + b"(" + tensor_call
        + global_("torch.Tensor") + b"(" + storage + b"K\0K\4\x85K\1\x85\x89" + ordered + b"t}"
        + text(r.choice(("_v", "__class__", "_st", "numpy", "grad", "_rg"))) + b"K\1stR",
        tensor_call + b"(" + storage + b"K\0" + r.choice((b"K\5", b"J\xff\xff\xff\xff", b"N"))
        + b"\x85" + r.choice((b"K\1", b"K\x63", b"J\xff\xff\xff\xff")) + b"\x85\x89" + ordered + b"tR",
        tensor_call + b"(" + storage + r.choice((b"K\4", b"J\xff\xff\xff\xff", b"\x8a\x08" + b"\xff" * 7
        + b"\x7f")) + b"K\4\x85K\1\x85\x89" + ordered + b"tR",
        tensor_call + b"(" + storage + b"K\0(" + b"\x8a\x08\0\0\0\0\0\0\0\x10" * r.choice((1, 3))
        + b"t(" + b"K\0" * 3 + b"t\x89" + ordered + b"tR",
        b"(" + text("storage") + global_("torch.FloatStorage") + text(r.choice(("0", "9", "../x")))
        + text("cpu") + r.choice((b"J\xff\xff\xff\xff", b"J\xff\xff\xff\x7f", b"K\3", b"\x88",
                                 b"\x8a\x08" + b"\xff" * 7 + b"\x7f")) + b"tQ",
        b"(" + text(r.choice(("storage", "module", "x"))) + b"tQ", b"K\1Q", b"(tQ",
        global_("torch.FloatTensor") + b"J\xff\xff\xff\x7f\x85R",
        global_("torch.Tensor") + b"J\xff\xff\xff\x7f\x85R",
        global_("builtins.bytearray") + b"J\xff\xff\xff\x7f\x85R",
        global_("torch.nn.parameter.Parameter") + b"K\1\x85\x81",
        global_("torch.Size") + text("ab") + b"\x85R",
        b"N" + b"\x85" * depth, b"]" * depth + b"a" * (depth - 1), b"}" + b"N" + b"\x85" * depth + b"K\1s",
        b"(" * depth, b"N" + b"2" * depth + b"t", b"}" * depth, b"\x8f(" + b"N" + b"\x85" * depth + b"\x90",
        b"}N" + b"q\0h\0\x86" * min(depth, 60) + b"K\1s",  # a key whose hash takes 2**60 steps
        b"}N" + b"2\x86" * min(depth, 60) + b"K\1s",
        b"X" + struct.pack("<I", 0xFFFFFFFF) + b"x", b"\x8d" + struct.pack("<Q", 1 << 62) + b"x",
        b"\x8e" + struct.pack("<Q", 1 << 50), b"\x8b" + struct.pack("<i", -1), b"\x8b"
        + struct.pack("<i", 2**31 - 1) + b"\1", b"T" + struct.pack("<i", -5) + b"x",
        b"\x95" + struct.pack("<Q", 1 << 60) + b"N", b"h\x07", b"j" + struct.pack("<I", 1 << 31),
        b"]q\0h\0a", b"}q\0(K\1h\0u", b"r" + struct.pack("<I", 0xFFFFFFFF), b"\x94", b"0" * 10,
        b"I" + b"9" * 10_000 + b"\n", b"L" + b"9" * 5000 + b"L\n", b"Fnan\n", b"c" + b"a" * 5000,
        b"\x80\xff", b"\x80\x05", b"P1\n", b"\x97", b"\x82\1", b"\x84\1\1\1\1",
    )  # fmt: skip
    body = r.choice(bodies)
    if r.random() < 0.3:
        body = b"]" + body + b"a"
    return archive(b"\x80\x02" + body + b".", {"data/0": struct.pack("<4f", 1, 2, 3, 4)})


# ---------------------------------------------------------------- the run


class Guard:
    """Notes what the interpreter does while a file is loaded."""

    def __init__(self):
        self.on, self.seen = False, []
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple) -> None:
        if self.on and event in FORBIDDEN:
            self.seen.append((event, str(args)[:100]))


def touch(x, seen: set) -> None:
    """Reads every tensor: a wrong layout would crash here."""
    stack = [x]
    while stack:
        x = stack.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, torch.Tensor):
            if x.is_sparse or x.layout is not torch.strided:
                if x.numel() < 1 << 20:
                    x.to_dense().detach().sum().item()
            elif x.numel() < 1 << 20:
                x.detach().float().sum().item() if x.dtype.kind != "c" else x.tolist()
        elif isinstance(x, dict):
            stack += [*x.keys(), *x.values()]
        elif isinstance(x, (list, tuple, set, frozenset)):
            stack += x


def same(a, b) -> bool:
    """True if two loaded samples are equal."""
    if isinstance(a, torch.Tensor):
        if type(a) is not type(b) or a.shape != b.shape or a.dtype is not b.dtype:
            return False
        if a.layout is not torch.strided:
            return a.layout is b.layout and same(a.to_dense(), b.to_dense())
        return a.stride() == b.stride() and bool(np.array_equal(a.tolist(), b.tolist()))
    if isinstance(a, dict):
        return type(a) is type(b) and [*a] == [*b] and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b


def mutations(r: random.Random, count: int, canary: str):
    """(kind, bytes, True if a load must give the sample) for each file."""
    new, old = saved(False), saved(True)
    for k in range(count):
        kind = k % 10
        if kind in (0, 1, 2):
            f = r.choice(BYTES)
            yield f"zip: bytes {f.__name__}", f(r, new), True
        elif kind in (3, 4):
            f = r.choice(ZIP)
            # repacked: with sound checksums its content may be another one
            yield f"zip: {f.__name__}", f(r, new), f is not repacked
        elif kind in (5, 6):
            yield "pickle changed, sound zip", pickle_changed(r, new), False
        elif kind in (7, 8):
            yield "hostile pickle", hostile(r, canary), False
        else:
            f = r.choice(BYTES)
            yield f"old format: bytes {f.__name__}", f(r, old), False


def load(data: bytes, mmap_path: str | None):
    if mmap_path is None:
        return torch.load(io.BytesIO(data))
    with open(mmap_path, "wb") as file:
        file.write(data)
    return torch.load(mmap_path, mmap=True)


def run(count: int, seed: int, verbose: bool = False) -> tuple[dict, list[str]]:
    """(outcomes by kind, faults) of `count` files."""
    r, guard = random.Random(seed), Guard()
    sys.dont_write_bytecode = True  # imports write files too
    outcomes: dict = collections.defaultdict(collections.Counter)
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        canary = os.path.join(folder, "canary")
        original = torch.load(io.BytesIO(saved(False)))
        touch(original, set())
        start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for k, (kind, data, checked) in enumerate(mutations(r, count, canary)):
            began, found = time.process_time(), None
            path = os.path.join(folder, "m.pt") if k % 7 == 0 and data[:2] == b"PK" else None
            guard.on = True
            try:
                found = load(data, path)
                guard.on = False
                touch(found, set())
                outcome = "loaded"
                if checked and path is None:
                    outcome = "loaded, equal"
                    if not same(found, original):
                        faults.append(f"{k} {kind}: another content was loaded")
            except ALLOWED as e:
                outcome = type(e).__name__
                if not isinstance(e, EOFError) and len(str(e)) < 10:
                    faults.append(f"{k} {kind}: {type(e).__name__} says only {str(e)!r}")
            except BaseException as e:
                outcome = f"FAULT {type(e).__name__}"
                faults.append(f"{k} {kind}: {type(e).__name__}: {str(e)[:200]}")
            guard.on = False
            seconds = time.process_time() - began
            if seconds > SECONDS:
                faults.append(f"{k} {kind}: took {seconds:.1f} s")
            if guard.seen or os.path.exists(canary):
                faults.append(f"{k} {kind}: ran {guard.seen or 'code'}")
                guard.seen.clear()
            outcomes[kind][outcome] += 1
            if verbose:
                print(k, kind, outcome, f"{seconds:.3f} s")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024
        if grown > MEGABYTES:
            faults.append(f"the process grew by {grown:.0f} MB")
        outcomes["memory"][f"grew by {grown:.0f} MB"] = 1
    return outcomes, faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    began = time.perf_counter()
    outcomes, faults = run(options.count, options.seed, options.v)
    total: collections.Counter = collections.Counter()
    for kind in sorted(outcomes):
        found = outcomes[kind]
        if kind != "memory":
            total.update(found)
        print(f"{kind:32} {sum(found.values()):6}  "
              + ", ".join(f"{name} {n}" for name, n in found.most_common()))  # fmt: skip
    print(f"{'all':32} {sum(total.values()):6}  "
          + ", ".join(f"{name} {n}" for name, n in total.most_common()))  # fmt: skip
    print(f"{len(faults)} faults in {time.perf_counter() - began:.0f} s")
    for fault in faults[:40]:
        print(" ", fault)
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
