"""The Tensor object: attributes, Python protocols, Size, device, storages, copies: against torch.

Each program takes the library and returns plain values; both libraries give the same, or the same
type of exception.
"""

import copy
import gc
import pickle
import weakref

import numpy as np
import numtorch as nt
import pytest
from helpers import torch


def entered(context):
    """What a block of the context sees; it is left again."""
    with context as got:
        return got is None or type(got).__name__


PROGRAMS = {
    # -- Size
    "size": lambda lib: (repr(lib.zeros(2, 3).shape), lib.zeros(2, 3).size(), lib.zeros(2).size(-1)),
    "size slices": lambda lib: [repr(s) for s in (
        lib.Size([1, 2, 3])[1:], lib.Size((2,)) + (3,), (3,) + lib.Size((2,)), lib.Size([1]) * 2,
        2 * lib.Size([1]), lib.Size(), lib.Size([2])[0], lib.Size([2]) + lib.Size([3]))],
    "size numel": lambda lib: (lib.Size([2, 3]).numel(), lib.Size([]).numel(), lib.Size([4, 0]).numel()),
    "size pickled": lambda lib: repr(pickle.loads(pickle.dumps(lib.Size([2, 3])))),
    "size copied": lambda lib: repr(copy.deepcopy(lib.Size([2, 3]))),
    "size compares": lambda lib: (lib.Size([2]) == (2,), hash(lib.Size([2])) == hash((2,)),
                                  lib.Size([2]) == [2], isinstance(lib.Size([2]), tuple)),
    "size of a float": lambda lib: lib.Size([1.5]),
    "size of a string": lambda lib: lib.Size(["a"]),
    "size of a tensor": lambda lib: repr(lib.Size([lib.tensor(2), 3])),
    "size of a number": lambda lib: lib.Size(3),
    # -- device
    "devices": lambda lib: [repr(d) for d in (
        lib.device("cpu"), lib.device("cpu:0"), lib.device("cpu", 0), lib.device("cuda"),
        lib.device("cuda:1"), lib.device("meta"), lib.device(type="cpu", index=1),
        lib.device(lib.device("cpu")), lib.device("cuda", 2), lib.device("mps"))],
    "device text": lambda lib: (str(lib.device("cpu")), str(lib.device("cpu:0")), lib.device("cpu").type,
                                lib.device("cpu:0").index, lib.device("cpu").index),
    "device compares": lambda lib: (
        lib.device("cpu") == lib.device("cpu"), lib.device("cpu") == lib.device("cpu:0"),
        lib.device("cpu") == "cpu", lib.device("cpu") != lib.device("cuda"),
        hash(lib.device("cpu")) == hash(lib.device("cpu")), lib.device("cpu") in {lib.device("cpu")}),
    "device pickled": lambda lib: repr(pickle.loads(pickle.dumps(lib.device("cpu:0")))),
    "device bad name": lambda lib: lib.device("foo"),
    "device bad index": lambda lib: lib.device("cpu:x"),
    "device negative index": lambda lib: lib.device("cpu:-1"),
    "device two indices": lambda lib: lib.device("cpu:0", 1),
    "device empty": lambda lib: lib.device(""),
    "device nothing": lambda lib: lib.device(),
    "device none": lambda lib: lib.device(None),
    "device as context": lambda lib: entered(lib.device("cpu")),
    "default device": lambda lib: repr(lib.get_default_device()),
    "cuda tensor": lambda lib: lib.zeros(2, device="cuda"),
    "to cuda": lambda lib: lib.zeros(2).to("cuda"),
    "bad device string": lambda lib: lib.zeros(2, device="foo"),
    # -- attributes
    "flags": lambda lib: [getattr(lib.zeros(2), n) for n in (
        "is_cuda", "is_sparse", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu", "is_nested",
        "is_sparse_csr", "output_nr", "_version", "is_leaf", "requires_grad", "retains_grad", "ndim",
        "itemsize", "nbytes", "grad", "grad_fn", "is_ipu", "is_maia", "is_vulkan", "is_xla")],
    "layout": lambda lib: (repr(lib.zeros(2).layout), repr(lib.strided), repr(lib.sparse_coo),
                           lib.zeros(2).layout is lib.strided),
    "memory formats": lambda lib: [repr(f) for f in (
        lib.contiguous_format, lib.preserve_format, lib.channels_last, lib.channels_last_3d)],
    "qschemes": lambda lib: [repr(f) for f in (lib.per_tensor_affine, lib.per_channel_affine)],
    "contiguity": lambda lib: (
        lib.zeros(2, 3).is_contiguous(), lib.zeros(2, 3).T.is_contiguous(),
        lib.zeros(2, 3, 4, 5).is_contiguous(memory_format=lib.channels_last),
        lib.zeros(2, 4, 5, 3).permute(0, 3, 1, 2).is_contiguous(memory_format=lib.channels_last),
        lib.zeros(2, 1, 4, 4).is_contiguous(memory_format=lib.channels_last),
        lib.zeros(2, 4, 5, 6, 3).permute(0, 4, 1, 2, 3).is_contiguous(memory_format=lib.channels_last_3d),
        lib.zeros(0, 3).T.is_contiguous(), lib.zeros(2, 3).is_contiguous(memory_format=lib.channels_last)),
    "type names": lambda lib: [lib.zeros(1, dtype=getattr(lib, d)).type() for d in (
        "float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")],
    "type casts": lambda lib: [str(t.dtype) for t in (
        lib.zeros(1).type(lib.int64), lib.zeros(1).type("torch.DoubleTensor"), lib.zeros(1).type(lib.LongTensor))],
    "bad type": lambda lib: lib.zeros(1).type("torch.FooTensor"),
    "isinstance": lambda lib: (
        isinstance(lib.zeros(1), lib.FloatTensor), isinstance(lib.zeros(1), lib.LongTensor),
        isinstance(lib.zeros(1).long(), lib.LongTensor), isinstance(3, lib.FloatTensor),
        isinstance(lib.nn.Parameter(lib.zeros(1)), lib.FloatTensor)),
    "legacy constructors": lambda lib: [repr(t) for t in (
        lib.FloatTensor([1, 2]), lib.LongTensor([[1, 2]]), lib.DoubleTensor([1.5]), lib.BoolTensor([True]),
        lib.ByteTensor([3]), lib.Tensor([1, 2]), lib.FloatTensor(), lib.Tensor())] + [
        tuple(lib.FloatTensor(2, 3).shape), tuple(lib.Tensor(2, 3).shape), str(lib.LongTensor(2).dtype)],
    "legacy class names": lambda lib: (repr(lib.FloatTensor), lib.FloatTensor.__name__),
    "tensor of a float": lambda lib: lib.Tensor(1.5),
    "typename": lambda lib: (lib.typename(lib.zeros(1)), lib.typename(3), lib.typename(lib.zeros(1, dtype=lib.int64))),
    "is_tensor": lambda lib: (lib.is_tensor(lib.zeros(1)), lib.is_tensor(3), lib.is_storage(lib.zeros(1).untyped_storage()),
                              lib.is_storage(lib.zeros(1)), lib.is_nonzero(lib.ones(1)), lib.is_nonzero(lib.zeros(1))),
    "is_nonzero of two": lambda lib: lib.is_nonzero(lib.ones(2)),
    "is_nonzero of none": lambda lib: lib.is_nonzero(lib.ones(0)),
    "dim names": lambda lib: (lib.zeros(2, 3).dim(), lib.zeros(2, 3).ndimension(), lib.zeros(2, 3).nelement(),
                              lib.zeros(2, 3).numel(), lib.zeros(2).element_size(), lib.zeros(2, 3).stride(0),
                              lib.zeros(2, 3).stride(), lib.zeros(2, 3)[1:].storage_offset(),
                              lib.zeros(2, 3).get_device()),
    "bad dim of stride": lambda lib: lib.zeros(2).stride(2),
    "bad dim of size": lambda lib: lib.zeros(2).size(1),
    "is_same_size": lambda lib: (lib.zeros(2).is_same_size(lib.zeros(2)), lib.zeros(2).is_same_size(lib.zeros(3))),
    "is_set_to": lambda lib: (lambda x: (x.is_set_to(x), x.is_set_to(x.view(2)), x.is_set_to(x[1:]),
                                         x.is_set_to(x.clone())))(lib.zeros(2)),
    "is_signed": lambda lib: (lib.zeros(1).is_signed(), lib.zeros(1, dtype=lib.uint8).is_signed()),
    "base": lambda lib: (lambda x: (x._base is None, x[1:]._base is x, x[1:].T._base is x, x._is_view(),
                                    x[1:]._is_view()))(lib.zeros(2, 2)),
    # -- Python protocols
    "bool": lambda lib: (bool(lib.ones(1)), bool(lib.zeros(1, 1)), bool(lib.tensor(True))),
    "bool of two": lambda lib: bool(lib.ones(2)),
    "bool of none": lambda lib: bool(lib.ones(0)),
    "numbers": lambda lib: (int(lib.tensor(2.7)), float(lib.tensor(2)), complex(lib.tensor(2.5)),
                            [10, 20, 30][lib.tensor(1)], int(lib.tensor([3])), float(lib.tensor([[1.5]]))),
    "int of two": lambda lib: int(lib.ones(2)),
    "float of none": lambda lib: float(lib.ones(0)),
    "index of float": lambda lib: [1, 2][lib.tensor(1.0)],
    "index of two": lambda lib: [1, 2][lib.tensor([1, 0])],
    "index of bool": lambda lib: [1, 2][lib.tensor(True)],
    "int of nan": lambda lib: int(lib.tensor(float("nan"))),
    "item of two": lambda lib: lib.ones(2).item(),
    "items": lambda lib: [lib.zeros(1, dtype=getattr(lib, d)).item() for d in ("float32", "int8", "uint8", "bool", "float64")],
    "tolist": lambda lib: (lib.zeros(2, 0).tolist(), lib.tensor(3).tolist(), lib.tensor([[True]]).tolist()),
    "len": lambda lib: (len(lib.zeros(3, 2)), len(lib.zeros(0))),
    "len of scalar": lambda lib: len(lib.tensor(1)),
    "iteration": lambda lib: [x.tolist() for x in lib.arange(4).view(2, 2)],
    "iteration of scalar": lambda lib: list(lib.tensor(1)),
    "unpacking": lambda lib: (lambda a, b: (a.item(), b.item()))(*lib.tensor([1, 2])),
    "contains": lambda lib: (1 in lib.tensor([1, 2]), 3.0 in lib.tensor([1, 2]), lib.tensor(2) in lib.tensor([1, 2])),
    "contains text": lambda lib: "a" in lib.tensor([1]),
    "contains none": lambda lib: None in lib.tensor([1]),
    "reversed": lambda lib: [reversed(lib.tensor([1, 2, 3])).tolist(), reversed(lib.tensor(1)).tolist()],
    "hash": lambda lib: (lambda x: (hash(x) == id(x), {x: 1}[x], x in {x}))(lib.tensor([1])),
    "equality with others": lambda lib: (lib.tensor([1]) == None, lib.tensor([1]) != None),  # noqa: E711
    "equality with text": lambda lib: lib.tensor([1]) == "a",
    "format": lambda lib: (f"{lib.tensor(1.23456):.2f}", f"{lib.tensor(3)}", f"{lib.tensor([1, 2])}", f"{lib.tensor(5):03d}"),
    "format of two": lambda lib: f"{lib.ones(2):.2f}",
    "dir": lambda lib: all(n in dir(lib.zeros(1)) for n in ("shape", "add_", "grad", "T")),
    "attributes": lambda lib: (lambda x: (setattr(x, "note", 3), x.note, hasattr(x.clone(), "note")))(lib.zeros(1)),
    "no attribute": lambda lib: lib.zeros(1).nonsense,
    "shape is fixed": lambda lib: setattr(lib.zeros(1), "dtype", lib.int64),
    "del": lambda lib: delattr(lib.zeros(1), "shape"),
    "weakref": lambda lib: (lambda x: (weakref.ref(x)() is x, gc.collect() >= 0))(lib.zeros(1)),
    "weakref dies": lambda lib: (lambda x: (x.item(), weakref.ref(x)))(lib.zeros(1))[1]() is None,
    # -- gradients
    "int requires grad": lambda lib: lib.arange(2).requires_grad_(),
    "int requires no grad": lambda lib: lib.arange(2).requires_grad_(False).requires_grad,
    "bad flag": lambda lib: setattr(lib.zeros(1), "requires_grad", "yes"),
    "not a leaf": lambda lib: (lib.ones(1, requires_grad=True) * 2).requires_grad_(False),
    "grad set": lambda lib: (lambda x: (setattr(x, "grad", lib.ones(2)), x.grad.tolist()))(lib.zeros(2)),
    "grad wrong shape": lambda lib: setattr(lib.zeros(2), "grad", lib.ones(3)),
    "grad wrong dtype": lambda lib: setattr(lib.zeros(2), "grad", lib.ones(2, dtype=lib.float64)),
    "grad wrong type": lambda lib: setattr(lib.zeros(2), "grad", 3),
    "grad itself": lambda lib: (lambda x: setattr(x, "grad", x))(lib.zeros(2)),
    "grad_fn names": lambda lib: (lambda x: [t.grad_fn.name() for t in (
        x + 1, x - 1, x * 2, x / 2, -x, x.exp(), x.log(), x.sum(), x.clone(), x.relu(), x.sigmoid(), x.tanh(), x @ x,
        x.abs(), x.sqrt(), x.permute(1, 0), x.sin(), lib.maximum(x, x))])(
        lib.ones(2, 2, requires_grad=True)),
    "grad_fn": lambda lib: (lambda y: (y.grad_fn is not None, y.grad_fn.next_functions[1][0]))(
        lib.ones(2, requires_grad=True) * 2),
    # -- memory
    "storage": lambda lib: (lambda x: (
        x.untyped_storage().nbytes(), x[1:].untyped_storage().nbytes(), x.untyped_storage().size(),
        x.untyped_storage().data_ptr() == x.data_ptr(), x[1:].data_ptr() - x.data_ptr(), len(x.untyped_storage()),
        x.storage().size(), x.storage().tolist(), x.storage()[1], x.storage().data_ptr() == x.data_ptr(),
        x.untyped_storage().data_ptr() == x[1:].untyped_storage().data_ptr(), x.storage_offset(),
        str(x.untyped_storage().device)))(lib.arange(4.0)),
    "set_": lambda lib: (lambda x, y: (x.set_(y) is x, x.tolist(), y.add_(1).tolist(), x.tolist(), tuple(x.shape)))(
        lib.zeros(2), lib.arange(3.0)),
    "set_ storage": lambda lib: (lambda x, y: (x.set_(y.untyped_storage(), 1, (2,), (2,)) is x, x.tolist(), x.stride(),
                                               x.storage_offset(), x.fill_(7).tolist(), y.tolist()))(
        lib.zeros(1), lib.arange(6.0)),
    "set_ nothing": lambda lib: (lambda x: (x.set_().shape == (0,), x.numel()))(lib.zeros(2)),
    "set_ other dtype": lambda lib: lib.zeros(2).set_(lib.arange(3)),
    "set_ of a leaf": lambda lib: lib.zeros(2, requires_grad=True).set_(lib.ones(2)),
    "resize_": lambda lib: (lambda x: (x.resize_(2, 2) is x, tuple(x.shape), x.tolist(), tuple(x.resize_(3).shape), x.tolist(),
                                       x._version))(lib.arange(6.0)),
    "resize_ grows": lambda lib: (lambda x: (tuple(x.resize_(2, 3).shape), x.view(-1)[:2].tolist()))(lib.arange(2.0)),
    "resize_ list": lambda lib: tuple(lib.arange(6.0).resize_([3]).shape),
    "resize_ of a leaf": lambda lib: lib.zeros(2, requires_grad=True).resize_(3),
    "resize_as_": lambda lib: tuple(lib.arange(6.0).resize_as_(lib.zeros(2, 2)).shape),
    "resize_ negative": lambda lib: lib.zeros(2).resize_(-1),
    "data": lambda lib: (lambda x: (setattr(x, "data", lib.ones(3)), x.tolist(), x.requires_grad, x.data.requires_grad))(
        lib.zeros(2, requires_grad=True)),
    "data wrong type": lambda lib: setattr(lib.zeros(2), "data", 3),
    "data other dtype": lambda lib: (lambda x: (setattr(x, "data", lib.arange(2)), str(x.dtype)))(lib.zeros(2)),
    "detach_ of a view": lambda lib: (lambda x: x[:1].detach_())(lib.zeros(2)),
    "detach_ of a result": lambda lib: (lambda y: (y[0], y.detach_().requires_grad))(lib.ones(3, requires_grad=True)[[0, 1]]),
    "leaf whose alias was read first": lambda lib: (lambda x: (lambda d: (
        lib.no_grad()(x.add_)(1).tolist(), (d * 2).tolist, (x * x).sum().backward(), x.grad.tolist()))(x.detach()))(
        lib.ones(2, requires_grad=True))[3],
    # -- which writes are refused, and what counts as a version
    "versions": lambda lib: (lambda x: (x.add_(1)._version, x[0]._version, x[1:].zero_()._version, x._version,
                                        x.detach()._version, x.data._version, x.clone()._version))(lib.zeros(3)),
    "versions of data": lambda lib: (lambda x: (lambda d: (d.add_(1)._version, d[1:]._version, x._version))(x.data))(lib.zeros(3)),
    "versions of setitem": lambda lib: (lambda x: (x.__setitem__(0, 1), x.__setitem__(x > 0, 2), x.__setitem__([0, 1], 3),
                                                   x._version))(lib.zeros(3)),
    "add_ of its transpose": lambda lib: (lambda x: x.add_(x.T))(lib.zeros(2, 2)),
    "add_ of its other part": lambda lib: (lambda x: x[1:].add_(x[:-1]))(lib.zeros(4)),
    "add_ of itself": lambda lib: (lambda x: x.add_(x).tolist())(lib.ones(4)),
    "add_ of a disjoint part": lambda lib: (lambda x: (x[2:].add_(x[:2]), x.tolist()))(lib.ones(4)),
    "put itself": lambda lib: (lambda x: x.__setitem__([1, 0], x))(lib.ones(2)),
    "expand add_": lambda lib: lib.zeros(1).expand(3).add_(1),
    "expand copy_": lambda lib: lib.zeros(1).expand(3).copy_(lib.ones(3)),
    "view under no_grad": lambda lib: (lambda x: (lambda v: (v.requires_grad, v.is_leaf, v.grad_fn))(no_grad_view(lib, x)))(
        lib.ones(3, requires_grad=True)),
    "view under no_grad written": lambda lib: no_grad_view(lib, lib.ones(3, requires_grad=True)).add_(1),
    "part of unbind written": lambda lib: (lib.ones(2, 2, requires_grad=True) * 1).unbind()[0].add_(1),
    "part of split written": lambda lib: (lib.ones(2, 2, requires_grad=True) * 1).split(1)[0].add_(1),
    "rows written while iterating": lambda lib: [r.add_(1) for r in lib.ones(2, 2, requires_grad=True) * 1],
    "rows written without gradients": lambda lib: [r.add_(1).tolist() for r in lib.ones(2, 2)],
    "detached, then written with gradients": lambda lib: (lambda x: (lambda y: (
        y.mul_(x).tolist(), y.requires_grad, y.sum().backward(), x.grad.tolist()))((x * 2).detach()))(lib.ones(2, requires_grad=True)),
    "numpy under no_grad": lambda lib: lib.no_grad()(lambda: lib.ones(2, requires_grad=True).numpy().tolist())(),
    "numpy writes and aliases": lambda lib: (lambda x: (lambda n, d: (n.fill(3), d.add_(1).tolist(), n.tolist()))(
        x.numpy(), x.detach()))(lib.zeros(2)),
    # -- copies
    "pickle": lambda lib: (lambda x: [(repr(y), y.is_leaf) for y in (pickle.loads(pickle.dumps(x, p)) for p in (2, 3, 4, 5))])(
        lib.tensor([[1.0, 2.0]], requires_grad=True)),
    "pickle shares": lambda lib: (lambda x: (lambda a, b: (a.add_(1).tolist(), b.tolist(), b.storage_offset()))(
        *pickle.loads(pickle.dumps([x, x[1:]]))))(lib.zeros(3)),
    "pickle strides": lambda lib: pickle.loads(pickle.dumps(lib.zeros(2, 3).T)).stride(),
    "pickle result": lambda lib: pickle.loads(pickle.dumps(lib.ones(2, requires_grad=True) * 2)).tolist(),
    "pickle parameter": lambda lib: repr(pickle.loads(pickle.dumps(lib.nn.Parameter(lib.ones(2))))),
    "pickle attributes": lambda lib: (lambda x: (setattr(x, "note", 3), pickle.loads(pickle.dumps(x)).note))(lib.zeros(1)),
    "copy": lambda lib: (lambda x: (lambda y: (y is x, y.add_(1).tolist(), x.tolist()))(copy.copy(x)))(lib.zeros(2)),
    "copy of a leaf": lambda lib: (lambda y: (y.requires_grad, y.is_leaf))(copy.copy(lib.zeros(2, requires_grad=True))),
    "deepcopy": lambda lib: (lambda x: (lambda y: (y.add_(1).tolist(), x.tolist(), y.requires_grad))(copy.deepcopy(x)))(lib.zeros(2)),
    "deepcopy shares": lambda lib: (lambda x: (lambda a, b: (a.add_(1).tolist(), b.tolist(), b.stride(), x.tolist()))(
        *copy.deepcopy([x, x.view(2, 2).T])))(lib.zeros(4)),
    "deepcopy same": lambda lib: (lambda x: (lambda a, b: a is b)(*copy.deepcopy([x, x])))(lib.zeros(4)),
    "deepcopy of a result": lambda lib: copy.deepcopy(lib.ones(2, requires_grad=True) * 2),
    "deepcopy attributes": lambda lib: (lambda x: (setattr(x, "note", [3]), copy.deepcopy(x).note))(lib.zeros(1)),
    "deepcopy grad": lambda lib: (lambda x: ((x * x).sum().backward(), copy.deepcopy(x).grad.tolist()))(lib.ones(2, requires_grad=True)),
    "deepcopy parameter": lambda lib: repr(copy.deepcopy(lib.nn.Parameter(lib.ones(2)))),
    "share_memory_": lambda lib: (lambda x: x.share_memory_() is x)(lib.zeros(2)),
}  # fmt: skip


def no_grad_view(lib, x):
    with lib.no_grad():
        return x[1:]


def plain(x):
    """Results as text that both libraries can agree on."""
    if isinstance(x, (tuple, list)):
        return [plain(v) for v in x]
    return repr(x)


def outcome(f, lib):
    try:
        return plain(f(lib))
    except Exception as e:  # noqa: BLE001
        return type(e).__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PROGRAMS)
def test_object(name):
    assert outcome(PROGRAMS[name], nt) == outcome(PROGRAMS[name], torch)


def test_numpy_is_the_default_reader():
    assert isinstance(np.asarray(nt.zeros(2)), np.ndarray)


@pytest.mark.parametrize("lib", [nt, torch])
def test_deprecated_methods(lib):
    x = lib.arange(6.0)
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        assert x.resize(2, 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match=r"requested resize to 2x2 \(4 elements"):
        x.resize(2, 2)
    for call in (lambda: x.eig(), lambda: x.solve(x), lambda: x.lstsq(x), lambda: x.symeig()):
        with pytest.raises(RuntimeError, match="deprecated since version 1.9 and is now removed"):
            call()
    with pytest.raises(RuntimeError, match="torch.distributions"):
        x.reinforce(1)


@pytest.mark.parametrize("lib", [nt, torch])
def test_dim_order(lib):
    a = lib.empty(2, 3, 4)
    assert a.dim_order() == (0, 1, 2) and a.permute(2, 0, 1).dim_order() == (1, 2, 0)
    assert lib.empty(2, 1, 4).transpose(0, 2).dim_order() == (2, 1, 0)
    with pytest.raises(RuntimeError, match="does not have unique dim order"):
        lib.empty(1, 2).dim_order(ambiguity_check=True)
    with pytest.raises(TypeError, match="must be a bool or a list of memory formats"):
        a.dim_order(ambiguity_check=[1])


def test_copies_of_large_parameters():
    # An internal attribute of a leaf was copied as if the program had set it.
    layer = nt.nn.Linear(1024, 1024)
    x = nt.ones(2, 1024)
    layer(x).sum().backward()
    nt.optim.SGD(layer.parameters(), lr=0.1).step()
    twin = copy.deepcopy(layer)
    assert nt.equal(twin.weight, layer.weight) and nt.equal(twin.weight.grad, layer.weight.grad)
    again = pickle.loads(pickle.dumps(layer.weight))
    assert nt.equal(again, layer.weight)
    from numtorch._interop import own_attributes

    assert own_attributes(layer.weight) == {} and own_attributes(layer(x)) == {}
    layer.weight.tag = "mine"
    assert own_attributes(layer.weight) == {"tag": "mine"}
    assert copy.deepcopy(layer).weight.tag == "mine"
