"""The simulated cuDSS: what ``nvmath.sparse.advanced`` needs of it.

Imports nothing of the engine but the machine, ``cudss_matrices``, ``sparse_lu`` and
``not_modelled``.
"""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graders.harness.device.simulator import sparse_lu
from graders.harness.device.simulator.cudss_matrices import (
    INVALID_VALUE,
    Binding,
    Dense,
    Sparse,
    columns_of,
    error,
    look_up,
    matrix_create_batch_csr,
    matrix_create_batch_dn,
    matrix_create_csr,
    matrix_create_dn,
    matrix_destroy,
    matrix_set_batch_values,
    matrix_set_csr_pointers,
    matrix_set_values,
    new,
    read,
)
from graders.harness.device.simulator.machine import MACHINE, Allocation
from graders.harness.device.simulator.not_modelled import not_modelled

VERSION = (0, 8, 0)
CREATE_SECONDS = 3e-4
FIRST_CREATE_SECONDS = 2e-1
# Reordering runs on the host: so long for each stored entry, and at the least.
REORDERING_SECONDS = 5e-7
LEAST_REORDERING_SECONDS = 1e-3
# Of IR_TOL and the like: nothing rests on them. The others are 0 or come from the dtype.
_DEFAULTS = {"PIVOT_THRESHOLD": 1.0, "HOST_NTHREADS": 1, "ND_NLEVELS": 10}
_PIVOT_EPSILON = {"f": 1e-5, "d": 1e-13, "F": 1e-5, "D": 1e-13}


@dataclass(eq=False)
class _Solver:
    """
    What cuDSS keeps of one system: its data object.

    Attributes:
        number: Which solver it is in the evidence.

        space: The memory space of the learner's operands, where it is known.

        structure: The planned patterns.

        factors: The factorised matrices.
    """

    number: int
    space: str = ""
    structure: list[tuple[int, int, int]] | None = None
    factors: list[sparse_lu.Factors] | None = None
    described: dict[str, Any] = field(default_factory=dict)


_numbers = itertools.count(0)
_streams: dict[int, int] = {}


def restart_numbers() -> None:
    """Let the next solver be number 0 in the evidence."""
    global _numbers
    _numbers = itertools.count(0)


def get_property(kind: int) -> int:
    """Return a part of the simulated cuDSS's version."""
    return VERSION[int(kind)]


def create() -> int:
    """Create a library handle."""
    first = MACHINE.weather.first_use("cudss")
    MACHINE.sleep(FIRST_CREATE_SECONDS if first else CREATE_SECONDS)
    handle = new(None)
    _streams[handle] = 0
    return handle


def destroy(handle: int) -> None:
    """Destroy a library handle."""
    Binding.objects.pop(int(handle), None)
    _streams.pop(int(handle), None)


def set_stream(handle: int, stream: int) -> None:
    """Let later work run on this stream."""
    _streams[int(handle)] = int(stream)


def set_threading_layer(_handle: int, _library: Any) -> None:
    """Accept a threading layer: reordering takes the same time with and without."""


def set_async_workspace_allocator(_handle: int, _pool: int) -> bool:
    """Accept a memory pool for the workspace, of which there is none."""
    return True


# ------------------------------------------------------------------- configuration


def config_create() -> int:
    """Create a configuration."""
    return new({})


def config_destroy(handle: int) -> None:
    """Let go of a configuration."""
    Binding.objects.pop(int(handle), None)


def config_set(handle: int, parameter: int, address: int, size: int) -> None:
    """Set a parameter."""
    raw = ctypes.string_at(int(address), int(size))
    name = Binding.module.ConfigParam(parameter).name
    if name in ("HYBRID_EXECUTE_MODE", "HYBRID_MEMORY_MODE") and any(raw):
        feature = f"cuDSS with {name}"
        raise not_modelled(feature)
    look_up(handle)[name] = raw


def config_get(
    handle: int, parameter: int, address: int, size: int, written: int
) -> None:
    """Read a parameter."""
    name = Binding.module.ConfigParam(parameter).name
    dtype = np.dtype(Binding.module.get_config_param_dtype(int(parameter)))
    default = np.array(_DEFAULTS.get(name, 0), dtype).tobytes()
    _give(look_up(handle).get(name, default), address, size, written)


def _give(raw: bytes, address: int, size: int, written: int) -> None:
    ctypes.memmove(int(address), raw, min(len(raw), int(size)))
    if written:
        ctypes.c_uint64.from_address(int(written)).value = len(raw)


def _pivot_rule(config: dict[str, bytes], dtype: np.dtype[Any]) -> tuple[float, bool]:
    raw = config.get("PIVOT_EPSILON")
    default = _PIVOT_EPSILON[dtype.char]
    chosen = float(np.frombuffer(raw, np.float64)[0]) if raw else default
    algorithm = int.from_bytes(config.get("PIVOT_EPSILON_ALG", b""), "little")
    static = Binding.module.PivotEpsilonAlg(algorithm).name == "STATIC"
    return chosen, static


# -------------------------------------------------------------------------- phases


def data_create(_handle: int) -> int:
    """Create what a solver keeps between its phases."""
    return new(_Solver(next(_numbers)))


def data_destroy(_handle: int, data: int) -> None:
    """Let go of a solver's factors."""
    solver = Binding.objects.pop(int(data), None)
    if solver is not None:
        _record(solver, "free")


def note_space(data: int, space: str) -> None:
    """Note where the learner's operands are; nvmath knows it before cuDSS does."""
    solver = Binding.objects.get(int(data))
    if isinstance(solver, _Solver):
        solver.space = space


def _record(solver: _Solver, phase: str) -> None:
    MACHINE.operation(
        library="solver",
        phase=phase,
        handle=solver.number,
        operands=solver.space,
        **solver.described,
    )


def execute(
    handle: int,
    phase: int,
    config: int,
    data: int,
    matrix: int,
    solution: int,
    rhs: int,
) -> None:
    """Run one phase or several."""
    solver: _Solver = look_up(data)
    a, x, b = look_up(matrix), look_up(solution), look_up(rhs)
    name = Binding.module.Phase(phase).name
    columns = max((shape[1] for shape in b.shapes), default=0)
    solver.described = {
        "kind": a.kind,
        "shape": (a.shapes[0][0], columns) if a.shapes else (),
        "batch": len(a.shapes),
        "entries": min((shape[2] for shape in a.shapes), default=0),
    }
    stream = _streams[int(handle)]
    if name == "REORDERING":
        return
    if name in ("ANALYSIS", "SYMBOLIC_FACTORIZATION"):
        _analyse(solver, a, stream)
        _record(solver, "plan")
    elif name in ("FACTORIZATION", "REFACTORIZATION"):
        _factorise(solver, a, look_up(config), stream)
        _record(solver, "factorize")
    elif name == "SOLVE":
        _solve(solver, x, b, stream)
        _record(solver, "solve")
    else:
        feature = f"cuDSS's phase {name}"
        raise not_modelled(feature)


def _analyse(solver: _Solver, a: Sparse, stream: int) -> None:
    _, blocks = read(a)
    entries = sum(shape[2] for shape in a.shapes)
    MACHINE.synchronize(stream)  # the structure is reordered on the host
    MACHINE.sleep(max(LEAST_REORDERING_SECONDS, REORDERING_SECONDS * entries))
    _kernel("analysis", entries, 4.0 * entries, a, stream, blocks, [])
    solver.structure, solver.factors = list(a.shapes), None


def _factorise(
    solver: _Solver, a: Sparse, config: dict[str, bytes], stream: int
) -> None:
    if solver.structure != a.shapes:
        raise error(INVALID_VALUE)
    matrices, blocks = read(a)
    epsilon, absolute = _pivot_rule(config, a.dtype)
    solver.factors = [
        sparse_lu.factorise(
            sparse_lu.whole(matrix, a.kind, a.view),
            epsilon=epsilon,
            positive=a.kind in ("SPD", "HPD"),
            absolute=absolute,
        )
        for matrix in matrices
    ]
    fill = sum(f.fill for f in solver.factors)
    rows = sum(shape[0] for shape in a.shapes)
    work = 2.0 * fill * fill / max(rows, 1)
    _kernel("factorize", fill, work, a, stream, blocks, [])


def _solve(solver: _Solver, x: Dense, b: Dense, stream: int) -> None:
    if solver.factors is None or len(solver.factors) != len(b.shapes):
        raise error(INVALID_VALUE)
    sides, reads = columns_of(b)
    results, writes = columns_of(x)
    with np.errstate(all="ignore"):
        for factors, side, result in zip(solver.factors, sides, results, strict=True):
            if side.size:
                result[...] = factors.solve(np.asfortranarray(side))
    fill = sum(f.fill * s.shape[1] for f, s in zip(solver.factors, sides, strict=True))
    _kernel("solve", fill, 2.0 * fill, x, stream, reads, writes)


def _kernel(
    name: str,
    elements: int,
    flops: float,
    matrix: Sparse | Dense,
    stream: int,
    reads: list[Allocation],
    writes: list[Allocation],
) -> None:
    MACHINE.kernel(
        f"simulated_cudss_{name}",
        "solver",
        elements=max(elements, 1),
        nbytes=elements * matrix.dtype.itemsize,
        flops=flops,
        dtype=matrix.dtype.name,
        stream=stream,
        reads=reads,
        writes=writes,
    )


# --------------------------------------------------------------------- information


def data_get(
    _handle: int, data: int, parameter: int, address: int, size: int, written: int
) -> None:
    """Read what a phase found out."""
    solver: _Solver = look_up(data)
    name = Binding.module.DataParam(parameter).name
    raw = _fact(solver, name, int(size))
    _give(raw, address, size, written)


def _fact(solver: _Solver, name: str, size: int) -> bytes:
    if solver.structure is None:
        raise error(INVALID_VALUE)
    rows = solver.structure[0][0]
    if name.startswith("PERM_"):  # nothing is reordered
        return np.arange(rows, dtype=f"i{max(size // max(rows, 1), 4)}").tobytes()
    if name == "NSUPERPANELS":
        return np.array(1, dtype=f"i{size}").tobytes()
    if name == "MEMORY_ESTIMATES":
        entries = sum(shape[2] for shape in solver.structure)
        figures = np.full(size // 8, 64 * (entries + rows), np.uint64)
        return figures.tobytes()
    if solver.factors is None:
        raise error(INVALID_VALUE)
    first = solver.factors[0]
    pivots = first.diagonal
    if name == "INFO":
        return np.array(max(f.info for f in solver.factors), np.int32).tobytes()
    if name == "LU_NNZ":
        return np.array(sum(f.fill for f in solver.factors), np.int64).tobytes()
    if name == "NPIVOTS":
        count = sum(f.replaced for f in solver.factors)
        return np.array(count, dtype=f"i{size}").tobytes()
    if name == "INERTIA":
        if solver.described["kind"] == "GENERAL":
            return bytes(size)
        counts = [int((pivots.real > 0).sum()), int((pivots.real < 0).sum())]
        return np.array(counts, dtype=f"i{size // 2}").tobytes()
    if name == "DIAG":
        return pivots.tobytes()
    feature = f"cuDSS's data {name}"
    raise not_modelled(feature)


def install(module: Any) -> None:
    """Put the simulated functions into ``nvmath.bindings.cudss``."""
    Binding.module = module
    for function in (
        get_property,
        create,
        destroy,
        set_stream,
        set_threading_layer,
        set_async_workspace_allocator,
        config_create,
        config_destroy,
        config_set,
        config_get,
        matrix_create_csr,
        matrix_create_batch_csr,
        matrix_create_dn,
        matrix_create_batch_dn,
        matrix_destroy,
        matrix_set_values,
        matrix_set_csr_pointers,
        matrix_set_batch_values,
        data_create,
        data_destroy,
        data_get,
        execute,
    ):
        setattr(module, function.__name__, function)


def created(real: Any, self: Any, *args: Any, **options: Any) -> None:
    """Run nvmath's own constructor; it knows where the learner's operands are."""
    real(self, *args, **options)
    note_space(self.data_ptr, self.memory_space)
