"""``cupy.lib.stride_tricks``: views with strides of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.simulator.cupy_package.memory import host_address
from graders.harness.device.simulator.cupy_package.storage import view

if TYPE_CHECKING:
    from collections.abc import Callable


def as_strided(x: Any, shape: Any = None, strides: Any = None) -> Any:
    """
    Return a view of an array's memory with this shape and these strides, in bytes.

    Raises:
        ValueError: The view reaches beyond the memory. CuPy lets it; what it reads or
            writes there is then another array's, or an error.
    """
    host = np.lib.stride_tricks.as_strided(x._host, shape, strides)
    low, high = np.lib.array_utils.byte_bounds(host)
    buffer = x.block.buffer
    start = host_address(buffer)
    if host.size and not start <= low <= high <= start + buffer.nbytes:
        msg = (
            f"A view with shape {host.shape} and strides {host.strides} reaches beyond "
            f"the {buffer.nbytes:,} bytes of the array's memory."
        )
        raise ValueError(msg)
    return view(host, x)


def sliding_window_view(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """Return a view of all windows of a shape, along new axes at the end."""
    windows = np.lib.stride_tricks.sliding_window_view(
        x._host, window_shape, axis, writeable=True
    )
    return view(windows, x)


def table() -> dict[str, Callable[..., Any]]:
    """Return the module's functions by name."""
    return {"as_strided": as_strided, "sliding_window_view": sliding_window_view}
