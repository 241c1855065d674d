"""The functions of ``cupyx.scipy.sparse`` and ``cupyx.scipy.sparse.linalg``."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

from graders.harness.device.simulator.cupy_package import sparse, transfers
from graders.harness.device.simulator.cupy_package import sparse_base as base
from graders.harness.device.simulator.cupy_package.execution import account
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.storage import DeviceArray, adopt

_BUILDERS = names(
    """
    block_array block_diag bmat diags diags_array eye eye_array find hstack identity
    kron kronsum rand random random_array spdiags tril triu vstack
    """
)
_SOLVERS = names("bicgstab cg cgs eigsh gmres lsmr lsqr minres svds")
_PAIR = 2


def _builder(name: str) -> Any:
    def build(*args: Any, **options: Any) -> Any:
        reads: list[Any] = []
        args = tuple(base.plain(arg, reads) for arg in args)
        options = {key: base.plain(value, reads) for key, value in options.items()}
        return base.wrapped(getattr(sp, name)(*args, **options), name, reads)

    build.__name__ = name
    build.__module__ = "cupyx.scipy.sparse"
    return build


def _is_format(format: str) -> Any:  # noqa: A002 - SciPy's word
    def test(value: Any) -> bool:
        return isinstance(value, base.spmatrix) and value.format == format  # type: ignore[attr-defined]

    test.__name__ = f"isspmatrix_{format}"
    return test


def table() -> dict[str, Any]:
    """Return the contents of ``cupyx.scipy.sparse``."""
    found: dict[str, Any] = {name: _builder(name) for name in _BUILDERS}
    for format in ("csr", "csc", "coo", "dia"):  # noqa: A001 - SciPy's word
        for suffix in ("matrix", "array"):
            name = f"{format}_{suffix}"
            found[name] = getattr(sparse, name)
        found[f"isspmatrix_{format}"] = _is_format(format)
    found.update(
        issparse=base.issparse,
        isspmatrix=lambda value: isinstance(value, base.spmatrix),
        spmatrix=base.spmatrix,
        sparray=base.sparray,
        SparseWarning=sp.SparseWarning,
        SparseEfficiencyWarning=sp.SparseEfficiencyWarning,
        get_index_dtype=sp.get_index_dtype,
    )
    return found


# ------------------------------------------------------------------------------ linalg


def _check_square(a: Any) -> None:
    if not base.issparse(a):
        msg = "A must be cupyx.scipy.sparse.spmatrix"
        raise TypeError(msg)
    if a.shape[0] != a.shape[1]:
        msg = f"A must be a square matrix (A.shape: {a.shape})"
        raise ValueError(msg)


def spsolve(a: Any, b: Any) -> Any:
    """Solve a sparse system by cuSOLVER's QR, one right-hand side after the other."""
    _check_square(a)
    if not isinstance(b, DeviceArray):
        msg = "b must be cupy.ndarray"
        raise TypeError(msg)
    shape = b._host.shape
    if len(shape) not in (1, _PAIR):
        msg = f"Invalid b.shape (b.shape: {shape})"
        raise ValueError(msg)
    if a.shape[0] != shape[0]:
        msg = f"matrix dimension mismatch (A.shape: {a.shape}, b.shape: {shape})"
        raise ValueError(msg)
    matrix = base.host(a).tocsc()
    with np.errstate(all="ignore"):
        solved = scipy.sparse.linalg.spsolve(matrix, b._host).reshape(shape)
    dtype = np.promote_types(a.dtype, "f")
    result = adopt(np.asfortranarray(solved, dtype=dtype), "K")
    for _ in range(1 if len(shape) == 1 else shape[1]):
        account("cusolver_csrlsvqr", "solver", [*base.parts_of(a), b], [result])
    return result


class SuperLU:
    """Factors made by SciPy on the host; the device solves with them."""

    __module__ = "cupyx.scipy.sparse.linalg"

    def __init__(self, factors: Any) -> None:
        self._factors = factors
        self.shape = factors.shape
        self.nnz = factors.nnz

    def solve(self, rhs: Any, trans: str = "N") -> Any:
        """Solve for one or more right-hand sides."""
        if not isinstance(rhs, DeviceArray):
            msg = "ojb must be cupy.ndarray"
            raise TypeError(msg)
        if rhs._host.ndim not in (1, _PAIR):
            msg = f"rhs.ndim must be 1 or 2 (actual: {rhs._host.ndim})"
            raise ValueError(msg)
        if rhs._host.shape[0] != self.shape[0]:
            msg = f"shape mismatch (self.shape: {self.shape}, rhs.shape: {rhs._host.shape})"
            raise ValueError(msg)
        with np.errstate(all="ignore"):
            solved = self._factors.solve(np.asfortranarray(rhs._host), trans)
        result = adopt(np.asfortranarray(solved), "K")
        account("cusparse_spsm", "solver", [rhs], [result])
        account("cusparse_spsm", "solver", [rhs], [result])
        return result


def _factorised(name: str) -> Any:
    def factorise(a: Any, **options: Any) -> SuperLU:
        _check_square(a)
        factors = getattr(scipy.sparse.linalg, name)(a.get().tocsc(), **options)
        for part in (factors.L, factors.U):
            for array in (part.data, part.indices, part.indptr):
                transfers.array(array)
        return SuperLU(factors)

    factorise.__name__ = name
    return factorise


def factorized(a: Any) -> Any:
    """Return a function that solves with the factors of ``a``."""
    return _factorised("splu")(a).solve


def spsolve_triangular(a: Any, b: Any, lower: bool = True, **options: Any) -> Any:  # noqa: FBT001, FBT002
    """Solve a triangular system."""
    reads = [*base.parts_of(a), b]
    solved = scipy.sparse.linalg.spsolve_triangular(
        base.host(a).tocsr(), b._host, lower=lower, **options
    )
    return base.wrapped(solved, "spsolve_triangular", reads)


def _iterative(name: str) -> Any:
    def solve(a: Any, *args: Any, **options: Any) -> Any:
        reads: list[Any] = []
        target = getattr(importlib.import_module("scipy.sparse.linalg"), name)
        if "tol" in options:  # SciPy has renamed it, CuPy has not
            options["rtol"] = options.pop("tol")
        matrix, *rest = (base.plain(arg, reads) for arg in (a, *args))
        options = {key: base.plain(value, reads) for key, value in options.items()}
        with np.errstate(all="ignore"):
            result = target(matrix, *rest, **options)
        return base.wrapped(result, name, reads)

    solve.__name__ = name
    return solve


def norm(x: Any, ord: Any = None, axis: Any = None) -> Any:  # noqa: A002 - SciPy's word
    """Return a norm of a sparse matrix."""
    if not base.issparse(x):
        msg = "input is not sparse. use cupy.linalg.norm"
        raise TypeError(msg)
    value = scipy.sparse.linalg.norm(base.host(x), ord, axis)
    return base.wrapped(np.asarray(value), "norm", base.parts_of(x))


def linalg_table() -> dict[str, Any]:
    """Return the contents of ``cupyx.scipy.sparse.linalg``."""
    return {
        **{name: _iterative(name) for name in _SOLVERS},
        "spsolve": spsolve,
        "splu": _factorised("splu"),
        "spilu": _factorised("spilu"),
        "factorized": factorized,
        "spsolve_triangular": spsolve_triangular,
        "norm": norm,
        "SuperLU": SuperLU,
    }
