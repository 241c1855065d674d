"""Stand-ins for cuBLAS and a CPU's BLAS under the generic ``nvmath.linalg.matmul``.

General products alone, single and strided batches; matrices are column-major. Imports
nothing of the engine but the machine and ``gemm``.
"""

from __future__ import annotations

import ctypes
import importlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator.gemm import Matrix
from graders.harness.device.simulator.machine import MACHINE, Part

VERSION = 130000
_DTYPES: dict[str, np.dtype[Any]] = {
    "s": np.dtype(np.float32),
    "d": np.dtype(np.float64),
    "c": np.dtype(np.complex64),
    "z": np.dtype(np.complex128),
}
# A typical laptop; no verdict rests on it.
_CPU_FLOPS_PER_SECOND = 1e11
_streams: dict[int, int] = {}
_handles = itertools.count(1)


@dataclass(frozen=True)
class Call:
    """
    The arguments of one ``gemm``.

    Attributes:
        transposed: How A and B are used: ``"N"``, ``"T"`` or ``"C"``.

        shape: (m, n, k).

        scalars: alpha and beta, or their host addresses.

        addresses: Those of A, B and C.

        ld: The leading dimensions of A, B and C.

        steps: The distances in a batch of A, B and C.

        batch: The number of products.
    """

    transposed: tuple[str, str]
    shape: tuple[int, int, int]
    scalars: tuple[Any, Any]
    addresses: tuple[int, int, int]
    ld: tuple[int, int, int]
    steps: tuple[int, int, int] = (0, 0, 0)
    batch: int = 1

    def matrices(self, dtype: np.dtype[Any]) -> list[Matrix]:
        """Return how A, B and C lie in memory."""
        m, n, k = self.shape
        shapes = [(m, k), (k, n), (m, n)]
        found = []
        for index, (rows, cols) in enumerate(shapes):
            flip = index < 2 and self.transposed[index] != "N"
            found.append(
                Matrix(
                    dtype=dtype,
                    rows=cols if flip else rows,
                    cols=rows if flip else cols,
                    ld=int(self.ld[index]),
                    is_column_major=True,
                    batch=int(self.batch),
                    batch_offset=int(self.steps[index]),
                )
            )
        return found

    def compute(self, views: list[npt.NDArray[Any]]) -> None:
        """Compute C from the views of A, B and C."""
        factors = []
        for view, letter in zip(views, self.transposed, strict=False):
            moved = view if letter == "N" else view.swapaxes(1, 2)
            factors.append(moved.conj() if letter == "C" else moved)
        target = views[2]
        alpha, beta = (_scalar(s, target.dtype) for s in self.scalars)
        with np.errstate(all="ignore"):
            value = alpha * np.matmul(*factors)
            target[...] = value + beta * target if beta != 0 else value


def _scalar(value: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(value, np.generic):
        return value
    return np.frombuffer(ctypes.string_at(value, dtype.itemsize), dtype=dtype)[0]


def _letter(operation: Any) -> str:
    # "N", "T", "C" in cuBLAS; "NoTrans", "Trans", "ConjTrans" on the CPU.
    return str(operation.name[0])


def _single(arguments: tuple[Any, ...]) -> Call:
    ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc = arguments
    letters = _letter(ta), _letter(tb)
    return Call(letters, (m, n, k), (alpha, beta), (a, b, c), (lda, ldb, ldc))


def _batched(arguments: tuple[Any, ...]) -> Call:
    ta, tb, m, n, k, alpha, a, lda, sa, b, ldb, sb, beta, c, ldc, sc, count = arguments
    letters = _letter(ta), _letter(tb)
    ld, steps = (lda, ldb, ldc), (sa, sb, sc)
    return Call(letters, (m, n, k), (alpha, beta), (a, b, c), ld, steps, count)


def _on_device(call: Call, dtype: np.dtype[Any], stream: int) -> None:
    matrices = call.matrices(dtype)
    pairs = [x.view(p) for x, p in zip(matrices, call.addresses, strict=True)]
    call.compute([view for view, _block in pairs])
    m, n, k = call.shape
    parts = [Part(block, view) for view, block in pairs]
    MACHINE.kernel(
        f"simulated_gemm_{dtype.name}",
        "gemm",
        elements=m * n * call.batch,
        nbytes=sum(x.rows * x.cols for x in matrices) * dtype.itemsize * call.batch,
        flops=2.0 * m * n * k * call.batch,
        dtype="float64" if dtype.name in ("float64", "complex128") else "float32",
        stream=stream,
        reads=parts,
        writes=parts[2:],
    )


def _on_host(call: Call, dtype: np.dtype[Any]) -> None:
    views = []
    for matrix, address in zip(call.matrices(dtype), call.addresses, strict=True):
        extent = (matrix.batch - 1) * matrix.batch_offset + matrix.ld * matrix.cols
        extent -= matrix.ld - matrix.rows
        memory: Any = (ctypes.c_uint8 * (extent * dtype.itemsize)).from_address(address)
        steps = (matrix.batch_offset, 1, matrix.ld)
        views.append(
            np.ndarray(
                (matrix.batch, matrix.rows, matrix.cols),
                dtype,
                buffer=memory,
                strides=tuple(s * dtype.itemsize for s in steps),
            )
        )
    call.compute(views)
    m, n, k = call.shape
    MACHINE.sleep(2.0 * m * n * k * call.batch / _CPU_FLOPS_PER_SECOND)


def _for_cublas(name: str, dtype: np.dtype[Any], read: Callable[..., Call]) -> Any:
    def gemm(handle: int, *arguments: Any) -> None:
        _on_device(read(arguments), dtype, _streams.get(handle, 0))

    gemm.__name__ = name
    return gemm


def _for_cpu(name: str, dtype: np.dtype[Any], read: Callable[..., Call]) -> Any:
    def gemm(_order: Any, *arguments: Any) -> None:
        _on_host(read(arguments), dtype)

    gemm.__name__ = name
    return gemm


def create() -> int:
    """Create a cuBLAS handle."""
    return next(_handles)


def destroy(handle: int) -> None:
    """Destroy a cuBLAS handle."""
    _streams.pop(handle, None)


def set_stream(handle: int, stream: int) -> None:
    """Set the stream that a handle's products run on."""
    _streams[handle] = int(stream)


def get_version(_handle: int = 0) -> int:
    """Return the simulated cuBLAS's version."""
    return VERSION


def _set_threads(_count: int) -> int:
    return 1


def install() -> None:
    """Put the stand-ins into ``nvmath.bindings``."""
    cublas: Any = importlib.import_module("nvmath.bindings.cublas")
    cpu: Any = importlib.import_module("nvmath.bindings.nvpl.blas")
    for function in (create, destroy, set_stream, get_version):
        setattr(cublas, function.__name__, function)
    for letter, dtype in _DTYPES.items():
        name = f"{letter}gemm"
        batched = f"{name}_strided_batched"
        setattr(cublas, name, _for_cublas(name, dtype, _single))
        setattr(cublas, batched, _for_cublas(batched, dtype, _batched))
        batched = f"{name}_batch_strided"
        setattr(cpu, name, _for_cpu(name, dtype, _single))
        setattr(cpu, batched, _for_cpu(batched, dtype, _batched))
    cpu.set_num_threads_local = _set_threads
