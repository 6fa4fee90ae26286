"""The modes that switch the recording of gradients."""

from __future__ import annotations

import functools
import inspect

from numtorch.jit.record import local

from .._tensor import Tensor


class _Decorator:
    """A context manager that also decorates functions, generators and (with a warning) classes."""

    def clone(self):
        """A new context of the same kind and mode."""
        return type(self)()

    def __call__(self, function):
        if inspect.isclass(function):
            import warnings

            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You "
                "should only decorate functions or methods. To preserve the current behavior of "
                "class decoration, you can directly decorate the `__init__` method and nothing "
                "else.", FutureWarning, stacklevel=2,
            )  # fmt: skip
            function.__init__ = self(function.__init__)
            return function
        if inspect.isgeneratorfunction(function):
            return _generator(function, self.clone)

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return wrapped


def _generator(function, context):
    """A generator whose body runs in the mode, and its caller outside of it."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        gen = function(*args, **kwargs)
        try:
            with context():
                item = gen.send(None)
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    with context():
                        gen.close()
                    raise
                except BaseException as e:  # noqa: BLE001 (thrown into the generator)
                    with context():
                        item = gen.throw(e)
                else:
                    with context():
                        item = gen.send(sent)
        except StopIteration as e:
            return e.value

    return wrapped


class set_grad_enabled(_Decorator):
    """Switches gradient recording at once, and back at the end of a `with` block.

    >>> import numtorch as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, mode: bool):
        if not isinstance(mode, bool):
            raise TypeError(
                "set_grad_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode).__name__}"
            )
        self.mode = mode
        self.outer = local.tape.grad
        local.tape.grad = mode

    def __enter__(self) -> None:
        local.tape.grad = bool(self.mode)

    def __exit__(self, *exc) -> None:
        local.tape.grad = self.outer

    def __call__(self, function):
        local.tape.grad = self.outer
        return super().__call__(function)

    def clone(self) -> set_grad_enabled:
        """A new context of the same mode."""
        return set_grad_enabled(self.mode)

    def __str__(self) -> str:
        return f"torch.autograd.grad_mode.set_grad_enabled(mode={self.mode})"

    __repr__ = __str__


class _Mode(_Decorator):
    enabled = False

    def __new__(cls, function=None):
        self = object.__new__(cls)
        self.outer = []
        return self(function) if callable(function) else self

    def __init__(self, *_):
        pass

    def __enter__(self) -> None:
        tape = local.tape
        self.outer.append(tape.grad)
        # Nothing is recorded in inference mode, whatever is enabled.
        tape.grad = self.enabled and tape.new_handles is not _Marking

    def __exit__(self, *exc) -> None:
        local.tape.grad = self.outer.pop()


class no_grad(_Mode):
    """Context or decorator: ops are not recorded for gradients.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """


class enable_grad(_Mode):
    """Context or decorator: ops are recorded for gradients.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> with torch.no_grad():
    ...     with torch.enable_grad():
    ...         y = x * 2
    >>> y.requires_grad
    True
    """

    enabled = True


class _Marking(list):
    """Handles of a tape in inference mode: the tensors that they hold are marked."""

    def append(self, t) -> None:
        if isinstance(t, Tensor):
            t._inference = True
        list.append(self, t)


class inference_mode(_Decorator):
    """Context or decorator: like no_grad, and the tensors made can't be used for gradients later.

    `inference_mode(False)` is ordinary again inside of `inference_mode()`.

    >>> import numtorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> with torch.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    def __new__(cls, mode=True):
        self = object.__new__(cls)
        self.mode, self.outer = True, []
        return self(mode) if callable(mode) else self

    def __init__(self, mode=True):
        self.mode = bool(mode)

    def clone(self) -> inference_mode:
        """A new context of the same mode."""
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        tape = local.tape
        self.outer.append((tape.grad, tape.new_handles))
        # Leaving inference mode inside of itself records gradients again.
        tape.grad = not self.mode and (tape.grad or tape.new_handles is _Marking)
        _set_handles(tape, _Marking if self.mode else list)

    def __exit__(self, *exc) -> None:
        tape = local.tape
        tape.grad, handles = self.outer.pop()
        _set_handles(tape, handles)


def _set_handles(tape, kind) -> None:
    tape.new_handles = kind
    tape.handles = kind(tape.handles)


class set_multithreading_enabled:
    """Accepted for compatibility: backward runs on the caller's thread anyway.

    >>> import numtorch as torch
    >>> with torch.autograd.set_multithreading_enabled(False):
    ...     x = torch.tensor([1.0], requires_grad=True)
    ...     (3 * x).sum().backward()
    >>> x.grad
    tensor([3.])
    """

    def __init__(self, mode: bool):
        self.mode = bool(mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc) -> None:
        pass


def is_grad_enabled() -> bool:
    """True if ops are recorded for gradients.

    >>> import numtorch as torch
    >>> with torch.no_grad():
    ...     torch.is_grad_enabled()
    False
    """
    return local.tape.grad


def is_inference_mode_enabled() -> bool:
    """True inside of inference_mode.

    >>> import numtorch as torch
    >>> with torch.inference_mode():
    ...     torch.is_inference_mode_enabled()
    True
    """
    return local.tape.new_handles is _Marking


def is_inference(input: Tensor) -> bool:
    """True for a tensor that was made in inference mode.

    >>> import numtorch as torch
    >>> torch.is_inference(torch.zeros(2))
    False
    """
    return getattr(input, "_inference", False)


Tensor.is_inference = is_inference
