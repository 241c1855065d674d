"""CuPy's own kernels that are compiled once and not in each worker.

CuPy compiles an operation for each dtype and layout when it is first called: a program
that solves a few systems would spend most of its grading on that. What the operations below
need is compiled ahead by a process of ours and read by workers. Imports nothing of the
engine.

Norms, ``all`` and other reductions have two kernels in CuPy: its own, which is one for all
sizes, and one made of CUB's, which is faster where an array is large, and takes more than a
second of CPU time for each dtype and number of threads, twice where all axes are reduced.
Where a group is used, CuPy reduces by its own: the results differ in their last bits, and
no exercise that uses a group is timed.

CuPy calls its kernels by a digest of source, options, architecture and the compiler's
version: what an older version compiled is passed over.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

#: How the files of kernels end, and those that say how a compiler calls itself.
KERNEL, COMPILER = ".cubin", ".compiler"
_DTYPES = ("float32", "float64")
_FEW = 3

Part = Callable[[], Iterator[Any]]


class Known:
    """
    A cache of kernels as CuPy asks for it (``cupy.cuda._compiler_cache``).

    Args:
        known: What was compiled ahead, by name.

        own: CuPy's own cache, which has the others and gets new ones.
    """

    def __init__(self, known: Mapping[str, Any], own: Any) -> None:
        self._known = known
        self._own = own

    def load(self, name: str) -> bytes | None:
        """Return a kernel, or None."""
        if name in self._known:
            return bytes(self._known[name][:])
        found: bytes | None = self._own.load(name)
        return found

    def save(self, name: str, content: bytes, source: str) -> None:
        """Keep a kernel in CuPy's own cache."""
        self._own.save(name, content, source)


class _Kept:
    """The folder of what is compiled ahead, as CuPy asks for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def save(self, name: str, content: bytes, source: str) -> None:
        del source
        write_whole(self._folder / name, content)


def use(known: Mapping[str, Any]) -> None:
    """
    Let this process's CuPy take its kernels from what is known.

    Before it looks for a kernel CuPy asks the compiler for its exact version, by compiling
    nothing at all: the answers are known as well.

    Args:
        known: Contents of files by name, among them those of :func:`compile_part`.
    """
    if not any(name.endswith(KERNEL) for name in known):
        return
    compiler: Any = importlib.import_module("cupy.cuda.compiler")
    own = getattr(compiler, "_kernel_cache_backend", None)
    if own is None:
        return  # a CuPy before 14 that has no place for another cache
    for name, content in known.items():
        if name.endswith(COMPILER):
            asked, answer = ast.literal_eval(content[:].decode())
            compiler._empty_file_preprocess_cache.setdefault(asked, answer)
    compiler._set_kernel_cache_backend(Known(known, own))
    _reduce_without_cub()


def _reduce_without_cub() -> None:
    core: Any = importlib.import_module("cupy._core")
    core.set_reduction_accelerators([])  # what CUPY_ACCELERATORS sets, for reductions


def parts_of(group: str) -> list[tuple[str, int]]:
    """Return the parts of a group, which may be compiled side by side."""
    return [(group, part) for part in range(len(GROUPS[group]))]


def compile_part(folder: Path, group: str, part: int) -> None:
    """
    Call operations of a group, so that CuPy compiles them, and keep what that gives.

    Args:
        folder: Where the kernels go.

        group: Of :data:`GROUPS`.

        part: Which operations of the group.
    """
    compiler: Any = importlib.import_module("cupy.cuda.compiler")
    if not hasattr(compiler, "_kernel_cache_backend"):
        return
    compiler._set_kernel_cache_backend(_Kept(folder))
    _reduce_without_cub()
    try:
        for _ in GROUPS[group][part]():
            pass
    except Exception:  # noqa: BLE001 - what is missing each worker compiles for itself
        traceback.print_exc()
    for asked, answer in compiler._empty_file_preprocess_cache.items():
        text = repr((asked, answer))
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        write_whole(folder / f"{name}{COMPILER}", text.encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole: somebody may be reading."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


# -------------------------------------------------- what programs call with sparse systems


def _modules() -> tuple[Any, Any, Any, Any]:
    names = ("numpy", "cupy", "scipy.sparse", "cupyx.scipy.sparse")
    numpy, cupy, scipy, sparse = map(importlib.import_module, names)
    return numpy, cupy, scipy, sparse


def _entries(dtype: str) -> tuple[Any, Any]:
    """Return SciPy's matrix of 3 x 3, with an entry in two parts, and without."""
    np, _, sp, _ = _modules()
    rows, columns = (
        np.array([0, 1, 2, 2, 2], "int32"),
        np.array([0, 1, 0, 2, 2], "int32"),
    )
    twice = sp.coo_matrix((np.array([2, 3, 1, 1, 1], dtype), (rows, columns)))
    once = twice.copy()
    once.sum_duplicates()
    return twice, once


def _operands(dtype: str) -> tuple[Any, Any, Any]:
    """Return a matrix in compressed rows, columns, and these row by row."""
    np, cp, _, csp = _modules()
    parts = (
        np.array([2, 3, 1, 2], dtype),
        np.array([0, 1, 0, 2]),
        np.array([0, 1, 2, 4]),
    )
    a = csp.csr_matrix(tuple(map(cp.asarray, parts)), shape=(3, 3))
    by_rows = cp.asarray(np.arange(6, dtype=dtype).reshape(3, 2))
    return a, cp.asarray(np.asfortranarray(by_rows.get())), by_rows


def _to_rows(dtype: str) -> Iterator[Any]:
    _, cp, _, csp = _modules()
    for matrix in _entries(dtype):
        yield csp.coo_matrix(matrix).tocsr()
        places = cp.asarray(matrix.row), cp.asarray(matrix.col)
        yield csp.coo_matrix((cp.asarray(matrix.data), places), shape=(3, 3)).tocsr()


def _made_of_rows(dtype: str) -> Iterator[Any]:
    _, cp, _, csp = _modules()
    for matrix in _entries(dtype):
        yield csp.csr_matrix(matrix)
        yield csp.csr_matrix(matrix.tocsr())
        places = cp.asarray(matrix.row), cp.asarray(matrix.col)
        yield csp.csr_matrix((cp.asarray(matrix.data), places), shape=(3, 3))


def _to_columns(dtype: str) -> Iterator[Any]:
    _, _, _, csp = _modules()
    for matrix in _entries(dtype):
        yield csp.coo_matrix(matrix).tocsc()
        yield csp.csc_matrix(matrix).tocsr()


def _copies(dtype: str) -> Iterator[Any]:
    _, cp, _, _ = _modules()
    _, columns, by_rows = _operands(dtype)
    yield cp.asfortranarray(by_rows)
    yield cp.ascontiguousarray(columns)
    yield cp.ascontiguousarray(by_rows[:, 1])
    yield columns[:, 1].copy()
    x = cp.empty_like(columns)
    x[:, 0] = columns[:, 1]
    yield cp.stack([columns[:, 0], columns[:, 1]], axis=1)


def _residuals(dtype: str) -> Iterator[Any]:
    """Yield what A x is off, with operands and results in either order of memory."""
    a, columns, by_rows = _operands(dtype)
    for x in (columns, by_rows):
        product = a @ x
        for b in (columns, by_rows):
            yield product - b
    yield a @ columns[:, 0] - columns[:, 0]


def _norms(dtype: str) -> Iterator[Any]:
    """Yield norms of columns, one or several, and of rows that are columns' transposes."""
    np, cp, _, _ = _modules()
    columns = cp.asarray(np.asfortranarray(np.ones((_FEW, 2), dtype)))
    for some in (columns, columns[:, :1], cp.ascontiguousarray(columns)):
        yield cp.linalg.norm(some, axis=0)
        yield cp.linalg.norm(some.T, axis=1)
    yield cp.linalg.norm(columns[:, 0])


def _other_norms(dtype: str) -> Iterator[Any]:
    _, cp, _, _ = _modules()
    for array in _operands(dtype)[1:]:
        yield cp.linalg.norm(array)
        yield cp.abs(array).max()
        yield cp.abs(array).max(axis=0)
        yield cp.sqrt((array * array).sum(axis=0))


def _truths(dtype: str) -> Iterator[Any]:
    """Yield whether all and any are true, or not 0."""
    np, cp, _, _ = _modules()
    truths = cp.asarray(np.ones(_FEW, dtype))
    yield cp.all(truths)
    yield cp.any(truths)


def _verdicts(dtype: str) -> Iterator[Any]:
    np, cp, _, _ = _modules()
    one = cp.asarray(np.ones(2, dtype))
    for limit in (np.float64(1e-8), np.float32(1e-4), 1e-6):
        for allowed in (limit * one, one * limit):
            yield one <= allowed
            yield one > allowed
    for array in (one, *_operands(dtype)[1:]):
        yield cp.isfinite(array).all()
        yield cp.isnan(array).any()


def _symmetry(dtype: str) -> Iterator[Any]:
    _, _, _, csp = _modules()
    a, _, _ = _operands(dtype)
    yield abs(a - a.T).sum()
    yield (a != a.T).nnz
    yield (a.diagonal() > 0).all()
    yield csp.tril(a, format="csr")


_OF_A_DTYPE = (
    _to_rows, _made_of_rows, _residuals, _verdicts, _copies, _norms, _other_norms,
    _to_columns, _symmetry,
)  # fmt: skip

#: What programs call, in parts that may be compiled side by side; the longest come first.
GROUPS: dict[str, Sequence[Part]] = {
    "sparse": (
        *(
            partial(operations, dtype)
            for operations in _OF_A_DTYPE
            for dtype in _DTYPES
        ),
        *(partial(_truths, dtype) for dtype in ("bool", "int32", *_DTYPES)),
    )
}
