"""The real device: nvmath-python and CuPy on a GPU, watched by CUPTI.

Nothing of CUDA is initialised before :meth:`CudaDevice.start`, which runs in the forked
child: a process that forks after ``cuInit`` leaves its children without a GPU. Imports
nothing of the engine but its own room.
"""

from __future__ import annotations

import importlib
import os
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from graders.harness.device.activities import (
    Activities,
    OwnCopy,
    settled,
    within,
    without_loading,
    without_own,
)
from graders.harness.device.caches import redirect_caches
from graders.harness.device.clocks import ClockWatch
from graders.harness.device.cupti import ActivityCollector
from graders.harness.device.evidence import ClockRead, Evidence
from graders.harness.device.gpu_facts import (
    compute_capability,
    cuda_facts,
    cuda_initialized,
    gpu_state,
    package_versions,
)
from graders.harness.device.libraries import OperationRecorder
from graders.harness.device.numba_watch import poison_allocations, watch_compiler
from graders.harness.device.poison import PoisoningAllocator
from graders.harness.device.toolchain import load_matching_nvvm
from graders.harness.device.transfers import download, duplicate, refill, upload

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import numpy.typing as npt

_GPU_SHARE = 0.75  # of the GPU's memory: its pool says so before the watch ends it
# Of the 8 hardware queues that a context makes by default: most of the time that the driver
# takes to make and to end one, which it does one after the other for all processes. Streams
# beyond that many wait for each other at times, no program's results change.
_QUEUES = "2"
_SLACK = 1e-3  # seconds by which CUPTI's host and device times may differ
_NOT_TRACED = "Kernels and copies were not recorded during this call."


class CudaDevice:
    """
    A CUDA GPU: the device ``"cuda"``.

    Attributes:
        name: ``"cuda"``.

        context_before_fork: Whether :meth:`preload` left the CUDA driver initialised,
            which breaks every forked child. It should be False.
    """

    name = "cuda"

    def __init__(self) -> None:
        """Build the device; nothing is imported yet."""
        self._cupy: Any = None
        self._allocator: PoisoningAllocator | None = None
        self._collector = ActivityCollector()
        self._collector_tried = False
        self._recorder = OperationRecorder(self._collector.now)
        self._clocks = ClockWatch(self._clock_was_read)
        self._clock_reads: list[ClockRead] = []
        self._own_copies: list[OwnCopy] = []
        self._bytes_on_host: set[int] = set()
        self._threads: set[threading.Thread] = set()
        self._tracing = False
        self._asked_to_trace = False
        self._began = 0.0
        self.context_before_fork = False
        self.compiling: Callable[[], AbstractContextManager[None]] = nullcontext

    @property
    def is_learner_file(self) -> Callable[[str], bool]:
        """Whether a code object's file name is the learner's: the worker sets it."""
        return self._clocks.is_learner_file

    @is_learner_file.setter
    def is_learner_file(self, predicate: Callable[[str], bool]) -> None:
        self._clocks.is_learner_file = predicate

    def preload(self) -> None:
        """Import the packages and warm the callback compiler; make no CUDA context."""
        load_matching_nvvm()
        # nvmath first: it finds CUDA's libraries in the wheels, which CuPy does not.
        for module in (
            "numpy",
            "nvmath",
            "nvmath.fft",
            "nvmath.linalg.advanced",
            "cupy",
            "cupyx.profiler",
            "numba.cuda",
        ):
            importlib.import_module(module)
        fft = importlib.import_module("nvmath").fft
        capability = compute_capability()
        for compile_, callback in (
            (fft.compile_prolog, _warm_prolog),
            (fft.compile_epilog, _warm_epilog),
        ):
            compile_(callback, "float32", "float32", compute_capability=capability)
        self.context_before_fork = cuda_initialized()

    def start(self) -> None:
        """Make the CUDA context, point caches at the scratch folder, begin to watch."""
        redirect_caches()
        os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", _QUEUES)
        self._cupy = importlib.import_module("cupy")
        cuda = self._cupy.cuda
        cuda.Device(0).use()
        pool = self._cupy.get_default_memory_pool()
        pool.set_limit(fraction=_GPU_SHARE)
        self._allocator = PoisoningAllocator(pool)
        cuda.set_allocator(self._allocator.malloc)
        self._cupy.zeros(1, dtype="float32")  # makes the context; compiles nothing
        self.synchronize()
        advanced = importlib.import_module("nvmath.linalg.advanced")
        self._recorder.install_fft(importlib.import_module("nvmath.bindings.cufft"))
        self._recorder.install_cupy_fft(importlib.import_module("cupy.fft._fft"))
        self._recorder.install_cpu_fft(
            importlib.import_module("nvmath.bindings.nvpl.fft")
        )
        self._recorder.install_callbacks(importlib.import_module("numba.cuda"))
        self._recorder.install_matmul(advanced.Matmul)
        self._watch_numba()
        self._recorder.install_solver(
            importlib.import_module("nvmath.bindings.cudss"),
            importlib.import_module("nvmath.sparse.advanced").DirectSolver,
        )
        self._clocks.install()

    def describe(self) -> dict[str, Any]:
        """Return facts for the report: device, driver, libraries, packages, clocks."""
        self._try_collector()
        return {
            "device": self.name,
            **cuda_facts(),
            "versions": package_versions(),
            "state": gpu_state(),
            "context_before_fork": self.context_before_fork,
            "evidence": self._collector.unavailable_because or "CUPTI",
        }

    def to_device(self, array: npt.NDArray[Any]) -> Any:
        """Return a new CuPy array with the same values, dtype and order of strides."""
        self.synchronize()
        before = self._collector.now()
        with self._ready_allocator().aside():
            result = upload(array)
        self.synchronize()
        self._note_own("host_to_device", result.nbytes, before)
        return result

    def duplicate(self, value: Any, turn: int = 0) -> Any:
        """Return a copy of an array of :meth:`to_device`, made and turned on the GPU."""
        self.synchronize()
        with self._ready_allocator().aside():
            result = duplicate(value, turn)
        self.synchronize()
        return result

    def refill(self, target: Any, array: npt.NDArray[Any]) -> None:
        """Put other values into an array of :meth:`to_device`, at the same place."""
        self.synchronize()
        before = self._collector.now()
        refill(target, array)
        self.synchronize()
        self._note_own("host_to_device", target.nbytes, before)

    def memory_left(self) -> int | None:
        """Return the bytes that are free on the GPU, for whoever asks first."""
        return int(self._cupy.cuda.runtime.memGetInfo()[0])

    def from_device(self, value: Any) -> npt.NDArray[Any] | None:
        """Return a host copy of a CuPy array once the device is idle, else None."""
        # The type itself: an object of the learner's may claim another __class__.
        if self._cupy is None or not issubclass(type(value), self._cupy.ndarray):
            return None
        self.synchronize()
        return self._download(value)

    def snapshot(self, value: Any) -> npt.NDArray[Any]:
        """
        Return a host copy of a CuPy array, waiting for the current stream alone.

        Where the current stream is the default one, CUDA itself makes it wait for every
        stream that is not ``non_blocking``.

        Raises:
            TypeError: ``value`` is not a CuPy array.
        """
        if not issubclass(type(value), self._cupy.ndarray):
            msg = f"value must be a CuPy array (got {type(value).__name__})"
            raise TypeError(msg)
        self._cupy.cuda.get_current_stream().synchronize()
        return self._download(value)

    def maker(self, value: Any) -> str:
        """Return nothing: CUDA does not tell what computed an array."""
        del value
        return ""

    def synchronize(self) -> None:
        """Wait until the device is idle."""
        self._cupy.cuda.runtime.deviceSynchronize()

    def begin(self, *, poison: bool, trace: bool, operands: list[Any]) -> None:
        """
        Start recording evidence for one call.

        Args:
            poison: Whether fresh device allocations are filled with NaN bytes.

            trace: Whether kernels and copies are to be recorded. The first call with it
                starts CUPTI, which takes some tenths of a second.

            operands: Arrays on the device and on the host. CUPTI does not tell which
                of them a kernel reads; what goes up is known by its size.
        """
        on_host = (a for a in operands if issubclass(type(a), np.ndarray))
        self._bytes_on_host = {a.nbytes for a in on_host}
        if trace:
            self._try_collector()
        allocator = self._ready_allocator()
        self._cupy.cuda.set_allocator(allocator.malloc)
        self.synchronize()
        self._threads = set(threading.enumerate())
        self._own_copies.clear()
        self._clock_reads.clear()
        self._asked_to_trace = trace
        self._tracing = trace and self._collector.available
        if self._tracing:
            self._collector.open()
            self._tracing = self._collector.available
        if trace:
            self._recorder.begin()
        allocator.begin(poison=poison)
        self._began = self._collector.now()
        self._clocks.watching = trace

    def end(self) -> Evidence:
        """
        Stop recording, wait until the device is idle, and return what was recorded.

        Raises:
            cupy.cuda.runtime.CUDARuntimeError: The call left the GPU with an error,
                such as an illegal address; this process cannot use the GPU any more.
        """
        self._clocks.watching = False
        operations = self._recorder.end()
        allocator = self._ready_allocator()
        allocator.end()
        threads = [
            thread
            for thread in threading.enumerate()
            if thread not in self._threads
            and not isinstance(thread, threading._DummyThread)
        ]
        self.synchronize()
        found = Activities()
        if self._tracing:
            found = within(
                self._collector.close(),
                self._began - _SLACK,
                self._collector.now() + _SLACK,
            )
            found.copies = without_own(found.copies, self._own_copies)
            found.copies = without_loading(
                found.copies, self._recorder.loading, self._bytes_on_host
            )
        self._tracing = False
        return Evidence(
            available=not self._unavailable(found),
            unavailable_because=self._unavailable(found),
            kernels=tuple(found.kernels),
            copies=tuple(found.copies),
            operations=operations if self._asked_to_trace else (),
            clock_reads=tuple(settled(self._clock_reads, found)),
            allocations=allocator.allocations,
            peak_bytes=allocator.peak_bytes,
            threads_left=len(threads),
            notes={"memsets": found.memsets, "other_records": found.other},
        )

    def _watch_numba(self) -> None:
        """Follow numba-cuda's compiler and launches, and poison what it allocates."""
        dispatcher = importlib.import_module("numba.cuda.dispatcher")
        self._recorder.install_numba(dispatcher._Kernel)
        watch_compiler(dispatcher.CUDADispatcher, lambda: self.compiling())
        driver = importlib.import_module("numba.cuda.cudadrv.driver")
        allocator = self._ready_allocator()
        poison_allocations(
            driver.NumbaCUDAMemoryManager,
            lambda: allocator.poisoning,
            self._cupy.cuda.runtime.memset,
        )

    def _try_collector(self) -> None:
        if not self._collector_tried:
            self._collector_tried = True
            self._collector.start(self._probe, self.synchronize)

    def _unavailable(self, found: Activities) -> str:
        if not self._asked_to_trace:
            return _NOT_TRACED
        if found.dropped:
            return f"CUPTI dropped {found.dropped} records for want of room."
        return self._collector.unavailable_because

    def _ready_allocator(self) -> PoisoningAllocator:
        if self._allocator is None:
            msg = "the CUDA device is used before start()"
            raise RuntimeError(msg)
        return self._allocator

    def _download(self, value: Any) -> npt.NDArray[Any]:
        before = self._collector.now()
        stream = self._cupy.cuda.get_current_stream().ptr
        return download(
            value,
            stream,
            lambda nbytes: self._note_own("device_to_host", nbytes, before),
        )

    def _note_own(self, direction: str, nbytes: int, begin: float) -> None:
        if self._tracing and nbytes:
            end = self._collector.now()
            self._own_copies.append(OwnCopy(direction, nbytes, begin, end))

    def _probe(self) -> None:
        """Copy up, launch one kernel, copy down: what the collector must see."""
        with self._cupy.cuda.Stream.null, self._ready_allocator().aside():
            array = self._cupy.asarray([1.0, 2.0, 3.0])
            try:
                module = self._cupy.cuda.function.Module()
                module.load(_PROBE)
                module.get_function("probe")((1,), (1,), (array,))
            except Exception:  # noqa: BLE001 - a driver that takes no such code
                array = array + array
            self._cupy.asnumpy(array)

    def _clock_was_read(self) -> None:
        streams = (self._cupy.cuda.get_current_stream(), self._cupy.cuda.Stream.null)
        idle = all(stream.done for stream in streams)
        self._clock_reads.append(ClockRead(at=self._collector.now(), idle=idle))


# A kernel that doubles a number, as the driver takes it: for one of CuPy's own NVRTC would
# compile for a third of a second, in each worker that a program gets for the first time.
_PROBE = b"""
.version 6.0
.target sm_50
.address_size 64
.visible .entry probe(.param .u64 array)
{
    .reg .u64 %address;
    .reg .f64 %number;
    ld.param.u64 %address, [array];
    cvta.to.global.u64 %address, %address;
    ld.global.f64 %number, [%address];
    add.f64 %number, %number, %number;
    st.global.f64 [%address], %number;
    ret;
}
\0"""


def _warm_prolog(data_in: Any, offset: Any, user_info: Any, reserved: Any) -> Any:
    return data_in[offset]


def _warm_epilog(
    data_out: Any, offset: Any, data: Any, user_info: Any, reserved: Any
) -> None:
    data_out[offset] = data
