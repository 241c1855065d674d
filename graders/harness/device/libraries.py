"""Records the steps of nvmath's library objects: plan, autotune, execute, free.

nvmath calls cuFFT through the attributes of ``nvmath.bindings.cufft``, so replacing
those attributes sees each transform with its callbacks, whichever of nvmath's functions
began it; likewise the CPU's FFT library and the compiler of callbacks. Matrix products
are seen one level higher, at the methods of ``Matmul``, where the extents are the
learner's (cuBLASLt is handed swapped operands for row-major results). cuDSS is followed
by ``device.solvers``. Imports nothing of the engine but ``device.evidence``,
``device.kernel_names``, ``device.numba_watch`` and ``device.solvers``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from graders.harness.device.evidence import Operation
from graders.harness.device.kernel_names import callback_kind
from graders.harness.device.numba_watch import watch_launches
from graders.harness.device.solvers import SolverWatch

_COMPLEX = frozenset({4, 5, 6})  # cudaDataType: CUDA_C_32F, CUDA_C_64F, CUDA_C_16F
_FIRST_STORE_CALLBACK = 4  # cufftXtCallbackType: 0..3 load, 4..7 store
_DIRECTIONS = {-1: "forward", 1: "inverse"}
_FIXED_DIRECTION = {"R2C": "forward", "C2R": "inverse"}


@dataclass
class _Library:
    """What is known of one cuFFT plan, one Matmul object or one solver."""

    library: str
    kind: str = ""
    prolog: bool = False
    epilog: bool = False
    shape: tuple[int, ...] = ()
    batch: int = 1
    operands: str = ""
    compute: str = ""
    entries: int = 0


class OperationRecorder:
    """
    Appends an :class:`Operation` for each step that a library object takes.

    Objects are numbered from 0 in each recording, in the order in which they first
    appear there. A step is recorded once it has succeeded.

    Attributes:
        recording: Whether steps are recorded. Callbacks and plans are followed always,
            so that an object planned before a recording is known in it.

        operations: The steps since :meth:`begin`.

        loading: When a library may have loaded its kernels: CUDA copies them to the
            device at their first use, and CUPTI counts that as a copy like any other.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """
        Build the recorder; nothing is wrapped before the ``install`` functions.

        Args:
            now: Reads the device clock, in seconds.
        """
        self._now = now
        self._plans: dict[int, _Library] = {}
        self._cpu_plans: dict[int, _Library] = {}
        self._matmuls: WeakKeyDictionary[Any, _Library] = WeakKeyDictionary()
        self._numbers: dict[int, tuple[int, _Library]] = {}
        self.recording = False
        self.operations: list[Operation] = []
        self.loading: list[tuple[float, float]] = []

    def begin(self) -> None:
        """Start a recording."""
        self.operations = []
        self.loading = []
        self._numbers = {}
        self.recording = True

    def end(self) -> tuple[Operation, ...]:
        """Stop the recording and return its steps."""
        self.recording = False
        return tuple(self.operations)

    def install_fft(self, cufft: Any) -> None:
        """
        Wrap the functions of a cuFFT binding module that nvmath calls.

        Args:
            cufft: ``nvmath.bindings.cufft`` or a module with its functions.
        """
        for name, note in {
            "create": self._fft_created,
            "xt_set_jit_callback": self._fft_callback_set,
            "xt_make_plan_many": self._fft_planned,
            "xt_exec": self._fft_executed,
            "destroy": self._fft_freed,
        }.items():
            setattr(cufft, name, self._noting(getattr(cufft, name), note, loads=True))

    def install_cupy_fft(self, transforms: Any) -> None:
        """
        Notice when CuPy runs cuFFT, which may load its kernels then.

        Args:
            transforms: ``cupy.fft._fft`` or a module with its functions.
        """
        for name in ("_exec_fft", "_exec_fftn"):
            function = getattr(transforms, name, None)
            if function is not None:
                loading = self._noting(function, _noted_by_nobody, loads=True)
                setattr(transforms, name, loading)

    def install_cpu_fft(self, fftw: Any) -> None:
        """
        Wrap the functions of the binding module that nvmath runs FFTs on the CPU with.

        Args:
            fftw: ``nvmath.bindings.nvpl.fft`` or a module with its functions.
        """
        for name, note in {
            "plan_many": self._cpu_fft_planned,
            "execute": self._cpu_fft_executed,
            "destroy": self._cpu_fft_freed,
        }.items():
            setattr(fftw, name, self._noting(getattr(fftw, name), note))

    def install_callbacks(self, cuda: Any) -> None:
        """
        Wrap numba-cuda's compiler, which nvmath compiles callbacks with.

        Args:
            cuda: ``numba.cuda`` or a module with its ``compile``.
        """
        cuda.compile = self._noting_callbacks(cuda.compile)

    def install_matmul(self, matmul_class: Any) -> None:
        """
        Wrap the methods of ``nvmath.linalg.advanced.Matmul``.

        Args:
            matmul_class: The class; the stateless ``matmul`` goes through it too.
        """
        for phase in ("plan", "autotune", "execute", "free"):
            method = getattr(matmul_class, phase)
            setattr(matmul_class, phase, self._matmul_step(method, phase))

    def install_numba(self, kernel_class: Any) -> None:
        """
        Follow the launches of numba-cuda's kernels.

        Args:
            kernel_class: ``numba.cuda.dispatcher._Kernel``.
        """

        def note(start: float, calls: str, threads: int) -> None:
            kernel = _Library("numba", kind=calls, shape=(threads,))
            self._record(kernel, "execute", start)

        watch_launches(kernel_class, note, self._now)

    def install_solver(self, cudss: Any, solver_class: Any) -> None:
        """
        Wrap the functions of a cuDSS binding module that nvmath calls.

        Args:
            cudss: ``nvmath.bindings.cudss`` or a module with its functions.

            solver_class: ``nvmath.sparse.advanced.DirectSolver``.
        """
        watch = SolverWatch(functools.partial(_Library, "solver"), self._record)
        watch.install(cudss, solver_class, self._noting)

    def _noting(
        self,
        function: Callable[..., Any],
        note: Callable[..., None],
        *,
        loads: bool = False,
    ) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            start = self._now() if self.recording else 0.0
            result = function(*args, **kwargs)
            if loads and self.recording:
                self.loading.append((start, self._now()))
            note(start, result, *args, *kwargs.values())
            return result

        return wrapper

    def _fft_created(self, start: float, handle: Any, *args: Any) -> None:
        del start, args
        self._plans[int(handle)] = _Library("fft")
        self._number(self._plans[int(handle)])

    def _fft_callback_set(self, start: float, result: Any, *args: Any) -> None:
        del start, result
        plan = self._plan(args[0])
        if int(args[4]) < _FIRST_STORE_CALLBACK:
            plan.prolog = True
        else:
            plan.epilog = True

    def _fft_planned(self, start: float, result: Any, *args: Any) -> None:
        del result
        plan = self._plan(args[0])
        reads_complex, writes_complex = (int(args[i]) in _COMPLEX for i in (6, 10))
        plan.kind = f"{'C' if reads_complex else 'R'}2{'C' if writes_complex else 'R'}"
        lengths = args[2]
        if not isinstance(lengths, int):
            plan.shape = tuple(int(length) for length in lengths)
        plan.batch = int(args[11])
        self._record(plan, "plan", start)

    def _fft_executed(self, start: float, result: Any, *args: Any) -> None:
        del result
        self._record(self._plan(args[0]), "execute", start, int(args[3]))

    def _fft_freed(self, start: float, result: Any, *args: Any) -> None:
        del result
        self._record(self._plan(args[0]), "free", start)
        self._plans.pop(int(args[0]), None)

    def _cpu_fft_planned(self, start: float, result: Any, *args: Any) -> None:
        kind, lengths, batch = args[1], args[4], args[5]
        plan = _Library("cpu_fft", kind=str(kind.name), batch=int(batch))
        if not isinstance(lengths, int):
            plan.shape = tuple(int(length) for length in lengths)
        # A plan is an object of its own; whoever made it destroys it.
        self._cpu_plans[id(result)] = plan
        self._record(plan, "plan", start)

    def _cpu_fft_executed(self, start: float, result: Any, *args: Any) -> None:
        del result
        plan = self._cpu_plans.get(id(args[0]), _Library("cpu_fft"))
        self._record(plan, "execute", start, int(args[3]))

    def _cpu_fft_freed(self, start: float, result: Any, *args: Any) -> None:
        del result
        plan = self._cpu_plans.pop(id(args[0]), _Library("cpu_fft"))
        self._record(plan, "free", start)

    def _noting_callbacks(self, compile_: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(compile_)
        def wrapper(*args: Any, **options: Any) -> Any:
            start = self._now() if self.recording else 0.0
            result = compile_(*args, **options)
            name = str((options.get("abi_info") or {}).get("abi_name", ""))
            if kind := callback_kind(name):
                self._record(_Library("callback", kind=kind), "compile", start)
            return result

        return wrapper

    def _plan(self, handle: Any) -> _Library:
        return self._plans.setdefault(int(handle), _Library("fft"))

    def _matmul_step(
        self, method: Callable[..., Any], phase: str
    ) -> Callable[..., Any]:
        @functools.wraps(method)
        def wrapper(matmul: Any, *args: Any, **kwargs: Any) -> Any:
            start = self._now() if self.recording else 0.0
            # free() empties the object, and may be called twice: look before it.
            was_valid = bool(getattr(matmul, "valid_state", True))
            result = method(matmul, *args, **kwargs)
            product = self._matmuls.setdefault(matmul, _Library("matmul"))
            if phase == "plan":
                _read_product(matmul, product)
            if phase != "free" or was_valid:
                self._record(product, phase, start)
            return result

        return wrapper

    def _number(self, library: _Library) -> int:
        if not self.recording:
            return -1
        # Kept with its number, so that no other object can take its id meanwhile.
        number, _ = self._numbers.setdefault(id(library), (len(self._numbers), library))
        return number

    def _record(
        self, library: _Library, phase: str, start: float, direction: int = 0
    ) -> None:
        if not self.recording:
            return
        step = Operation(
            library=library.library,
            phase=phase,
            handle=self._number(library),
            start=start,
            kind=library.kind,
            direction=_FIXED_DIRECTION.get(library.kind, ""),
            prolog=library.prolog,
            epilog=library.epilog,
            shape=library.shape,
            batch=library.batch,
            operands=library.operands,
            compute=library.compute,
            entries=library.entries,
        )
        if direction in _DIRECTIONS:
            step = replace(step, direction=_DIRECTIONS[direction])
        self.operations.append(step)


def _noted_by_nobody(*_: Any) -> None:
    """Record nothing: the evidence has CuPy's transforms as kernels."""


def _read_product(matmul: Any, product: _Library) -> None:
    epilog = getattr(matmul, "epilog", None)
    product.kind = "DEFAULT" if epilog is None else str(epilog.name)
    product.epilog = product.kind != "DEFAULT"
    traits = matmul.mm_traits
    product.shape = (int(traits.M), int(traits.N), int(traits.K))
    product.batch = int(traits.batch_count)
    product.operands = str(getattr(matmul, "memory_space", ""))
    product.compute = str(getattr(getattr(matmul, "compute_type", None), "name", ""))
