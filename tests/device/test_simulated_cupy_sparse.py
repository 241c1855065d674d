"""The simulated ``cupyx.scipy.sparse``: values as SciPy's, places and errors as CuPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from graders.harness.device.evidence import Evidence

Record = Callable[..., tuple[Any, Evidence]]


@pytest.fixture
def csp(device: Any) -> Any:
    del device
    import cupyx.scipy.sparse

    return cupyx.scipy.sparse


@pytest.fixture
def cp(device: Any) -> Any:
    del device
    import cupy

    return cupy


def coo() -> Any:
    rows, columns = [2, 0, 1, 2, 0], [2, 0, 1, 0, 0]
    values = np.array([5.0, 4.0, 3.0, 1.0, -1.0])
    return sp.coo_matrix((values, (rows, columns)), shape=(3, 3))


def test_conversions_add_up_duplicates(csp: Any) -> None:
    expected = coo().toarray()
    for matrix in (
        csp.csr_matrix(coo()),
        csp.coo_matrix(coo()).tocsr(),
        csp.coo_matrix(coo()).tocsc(),
        csp.csr_array(csp.coo_array(coo())),
        csp.csc_matrix(csp.csr_matrix(coo())),
    ):
        assert matrix.has_canonical_format
        assert np.array_equal(matrix.toarray().get(), expected)
    left = csp.coo_matrix(coo())
    assert (left.nnz, left.has_canonical_format) == (5, False)
    left.sum_duplicates()
    assert (left.nnz, left.row.dtype) == (4, np.int32)


def test_parts_are_device_arrays_and_uploads_are_counted(
    csp: Any, cp: Any, record: Record
) -> None:
    a = coo().tocsr()
    matrix, evidence = record(lambda: csp.csr_matrix(a))
    assert all(isinstance(p, cp.ndarray) for p in (matrix.data, matrix.indices))
    assert [c.nbytes for c in evidence.copies] == [
        a.data.nbytes,
        a.indices.nbytes,
        a.indptr.nbytes,
    ]
    back, evidence = record(matrix.get)
    assert (back != a).nnz == 0
    assert {c.direction for c in evidence.copies} == {"device_to_host"}


def test_parts_are_adopted_not_copied(csp: Any, cp: Any) -> None:
    a = coo().tocsr()
    data, indices, indptr = map(cp.asarray, (a.data, a.indices, a.indptr))
    matrix = csp.csr_matrix((data, indices, indptr), shape=a.shape)
    assert matrix.data.data.ptr == data.data.ptr
    assert matrix.indptr.data.ptr == indptr.data.ptr
    assert type(matrix).__module__ == "cupyx.scipy.sparse._csr"
    assert csp.isspmatrix_csr(matrix)
    assert csp.issparse(matrix)


def test_arithmetic(csp: Any, cp: Any) -> None:
    a = coo().tocsr()
    matrix = csp.csr_matrix(a)
    x = cp.asarray(np.arange(6.0).reshape(3, 2))
    product = matrix @ x
    assert product.flags.f_contiguous
    assert np.array_equal(product.get(), a @ x.get())
    assert np.array_equal((matrix @ x[:, 0]).get(), a @ x.get()[:, 0])
    assert np.array_equal((matrix - matrix.T).toarray().get(), (a - a.T).toarray())
    assert (matrix != matrix.T).nnz == 2
    assert float(abs(matrix - matrix.T).max()) == 1.0
    assert np.array_equal(matrix.diagonal().get(), a.diagonal())
    assert np.array_equal((2 * matrix).toarray().get(), 2 * a.toarray())
    assert np.array_equal((matrix * matrix).toarray().get(), (a @ a).toarray())
    assert matrix.astype("float32").dtype == np.float32
    assert csp.tril(matrix, format="csr").nnz == 4
    assert csp.eye(3, format="csr").format == "csr"
    with pytest.raises((TypeError, ValueError)):
        matrix @ x.get()


def test_refusals_are_cupys(csp: Any, cp: Any) -> None:
    a = coo().tocsr()
    with pytest.raises(ValueError, match="must be 1-D cupy arrays"):
        csp.csr_matrix((a.data, a.indices, a.indptr), shape=a.shape)
    with pytest.raises(ValueError, match="row, column, and data arrays must be 1-D"):
        csp.coo_matrix((a.data, (a.indices, a.indices)))
    with pytest.raises(ValueError, match="Only bool, float32, float64"):
        csp.csr_matrix(coo().astype(np.int64).tocsr())
    with pytest.raises(ValueError, match="Unsupported initializer format"):
        csp.csr_matrix(a.toarray())
    parts = map(cp.asarray, (a.data, a.indices, a.indptr[:-1]))
    with pytest.raises(ValueError, match=r"index pointer size \(3\) should be \(4\)"):
        csp.csr_matrix(tuple(parts), shape=a.shape)
    with pytest.raises(TypeError, match="sparse array length is ambiguous"):
        len(csp.csr_matrix(a))


def test_solvers(csp: Any, cp: Any) -> None:
    from cupyx.scipy.sparse import linalg

    a = coo().tocsr()
    matrix, b = csp.csr_matrix(a), cp.asarray(np.array([1.0, 2.0, 3.0]))
    for x in (linalg.spsolve(matrix, b), linalg.splu(matrix).solve(b)):
        assert np.allclose(a @ x.get(), b.get())
    x, info = linalg.gmres(matrix, b, tol=1e-12)
    assert int(info) == 0
    assert np.allclose(a @ x.get(), b.get())
    assert np.isclose(float(linalg.norm(matrix)), np.linalg.norm(a.toarray()))
    with pytest.raises(TypeError, match=r"b must be cupy\.ndarray"):
        linalg.spsolve(matrix, b.get())
