"""Transforms from unconstrained vectors to sets: `biject_to` (one to one) and `transform_to`.

>>> import numtorch as torch
>>> from numtorch.distributions import constraints, transform_to
>>> transform_to(constraints.positive)(torch.zeros(2))
tensor([1., 1.])
"""

from __future__ import annotations

from collections.abc import Callable

from . import constraints, transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """Factories of transforms by the type of the constraint.

    >>> import numtorch as torch
    >>> from numtorch.distributions import biject_to, constraints
    >>> type(biject_to).__name__, biject_to(constraints.real)(torch.tensor([1.5]))
    ('ConstraintRegistry', tensor([1.5000]))
    """

    def __init__(self):
        self._registry = {}
        super().__init__()

    def register(self, constraint, factory=None) -> Callable:
        """Registers `factory(constraint) -> Transform` for a type of constraint; a decorator too.

        >>> from numtorch.distributions import ExpTransform, constraints, transform_to
        >>> class Wide(constraints.Constraint): pass
        >>> @transform_to.register(Wide)
        ... def wide(constraint): return ExpTransform()
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        if isinstance(constraint, constraints.Constraint):
            constraint = type(constraint)
        if not isinstance(constraint, type) or not issubclass(constraint, constraints.Constraint):
            raise TypeError(
                "Expected constraint to be either a Constraint subclass or instance, "
                f"but got {constraint}"
            )
        self._registry[constraint] = factory
        return factory

    def __call__(self, constraint: constraints.Constraint) -> transforms.Transform:
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(
                f"Cannot transform {type(constraint).__name__} constraints"
            )
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _register(factory, *sets, only=None) -> None:
    for registry in (biject_to, transform_to) if only is None else (only,):
        for constraint in sets:
            registry.register(constraint, factory)


def _beyond(bound, slope: int) -> transforms.Transform:
    return transforms.ComposeTransform(
        [transforms.ExpTransform(), transforms.AffineTransform(bound, slope)]
    )


def _between(constraint) -> transforms.Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform(
        [transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)]
    )


_register(lambda c: transforms.identity_transform, constraints.real)
_register(lambda c: transforms.ExpTransform(), constraints.positive, constraints.nonnegative)
_register(
    lambda c: _beyond(c.lower_bound, 1), constraints.greater_than, constraints.greater_than_eq
)
_register(lambda c: _beyond(c.upper_bound, -1), constraints.less_than)
_register(_between, constraints.interval, constraints.half_open_interval)
_register(lambda c: transforms.CorrCholeskyTransform(), constraints.corr_cholesky)
_register(lambda c: transforms.StickBreakingTransform(), constraints.simplex, only=biject_to)
_register(lambda c: transforms.SoftmaxTransform(), constraints.simplex, only=transform_to)
_register(
    lambda c: transforms.LowerCholeskyTransform(), constraints.lower_cholesky, only=transform_to
)
_register(
    lambda c: transforms.PositiveDefiniteTransform(),
    constraints.positive_definite,
    constraints.positive_semidefinite,
    only=transform_to,
)


def _joined(registry: ConstraintRegistry) -> None:
    """Sets made of others: with the transforms that this registry has for those."""
    registry.register(
        constraints.independent,
        lambda c: transforms.IndependentTransform(
            registry(c.base_constraint), c.reinterpreted_batch_ndims
        ),
    )
    registry.register(
        constraints.cat,
        lambda c: transforms.CatTransform([registry(each) for each in c.cseq], c.dim, c.lengths),
    )
    registry.register(
        constraints.stack,
        lambda c: transforms.StackTransform([registry(each) for each in c.cseq], c.dim),
    )


_joined(biject_to)
_joined(transform_to)
