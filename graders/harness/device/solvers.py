"""Follows cuDSS through its binding: which solver ran which phase, on how large a system.

nvmath calls the attributes of ``nvmath.bindings.cudss``, so replacing those sees each
phase, with ``blocking=True`` as without. Imports nothing of the engine.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

# cudssPhase_t: reordering alone is no plan yet, a solve in parts counts by its first.
_PHASES = {2: "plan", 3: "plan", 4: "factorize", 8: "factorize", 16: "solve"}
_SOLVE = 1008  # all of its parts at once
_KINDS = ("GENERAL", "SYMMETRIC", "HERMITIAN", "SPD", "HPD")
_INTEGERS: dict[int, np.dtype[Any]] = {
    10: np.dtype(np.int32),
    24: np.dtype(np.int64),
}  # cudaDataType
_Note = Callable[..., None]


class SolverWatch:
    """
    Notes the phases of each solver.

    Args:
        new: Makes the record of a solver, with ``kind``, ``shape``, ``batch``,
            ``entries`` and ``operands``.

        record: Called with such a record, the phase and its start.
    """

    def __init__(self, new: Callable[[], Any], record: Callable[..., None]) -> None:
        self._new = new
        self._record = record
        self._solvers: dict[int, Any] = {}
        self._matrices: dict[int, tuple[str, int]] = {}
        self._sizes: dict[int, tuple[tuple[int, int], int]] = {}

    def install(
        self,
        cudss: Any,
        solver_class: Any,
        noting: Callable[[Callable[..., Any], _Note], Callable[..., Any]],
    ) -> None:
        """
        Wrap the binding's functions and the solver's constructor.

        Args:
            cudss: ``nvmath.bindings.cudss`` or a module with its functions.

            solver_class: ``DirectSolver``, which knows where the operands are.

            noting: Wraps a function so that a note is taken of each call.
        """
        for name, note in {
            "data_create": self._created,
            "matrix_create_csr": self._matrix_described,
            "matrix_create_batch_csr": self._batch_described,
            "matrix_create_dn": self._columns_described,
            "matrix_create_batch_dn": self._batch_of_columns_described,
            "execute": self._executed,
            "data_destroy": self._freed,
        }.items():
            setattr(cudss, name, noting(getattr(cudss, name), note))
        solver_class.__init__ = self._noting_space(solver_class.__init__)

    def _noting_space(self, real: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(real)
        def __init__(solver: Any, *args: Any, **options: Any) -> None:  # noqa: N807
            real(solver, *args, **options)
            known = self._solvers.get(int(solver.data_ptr))
            if known is not None:
                known.operands = str(solver.memory_space)

        return __init__

    def _created(self, start: float, data: Any, *args: Any) -> None:
        del start, args
        self._solvers[int(data)] = self._new()

    def _matrix_described(self, start: float, matrix: Any, *args: Any) -> None:
        del start
        self._matrices[int(matrix)] = _KINDS[int(args[10])], int(args[2])

    def _batch_described(self, start: float, matrix: Any, *args: Any) -> None:
        del start
        entries = _integers(args[3], int(args[0]), args[9])
        fewest = int(entries.min()) if len(entries) else 0
        self._matrices[int(matrix)] = _KINDS[int(args[11])], fewest

    def _columns_described(self, start: float, matrix: Any, *args: Any) -> None:
        del start
        self._sizes[int(matrix)] = (int(args[0]), int(args[1])), 1

    def _batch_of_columns_described(
        self, start: float, matrix: Any, *args: Any
    ) -> None:
        del start
        count = int(args[0])
        rows, columns = (_integers(at, count, args[5]) for at in args[1:3])
        first = (int(rows[0]), int(columns.max())) if count else (0, 0)
        self._sizes[int(matrix)] = first, count

    def _executed(self, start: float, result: Any, *args: Any) -> None:
        del result
        phase, data, matrix, _, right = (int(arg) for arg in (args[1], *args[3:7]))
        solver = self._solvers.get(data)
        name = "solve" if phase == _SOLVE else _PHASES.get(phase, "")
        if solver is None or not name:
            return
        solver.kind, solver.entries = self._matrices.get(matrix, ("", 0))
        solver.shape, solver.batch = self._sizes.get(right, ((), 1))
        self._record(solver, name, start)

    def _freed(self, start: float, result: Any, *args: Any) -> None:
        del result
        solver = self._solvers.pop(int(args[1]), None)
        if solver is not None:
            self._record(solver, "free", start)


def _integers(at: Any, count: int, data_type: Any) -> np.ndarray[Any, Any]:
    """Return a batch's numbers, which lie in host memory."""
    dtype = _INTEGERS[int(data_type)]
    return np.frombuffer(ctypes.string_at(int(at), count * dtype.itemsize), dtype)
