"""Recurrent layers and cells."""

from __future__ import annotations

import math
import numbers
import warnings

from numtorch.jit.record import local

from ... import _autocast as autocast
from ... import _creation
from ..._tensor import Tensor
from .. import _rnn, init
from ..parameter import new_parameter
from .module import Module


class RNNBase(Module):
    """Weights of `num_layers` layers in one or two directions, and the call over sequences.

    >>> import numtorch as torch
    >>> [name for name, _ in torch.nn.RNNBase("GRU", 3, 5).named_parameters()]
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        proj_size: int = 0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__()
        for word, value in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(value, bool):
                raise TypeError(f"{word} should be of type bool, got: {type(value).__name__}")
        _check_options(input_size, hidden_size, num_layers, dropout, proj_size, mode)
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        directions = 2 if bidirectional else 1
        if mode not in _rnn.GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        gates = _rnn.GATES[mode] * hidden_size
        out = proj_size or hidden_size
        self._all_names: list[list[str]] = []
        for k in range(num_layers):
            for d in range(directions):
                size = input_size if k == 0 else out * directions
                tail = f"_l{k}" + ("_reverse" if d else "")
                shapes = {"weight_ih": (gates, size), "weight_hh": (gates, out)}
                if bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    setattr(self, name + tail, new_parameter(shape, dtype, device))
                self._all_names.append([name + tail for name in shapes])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform in +-1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)
        local.tape.flush()

    @property
    def all_weights(self) -> list[list[Tensor]]:
        return [[getattr(self, n) for n in names] for names in self._all_names]

    def flatten_parameters(self) -> None:
        """Nothing to do on a CPU."""

    def _weights(self) -> list[tuple]:
        found = []
        for names in self._all_names:
            given = {n.rsplit("_l", 1)[0]: getattr(self, n) for n in names}
            order = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
            found.append(tuple(given.get(n) for n in order))
        return found

    def forward(self, input, hx=None) -> tuple:
        from ..utils.rnn import PackedSequence

        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() not in (2, 3):
            raise ValueError(
                f"{self._kind()}: Expected input to be 2D or 3D, got {input.dim()}D"
                f"{' tensor' if self.mode.startswith('RNN') else ''} instead"
            )
        batched = input.dim() == 3
        x = input
        if batched and self.batch_first:
            x = x.transpose(0, 1)
        elif not batched:
            x = x.unsqueeze(1)
        hidden = self._states(hx, x.size(1), x.dtype, batched)
        if not x.size(0):
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        given = x.transpose(0, 1) if self.batch_first else x
        self.check_forward_args(given, self._outer(hidden), None)
        states = self._tuple(self.permute_hidden(self._outer(hidden), None))
        out, last = _rnn.network(
            self.mode, x, states, self._weights(), 2 if self.bidirectional else 1, self.dropout,
            self.training, None,
        )  # fmt: skip
        if not batched:
            out, last = out.squeeze(1), tuple(s.squeeze(1) for s in last)
        elif self.batch_first:
            out = out.transpose(0, 1)
        return out, self._outer(last)

    def _forward_packed(self, input, hx):
        from ..utils.rnn import PackedSequence

        sizes = input.batch_sizes.tolist()
        hidden = self._outer(self._states(hx, sizes[0], input.data.dtype, True))
        if hx is not None:
            hidden = self.permute_hidden(hidden, input.sorted_indices)
        self.check_forward_args(input.data, hidden, input.batch_sizes)
        states = self._tuple(hidden)
        out, last = _rnn.network(
            self.mode, input.data, states, self._weights(), 2 if self.bidirectional else 1,
            self.dropout, self.training, sizes,
        )  # fmt: skip
        order = (input.sorted_indices, input.unsorted_indices)
        packed = PackedSequence(out, input.batch_sizes, *order)
        return packed, self.permute_hidden(self._outer(last), input.unsorted_indices)

    def _kind(self) -> str:
        return "RNN" if self.mode.startswith("RNN") else self.mode

    def _outer(self, states: tuple):
        return states if self.mode == "LSTM" else states[0]

    def _tuple(self, hidden) -> tuple:
        return tuple(hidden) if self.mode == "LSTM" else (hidden,)

    # -- checks and steps of forward that subclasses may override

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raises for an input whose dtype, rank or size does not fit."""
        x, weight = input, self._flat_weights[0]
        if x.dtype is not weight.dtype and not autocast.any_enabled():
            raise ValueError(
                f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            )
        rank = 3 if batch_sizes is None else 2
        if x.dim() != rank:
            raise RuntimeError(f"input must have {rank} dimensions, got {x.dim()}")
        if x.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{x.size(-1)}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple:
        """The shape that a hidden state for this input must have."""
        return self._expected(input, batch_sizes, self.proj_size or self.hidden_size)

    def _expected(self, input: Tensor, batch_sizes: Tensor | None, size: int) -> tuple:
        if batch_sizes is not None:
            batch = int(batch_sizes[0])
        else:
            batch = input.size(0 if self.batch_first else 1)
        return self.num_layers * (2 if self.bidirectional else 1), batch, size

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: tuple, msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raises RuntimeError for a state of another shape."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden, batch_sizes: Tensor | None) -> None:
        """Raises for an input or a state that does not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation: Tensor | None) -> Tensor:
        """The state with its sequences in another order."""
        return hx if permutation is None else hx.index_select(1, permutation)

    @property
    def _flat_weights(self) -> list[Tensor]:
        return [getattr(self, name) for names in self._all_names for name in names]

    def _states(self, hx, batch: int, dtype, batched: bool) -> tuple:
        rows = self.num_layers * (2 if self.bidirectional else 1)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        if self.mode != "LSTM":
            sizes = sizes[:1]
        if hx is None:
            return tuple(_creation.zeros(rows, batch, n, dtype=dtype) for n in sizes)
        given = (hx[0], hx[1]) if self.mode == "LSTM" else (hx,)
        rank = 3 if batched else 2
        if any(h.dim() != rank for h in given):
            found = [f"{h.dim()}-D" for h in given]
            got = f"({', '.join(found)}) tensors" if len(given) > 1 else f"{found[0]} tensor"
            raise RuntimeError(
                f"For {'batched' if batched else 'unbatched'} {rank}-D input, "
                f"{'hx and cx' if len(given) > 1 else 'hx'} should also be {rank}-D but got {got}"
            )
        if not batched:
            given = tuple(h.unsqueeze(1) for h in given)
        return given

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, usual in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
            ("dropout", 0.0), ("bidirectional", False),
        ):  # fmt: skip
            value = getattr(self, name)
            if value != usual:
                text += f", {name}={value}"
        return text


def _check_options(input_size, hidden_size, num_layers, dropout, proj_size, mode) -> None:
    number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not number or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )
    sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
    for word, value in sizes.items():
        if not isinstance(value, int):
            raise TypeError(f"{word} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{word} must be greater than zero")
    if proj_size < 0:
        raise ValueError(
            "proj_size should be a positive integer or zero to disable projections"
        )
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if proj_size and mode != "LSTM":
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _no_more(name: str, kwargs: dict) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    for word in kwargs:
        raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{word}'")


class RNN(RNNBase):
    """h = tanh(x W_ih' + b_ih + h W_hh' + b_hh), or relu: [T, N, in] -> [T, N, hidden], h.

    >>> import numtorch as torch
    >>> output, h = torch.nn.RNN(3, 5, bidirectional=True)(torch.zeros(7, 4, 3))
    >>> output.shape, h.shape
    (torch.Size([7, 4, 10]), torch.Size([2, 4, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh",
        bias: bool = True, batch_first: bool = False, dropout: float = 0.0,
        bidirectional: bool = False, device=None, dtype=None, **kwargs,
    ):  # fmt: skip
        _no_more("RNN", kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias,
                         batch_first, dropout, bidirectional, 0, device, dtype)  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: [T, N, in] -> [T, N, hidden], (h, c).

    >>> import numtorch as torch
    >>> out, (h, c) = torch.nn.LSTM(3, 5)(torch.ones(7, 2, 3))
    >>> out.shape, h.shape
    (torch.Size([7, 2, 5]), torch.Size([1, 2, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        proj_size: int = 0, device=None, dtype=None,
    ):  # fmt: skip
        super().__init__("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, proj_size, device, dtype)  # fmt: skip


    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple:
        """The shape that a cell state for this input must have."""
        return self._expected(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden, batch_sizes: Tensor | None) -> None:
        """Raises for an input or a state that does not fit."""
        self.check_input(input, batch_sizes)
        hidden_size = self.get_expected_hidden_size(input, batch_sizes)
        cell_size = self.get_expected_cell_size(input, batch_sizes)
        self.check_hidden_size(hidden[0], hidden_size, "Expected hidden[0] size {}, got {}")
        self.check_hidden_size(hidden[1], cell_size, "Expected hidden[1] size {}, got {}")

    def permute_hidden(self, hx, permutation: Tensor | None) -> tuple:
        """The states with their sequences in another order."""
        if permutation is None:
            return hx
        return tuple(h.index_select(1, permutation) for h in hx)


class GRU(RNNBase):
    """Gated recurrent units: [T, N, in] -> [T, N, hidden], h.

    >>> import numtorch as torch
    >>> output, h = torch.nn.GRU(3, 5, num_layers=2)(torch.zeros(7, 4, 3))
    >>> output.shape, h.shape
    (torch.Size([7, 4, 5]), torch.Size([2, 4, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        device=None, dtype=None, **kwargs,
    ):  # fmt: skip
        _no_more("GRU", kwargs)
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout,
                         bidirectional, 0, device, dtype)  # fmt: skip


class RNNCellBase(Module):
    """Weights of a single step.

    >>> import numtorch as torch
    >>> [w.shape for w in torch.nn.RNNCellBase(3, 5, bias=False, num_chunks=4).parameters()]
    [torch.Size([20, 3]), torch.Size([20, 5])]
    """

    mode = ""

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device=None,
                 dtype=None):  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = new_parameter((rows, input_size), dtype, device)
        self.weight_hh = new_parameter((rows, hidden_size), dtype, device)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, new_parameter((rows,), dtype, device) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform in +-1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)
        local.tape.flush()

    def _step(self, input: Tensor, states) -> tuple:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        x = input if input.dim() == 2 else input.unsqueeze(0)
        if x.size(1) != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {x.size(1)} expected {self.input_size}"
            )
        if states is None:
            zeros = _creation.zeros(x.size(0), self.hidden_size, dtype=x.dtype)
            states = (zeros,) * (2 if self.mode == "LSTM" else 1)
        else:
            for s in states:
                if s.dim() not in (1, 2):
                    raise ValueError(
                        f"{name}: Expected hidden to be 1D or 2D, got {s.dim()}D instead"
                    )
            states = tuple(s if s.dim() == 2 else s.unsqueeze(0) for s in states)
            for k, s in enumerate(states):
                if s.size(0) != x.size(0):
                    raise RuntimeError(
                        f"Input batch size {x.size(0)} doesn't match hidden{k} batch size "
                        f"{s.size(0)}"
                    )
                if s.size(1) != self.hidden_size:
                    raise RuntimeError(
                        f"hidden{k} has inconsistent hidden_size: got {s.size(1)}, expected "
                        f"{self.hidden_size}"
                    )
        gx = _rnn.inputs_share(self.mode, x, self.weight_ih, self.bias_ih, self.bias_hh)
        out = _rnn.step(self.mode, gx, states, self.weight_hh, self.bias_hh, None)
        return out if input.dim() == 2 else tuple(s.squeeze(0) for s in out)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        return text


class RNNCell(RNNCellBase):
    """One step of RNN: [N, in], [N, hidden] -> [N, hidden].

    >>> import numtorch as torch
    >>> torch.nn.RNNCell(3, 5)(torch.zeros(4, 3)).shape
    torch.Size([4, 5])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True,
                 nonlinearity: str = "tanh", device=None, dtype=None):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    @property
    def mode(self) -> str:
        return f"RNN_{self.nonlinearity.upper()}"

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(input, None if hx is None else (hx,))[0]

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTMCell(RNNCellBase):
    """One step of LSTM: [N, in], ([N, hidden], [N, hidden]) -> (h, c).

    >>> import numtorch as torch
    >>> h, c = torch.nn.LSTMCell(3, 5)(torch.zeros(4, 3))
    >>> h.shape, c.shape
    (torch.Size([4, 5]), torch.Size([4, 5]))
    """

    mode = "LSTM"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device=None,
                 dtype=None):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple:
        if isinstance(hx, Tensor):
            raise TypeError(
                "lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not Tensor"
            )
        return self._step(input, hx)


class GRUCell(RNNCellBase):
    """One step of GRU: [N, in], [N, hidden] -> [N, hidden].

    >>> import numtorch as torch
    >>> torch.nn.GRUCell(3, 5)(torch.zeros(4, 3)).shape
    torch.Size([4, 5])
    """

    mode = "GRU"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device=None,
                 dtype=None):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(input, None if hx is None else (hx,))[0]
