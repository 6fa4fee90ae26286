"""Transforms and constraints of distributions against torch."""

from __future__ import annotations

import pickle

import numpy as np
import numtorch as nt
import pytest
from distribution_cases import same
from helpers import outcome, settings, torch

RNG = np.random.default_rng(0)
LIBRARIES = nt, torch


@pytest.fixture(autouse=True)
def interpreted():
    with settings(interp=True):
        yield


def tensors(lib):
    return lambda values: lib.tensor(np.asarray(values, np.float64))


TRANSFORMS = {
    "Abs": (lambda d, t: d.AbsTransform(), (3,)),
    "Affine": (lambda d, t: d.AffineTransform(t([1.0, 2.0]), t([-2.0, 0.5])), (3, 2)),
    "Affine of numbers": (lambda d, t: d.AffineTransform(1.0, -2.0), (3,)),
    "Affine of events": (lambda d, t: d.AffineTransform(t(1.0), t([3.0, -2.0]), event_dim=1), (3, 2)),
    "Cat": (
        lambda d, t: d.CatTransform([d.ExpTransform(), d.TanhTransform()], dim=1, lengths=[1, 2]),
        (2, 3),
    ),
    "Cat of ones": (lambda d, t: d.CatTransform([d.ExpTransform(), d.SigmoidTransform()], -1), (3, 2)),
    "Compose": (
        lambda d, t: d.ComposeTransform([d.AffineTransform(1.0, 2.0), d.StickBreakingTransform()]),
        (2, 3),
    ),
    "CorrCholesky": (lambda d, t: d.CorrCholeskyTransform(), (2, 6)),
    "CumulativeDistribution": (
        lambda d, t: d.CumulativeDistributionTransform(d.Normal(t(1.0), t(2.0))), (3,),
    ),
    "Exp": (lambda d, t: d.ExpTransform(), (3,)),
    "Identity": (lambda d, t: d.identity_transform, (3,)),
    "Independent": (lambda d, t: d.IndependentTransform(d.ExpTransform(), 1), (2, 3)),
    "Inverse": (lambda d, t: d.SoftplusTransform().inv, (3,)),
    "Inverse of compose": (
        lambda d, t: d.ComposeTransform([d.ExpTransform(), d.AffineTransform(0.0, 2.0)]).inv, (3,),
    ),
    "LowerCholesky": (lambda d, t: d.LowerCholeskyTransform(), (2, 3, 3)),
    "PositiveDefinite": (lambda d, t: d.PositiveDefiniteTransform(), (2, 3, 3)),
    "Power": (lambda d, t: d.PowerTransform(t([2.0, -0.5])), (3, 2)),
    "Reshape": (lambda d, t: d.ReshapeTransform((2, 3), (6,)), (4, 2, 3)),
    "Sigmoid": (lambda d, t: d.SigmoidTransform(), (3,)),
    "Softmax": (lambda d, t: d.SoftmaxTransform(), (2, 3)),
    "Softplus": (lambda d, t: d.SoftplusTransform(), (3,)),
    "Stack": (lambda d, t: d.StackTransform([d.ExpTransform(), d.TanhTransform()], dim=1), (3, 2)),
    "StickBreaking": (lambda d, t: d.StickBreakingTransform(), (2, 3)),
    "Tanh": (lambda d, t: d.TanhTransform(), (3,)),
}  # fmt: skip
POSITIVE = {"Power", "Inverse", "Inverse of compose"}


def answers(lib, name, x):
    make, shape = TRANSFORMS[name]
    d = lib.distributions
    transform = make(d, tensors(lib))
    x = lib.tensor(x, requires_grad=True)
    y = outcome(transform, x)
    found = {
        "repr": repr(transform),
        "bijective": transform.bijective,
        "sign": outcome(lambda: transform.sign),
        "event_dim": outcome(lambda: transform.event_dim),
        "domain": repr(outcome(lambda: transform.domain)),
        "codomain": repr(outcome(lambda: transform.codomain)),
        "forward_shape": outcome(transform.forward_shape, lib.Size(shape)),
        "too few": outcome(transform.forward_shape, lib.Size()),
        "y": y,
        "inverse": outcome(lambda: transform.inv(transform(x.detach()))),
        "slope": outcome(lambda: transform.log_abs_det_jacobian(x, y)),
        "slope of inverse": outcome(lambda: transform.inv.log_abs_det_jacobian(y, x)),
        "equal": (transform == transform, transform == d.ExpTransform(), transform == 1),
        "double inverse": transform.inv.inv is transform,
        "cached": outcome(lambda: type(transform.with_cache(1)).__name__),
    }
    for part in ("y", "slope"):
        if isinstance(found[part], lib.Tensor) and found[part].requires_grad:
            (gradient,) = lib.autograd.grad(found[part].sum(), x, retain_graph=True)
            found["gradient of " + part] = gradient
    if isinstance(y, lib.Tensor):
        found["inverse_shape"] = outcome(transform.inverse_shape, y.shape)
        found["in codomain"] = outcome(lambda: transform.codomain.check(y))
    return found


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name):
    x = RNG.standard_normal(TRANSFORMS[name][1])
    x = np.abs(x) + 0.1 if name in POSITIVE else x
    ours, theirs = (answers(lib, name, x) for lib in LIBRARIES)
    for what, want in theirs.items():
        same(ours[what], want, f"{name}: {what}")


def test_a_cache_gives_back_what_went_in():
    d = nt.distributions
    x = nt.tensor([30.0])
    for transform in (d.TanhTransform(cache_size=1), d.ComposeTransform([d.TanhTransform()], 1)):
        assert transform.inv(transform(x)) is x
    assert d.TanhTransform().inv(d.TanhTransform()(x)).item() == float("inf")
    again = pickle.loads(pickle.dumps(d.ComposeTransform([d.ExpTransform(), d.TanhTransform()])))
    assert again == d.ComposeTransform([d.ExpTransform(), d.TanhTransform()])
    with pytest.raises(ValueError, match="cache_size must be 0 or 1"):
        d.ExpTransform(2)


class Doubled(nt.distributions.Transform):
    bijective = True
    domain = codomain = nt.distributions.constraints.real

    def __init__(self, extra=0):
        super().__init__()

    def _call(self, x):
        return 2 * x

    def _inverse(self, y):
        return y / 2

    def log_abs_det_jacobian(self, x, y):
        return nt.full_like(x, np.log(2.0))


def test_transforms_of_users():
    flow = nt.distributions.TransformedDistribution(nt.distributions.Normal(0.0, 1.0), [Doubled()])
    x = nt.tensor([0.5, 2.0])
    assert nt.allclose(flow.log_prob(x), nt.distributions.Normal(0.0, 2.0).log_prob(x))
    assert Doubled() != Doubled()
    with pytest.raises(NotImplementedError, match="with_cache is not implemented"):
        Doubled().with_cache()


MATRIX = [[2.0, 0.5], [0.5, 1.0]]
CONSTRAINTS = {
    "boolean": (lambda c: c.boolean, [0.0, 1.0, 0.5]),
    "one_hot": (lambda c: c.one_hot, [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]),
    "integer_interval": (lambda c: c.integer_interval(-1, 2), [-2.0, -1.0, 0.5, 2.0]),
    "nonnegative_integer": (lambda c: c.nonnegative_integer, [-1.0, 0.0, 0.5]),
    "positive_integer": (lambda c: c.positive_integer, [0.0, 1.0, 1.5]),
    "real": (lambda c: c.real, [0.0, float("nan"), float("inf")]),
    "real_vector": (lambda c: c.real_vector, [[0.0, 1.0], [float("nan"), 1.0]]),
    "positive": (lambda c: c.positive, [-1.0, 0.0, 1.0]),
    "nonnegative": (lambda c: c.nonnegative, [-1.0, 0.0, 1.0]),
    "greater_than": (lambda c: c.greater_than(2), [1.0, 2.0, 3.0]),
    "greater_than_eq": (lambda c: c.greater_than_eq(2.5), [1.0, 2.5, 3.0]),
    "less_than": (lambda c: c.less_than(2), [1.0, 2.0, 3.0]),
    "unit_interval": (lambda c: c.unit_interval, [-0.1, 0.0, 0.5, 1.0, 1.1]),
    "interval": (lambda c: c.interval(-2.0, upper_bound=3.0), [-3.0, -2.0, 3.0, 3.1]),
    "half_open_interval": (lambda c: c.half_open_interval(-2.0, 3.0), [-3.0, -2.0, 3.0]),
    "simplex": (lambda c: c.simplex, [[0.5, 0.5], [0.5, 0.6], [1.5, -0.5]]),
    "multinomial": (lambda c: c.multinomial(3), [[1.0, 2.0], [2.0, 2.0], [-1.0, 1.0]]),
    "lower_triangular": (lambda c: c.lower_triangular, [MATRIX, [[1.0, 0.0], [2.0, -1.0]]]),
    "lower_cholesky": (lambda c: c.lower_cholesky, [MATRIX, [[1.0, 0.0], [2.0, 1.0]]]),
    "corr_cholesky": (lambda c: c.corr_cholesky, [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0], [1, 1]]]),
    "square": (lambda c: c.square, [[1.0, 2.0]]),
    "symmetric": (lambda c: c.symmetric, [MATRIX, [[1.0, 0.0], [2.0, 1.0]]]),
    "positive_semidefinite": (lambda c: c.positive_semidefinite, [MATRIX, [[0.0, 1], [1, 0]]]),
    "positive_definite": (lambda c: c.positive_definite, [MATRIX, [[0.0, 1], [1, 0]]]),
    "independent": (lambda c: c.independent(c.positive, 1), [[1.0, 2.0], [-1.0, 2.0]]),
    "too few": (lambda c: c.independent(c.positive, 2), [1.0]),
    "cat": (lambda c: c.cat([c.positive, c.real], dim=-1, lengths=[1, 2]), [[-1.0, -1.0, 2.0]]),
    "stack": (lambda c: c.stack([c.positive, c.real], dim=0), [[-1.0, 1.0], [-1.0, 2.0]]),
    "mixture": (lambda c: c.MixtureSameFamilyConstraint(c.real_vector), [[1.0, float("nan")]]),
    "dependent": (lambda c: c.dependent, [1.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(name):
    make, value = CONSTRAINTS[name]
    found = []
    for lib in LIBRARIES:
        d = lib.distributions
        constraint = make(d.constraints)
        x = tensors(lib)(value)
        free = tensors(lib)(np.full((2, 3, 3), 0.3))
        found.append({
            "check": outcome(constraint.check, x),
            "repr": repr(constraint) if name != "dependent" else None,
            "event_dim": outcome(lambda: constraint.event_dim),  # noqa: B023
            "is_discrete": outcome(lambda: constraint.is_discrete),  # noqa: B023
            "dependent": d.constraints.is_dependent(constraint),
            "biject_to": outcome(lambda: d.biject_to(constraint)(free)),  # noqa: B023
            "transform_to": outcome(lambda: d.transform_to(constraint)(free)),  # noqa: B023
        })  # fmt: skip
    for what, want in found[1].items():
        same(found[0][what], want, f"{name}: {what}")


def test_vectors_of_triangles():
    for lib in LIBRARIES:
        utils = lib.distributions.utils
        for diag in (-2, -1, 0, 1):
            matrix = lib.arange(18.0).reshape(2, 3, 3)
            vector = utils.tril_matrix_to_vec(matrix, diag)
            assert lib.equal(utils.vec_to_tril_matrix(vector, diag), matrix.tril(diag))
    want = outcome(torch.distributions.utils.vec_to_tril_matrix, torch.zeros(4))
    same(outcome(nt.distributions.utils.vec_to_tril_matrix, nt.zeros(4)), want, "no triangle")
    want = outcome(torch.distributions.utils.tril_matrix_to_vec, torch.zeros(2, 2), 3)
    same(outcome(nt.distributions.utils.tril_matrix_to_vec, nt.zeros(2, 2), 3), want, "diagonal")
