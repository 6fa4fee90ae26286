"""uint16, uint32 and uint64: storage, conversion, and the ops that PyTorch has for them."""

from __future__ import annotations

import pickle

import numpy as np
import numtorch as nt
import pytest
from helpers import torch

NAMES = ("uint16", "uint32", "uint64")
PROGRAMS = {
    "made": lambda m, d, x: [x, m.zeros(2, dtype=d), m.full((2,), 3, dtype=d)],
    "converted": lambda m, d, x: [m.tensor([-1, 70000]).to(d), x.float(), x.to(m.int32), x.bool(),
                                  m.tensor([1.7, 3.0]).to(d), x.view(m.uint8)],
    "computed": lambda m, d, x: [x * x, x & x, x | 1, x == 2, x != x, x / 2, x.sum(), x[:3].prod(),
                                 x.any(), x * m.ones(4), m.where(x == 2, x, x * x)],
    "taken apart": lambda m, d, x: [x[1:], x[m.tensor([0, 2])], x[x == 2], m.cat([x, x]),
                                    m.stack([x, x]), x.clone().fill_(5), x.unique()],
    "sorted": lambda m, d, x: [x.sort(descending=True)[0], x.flip(0).sort()[1]]
    if m is nt else [x.sort(descending=True)[0], x.sort(descending=True)[1]],
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_programs(name):
    top = 2 ** (8 * int(name[4:]) // 8) - 1
    for what, program in PROGRAMS.items():
        found = []
        for m in (nt, torch):
            d = getattr(m, name)
            x = m.from_numpy(np.array([1, 2, 7, top], name))
            found.append([(y.tolist(), repr(y.dtype)) for y in program(m, d, x)])
        assert found[0] == found[1], what


@pytest.mark.parametrize("name", NAMES)
def test_promotion(name):
    for other in ("bool", "uint8", "uint16", "int8", "int64", "float16", "float32", "complex64"):
        found = []
        for m in (nt, torch):
            a, b = getattr(m, name), getattr(m, other)
            found.append([m.can_cast(a, b), m.can_cast(b, a)])
            try:
                found[-1].append(repr(m.promote_types(a, b)))
            except RuntimeError as e:
                found[-1].append(str(e))
        assert found[0] == found[1], other


def test_large_numbers():
    for m in (nt, torch):
        x = m.tensor([[1, 2**64 - 1]], dtype=m.uint64)
        assert repr(x).endswith("18446744073709551615]], dtype=torch.uint64)")
        assert x.max().item() == 2**64 - 1 if m is nt else True
        with pytest.raises(ValueError, match="Overflow when unpacking long long"):
            m.tensor([2**63])
        with pytest.raises(OverflowError):
            m.tensor([2**64], dtype=m.uint64)
    rng = np.random.default_rng(0)
    for name in NAMES:
        a = rng.integers(0, np.iinfo(name).max, (3, 100), name, endpoint=True)
        for n in (5, 100):
            np.testing.assert_array_equal(nt.tensor(a[:, :n]).sort()[0].numpy(), np.sort(a[:, :n]))
    x = nt.tensor([3], dtype=nt.uint32)
    assert pickle.loads(pickle.dumps(x)).dtype is nt.uint32 and x.numpy().dtype == np.uint32
    assert str(nt.iinfo(nt.uint64)) == str(torch.iinfo(torch.uint64))
