"""What the steps of state_machine.py do: views, results and writes.

Views take (tensor, rank, two numbers), results (library, tensor or two), writes (library, number,
tensor or two).
"""

from __future__ import annotations


def dim_of(rank: int, k: int) -> int:
    """A dim of a tensor of that rank, counted from either end."""
    return k % (rank or 1) - (rank if k % 2 else 0)


VIEWS = [
    lambda x, r, c, d: x[c % 3],
    lambda x, r, c, d: x[c % 2 :: 1 + d % 2],
    lambda x, r, c, d: x[..., d % 2 :],
    lambda x, r, c, d: x.transpose(dim_of(r, c), dim_of(r, d)),
    lambda x, r, c, d: x.T if r == 2 else x.permute(*range(r)[::-1]),
    lambda x, r, c, d: x.unsqueeze(dim_of(r + 1, c)),
    lambda x, r, c, d: x.squeeze(),
    lambda x, r, c, d: x.view(-1),
    lambda x, r, c, d: x.view(3, 2) if c % 2 else x.view(2, -1),
    lambda x, r, c, d: x.reshape(-1, 2) if c % 2 else x.reshape(-1),
    lambda x, r, c, d: x.flatten(),
    lambda x, r, c, d: x.expand(2, *[-1] * r) if c % 2 else x.expand(*[-1] * r),
    lambda x, r, c, d: x.diagonal(),
    lambda x, r, c, d: x.narrow(dim_of(r, c), d % 2, 1),
    lambda x, r, c, d: x.select(dim_of(r, c), d % 2),
    lambda x, r, c, d: x.unbind()[0] if c % 2 else x.split(2)[0],
    lambda x, r, c, d: x[None, :, None],
    lambda x, r, c, d: x[...],
    lambda x, r, c, d: x.view_as(x),
    lambda x, r, c, d: x.chunk(2, dim_of(r, c))[-1],
    lambda x, r, c, d: x.unbind(dim_of(r, c))[-1],
    lambda x, r, c, d: x.movedim(dim_of(r, c), dim_of(r, d)),
    lambda x, r, c, d: x.unfold(dim_of(r, c), 2, 1),
    lambda x, r, c, d: x.unflatten(-1, (-1, 1)),
    lambda x, r, c, d: x.squeeze(dim_of(r, c)),
    lambda x, r, c, d: x.expand_as(x),
]
MANY = [
    lambda x, d: x.unbind(d), lambda x, d: x.split(1, d), lambda x, d: x.chunk(2, d),
    lambda x, d: x.tensor_split(2, d), lambda x, d: x.split([1, x.shape[d] - 1], d),
]  # fmt: skip
PARTS = [
    lambda lib, x: lib.view_as_complex(x), lambda lib, x: x.real, lambda lib, x: x.imag,
    lambda lib, x: lib.view_as_real(x),
]  # fmt: skip
TURNS = [
    lambda x, c, d: x.t_(), lambda x, c, d: x.unsqueeze_(c), lambda x, c, d: x.squeeze_(),
    lambda x, c, d: x.transpose_(c, d), lambda x, c, d: x.squeeze_(c),
]  # fmt: skip
STORED = [
    lambda lib, x, z: lib.add(x, 1, out=z) and None, lambda lib, x, z: lib.mul(x, x, out=z) and None,
    lambda lib, x, z: lib.neg(x, out=z) and None, lambda lib, x, z: lib.clamp(x, 0, 1, out=z) and None,
]  # fmt: skip
RESULTS = [
    lambda lib, x, z: x + z, lambda lib, x, z: x * z * 0.5, lambda lib, x, z: x - z,
    lambda lib, x: x * 2, lambda lib, x: x.clone(), lambda lib, x: x.sum(),
    lambda lib, x: x.sum(-1), lambda lib, x: x.relu(), lambda lib, x: x.abs() + x,
    lambda lib, x: x * x * 0.25, lambda lib, x, z: lib.where(x > 1, x, z), lambda lib, x: x.to(lib.float64),
    lambda lib, x: x.contiguous(), lambda lib, x: x[x > 0], lambda lib, x: x[indices(x, 1)],
    lambda lib, x: x.clamp(-1, 1), lambda lib, x: 1 / (x + 0.25), lambda lib, x: x.clamp(min=0.5),
    lambda lib, x, z: lib.cat((x.reshape(-1), z.reshape(-1))), lambda lib, x: x.cumsum(-1),
    lambda lib, x: x.to(lib.float32), lambda lib, x: (x.real * 0.125).softmax(-1),
    lambda lib, x: x.real.amax(), lambda lib, x: (x * 0.125).exp(), lambda lib, x, z: lib.maximum(x, z),
    lambda lib, x: (x * x + 1).reciprocal(), lambda lib, x: (x * 0.125).sigmoid(), lambda lib, x: -x,
]  # fmt: skip


def put_masked(lib, c, x):
    x[x > 1] = c % 5


def put_masked_tensor(lib, c, x, z):
    x[x > 1] = z


def indices(x, c):
    """Valid ones: ours are checked when the kernel runs, torch's at once."""
    return [0, c % x.shape[0]] if x.dim() and x.shape[0] else []


def put_indexed(lib, c, x, z):
    x[lib.tensor(indices(x, c), dtype=lib.int64)] = z


def put_number(lib, c, x):
    x[lib.tensor(indices(x, c), dtype=lib.int64)] = c % 5


def add_indexed(lib, c, x):
    x[indices(x, c)] += 1


def fill_masked(lib, c, x):
    x.masked_fill_(x > 1, c % 5)


def put_item(lib, c, x, z):
    x[c % 2] = z


def put_row(lib, c, x):
    x.T[c % 2] = 1


def put_slice(lib, c, x, z):
    x[..., c % 2 :] = z


def add_item(lib, c, x):
    x[c % 2] += 1


def twice(lib, c, x):
    x.mul_(0.5).add_(c % 3)


def put_pairs(lib, c, x, z):
    x.index_put_((lib.tensor(indices(x, c), dtype=lib.int64),), z, accumulate=c % 2 == 0)


def put_where(lib, c, x, z):
    x.index_put_((x > 1,), z)


def add_at(lib, c, x):
    x.index_add_(0, lib.tensor(indices(x, c), dtype=lib.int64), x[:2].clone())


def fill_at(lib, c, x):
    x.index_fill_(0, lib.tensor(indices(x, c), dtype=lib.int64), c % 5)


def scatter_at(lib, c, x):
    x.scatter_(-1, lib.zeros(x.shape, dtype=lib.int64), c % 5)


WRITES = [
    lambda lib, c, x: x.add_(c % 3), lambda lib, c, x: x.mul_(0.5), lambda lib, c, x, z: x.copy_(z),
    lambda lib, c, x: x.fill_(c % 5), lambda lib, c, x: x.zero_(),
    fill_masked, lambda lib, c, x: x.floor_(),
    lambda lib, c, x, z: x.add_(z), lambda lib, c, x, z: x.mul_(z),
    lambda lib, c, x, z: x.sub_(z, alpha=0.5), lambda lib, c, x: x.relu_(), lambda lib, c, x: x.neg_(),
    put_masked, put_masked_tensor, put_indexed, put_number, add_indexed, put_item, put_row, put_slice,
    add_item, twice, put_pairs, put_where, add_at, fill_at, scatter_at,
    lambda lib, c, x: x.clamp_(0, c % 4), lambda lib, c, x, z: x.addcmul_(z, z, value=2),
    lambda lib, c, x: x.pow_(2), lambda lib, c, x, z: x.div_(z.abs() + 1),
    lambda lib, c, x: x.sigmoid_(), lambda lib, c, x, z: x.masked_fill_(z > 1, c % 5),
]  # fmt: skip
APART = [WRITES[k] for k in (2, 7, 8, 9, 17, 19, 28, 30)]
CONSTANT = WRITES[2:5]  # copy_, fill_, zero_
BY_INDEX = (fill_masked, put_masked, put_masked_tensor, put_indexed, put_number, add_indexed,
            put_pairs, put_where, add_at, fill_at, scatter_at)  # fmt: skip
