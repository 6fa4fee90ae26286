"""Sparse tensors against torch (and scipy): values, gradients, text, errors."""

from __future__ import annotations

import numpy as np
import numtorch as nt
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Sparse:UserWarning")

IDX = [[0, 1, 1, 0], [2, 0, 2, 2]]
VAL = [3.0, 4.0, 5.0, 1.5]


def both(values=VAL, grad=True):
    """(numtorch, its values, torch's, its values) with equal indices, one of them twice."""
    v = nt.tensor(values, requires_grad=grad)
    w = torch.tensor(values, requires_grad=grad)
    return (nt.sparse_coo_tensor(IDX, v, (2, 3)), v,
            torch.sparse_coo_tensor(torch.tensor(IDX), w, (2, 3)), w)  # fmt: skip


def dense(x):
    x = x.detach()
    if x.layout is not (torch if isinstance(x, torch.Tensor) else nt).strided:
        x = x.to_dense()
    return x.numpy()


def lib(x):
    return torch if isinstance(x, torch.Tensor) else nt


D = np.arange(6, dtype=np.float32).reshape(2, 3) - 2
CASES = {
    "dense": lambda s: s.to_dense(), "coalesce": lambda s: s.coalesce(), "neg": lambda s: -s,
    "times number": lambda s: s * 2, "over number": lambda s: s / 4, "sin": lambda s: s.sin(),
    "plus sparse": lambda s: s + s, "minus sparse": lambda s: s - s * 3,
    "times sparse": lambda s: s * s.coalesce(), "square": lambda s: s**2,
    "t": lambda s: s.t(), "transpose": lambda s: s.transpose(0, 1),
    "mm": lambda s: s @ lib(s).tensor(D.T), "mm left": lambda s: lib(s).tensor(D.T) @ s,
    "mv": lambda s: s @ lib(s).tensor(D[0]), "torch.mm": lambda s: lib(s).mm(s, lib(s).tensor(D.T)),
    "sparse mm": lambda s: s @ s.t(), "sparse.mm": lambda s: lib(s).sparse.mm(s, s.t()),
    "sum": lambda s: s.sum(), "sparse.sum": lambda s: lib(s).sparse.sum(s, 0),
    "sparse.sum 1": lambda s: lib(s).sparse.sum(s, (1,)), "norm": lambda s: s.norm(),
    "dense plus": lambda s: lib(s).tensor(D) + s, "dense times": lambda s: lib(s).tensor(D) * s,
    "addmm": lambda s: lib(s).sparse.addmm(lib(s).ones(2, 2), s, lib(s).tensor(D.T), alpha=2, beta=3),
    "softmax": lambda s: lib(s).sparse.softmax(s, 1), "cat": lambda s: lib(s).cat([s, s]),
    "log_softmax": lambda s: lib(s).sparse.log_softmax(s.coalesce(), 0),
    "index_select": lambda s: s.index_select(0, lib(s).tensor([1, 0, 1])), "row": lambda s: s[0],
    "unsqueeze": lambda s: s.unsqueeze(1), "double": lambda s: s.double(),
    "csr": lambda s: s.to_sparse_csr().to_dense(),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    s, v, t, w = both()
    got, want = CASES[name](s), CASES[name](t)
    assert str(got.layout) == str(want.layout) and tuple(got.shape) == tuple(want.shape)
    assert repr(got.dtype) == repr(want.dtype)
    np.testing.assert_allclose(dense(got), dense(want), rtol=1e-6)
    for x in (want, got):
        d = x.to_dense() if x.layout is not lib(x).strided else x
        try:
            (d * d).sum().backward()
        except NotImplementedError:
            assert x is want  # torch has no gradient here
            return
    np.testing.assert_allclose(v.grad.numpy(), w.grad.numpy(), rtol=1e-5)


@pytest.mark.parametrize("left, right", [("float32", "int64"), ("int64", "float64")])
def test_dense_plus_sparse_promotes(left, right):
    got, want = (
        t.tensor(D).to(getattr(t, left)) + t.tensor(D).to(getattr(t, right)).to_sparse()
        for t in (nt, torch)
    )
    assert str(got.dtype) == str(want.dtype)
    np.testing.assert_allclose(dense(got), dense(want))


def test_dense_to_sparse_and_back():
    x, y = nt.tensor(D, requires_grad=True), torch.tensor(D, requires_grad=True)
    for a in (x, y):
        (a.to_sparse().to_dense() ** 2).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.grad.numpy())
    assert repr(nt.tensor(D).to_sparse()) == repr(torch.tensor(D).to_sparse())
    mask = nt.sparse_coo_tensor(IDX, VAL, (2, 3))
    want = torch.tensor(D).sparse_mask(torch.sparse_coo_tensor(torch.tensor(IDX), torch.tensor(VAL), (2, 3)).coalesce())  # noqa: E501
    np.testing.assert_array_equal(dense(nt.tensor(D).sparse_mask(mask)), dense(want))


def test_text_is_torchs():
    s, _, t, _ = both(grad=False)
    assert repr(s) == repr(t) and repr(s.coalesce()) == repr(t.coalesce())
    assert repr(s.double()) == repr(t.double())
    assert repr(s.coalesce().requires_grad_()) == repr(t.coalesce().requires_grad_())
    assert repr(s.to_sparse_csr()) == repr(t.to_sparse_csr())
    assert s.is_sparse and not s.is_coalesced() and s._nnz() == 4 and s.sparse_dim() == 2
    assert s.coalesce().indices().tolist() == t.coalesce().indices().tolist()


def test_a_sparse_leaf_has_a_sparse_gradient():
    s = nt.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (3,), requires_grad=True)
    t = torch.sparse_coo_tensor(torch.tensor([[0, 2]]), torch.tensor([1.0, 2.0]), (3,), requires_grad=True)  # noqa: E501
    assert s.is_leaf and s.requires_grad
    (s.to_dense() * nt.tensor([1.0, 2.0, 3.0])).sum().backward()
    (t.to_dense() * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert s.grad.layout is nt.sparse_coo
    np.testing.assert_array_equal(dense(s.grad), dense(t.grad))


def test_csr_follows_scipy():
    scipy_sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    m = scipy_sparse.random(20, 30, 0.2, format="csr", random_state=0)
    s = nt.sparse_csr_tensor(m.indptr, m.indices, m.data, m.shape)
    x = rng.random((30, 4))
    np.testing.assert_allclose((s @ nt.tensor(x)).numpy(), m @ x)
    np.testing.assert_allclose((s.t() @ nt.tensor(x[:20])).numpy(), m.T @ x[:20])
    np.testing.assert_allclose(s.to_dense().numpy(), m.toarray())
    c = m.tocsc()
    t = nt.sparse_csc_tensor(c.indptr, c.indices, c.data, c.shape)
    np.testing.assert_allclose(t.to_dense().numpy(), m.toarray())
    back = nt.tensor(m.toarray()).to_sparse_csr()
    assert back.crow_indices().tolist() == m.indptr.tolist()
    assert back.col_indices().tolist() == m.indices.tolist()
    assert nt.sparse.mm(s, s.t()).layout is nt.sparse_csr


BAD = {
    "uncoalesced": lambda t: t.sparse_coo_tensor(t.tensor(IDX), t.tensor(VAL), (2, 3)).indices(),
    "nnz": lambda t: t.sparse_coo_tensor(t.tensor([[0, 1]]), t.ones(3), (3,)),
    "dims": lambda t: t.sparse_coo_tensor(t.tensor([[0, 1]]), t.ones(2), (3, 4)),
    "negative": lambda t: t.sparse_coo_tensor(t.tensor([[0, -1]]), t.ones(2)),
    "exp": lambda t: t.eye(2).to_sparse().exp(), "view": lambda t: t.eye(2).to_sparse().view(4),
    "plus dense": lambda t: t.eye(2).to_sparse() + t.eye(2), "numpy": lambda t: t.eye(2).to_sparse().numpy(),
    "mm": lambda t: t.eye(2).to_sparse() @ t.ones(3, 2), "len": lambda t: t.eye(2).to_sparse().item(),
    "sizes": lambda t: t.eye(2).to_sparse() + t.eye(3).to_sparse(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_errors_are_torchs(name):
    with pytest.raises(Exception) as want:
        BAD[name](torch)
    with pytest.raises(want.type):
        BAD[name](nt)


def test_wrong_indices_are_found():
    with pytest.raises(RuntimeError, match="found index 5"):
        nt.sparse_coo_tensor([[0, 5]], nt.ones(2), (3,))
    with pytest.raises(RuntimeError, match="crow_indices"):
        nt.sparse_csr_tensor([0, 2, 1], [0, 1], [1.0, 2.0], (2, 2))


@pytest.mark.parametrize("name", ["SGD", "SparseAdam"])
def test_embedding_with_sparse_gradients_trains_like_torch(name):
    table = np.random.default_rng(0).random((5, 3)).astype(np.float32)
    found = []
    for lib in (nt, torch):
        rows = lib.nn.Embedding(5, 3, padding_idx=4, sparse=True, _weight=lib.tensor(table))
        opt = getattr(lib.optim, name)(list(rows.parameters()), lr=0.1)
        for _ in range(3):
            opt.zero_grad()
            (rows(lib.tensor([[1, 3], [1, 4]])) ** 2).sum().backward()
            opt.step()
        assert str(rows.weight.grad.layout) == "torch.sparse_coo"
        found += [rows.weight.detach().numpy(), rows.weight.grad.to_dense().numpy()]
    np.testing.assert_allclose(found[0], found[2], rtol=1e-5)
    np.testing.assert_allclose(found[1], found[3], rtol=1e-5)


def test_adam_refuses_sparse_gradients():
    rows = nt.nn.Embedding(5, 3, sparse=True)
    rows(nt.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="Adam does not support sparse gradients"):
        nt.optim.Adam(rows.parameters()).step()


def test_sparse_gradients_may_be_assigned():
    for t in (torch, nt):
        w = t.nn.Parameter(t.ones(3))
        w.grad = t.sparse_coo_tensor([[1]], [4.0], (3,), check_invariants=True)
        t.optim.SparseAdam([w], lr=0.25).step()
        assert w.tolist() == [1.0, 0.75, 1.0] and w.grad.is_sparse
    for grad in ({"size": (4,)}, {"size": (3,), "dtype": "int64"}):
        errors = []
        for t in (torch, nt):
            w = t.nn.Parameter(t.ones(3))
            with pytest.raises(RuntimeError) as caught:
                w.grad = t.zeros(grad["size"], dtype=getattr(t, grad.get("dtype", "float32")))
            errors.append(str(caught.value))
        assert errors[0] == errors[1]


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "complex64", "bfloat16"])
@pytest.mark.parametrize("n", [0, 3, 9, 40])
def test_text_is_laid_out_as_torch_does(dtype, n):
    values = [[1.0, 2.5, 100.0, 1e-5, -3.0][k % 5] for k in range(n)]
    texts = []
    for lib in (nt, torch):
        v, at = lib.tensor(values).to(getattr(lib, dtype)), lib.arange(n)
        made = [
            make(lib.arange(n + 1), at, v, size=(n, n))
            for make in (lib.sparse_csr_tensor, lib.sparse_csc_tensor)
        ]
        made.append(lib.sparse_coo_tensor(lib.stack([at, at]), v, (n, n)))
        texts.append([repr(t) for t in made])
    assert texts[0] == texts[1]


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_sparse_added_to_dense_in_place():
    for x, y in zip(_added(nt), _added(torch)):
        assert x.tolist() == y.tolist()


def _added(t):
    s = t.tensor([[1.0, 0.0], [0.0, 2.0]]).to_sparse()
    d = t.ones(2, 2)
    view = d[1]
    d.add_(s).add_(s, alpha=2)
    d.sub_(s)
    d += s
    d -= s * 0.5
    x = t.ones(2, 2, requires_grad=True)
    y = x * 1
    y.add_(s.clone().requires_grad_(), alpha=3)
    y.sum().backward()
    csr = t.tensor([[1.0, 0.0], [0.0, 2.0]]).to_sparse_csr()
    with pytest.raises(RuntimeError, match="same size"):
        t.ones(3, 2).add_(s)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        t.ones(2, 2, requires_grad=True).add_(s)
    return d, view, x.grad, y, d.add(s, alpha=3), d.sub(s), t.sub(d, s), d + csr
