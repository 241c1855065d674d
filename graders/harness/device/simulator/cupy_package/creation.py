"""CuPy's functions that make arrays out of nothing, without host memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.errors import not_modelled
from graders.harness.device.simulator.cupy_package.execution import (
    account,
    finish,
    host_of,
    kernel_name,
)
from graders.harness.device.simulator.cupy_package.memory import AdoptedMemory
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    adopt,
    check_dtype,
    empty,
    like_strides,
    wrap,
)
from graders.harness.device.simulator.cupy_package.transfers import (
    array,
    asarray,
    asnumpy,
)
from graders.harness.device.simulator.machine import MACHINE


def empty_(shape: Any, dtype: npt.DTypeLike = float, order: str = "C") -> Any:
    """Return an uninitialised array; nothing runs."""
    return empty(shape, dtype, order)


def _filled(shape: Any, value: Any, dtype: npt.DTypeLike, order: str) -> Any:
    target = np.dtype(dtype)
    check_dtype(target)
    with np.errstate(all="ignore"):
        host = np.full(shape, value, target, order="F" if order in "Ff" else "C")
    result = adopt(host, "K")
    account(kernel_name("fill", [value], target), "fill", [], [result])
    return result


def zeros(shape: Any, dtype: npt.DTypeLike = float, order: str = "C") -> Any:
    """Return zeros."""
    return _filled(shape, 0, dtype, order)


def ones(shape: Any, dtype: npt.DTypeLike = float, order: str = "C") -> Any:
    """Return ones."""
    return _filled(shape, 1, dtype, order)


def full(
    shape: Any, fill_value: Any, dtype: npt.DTypeLike | None = None, order: str = "C"
) -> Any:
    """Return an array filled with one value."""
    if dtype is None:
        known = getattr(fill_value, "dtype", None)
        dtype = np.array(fill_value).dtype if known is None else known
    if isinstance(fill_value, DeviceArray):
        result = empty(shape, dtype, order)
        result[...] = fill_value
        return result
    return _filled(shape, fill_value, dtype, order)


def empty_like(
    prototype: Any,
    dtype: npt.DTypeLike | None = None,
    order: str = "K",
    subok: Any = None,
    shape: Any = None,
) -> Any:
    """Return an uninitialised array like another one."""
    del subok
    dtype = prototype.dtype if dtype is None else dtype
    if shape is not None and np.ndim(shape) == 0:
        shape = (shape,)
    same = shape is None or len(shape) == len(prototype.shape)
    if order in "Aa":
        order = "F" if prototype.flags.f_contiguous else "C"
    if order in "CcFf" or not same:
        wanted = prototype.shape if shape is None else shape
        return empty(wanted, dtype, order if order in "CcFf" else "C")
    model = prototype._host if isinstance(prototype, DeviceArray) else prototype
    if shape is not None:
        axes = np.argsort([-abs(s) for s in model.strides], kind="stable")
        dense = np.empty([shape[i] for i in axes], dtype)
        host = dense.transpose(np.argsort(axes))
    else:
        host = like_strides(model, dtype)
    flat = host.transpose(np.argsort([-s for s in host.strides], kind="stable"))
    if not flat.flags.c_contiguous:
        return empty(host.shape, dtype)
    memory = AdoptedMemory(flat.reshape(-1).view(np.uint8))
    poison(memory.block)
    return wrap(host, memory, None)


def poison(block: Any) -> None:
    """Fill a fresh block with NaN bytes where the observed call asks for it."""
    if MACHINE.poison:
        block.buffer.fill(0xFF)


def _like(value: Any) -> Any:
    def make(
        a: Any,
        dtype: npt.DTypeLike | None = None,
        order: str = "K",
        subok: Any = None,
        shape: Any = None,
    ) -> Any:
        result = empty_like(a, dtype, order, subok, shape)
        result.fill(value)
        return result

    return make


def full_like(
    a: Any,
    fill_value: Any,
    dtype: npt.DTypeLike | None = None,
    order: str = "K",
    subok: Any = None,
    shape: Any = None,
) -> Any:
    """Return an array like another one, filled with one value."""
    result = empty_like(a, dtype, order, subok, shape)
    result.fill(fill_value)
    return result


def _generated(name: str) -> Any:
    """Return a function whose elements follow from scalar arguments alone."""
    target = getattr(np, name)

    def make(*args: Any, **kwargs: Any) -> Any:
        found: list[DeviceArray] = []
        hosts = [host_of(a, found) for a in args]
        result = target(*hosts, **{k: host_of(v, found) for k, v in kwargs.items()})
        return finish(result, name, "elementwise", found)

    make.__name__ = name
    make.__module__ = "cupy"
    return make


def _read(name: str) -> Any:
    """Return a function that reads or builds on the host, then copies up."""
    target = getattr(np, name)

    def make(*args: Any, **kwargs: Any) -> Any:
        return asarray(target(*args, **kwargs))

    make.__name__ = name
    make.__module__ = "cupy"
    return make


class Grid:
    """``mgrid``, ``ogrid``, ``r_`` and ``c_``: arrays made by indexing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, key: Any) -> Any:
        found: list[DeviceArray] = []
        grid = getattr(np, self._name)
        return finish(grid[host_of(key, found)], self._name, "elementwise", found)


def copy(a: Any, order: str = "K") -> Any:
    """Return a copy on the device."""
    return a.copy(order)


def _saved(name: str) -> Any:
    target = getattr(np, name)

    def write(file: Any, *args: Any, **kwargs: Any) -> None:
        def host(value: Any) -> Any:
            return asnumpy(value) if isinstance(value, DeviceArray) else value

        target(file, *map(host, args), **{k: host(v) for k, v in kwargs.items()})

    write.__name__ = name
    return write


def from_dlpack(array: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """Return the memory of a CuPy array as an array; others' memory is not modelled."""
    if not isinstance(array, DeviceArray) or device is not None:
        not_modelled("cupy.from_dlpack of anything but a CuPy array")
    shared: Any = array
    return shared.copy() if copy else shared.view()


def table() -> dict[str, Any]:
    """Return every function of this module by its name in CuPy."""
    generated = names(
        """
        arange bartlett blackman diag_indices diag_indices_from eye hamming hanning
        identity indices ix_ kaiser linspace logspace mask_indices meshgrid tri
        tril_indices tril_indices_from triu_indices triu_indices_from
        """
    )
    read = (
        "frombuffer fromfile fromfunction fromiter fromstring genfromtxt load loadtxt"
    )
    functions = {name: _generated(name) for name in generated}
    functions.update({name: _read(name) for name in read.split()})
    functions.update({name: Grid(name) for name in ("mgrid", "ogrid", "r_", "c_")})
    functions.update(
        {
            name: _saved(name)
            for name in names(
                """
            save savez savez_compressed savetxt
            """
            )
        }
    )
    functions.update(
        array=array,
        asarray=asarray,
        asanyarray=asarray,
        copy=copy,
        from_dlpack=from_dlpack,
        empty=empty_,
        zeros=zeros,
        ones=ones,
        full=full,
        empty_like=empty_like,
        zeros_like=_like(0),
        ones_like=_like(1),
        full_like=full_like,
    )
    return functions
