"""Launches of numba-cuda's kernels on the simulated device.

numba-cuda compiles the kernel as for a GPU, to PTX by NVVM, so that its errors are the
real ones; what then runs is the same LLVM IR on the host (``kernel_ir``). Imports
nothing of the engine but the machine and its own parts.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from graders.harness.device.numba_watch import device_calls
from graders.harness.device.simulator import device_random, kernel_ir
from graders.harness.device.simulator.kernel_block import Block
from graders.harness.device.simulator.kernel_ir import HostKernel
from graders.harness.device.simulator.kernel_parts import (
    INDEX,
    MAX_RANGES,
)
from graders.harness.device.simulator.machine import MACHINE, Allocation, Part
from graders.harness.device.simulator.not_modelled import not_modelled
from graders.harness.device.simulator.numba_arrays import NumbaArray
from graders.harness.device.simulator.numba_streams import handle_of

_MAX_THREADS = 1024
_MAX_ORDINARY_SHARED = 49152  # beyond it a kernel needs an attribute of its function
_PTX_COMPILE = 4  # nvJitLinkResult
_MARGIN, _ALIGNMENT = 2**20, 512
_host_kernels: dict[int, tuple[Any, HostKernel]] = {}


@dataclass
class Room:
    """
    Where a kernel finds a block of device memory while it runs.

    Blocks lie far apart there, so that what is behind one is not in the next.

    Attributes:
        name: The parameter that led to it.

        block: The block.

        memory: Its bytes, in the middle of the room.
    """

    name: str
    block: Allocation
    memory: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, name: str, block: Allocation) -> Room:
        """Make room for a block and copy it there."""
        around = np.empty(2 * _MARGIN + 3 * block.nbytes, dtype=np.uint8)
        start = _MARGIN + block.nbytes
        start += -(int(around.ctypes.data) + start) % _ALIGNMENT
        memory = around[start : start + block.nbytes]
        memory[:] = block.buffer[: block.nbytes]
        return cls(name, block, memory)

    @property
    def low(self) -> int:
        """The host address where it begins."""
        return int(self.memory.ctypes.data)

    @property
    def high(self) -> int:
        """The host address where it ends."""
        return self.low + self.block.nbytes


@dataclass
class Slots:
    """
    A kernel's arguments, as machine words.

    Attributes:
        words: Eight bytes for each parameter.

        rooms: The device memory that the kernel can reach, by the blocks' addresses.

        write_back: Host arrays that were passed, with their copies on the device.
    """

    words: list[bytes]
    rooms: dict[int, Room]
    write_back: list[tuple[npt.NDArray[Any], NumbaArray]]

    def room(self, name: str, block: Allocation) -> Room:
        """Return where a block is, or make room for it."""
        if block.address not in self.rooms:
            self.rooms[block.address] = Room.of(name, block)
        return self.rooms[block.address]

    @property
    def blocks(self) -> list[Allocation]:
        """The blocks that the kernel can reach."""
        return [room.block for room in self.rooms.values()]

    def settle(self) -> tuple[list[Part], list[Part]]:
        """
        Copy what the kernel left in memory back; return what it read, and what it wrote.

        Of a block that it changed only the bytes from the first change to the last count:
        several kernels may fill an array together, each its part.
        """
        read, written = [], []
        for room in self.rooms.values():
            bytes_before = room.block.buffer[: room.block.nbytes]
            changed = np.flatnonzero(bytes_before != room.memory)
            part = (
                bytes_before[changed[0] : changed[-1] + 1] if changed.size else changed
            )
            written.append(Part(room.block, part))
            read.append(Part(room.block, part[:0] if changed.size else None))
            if changed.size:
                bytes_before[:] = room.memory
        return read, written


class Launch:
    """A kernel with its launch configuration, ready to be called."""

    def __init__(
        self, dispatcher: Any, grid: Any, block: Any, stream: Any = 0, shared: int = 0
    ) -> None:
        from numba.cuda.errors import normalize_kernel_dimensions

        self._dispatcher = dispatcher
        self.griddim, self.blockdim = normalize_kernel_dimensions(grid, block)
        self.stream = handle_of(stream)
        self.sharedmem = int(shared)

    def __call__(self, *args: Any) -> None:
        """Compile the kernel for these arguments if need be, and run it."""
        dispatcher = self._dispatcher
        kernel = _compiled(dispatcher, args)
        self._refuse()
        host = _host_kernel(kernel)
        slots = _slots(kernel, dispatcher, args)
        _run(host, slots, self.griddim, self.blockdim, self.sharedmem)
        self._account(kernel, host, slots, *slots.settle())
        for array, copy in slots.write_back:
            copy.copy_to_host(array, self.stream)
        _report(host, slots, dispatcher)

    def _refuse(self) -> None:
        """Refuse what the driver refuses."""
        too_large = int(np.prod(self.blockdim)) > _MAX_THREADS
        empty = 0 in self.griddim or 0 in self.blockdim
        if too_large or empty or self.sharedmem > _MAX_ORDINARY_SHARED:
            from cuda.core._utils.cuda_utils import CUDAError

            msg = (
                "CUDA_ERROR_INVALID_VALUE: This indicates that one or more of the "
                "parameters passed to the API call is not within an acceptable range "
                "of values."
            )
            raise CUDAError(msg)

    def _account(
        self,
        kernel: Any,
        host: HostKernel,
        slots: Slots,
        read: list[Part],
        written: list[Part],
    ) -> None:
        function = self._dispatcher.py_func
        threads = int(np.prod(self.griddim)) * int(np.prod(self.blockdim))
        MACHINE.kernel(
            f"cudapy::{function.__module__}::{function.__name__}",
            "copy" if host.only_copies else "elementwise",
            elements=threads,
            nbytes=sum(block.nbytes for block in slots.blocks),
            stream=self.stream,
            reads=read,
            writes=written,
        )
        MACHINE.operation(
            library="numba",
            phase="execute",
            handle=0,
            kind=device_calls(kernel),
            shape=(threads,),
        )


def install() -> None:
    """Let numba-cuda's launches run here."""
    from numba.cuda import decorators, dispatcher

    def configure(
        self: Any, griddim: Any, blockdim: Any, stream: Any = 0, sharedmem: int = 0
    ) -> Launch:
        return Launch(self, griddim, blockdim, stream, sharedmem)

    dispatcher.CUDADispatcher.configure = configure
    dispatcher._Kernel.bind = lambda self: _expect_linked(self.library)  # noqa: SLF001
    dispatcher.ForAll._compute_thread_per_block = (  # noqa: SLF001
        lambda self, _dispatcher: self.thread_per_block or _MAX_THREADS
    )
    # A cache on disk holds GPU code, which nobody makes here.
    dispatcher.CUDADispatcher.enable_caching = lambda _self: None
    decorators._have_nvjitlink = lambda: True  # noqa: SLF001


def _compiled(dispatcher: Any, args: tuple[Any, ...]) -> Any:
    from numba.cuda.typing.typeof import Purpose, typeof

    if dispatcher.specialized:
        return next(iter(dispatcher.overloads.values()))
    code = dispatcher.py_func.__code__
    names = code.co_varnames[: code.co_argcount]
    if len(args) > len(names):
        msg = f"too many arguments: expected {len(names)}, got {len(args)}"
        raise TypeError(msg)
    if len(args) < len(names):
        msg = f"missing argument '{names[len(args)]}'"
        raise TypeError(msg)
    return dispatcher.compile(tuple(typeof(arg, Purpose.argument) for arg in args))


def _host_kernel(kernel: Any) -> HostKernel:
    known = _host_kernels.get(id(kernel))
    if known is None:
        made = kernel_ir.build(kernel.library.llvm_strs, kernel.entry_name)
        known = _host_kernels[id(kernel)] = (kernel, made)
    return known[1]


def _expect_linked(library: Any) -> None:
    """
    Refuse what numba-cuda's linker refuses: files that are gone, functions in no file.

    The texts are those of numba-cuda 0.30 and nvJitLink 13.5.
    """
    from cuda.bindings.nvjitlink import nvJitLinkError
    from numba.cuda.cudadrv.driver import LinkerError

    linked = library._linking_files  # noqa: SLF001
    for file in linked:
        if isinstance(file, str | os.PathLike) and not Path(file).exists():
            msg = f"{file} not found"
            raise LinkerError(msg)
    called = device_random.calls("\n".join(library.llvm_strs))
    if called and not any(map(_is_code, linked)):
        error = nvJitLinkError(_PTX_COMPILE)
        error.args = (
            f"{error}\nnvJitLink error log: ptxas fatal   : Unresolved extern function "
            f"'{sorted(called)[0]}'\nERROR NVJITLINK_ERROR_PTX_COMPILE: JIT the PTX "
            "(ltoPtx)",
        )
        raise error


def _is_code(file: Any) -> bool:
    """Say whether a file, or an object for one, is more than numba's helpers in C++."""
    if isinstance(file, str | os.PathLike):
        return Path(file).suffix != ".cu"
    return getattr(file, "kind", "cu") != "cu"


def _slots(kernel: Any, dispatcher: Any, args: tuple[Any, ...]) -> Slots:
    slots = Slots([], {}, [])
    names = dispatcher.py_func.__code__.co_varnames
    for name, kind, value in zip(names, kernel.argument_types, args, strict=False):
        for extension in reversed(kernel.extensions):
            kind, value = extension.prepare_args(kind, value, stream=0, retr=[])  # noqa: PLW2901
        _add(slots, name, kind, value)
    return slots


def _add(slots: Slots, name: str, kind: Any, value: Any) -> None:
    from numba.cuda import types

    if isinstance(kind, types.Array):
        _add_array(slots, name, value)
    elif isinstance(kind, types.BaseTuple):
        for inner, item in zip(kind, value, strict=True):
            _add(slots, name, inner, item)
    elif isinstance(kind, types.Integer):
        _add_integer(slots, name, int(value))
    elif isinstance(kind, types.Boolean):
        slots.words.append(bytes([bool(value)]) + bytes(7))
    elif isinstance(kind, types.Float):
        slots.words.append(_word(np.dtype(str(kind)).type(value)))
    elif isinstance(kind, types.Complex):
        part = np.float32 if kind.bitwidth == 64 else np.float64  # noqa: PLR2004
        slots.words += [_word(part(value.real)), _word(part(value.imag))]
    elif isinstance(kind, _unmodelled()):
        feature = f"A kernel's argument of the type {kind}"
        raise not_modelled(feature)
    else:
        raise NotImplementedError(kind, value)  # as numba-cuda does


def _unmodelled() -> tuple[type, ...]:
    from numba.cuda import types

    return (
        types.CPointer,
        types.EnumMember,
        types.NPDatetime,
        types.NPTimedelta,
        types.Record,
    )


def _word(value: np.generic) -> bytes:
    return value.tobytes().ljust(8, b"\0")


def _add_integer(slots: Slots, name: str, value: int) -> None:
    """Take an integer; a device address becomes a host address."""
    try:
        block, offset = MACHINE.resolve(value)
    except RuntimeError:
        slots.words.append((value % 2**64).to_bytes(8, "little"))
        return
    address = slots.room(name, block).low + offset
    slots.words.append(address.to_bytes(8, "little"))


def _add_array(slots: Slots, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        copy = NumbaArray(value.shape, value.dtype, "F" if value.flags.fnc else "C")
        copy.copy_to_device(value)
        slots.write_back.append((value, copy))
        value = copy
    host = value.host if isinstance(value, NumbaArray) else value._host  # noqa: SLF001
    address = 0
    if host.size:
        first = int(host.__array_interface__["data"][0])
        address = first - int(value.block.buffer.ctypes.data)
        address += slots.room(name, value.block).low
    words = [0, 0, host.size, host.itemsize, address, *host.shape, *host.strides]
    slots.words += [(int(w) % 2**64).to_bytes(8, "little") for w in words]


def _run(
    host: HostKernel,
    slots: Slots,
    grid: tuple[int, int, int],
    block: tuple[int, int, int],
    shared: int,
) -> None:
    context = host.context
    context[:] = 0
    for axis, blocks, threads in zip("xyz", grid, block, strict=True):
        context[INDEX[f"nctaid.{axis}"]] = blocks
        context[INDEX[f"ntid.{axis}"]] = threads
    ranges = {(room.low, room.high) for room in slots.rooms.values()}
    ranges |= {(host.shared, host.shared + shared)} if shared else set()
    ranges |= {(low, low + size) for low, size in host.static + host.constants}
    if len(ranges) > MAX_RANGES:
        feature = "A kernel with so many arrays"
        raise not_modelled(feature)
    context[INDEX["smem"]] = shared
    context[INDEX["ranges"]] = len(ranges)
    flat = [_signed(end) for pair in sorted(ranges) for end in pair]
    context[INDEX["low0"] : INDEX["low0"] + len(flat)] = flat
    words = np.frombuffer(b"".join(slots.words) or bytes(8), dtype=np.int64).copy()
    if not host.waits:
        host.run(words.ctypes.data)
        return
    context[INDEX["slots"]] = _signed(words.ctypes.data)
    fibers = Block(host, block, shared)
    for z, y, x in itertools.product(*(range(n) for n in reversed(grid))):
        for axis, number in zip("xyz", (x, y, z), strict=True):
            context[INDEX[f"ctaid.{axis}"]] = number
        for low, size in [*host.static, (host.shared, shared)]:
            ctypes.memset(low, 0xFF, size)
        fibers.run()


def _signed(address: int) -> int:
    return int(np.array(address, dtype=np.uint64).astype(np.int64))


def _report(host: HostKernel, slots: Slots, dispatcher: Any) -> None:
    """Report what the kernel read or wrote where it has nothing."""
    for kind in ("read", "write"):
        count = int(host.context[INDEX[f"{kind}_count"]])
        if not count:
            continue
        thread = int(host.context[INDEX[f"{kind}_tid"]])
        block = int(host.context[INDEX[f"{kind}_ctaid"]])
        address = int(host.context[INDEX[f"{kind}_address"]]) % 2**64
        times = "once" if count == 1 else f"{count:,} times"
        MACHINE.fault(
            f"out_of_bounds_{kind}",
            f"Thread {thread} of block {block} of the kernel "
            f"{dispatcher.py_func.__name__} {kind}s {_place(slots, address)}. That "
            f"happened {times}.",
            line=dispatcher.py_func.__code__.co_firstlineno,
            count=count,
        )


def _place(slots: Slots, address: int) -> str:
    best = "where it has no array"
    nearest = 2**20
    for room in slots.rooms.values():
        behind, before = address - room.high, room.low - address
        for distance, word in (
            (behind, "behind the end"),
            (before, "before the start"),
        ):
            if 0 <= distance < nearest:
                nearest = distance
                far = f"{distance:,} bytes" if distance else "right"
                best = f"{far} {word} of {room.name}"
    return best
