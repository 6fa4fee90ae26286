"""Averages of a model's weights over training, and the schedule that goes with them.

Izmailov et al., Averaging weights leads to wider optima and better generalization (2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy

import numtorch as torch

from ..autograd import no_grad
from ..nn import Module
from .lr_scheduler.base import LRScheduler, per_group, without

__all__ = [
    "AveragedModel", "SWALR", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn",
    "get_swa_multi_avg_fn", "update_bn",
]  # fmt: skip


def _check_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


def get_ema_avg_fn(decay: float = 0.999) -> Callable:
    """avg_fn of an exponential moving average.

    >>> import numtorch as torch
    >>> average = torch.optim.swa_utils.get_ema_avg_fn(decay=0.5)
    >>> average(torch.tensor([1.0]), torch.tensor([3.0]), 1)
    tensor([2.])
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Callable:
    """avg_fn of the mean of all models so far.

    >>> import numtorch as torch
    >>> average = torch.optim.swa_utils.get_swa_avg_fn()
    >>> average(torch.tensor([1.0]), torch.tensor([4.0]), torch.tensor(2))
    tensor([2.])
    """

    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def _number(x):
    return x.item() if isinstance(x, torch.Tensor) else x


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable:
    """multi_avg_fn of an exponential moving average: all parameters at once.

    >>> import numtorch as torch
    >>> average, means = torch.optim.swa_utils.get_ema_multi_avg_fn(0.5), [torch.tensor([1.0])]
    >>> average(means, [torch.tensor([3.0])], 1)
    >>> means
    [tensor([2.])]
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list, current_param_list, _):
        for average, p in zip(ema_param_list, current_param_list):
            if average.dtype.is_floating_point or average.dtype.is_complex:
                average.copy_(average + (p - average) * (1 - decay))
            else:
                average.copy_(average * decay + p * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Callable:
    """multi_avg_fn of the mean of all models so far: all parameters at once.

    >>> import numtorch as torch
    >>> average, means = torch.optim.swa_utils.get_swa_multi_avg_fn(), [torch.tensor([1.0])]
    >>> average(means, [torch.tensor([4.0])], 2)
    >>> means
    [tensor([2.])]
    """

    @no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        weight = 1 / (_number(num_averaged) + 1)
        for average, p in zip(averaged_param_list, current_param_list):
            average.copy_(average + (p - average) * weight)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of those given to `update_parameters`.

    `avg_fn(average, parameter, count)` returns a new average; `multi_avg_fn` updates lists in
    place. `use_buffers`: buffers are averaged too; otherwise they are copied.

    >>> import numtorch as torch
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> average = torch.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 2.0, 6.0):
    ...     _ = torch.nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average(torch.ones(1)).item()
    3.0
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", torch.tensor(0, dtype=torch.long, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args, **kwargs) -> torch.Tensor:
        """Calls the averaged model."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Takes a model's parameters into the averages."""
        pairs = [(a.detach(), p.detach()) for a, p in self._pairs(model)]
        count = self.n_averaged.item()
        if count == 0:
            for average, p in pairs:
                average.copy_(p)
        elif self.avg_fn is not None:
            for average, p in pairs:
                average.copy_(self.avg_fn(average, p, self.n_averaged))
        elif self.multi_avg_fn is not None:
            for group in _by_dtype(pairs):
                self.multi_avg_fn(*map(list, zip(*group)), self.n_averaged)
        else:
            update = get_swa_avg_fn()
            for average, p in pairs:
                average.copy_(update(average, p, count))
        if not self.use_buffers:
            for b, other in zip(self.module.buffers(), model.buffers(), strict=True):
                b.detach().copy_(other.detach())
        self.n_averaged += 1

    def _pairs(self, model: Module):
        if not self.use_buffers:
            return zip(self.parameters(), model.parameters())
        ours = (*self.module.parameters(), *self.module.buffers())
        return zip(ours, (*model.parameters(), *model.buffers()))


def _by_dtype(pairs: list) -> list[list]:
    groups: dict = {}
    for average, p in pairs:
        groups.setdefault(average.dtype, []).append((average, p))
    return list(groups.values())


@no_grad()
def update_bn(loader, model: Module, device=None) -> None:
    """Computes the running statistics of a model's batch norms anew, over all batches.

    A batch may be a tensor, or a list or tuple whose first item is the input.

    >>> import numtorch as torch
    >>> net = torch.nn.Sequential(torch.nn.BatchNorm1d(1))
    >>> torch.optim.swa_utils.update_bn([torch.tensor([[1.0], [3.0]])], net)
    >>> net[0].running_mean
    tensor([2.])
    """
    norms = {m: m.momentum for m in model.modules() if _is_batch_norm(m)}
    if not norms:
        return
    was_training = model.training
    model.train()
    for m in norms:
        m.reset_running_stats()
        m.momentum = None  # the plain mean of all batches
    for batch in loader:
        if isinstance(batch, (list, tuple)):
            batch = batch[0]
        model(batch if device is None else batch.to(device))
    for m, momentum in norms.items():
        m.momentum = momentum
    model.train(was_training)


def _is_batch_norm(module: Module) -> bool:
    return any(cls.__name__ == "_BatchNorm" for cls in type(module).__mro__)


class SWALR(LRScheduler):
    """Anneals the rates to swa_lr in anneal_epochs, and holds them there.

    >>> import numtorch as torch
    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    >>> schedule = torch.optim.swa_utils.SWALR(optimizer, 0.5, 2, anneal_strategy="linear")
    >>> for _ in range(3):
    ...     print(schedule.get_last_lr()); optimizer.step(); schedule.step()
    [1.0]
    [0.75]
    [0.5]
    """

    def __init__(
        self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1
    ):  # fmt: skip
        rates = per_group("swa_lr", optimizer, swa_lr)
        for rate, group in zip(rates, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(
                f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}"
            )
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step: int) -> float:
        """How much of the way is behind after some steps."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list:
        """The next rates: the first ones are found back from the last."""
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates

    def state_dict(self) -> dict:
        """Everything but the optimizer."""
        return without(self.__dict__, "optimizer")
