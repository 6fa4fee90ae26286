"""Logarithms of gamma samples, differentiable by their concentration.

Samples come from NumPy's generator (Marsaglia and Tsang 2000). Their gradient is implicit
(Figurnov, Mohamed and Mnih 2018): at a fixed probability F(x; a) the sample moves with
dx/da = -(dF/da) / p(x). With t = x e^w in the incomplete gamma integral,

    dx/da = x * integral over w >= 0 of (w + log x - psi(a)) exp(a w - x (e^w - 1)) dw,

whose integrand has one sign where x > exp(psi(a)). Elsewhere the lower tail gives, with the series
S = sum_n x^n / ((a + 1) ... (a + n)),

    dx/da = (x / a) ((psi(a + 1) - log x) S - dS/da),

and S itself is an integral of the same kind at b = a + 1: S(b) = b * integral over v >= 0 of
exp(-b v + x (1 - e^-v)) dv, with S(a) = 1 + x / b S(b). Both are smooth and short: one
Gauss-Legendre rule does for all.
"""

from __future__ import annotations

import numpy as np
import numtorch as torch
from numtorch.autograd.function import once_differentiable

# Where exp(-_DEPTH) ends the integrals, and the nodes of the rule over [0, 1].
_DEPTH = 40.0
_NODES, _WEIGHTS = (np.polynomial.legendre.leggauss(64) * np.array([[0.5], [0.5]])) + np.array(
    [[0.5], [0.0]]
)


def _slope(a: torch.Tensor, log_x: torch.Tensor) -> torch.Tensor:
    """d log x / da of gamma samples x of concentration a (float64)."""
    x, b = log_x.exp(), a + 1
    upper = x > a + 0.5  # exp(psi(a + 1)) is about a + 1/2
    # The exponent is s w - x expm1(w), w = v or -v; its fall is bounded by a quadratic near 0.
    s = torch.where(upper, a, b)
    sign = torch.where(upper, 1.0, -1.0)
    fall = (sign * (x - s)).unsqueeze(-1)
    bend = torch.where(upper, x / 2, x / 3).unsqueeze(-1)
    near = 2 * _DEPTH / (fall + (fall * fall + 4 * bend * _DEPTH).sqrt())
    far = ((_DEPTH + x) / s).unsqueeze(-1)
    reach = torch.where(upper.unsqueeze(-1) | (near <= 1), near, far)
    v = reach * torch.from_numpy(_NODES)
    w = sign.unsqueeze(-1) * v
    weight = torch.from_numpy(_WEIGHTS) * (
        s.unsqueeze(-1) * w - x.unsqueeze(-1) * w.expm1()
    ).exp()
    mass = (weight * reach).sum(-1)
    moment = (weight * v * reach).sum(-1)
    above = moment + (log_x - a.digamma()) * mass
    # S(a) = 1 + x * mass and dS/da = -x * moment, from S(b) = b * mass.
    below = ((b.digamma() - log_x) * (1 + x * mass) + x * moment) / a
    return torch.where(upper, above, below)


class _LogStandardGamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx, concentration):
        a = concentration.detach().double().numpy()
        generator = torch.default_generator.numpy()
        # Small concentrations underflow: log of Gamma(a + 1) times U^(1/a).
        small = a < 1
        with np.errstate(divide="ignore"):
            log_x = np.log(generator.standard_gamma(np.where(small, a + 1, a)))
            log_x += np.where(small, -generator.standard_exponential(a.shape) / a, 0)
        result = torch.from_numpy(np.asarray(log_x)).to(concentration.dtype)
        ctx.save_for_backward(concentration, result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        concentration, log_x = ctx.saved_tensors
        slope = _slope(concentration.double(), log_x.double())
        return gradient * slope.to(gradient.dtype)


def log_standard_gamma(concentration: torch.Tensor) -> torch.Tensor:
    """Logarithms of samples of Gamma(concentration, 1), one per element.

    >>> import numtorch as torch
    >>> from numtorch.distributions._gamma_sampling import log_standard_gamma
    >>> log_standard_gamma(torch.ones(3)).shape
    torch.Size([3])
    """
    return _LogStandardGamma.apply(concentration)


def _standard_gamma(concentration: torch.Tensor) -> torch.Tensor:
    # Zero has no logarithm: the least positive number instead.
    return log_standard_gamma(concentration).exp().clamp(
        min=torch.finfo(concentration.dtype).tiny
    )
