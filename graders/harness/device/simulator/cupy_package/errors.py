"""What the simulated CuPy says when it cannot go on."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from graders.harness.device.simulator import not_modelled as _words

IMPLICIT_CONVERSION = (
    "Implicit conversion to a NumPy array is not allowed. "
    "Please use `.get()` to construct a NumPy array explicitly."
)


NotModelled = _words.NotModelled
_OF_SHAPES = ("operands could not be broadcast", "cannot reshape array")
_OF_INDICES = re.compile(r"index -?\d+ is out of bounds for axis \d+ with size \d+$")


def not_modelled(name: str) -> NoReturn:
    """
    Raise the one error for what the simulator leaves out.

    Args:
        name: What the program asked for, with its package: ``"cupy.RawKernel"``.

    Raises:
        NotModelled: Always.
    """
    raise _words.not_modelled(name)


class _Missing(type):
    """Let a class that is not modelled say so when it is used."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        not_modelled(f"{cls.__module__}.{cls.__qualname__}")

    def __call__(cls, *_args: Any, **_kwargs: Any) -> Any:
        not_modelled(f"{cls.__module__}.{cls.__qualname__}")


def missing_class(module: str, name: str) -> type:
    """Return a class that no object belongs to and that raises when it is called."""
    return _Missing(name, (), {"__module__": module, "__doc__": "Not modelled."})


def wrong_argument(name: str, value: object) -> TypeError:
    """Return the error of CuPy's compiled functions for a foreign argument."""
    kind = type(value)
    where = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return TypeError(
        f"Argument {name!r} has incorrect type (expected "
        f"cupy._core.core._ndarray_base, got {where}{kind.__name__})"
    )


def shape_error(error: ValueError) -> ValueError:
    """Return CuPy's error where NumPy's says that shapes do not fit."""
    text = str(error)
    if type(error) is not ValueError or not text.startswith(_OF_SHAPES):
        return error
    return ValueError(re.sub(r"(?<=\d),(?=\d)", ", ", text).rstrip())


def index_error(error: IndexError) -> IndexError:
    """Return CuPy's error where NumPy's says that an index is out of bounds."""
    text = str(error)
    if type(error) is not IndexError or not _OF_INDICES.match(text):
        return error
    return IndexError(text[0].upper() + text[1:])


def unsupported(value: object) -> TypeError:
    """Return the error that CuPy raises for an operand of a foreign type."""
    return TypeError(f"Unsupported type {type(value)}")
