"""The methods of ``cupy.ndarray`` that compute, and NumPy's two dispatch protocols."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.execution import account, run
from graders.harness.device.simulator.cupy_package.functions import TABLE
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, view
from graders.harness.device.simulator.cupy_package.ufuncs import UFUNCS

_COMPARISONS = {
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "equal",
    "not_equal",
}


def _method(name: str) -> Any:
    function = TABLE[name]

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    return method


class Methods:
    """Methods that are functions of the array."""

    __slots__ = ()

    all = _method("all")
    any = _method("any")
    argmax = _method("argmax")
    argmin = _method("argmin")
    argpartition = _method("argpartition")
    argsort = _method("argsort")
    choose = _method("choose")
    clip = _method("clip")
    compress = _method("compress")
    conj = _method("conj")
    conjugate = _method("conj")
    cumprod = _method("cumprod")
    cumsum = _method("cumsum")
    diagonal = _method("diagonal")
    dot = _method("dot")
    max = _method("max")
    mean = _method("mean")
    min = _method("min")
    nonzero = _method("nonzero")
    prod = _method("prod")
    ptp = _method("ptp")
    put = _method("put")
    repeat = _method("repeat")
    round = _method("round")
    searchsorted = _method("searchsorted")
    squeeze = _method("squeeze")
    std = _method("std")
    sum = _method("sum")
    swapaxes = _method("swapaxes")
    take = _method("take")
    trace = _method("trace")
    var = _method("var")

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """Return the elements in another shape: a view where the layout allows."""
        wanted = shape[0] if len(shape) == 1 else shape
        return TABLE["reshape"](self, wanted, order=order)

    def ravel(self, order: str = "C") -> Any:
        """Return the elements in one dimension: a view where the layout allows."""
        return TABLE["ravel"](self, order=order)

    def flatten(self, order: str = "C") -> Any:
        """Return a copy in one dimension."""
        array: Any = self
        flat = array.ravel(order)
        return flat.copy() if flat._memory is array._memory else flat

    def transpose(self, *axes: Any) -> Any:
        """Return a view with the axes permuted."""
        array: Any = self
        return view(array._host.transpose(*axes), array)

    def sort(self, axis: int = -1) -> None:
        """Sort in place."""
        array: Any = self
        array._host.sort(axis=axis)
        account("cupy_sort", "elementwise", [array], [array])

    def partition(self, kth: int, axis: int = -1) -> None:
        """Partition in place."""
        array: Any = self
        array._host.partition(kth, axis=axis)
        account("cupy_partition", "elementwise", [array], [array])

    def byteswap(self, inplace: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Reverse the bytes of each element, in a copy or in place."""
        swap = np.ndarray.byteswap
        return run(swap, "byteswap", "elementwise", (self, inplace), {})

    def scatter_add(self, slices: Any, value: Any) -> None:
        """Add at indices, unbuffered."""
        UFUNCS["add"].at(self, slices, value)

    def scatter_max(self, slices: Any, value: Any) -> None:
        """Take the larger at indices, unbuffered."""
        UFUNCS["maximum"].at(self, slices, value)

    def scatter_min(self, slices: Any, value: Any) -> None:
        """Take the smaller at indices, unbuffered."""
        UFUNCS["minimum"].at(self, slices, value)


def array_ufunc(function: Any, method: str, inputs: Any, kwargs: Any) -> Any:
    """Answer ``numpy.exp(device_array)`` and its like, as CuPy does."""
    if "out" in kwargs:
        if len(kwargs["out"]) != 1:
            msg = "The 'out' parameter must have exactly one array value"
            raise ValueError(msg)
        kwargs = {**kwargs, "out": kwargs["out"][0]}
    name = function.__name__
    mine: Any = TABLE.get(name)
    if mine is None:
        return NotImplemented
    if method == "__call__":
        if name in _COMPARISONS:
            inputs = tuple(
                x.item() if isinstance(x, np.ndarray) and x.ndim == 0 else x
                for x in inputs
            )
        return mine(*inputs, **kwargs)
    bound = getattr(mine, method, None)
    return NotImplemented if bound is None else bound(*inputs, **kwargs)


def array_function(function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Answer ``numpy.sum(device_array)`` and its like, as ``__array_function__``."""
    if not all(issubclass(t, (DeviceArray, np.ndarray)) for t in types):
        return NotImplemented
    module: Any = sys.modules.get("cupy")
    for part in function.__module__.split(".")[1:]:
        module = getattr(module, part, None)
    mine = getattr(module, function.__name__, None)
    if mine is None or mine is function:
        return NotImplemented
    return mine(*args, **kwargs)
