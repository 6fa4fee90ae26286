"""Distributions over classes: categorical and one-hot ones, multinomial."""

from __future__ import annotations

import numtorch as torch

from . import constraints
from ._discrete import ProbsOrLogits
from .distribution import Distribution, Size


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
        value, logits = torch.broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, value[..., :1]).squeeze(-1)

    def entropy(self):
        # 0 * -inf would be NaN.
        logits = self.logits.clamp(min=torch.finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        values = torch.arange(self._num_events, dtype=torch.long, device=self._param.device)
        return self._enumerated(values, expand)
