"""TorchVersion: a version string that compares as versions do."""

from __future__ import annotations

import re

__all__ = ["TorchVersion"]


def _key(version) -> tuple[int, ...]:
    """(2, 13, 0) for '2.13.0+numtorch' and for (2, 13)."""
    if isinstance(version, (tuple, list)):
        parts = list(version)
    else:
        parts = re.match(r"\d*(?:\.\d+)*", str(version).lstrip("v"))[0].split(".")
    numbers = []
    for part in parts:
        found = re.match(r"\d+", str(part))
        if found is None:
            break
        numbers.append(int(found[0]))
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


class TorchVersion(str):
    """A str that compares with other versions, strings and tuples by number.

    >>> from numtorch.torch_version import TorchVersion
    >>> TorchVersion("2.13.0+numtorch") >= "2.9", TorchVersion("2.13.0") > (2, 2)
    (True, True)
    """

    def __lt__(self, other) -> bool:
        return _key(self) < _key(other)

    def __le__(self, other) -> bool:
        return _key(self) <= _key(other)

    def __gt__(self, other) -> bool:
        return _key(self) > _key(other)

    def __ge__(self, other) -> bool:
        return _key(self) >= _key(other)

    def __eq__(self, other) -> bool:
        if isinstance(other, (str, tuple, list)):
            return str.__eq__(self, other) is True or _key(self) == _key(other)
        return NotImplemented

    __hash__ = str.__hash__
