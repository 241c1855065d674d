"""FFT callbacks on the host: which LTO-IR is which function, and how it runs.

Imports nothing of the engine but the machine and its own parts (``callback_ir``,
``callback_lines``, ``half_floats``).
"""

from __future__ import annotations

import ctypes
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator import (
    callback_ir,
    callback_lines,
    half_floats,
)
from graders.harness.device.simulator.machine import MACHINE, Allocation

_NAME = re.compile(
    r"cufftJITCallback(Load|Store)(Real|DoubleReal|Complex|DoubleComplex)"
)
_DTYPES: dict[str, np.dtype[Any]] = {
    "Complex": np.dtype(np.complex64),
    "DoubleComplex": np.dtype(np.complex128),
    "Real": np.dtype(np.float32),
    "DoubleReal": np.dtype(np.float64),
}
# cuFFT's callback types: four for loads, then four for stores, in this order.
_KINDS = [("Load", d) for d in _DTYPES.values()] + [
    ("Store", d) for d in _DTYPES.values()
]


@dataclass(eq=False)
class Compiled:
    """
    A callback that was compiled to LTO-IR.

    Attributes:
        function: The Python function.

        phase: ``"Load"`` (prolog) or ``"Store"`` (epilog).

        dtype: The element dtype that it was compiled for.

        info_type: The Numba type that its ``user_info`` points to.

        texts: The LLVM IR modules behind the LTO-IR.

        entry: Its name in them.
    """

    function: Callable[..., Any]
    phase: str
    dtype: np.dtype[Any]
    info_type: Any
    texts: list[str]
    entry: str
    _code: callback_ir.HostCode | None = None

    @property
    def code(self) -> callback_ir.HostCode:
        """The callback as host code, compiled at the first use."""
        if self._code is None:
            self._code = callback_ir.build(
                self.texts, self.entry, self.dtype, is_store=self.phase == "Store"
            )
        return self._code


_compiled: dict[bytes, Compiled] = {}


def register(
    ltoir: bytes,
    function: Callable[..., Any],
    entry: str,
    info_type: Any,
    texts: list[str],
) -> None:
    """Remember which function a piece of LTO-IR is."""
    match = _NAME.search(entry)
    if match is not None:
        _compiled[hashlib.sha256(ltoir).digest()] = Compiled(
            function, match[1], _DTYPES[match[2]], info_type, texts, entry
        )


@dataclass(eq=False)
class Attached:
    """
    A callback that was given to a plan.

    Attributes:
        compiled: What it is, or None where the LTO-IR is not known.

        is_store: Whether it is the plan's epilog.

        dtype: The dtype of the elements that the plan gives it.

        pointer: The simulated address of ``user_info``, or 0.
    """

    compiled: Compiled | None
    is_store: bool
    dtype: np.dtype[Any]
    pointer: int

    @property
    def fits(self) -> bool:
        """Whether the linker finds the function that the plan needs, and all it calls."""
        phase = "Store" if self.is_store else "Load"
        known = self.compiled
        if known is None or (known.phase, known.dtype) != (phase, self.dtype):
            return False
        return not any(half_floats.unlinked(text) for text in known.texts)

    def user_block(self) -> Allocation | None:
        """Return the allocation that ``user_info`` lies in, or None without one."""
        return MACHINE.resolve(self.pointer)[0] if self.pointer else None

    def load(
        self,
        offsets: npt.NDArray[np.int64],
        block: Allocation,
        offset: int,
        extent: int,
    ) -> npt.NDArray[Any]:
        """Run a prolog for each offset and return what it returned."""
        cells = np.empty(offsets.shape, self.dtype)
        self._run(offsets, cells, Operand(block, offset, extent, self.dtype), 0)
        return cells

    def store(
        self,
        values: npt.NDArray[Any],
        offsets: npt.NDArray[np.int64],
        block: Allocation,
        offset: int,
        extent: int,
    ) -> None:
        """Run an epilog for each offset and its value."""
        assert self.compiled is not None
        cells = np.ascontiguousarray(values)
        mask = np.zeros(extent, dtype=np.uint8)
        operand = Operand(block, offset, extent, self.dtype)
        self._run(offsets, cells, operand, mask.ctypes.data)
        missing = int(offsets.size - np.count_nonzero(mask[offsets]))
        if missing:
            function = self.compiled.function
            MACHINE.fault(
                "unwritten",
                f"The epilog {function.__name__} left {missing:,} of the "
                f"{offsets.size:,} elements of the result unwritten. An epilog must "
                "store every element that it is called for: data_out[offset] = ...",
                line=function.__code__.co_firstlineno,
                count=missing,
            )

    def _run(
        self,
        offsets: npt.NDArray[np.int64],
        cells: npt.NDArray[Any],
        operand: Operand,
        mask: int,
    ) -> None:
        assert self.compiled is not None
        info = Info.at(self.pointer) if self.pointer else None
        after = self.compiled.code.run(
            offsets,
            operand.address,
            info.address if info else 0,
            cells,
            data_low=operand.address,
            data_high=operand.address + operand.extent * operand.dtype.itemsize,
            info_low=info.low if info else 0,
            info_high=info.high if info else 0,
            mask=mask,
            item=operand.dtype.itemsize,
        )
        for kind in ("read", "write"):
            if after[f"{kind}s"]:
                self._report(kind, after, offsets, cells, operand, info)

    def _report(
        self,
        kind: str,
        after: dict[str, int],
        offsets: npt.NDArray[np.int64],
        cells: npt.NDArray[Any],
        operand: Operand,
        info: Info | None,
    ) -> None:
        assert self.compiled is not None
        count, at = after[f"{kind}s"], after[f"{kind}_offset"]
        position = int(np.flatnonzero(offsets.ravel() == at)[0])
        found = callback_lines.find(
            self.compiled.function,
            at,
            cells.ravel()[position] if self.is_store else None,
            operand.elements(),
            info.elements(self.compiled.info_type) if info else (None, 0, 0),
            kind=kind,
        )
        what = "epilog" if self.is_store else "prolog"
        times = "once" if count == 1 else f"{count:,} times"
        MACHINE.fault(
            f"out_of_bounds_{kind}",
            f"At offset {at:,} the {what} {self.compiled.function.__name__} {kind}s "
            f"{self._place(found, operand, info)}. That happened {times} in "
            f"{offsets.size:,} calls.",
            line=found.line,
            count=count,
        )

    def _place(
        self, found: callback_lines.Found, operand: Operand, info: Info | None
    ) -> str:
        """Say in words where an access went."""
        if found.array == "data":
            name, side = "data_in", "operand"
            if self.is_store:
                name, side = "data_out", "result"
            count = f"{operand.extent:,}"
            return f"{name}[{found.index}], but the {side} has {count} elements"
        if found.array == "info" and info is None:
            place = f"user_info[{found.index}]"
            return f"{place}, but the callback was given no data pointer"
        if found.array == "info" and info is not None:
            size = f"{info.high - info.low:,} bytes"
            return f"user_info[{found.index}], beyond the {size} of the array behind it"
        if found.array == "constant":
            return "beyond an array that it takes from outside"
        return "memory that is neither the operand's nor user_info's"


@dataclass(frozen=True)
class Operand:
    """
    The operand's (or result's) memory, as a callback sees it.

    Attributes:
        block: The allocation that holds it.

        offset: Where it begins in it, in bytes.

        extent: Its length in elements.

        dtype: Its dtype.
    """

    block: Allocation
    offset: int
    extent: int
    dtype: np.dtype[Any]

    @property
    def address(self) -> int:
        """The host address of the first element."""
        return int(self.block.buffer.ctypes.data) + self.offset

    def elements(self) -> callback_lines.Memory:
        """Return the elements, and the range of valid indices."""
        flat = np.ndarray(
            (self.extent,), self.dtype, buffer=self.block.buffer, offset=self.offset
        )
        return flat, 0, self.extent


@dataclass(frozen=True)
class Info:
    """
    The memory behind ``user_info``.

    Attributes:
        address: The host address that the callback gets.

        low: The host address where its allocation begins.

        high: The host address where its allocation ends.

        block: The allocation.
    """

    address: int
    low: int
    high: int
    block: Allocation

    @classmethod
    def at(cls, pointer: int) -> Info:
        """Resolve a simulated address."""
        block, offset = MACHINE.resolve(pointer)
        low = int(block.buffer.ctypes.data)
        return cls(low + offset, low, low + block.nbytes, block)

    def elements(self, info_type: Any) -> callback_lines.Memory:
        """Return the elements, and the range of valid indices around the pointer."""
        import numba.np.numpy_support as support  # noqa: PLC0415

        dtype = np.dtype(support.as_dtype(info_type))
        before = (self.address - self.low) // dtype.itemsize
        count = (self.high - self.low) // dtype.itemsize
        first = (self.address - self.low) % dtype.itemsize
        flat = np.ndarray(
            (count - (first > 0),), dtype, buffer=self.block.buffer, offset=first
        )
        return flat, -before, count - before


def attach(code: bytes | int, size: int, kind: int, pointer: int) -> Attached:
    """
    Take a callback for a plan.

    Args:
        code: The LTO-IR, or its host address.

        size: Its length in bytes.

        kind: cuFFT's callback type.

        pointer: The simulated address of ``user_info``, or 0.

    Raises:
        SimulatedMemoryError: The pointer is not in live device memory.
    """
    text = ctypes.string_at(code, size) if isinstance(code, int) else bytes(code)
    if pointer:
        MACHINE.resolve(pointer)
    phase, dtype = _KINDS[kind]
    known = _compiled.get(hashlib.sha256(text).digest())
    return Attached(known, phase == "Store", dtype, pointer)


def prepare(ltoir: bytes) -> None:
    """Compile a callback for the host now, rather than at its first use."""
    assert _compiled[hashlib.sha256(ltoir).digest()].code is not None
