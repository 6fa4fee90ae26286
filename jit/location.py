"""Where in the user's program something was recorded."""

from __future__ import annotations

import os
import sys

# Folders whose code is not the user's; files known to be in one of them or not.
folders = [os.path.dirname(os.path.abspath(__file__)) + os.sep]
_inside: dict[str, bool] = {}


def add_folder(module: str) -> None:
    """The folder of a module is not the user's code."""
    folders.append(os.path.dirname(os.path.abspath(sys.modules[module].__file__)) + os.sep)
    _inside.clear()


def user_location() -> tuple:
    """Where the nearest caller outside the library is: (code, instruction) for `source_line`.

    The line number itself is found only when an error needs it.
    """
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        inside = _inside.get(name)
        if inside is None:
            inside = _inside[name] = name.startswith(tuple(folders))
        if not inside:
            return code, frame.f_lasti
        frame = frame.f_back
    return None, 0


def source_line(code, instruction: int) -> str:
    """'file:line' of an instruction."""
    if code is None:
        return "<unknown>:0"
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            line = number
    return f"{code.co_filename}:{line}"
