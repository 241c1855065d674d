"""What the programs share: operands in a memory space, and what a call refuses.

A program is a function with the decorator :func:`runs` and one parameter: the space in
which its operands are to be. Whatever it returns or raises is the observation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

REAL = {"complex64": "float32", "complex128": "float64"}


def runs(*spaces: str, tolerance: float = 0.0) -> Callable[[Any], Any]:
    """
    Say where a program's operands may be.

    Args:
        spaces: ``"cuda"``; ``"cpu"`` for operands in CPU memory that nvmath's execution
            on the CPU works on, so that no GPU is needed; ``"staged"`` for operands in
            CPU memory that nvmath copies to the GPU and back.

        tolerance: The relative error of values; 0 for what their type allows.
    """
    del spaces, tolerance  # read from the source: see the module ``cases``
    return lambda function: function


def numbers(*shape: int, dtype: str = "float32", first: int = 0) -> Any:
    """Return numbers of both signs in C order, the same on every machine, exact in half."""
    count = math.prod(shape)
    real = ((np.arange(count) + first) * 37 + 11) % 101 - 50.0
    values = real / 32
    if dtype in REAL:
        values = values + 1j * ((((np.arange(count) + first) * 53 + 29) % 97 - 48) / 32)
    return values.astype(dtype).reshape(shape)


def put(space: str, array: Any) -> Any:
    """Return an array in the memory space of ``space``; the order of axes is kept."""
    if space != "cuda":
        return array
    import cupy as cp  # not there where operands are in CPU memory alone

    return cp.asarray(array)


def operand(space: str, *shape: int, dtype: str = "float32", first: int = 0) -> Any:
    """Return :func:`numbers` in a memory space."""
    return put(space, numbers(*shape, dtype=dtype, first=first))


def fortran(space: str, *shape: int, dtype: str = "float32", first: int = 0) -> Any:
    """Return :func:`numbers` in Fortran order."""
    values = numbers(*shape, dtype=dtype, first=first)
    return put(space, np.asfortranarray(values))


def address(array: Any) -> int:
    """Return where an array's first element lies."""
    return int(array.data.ptr if hasattr(array.data, "ptr") else array.ctypes.data)


def refusal(function: Callable[..., Any], *args: Any, **options: Any) -> list[str]:
    """Return the type of what a call raises and its text's first line."""
    try:
        function(*args, **options)
    except Exception as err:  # noqa: BLE001 - whatever it is, it is the observation
        cls = type(err)
        return [f"{cls.__module__}.{cls.__qualname__}", first_line(str(err))]
    return ["nothing", ""]


def first_line(text: str) -> str:
    """Return a text's first line that says something, the same in every process."""
    line = next((x.strip() for x in text.splitlines() if x.strip()), "")
    return same_everywhere(line)


def same_everywhere(text: str) -> str:
    """Return a text that is the same in every process."""
    text = re.sub(r"0x[0-9a-f]+", "0x...", text)
    # A set's order is another one in every process.
    text = re.sub(
        r"\{('[^{}:]*')\}",
        lambda found: "{" + ", ".join(sorted(found[1].split(", "))) + "}",
        text,
    )
    return re.sub(r"(The address) \d+", r"\1 ...", text)
