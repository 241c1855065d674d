"""Parts of device arrays: views without kernels, gathers with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.simulator.cupy_package.errors import index_error
from graders.harness.device.simulator.cupy_package.execution import (
    account,
    kernel_name,
)
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    HostArray,
    adopt,
    view,
)
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.cupy_package.transfers import moved, upload
from graders.harness.device.simulator.machine import MACHINE, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

_BASIC = (int, slice, type(Ellipsis), type(None), np.integer)


def _is_basic(item: Any) -> bool:
    return isinstance(item, _BASIC) and not isinstance(item, bool)


def plan(index: Any) -> tuple[tuple[Any, ...], bool, list[DeviceArray], bool]:
    """Return NumPy's index, whether it is basic, arrays in it, and whether it masks."""
    items = index if isinstance(index, tuple) else (index,)
    if all(_is_basic(i) for i in items):
        if not any(i is Ellipsis for i in items):
            items = (*items, Ellipsis)  # so that NumPy gives a view, never a scalar
        return items, True, [], False
    found: list[DeviceArray] = []
    masks = False
    hosts: list[Any] = []
    for item in items:
        host: Any = item
        if isinstance(item, DeviceArray):
            found.append(item)
            host = item._host
        elif isinstance(item, (list, np.ndarray, bool)):
            array = np.asarray(item)
            if array.size == 0 and array.dtype.kind == "f":
                array = array.astype(np.int32)
            if array.dtype.kind in "iub":
                found.append(upload(array))
            host = array
        kind = getattr(getattr(host, "dtype", None), "kind", None)
        if kind is not None and kind not in "iub":
            msg = (
                "arrays used as indices must be of integer or boolean type. "
                f"(actual: {host.dtype.type})"
            )
            raise IndexError(msg)
        masks = masks or kind == "b"
        hosts.append(host)
    return tuple(hosts), False, found, masks


def getitem(array: DeviceArray, index: Any) -> Any:
    """Return ``array[index]``."""
    items, basic, found, masks = plan(index)
    if basic:
        try:
            return view(array._host[items], array)
        except IndexError as err:
            raise index_error(err) from None
    if masks:
        _count_mask(found)
    try:
        values = array._host[items]
    except IndexError:
        values = array._host[_wrapped(array._host, items)]
    result = adopt(values)
    name = kernel_name("take", [array._host, *[f._host for f in found]], None)
    account(name, "copy", [array, *found], [result])
    return result


def _wrapped(host: HostArray, items: tuple[Any, ...]) -> tuple[Any, ...]:
    """
    Return the index with arrays of positions wrapped around, as CuPy's kernels do.

    Raises:
        IndexError: Something else is wrong with the index, or NumPy would know no axis.
    """
    if any(i is Ellipsis or str(getattr(i, "dtype", "")) == "bool" for i in items):
        msg = f"index {items} is out of bounds for shape {host.shape}"
        raise IndexError(msg)
    axis, wrapped = 0, []
    for item in items:
        position = isinstance(item, np.ndarray)
        wrapped.append(item % host.shape[axis] if position else item)
        axis += item is not None
    return tuple(wrapped)


def _count_mask(found: list[DeviceArray]) -> None:
    """Account for what a mask costs: a scan, and its count read back by the host."""
    masks = [f for f in found if f._host.dtype.kind == "b"]
    account("cupy_scan_mask", "reduction", masks, [])
    MACHINE.copy(
        "device_to_host",
        4,
        stream=current_handle(),
        reads=[Part(m.block, m._host) for m in masks],
    )


def setitem(array: DeviceArray, index: Any, value: Any) -> None:
    """Carry out ``array[index] = value``."""
    items, basic, found, masks = plan(index)
    host = array._host
    target: HostArray = host[items] if basic else host
    if isinstance(value, DeviceArray):
        source: Any = value._host
        if basic and _same(source, target):
            return  # the second half of x[i] += y, which wrote through the view
        reads = [value, *found]
        kind = "copy"
    elif isinstance(value, (bool, int, float, complex, np.generic)):
        source = value
        reads = found
        kind = "fill"
    else:
        msg = f"non-scalar {_name(value)} cannot be used for fill"
        raise ValueError(msg)  # noqa: TRY004 - CuPy's
    _check_complex(source, host)
    with np.errstate(all="ignore"):
        if basic:
            np.copyto(target, source, casting="unsafe")
        else:
            host[items] = source
    written = view(target, array) if basic else array
    if basic and isinstance(value, DeviceArray):
        moved(value, written)
        return
    if masks:
        _write_by_mask(array, source, reads)
        return
    base = "copy" if basic else "scatter_update"
    account(kernel_name(base, [source], host.dtype), kind, reads, [written])


def _write_by_mask(
    array: DeviceArray, source: Any, reads: Iterable[DeviceArray]
) -> None:
    """Account for elements that were chosen by a condition, which is a computation."""
    made_by = array.block.made_by
    name = kernel_name("scatter_update_mask", [source], array._host.dtype)
    account(name, "elementwise", [array, *reads], [array])
    if not isinstance(source, np.ndarray):
        array.block.made_by = made_by  # a scalar makes nothing, as a fill does


def _name(value: Any) -> str:
    return (
        "numpy.ndarray" if isinstance(value, (list, np.ndarray)) else str(type(value))
    )


def _same(source: HostArray, target: HostArray) -> bool:
    return (
        source.shape == target.shape
        and source.strides == target.strides
        and source.dtype == target.dtype
        and source.__array_interface__["data"] == target.__array_interface__["data"]
    )


def _check_complex(source: Any, host: HostArray) -> None:
    complex_scalar = isinstance(source, complex) and not isinstance(source, np.generic)
    if complex_scalar and host.dtype.kind not in "c":
        msg = "float() argument must be a string or a real number, not 'complex'"
        raise TypeError(msg)


class flatiter:  # noqa: N801 - CuPy's name
    """The elements of a device array in C order, through ``array.flat``."""

    __module__ = "cupy"

    def __init__(self, array: Any) -> None:
        self.base = array

    def __len__(self) -> int:
        return int(self.base.size)

    def __getitem__(self, index: Any) -> Any:
        return self.base.ravel()[index].copy()

    def __setitem__(self, index: Any, value: Any) -> None:
        positions = np.arange(self.base.size)[index]
        where = np.unravel_index(np.atleast_1d(positions), self.base.shape)
        source = value._host if isinstance(value, DeviceArray) else value
        self.base._host[where] = source
        reads = [value] if isinstance(value, DeviceArray) else []
        account("cupy_setitem_flat", "copy", reads, [self.base])

    def __iter__(self) -> Any:
        return iter(self.base.ravel())
