"""cuFFTDx, behind ``nvmath.bindings.mathdx``: transforms inside kernels.

It models complex-to-complex transforms of whole blocks and of single threads. How the
elements are spread over the threads is cuFFTDx's, the number of elements a thread holds
is ours. Imports nothing of the engine but ``not_modelled``.
"""

from __future__ import annotations

import ctypes
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.fft

from graders.harness.device.simulator.not_modelled import not_modelled

LTOIR = b"simulated cuFFTDx"
VERSION = (0, 3, 2)
_LARGEST_PRIME = 127
_MAX_THREADS = 1024
_LARGEST = {"block": 16384, "thread": 32}
_ISA = 13_000


@dataclass
class Plan:
    """
    One transform.

    Attributes:
        operators: What was set, by the operator's name.
    """

    operators: dict[str, Any]

    @property
    def size(self) -> int:
        """The length."""
        return int(self.operators["SIZE"])

    @property
    def whole_block(self) -> bool:
        """Whether the threads of a block work together on it."""
        return bool(self.operators.get("BLOCK", True))

    @property
    def in_shared_memory(self) -> bool:
        """Whether the data lie in shared memory and not with the threads."""
        return bool(self.operators.get("SHARED", False))

    @property
    def inverse(self) -> bool:
        """The direction."""
        return bool(self.operators.get("INVERSE", False))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The elements' dtype."""
        dtype: np.dtype[Any] = np.dtype(self.operators["DTYPE"])
        return dtype

    @property
    def per_thread(self) -> int:
        """How many elements a thread holds."""
        if not self.whole_block:
            return self.size
        asked = self.operators.get("ELEMENTS_PER_THREAD")
        if asked:
            if self.size % asked or asked < 2 or self.size // asked > _MAX_THREADS:  # noqa: PLR2004
                feature = (
                    f"cuFFTDx with {asked} elements per thread for size {self.size}"
                )
                raise not_modelled(feature)
            return int(asked)
        return _usual_share(self.size)

    @property
    def stride(self) -> int:
        """How far apart in the signal a thread's elements are: threads of a transform."""
        return self.size // self.per_thread if self.whole_block else 1

    @property
    def per_block(self) -> int:
        """How many transforms a block computes."""
        return int(self.operators.get("FFTS_PER_BLOCK") or 1)

    @property
    def shared_bytes(self) -> int:
        """How much shared memory a block needs."""
        return self.size * self.per_block * self.dtype.itemsize

    def check(self) -> None:
        """Refuse what is not modelled."""
        size, kind = self.size, "block" if self.whole_block else "thread"
        if size < 2 or size > _LARGEST[kind] or _largest_prime(size) > _LARGEST_PRIME:  # noqa: PLR2004
            feature = f"cuFFTDx for size {size} in a {kind}"
            raise not_modelled(feature)
        if self.operators.get("TYPE", "C2C") != "C2C":
            feature = "cuFFTDx for real signals"
            raise not_modelled(feature)

    def transform(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the unnormalised transforms of rows."""
        if self.inverse:
            return np.asarray(scipy.fft.ifft(rows, axis=-1, norm="forward"))
        return np.asarray(scipy.fft.fft(rows, axis=-1))


def _largest_prime(number: int) -> int:
    factor, largest = 2, 1
    while number > 1:
        while number % factor == 0:
            number //= factor
            largest = factor
        factor += 1
    return largest


def _usual_share(size: int) -> int:
    """Return how many elements a thread holds where nobody asks: about eight."""
    return min(_shares(size), key=lambda share: (abs(np.log2(share / 8)), share))


def _shares(size: int) -> list[int]:
    """Return how many elements a thread can hold: numbers that divide the size."""
    most = range(2, min(size, 128) + 1)
    return [s for s in most if size % s == 0 and size // s <= _MAX_THREADS]


_plans: dict[int, Plan] = {}
_codes: dict[int, int] = {}


def plan(number: int) -> Plan:
    """Return the transform that a kernel calls by this number."""
    return _plans[number]


def install(mathdx: Any) -> None:
    """Put cuFFTDx into the bindings; all other functions say that they are missing."""
    for name, value in _functions(mathdx).items():
        setattr(mathdx, name, value)


def _functions(mathdx: Any) -> dict[str, Any]:
    operator, trait = mathdx.CufftdxOperatorType, mathdx.CufftdxTraitType
    values = mathdx.CommondxValueType
    precisions = {
        mathdx.CommondxPrecision.F32: "complex64",
        mathdx.CommondxPrecision.F64: "complex128",
    }

    def create_descriptor() -> int:
        number = len(_plans) + 1
        _plans[number] = Plan({})
        return number

    def set_operator(handle: int, kind: Any, value: Any) -> None:
        known = _plans[handle].operators
        kind = operator(kind)
        if kind == operator.PRECISION:
            if value not in precisions:
                feature = "cuFFTDx in half precision"
                raise not_modelled(feature)
            known["DTYPE"] = precisions[value]
        elif kind == operator.DIRECTION:
            known["INVERSE"] = value == mathdx.CufftdxDirection.INVERSE
        elif kind == operator.EXECUTION:
            known["BLOCK"] = value == mathdx.CommondxExecution.BLOCK
        elif kind == operator.API:
            known["SHARED"] = value == mathdx.CufftdxApi.SMEM
        elif kind == operator.TYPE:
            known["TYPE"] = mathdx.CufftdxType(value).name
        else:
            known[kind.name] = value

    def data_type(handle: int, _kind: Any) -> Any:
        _plans[handle].check()
        single = _plans[handle].dtype == np.complex64
        return values.C_32F if single else values.C_64F

    def number_of(handle: int, kind: Any) -> int:
        made = _plans[handle]
        made.check()
        found = {
            trait.STORAGE_SIZE: made.per_thread,
            trait.STRIDE: made.stride,
            trait.ELEMENTS_PER_THREAD: made.per_thread,
            trait.IMPLICIT_TYPE_BATCHING: 1,
            trait.FFTS_PER_BLOCK: made.per_block,
            trait.SUGGESTED_FFTS_PER_BLOCK: max(1, 128 // made.stride),
            trait.SHARED_MEMORY_SIZE: made.shared_bytes,
        }
        return found[trait(kind)]

    def numbers_of(handle: int, _kind: Any, count: int, address: int) -> None:
        made = _plans[handle]
        made.check()
        shape = (made.stride, made.per_block, 1)
        (ctypes.c_int64 * count).from_address(address)[:] = list(shape[:count])

    def knobs(handle: int, kinds: list[Any]) -> list[int]:
        shares, rows = _shares(_plans[handle].size), (1, 2, 4, 8)
        columns = {"ELEMENTS_PER_THREAD": shares, "FFTS_PER_BLOCK": rows}
        names = [mathdx.CufftdxKnobType(kind).name for kind in kinds]
        return [
            n for row in itertools.product(*(columns[k] for k in names)) for n in row
        ]

    def knobs_into(handle: int, _n: int, kinds: Any, count: int, address: int) -> None:
        target = (ctypes.c_int64 * count).from_address(address)
        for k, knob in enumerate(knobs(handle, kinds)):
            target[k] = knob

    def symbol(handle: int) -> bytes:
        return f"simulated_cufftdx_{handle}".encode() + b"\0"

    def write(target: bytearray, data: bytes) -> None:
        target[: len(data)] = data

    def create_code() -> int:
        number = len(_codes) + 1
        _codes[number] = 0
        return number

    def nothing(*_args: Any) -> None:
        """Take an option that changes nothing here."""

    return {
        "get_version": lambda: 302,
        "get_version_ex": lambda: VERSION,
        "cufftdx_create_descriptor": create_descriptor,
        "cufftdx_destroy_descriptor": nothing,
        "cufftdx_set_operator_int64": set_operator,
        "cufftdx_set_operator_int64s": nothing,
        "cufftdx_get_trait_commondx_data_type": data_type,
        "cufftdx_get_trait_int64": number_of,
        "cufftdx_get_trait_int64s": numbers_of,
        "cufftdx_get_trait_str_size": lambda handle, _kind: len(symbol(handle)),
        "cufftdx_get_trait_str": lambda handle, _kind, _size, target: write(
            target, symbol(handle)
        ),
        "cufftdx_get_knob_int64size": lambda handle, _n, kinds: len(
            knobs(handle, kinds)
        ),
        "cufftdx_get_knob_int64s": knobs_into,
        "cufftdx_finalize_code": lambda _code, handle: _plans[handle].check(),
        "commondx_create_code": create_code,
        "commondx_destroy_code": nothing,
        "commondx_set_code_option_int64s": nothing,
        "commondx_set_code_option_str": nothing,
        "commondx_get_code_option_int64": lambda _code, _option: _ISA,
        "commondx_get_code_ltoir_size": lambda _code: len(LTOIR),
        "commondx_get_code_ltoir": lambda _code, _size, target: write(target, LTOIR),
    }


@dataclass(frozen=True)
class Waiting:
    """
    A thread that has called a transform.

    Attributes:
        x: Its place in its transform.

        y: Which of the block's transforms.

        first: Host address of its elements, or of shared memory.
    """

    x: int
    y: int
    first: int


def run(made: Plan, threads: list[Waiting]) -> None:
    """
    Transform what the threads of a block hold.

    A transform some of whose threads did not come is left alone, as nobody knows what a
    GPU makes of it.
    """
    if not made.whole_block:
        for thread in threads:
            _transform_at(made, thread.first, 1)
        return
    if made.in_shared_memory:
        _transform_at(made, threads[0].first, made.per_block)
        return
    for y in {thread.y for thread in threads}:
        mine = sorted((t for t in threads if t.y == y), key=lambda t: t.x)
        if [t.x for t in mine] != list(range(made.stride)):
            continue
        held = [_elements(made, t.first, made.per_thread) for t in mine]
        # Element i of thread x is element x + i * stride of the signal.
        signal = np.stack(held, axis=1).ravel()
        result = made.transform(signal).astype(made.dtype, copy=False)
        for x, elements in enumerate(held):
            elements[:] = result[x :: made.stride]


def _elements(made: Plan, address: int, count: int) -> npt.NDArray[Any]:
    memory: Any = (ctypes.c_char * (count * made.dtype.itemsize)).from_address(address)
    return np.frombuffer(memory, dtype=made.dtype)


def _transform_at(made: Plan, address: int, rows: int) -> None:
    elements = _elements(made, address, rows * made.size)
    result = made.transform(elements.reshape(rows, made.size))
    elements[:] = result.astype(made.dtype, copy=False).ravel()
