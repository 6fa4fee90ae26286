"""Distributions made of others."""

from __future__ import annotations

import numtorch as torch

from . import constraints
from ._categorical import Categorical
from .distribution import Distribution, Size
from .transforms import ComposeTransform, Transform
from .utils import _sum_rightmost


class Independent(Distribution):
    """The last `reinterpreted_batch_ndims` batch dimensions of a distribution become event ones.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Independent, Normal
    >>> d = Independent(Normal(torch.zeros(2, 3), 1.0), 1)
    >>> d.batch_shape, d.event_shape
    (torch.Size([2]), torch.Size([3]))
    """

    arg_constraints: dict = {}

    def __init__(
        self,
        base_distribution: Distribution,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ):
        if reinterpreted_batch_ndims > len(base_distribution.batch_shape):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {reinterpreted_batch_ndims} vs {len(base_distribution.batch_shape)}"
            )
        shape = base_distribution.batch_shape + base_distribution.event_shape
        event = reinterpreted_batch_ndims + len(base_distribution.event_shape)
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        super().__init__(
            shape[: len(shape) - event], shape[len(shape) - event :], validate_args=validate_args
        )

    has_rsample = property(lambda self: self.base_dist.has_rsample)

    @property
    def has_enumerate_support(self):
        return self.reinterpreted_batch_ndims == 0 and self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self):
        support = self.base_dist.support
        if self.reinterpreted_batch_ndims:
            support = constraints.independent(support, self.reinterpreted_batch_ndims)
        return support

    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)

    def sample(self, sample_shape=Size()):  # noqa: B008
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=Size()):  # noqa: B008
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        return _sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self):
        return _sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand=True):
        if self.reinterpreted_batch_ndims > 0:
            raise NotImplementedError(
                "Enumeration over cartesian product is not implemented"
            )
        return self.base_dist.enumerate_support(expand=expand)

    def __repr__(self):
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    """The distribution of a sample of `base_distribution` after one or more transforms.

    The log-probability is that of the base minus the transforms' log-determinants.

    >>> import numtorch as torch
    >>> from numtorch.distributions import ExpTransform, Normal, TransformedDistribution
    >>> d = TransformedDistribution(Normal(0.0, 1.0), [ExpTransform()])
    >>> d.log_prob(torch.tensor(1.0))
    tensor(-0.9189)
    """

    arg_constraints: dict = {}

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ):
        if isinstance(transforms, Transform):
            transforms = [transforms]
        elif not isinstance(transforms, list):
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        elif not all(isinstance(t, Transform) for t in transforms):
            raise ValueError("transforms must be a Transform or a list of Transforms")
        self.transforms = transforms
        shape = base_distribution.batch_shape + base_distribution.event_shape
        base_event = len(base_distribution.event_shape)
        whole = ComposeTransform(transforms)
        taken = whole.domain.event_dim
        if len(shape) < taken:
            raise ValueError(
                "base_distribution needs to have shape with size at least "
                f"{taken}, but got {shape}."
            )
        result = whole.forward_shape(shape)
        needed = whole.inverse_shape(result)
        if shape != needed:
            base_distribution = base_distribution.expand(needed[: len(needed) - base_event])
        if taken > base_event:
            base_distribution = Independent(base_distribution, taken - base_event)
        self.base_dist = base_distribution
        event = whole.codomain.event_dim + max(base_event - taken, 0)
        if len(result) < event:
            raise AssertionError(f"forward_shape length {len(result)} must be >= event_dim {event}")
        cut = len(result) - event
        super().__init__(result[:cut], result[cut:], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False)
    def support(self):
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self.event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    has_rsample = property(lambda self: self.base_dist.has_rsample)

    def _forward(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape=Size()):  # noqa: B008
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value):
        self._check_value(value)
        event, total, y = len(self.event_shape), 0, value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event += transform.domain.event_dim - transform.codomain.event_dim
            slope = transform.log_abs_det_jacobian(x, y)
            total = total - _sum_rightmost(slope, event - transform.domain.event_dim)
            y = x
        base = self.base_dist.log_prob(y)
        return total + _sum_rightmost(base, event - len(self.base_dist.event_shape))

    def _mirrored(self, probability):
        """1 - p where the transforms decrease, together."""
        sign = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        if isinstance(sign, int) and sign == 1:
            return probability
        return sign * (probability - 0.5) + 0.5

    def cdf(self, value):
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        if self._validate_args:
            self.base_dist._validate_sample(value)
        return self._mirrored(self.base_dist.cdf(value))

    def icdf(self, value):
        return self._forward(self.base_dist.icdf(self._mirrored(value)))


class MixtureSameFamily(Distribution):
    """Components of one family, the last batch dimension of a distribution, drawn by weight.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Categorical, MixtureSameFamily, Normal
    >>> weights = Categorical(torch.ones(2))
    >>> MixtureSameFamily(weights, Normal(torch.tensor([-1.0, 1.0]), 1.0)).mean
    tensor(0.)
    """

    arg_constraints: dict = {}
    has_rsample = False

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        validate_args: bool | None = None,
    ):
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                " The Mixture distribution needs to be an "
                " instance of torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an "
                "instance of torch.distributions.Distribution"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        weights, batch = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        for a, b in zip(reversed(weights), reversed(batch)):
            if a != 1 and b != 1 and a != b:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({weights}) is not "
                    f"compatible with `component_distribution.batch_shape`({batch})"
                )
        count = mixture_distribution.logits.shape[-1]
        components = component_distribution.batch_shape[-1]
        if count != components:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not"
                " equal `component_distribution.batch_shape[-1]`"
                f" ({components})"
            )
        self._num_component = count
        event_shape = component_distribution.event_shape
        self._event_ndims = len(event_shape)
        super().__init__(batch, event_shape, validate_args=validate_args)

    @constraints.dependent_property
    def support(self):
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    mixture_distribution = property(lambda self: self._mixture_distribution)
    component_distribution = property(lambda self: self._component_distribution)

    def _average(self, moment):
        """The components' moments [..., k, *event] weighted by their probabilities."""
        probs = self.mixture_distribution.probs
        probs = probs.reshape(probs.shape + (1,) * self._event_ndims)
        return (probs * moment).sum(-1 - self._event_ndims)

    @property
    def mean(self):
        return self._average(self.component_distribution.mean)

    @property
    def variance(self):
        # Law of total variance.
        within = self._average(self.component_distribution.variance)
        mean = self.mean.unsqueeze(-1 - self._event_ndims)
        return within + self._average((self.component_distribution.mean - mean) ** 2)

    def _for_each(self, x):
        return x.unsqueeze(-1 - self._event_ndims)

    def cdf(self, x):
        cdf = self.component_distribution.cdf(self._for_each(x))
        return (cdf * self.mixture_distribution.probs).sum(-1)

    def log_prob(self, x):
        self._check_value(x)
        each = self.component_distribution.log_prob(self._for_each(x))
        return (each + self.mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            drawn = self.component_distribution.sample(sample_shape)  # [..., k, *event]
            chosen = self.mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            at = chosen.reshape(chosen.shape + (1,) * (self._event_ndims + 1))
            dim = drawn.dim() - 1 - self._event_ndims
            shape = (*drawn.shape[:dim], 1, *drawn.shape[dim + 1 :])
            return drawn.gather(dim, at.expand(shape)).squeeze(dim)

    def __repr__(self):
        return (
            f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
        )
