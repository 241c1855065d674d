"""Copies between host and device, each one counted: asarray, asnumpy, get, set."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.cupy_package.errors import wrong_argument
from graders.harness.device.simulator.cupy_package.execution import account, kernel_name
from graders.harness.device.simulator.cupy_package.memory import (
    UnownedMemory,
    is_operand,
    is_pinned,
)
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    HostArray,
    adopt,
    check_dtype,
    like_strides,
    wrap,
)
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.machine import MACHINE, Part


def upload(
    source: HostArray, order: str = "C", *, counted: bool = True, blocking: bool = False
) -> Any:
    """
    Return a new device array with a host array's elements.

    Args:
        source: The host array.

        order: ``"C"``, ``"F"``, or ``"K"`` to keep the order of the axes.

        counted: Whether the copy goes into the ledger and takes time.

        blocking: Whether the host waits even where its memory is page-locked.
    """
    check_dtype(source.dtype)
    MACHINE.arrive(current_handle())
    if order == "K":
        host = like_strides(source, source.dtype)
        host[...] = source
    else:
        host = np.array(source, order="F" if order == "F" else "C", copy=True)
    array = adopt(host, "K")
    if counted and not source.ndim:
        # CuPy hands a single element to a kernel that fills the array.
        account(kernel_name("fill", [source], source.dtype), "fill", [], [array])
        array.block.operand = is_operand(source)
    elif counted and source.nbytes:
        pinned = is_pinned(source)
        MACHINE.copy(
            "host_to_device",
            source.nbytes,
            stream=current_handle(),
            pinned=pinned,
            blocking=True if blocking else None,
            operand=is_operand(source),
            writes=[Part(array.block, array._host)],
        )
    return array


def rearranged(
    array: DeviceArray, order: str, dtype: npt.DTypeLike | None = None
) -> Any:
    """
    Return a copy on the device, made by a kernel.

    Args:
        array: What is copied.

        order: ``"C"``, ``"F"``, ``"A"`` or ``"K"``, as NumPy's ``copy``.

        dtype: The copy's dtype. Default: the array's.
    """
    host = array._host
    target = host.dtype if dtype is None else np.dtype(dtype)
    check_dtype(target)
    with np.errstate(all="ignore"):
        if order in {"K", "k"}:
            fresh = like_strides(host, target)
            np.copyto(fresh, host, casting="unsafe")
        else:
            fresh = np.array(host, dtype=target, order=order, copy=True)  # type: ignore[call-overload]
    result = adopt(fresh, "K")
    if host.size:
        account(kernel_name("copy", [host], target), "copy", [array], [result])
    return result


def moved(source: DeviceArray, target: DeviceArray) -> None:
    """Account for an assignment: of bytes where both lie in C order, or a kernel."""
    old, new = source._host, target._host
    if not new.size:
        return
    alike = old.flags.c_contiguous and new.flags.c_contiguous
    if alike and old.dtype == new.dtype and old.shape == new.shape:
        MACHINE.copy(
            "device_to_device",
            new.nbytes,
            stream=current_handle(),
            reads=[Part(source.block, old)],
            writes=[Part(target.block, new)],
        )
        return
    account(kernel_name("copy", [old], new.dtype), "copy", [source], [target])


def download(
    array: DeviceArray,
    stream: Any = None,
    order: str = "C",
    out: HostArray | None = None,
    *,
    blocking: bool = True,
) -> HostArray:
    """
    Return a host copy of a device array.

    Args:
        array: The device array. One that is not contiguous in ``order`` is first copied
            on the device, as CuPy does.

        stream: Where the copy is ordered. Default: the current stream.

        order: The host array's order, ``"C"``, ``"F"`` or ``"A"``.

        out: A host array that takes the elements.

        blocking: Whether the host waits; it always does where its memory is pageable.
    """
    if stream is not None:
        with stream:
            return download(array, None, order, out, blocking=blocking)
    host = array._host
    flags = host.flags
    if order in {"A", "a", "K", "k"}:
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    elif order not in {"C", "c", "F", "f"}:
        msg = f"unsupported order: {order}"
        raise ValueError(msg)
    source = array
    if not (flags.c_contiguous if order in {"C", "c"} else flags.f_contiguous):
        source = rearranged(array, order.upper())
    pinned = False
    if out is None:
        result: HostArray = np.array(host, order=order, copy=True)  # type: ignore[call-overload]
    else:
        _check_out(array, out)
        out[...] = host
        result = out
        pinned = is_pinned(out)
    if host.nbytes:
        MACHINE.copy(
            "device_to_host",
            host.nbytes,
            stream=current_handle(),
            pinned=pinned,
            blocking=True if blocking else None,
            reads=[Part(source.block, source._host)],
        )
        if pinned and not blocking:
            MACHINE.arrive_later(result, current_handle())
    return result


def _check_out(array: DeviceArray, out: Any) -> None:
    if not isinstance(out, np.ndarray):
        msg = "Only numpy.ndarray can be obtained from cupy.ndarray"
        raise TypeError(msg)
    host = array._host
    if host.dtype != out.dtype:
        msg = f"{out.dtype} array cannot be obtained from {host.dtype} array"
        raise TypeError(msg)
    if host.shape != out.shape:
        msg = f"Shape mismatch. Expected shape: {host.shape}, actual shape: {out.shape}"
        raise ValueError(msg)


def upload_into(array: DeviceArray, source: Any, stream: Any = None) -> None:
    """Write a host array's elements into a device array of the same shape and dtype."""
    if stream is not None:
        with stream:
            upload_into(array, source)
        return
    if not isinstance(source, np.ndarray):
        msg = "Only numpy.ndarray can be set to cupy.ndarray"
        raise TypeError(msg)
    host = array._host
    if host.dtype != source.dtype:
        msg = f"{source.dtype} array cannot be set to {host.dtype} array"
        raise TypeError(msg)
    if host.shape != source.shape:
        msg = f"Shape mismatch. Old shape: {host.shape}, new shape: {source.shape}"
        raise ValueError(msg)
    MACHINE.arrive(current_handle())
    host[...] = source
    if host.nbytes:
        MACHINE.copy(
            "host_to_device",
            host.nbytes,
            stream=current_handle(),
            pinned=is_pinned(source),
            operand=is_operand(source),
            writes=[Part(array.block, array._host)],
        )


def asnumpy(
    a: Any,
    stream: Any = None,
    order: str = "C",
    out: HostArray | None = None,
    *,
    blocking: bool = True,
) -> HostArray:
    """Return a host array; a device array is copied, anything else goes to NumPy."""
    if isinstance(a, DeviceArray):
        return download(a, stream, order, out, blocking=blocking)
    host: HostArray = np.asarray(a, order=order)  # type: ignore[call-overload]
    if out is not None:
        out[...] = host
        return out
    return host


def array(
    obj: Any,
    dtype: npt.DTypeLike | None = None,
    copy: bool | None = True,  # noqa: FBT001, FBT002 - CuPy's signature
    order: str | None = "K",
    subok: bool = False,  # noqa: FBT001, FBT002
    ndmin: int = 0,
    *,
    blocking: bool = False,
) -> Any:
    """Make a device array of anything that NumPy or CuPy makes an array of."""
    if subok:
        msg = "subok is not supported yet"
        raise NotImplementedError(msg)
    order = "K" if order is None else order
    if hasattr(obj, "__cuda_array_interface__") and not isinstance(obj, DeviceArray):
        obj = _from_interface(obj)
    if isinstance(obj, DeviceArray):
        result = _from_device(obj, dtype, copy, order)
    elif isinstance(obj, (list, tuple)) and _holds_device_arrays(obj):
        result = _from_nested(obj, dtype)
    else:
        keep = isinstance(obj, np.ndarray) and obj.flags.fnc and order in "KAka"
        wanted = "F" if keep or order in "Ff" else "C"
        host = np.asarray(obj, dtype=dtype)
        result = upload(host, wanted, blocking=blocking)
    missing = ndmin - result._host.ndim
    if missing > 0:
        result = result[(None,) * missing]
    return result


def _from_device(
    obj: DeviceArray, dtype: npt.DTypeLike | None, copy: bool | None, order: str
) -> Any:
    host = obj._host
    target = host.dtype if dtype is None else np.dtype(dtype)
    flags = host.flags
    fits = target == host.dtype and (
        order in "KAka"
        or (order in "Cc" and flags.c_contiguous)
        or (order in "Ff" and flags.f_contiguous)
    )
    if fits and not copy:
        return obj
    if copy is False:
        msg = "Unable to avoid copy while creating an array as requested."
        raise ValueError(msg)
    return rearranged(obj, order, target)


def _from_interface(obj: Any) -> Any:
    """Return a view into the device memory of another package's array."""
    interface = obj.__cuda_array_interface__
    block, offset = MACHINE.resolve(int(interface["data"][0]))
    dtype = np.dtype(interface["typestr"])
    check_dtype(dtype)
    host: HostArray = np.ndarray(
        interface["shape"],
        dtype,
        buffer=block.buffer,
        offset=offset,
        strides=interface.get("strides"),
    )
    memory = UnownedMemory(block.address, block.nbytes, obj)
    return wrap(host, memory, None)


def shares_memory(a: Any, b: Any, max_work: Any = None) -> bool:
    """Return whether two arrays have an element in common."""
    one, other = (x._host if isinstance(x, DeviceArray) else x for x in (a, b))
    result = bool(np.shares_memory(one, other, max_work=max_work))
    both = isinstance(a, DeviceArray) and isinstance(b, DeviceArray)
    if both and a is not b and max_work in (None, _EXACTLY):
        # CuPy sorts the addresses of a's elements on the device, and reads the answer.
        account("cupy_get_memory_ptrs", "elementwise", [a, b], [])
        stream = current_handle()
        MACHINE.copy("device_to_device", 8 * a._host.size, stream=stream)
        MACHINE.copy("device_to_host", 1, stream=stream)
    return result


def _holds_device_arrays(obj: Any) -> bool:
    if isinstance(obj, (list, tuple)):
        return any(_holds_device_arrays(item) for item in obj)
    return isinstance(obj, DeviceArray)


def _from_nested(obj: Any, dtype: npt.DTypeLike | None) -> Any:
    found: list[DeviceArray] = []

    def host_of(item: Any) -> Any:
        if isinstance(item, DeviceArray):
            found.append(item)
            return item._host
        if isinstance(item, (list, tuple)):
            return [host_of(i) for i in item]
        return item

    host = np.array(host_of(obj), dtype=dtype)
    result = adopt(host)
    name = kernel_name("copy", [host], host.dtype)
    account(name, "copy", found, [result])
    return result


def asarray(
    a: Any,
    dtype: npt.DTypeLike | None = None,
    order: str | None = None,
    *,
    copy: bool | None = None,
    blocking: bool = False,
) -> Any:
    """Make a device array; one that fits is returned as it is."""
    return array(a, dtype, copy, order, blocking=blocking)


def ascontiguousarray(a: Any, dtype: npt.DTypeLike | None = None) -> Any:
    """Return a C-contiguous device array; one that fits is returned as it is."""
    return _contiguous(a, dtype, "C")


def asfortranarray(a: Any, dtype: npt.DTypeLike | None = None) -> Any:
    """Return a Fortran-contiguous device array; one that fits is returned as it is."""
    return _contiguous(a, dtype, "F")


_EXACTLY = -1  # NumPy's MAY_SHARE_EXACT
_ORDERS = dict.fromkeys(("C", "C_CONTIGUOUS", "CONTIGUOUS"), "C")
_ORDERS |= dict.fromkeys(("F", "F_CONTIGUOUS", "FORTRAN"), "F")
_ORDERS |= dict.fromkeys(("O", "OWNDATA"), "O")


def require(
    a: Any, dtype: npt.DTypeLike | None = None, requirements: Any = None
) -> Any:
    """Make a device array of an order, or with memory of its own."""
    given = {name.upper() for name in requirements or ()}
    unknown = given - set(_ORDERS)
    if unknown:
        msg = f'Incorrect flag "{unknown.pop()}" in requirements'
        raise ValueError(msg)
    wanted = {_ORDERS[name] for name in given}
    if wanted >= {"C", "F"}:
        msg = 'Cannot specify both "C" and "F" order'
        raise ValueError(msg)
    order = next(iter(wanted - {"O"}), "A")
    return array(a, dtype, True if "O" in wanted else None, order)


def _contiguous(a: Any, dtype: npt.DTypeLike | None, order: str) -> Any:
    if not isinstance(a, DeviceArray):
        error = wrong_argument("a", a)
        raise error
    result = _from_device(a, dtype, None, order)
    return result if result._host.ndim else result.reshape(1)
