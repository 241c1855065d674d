"""``cupyx.scipy.sparse``: the formats and their constructors, with CuPy's errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from graders.harness.device.simulator.cupy_package import transfers
from graders.harness.device.simulator.cupy_package.execution import account
from graders.harness.device.simulator.cupy_package.sparse_base import (
    CLASSES,
    NAMES,
    _spbase,
    adopted,
    check_dtype,
    host,
    in_place,
    is_shape,
    scipy_class,
    sparray,
    spmatrix,
    uploaded,
)
from graders.harness.device.simulator.cupy_package.storage import DeviceArray


class _compressed(_spbase):  # noqa: N801 - as CuPy names its bases
    _parts = ("data", "indices", "indptr")
    _major = 0

    def __init__(
        self,
        arg1: Any,
        shape: Any = None,
        dtype: Any = None,
        copy: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> None:
        arrays, found = self._read(arg1, shape, dtype)
        shape = tuple(found if shape is None else shape)
        data, indices, indptr = arrays
        data = data.astype(data.dtype if dtype is None else dtype, copy=copy)
        check_dtype(data.dtype)
        index = sp.get_index_dtype(
            (indices._host, indptr._host),
            max(shape),
            check_contents=not isinstance(self, sparray),
        )
        if len(indptr) != shape[self._major] + 1:
            msg = (
                f"index pointer size ({len(indptr)}) should be "
                f"({shape[self._major] + 1})"
            )
            raise ValueError(msg)
        indices, indptr = (part.astype(index, copy=copy) for part in (indices, indptr))
        self._fill((data, indices, indptr), shape)

    def _read(self, arg1: Any, shape: Any, dtype: Any) -> tuple[tuple[Any, ...], Any]:
        if isinstance(arg1, _spbase):
            same = arg1.asformat(self.format)
            return (same.data, same.indices, same.indptr), same.shape
        if sp.issparse(arg1):
            return uploaded(self, arg1.asformat(self.format)), arg1.shape
        if is_shape(arg1):
            empty = scipy_class(self)(arg1, dtype=dtype or "d")
            return adopted(self, empty), arg1
        if isinstance(arg1, tuple) and len(arg1) == 2:  # noqa: PLR2004
            coo = CLASSES["coo", isinstance(self, sparray)](arg1, shape, dtype)
            same = coo.asformat(self.format)
            return (same.data, same.indices, same.indptr), same.shape
        if isinstance(arg1, tuple) and len(arg1) == 3:  # noqa: PLR2004
            return self._read_parts(arg1, shape)
        if isinstance(arg1, DeviceArray):
            if arg1._host.ndim > 2:  # noqa: PLR2004
                msg = "expected dimension <= 2 array or matrix"
                raise ValueError(msg)
            dense = np.atleast_2d(arg1._host)
            arrays = adopted(self, scipy_class(self)(dense))
            account("cupyx_dense2csr", "elementwise", [arg1], arrays)
            return arrays, dense.shape
        msg = "Unsupported initializer format"
        raise ValueError(msg)

    def _read_parts(
        self, parts: tuple[Any, ...], shape: Any
    ) -> tuple[tuple[Any, ...], Any]:
        if not all(isinstance(p, DeviceArray) and p._host.ndim == 1 for p in parts):
            msg = "data, indices, and indptr must be 1-D cupy arrays"
            raise ValueError(msg)
        data, indices, indptr = parts
        if len(data) != len(indices):
            msg = "indices and data should have the same size"
            raise ValueError(msg)
        if indptr.size:
            first, live = (int(indptr._host[i]) for i in (0, -1))
            if first != 0:
                msg = f"index pointer should start with 0 (got {first})"
                raise ValueError(msg)
            if live > data.size:
                msg = (
                    f"last index pointer ({live}) exceeds the size of data/indices "
                    f"({data.size})"
                )
                raise ValueError(msg)
            if live < data.size:
                data, indices = data[:live], indices[:live]
        minor = int(indices._host.max()) + 1 if shape is None else 0
        found = (len(indptr) - 1, minor)
        return (data, indices, indptr), found if self._major == 0 else found[::-1]

    @property
    def has_sorted_indices(self) -> bool:
        """Whether the indices of each row or column ascend."""
        return bool(host(self).has_sorted_indices)

    @property
    def has_canonical_format(self) -> bool:
        """Whether the indices ascend and none comes twice."""
        return bool(host(self).has_canonical_format)

    def sort_indices(self) -> None:
        """Sort the indices, in place."""
        in_place(self, "sort_indices")

    def sum_duplicates(self) -> None:
        """Add up what stands at the same place, in place."""
        if not self.has_canonical_format:
            in_place(self, "sum_duplicates")

    def eliminate_zeros(self) -> None:
        """Drop stored zeros, in place."""
        in_place(self, "eliminate_zeros")

    def setdiag(self, values: Any, k: int = 0) -> None:
        """Set a diagonal, in place."""
        in_place(self, "setdiag", values, k)


class _csr(_compressed):  # noqa: N801
    format = "csr"

    def tocsr(self, copy: bool = False) -> Any:  # noqa: FBT001, FBT002 - CuPy's signature
        """Return it as compressed rows: itself, or a copy."""
        return self.copy() if copy else self


class _csc(_compressed):  # noqa: N801
    format = "csc"
    _major = 1

    def tocsc(self, copy: bool = False) -> Any:  # noqa: FBT001, FBT002 - CuPy's signature
        """Return it as compressed columns: itself, or a copy."""
        return self.copy() if copy else self


class _coo(_spbase):  # noqa: N801
    format = "coo"
    _parts = ("data", "row", "col")
    row: Any
    col: Any

    def __init__(
        self,
        arg1: Any,
        shape: Any = None,
        dtype: Any = None,
        copy: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> None:
        (data, row, col), found = self._read(arg1, dtype)
        data = data.astype(data.dtype if dtype is None else dtype, copy=copy)
        check_dtype(data.dtype)
        given = found if shape is None else shape
        rows, cols = row._host, col._host
        if given is None:
            given = (int(rows.max()) + 1, int(cols.max()) + 1)
        given = tuple(given)
        for indices, name, n in ((rows, "row", given[0]), (cols, "column", given[1])):
            if indices.size and indices.max() >= n:
                msg = f"{name} index exceeds matrix dimensions"
                raise ValueError(msg)
            if indices.size and indices.min() < 0:
                msg = f"negative {name} index found"
                raise ValueError(msg)
        checked = not isinstance(self, sparray)
        index = sp.get_index_dtype((rows, cols), max(given), check_contents=checked)
        row, col = (part.astype(index, copy=copy) for part in (row, col))
        self._fill((data, row, col), given)

    def _read(self, arg1: Any, dtype: Any) -> tuple[tuple[Any, ...], Any]:
        if isinstance(arg1, _spbase):
            same = arg1.asformat("coo")
            return (same.data, same.row, same.col), same.shape
        if sp.issparse(arg1):
            return uploaded(self, arg1.tocoo()), arg1.shape
        if is_shape(arg1):
            return adopted(self, sp.coo_array(arg1, dtype=dtype or "d")), arg1
        if isinstance(arg1, tuple) and len(arg1) == 2:  # noqa: PLR2004
            data, coordinates = arg1
            parts = (data, *coordinates)
            if not all(isinstance(p, DeviceArray) and p._host.ndim == 1 for p in parts):
                msg = "row, column, and data arrays must be 1-D"
                raise ValueError(msg)
            if len({len(p) for p in parts}) > 1:
                msg = "row, column, and data array must all be the same length"
                raise ValueError(msg)
            return parts, None
        if isinstance(arg1, DeviceArray):
            dense = np.atleast_2d(arg1._host)
            arrays = adopted(self, sp.coo_array(dense))
            account("cupyx_dense2coo", "elementwise", [arg1], arrays)
            return arrays, dense.shape
        msg = "invalid input format"
        raise TypeError(msg)

    def _arguments(self, arrays: list[Any]) -> Any:
        return arrays[0], (arrays[1], arrays[2])

    @property
    def coords(self) -> tuple[Any, Any]:
        """The rows and the columns."""
        return self.row, self.col

    @property
    def has_canonical_format(self) -> bool:
        """Whether no place comes twice."""
        places = np.stack([self.row._host, self.col._host])
        return bool(np.unique(places, axis=1).shape[1] == self.nnz)

    def sum_duplicates(self) -> None:
        """Add up what stands at the same place, in place."""
        if not self.has_canonical_format:
            in_place(self, "sum_duplicates")

    def eliminate_zeros(self) -> None:
        """Drop stored zeros, in place."""
        in_place(self, "eliminate_zeros")

    def tocoo(self, copy: bool = False) -> Any:  # noqa: FBT001, FBT002 - CuPy's signature
        """Return it as coordinates: itself, or a copy."""
        return self.copy() if copy else self


class _dia(_spbase):  # noqa: N801
    format = "dia"
    _parts = ("data", "offsets")
    offsets: Any

    def __init__(
        self,
        arg1: Any,
        shape: Any = None,
        dtype: Any = None,
        copy: bool = False,  # noqa: FBT001, FBT002 - CuPy's signature
    ) -> None:
        del copy
        if isinstance(arg1, _spbase):
            same = arg1.asformat("dia")
            arrays, found = (same.data, same.offsets), same.shape
        elif sp.issparse(arg1):
            arrays, found = uploaded(self, arg1.asformat("dia")), arg1.shape
        elif isinstance(arg1, tuple) and len(arg1) == 2:  # noqa: PLR2004
            if shape is None:
                msg = "expected a shape argument"
                raise ValueError(msg)
            arrays = tuple(transfers.array(part, copy=False) for part in arg1)
            found = shape
        else:
            msg = "unrecognized form for dia_matrix constructor"
            raise ValueError(msg)
        data, offsets = arrays
        data = data if dtype is None else data.astype(dtype)
        check_dtype(data.dtype)
        self._fill((data, offsets), found if shape is None else shape)

    @property
    def nnz(self) -> int:
        """The number of stored entries inside the matrix."""
        return int(host(self).nnz)


def _class(base: type[Any], kind: type[Any], suffix: str) -> type[Any]:
    name = f"{base.format}_{suffix}"
    doc = f"A sparse {suffix} in simulated device memory ({NAMES[base.format]})."
    module = f"cupyx.scipy.sparse._{base.format}"
    made = type(name, (kind, base), {"__module__": module, "__doc__": doc})
    CLASSES[base.format, suffix == "array"] = made
    return made


csr_matrix, csr_array = (
    _class(_csr, spmatrix, "matrix"),
    _class(_csr, sparray, "array"),
)
csc_matrix, csc_array = (
    _class(_csc, spmatrix, "matrix"),
    _class(_csc, sparray, "array"),
)
coo_matrix, coo_array = (
    _class(_coo, spmatrix, "matrix"),
    _class(_coo, sparray, "array"),
)
dia_matrix, dia_array = (
    _class(_dia, spmatrix, "matrix"),
    _class(_dia, sparray, "array"),
)
