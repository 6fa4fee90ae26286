"""Options of new tensors that a module's constructor passes on."""

from __future__ import annotations


def factory_kwargs(kwargs: dict | None) -> dict:
    """The options device, dtype and memory_format among the keyword arguments of a constructor.

    They may also be given together as `factory_kwargs`; TypeError for other options, or if one
    is given both ways.

    >>> import numtorch as torch
    >>> torch.nn.factory_kwargs({"dtype": torch.float64})
    {'dtype': torch.float64}
    """
    if kwargs is None:
        return {}
    simple = ("device", "dtype", "memory_format")
    unknown = kwargs.keys() - {*simple, "factory_kwargs"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    found = dict(kwargs.get("factory_kwargs", {}))
    for name in simple:
        if name in kwargs:
            if name in found:
                raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
            found[name] = kwargs[name]
    return found
