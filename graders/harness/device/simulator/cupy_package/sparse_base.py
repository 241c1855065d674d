"""What the formats of ``cupyx.scipy.sparse`` share: matrices of device arrays.

SciPy computes on the host what CuPy's kernels compute on the device; the parts stay device
arrays, and every upload and download is counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from graders.harness.device.simulator.cupy_package import transfers
from graders.harness.device.simulator.cupy_package.errors import unsupported
from graders.harness.device.simulator.cupy_package.execution import account
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, adopt
from graders.harness.device.simulator.cupy_package.streams import current_handle
from graders.harness.device.simulator.machine import MACHINE, Part

NAMES = {
    "csr": "Compressed Sparse Row",
    "csc": "Compressed Sparse Column",
    "coo": "COOrdinate",
    "dia": "DIAgonal",
}
CLASSES: dict[tuple[str, bool], type[Any]] = {}
_DTYPES = "?fdFD"
_BAD_DTYPE = "Only bool, float32, float64, complex64 and complex128 are supported"


class _spbase:  # noqa: N801 - CuPy's name
    """What all formats share: a matrix is its parts, and a shape."""

    __module__ = "cupyx.scipy.sparse._base"
    __array_priority__ = 101
    __hash__ = None  # type: ignore[assignment]
    format = ""
    _parts: tuple[str, ...] = ()
    _is_canonical_known = False
    data: Any

    def _fill(self, arrays: tuple[Any, ...], shape: tuple[int, ...]) -> None:
        for name, array in zip(self._parts, arrays, strict=True):
            setattr(self, name, array)
        self._shape = tuple(int(n) for n in shape)
        self._is_canonical_known = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of rows and columns."""
        return self._shape

    def get_shape(self) -> tuple[int, ...]:
        """Return the numbers of rows and columns."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Always 2 here."""
        return len(self._shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The values' type."""
        found: np.dtype[Any] = self.data.dtype
        return found

    @property
    def nnz(self) -> int:
        """The number of stored entries."""
        return int(self.data.size)

    size = nnz

    def getnnz(self, axis: int | None = None) -> Any:
        """Return the number of stored entries."""
        return self.nnz if axis is None else run(self, "getnnz", axis)

    @property
    def device(self) -> Any:
        """The device that holds it."""
        return self.data.device

    @property
    def T(self) -> Any:  # noqa: N802 - CuPy's name
        """The transpose."""
        return self.transpose()

    @property
    def H(self) -> Any:  # noqa: N802 - CuPy's name
        """The conjugate transpose."""
        return self.transpose().conj()

    def transpose(self, axes: Any = None, copy: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return the transpose."""
        del axes, copy
        return run(self, "transpose")

    def get(self, stream: Any = None) -> Any:
        """Return a SciPy matrix: each part is copied to the host."""
        return scipy_class(self)(
            self._arguments([part.get(stream) for part in self._arrays()]),
            shape=self._shape,
        )

    def _arrays(self) -> list[Any]:
        return [getattr(self, name) for name in self._parts]

    def _arguments(self, arrays: list[Any]) -> Any:
        return tuple(arrays)

    def asformat(self, format: str | None) -> Any:  # noqa: A002 - CuPy's name
        """Return it in this format; itself where it is in it."""
        if format is None or format == self.format:
            return self
        return getattr(self, f"to{format}")()

    def copy(self) -> Any:
        """Return a copy."""
        result = object.__new__(type(self))
        result._fill(tuple(part.copy() for part in self._arrays()), self._shape)
        return result

    def astype(self, dtype: npt.DTypeLike, copy: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Return it with another type of values."""
        if not copy and np.dtype(dtype) == self.dtype:
            return self
        check_dtype(np.dtype(dtype))
        result = self.copy()
        result.data = self.data.astype(dtype)
        return result

    def toarray(self, order: str | None = None, out: Any = None) -> Any:
        """Return a dense array on the device."""
        if self.format == "csr" and self.nnz:
            _asked(self, "has_canonical_format")  # of the copy that CuPy makes first
        dense = adopt(host(self).toarray(order=order or "C"), "K")
        _account(self, "toarray", [dense])
        if out is not None:
            out[...] = dense
            return out
        return dense

    todense = toarray

    def dot(self, other: Any) -> Any:
        """Return the product with a matrix, a vector or a number."""
        return self * other if np.isscalar(other) else self @ other

    def sum(self, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        """Return the sum of all entries, or of rows or columns."""
        del out
        return run(self, "sum", axis, dtype)

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, _spbase):
            return run(self, "__matmul__", other)
        if not isinstance(other, DeviceArray):
            return NotImplemented
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        if not isinstance(other, DeviceArray):
            return NotImplemented
        columns: Any = other
        return (self.T @ columns.T).T

    def __len__(self) -> int:
        msg = "sparse array length is ambiguous; use shape[0] or .nnz"
        raise TypeError(msg)

    def __bool__(self) -> bool:
        if self._shape == (1, 1):
            return self.nnz != 0
        msg = (
            "The truth value of an array with more than one element is ambiguous. "
            "Use a.any() or a.all()."
        )
        raise ValueError(msg)

    def __repr__(self) -> str:
        kind = "array" if isinstance(self, sparray) else "matrix"
        return (
            f"<{NAMES[self.format]} sparse {kind} of dtype '{self.dtype}'\n"
            f"\twith {self.nnz} stored elements and shape {self.shape}>"
        )

    def __str__(self) -> str:
        return str(self.get())

    def __getitem__(self, key: Any) -> Any:
        return run(self, "__getitem__", key)

    def __mul__(self, other: Any) -> Any:
        return self._times(other)

    def __rmul__(self, other: Any) -> Any:
        return self._times(other)

    def __imul__(self, other: Any) -> Any:
        if not np.isscalar(other):
            return NotImplemented
        self.data *= other
        return self

    def _times(self, other: Any) -> Any:
        if isinstance(self, sparray) or np.isscalar(other):
            return run(self, "multiply", other)
        return self @ other


class spmatrix:  # noqa: N801 - CuPy's name
    """Base of the matrix classes, whose ``*`` is the product of matrices."""

    __module__ = "cupyx.scipy.sparse._base"


class sparray:  # noqa: N801 - CuPy's name
    """Base of the array classes, whose ``*`` is elementwise."""

    __module__ = "cupyx.scipy.sparse._base"


def is_shape(value: Any) -> bool:
    """Say whether a value is a pair of integers."""
    return (
        isinstance(value, tuple)
        and len(value) == 2  # noqa: PLR2004
        and all(isinstance(n, (int, np.integer)) for n in value)
    )


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse a type of values that CuPy's sparse matrices cannot have."""
    if dtype.char not in _DTYPES:
        raise ValueError(_BAD_DTYPE)


def scipy_class(matrix: _spbase) -> Any:
    """Return SciPy's class of the same format."""
    suffix = "array" if isinstance(matrix, sparray) else "matrix"
    return getattr(sp, f"{matrix.format}_{suffix}")


def uploaded(matrix: _spbase, source: Any) -> tuple[Any, ...]:
    """Copy the parts of a SciPy matrix up; each copy is counted."""
    check_dtype(source.dtype)
    return tuple(transfers.array(getattr(source, name)) for name in matrix._parts)


def adopted(matrix: _spbase, source: Any) -> tuple[Any, ...]:
    """Return the parts of a SciPy matrix that stands for a device's result."""
    parts = (np.ascontiguousarray(getattr(source, name)) for name in matrix._parts)
    return tuple(adopt(part) for part in parts)


def host(matrix: _spbase) -> Any:
    """Return a SciPy matrix with the same entries; nothing is counted."""
    arrays = [part._host.copy() for part in matrix._arrays()]
    return scipy_class(matrix)(matrix._arguments(arrays), shape=matrix.shape)


def plain(value: Any, found: list[Any]) -> Any:
    """
    Return an argument as SciPy sees it, and note the device arrays in it.

    Raises:
        TypeError: It is a NumPy array or a SciPy matrix.
    """
    if isinstance(value, _spbase):
        found += value._arrays()
        return host(value)
    if isinstance(value, DeviceArray):
        found.append(value)
        return value._host
    if isinstance(value, (list, tuple)):
        return type(value)([plain(v, found) for v in value])
    if isinstance(value, np.ndarray) or sp.issparse(value):
        raise unsupported(value)
    return value


def wrapped(result: Any, name: str, reads: list[Any]) -> Any:
    """Return what SciPy computed as matrices and arrays on the device."""
    if sp.issparse(result):
        cls = CLASSES.get((result.format, isinstance(result, sp.sparray)))
        if cls is None:
            cls = CLASSES["csr", isinstance(result, sp.sparray)]
            result = result.tocsr()
        matrix = object.__new__(cls)
        arrays = adopted(matrix, result)
        matrix._fill(arrays, result.shape)
        account(f"cupyx_{name}", "elementwise", reads, arrays)
        return matrix
    if isinstance(result, (np.ndarray, np.generic)):
        array = adopt(np.asarray(result), "K")
        account(f"cupyx_{name}", "elementwise", reads, [array])
        return array
    if isinstance(result, tuple):
        return tuple(wrapped(r, name, reads) for r in result)
    return result


def run(matrix: _spbase, name: str, *args: Any, **options: Any) -> Any:
    """Call a method of SciPy's matrix on the device."""
    reads = matrix._arrays()
    plain_args = [plain(arg, reads) for arg in args]
    plain_options = {key: plain(value, reads) for key, value in options.items()}
    with np.errstate(all="ignore"):
        result = getattr(host(matrix), name)(*plain_args, **plain_options)
    return wrapped(result, name.strip("_"), reads)


def in_place(matrix: _spbase, name: str, *args: Any) -> None:
    """Let a method of SciPy's matrix change the parts."""
    changed = host(matrix)
    reads = matrix._arrays()
    getattr(changed, name)(*[plain(arg, reads) for arg in args])
    arrays = adopted(matrix, changed)
    account(f"cupyx_{name}", "elementwise", reads, arrays)
    matrix._fill(arrays, matrix.shape)


def _account(matrix: _spbase, name: str, writes: list[Any]) -> None:
    account(f"cupyx_{name}", "elementwise", matrix._arrays(), writes)


def _asked(matrix: _spbase, question: str) -> None:
    """Account for what CuPy asks of a matrix: a reduction, and one byte for the host."""
    account(f"cupyx_{question}", "reduction", matrix._arrays(), [])
    MACHINE.copy(
        "device_to_host",
        1,
        stream=current_handle(),
        reads=[Part(array.block, array._host) for array in matrix._arrays()],
    )


def _product(matrix: _spbase, other: Any) -> Any:
    """Multiply by a dense vector or matrix; cuSPARSE's are column-major."""
    if other.shape[0] != matrix.shape[1]:
        msg = "dimension mismatch"
        raise ValueError(msg)
    if matrix.format == "csr" and matrix.nnz and not matrix._is_canonical_known:
        _asked(matrix, "has_canonical_format")
        matrix._is_canonical_known = True
    columns = other if other.ndim == 1 else transfers.asfortranarray(other)
    with np.errstate(all="ignore"):
        result = adopt(np.asfortranarray(host(matrix) @ columns._host), "K")
    account(
        "cusparse::csrmm_kernel",
        "elementwise",
        [*matrix._arrays(), columns],
        [result],
        flops=2.0 * matrix.nnz * (1 if other.ndim == 1 else other.shape[1]),
    )
    return result


def _forward(name: str) -> Any:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        foreign = (np.ndarray, str, bytes, type(None))
        if name.startswith("__") and args and isinstance(args[0], foreign):
            return NotImplemented
        return run(self, name, *args, **options)

    method.__name__ = name
    return method


for _name in names(
    """
    __abs__ __neg__ __add__ __radd__ __sub__ __rsub__ __truediv__ __pow__ __eq__ __ne__
    __lt__ __gt__ __le__ __ge__ conj conjugate count_nonzero diagonal getcol getrow max
    maximum mean min minimum multiply power reshape sqrt sign tocoo tocsc tocsr todia
    trace argmax argmin
    """
):
    setattr(_spbase, _name, _forward(_name))


def issparse(value: Any) -> bool:
    """Say whether a value is a sparse matrix or array of CuPy's."""
    return isinstance(value, _spbase)


def parts_of(value: Any) -> list[Any]:
    """Return the device arrays that a sparse matrix consists of; none of anything else."""
    return value._arrays() if isinstance(value, _spbase) else []
