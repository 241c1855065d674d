"""The simulated cuBLASLt: what ``nvmath.linalg.advanced`` needs of it.

Imports nothing of the engine but the machine, ``gemm`` and ``not_modelled``.
"""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graders.harness.device.simulator import gemm, ndbuffer
from graders.harness.device.simulator.machine import MACHINE
from graders.harness.device.simulator.not_modelled import not_modelled

VERSION = 130000
CREATE_SECONDS = 3e-4
PLAN_SECONDS = 5e-4
FIRST_PLAN_SECONDS = 5e-2
_ALGORITHMS = 2
_ALGORITHM_IDS = (66, 64, 21)
_OK = 0
_INVALID_VALUE, _NOT_SUPPORTED = 7, 15
# cuBLASLt's names and texts.
_STATUS = {
    _INVALID_VALUE: (
        "INVALID_VALUE",
        "an unsupported value or parameter was passed to the function",
    ),
    _NOT_SUPPORTED: ("NOT_SUPPORTED", "the requested functionality is not supported"),
}


class cuBLASLtError(Exception):  # noqa: N801, N818 - the binding's own name
    """A status that cuBLASLt returns."""

    __module__ = "nvmath.bindings.cublasLt"

    def __init__(self, status: int) -> None:
        self.status = status
        name, text = _STATUS[status]
        super().__init__(
            f"{text} (CUBLAS_STATUS_{name}). You can set CUBLASLT_LOG_LEVEL=5 "
            "environment variable to enable cuBLAS logging to learn more."
        )


@dataclass(eq=False)
class Described:
    """
    A descriptor: of a product, of a matrix, or of preferences.

    Attributes:
        number: Which product it is in the evidence.

        attributes: The raw bytes that were set, by attribute.

        planned: What is recorded with each operation; empty before planning.
    """

    number: int = 0
    attributes: dict[int, bytes] = field(default_factory=dict)
    planned: dict[str, Any] = field(default_factory=dict)

    def integer(self, attribute: int, default: int = 0) -> int:
        """Return an attribute as an integer."""
        raw = self.attributes.get(int(attribute))
        return default if raw is None else int.from_bytes(raw, "little", signed=True)


_objects: dict[int, Described] = {}
_handles = itertools.count(0x1000)
_numbers = itertools.count(0)
_tuning = False
_space = ""  # of the operands of the product that is being planned


def restart_numbers() -> None:
    """Let the next product be number 0 in the evidence."""
    global _numbers
    _numbers = itertools.count(0)


def _object(handle: int) -> Described:
    try:
        return _objects[int(handle)]
    except KeyError:
        raise cuBLASLtError(_INVALID_VALUE) from None


def _new(number: int = 0, **integers: Any) -> int:
    handle = next(_handles)
    _objects[handle] = Described(number)
    for name, value in integers.items():
        _objects[handle].planned[name] = value
    return handle


def _destroy(handle: int) -> None:
    _objects.pop(int(handle), None)


def _set_attribute(handle: int, attribute: int, address: int, size: int) -> None:
    _object(handle).attributes[int(attribute)] = ctypes.string_at(address, int(size))


def _get_attribute(
    handle: int, attribute: int, address: int, size: int, written: int
) -> None:
    raw = _object(handle).attributes.get(int(attribute), b"").ljust(int(size), b"\0")
    if address:
        ctypes.memmove(address, raw, int(size))
    if written:
        ctypes.c_uint64.from_address(written).value = len(raw)


def get_version() -> int:
    """Return the simulated cuBLASLt's version."""
    return VERSION


def create() -> int:
    """Create a library handle."""
    return next(_handles)


def destroy(_handle: int) -> None:
    """Destroy a library handle."""


def matmul_desc_create(compute_type: int, scale_type: int) -> int:
    """Describe a product."""
    MACHINE.sleep(CREATE_SECONDS)
    handle = _new(next(_numbers))
    _objects[handle].planned = {}
    enum = _enum("MatmulDescAttribute")
    for name, value in ("COMPUTE_TYPE", compute_type), ("SCALE_TYPE", scale_type):
        _objects[handle].attributes[int(enum[name])] = int(value).to_bytes(4, "little")
    return handle


def matmul_desc_destroy(handle: int) -> None:
    """Let go of a product's description."""
    _destroy(handle)


def matrix_layout_create(type: int, rows: int, cols: int, ld: int) -> int:  # noqa: A002
    """Describe a matrix."""
    return _new(0, type=int(type), rows=int(rows), cols=int(cols), ld=int(ld))


def matmul_preference_create() -> int:
    """Create preferences."""
    return _new()


def _enum(name: str) -> Any:
    from nvmath.bindings import cublasLt

    return getattr(cublasLt, name)


def _layout(handle: int) -> gemm.Matrix:
    found, enum = _object(handle), _enum("MatrixLayoutAttribute")
    order = _enum("Order")(found.integer(enum.ORDER))
    if order.name not in ("COL", "ROW"):
        feature = f"The matrix order {order.name}"
        raise not_modelled(feature)
    facts = found.planned
    dtype = gemm.DTYPES.get(facts["type"])
    if dtype is None:
        feature = f"A matrix product of the CUDA data type {facts['type']}"
        raise not_modelled(feature)
    return gemm.Matrix(
        dtype=dtype,
        rows=facts["rows"],
        cols=facts["cols"],
        ld=facts["ld"],
        is_column_major=order.name == "COL",
        batch=found.integer(enum.BATCH_COUNT, 1),
        batch_offset=found.integer(enum.STRIDED_BATCH_OFFSET),
    )


def _product(
    desc: int, a: int, b: int, c: int, d: int
) -> tuple[Described, gemm.Product]:
    described, enum = _object(desc), _enum("MatmulDescAttribute")
    compute = described.integer(enum.COMPUTE_TYPE)
    from nvmath.bindings import cublas

    return described, gemm.Product(
        a=_layout(a),
        b=_layout(b),
        c=_layout(c),
        d=_layout(d),
        operation_a=cublas.Operation(described.integer(enum.TRANSA)).name,
        operation_b=cublas.Operation(described.integer(enum.TRANSB)).name,
        compute=cublas.ComputeType(compute).name,
        scale_type=gemm.DTYPES[described.integer(enum.SCALE_TYPE)],
        epilog=_enum("Epilogue")(described.integer(enum.EPILOGUE, 1)).name,
        bias=described.integer(enum.BIAS_POINTER),
        bias_batch_offset=described.integer(enum.BIAS_BATCH_STRIDE),
        bias_dtype=_bias_dtype(described, enum),
        auxiliary=gemm.Auxiliary(
            described.integer(enum.EPILOGUE_AUX_POINTER),
            described.integer(enum.EPILOGUE_AUX_LD),
            described.integer(enum.EPILOGUE_AUX_BATCH_STRIDE),
        ),
    )


def _bias_dtype(described: Described, enum: Any) -> np.dtype[Any] | None:
    number = described.integer(enum.BIAS_DATA_TYPE, -1)
    return gemm.DTYPES.get(number) if number >= 0 else None


def matmul_algo_get_heuristic(
    _handle: int,
    desc: int,
    a: int,
    b: int,
    c: int,
    d: int,
    _preference: int,
    requested: int,
    results: int,
    found: int,
) -> None:
    """Plan: fill in the algorithms that suit the product."""
    described, product = _product(desc, a, b, c, d)
    product.check_modelled()
    if not product.has_valid_bias:
        raise cuBLASLtError(_INVALID_VALUE)
    if not product.is_supported:
        raise cuBLASLtError(_NOT_SUPPORTED)
    first = MACHINE.weather.first_use("cublasLt")
    MACHINE.sleep(FIRST_PLAN_SECONDS if first else PLAN_SECONDS)
    kind = np.dtype(_enum("matmul_heuristic_result_dtype"))
    count = min(int(requested), _ALGORITHMS)
    memory = (ctypes.c_uint8 * (kind.itemsize * count)).from_address(int(results))
    records = np.frombuffer(memory, dtype=kind)
    for k, record in enumerate(records):
        record["workspace_size"] = 0
        record["state"] = _OK
        record["waves_count"] = 1.0
        words = np.zeros(16, dtype=np.uint32)
        words[0] = _ALGORITHM_IDS[k]
        raw = record["algo"].tobytes()
        start = int(records.ctypes.data) + k * kind.itemsize
        offset = (kind.fields or {})["algo"][1]
        ctypes.memmove(start + offset, words.tobytes(), min(len(raw), words.nbytes))
    ctypes.c_int32.from_address(int(found)).value = count
    _note_planned(described, product)


def _note_planned(described: Described, product: gemm.Product) -> None:
    described.planned = {
        "library": "matmul",
        "handle": described.number,
        "kind": product.epilog,
        "epilog": product.epilog != "DEFAULT",
        "shape": product.shape,
        "batch": product.d.batch,
        "operands": _space,
        "compute": product.compute,
    }
    MACHINE.operation(phase="plan", **described.planned)


def matmul_algo_get_ids(*_arguments: Any) -> tuple[int, ...]:
    """Return the identifiers of the applicable algorithms."""
    return _ALGORITHM_IDS[:_ALGORITHMS]


def matmul_algo_config_get_attribute(
    algorithm: int, attribute: int, address: int, size: int, written: int
) -> None:
    """Read an algorithm's configuration: one 32-bit word for each attribute."""
    word = ctypes.string_at(int(algorithm) + 4 * int(attribute), 4)
    ctypes.memmove(address, word.ljust(int(size), b"\0"), int(size))
    if written:
        ctypes.c_uint64.from_address(written).value = int(size)


def matmul_algo_config_set_attribute(
    algorithm: int, attribute: int, address: int, size: int
) -> None:
    """Change an algorithm's configuration."""
    word = ctypes.string_at(address, int(size)).ljust(4, b"\0")[:4]
    ctypes.memmove(int(algorithm) + 4 * int(attribute), word, 4)


def matmul_algo_cap_get_attribute(
    _algorithm: int, _attribute: int, address: int, size: int, written: int
) -> None:
    """Read an algorithm's capability; the simulated ones have none."""
    if address:
        ctypes.memset(address, 0, int(size))
    if written:
        ctypes.c_uint64.from_address(written).value = int(size)


def matmul(
    _handle: int,
    desc: int,
    alpha: int,
    a: int,
    a_layout: int,
    b: int,
    b_layout: int,
    beta: int,
    c: int,
    c_layout: int,
    d: int,
    d_layout: int,
    _algorithm: int,
    _workspace: int,
    _workspace_size: int,
    stream: int,
) -> None:
    """Run a product."""
    described, product = _product(desc, a_layout, b_layout, c_layout, d_layout)
    reads, written = product.run(alpha, beta, a, b, c, d)
    m, n, k = product.shape
    traits = (product.a, product.b, product.d)
    MACHINE.kernel(
        f"simulated_gemm_{product.d.dtype.name}{product.kernel_suffix}",
        "gemm",
        elements=m * n * product.d.batch,
        nbytes=sum(t.rows * t.cols * t.batch * t.dtype.itemsize for t in traits),
        flops=2.0
        * m
        * n
        * k
        * product.d.batch
        * (4 if product.d.dtype.kind == "c" else 1),
        dtype=product.arithmetic,
        stream=int(stream),
        reads=reads,
        writes=written,
    )
    if not _tuning:
        MACHINE.operation(phase="execute", **described.planned)


def plan(real: Any, self: Any, *args: Any, **options: Any) -> Any:
    """Run nvmath's own ``Matmul.plan``; it knows where the learner's operands are."""
    global _space
    _space = self.memory_space
    try:
        result = real(self, *args, **options)
        if not _object(
            self.mm_desc
        ).planned:  # the algorithms of another plan are given
            layouts = [getattr(self, f"{name}_layout_ptr") for name in "abcd"]
            _note_planned(*_product(self.mm_desc, *layouts))
        return result
    finally:
        _space = ""


def tune(real: Any, self: Any, *args: Any, **options: Any) -> Any:
    """Run nvmath's own ``Matmul.autotune`` and record it as one operation."""
    global _tuning
    described = _objects.get(self.mm_desc) if getattr(self, "mm_desc", None) else None
    _tuning = ndbuffer.flushing = True
    try:
        result = real(self, *args, **options)
    finally:
        _tuning = ndbuffer.flushing = False
    if described is not None and described.planned:
        MACHINE.operation(phase="autotune", **described.planned)
    return result


def free(real: Any, self: Any, *args: Any, **options: Any) -> Any:
    """Run nvmath's own ``Matmul.free`` and record it, also of what was never planned."""
    described = _objects.get(self.mm_desc) if getattr(self, "mm_desc", None) else None
    result = real(self, *args, **options)
    if described is not None:
        unplanned = {"library": "matmul", "handle": described.number}
        MACHINE.operation(phase="free", **(described.planned or unplanned))
    return result


def install(module: Any) -> None:
    """Put the simulated functions into ``nvmath.bindings.cublasLt``."""
    module.cuBLASLtError = cuBLASLtError
    for kind in ("matmul_desc", "matrix_layout", "matmul_preference"):
        setattr(module, f"{kind}_set_attribute", _set_attribute)
        setattr(module, f"{kind}_get_attribute", _get_attribute)
    module.matrix_layout_destroy = _destroy
    module.matmul_preference_destroy = _destroy
    for function in (
        get_version,
        create,
        destroy,
        matmul_desc_create,
        matmul_desc_destroy,
        matrix_layout_create,
        matmul_preference_create,
        matmul_algo_get_heuristic,
        matmul_algo_get_ids,
        matmul_algo_config_get_attribute,
        matmul_algo_config_set_attribute,
        matmul_algo_cap_get_attribute,
        matmul,
    ):
        setattr(module, function.__name__, function)
