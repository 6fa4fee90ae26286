"""L-BFGS."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numtorch as torch

from ..autograd import enable_grad, no_grad
from .optimizer import Optimizer, check_lr, number, scalar_dtype


class Point(NamedTuple):
    """A place on the search line: how far, the loss, the gradient, the slope along the line."""

    t: float
    loss: float
    gradient: object
    slope: float


def _ratio(a: float, b: float) -> float:
    return a / b if b else math.nan if a == 0 or a != a else math.copysign(math.inf, a)


def _cubic_minimum(a: Point, b: Point, bounds: tuple | None = None) -> float:
    """Where the cubic through two points with their slopes is least, within the bounds."""
    low, high = bounds or (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * _ratio(a.loss - b.loss, a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    d2 = math.sqrt(square)
    near, far = (a, b) if a.t <= b.t else (b, a)
    part = _ratio(far.slope + d2 - d1, far.slope - near.slope + 2 * d2)
    return min(max(far.t - (far.t - near.t) * part, low), high)


def _search(
    evaluate: Callable, start: Point, t: float, reach: float, tolerance: float, limit: int,
    c1: float = 1e-4, c2: float = 0.9,
) -> tuple[Point, int]:  # fmt: skip
    """A point that meets the strong Wolfe conditions, and how many evaluations it took.

    Nocedal and Wright, Numerical optimization (2006), algorithms 3.5 and 3.6.
    """

    def too_high(p: Point) -> bool:
        return p.loss > start.loss + c1 * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    previous, new = start, evaluate(t)
    count, bracket = 0, None
    while count < limit:
        if too_high(new) or (count > 1 and new.loss >= previous.loss):
            bracket = [previous, new]
        elif flat(new):
            return new, count + 1
        elif new.slope >= 0:
            bracket = [previous, new]
        if bracket:
            break
        bounds = (new.t + 0.01 * (new.t - previous.t), new.t * 10)
        t = _cubic_minimum(previous, new, bounds)
        previous, new = new, evaluate(t)
        count += 1
    bracket = bracket or [start, new]
    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    stuck = False
    while count < limit:
        near, far = sorted(p.t for p in bracket)
        if (far - near) * reach < tolerance:
            break
        t, stuck = _inside(_cubic_minimum(*bracket), near, far, stuck)
        new = evaluate(t)
        count += 1
        if too_high(new) or new.loss >= bracket[low].loss:
            bracket[1 - low] = new
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
            continue
        if flat(new):
            return new, count + 1
        if new.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = new
    return bracket[low], count + 1


def _inside(t: float, near: float, far: float, stuck: bool) -> tuple[float, bool]:
    """Keeps the next point off the ends of the bracket when the last was near one too."""
    margin = 0.1 * (far - near)
    if min(far - t, t - near) >= margin:
        return t, False
    if stuck or t >= far or t <= near:
        return (far - margin if abs(t - far) < abs(t - near) else near + margin), False
    return t, True


class LBFGS(Optimizer):
    """L-BFGS: a quasi-Newton method; `step` calls the closure several times.

    `line_search_fn`: None or 'strong_wolfe'.

    >>> import numtorch as torch
    >>> w = torch.tensor([3.0, -2.0], requires_grad=True)
    >>> opt = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> opt.step(closure)
    tensor(13., grad_fn=<SumBackward0>)
    >>> [round(x, 3) for x in w.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7,
        tolerance_change=1e-9, history_size=100, line_search_fn=None,
    ):  # fmt: skip
        check_lr(lr)
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list:
        return self.param_groups[0]["params"]

    def _gradient(self):
        """All gradients as one vector."""
        return torch.cat([
            _flat(torch.zeros_like(p) if p.grad is None else p.grad) for p in self._params
        ])  # fmt: skip

    def _move(self, t: float, direction) -> None:
        start = 0
        for p in self._params:
            q = torch.view_as_real(p) if p.dtype.is_complex else p
            n = q.numel()
            q.add_(direction[start : start + n].view(q.shape), alpha=t)
            start += n

    @no_grad()
    def step(self, closure) -> object:
        """Minimises along up to max_iter directions; returns the loss before the first."""
        closure = enable_grad()(closure)
        group = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        loss, evals = float(first), 1
        state["func_evals"] += 1
        g = self._gradient()
        if _largest(g) <= group["tolerance_grad"]:
            return first
        run = _Run(state, group)
        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            run.turn(g, loss, state["n_iter"] == 1)
            slope = g.dot(run.d).item()
            if slope > -group["tolerance_change"]:
                break
            at = Point(0.0, loss, g, slope)
            used, at = self._descend(closure, run, at, n, group, evals)
            loss, g = at.loss, at.gradient
            evals += used
            state["func_evals"] += used
            if n == group["max_iter"] or evals >= group["max_eval"]:
                break
            if _largest(g) <= group["tolerance_grad"]:
                break
            small = group["tolerance_change"]
            if _largest(run.d * run.t) <= small or abs(loss - run.last_loss) < small:
                break
        run.store(state)
        return first

    def _descend(
        self, closure, run: _Run, at: Point, n: int, group: dict, evals: int
    ) -> tuple[int, Point]:
        """Moves the parameters along the direction; (evaluations, where it ended)."""
        if group["line_search_fn"] is None:
            self._move(run.t, run.d)
            if n == group["max_iter"]:
                return 0, at
            return 1, Point(run.t, float(closure()), self._gradient(), 0.0)
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        before = [p.clone() for p in self._params]

        def evaluate(t: float) -> Point:
            self._move(t, run.d)
            loss, g = float(closure()), self._gradient()
            for p, x in zip(self._params, before):
                p.copy_(x)
            return Point(t, loss, g, g.dot(run.d).item())

        limit = group["max_eval"] - evals
        end, used = _search(
            evaluate, at, run.t, _largest(run.d), group["tolerance_change"], limit
        )  # fmt: skip
        run.t = end.t
        self._move(run.t, run.d)
        return used, end


class _Run:
    """The memory of the method: direction, step length, and the last changes."""

    def __init__(self, state: dict, group: dict):
        self.group = group
        self.d, self.t = state.get("d"), state.get("t")
        self.t = None if self.t is None else float(self.t)
        self.changes, self.steps = state.get("old_dirs"), state.get("old_stps")
        self.arrays: list[tuple] = []  # the same memory, for NumPy
        self.inverse = [float(x) for x in state.get("ro") or ()]
        self.scale = float(state.get("H_diag", 1))
        self.last, self.last_loss = state.get("prev_flat_grad"), state.get("prev_loss")
        self.weights = list(state.get("al") or [None] * group["history_size"])

    def turn(self, g, loss: float, first: bool) -> None:
        """The next direction and the length of the first try."""
        lr = number(self.group["lr"])
        if first:
            self.changes, self.steps, self.inverse, self.scale = [], [], [], 1.0
            self.arrays = []
            self.d, self.t = -g, min(1.0, 1.0 / g.abs().sum().item()) * lr
        else:
            self._remember(g - self.last, self.d * self.t)
            self.d, self.t = self._direction(g), lr
        self.last, self.last_loss = g.clone(), loss

    def _remember(self, y, s) -> None:
        ys = y.dot(s)
        if ys.item() > 1e-10:
            if len(self.changes) == self.group["history_size"]:
                for held in (self.changes, self.steps, self.inverse, self.arrays):
                    del held[:1]
            if len(self.arrays) == len(self.changes):
                self.arrays.append((y.numpy(), s.numpy()))
            self.changes.append(y)
            self.steps.append(s)
            self.inverse.append((1.0 / ys).item())
            self.scale = (ys / y.dot(y)).item()

    def _direction(self, g):
        # A chain of short products, each of which needs the number before: NumPy's run at once.
        if g.dtype not in (torch.float32, torch.float64):
            return self._recorded_direction(g)
        if len(self.arrays) != len(self.changes):
            self.arrays = [(y.numpy(), s.numpy()) for y, s in zip(self.changes, self.steps)]
        q, w = -g.numpy(), self.weights
        number = q.dtype.type
        known = [(y, s, number(r)) for (y, s), r in zip(self.arrays, self.inverse)]
        for i, (y, s, r) in reversed(list(enumerate(known))):
            w[i] = s.dot(q) * r
            q -= y * w[i]
        q *= number(self.scale)
        for i, (y, s, r) in enumerate(known):
            q += s * (w[i] - y.dot(q) * r)
        return torch.from_numpy(q)

    def _recorded_direction(self, g):
        # Two loops of the same few ops each: every weight is read, so that plans are shared.
        q, w = -g, self.weights
        known = list(zip(self.changes, self.steps, self.inverse))
        for i, (y, s, r) in reversed(list(enumerate(known))):
            w[i] = (s.dot(q) * r).item()
            q = q - y * w[i]
        q = q * self.scale
        for i, (y, s, r) in enumerate(known):
            q = q + s * (w[i] - (y.dot(q) * r).item())
        return q

    def store(self, state: dict) -> None:
        """Writes the state as PyTorch lays it out."""
        dtype = self.d.dtype if self.d is not None else scalar_dtype()

        def tensor(x):
            return None if x is None else torch.tensor(float(x), dtype=dtype)

        if state["n_iter"] > 1:
            state["al"] = [tensor(x) for x in self.weights]
        lr = self.group["lr"]
        # A step's length is of the kind of the lr it was computed from.
        t = lr.new_tensor(self.t) if isinstance(lr, torch.Tensor) and self.t is not None else self.t
        state.update(
            d=self.d, t=t, old_dirs=self.changes, old_stps=self.steps,
            ro=[tensor(x) for x in self.inverse], H_diag=tensor(self.scale),
            prev_flat_grad=self.last, prev_loss=self.last_loss,
        )  # fmt: skip


def _flat(g):
    g = torch.view_as_real(g) if g.dtype.is_complex else g
    return g.reshape(-1)


def _largest(v) -> float:
    return v.abs().max().item()
