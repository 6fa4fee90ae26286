"""Variable: what tensors with gradients were called before they were tensors."""

from __future__ import annotations

from .._tensor import Tensor

__all__ = ["Variable"]


class VariableMeta(type):
    """Tensors are its instances."""

    def __instancecheck__(cls, obj) -> bool:
        return isinstance(obj, Tensor)

    def __call__(cls, data=None, requires_grad: bool = False, volatile=None):
        from .._creation import empty

        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile:
            import warnings

            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning, stacklevel=2,
            )  # fmt: skip
        return data.detach().requires_grad_(requires_grad)


class Variable(metaclass=VariableMeta):
    """Variable(data, requires_grad=False): a tensor that shares the memory of `data`.

    >>> import numtorch as torch
    >>> x = torch.autograd.Variable(torch.ones(2), requires_grad=True)
    >>> isinstance(x, torch.autograd.Variable), x
    (True, tensor([1., 1.], requires_grad=True))
    """
