"""torch.save and torch.load: files that PyTorch opens, files of PyTorch, options, errors."""

from __future__ import annotations

import io
import os
import pathlib
import pickle
import signal
import subprocess
import sys
from collections import Counter, OrderedDict

import numpy as np
import numtorch
import pytest
from numtorch._serialization import archive, names

torch = pytest.importorskip("torch")

from tests import checkpoint_cross, checkpoint_fuzz  # noqa: E402
from tests.checkpoint_cross import cross, equal_states  # noqa: E402

BOTH_WAYS = [(numtorch, torch), (torch, numtorch)]


def saved(obj, **options) -> bytes:
    out = io.BytesIO()
    numtorch.save(obj, out, **options)
    return out.getvalue()


def loaded(data: bytes, **options):
    return numtorch.load(io.BytesIO(data), **options)


def kinds(t) -> dict:
    """Values of every kind that weights_only=True allows."""
    dtypes = (t.bool, t.uint8, t.int8, t.int16, t.int32, t.int64, t.float16, t.bfloat16,
              t.float32, t.float64, t.complex64, t.complex128)  # fmt: skip
    with_attribute = t.ones(2)
    with_attribute.note = "kept"
    return {
        "dtypes": [t.ones(2, 3).to(d) for d in dtypes], "names": list(dtypes),
        "scalar": t.tensor(3), "empty": t.ones(0, 4), "grad": t.ones(2, requires_grad=True),
        "strided": t.arange(12.0).reshape(3, 4).t(), "sliced": t.arange(12.0)[1::3],
        "expanded": t.ones(1, 3).expand(4, 3),
        "parameter": t.nn.Parameter(t.ones(3)), "frozen": t.nn.Parameter(t.ones(1), False),
        "buffer": t.nn.Buffer(t.ones(2), persistent=False), "attribute": with_attribute,
        "numbers": [1, -1, 255, 65536, -(2**40), 2**200, 1.5, float("inf"), 2 + 3j, True, None],
        "texts": ["", "ascii", "caf\u00e9", b"bytes", bytearray(b"array")],
        "nested": [({"a": (1, [2, {3}])},), OrderedDict(x=1), Counter("aab")],
        "size": t.Size([2, 3]), "device": t.device("cpu"), "layout": t.strided,
        "coo": t.eye(3).to_sparse(), "rng": t.ones(4, dtype=t.uint8),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore:Sparse CSR")
@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("a, b", BOTH_WAYS)
def test_every_kind_crosses(a, b, as_zip):
    file = io.BytesIO()
    sent = kinds(a)
    sent["csr"] = a.eye(3).to_sparse_csr()
    a.save(sent, file, _use_new_zipfile_serialization=as_zip)
    file.seek(0)
    found = b.load(file)
    wanted = kinds(b)
    for key in ("coo", "csr"):
        assert found[key].layout == getattr(b, f"sparse_{key}")
        assert found.pop(key).to_dense().tolist() == sent.pop(key).to_dense().tolist()
    wanted.pop("coo")
    for key, value in wanted.items():
        if key in ("names", "device", "layout", "size"):
            assert found[key] == value, key
        else:
            equal_states(value, found[key], key)
    for key in ("strided", "sliced", "expanded"):
        assert found[key].stride() == wanted[key].stride(), key
        assert found[key].storage_offset() == wanted[key].storage_offset()
    assert type(found["parameter"]) is b.nn.Parameter and not found["frozen"].requires_grad
    assert found["grad"].requires_grad and found["grad"].is_leaf
    assert found["attribute"].note == "kept"
    assert isinstance(found["buffer"], b.nn.Buffer) and found["buffer"].persistent is False
    assert type(found["nested"][2]) is Counter and type(found["texts"][4]) is bytearray


@pytest.mark.parametrize("a, b", BOTH_WAYS)
def test_shared_memory_stays_shared(a, b):
    base = a.arange(12.0).reshape(3, 4)
    weight = a.nn.Parameter(a.ones(2, 2))
    sent = [base, base[1:], base.t(), base.view(-1)[::5], weight, weight, weight.detach()]
    x, rows, turned, steps, w1, w2, data = cross(a, b, sent)
    x[1, 1] = 99.0
    assert (rows[0, 1], turned[1, 1], steps[1]) == (99, 99, 99)
    rows.mul_(2)
    assert x[2, 3].item() == 22 and steps[0].item() == 0 and steps[1].item() == 198
    assert w1 is w2
    data.fill_(7)
    assert w1.tolist() == [[7, 7], [7, 7]]
    if b is numtorch:  # one storage in the file again
        assert "data/1" not in archive.Reader(io.BytesIO(saved([x, rows, turned]))).records


def test_attributes_of_tensors():
    """What the program set is kept, what the library keeps there is not."""
    layer = numtorch.nn.Linear(2, 2)
    w = layer.weight
    w.note, w._no_decay = [1, 2], True
    w.register_hook(lambda g: g)
    y = layer(numtorch.ones(1, 2))
    y.retain_grad()
    y.sum().backward()
    assert y.grad_fn is not None and w.view(-1).is_leaf is False
    for t in (numtorch, torch):
        found = cross(numtorch, t, [w, y.detach(), y])
        assert found[0].note == [1, 2] and found[0]._no_decay is True
        assert found[2].requires_grad and found[2].is_leaf
        assert not set(vars(found[1])) & {"note", "_no_decay"}
    copy = pickle.loads(pickle.dumps(w))
    assert copy.note == [1, 2] and copy._no_decay is True


def test_one_memory_as_two_dtypes_is_refused():
    x = numtorch.ones(4)
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        saved([x, x.view(numtorch.int32)])


@pytest.mark.parametrize("name", ["mlp", "tied", "half"])
def test_models_cross(name):
    for a, b in BOTH_WAYS:
        checkpoint_cross.check_model(a, b, name)


@pytest.mark.parametrize("name", ["AdamW"])
def test_optimizers_cross(name):
    for a, b in BOTH_WAYS:
        checkpoint_cross.check_optimizer(a, b, name)


@pytest.mark.filterwarnings("ignore:Detected call of")
def test_schedulers_cross():
    for name in checkpoint_cross.SCHEDULERS:
        for a, b in BOTH_WAYS:
            checkpoint_cross.check_scheduler(a, b, name)


def test_names_of_classes_are_torchs():
    """A class pickled by numtorch must be found by PyTorch, and the other way round."""
    count = 0
    for place in ("nn", "optim", "optim.lr_scheduler", "utils.data", "nn.utils.parametrizations"):
        ours, theirs = numtorch, torch
        for part in place.split("."):
            ours, theirs = getattr(ours, part), getattr(theirs, part)
        for name in dir(theirs):
            a, b = getattr(ours, name, None), getattr(theirs, name)
            if not isinstance(a, type) or not isinstance(b, type) or name.startswith("_"):
                continue
            wanted = (b.__module__, b.__qualname__)
            if not wanted[0].startswith("torch.") or name in ("Generator", "DataLoader"):
                continue
            assert names.torch_name(a) == wanted
            assert names.find(*wanted) is a
            count += 1
    assert count > 200
    for name in ("relu", "gelu", "silu", "cross_entropy"):
        f = getattr(numtorch.nn.functional, name)
        assert names.torch_name(f) == ("torch.nn.functional", name)
        assert cross(torch, numtorch, getattr(torch.nn.functional, name), False) is f
    assert cross(torch, numtorch, torch.tanh, weights_only=False) is numtorch.tanh


@pytest.mark.parametrize("a, b", BOTH_WAYS)
def test_whole_optimizers_cross(a, b):
    net = a.nn.Linear(2, 2)
    optimizer = a.optim.AdamW(net.parameters(), lr=0.1)
    scheduler = a.optim.lr_scheduler.StepLR(optimizer, 1)
    net(a.ones(1, 2)).sum().backward()
    optimizer.step()
    scheduler.step()
    net2, optimizer2, scheduler2 = cross(a, b, [net, optimizer, scheduler], weights_only=False)
    assert optimizer2.param_groups[0]["params"][0] is net2.weight
    for n, o, s, t in ((net, optimizer, scheduler, a), (net2, optimizer2, scheduler2, b)):
        o.zero_grad()
        n(t.ones(1, 2)).sum().backward()
        o.step()
        s.step()
    assert np.allclose(net.weight.tolist(), net2.weight.tolist(), 1e-6)
    assert scheduler2.get_last_lr() == scheduler.get_last_lr()


def test_generators():
    g = numtorch.Generator().manual_seed(3)
    numtorch.rand(5, generator=g)
    state, copy = loaded(saved([g.get_state(), g]))
    wanted = numtorch.rand(3, generator=g).tolist()
    assert numtorch.rand(3, generator=copy).tolist() == wanted
    assert numtorch.rand(3, generator=numtorch.Generator().set_state(state)).tolist() == wanted
    with pytest.raises(RuntimeError, match="another one. Seed it"):
        cross(torch, numtorch, torch.Generator(), weights_only=False)


def hook(module, args, output):
    return output * 2


@pytest.mark.parametrize("a, b", BOTH_WAYS)
def test_whole_models_keep_their_hooks(a, b):
    model = a.nn.Sequential(a.nn.Linear(2, 2), a.nn.Conv1d(1, 1, 3, padding="same"))
    model[0].register_forward_hook(hook)
    found = cross(a, b, model, weights_only=False)
    x = [[1.0, 2.0]]
    with a.no_grad(), b.no_grad():
        assert np.allclose(model(a.tensor(x)).tolist(), found(b.tensor(x)).tolist())
    found[0].register_forward_pre_hook(lambda module, args: (args[0] * 0,))
    assert np.allclose(found[0](b.tensor(x)).tolist(), (found[0].bias * 2).tolist())
    assert "weight" in dict(found[0].named_parameters()) and found[0].weight.requires_grad


# ---------------------------------------------------------------- files


class OnlyWrite:
    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


class OnlyRead:
    """A file object without readinto."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.read, self.seek, self.tell = self.file.read, self.file.seek, self.file.tell


def test_kinds_of_files(tmp_path):
    x = numtorch.arange(5)
    for path in (tmp_path / "a.pt", str(tmp_path / "b.pt"), os.fsencode(tmp_path / "c.pt")[:0]):
        if not path:
            continue
        numtorch.save(x, path)
        assert numtorch.load(path).tolist() == torch.load(path).tolist() == [0, 1, 2, 3, 4]
        with open(path, "rb") as file:
            assert numtorch.load(file).tolist() == [0, 1, 2, 3, 4]
    with open(tmp_path / "d.pt", "wb") as file:
        file.write(b"before")
        numtorch.save(x, file)
    with open(tmp_path / "d.pt", "rb") as file:
        file.seek(6)
        assert numtorch.load(file).tolist() == [0, 1, 2, 3, 4]
    sink = OnlyWrite()
    numtorch.save(x, sink)
    data = b"".join(sink.parts)
    assert torch.load(io.BytesIO(data)).tolist() == [0, 1, 2, 3, 4]
    assert numtorch.load(OnlyRead(data)).tolist() == [0, 1, 2, 3, 4]
    assert sorted(os.listdir(tmp_path)) == ["a.pt", "b.pt", "d.pt"]


def test_records_are_those_of_torch():
    ours, theirs = io.BytesIO(), io.BytesIO()
    numtorch.save(numtorch.ones(3), ours)
    torch.save(torch.ones(3), theirs)
    a, b = (archive.Reader(f) for f in (ours, theirs) if f.seek(0) == 0)
    assert list(a.records) == list(b.records)
    for name in a.records:
        if name != ".data/serialization_id":
            assert a.read(name) == b.read(name), name
        assert a.find(name).offset % 64 == 0
    assert saved({"a": numtorch.ones(3)}) == saved({"a": numtorch.ones(3)})


def test_wide_archives(monkeypatch):
    """Sizes and places beyond 4 GiB (here: beyond 500 bytes) go to the wide fields."""
    monkeypatch.setattr(archive, "WIDE", 500)
    data = saved([numtorch.arange(1000.0), numtorch.ones(2)])
    for t in (numtorch, torch):
        x, y = t.load(io.BytesIO(data))
        assert x.tolist() == list(range(1000)) and y.tolist() == [1, 1]


def test_big_endian_files():
    out = io.BytesIO()
    writer = archive.Writer(out, "archive")
    data = saved([numtorch.arange(3), numtorch.tensor([1 + 2j])])
    source = archive.Reader(io.BytesIO(data))
    writer.add("data.pkl", source.read("data.pkl"))
    writer.add("byteorder", b"big")
    writer.add("data/0", np.arange(3, dtype=">i8").tobytes())
    writer.add("data/1", np.array([1, 2], ">f4").tobytes())
    writer.add("version", b"3\n")
    writer.close()
    for t in (numtorch, torch):
        x, y = t.load(io.BytesIO(out.getvalue()))
        assert x.tolist() == [0, 1, 2] and y.tolist() == [1 + 2j]


def test_mmap(tmp_path):
    path = tmp_path / "m.pt"
    torch.save({"x": torch.arange(1000.0), "y": torch.ones(3, 4).t()}, path)
    before = path.read_bytes()
    found = numtorch.load(path, mmap=True)
    assert found["x"].sum().item() == 499500 and found["y"].stride() == (1, 4)
    found["x"].add_(1)
    assert found["x"][0].item() == 1 and path.read_bytes() == before
    with pytest.raises(ValueError, match="must be a file path"):
        numtorch.load(io.BytesIO(before), mmap=True)
    numtorch.save(1, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved with"):
        numtorch.load(path, mmap=True)


def test_map_location():
    data = saved([numtorch.ones(2), numtorch.ones(2)])
    cuda = data.replace(b"cpu", b"gpu")
    records = checkpoint_fuzz.records_of(data)
    body = records.pop("data.pkl").replace(b"X\3\0\0\0cpu", b"X\6\0\0\0cuda:0")
    cuda = checkpoint_fuzz.archive(body, {n: c for n, c in records.items() if "data/" in n})
    seen = []

    def where(storage, location):
        seen.append((type(storage).__name__, location, storage.nbytes()))
        return storage

    for place in ("cpu", numtorch.device("cpu"), {"cuda:0": "cpu"}, where, b"cpu"):
        assert loaded(cuda, map_location=place)[0].tolist() == [1, 1]
    assert seen[0] == ("UntypedStorage", "cuda:0", 8)
    for place in (None, "cuda", "cuda:1", lambda s, at: None):
        with pytest.raises(RuntimeError, match="on a CUDA device but torch.cuda.is_available"):
            loaded(cuda, map_location=place)
    with pytest.raises(RuntimeError, match="tagged with mars"):
        loaded(data, map_location="mars")
    with pytest.raises(NotImplementedError, match="meta"):
        loaded(data, map_location="meta")
    with pytest.raises(TypeError, match="not callable"):
        loaded(data, map_location=3)


# ---------------------------------------------------------------- what files may name


class Mine:
    def __init__(self, x):
        self.x = x


def test_safe_globals():
    data = saved({"m": Mine(numtorch.ones(2))})
    full = f"{__name__}.Mine"
    with pytest.raises(pickle.UnpicklingError, match=f"GLOBAL {full} was not an allowed global"):
        loaded(data)
    assert numtorch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == [full]
    with numtorch.serialization.safe_globals([Mine]):
        assert loaded(data)["m"].x.tolist() == [1, 1]
        assert numtorch.serialization.get_safe_globals() == [Mine]
    assert numtorch.serialization.get_safe_globals() == []
    numtorch.serialization.add_safe_globals([(Mine, full)])
    assert loaded(data)["m"].x.tolist() == [1, 1]
    numtorch.serialization.clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        loaded(data)
    assert loaded(data, weights_only=False)["m"].x.tolist() == [1, 1]
    numpy_scalar = saved(np.float64(2.5))
    with pytest.raises(pickle.UnpicklingError, match="numpy"):
        loaded(numpy_scalar)
    allowed = [(np._core.multiarray.scalar, "numpy._core.multiarray.scalar"), np.dtype,
               np.dtypes.Float64DType]  # fmt: skip
    with numtorch.serialization.safe_globals(allowed):
        assert loaded(numpy_scalar) == 2.5
    assert torch.load(io.BytesIO(numpy_scalar), weights_only=False) == 2.5


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_protocols(protocol):
    value = {"a": [1, "x" * 300, b"y" * 300, {1, 2}, frozenset([3])], "t": numtorch.ones(2)}
    found = loaded(saved(value, pickle_protocol=protocol), weights_only=protocol > 3)
    assert found["a"] == value["a"] and found["t"].tolist() == [1, 1]


@pytest.mark.parametrize("protocol", [2, 4])
def test_long_lists(protocol):
    values = [1, -5, 2**70, 1.5, True, None, "a" * 300, b"b" * 300, "", 300] * 130
    sent = {"v": values, "again": [values, values], "mixed": [*values, [1]], "t": numtorch.ones(2)}
    data = saved(sent, pickle_protocol=protocol)
    for t in (numtorch, torch) if protocol == 2 else (numtorch,):
        found = t.load(io.BytesIO(data))
        assert found["v"] == values and found["mixed"] == sent["mixed"]
        assert found["again"][0] is found["again"][1] is found["v"]
    assert loaded(saved([b""])) == [b""]


def test_mutations_run_no_code():
    _, faults = checkpoint_fuzz.run(150, 1)
    assert faults == []


# ---------------------------------------------------------------- errors


def _outcome(t, data: bytes, **options):
    try:
        t.load(io.BytesIO(data), **options)
    except Exception as e:
        return e
    return None


def test_errors_are_torchs():
    good = saved(numtorch.arange(5.0))
    cases = {
        "empty": b"", "a zip's start": good[:40], "cut": good[:-10], "number": b"\x80\x02K\1.",
        "class": saved(Mine(1)), "place": good.replace(b"cpu", b"cpx"),
    }  # fmt: skip
    for name, data in cases.items():
        a, b = _outcome(numtorch, data), _outcome(torch, data)
        if name == "place":  # PyTorch does not check the pickle's checksum
            assert isinstance(a, RuntimeError) and "checksum" in str(a)
            continue
        assert type(a) is type(b), (name, a, b)
        assert str(b)[:60] in str(a) or name == "empty", (name, a, b)
    flipped = bytearray(good)
    flipped[good.index(np.arange(5, dtype="f4").tobytes()) + 5] ^= 1
    assert "the checksum is wrong" in str(_outcome(numtorch, bytes(flipped)))
    numtorch.serialization.set_crc32_options(False)
    try:
        assert loaded(bytes(flipped)).shape == (5,)
    finally:
        numtorch.serialization.set_crc32_options(True)
    for bad in (3, None):
        with pytest.raises(AttributeError, match="expected 'f' to be string"):
            numtorch.save(1, bad)
        with pytest.raises(AttributeError, match="has no attribute 'seek'. You can only"):
            numtorch.load(bad)
    with pytest.raises(FileNotFoundError):
        numtorch.load("/nonexistent/x.pt")
    with pytest.raises(RuntimeError, match="Parent directory /nonexistent does not exist"):
        numtorch.save(1, "/nonexistent/x.pt")
    with pytest.raises(RuntimeError, match="when explicit pickle_module"):
        loaded(good, weights_only=True, pickle_module=pickle)
    with pytest.raises(TypeError, match="binary mode"):
        numtorch.save(1, io.StringIO())


def test_failed_saves_keep_the_old_file(tmp_path):
    path = pathlib.Path(tmp_path / "model.pt")
    numtorch.save(numtorch.ones(3), path)
    path.chmod(0o640)
    before = path.read_bytes()
    with pytest.raises(Exception, match="pickle"):
        numtorch.save([numtorch.ones(1000), lambda: 1], path)
    code = (
        "import resource, signal, sys, numtorch\n"
        "x = numtorch.ones(100_000)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    numtorch.save(x, sys.argv[1])\n"
        "except OSError as e:\n    print('OSError', e.errno)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True,
                          timeout=120, env=_environment())  # fmt: skip
    assert done.stdout.startswith("OSError 27"), done.stderr
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.pt"]
    link = tmp_path / "link.pt"
    link.symlink_to(path)
    numtorch.save(numtorch.zeros(2), link)
    assert link.is_symlink() and numtorch.load(path).tolist() == [0, 0]
    assert path.stat().st_mode & 0o777 == 0o640


def _environment() -> dict:
    root = str(pathlib.Path(__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}


def test_a_killed_save_keeps_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    numtorch.save(numtorch.ones(3), path)
    code = (
        "import sys, time, numtorch\n"
        "from numtorch._serialization import archive\n"
        "add, count = archive.Writer.add, [0]\n"
        "def slow(self, name, data):\n"
        "    add(self, name, data)\n"
        "    self.file.flush()\n"
        "    if name == 'data/1':\n"
        "        print('half', flush=True)\n"
        "        time.sleep(60)\n"
        "archive.Writer.add = slow\n"
        "numtorch.save([numtorch.ones(100_000 + k) for k in range(4)], sys.argv[1])\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE,
                             env=_environment())  # fmt: skip
    try:
        assert child.stdout.readline() == b"half\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert numtorch.load(path).tolist() == [1, 1, 1]
    assert os.listdir(tmp_path) == ["model.pt"]


# ---------------------------------------------------------------- storages


def test_storages():
    x = numtorch.arange(4.0)
    s = x.untyped_storage()
    s[0:4] = np.array([9.0], "f4").view(np.uint8)
    assert x.tolist() == [9, 1, 2, 3] and x._version > 0
    typed = numtorch.FloatStorage([1.0, 2.0])
    assert typed.tolist() == [1, 2] and len(numtorch.UntypedStorage(5)) == 5
    typed[1] = 5
    assert numtorch.zeros(0).set_(typed).tolist() == [1, 5]
    clone = s.clone()
    s.fill_(0)
    assert clone.nbytes() == 16 and clone != s and x.tolist() == [0, 0, 0, 0]
    found = loaded(saved([typed, s]))
    assert found[0].tolist() == [1, 5] and found[1].nbytes() == 16


def test_plain_pickles_of_torch_load_under_the_alias(tmp_path):
    sent = {"t": torch.arange(4.0), "l": torch.nn.Linear(2, 2), "d": torch.float16}
    (tmp_path / "p.pkl").write_bytes(pickle.dumps(sent))
    program = tmp_path / "program.py"
    program.write_text(
        "import pickle, torch\n"
        "found = pickle.load(open('p.pkl', 'rb'))\n"
        "assert found['t'].tolist() == [0, 1, 2, 3] and found['d'] is torch.float16\n"
        "assert type(found['l']) is torch.nn.Linear and found['l'](torch.ones(1, 2)).shape\n"
        "print(torch.__file__)\n"
    )
    done = subprocess.run([sys.executable, "-m", "numtorch", str(program)], capture_output=True,
                          text=True, timeout=300, cwd=tmp_path, env=_environment())  # fmt: skip
    assert done.returncode == 0 and "numtorch" in done.stdout, done.stderr
