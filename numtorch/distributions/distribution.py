"""What every distribution has: shapes, checks of arguments, sampling, expanding."""

from __future__ import annotations

import warnings

import numtorch as torch

from . import constraints
from .utils import broadcast_all, lazy_property

__all__ = ["Distribution", "ExponentialFamily"]

Size, Tensor = torch.Size, torch.Tensor


class Distribution:
    """A batch of distributions over events.

    A sample has the shape `sample_shape + batch_shape + event_shape`; `log_prob` of it has the
    shape `sample_shape + batch_shape`. Arguments and values are checked (ValueError) unless
    `validate_args=False` or `Distribution.set_default_validate_args(False)` says otherwise.

    A subclass names its parameters in `arg_constraints` and keeps them as attributes of those
    names, with the batch's dimensions first: `expand`, `repr` and the checks find them there.
    Distributions that it is made of, of at least its batch, are attributes too.

    >>> import numtorch as torch
    >>> normal = torch.distributions.Normal(torch.zeros(2, 3), 1.0)
    >>> isinstance(normal, torch.distributions.Distribution), normal.batch_shape, normal.event_shape
    (True, torch.Size([2, 3]), torch.Size([]))
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Turns checks on or off where `validate_args` isn't given.

        >>> from numtorch.distributions import Distribution
        >>> Distribution.set_default_validate_args(True)
        """
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: torch.Size = Size(),  # noqa: B008
        event_shape: torch.Size = Size(),  # noqa: B008
        validate_args: bool | None = None,
    ):
        self._batch_shape = batch_shape
        self._event_shape = event_shape
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._validate_parameters()
        super().__init__()

    def _set(self, validate_args: bool | None, **parameters) -> None:
        """Keeps broadcast scalar parameters; their shape is the batch's."""
        for name, value in zip(parameters, values := broadcast_all(*parameters.values())):
            setattr(self, name, value)
        Distribution.__init__(self, values[0].shape, validate_args=validate_args)

    # ---------------------------------------------------------------- checks

    def _validate_parameters(self) -> None:
        try:
            arg_constraints = self.arg_constraints
        except NotImplementedError:
            arg_constraints = {}
            warnings.warn(
                f"{self.__class__} does not define `arg_constraints`. "
                "Please set `arg_constraints = {}` or initialize the distribution "
                "with `validate_args=False` to turn off validation.",
                stacklevel=3,
            )
        found = []
        for name, constraint in arg_constraints.items():
            if constraints.is_dependent(constraint):
                continue
            if name not in vars(self) and isinstance(getattr(type(self), name), lazy_property):
                continue  # follows from one that was given
            found.append((name, constraint, constraint.check(getattr(self, name)).all()))
        # One read of the result for all parameters: each read runs what is pending.
        if not found or (found[0][2] if len(found) == 1 else torch.stack(
                [valid for _, _, valid in found]).all()):  # fmt: skip
            return
        for name, constraint, valid in found:
            if not valid:
                value = getattr(self, name)
                raise ValueError(
                    f"Expected parameter {name} "
                    f"({type(value).__name__} of shape {tuple(value.shape)}) "
                    f"of distribution {self!r} "
                    f"to satisfy the constraint {constraint!r}, "
                    f"but found invalid values:\n{value}"
                )

    def _validate_sample(self, value: Tensor) -> None:
        """ValueError where `value` can't be a sample: its type, its shape, the support."""
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        shape, event = value.shape, self._event_shape
        if shape[len(shape) - len(event) :] != event:
            raise ValueError(
                f"The right-most size of value must match event_shape: {shape} vs {event}."
            )
        expected = self._batch_shape + event
        for i, j in zip(reversed(shape), reversed(expected)):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{shape} vs {expected}."
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{self.__class__} does not define `support` to enable "
                "sample validation. Please initialize the distribution with "
                "`validate_args=False` to turn off validation.",
                stacklevel=2,
            )
            return
        if support is None:
            raise AssertionError("support is unexpectedly None")
        if not support.check(value).all():
            raise ValueError(
                "Expected value argument "
                f"({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({support!r}) "
                f"of the distribution {self!r}, "
                f"but found invalid values:\n{value}"
            )

    def _check_value(self, value: Tensor) -> None:
        if self._validate_args:
            self._validate_sample(value)

    # ---------------------------------------------------------------- shapes

    @property
    def batch_shape(self) -> torch.Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> torch.Size:
        """The shape of one event."""
        return self._event_shape

    def _extended_shape(self, sample_shape=Size()) -> torch.Size:  # noqa: B008
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def expand(self, batch_shape, _instance=None) -> Distribution:
        """The same distribution over a larger batch, its parameters expanded without copies.

        A subclass with an `__init__` of its own defines its `expand`; it may hand an instance
        made without `__init__` to the method of its base.
        """
        owner = self._library_class()
        if owner in (Distribution, ExponentialFamily):
            raise NotImplementedError
        new = self._get_checked_instance(owner, _instance)
        batch_shape, dims = Size(batch_shape), len(self._batch_shape)
        for name, value in vars(self).items():
            if name in vars(new):
                continue
            if name in self._parameters():
                value = value.expand(batch_shape + value.shape[dims:])
            elif isinstance(value, Distribution):
                value = value.expand(batch_shape + value.batch_shape[dims:])
            elif isinstance(getattr(type(self), name, None), lazy_property):
                continue
            vars(new)[name] = value
        new._batch_shape, new._event_shape = batch_shape, self._event_shape
        new._validate_args = self._validate_args
        return new

    def _parameters(self):
        """Names of the attributes that `expand` expands."""
        return self.arg_constraints.keys()

    def _library_class(self) -> type:
        package = __name__.rpartition(".")[0] + "."
        return next(c for c in type(self).__mro__ if c.__module__.startswith(package))

    def _get_checked_instance(self, cls: type, _instance=None):
        if _instance is None and type(self).__init__ != cls.__init__:
            raise NotImplementedError(
                f"Subclass {self.__class__.__name__} of {cls.__name__} that defines a custom "
                "__init__ method must also define a custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    # ---------------------------------------------------------------- what subclasses define

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """The set that each parameter must be in."""
        raise NotImplementedError

    @property
    def support(self) -> constraints.Constraint | None:
        """The set that samples are in."""
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """Expectation."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        raise NotImplementedError(f"{self.__class__} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """Variance of each entry of an event."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """Square root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape=Size()) -> Tensor:  # noqa: B008
        """Samples without a gradient: `sample_shape + batch_shape + event_shape`."""
        with torch.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=Size()) -> Tensor:  # noqa: B008
        """Samples that are differentiable functions of the parameters."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """`sample((n,))`; deprecated."""
        warnings.warn(
            "`sample_n(n)` will be deprecated. Use `sample((n,))` instead.",
            FutureWarning,
            stacklevel=2,
        )
        return self.sample(Size((n,)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Logarithm of the density or mass at `value`."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """Probability of a sample up to `value`."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of `cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution along a new first dimension.

        `expand=False` keeps the batch dimensions at size 1.
        """
        raise NotImplementedError

    def _enumerated(self, values: Tensor, expand: bool) -> Tensor:
        """Values [n, *event] spread over the batch."""
        event = values.shape[1:]
        values = values.view((-1,) + (1,) * len(self._batch_shape) + event)
        return values.expand((-1,) + self._batch_shape + event) if expand else values

    def entropy(self) -> Tensor:
        """Entropy in nats, of the batch's shape."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """Exponential of the entropy."""
        return self.entropy().exp()

    def __repr__(self) -> str:
        given = {name: vars(self)[name] for name in self.arg_constraints if name in vars(self)}
        parameters = ", ".join(
            f"{name}: {value if value.numel() == 1 else value.size()}"
            for name, value in given.items()
        )
        return f"{type(self).__name__}({parameters})"


class ExponentialFamily(Distribution):
    """Densities h(x) exp(t(x) . eta - A(eta)).

    A subclass gives `_natural_params` (the tensors eta), `_log_normalizer(*eta)` (A) and
    `_mean_carrier_measure` (the expectation of log h). Entropy is then the Bregman formula
    A(eta) - eta . grad A(eta) - E[log h], by autograd (Nielsen and Nock 2010).

    >>> import numtorch as torch
    >>> issubclass(torch.distributions.Normal, torch.distributions.ExponentialFamily)
    True
    >>> torch.distributions.Normal(0.0, 2.0).entropy()
    tensor(2.1121)
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params):
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> float:
        raise NotImplementedError

    def entropy(self) -> Tensor:
        carrier = self._mean_carrier_measure
        params = [p.detach().requires_grad_() for p in self._natural_params]
        normalizer = self._log_normalizer(*params)
        gradients = torch.autograd.grad(normalizer.sum(), params, create_graph=True)
        result = normalizer - carrier
        for p, g in zip(params, gradients):
            term = p * g
            event = term.dim() - len(self._batch_shape)
            result = result - (term.sum(tuple(range(-event, 0))) if event else term)
        return result
