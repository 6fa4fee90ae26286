"""Distributions over classes: categorical and one-hot ones, multinomial."""

from __future__ import annotations

import math

import numtorch as torch

from . import constraints
from ._discrete import Binomial, ProbsOrLogits
from .distribution import Distribution, Size
from .utils import broadcast_all


class Categorical(ProbsOrLogits, Distribution):
    """An index 0..n-1 with probabilities `probs` [..., n], or log-weights `logits`.

    `probs` needn't sum to 1.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Categorical
    >>> Categorical(torch.tensor([1.0, 3.0])).log_prob(torch.tensor([0, 1]))
    tensor([-1.3863, -0.2877])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True
    _binary = False

    def __init__(self, probs=None, logits=None, validate_args: bool | None = None):
        self._set_either(probs, logits)
        self._num_events = self._param.size()[-1]
        super().__init__(self._param.size()[:-1], validate_args=validate_args)

    def _prepared(self, name, value):
        if value.dim() < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        if name == "probs":
            return value / value.sum(-1, keepdim=True)
        return value - value.logsumexp(-1, keepdim=True)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        return constraints.integer_interval(0, self._num_events - 1)

    def _undefined(self):
        return torch.full(
            self._extended_shape(), torch.nan, dtype=self.probs.dtype, device=self.probs.device
        )

    mean = variance = property(_undefined)
    mode = property(lambda self: self.probs.argmax(-1))

    def sample(self, sample_shape=Size()):  # noqa: B008
        sample_shape = Size(sample_shape)
        rows = self.probs.detach().reshape(-1, self._num_events)
        # [rows, samples]: the samples go first.
        drawn = torch.multinomial(rows, sample_shape.numel(), True).T
        return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        self._check_value(value)
        index, logits = value.long(), self.logits
        if index.shape != self._batch_shape:
            index, one = torch.broadcast_tensors(index, logits[..., 0])
            logits = logits.expand(one.shape + (-1,))
        return logits.gather(-1, index.unsqueeze(-1)).squeeze(-1)

    def entropy(self):
        # 0 * -inf would be NaN.
        logits = self.logits.clamp(min=torch.finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        values = torch.arange(self._num_events, dtype=torch.long, device=self._param.device)
        return self._enumerated(values, expand)


class _OverCategorical(Distribution):
    """Vectors over the classes of a categorical distribution, whose parameters are theirs."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    probs = property(lambda self: self._categorical.probs)
    logits = property(lambda self: self._categorical.logits)
    param_shape = property(lambda self: self._categorical.param_shape)
    _param = property(lambda self: self._categorical._param)

    def _over(self, probs, logits, validate_args) -> None:
        self._categorical = Categorical(probs, logits)
        Distribution.__init__(
            self,
            self._categorical.batch_shape,
            self._categorical.param_shape[-1:],
            validate_args=validate_args,
        )

    def _new(self, *args, **kwargs):
        return self._categorical._new(*args, **kwargs)


class OneHotCategorical(_OverCategorical):
    """`Categorical` whose samples are one-hot vectors.

    >>> import numtorch as torch
    >>> from numtorch.distributions import OneHotCategorical
    >>> OneHotCategorical(torch.tensor([0.0, 1.0])).sample()
    tensor([0., 1.])
    """

    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args: bool | None = None):
        self._over(probs, logits, validate_args)

    mean = property(lambda self: self.probs)
    variance = property(lambda self: self.probs * (1 - self.probs))

    def _one_hot(self, index):
        return torch.nn.functional.one_hot(index, self._categorical._num_events).to(self.probs)

    mode = property(lambda self: self._one_hot(self.probs.argmax(-1)))

    def sample(self, sample_shape=Size()):  # noqa: B008
        with torch.no_grad():
            return self._one_hot(self._categorical.sample(sample_shape))

    def log_prob(self, value):
        self._check_value(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self):
        return self._categorical.entropy()

    def enumerate_support(self, expand=True):
        n = self.event_shape[0]
        return self._enumerated(
            torch.eye(n, dtype=self._param.dtype, device=self._param.device), expand
        )


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """`OneHotCategorical` with the probabilities' gradient (Bengio, Leonard, Courville 2013).

    >>> import numtorch as torch
    >>> from numtorch.distributions import OneHotCategoricalStraightThrough
    >>> logits = torch.zeros(3, requires_grad=True)
    >>> x = OneHotCategoricalStraightThrough(logits=logits).rsample()
    >>> x.requires_grad, x.sum().item()
    (True, 1.0)
    """

    has_rsample = True

    def rsample(self, sample_shape=Size()):  # noqa: B008
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(_OverCategorical):
    """How often each class came up in `total_count` draws.

    >>> import numtorch as torch
    >>> from numtorch.distributions import Multinomial
    >>> Multinomial(4, torch.tensor([0.0, 1.0])).sample()
    tensor([0., 4.])
    """

    def __init__(self, total_count=1, probs=None, logits=None, validate_args: bool | None = None):
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._over(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self):
        return constraints.multinomial(self.total_count)

    mean = property(lambda self: self.probs * self.total_count)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))

    def sample(self, sample_shape=Size()):  # noqa: B008
        sample_shape = Size(sample_shape)
        drawn = self._categorical.sample(Size((self.total_count,)) + sample_shape).movedim(0, -1)
        counts = drawn.new_zeros(self._extended_shape(sample_shape))
        return counts.scatter_add(-1, drawn, torch.ones_like(drawn)).type_as(self.probs)

    def log_prob(self, value):
        self._check_value(value)
        logits, value = broadcast_all(self.logits, value)
        # A class without draws costs nothing, impossible or not.
        logits = logits.masked_fill((value == 0) & (logits == -torch.inf), 0)
        choices = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return choices + (logits * value).sum(-1)

    def entropy(self):
        # n H - log n! + the expected sum of log x_i!, each x_i binomial.
        n = self.total_count
        each = Binomial(n, probs=self.probs)
        counts = each.enumerate_support(expand=False)[1:]
        factorials = (each.log_prob(counts).exp() * (counts + 1).lgamma()).sum((0, -1))
        return n * self._categorical.entropy() - math.lgamma(n + 1) + factorials
