"""The matrices that the simulated cuDSS is told of: addresses, sizes and kinds.

Imports nothing of the engine but the machine.
"""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graders.harness.device.simulator.machine import MACHINE, Allocation

DTYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32),
    1: np.dtype(np.float64),
    4: np.dtype(np.complex64),
    5: np.dtype(np.complex128),
    10: np.dtype(np.int32),
    24: np.dtype(np.int64),
}
INVALID_VALUE = 3
NOT_SUPPORTED = 4


class Binding:
    """
    What stands behind the handles, and the binding's own names.

    Attributes:
        module: ``nvmath.bindings.cudss``, with its enumerations and its error, once the
            simulated functions are in it.

        objects: Matrices, configurations and solvers by their handles.
    """

    module: Any = None
    objects: dict[int, Any] = {}  # noqa: RUF012 - there is one binding


_handles = itertools.count(0x2000)


@dataclass(eq=False)
class Sparse:
    """A matrix in compressed rows, or a batch of them: addresses on the device."""

    shapes: list[tuple[int, int, int]]
    addresses: list[
        list[int]
    ]  # of rows, columns and values; a batch's are on the device
    index: np.dtype[Any]
    dtype: np.dtype[Any]
    kind: str
    view: str
    base: int
    batched: bool = False


@dataclass(eq=False)
class Dense:
    """A column-major matrix of right-hand sides or solutions, or a batch of them."""

    shapes: list[tuple[int, int, int]]  # rows, columns, leading dimension
    address: int
    dtype: np.dtype[Any]
    batched: bool = False


def error(status: int) -> Exception:
    """Return cuDSS's error for a status."""
    made: Exception = Binding.module.cuDSSError(status)
    return made


def look_up(handle: int) -> Any:
    """Return what a handle stands for."""
    try:
        return Binding.objects[int(handle)]
    except KeyError:
        raise error(INVALID_VALUE) from None


def new(value: Any) -> int:
    """Return a handle for an object."""
    handle = next(_handles)
    Binding.objects[handle] = value
    return handle


# ------------------------------------------------------------------------ matrices


def matrix_create_csr(
    rows: int,
    columns: int,
    nnz: int,
    row_start: int,
    row_end: int,
    column_indices: int,
    values: int,
    offset_type: int,
    index_type: int,
    value_type: int,
    kind: int,
    view: int,
    base: int,
) -> int:
    """Describe a matrix in compressed rows."""
    del row_end, offset_type
    return new(
        Sparse(
            [(int(rows), int(columns), int(nnz))],
            [[int(row_start)], [int(column_indices)], [int(values)]],
            DTYPES[int(index_type)],
            DTYPES[int(value_type)],
            Binding.module.MatrixType(kind).name,
            Binding.module.MatrixViewType(view).name,
            int(base),
        )
    )


def matrix_create_batch_csr(
    count: int,
    rows: int,
    columns: int,
    nnz: int,
    row_start: int,
    row_end: int,
    column_indices: int,
    values: int,
    offset_type: int,
    index_type: int,
    value_type: int,
    kind: int,
    view: int,
    base: int,
) -> int:
    """Describe a batch of matrices: sizes on the host, addresses on the device."""
    handle = matrix_create_csr(
        0,
        0,
        0,
        row_start,
        row_end,
        column_indices,
        values,
        offset_type,
        index_type,
        value_type,
        kind,
        view,
        base,
    )
    found = Binding.objects[handle]
    found.shapes = _sizes(count, found.index, rows, columns, nnz)
    found.batched = True
    return handle


def matrix_create_dn(
    rows: int, columns: int, ld: int, values: int, value_type: int, layout: int
) -> int:
    """Describe a dense matrix."""
    if Binding.module.Layout(layout).name != "COL_MAJOR":
        raise error(NOT_SUPPORTED)
    shape = int(rows), int(columns), int(ld)
    return new(Dense([shape], int(values), DTYPES[int(value_type)]))


def matrix_create_batch_dn(
    count: int,
    rows: int,
    columns: int,
    ld: int,
    values: int,
    index_type: int,
    value_type: int,
    layout: int,
) -> int:
    """Describe a batch of dense matrices: sizes on the host, addresses on the device."""
    handle = matrix_create_dn(0, 0, 0, values, value_type, layout)
    found = Binding.objects[handle]
    found.shapes = _sizes(count, DTYPES[int(index_type)], rows, columns, ld)
    found.batched = True
    return handle


def _sizes(
    count: int, dtype: np.dtype[Any], *addresses: int
) -> list[tuple[int, int, int]]:
    lists = []
    for address in addresses:
        raw = ctypes.string_at(int(address), int(count) * dtype.itemsize)
        lists.append([int(n) for n in np.frombuffer(raw, dtype)])
    return [(a, b, c) for a, b, c in zip(*lists, strict=True)]


def matrix_destroy(handle: int) -> None:
    """Let go of a matrix's description."""
    Binding.objects.pop(int(handle), None)


def matrix_set_values(handle: int, values: int) -> None:
    """Move a dense matrix to another address."""
    look_up(handle).address = int(values)


def matrix_set_csr_pointers(
    handle: int, row_start: int, _row_end: int, column_indices: int, values: int
) -> None:
    """Move a sparse matrix to other addresses."""
    look_up(handle).addresses = [[int(row_start)], [int(column_indices)], [int(values)]]


def matrix_set_batch_values(handle: int, values: int) -> None:
    """Let a batch of dense matrices have its addresses elsewhere."""
    look_up(handle).address = int(values)


def _device(
    address: int, count: int, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[Any], Allocation]:
    """Return a view of device memory and its block."""
    block, offset = MACHINE.resolve(int(address))
    wanted = count * dtype.itemsize
    if offset + wanted > block.nbytes:
        raise error(INVALID_VALUE)
    return block.buffer[offset : offset + wanted].view(dtype), block


def _batch_addresses(batched: bool, address: int, count: int) -> list[int]:  # noqa: FBT001
    if not batched:
        return [address]
    return [int(p) for p in _device(address, count, np.dtype(np.uint64))[0]]


def read(matrix: Sparse) -> tuple[list[Any], list[Allocation]]:
    """Return SciPy's matrices for what the addresses hold now, and their blocks."""
    count = len(matrix.shapes)
    lists = [_batch_addresses(matrix.batched, a[0], count) for a in matrix.addresses]
    found, blocks = [], []
    for (rows, columns, nnz), *places in zip(matrix.shapes, *lists, strict=True):
        starts, b0 = _device(places[0], rows + 1, matrix.index)
        indices, b1 = _device(places[1], nnz, matrix.index)
        values, b2 = _device(places[2], nnz, matrix.dtype)
        blocks += [b0, b1, b2]
        found.append(_checked(starts, indices, values, (rows, columns), matrix.base))
    return found, blocks


def _checked(
    starts: npt.NDArray[Any],
    indices: npt.NDArray[Any],
    values: npt.NDArray[Any],
    shape: tuple[int, int],
    base: int,
) -> Any:
    starts, indices = starts - base, indices - base
    lengths = np.diff(starts)
    sound = (
        starts[0] == 0
        and starts[-1] == len(values)
        and (lengths >= 0).all()
        and ((indices >= 0) & (indices < shape[1])).all()
    )
    if not sound:
        raise error(INVALID_VALUE)
    rows = np.repeat(np.arange(shape[0]), lengths)
    # An entry that comes twice is not summed: the later one stands.
    keys = rows.astype(np.int64) * shape[1] + indices
    _, last = np.unique(keys[::-1], return_index=True)
    kept = len(keys) - 1 - last
    return sp.csr_array((values[kept], (rows[kept], indices[kept])), shape=shape)


def columns_of(matrix: Dense) -> tuple[list[npt.NDArray[Any]], list[Allocation]]:
    """Return views of the matrices in device memory, and their blocks."""
    count = len(matrix.shapes)
    found, blocks = [], []
    places = _batch_addresses(matrix.batched, matrix.address, count)
    for (rows, columns, ld), place in zip(matrix.shapes, places, strict=True):
        size = ld * (columns - 1) + rows if columns else 0
        flat, block = _device(place, size, matrix.dtype)
        step = matrix.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            flat, (rows, columns), (step, step * ld), writeable=True
        )
        found.append(view)
        blocks.append(block)
    return found, blocks
