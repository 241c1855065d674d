"""``cupy.linalg`` and ``cupy.testing``: NumPy's, on device arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from graders.harness.device.simulator.cupy_package.execution import run
from graders.harness.device.simulator.cupy_package.functions import TABLE, uploaded
from graders.harness.device.simulator.cupy_package.names import names
from graders.harness.device.simulator.cupy_package.transfers import asnumpy

_SOLVERS = names(
    """
    cholesky cond det eig eigh eigvals eigvalsh inv lstsq matrix_power matrix_rank
    pinv qr slogdet solve svd tensorinv tensorsolve
    """
)

_ASSERTIONS = names(
    """
    assert_allclose assert_array_almost_equal assert_array_almost_equal_nulp
    assert_array_equal assert_array_less assert_array_max_ulp
    """
)


def _solver(name: str, kind: str) -> Any:
    target = getattr(np.linalg, name)
    uploading = name in {"norm", "cond"}  # as in CuPy; the others refuse host arrays

    def call(*args: Any, **kwargs: Any) -> Any:
        if uploading:
            args = tuple(uploaded(a) for a in args)
        elif any(isinstance(a, np.ndarray) for a in args):
            msg = "cupy.linalg only supports cupy.ndarray"
            raise np.linalg.LinAlgError(msg)
        return run(target, name, kind, args, kwargs)

    call.__name__ = name
    call.__module__ = "cupy.linalg"
    return call


def table() -> dict[str, Any]:
    """Return the contents of ``cupy.linalg``."""
    functions = {name: _solver(name, "gemm") for name in _SOLVERS}
    functions["norm"] = _solver("norm", "reduction")
    functions["LinAlgError"] = np.linalg.LinAlgError
    for name in ("cross", "matmul", "matrix_transpose"):
        functions[name] = TABLE[name]
    return functions


def _assertion(name: str) -> Any:
    def call(actual: Any, desired: Any, *args: Any, **kwargs: Any) -> Any:
        target = getattr(np.testing, name)
        return target(asnumpy(actual), asnumpy(desired), *args, **kwargs)

    call.__name__ = name
    call.__module__ = "cupy.testing"
    return call


def testing_table() -> dict[str, Any]:
    """Return the contents of ``cupy.testing``: the assertions on values."""
    functions = {name: _assertion(name) for name in _ASSERTIONS}

    def assert_array_list_equal(xlist: Any, ylist: Any, err_msg: str = "") -> None:
        if len(xlist) != len(ylist):
            msg = f"List size is different\n{len(xlist)} != {len(ylist)} {err_msg}"
            raise AssertionError(msg)
        for x, y in zip(xlist, ylist, strict=True):
            functions["assert_array_equal"](x, y, err_msg=err_msg)

    functions["assert_array_list_equal"] = assert_array_list_equal
    return functions
