"""Run NumPy on device arrays as a device would: check, compute, account, wrap."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.simulator.cupy_package.errors import (
    shape_error,
    unsupported,
)
from graders.harness.device.simulator.cupy_package.memory import host_address
from graders.harness.device.simulator.cupy_package.storage import (
    DeviceArray,
    HostArray,
    adopt,
    view,
)
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.machine import MACHINE, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SCALARS = (bool, int, float, complex, np.generic)
_PLAIN = (str, type, np.dtype, slice, range, type(Ellipsis), type(None), bytes)
_OPERANDS = _SCALARS + _PLAIN
# NumPy returns what it was given, itself, where there is nothing for these to do.
_AS_GIVEN = frozenset(
    {
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "broadcast_arrays",
        "diff",
        "matrix_power",
        "real",
        "real_if_close",
        "squeeze",
    }
)
_names: dict[tuple[Any, ...], str] = {}
# What kernels would have written, and their work, for each block that runs as one.
_fusions: list[list[tuple[list[DeviceArray], float]]] = []


def host_of(value: Any, found: list[DeviceArray]) -> Any:
    """
    Return the operand as NumPy sees it, and note the device arrays in it.

    Args:
        value: An operand: device array, scalar, or a list or tuple of those.

        found: Device arrays are appended here.

    Raises:
        TypeError: It is or holds an array that is not in device memory.
    """
    if isinstance(value, DeviceArray):
        found.append(value)
        return value._host
    if isinstance(value, _OPERANDS):
        return value
    if isinstance(value, (list, tuple)):
        return type(value)([host_of(v, found) for v in value])
    if isinstance(value, dict):
        return {k: host_of(v, found) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        raise unsupported(value)
    return value


def operand(value: Any, found: list[DeviceArray]) -> Any:
    """Return an elementwise kernel's operand: a device array's elements or a scalar."""
    if isinstance(value, DeviceArray):
        found.append(value)
        return value._host
    if isinstance(value, _SCALARS):
        return value
    raise unsupported(value)


def kernel_name(name: str, args: Iterable[Any], out: Any = None) -> str:
    """Return a kernel's name in CuPy's style: ``cupy_add__float32_float_float32``."""
    key = (name, *[getattr(a, "dtype", None) or type(a) for a in args], out)
    known = _names.get(key)
    if known is None:
        parts = [
            t.__name__ if isinstance(t, type) else str(t)
            for t in key[1:]
            if t is not None
        ]
        known = f"cupy_{name}__" + "_".join(parts)
        _names[key] = known
    return known


def account(
    name: str,
    kind: str,
    reads: Iterable[DeviceArray],
    writes: Iterable[DeviceArray],
    *,
    flops: float | None = None,
    elements: int | None = None,
) -> None:
    """
    Account for one kernel over these arrays on the current stream.

    Args:
        name: The kernel's full name.

        kind: As in the machine's ``kernel``.

        reads: Arrays read.

        writes: Arrays written.

        flops: Floating-point operations. Default: one an element.

        elements: Work items. Default: the elements of the largest array written.
    """
    reads = list(reads)
    writes = list(writes)
    if _fusions:
        work = sum(a._host.size for a in writes) if flops is None else flops
        _fusions[-1].append((writes, work))
        return
    if elements is None:
        elements = max([a._host.size for a in writes or reads], default=0)
        if kind == "reduction":
            elements = max([elements, *[a._host.size for a in reads]])
    if elements == 0 or not (writes or reads):
        return
    first = (writes or reads)[0]
    MACHINE.kernel(
        name,
        kind,
        elements=elements,
        nbytes=sum([a._host.nbytes for a in reads])
        + sum([a._host.nbytes for a in writes]),
        flops=elements if flops is None else flops,
        dtype=first._host.dtype.name,
        stream=current_handle(),
        reads=[Part(a._memory.block, a._host) for a in reads],
        writes=[Part(a._memory.block, a._host) for a in writes],
    )


@contextlib.contextmanager
def one_kernel(name: str, reads: list[DeviceArray]) -> Iterator[None]:
    """
    Account for all kernels of a block as for one.

    Args:
        name: The kernel's name without ``cupy_`` and types.

        reads: The arrays that the block works on.
    """
    parts: list[tuple[list[DeviceArray], float]] = []
    _fusions.append(parts)
    try:
        yield
    finally:
        _fusions.pop()
    if not parts:
        return
    # Values between the steps count as written: any of them may be a result.
    writes = [array for arrays, _ in parts for array in arrays]
    full = kernel_name(name, [a._host for a in reads], writes[-1]._host.dtype)
    account(full, "elementwise", reads, writes, flops=sum(work for _, work in parts))


def owner(result: HostArray, arrays: Iterable[DeviceArray]) -> DeviceArray | None:
    """Return the array whose memory a NumPy result views, or None where it is fresh."""
    if result.base is None:
        return None
    address = host_address(result)
    for array in arrays:
        buffer = array._memory.block.buffer
        start = host_address(buffer)
        if start <= address < start + buffer.nbytes:
            return array
    return None


def finish(
    result: Any,
    name: str,
    kind: str,
    found: list[DeviceArray],
    *,
    flops: float | None = None,
    order: str = "C",
) -> Any:
    """Wrap what NumPy returned, and account for the kernel unless it is all views."""
    if isinstance(result, (np.ndarray, np.generic)):
        if isinstance(result, np.ndarray):
            given = next((a for a in found if a._host is result), None)
            if given is not None:
                return _finish_in_place(given, name, kind, found, flops)
            source = owner(result, found)
            if source is not None:
                return view(result, source)
        array = adopt(result, order)
        full = kernel_name(name, [a._host for a in found], array._host.dtype)
        account(full, kind, found, [array], flops=flops)
        return array
    if isinstance(result, (tuple, list)):
        wrapped = [
            finish(r, name, kind, found, flops=flops, order=order) for r in result
        ]
        if hasattr(result, "_fields"):
            return type(result)(*wrapped)
        return type(result)(wrapped)
    return result


def _finish_in_place(
    given: DeviceArray,
    name: str,
    kind: str,
    found: list[DeviceArray],
    flops: float | None,
) -> Any:
    """Account for a kernel that wrote into an argument: no view is that very array."""
    if name in _AS_GIVEN:
        return view(given._host, given)
    full = kernel_name(name, [a._host for a in found], given._host.dtype)
    account(full, kind, found, [given], flops=flops)
    return given


def run(
    function: Callable[..., Any],
    name: str,
    kind: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    flops: float | None = None,
    order: str = "C",
) -> Any:
    """
    Call a NumPy function on device arrays.

    Args:
        function: The NumPy function.

        name: The kernel's name without ``cupy_`` and types.

        kind: The kernel's kind.

        args: Its arguments, device arrays among them.

        kwargs: Its keyword arguments; ``out`` may be a device array.

        flops: Floating-point operations. Default: one an element.

        order: As for :func:`storage.adopt`.
    """
    found: list[DeviceArray] = []
    out = kwargs.pop("out", None) if kwargs else None
    host_args = [host_of(a, found) for a in args]
    host_kwargs = {k: host_of(v, found) for k, v in kwargs.items()} if kwargs else {}
    with np.errstate(all="ignore"):
        try:
            result = function(*host_args, **host_kwargs)
        except ValueError as err:
            raise shape_error(err) from None
    if out is None:
        return finish(result, name, kind, found, flops=flops, order=order)
    return store(result, name, kind, found, out, flops=flops)


def store(
    result: Any,
    name: str,
    kind: str,
    found: list[DeviceArray],
    out: Any,
    *,
    flops: float | None = None,
    casting: Any = "same_kind",
) -> Any:
    """Write a result into ``out``, account for the kernel, and return ``out``."""
    if isinstance(out, tuple) and len(out) == 1:
        out = out[0]
    if not isinstance(out, DeviceArray):
        msg = f"Unsupported type {type(out)}"
        raise TypeError(msg)
    result = np.asarray(result)
    if result.shape != out._host.shape:
        shapes = " ".join(str(a._host.shape) for a in [*found, out])
        msg = f"operands could not be broadcast together with shapes {shapes}"
        raise ValueError(msg)
    if not np.can_cast(result.dtype, out._host.dtype, casting):
        msg = (
            f"Cannot cast output operand from {result.dtype!r} to {out._host.dtype!r} "
            f"according to the rule {casting!r}"
        )
        raise TypeError(msg)
    with np.errstate(all="ignore"):
        np.copyto(out._host, result, casting="unsafe")
    full = kernel_name(name, [a._host for a in found], out._host.dtype)
    account(full, kind, found, [out], flops=flops)
    return out
