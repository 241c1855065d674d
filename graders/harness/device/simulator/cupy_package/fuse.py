"""``cupy.fuse``: many elementwise operations as one kernel."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from graders.harness.device.simulator.cupy_package import execution
from graders.harness.device.simulator.cupy_package.storage import DeviceArray

if TYPE_CHECKING:
    from collections.abc import Callable


class Fusion:
    """
    A function whose kernels run as one.

    Args:
        function: The function.

        name: What its kernel is called. Default: the function's name.
    """

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        self.name = name or function.__name__
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; where it gets device arrays, as one kernel."""
        inputs = [a for a in (*args, *kwargs.values()) if isinstance(a, DeviceArray)]
        if not inputs:
            return self._function(*args, **kwargs)
        with execution.one_kernel(self.name, inputs):
            return self._function(*args, **kwargs)

    def clear_cache(self) -> None:
        """Forget the kernels that were made. There are none."""


def fuse(*args: Any, **kwargs: Any) -> Any:
    """
    Decorate a function so that its elementwise operations run as one kernel.

    Args:
        args: The function, unless it is used as ``@fuse()``.

        kwargs: ``kernel_name``, and nothing else.

    Raises:
        TypeError: As CuPy, for other keywords.
    """
    name = kwargs.pop("kernel_name", None)
    if kwargs:
        msg = f"fuse() got an unexpected keyword argument {next(iter(kwargs))!r}"
        raise TypeError(msg)
    if not args:
        return functools.partial(Fusion, name=name)
    return functools.update_wrapper(Fusion(args[0], name), args[0])
