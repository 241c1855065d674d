"""One block of a kernel whose threads wait for each other: fibers that take turns.

Imports nothing of the engine but the machine, the simulated cuFFTDx and the parts that a
kernel on the host is made of.
"""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt

from graders.harness.device.simulator import cufftdx, kernel_ir
from graders.harness.device.simulator.kernel_ir import HostKernel
from graders.harness.device.simulator.kernel_parts import DONE, FIRST_FFT, INDEX, WARP
from graders.harness.device.simulator.machine import MACHINE

_STACK = 256 * 1024
# Of ucontext_t, on Linux: where uc_link and uc_stack lie, and room for all of it.
_LINK, _STACK_FIELD, _UCONTEXT = 8, 16, 8192
_TOP = 256  # of a stack: what it begins with, and where it returns to


class Block:
    """
    The threads of one block after the other, as fibers that take turns where they wait.

    Args:
        host: The kernel.

        shape: Threads along x, y and z.

        shared: Bytes of dynamic shared memory.
    """

    def __init__(
        self, host: HostKernel, shape: tuple[int, int, int], shared: int
    ) -> None:
        self._host = host
        self._shared = shared
        depth, height, width = shape[::-1]
        z, y, x = np.indices((depth, height, width)).reshape(3, -1)
        self._places = np.stack([x, y, z], axis=1).astype(np.int64)
        count = len(self._places)
        self._stacks = np.empty((count, _STACK), dtype=np.uint8)
        self._contexts = np.zeros((count + 1, _UCONTEXT), dtype=np.uint8)
        first = self._contexts.ctypes.data
        self._addresses = np.int64(first) + _UCONTEXT * np.arange(count, dtype=np.int64)
        self._scheduler = first + _UCONTEXT * count
        # Made once: for the next block, copies take the place of making them anew.
        for number in range(count):
            self._prepare(number)
        self._made = self._contexts[:count].copy()
        self._tops = self._stacks[:, -_TOP:].copy()

    def run(self) -> None:
        """Run a block to its end."""
        self._contexts[: len(self._made)] = self._made
        self._stacks[:, -_TOP:] = self._tops
        self._host.context[INDEX["scheduler"]] = self._scheduler
        running = np.arange(len(self._places))
        events = np.zeros((len(self._places), 2), dtype=np.int64)
        while running.size:
            self._resume(running, events)
            # A warp waits for its own threads only: those of others stay where they are.
            in_warp = np.flatnonzero(events[:, 0] == WARP)
            if in_warp.size:
                running = in_warp
                continue
            for why in np.unique(events[:, 0]):
                if why >= FIRST_FFT:
                    here = events[:, 0] == why
                    number = int(why) - FIRST_FFT
                    self._transform(number, self._places[here], events[here, 1])
            running = np.flatnonzero(events[:, 0] != DONE)

    def _resume(
        self, running: npt.NDArray[np.int64], events: npt.NDArray[np.int64]
    ) -> None:
        """Let threads go on until each waits or ends, and note why."""
        fibers, places = self._addresses[running], self._places[running]
        seen = np.zeros((running.size, 2), dtype=np.int64)
        self._host.run(
            fibers.ctypes.data, places.ctypes.data, seen.ctypes.data, running.size
        )
        events[running] = seen

    def _prepare(self, number: int) -> None:
        libc = kernel_ir.libc()
        at = ctypes.c_void_p(int(self._addresses[number]))
        libc.getcontext(at)
        words = self._contexts[number]
        words[_LINK : _LINK + 8].view(np.uint64)[0] = self._scheduler
        stack = words[_STACK_FIELD : _STACK_FIELD + 24].view(np.uint64)
        stack[0], stack[2] = self._stacks[number].ctypes.data, _STACK
        libc.makecontext(at, ctypes.c_void_p(self._host.fiber), ctypes.c_int(0))

    def _transform(
        self, number: int, places: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
    ) -> None:
        made = cufftdx.plan(number)
        if made.whole_block and self._shared < made.shared_bytes:
            MACHINE.fault(
                "out_of_bounds_write",
                f"A transform of {made.size} elements needs {made.shared_bytes:,} bytes "
                f"of shared memory, but the launch gave the kernel {self._shared:,}.",
            )
        threads = [
            cufftdx.Waiting(x=x, y=y, first=first)
            for (x, y, _), first in zip(places.tolist(), firsts.tolist(), strict=True)
        ]
        cufftdx.run(made, threads)
